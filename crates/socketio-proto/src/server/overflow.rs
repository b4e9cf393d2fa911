//! What becomes of events when a client reads too slowly.

use crate::Text;

/// What becomes of an event for which the send buffer has no room.
///
/// The buffer is that of the engine session: its `max_buffered` bytes and `max_queued` messages
/// are all that ever waits there, whatever the policy. What was pulled from it, to be written, is no
/// longer counted: one frame, or one polling answer, which takes all that waits.
///
/// | policy | the event | what waits | the emit | a broadcast |
/// | --- | --- | --- | --- | --- |
/// | [`Refuse`](Self::Refuse) | is not sent | stays | [`Full`](crate::EmitError::Full) | as `Close` |
/// | [`DropNewest`](Self::DropNewest) | is not sent | stays | [`Dropped`](crate::EmitError::Dropped) | goes on |
/// | [`DropOldest`](Self::DropOldest) | is sent | makes room | succeeds | goes on |
/// | [`KeepLatest`](Self::KeepLatest) | is sent | is replaced | succeeds | goes on |
/// | [`Close`](Self::Close) | is not sent | is lost | `Full`, and the connection ends | the connection ends |
///
/// ```
/// use socketio_proto::server::{Emit, Overflow};
/// use socketio_proto::Text;
///
/// // The latest score of each game: of those that wait, one per game.
/// let how = Emit::default().overflow(Overflow::KeepLatest).key(Some(Text::from("game 7")));
/// assert_eq!(how.overflow, Overflow::KeepLatest);
/// ```
///
/// Only events that were sent with `DropOldest` or `KeepLatest` are ever taken back, and only
/// while nothing of them has left. Those that ask for an acknowledgement are not. If all of them
/// together would not make room enough, they stay, and the new event is
/// [`Dropped`](crate::EmitError::Dropped).
///
/// # With recovery
///
/// For a socket that is away there is nothing to take back:
/// [`direct`](crate::server::NamespaceCore::direct) says [`Full`](crate::EmitError::Full), and it is
/// for the adapter to drop the event if it may be. What is
/// [replayed](crate::server::Connection::accept_session) has no policy: it is sent whole, with what
/// was dropped or taken back before, and is not taken back itself.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Overflow {
    /// Whoever emits is told. Nobody is there to be told of the share of one client in a
    /// broadcast, and the client could not know what it missed: it is closed.
    #[default]
    Refuse,
    /// For events of which some may be missing.
    DropNewest,
    /// For events of which the newer ones matter more.
    DropOldest,
    /// For events that say how something is now: each takes back the one before it under the same
    /// [key](super::Emit::key), whether or not there is room for both. If there is none for it
    /// even so, as [`DropOldest`](Self::DropOldest).
    KeepLatest,
    /// The connection is closed with [`CloseReason::Overflow`](engineio_proto::CloseReason::Overflow).
    Close,
}

impl Overflow {
    /// Whether events with this policy take others back, and are taken back.
    #[inline]
    pub(super) fn takes_back(self) -> bool {
        matches!(self, Self::DropOldest | Self::KeepLatest)
    }
}

/// How an event stands in the send buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    pub(super) overflow: Overflow,
    pub(super) key: Option<&'a Text>,
    /// It asks for an acknowledgement: it is never taken back.
    pub(super) is_asking: bool,
}
