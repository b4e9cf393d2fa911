//! The words in which a connection and its owner talk.

use super::overflow::{Overflow, Standing};
use crate::acks::{AckToken, RequestId};
use crate::{AckError, AckId, DecodeError, DisconnectReason, Encoded, Namespace, Payload, Text};
use core::time::Duration;
use engineio_proto::server::Mark;
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
#[derive(Clone, Debug, Default, Eq, PartialEq)]
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
    /// What becomes of the event if there is no room for it.
    pub overflow: Overflow,
    /// What it is the latest of, for [`Overflow::KeepLatest`]. Keys belong to one socket; without
    /// one the event takes nothing back but to make room.
    pub key: Option<Text>,
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

    /// Sets [`overflow`](Self::overflow).
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Sets [`key`](Self::key).
    pub fn key(mut self, key: impl Into<Option<Text>>) -> Self {
        self.key = key.into();
        self
    }

    pub(super) fn standing(&self) -> Standing<'_> {
        Standing {
            overflow: self.overflow,
            key: self.key.as_ref(),
            is_asking: self.ack.is_some(),
        }
    }
}

/// How a client's share of a broadcast is to be sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Share {
    /// Drop it where the transport is not ready.
    pub volatile: bool,
    /// The receiver is asked to acknowledge.
    pub ack: Option<(AckId, RequestId)>,
    /// What becomes of it where there is no room for it.
    pub overflow: Overflow,
    /// What it is the latest of; see [`Emit::key`].
    pub key: Option<Text>,
}

impl Share {
    pub(super) fn standing(&self) -> Standing<'_> {
        Standing {
            overflow: self.overflow,
            key: self.key.as_ref(),
            is_asking: self.ack.is_some(),
        }
    }
}

/// A packet for the engine: all of its messages in one batch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outbound {
    /// The messages.
    pub encoded: Encoded,
    /// Whether a transport that compresses may do so.
    pub compress: bool,
    /// The mark under which it may be [taken back](super::Connection::poll_taken_back).
    pub mark: Option<Mark>,
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
    /// A CONNECT was over a limit. It was refused with CONNECT_ERROR, and nothing else has happened.
    OverLimit(ConnectLimit),
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

/// What a CONNECT may have too much of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ConnectLimit {
    /// [`Config::max_auth`](super::Config::max_auth).
    Auth,
    /// [`Config::max_namespaces`](super::Config::max_namespaces).
    Namespaces,
}

impl ConnectLimit {
    /// The words for the client.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Auth => "credentials too large",
            Self::Namespaces => "too many namespaces",
        }
    }
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
    /// Bytes of the whole send buffer: what is larger never fits.
    pub capacity_bytes: usize,
    /// Engine messages of the whole send buffer.
    pub capacity_packets: usize,
    /// Bytes that the send buffer has room for.
    pub room_bytes: usize,
    /// Engine messages that the send buffer has room for.
    pub room_packets: usize,
    /// How far the engine has got: packets with [marks](Outbound::mark) up to this one can't be
    /// taken back any more.
    pub last_pulled: Mark,
}

impl Credit {
    /// Room for everything, but not at once: what a connection begins with.
    pub const UNLIMITED: Self = Self {
        writable: false,
        capacity_bytes: usize::MAX,
        capacity_packets: usize::MAX,
        room_bytes: usize::MAX,
        room_packets: usize::MAX,
        last_pulled: Mark(0),
    };

    /// Whether it would not even fit if nothing waited.
    pub(super) fn is_too_large(&self, size: Size) -> bool {
        size.bytes > self.capacity_bytes || size.messages > self.capacity_packets
    }

    pub(super) fn has_room(&self, size: Size) -> bool {
        size.bytes <= self.room_bytes && size.messages <= self.room_packets
    }

    /// What is left when a packet of this size is sent; `None` if it does not fit. Whatever is
    /// sent keeps the transport busy.
    pub(super) fn spend(self, size: Size) -> Option<Self> {
        Some(Self {
            writable: false,
            room_bytes: self.room_bytes.checked_sub(size.bytes)?,
            room_packets: self.room_packets.checked_sub(size.messages)?,
            ..self
        })
    }

    /// With the room of packets that are taken back.
    pub(super) fn with(self, size: Size) -> Self {
        Self {
            room_bytes: self.room_bytes.saturating_add(size.bytes),
            room_packets: self.room_packets.saturating_add(size.messages),
            ..self
        }
    }
}

/// What a packet takes in the send buffer.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Size {
    pub(super) bytes: usize,
    pub(super) messages: usize,
}

impl Size {
    pub(super) fn of(encoded: &Encoded) -> Self {
        let messages = encoded.messages();
        Self {
            bytes: messages.iter().map(Outgoing::len).sum(),
            messages: messages.len(),
        }
    }
}
