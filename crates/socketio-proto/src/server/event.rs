//! The words in which a connection and its owner talk.

use crate::acks::{AckToken, RequestId};
use crate::{AckError, AckId, DecodeError, DisconnectReason, Namespace, Payload};
use core::time::Duration;
use engineio_proto::{CloseReason, Outgoing, Transport};

/// One membership of a client in a namespace, on one connection.
///
/// Leaving and joining again gives a new one. A number is never used twice on a connection.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Socket(u32);

impl Socket {
    pub(crate) const fn numbered(number: u32) -> Self {
        Self(number)
    }
}

/// How an event is to be sent to one socket.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Emit {
    /// Drop the event rather than let it wait for the transport.
    pub volatile: bool,
    /// A hint for a transport that compresses, handed on with the packet. The engine session of
    /// this project does not compress.
    pub compress: bool,
    /// Ask for an acknowledgement under this id, from
    /// [`NamespaceCore::next_ack`](super::NamespaceCore::next_ack).
    pub ack: Option<AckId>,
    /// How long to wait for the acknowledgement. `None`: until the socket leaves.
    pub timeout: Option<Duration>,
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
    pub fn ack(mut self, id: AckId) -> Self {
        self.ack = Some(id);
        self
    }

    /// Sets [`timeout`](Self::timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// What has happened on a connection.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The client asks for a namespace. Answer with [`accept`](super::Connection::accept) or
    /// [`reject`](super::Connection::reject), now or later.
    Connect {
        /// The socket that there will be if it is accepted.
        socket: Socket,
        /// What it asks for. Whether that exists is not known here.
        namespace: Namespace,
        /// The credentials that the client gave: an object, whose members are strings in
        /// [revision 4](crate::packet::Revision).
        auth: Option<Payload>,
    },
    /// An event of the client.
    Message {
        /// Whose.
        socket: Socket,
        /// Name and arguments; the syntax has been checked.
        payload: Payload,
        /// If present, the client wants an answer: [`ack`](super::Connection::ack), once.
        ack: Option<AckId>,
    },
    /// An emit with acknowledgement has come to its end; exactly once for each token that was
    /// not cancelled.
    Acked {
        /// What [`emit`](super::Connection::emit) returned.
        token: AckToken,
        /// The client's answer, or why there is none.
        result: Result<Payload, AckError>,
    },
    /// The client has answered a broadcast, for
    /// [`NamespaceCore::handle_ack`](super::NamespaceCore::handle_ack).
    BroadcastAcked {
        /// Who.
        socket: Socket,
        /// Which broadcast.
        request: RequestId,
        /// The answer.
        payload: Payload,
    },
    /// The engine session has changed its transport.
    Upgraded {
        /// The new one.
        to: Transport,
    },
    /// Everything that was sent has left the engine session.
    Drained,
    /// The client has sent something that is no packet. The connection is being closed; the
    /// `Disconnected` events follow.
    Refused(DecodeError),
    /// A socket has left. Also for one whose [`Connect`](Self::Connect) was not answered yet.
    /// Nothing more is heard of this socket.
    Disconnected {
        /// Which.
        socket: Socket,
        /// Why.
        reason: DisconnectReason,
    },
    /// The engine session is over. Nothing follows.
    Closed(CloseReason),
}

/// What the engine session below can take at the moment.
///
/// A [`Connection`](super::Connection) keeps no queue of its own. It is told the credit before a
/// call that may send and counts it down during the call, so whether a packet fits is known
/// before anything is stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Credit {
    /// Whether a packet would leave at once: the condition for volatile events.
    pub writable: bool,
    /// Bytes that the send buffer has room for.
    pub room_bytes: usize,
    /// Engine messages that the send buffer has room for.
    pub room_packets: usize,
}

impl Credit {
    /// What is left when a packet of these messages is sent; `None` if it does not fit. Whatever
    /// is sent keeps the transport busy.
    pub(super) fn spend(self, messages: &[Outgoing]) -> Option<Self> {
        let bytes = messages.iter().map(Outgoing::len).sum();
        Some(Self {
            writable: false,
            room_bytes: self.room_bytes.checked_sub(bytes)?,
            room_packets: self.room_packets.checked_sub(messages.len())?,
        })
    }
}
