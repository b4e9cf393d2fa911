//! Packets as values that own what they hold.

use crate::{Payload, PayloadError, Text};
use core::fmt;

/// One packet of the protocol.
///
/// "Binary" is not a kind of packet here: the wire's BINARY_EVENT and BINARY_ACK are an
/// [`Event`](Body::Event) or [`Ack`](Body::Ack) whose payload has attachments.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// Whom it concerns.
    pub namespace: Namespace,
    /// What it says.
    pub body: Body,
}

/// What a packet says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Asks for a namespace, or grants it. The payload is an object
    /// ([`Payload::value`]): credentials on the way to the server, `{"sid": ..}` on the way back.
    Connect(Option<Payload>),
    /// Leaves the namespace, or ends the membership.
    Disconnect,
    /// A named event with arguments.
    Event {
        /// Present when the sender wants an acknowledgement.
        id: Option<AckId>,
        /// Name and arguments.
        payload: Payload,
    },
    /// The answer to an event.
    Ack {
        /// The id that came with the event.
        id: AckId,
        /// Arguments, without a name.
        payload: Payload,
    },
    /// Refuses a namespace. The payload is an object with `message` and perhaps `data`, or a
    /// string from old servers ([`Payload::value`]).
    ConnectError(Payload),
}

impl Body {
    pub(crate) fn payload(&self) -> Option<&Payload> {
        match self {
            Self::Connect(payload) => payload.as_ref(),
            Self::Disconnect => None,
            Self::Event { payload, .. }
            | Self::Ack { payload, .. }
            | Self::ConnectError(payload) => Some(payload),
        }
    }

    /// Whether the payload is one for this kind of packet.
    pub(crate) fn check_payload(&self) -> Result<(), PayloadError> {
        let (is_fit, name) = match self {
            Self::Connect(payload) => (payload.as_ref().is_none_or(Payload::is_object), "CONNECT"),
            Self::Disconnect => (true, "DISCONNECT"),
            Self::Event { payload, .. } => (payload.event().is_some(), "EVENT"),
            Self::Ack { payload, .. } => (payload.is_list(), "ACK"),
            Self::ConnectError(payload) => (payload.is_value(), "CONNECT_ERROR"),
        };
        if is_fit {
            Ok(())
        } else {
            Err(PayloadError::Unfit(name))
        }
    }

    pub(crate) fn into_payload(self) -> Option<Payload> {
        match self {
            Self::Connect(payload) => payload,
            Self::Disconnect => None,
            Self::Event { payload, .. }
            | Self::Ack { payload, .. }
            | Self::ConnectError(payload) => Some(payload),
        }
    }
}

/// The name of a namespace: `/`, or `/` and more, without a comma.
///
/// Cheap to clone. In revision 5 a query (`/chat?x=1`) is part of the name.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Namespace(Text);

impl Namespace {
    /// `None` when the text does not begin with `/` or contains a comma, which ends a namespace
    /// on the wire.
    pub fn new(text: Text) -> Option<Self> {
        (text.as_str().starts_with('/') && !text.as_str().contains(',')).then_some(Self(text))
    }

    /// The namespace `/`, which the wire leaves out.
    pub fn root() -> Self {
        Self(Text::from("/"))
    }

    /// The name, with its slash.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        self.as_str() == "/"
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self::root()
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Ties an acknowledgement to its event. Whoever emits chooses it; the answer repeats it.
///
/// The server counts per namespace, so a broadcast may carry one id to many sockets.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AckId(pub u64);

/// The public id of a socket.
///
/// Made by the caller, from the operating system's randomness: it is also the name of the
/// socket's own room.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SocketId(pub Text);

impl SocketId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
