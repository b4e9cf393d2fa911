//! What the sockets of a client have in common, and what each may have of its own.

use super::Backoff;
use crate::{Limits, Revision};
use core::time::Duration;

/// Settings of a [`Manager`](super::Manager), with the defaults of the reference and every limit.
///
/// What a server can make grow is limited here, in [`Limits`] (one packet) and in the engine's
/// `ClientConfig` (bodies, frames, its send buffer).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Whether and how to reconnect after a connection was lost or could not be made. Default
    /// [`Backoff::default`]; `None`: not at all.
    pub reconnection: Option<Backoff>,
    /// Time for the engine to open; then the attempt has failed with
    /// [`ConnectFailure::Timeout`](super::ConnectFailure::Timeout). Default 20 s; `None`: for
    /// ever.
    pub connect_timeout: Option<Duration>,
    /// Time for the answer to a CONNECT; then there is a
    /// [`ConnectError::Unanswered`](super::ConnectError::Unanswered), and a connection on which
    /// no socket is connected is given up and made again. Default 45 s, the time in which a
    /// server itself drops a client that has joined nothing; `None`: for ever, as the reference
    /// waits.
    pub namespace_timeout: Option<Duration>,
    /// Sends every event that is not volatile at most this many times more, one at a time and in
    /// order, until it is acknowledged: see [`Emit::retries`](super::Emit::retries). Default
    /// `None`: once.
    pub retries: Option<u32>,
    /// How long to wait for acknowledgements for which no time is given. Default `None`: until
    /// the socket is disconnected.
    pub ack_timeout: Option<Duration>,
    /// Begin with WebSocket if the last connection got to it. Default false.
    pub remember_upgrade: bool,
    /// The revision of Socket.IO. Default [`Revision::V5`]; [`Revision::V4`] is for servers of
    /// version 2, and needs an engine of version 3. There credentials are no object but a query
    /// behind the namespace, as of [`Namespace::with_query`](crate::Namespace::with_query).
    pub revision: Revision,
    /// What a packet may look like. Beyond it the connection is closed, with
    /// [`DisconnectReason::Parse`](super::DisconnectReason::Parse), and made again. Default
    /// [`Limits::default`], but 64 MiB for a packet, as much as the engine takes in one body: a
    /// client reads what its server chooses to send, and the reference has no limit.
    pub limits: Limits,
    /// The time from the header of a binary packet to its last attachment: 30 s. Then the
    /// connection is closed as for `limits`. The reference waits without end.
    pub attachments_timeout: Duration,
    /// Events of one socket that wait for a connection, an acknowledgement of the one before
    /// them, or room in the engine: 65,536. The next one is refused with
    /// [`EmitError::Full`](crate::EmitError::Full).
    pub max_offline: usize,
    /// Bytes of these events, encoded: 16 MiB. What does not fit is refused likewise.
    pub max_offline_bytes: usize,
    /// Events that a server sends to one socket before it has answered its CONNECT, which are
    /// kept until then: 10,000. One more closes the connection as for `limits`, and gives up a
    /// session that was to be recovered.
    pub max_early_events: usize,
    /// Bytes of these events: 16 MiB, likewise.
    pub max_early_bytes: usize,
    /// Acknowledgements that one socket waits for: 65,536. Beyond it emits with acknowledgement
    /// fail with [`EmitError::TooManyAcks`](crate::EmitError::TooManyAcks).
    pub max_pending_acks: usize,
    /// Events of the server whose answer is still open, of one socket: 65,536. Beyond it the
    /// oldest can no longer be answered.
    pub max_unanswered: usize,
    /// Sockets of one manager: 256. The next one is refused with
    /// [`AddError::TooMany`](super::AddError::TooMany).
    pub max_sockets: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            reconnection: Some(Backoff::default()),
            connect_timeout: Some(Duration::from_secs(20)),
            namespace_timeout: Some(Duration::from_secs(45)),
            retries: None,
            ack_timeout: None,
            remember_upgrade: false,
            revision: Revision::V5,
            limits: Limits::default().max_bytes(64 * 1024 * 1024),
            attachments_timeout: Duration::from_secs(30),
            max_offline: 65_536,
            max_offline_bytes: 16 * 1024 * 1024,
            max_early_events: 10_000,
            max_early_bytes: 16 * 1024 * 1024,
            max_pending_acks: 65_536,
            max_unanswered: 65_536,
            max_sockets: 256,
        }
    }
}

macro_rules! setters {
    ($(#[$doc:meta] $field:ident: $type:ty,)*) => {
        /// By-value setters, one for each field.
        impl Config {
            $(#[$doc]
            pub fn $field(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            })*
        }
    };
}

setters! {
    /// Sets [`reconnection`](Self::reconnection).
    reconnection: Option<Backoff>,
    /// Sets [`connect_timeout`](Self::connect_timeout).
    connect_timeout: Option<Duration>,
    /// Sets [`namespace_timeout`](Self::namespace_timeout).
    namespace_timeout: Option<Duration>,
    /// Sets [`retries`](Self::retries).
    retries: Option<u32>,
    /// Sets [`ack_timeout`](Self::ack_timeout).
    ack_timeout: Option<Duration>,
    /// Sets [`remember_upgrade`](Self::remember_upgrade).
    remember_upgrade: bool,
    /// Sets [`revision`](Self::revision).
    revision: Revision,
    /// Sets [`limits`](Self::limits).
    limits: Limits,
    /// Sets [`attachments_timeout`](Self::attachments_timeout).
    attachments_timeout: Duration,
    /// Sets [`max_offline`](Self::max_offline).
    max_offline: usize,
    /// Sets [`max_offline_bytes`](Self::max_offline_bytes).
    max_offline_bytes: usize,
    /// Sets [`max_early_events`](Self::max_early_events).
    max_early_events: usize,
    /// Sets [`max_early_bytes`](Self::max_early_bytes).
    max_early_bytes: usize,
    /// Sets [`max_pending_acks`](Self::max_pending_acks).
    max_pending_acks: usize,
    /// Sets [`max_unanswered`](Self::max_unanswered).
    max_unanswered: usize,
    /// Sets [`max_sockets`](Self::max_sockets).
    max_sockets: usize,
}

/// What one socket has in place of the manager's [`Config`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct SocketOptions {
    /// In place of [`Config::retries`].
    pub retries: Option<u32>,
    /// In place of [`Config::ack_timeout`].
    pub ack_timeout: Option<Duration>,
}

impl SocketOptions {
    /// Sets [`retries`](Self::retries).
    pub fn retries(mut self, retries: Option<u32>) -> Self {
        self.retries = retries;
        self
    }

    /// Sets [`ack_timeout`](Self::ack_timeout).
    pub fn ack_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.ack_timeout = timeout;
        self
    }
}
