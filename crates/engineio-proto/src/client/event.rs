use super::TransportError;
use crate::{CloseReason, Message, Open, Transport};
use alloc::boxed::Box;

/// What the application hears of, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The server has opened the session. What was sent before goes out now.
    Opened(Box<Open>),
    /// A message came.
    Message(Message),
    /// Another transport took over.
    Upgraded {
        /// The transport before.
        from: Transport,
        /// The transport now.
        to: Transport,
    },
    /// An upgrade came to nothing; the session stays on polling.
    UpgradeFailed {
        /// The transport that was tried.
        transport: Transport,
        /// What went wrong.
        error: TransportError,
    },
    /// A ping of the server came, and its answer is on the way; in protocol 3, a pong.
    Ping,
    /// Nothing waits any more, after more than half of
    /// [`max_buffered`](super::ClientConfig::max_buffered) did or after a batch was refused as
    /// [`Full`](crate::SendError::Full).
    Drained,
    /// The last event: the session ended. See [Closing](super#closing).
    Closed {
        /// Why.
        reason: CloseReason,
        /// What failed, if it was something.
        error: Option<TransportError>,
    },
}
