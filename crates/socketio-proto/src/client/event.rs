//! The words in which a client and its owner talk.

use super::{ConnectError, ConnectFailure, DisconnectReason};
use crate::{AckError, AckId, Payload};
use core::time::Duration;
use engineio_proto::Transport;

/// One namespace of a [`Manager`](super::Manager), for as long as it is not
/// [removed](super::Manager::remove). Connecting again keeps the handle. A number is never used
/// twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Socket(pub(super) u32);

/// Names one acknowledgement that the application waits for. It stays the same however often the
/// event is sent.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AckToken {
    pub(super) socket: Socket,
    pub(super) name: AckName,
}

/// How a socket finds what a token names.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum AckName {
    /// An event that is sent once: the id that it has on the wire.
    Sent(AckId),
    /// An event that is sent until it is acknowledged, with a new id each time: its number in
    /// the queue.
    Queued(u64),
}

/// The credentials that a socket gives with its CONNECT, at every connection.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Auth {
    /// None.
    #[default]
    None,
    /// These, always: an object ([`Payload::value`]).
    Value(Payload),
    /// Ask each time, by [`Event::AuthWanted`]. CONNECT waits for
    /// [`authorize`](super::Manager::authorize).
    Ask,
}

/// How an event is to be sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Emit {
    /// Drop the event if the transport is not ready: before the engine is open, and while
    /// something else is being written. If only the CONNECT is not answered yet, the event waits
    /// for it, as in the reference.
    pub volatile: bool,
    /// A hint for a transport that compresses. The engine session of this project does not
    /// compress.
    pub compress: bool,
    /// Ask for an acknowledgement.
    pub ack: bool,
    /// How long to wait for the acknowledgement. Default: the socket's
    /// [`ack_timeout`](super::SocketOptions::ack_timeout), the manager's, or until the socket is
    /// disconnected. The time runs from the emit on, also while the event waits for a
    /// connection, and with [`retries`](Self::retries) from each transmission.
    pub timeout: Option<Duration>,
    /// Send the event until it is acknowledged, at most this many times more. Default: the
    /// socket's [`retries`](super::SocketOptions::retries), or the manager's; 0 is no retries.
    ///
    /// Such events are sent one at a time and in order: the next one leaves when the first was
    /// acknowledged or given up. They are sent at least once, so the server acknowledges each and
    /// recognises what it has seen. Without a time limit for the acknowledgement only a new
    /// connection makes the event be sent again. Volatile events are not repeated.
    pub retries: Option<u32>,
}

impl Emit {
    /// Sets [`volatile`](Self::volatile).
    pub fn volatile(mut self, volatile: bool) -> Self {
        self.volatile = volatile;
        self
    }

    /// Sets [`compress`](Self::compress).
    pub fn compress(mut self, compress: bool) -> Self {
        self.compress = compress;
        self
    }

    /// Sets [`ack`](Self::ack).
    pub fn ack(mut self, ack: bool) -> Self {
        self.ack = ack;
        self
    }

    /// Sets [`timeout`](Self::timeout).
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets [`retries`](Self::retries).
    pub fn retries(mut self, retries: Option<u32>) -> Self {
        self.retries = retries;
        self
    }
}

/// What has happened to a socket, or to the connection of all.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The socket's credentials are wanted: [`authorize`](super::Manager::authorize).
    AuthWanted {
        /// Whose.
        socket: Socket,
    },
    /// The socket is connected to its namespace. What the server sent before comes before this.
    Connected {
        /// Which.
        socket: Socket,
        /// Whether the server has restored the session from before: its id, its rooms, and what
        /// was missed.
        recovered: bool,
    },
    /// The socket could not be connected, for now or for good: see
    /// [`is_active`](super::Manager::is_active).
    ConnectError {
        /// Which.
        socket: Socket,
        /// Why.
        error: ConnectError,
    },
    /// An event of the server.
    Message {
        /// For whom.
        socket: Socket,
        /// Name and arguments; the syntax has been checked.
        payload: Payload,
        /// If present, the server wants an answer: [`ack`](super::Manager::ack), once.
        ack: Option<AckId>,
    },
    /// An emit with acknowledgement has come to its end; exactly once for each token that was
    /// not cancelled.
    Acked {
        /// What [`emit`](super::Manager::emit) returned.
        token: AckToken,
        /// The server's answer, or why there is none.
        result: Result<Payload, AckError>,
    },
    /// A socket that was connected is no more. With
    /// [`is_active`](super::Manager::is_active) it will be connected again by itself.
    Disconnected {
        /// Which.
        socket: Socket,
        /// Why.
        reason: DisconnectReason,
    },
    /// Something about the connection, which is no socket's alone.
    Connection(ClientEvent),
}

/// What has happened to the connection that all sockets share. The manager's events of the
/// reference.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The connection is open; the sockets ask for their namespaces.
    Opened,
    /// The connection is over. It comes before the [`Disconnected`](Event::Disconnected) of a
    /// socket that ended it, and after those of sockets that lost it.
    Closed {
        /// Why.
        reason: DisconnectReason,
    },
    /// A ping of the server; of a server of version 2, the answer to one of ours.
    Ping,
    /// The connection has moved to another transport.
    Upgraded {
        /// The new one.
        to: Transport,
    },
    /// Another transport was tried, and did not work: the connection stays where it is.
    UpgradeFailed {
        /// That one.
        transport: Transport,
    },
    /// The connection could not be made, or has broken.
    Error(ConnectFailure),
    /// The next attempt to reconnect begins.
    ReconnectAttempt {
        /// Counted from 1.
        attempt: u32,
    },
    /// An attempt to reconnect was successful. The sockets ask for their namespaces.
    Reconnected {
        /// Which.
        attempt: u32,
    },
    /// An attempt to reconnect has failed.
    ReconnectError(ConnectFailure),
    /// There were as many attempts as [`Backoff::attempts`](super::Backoff::attempts) allows.
    /// There is no further one before somebody wants to connect again.
    ReconnectFailed,
    /// Nothing waits to be sent any more, after something was refused as
    /// [`Full`](crate::EmitError::Full).
    Drained,
}
