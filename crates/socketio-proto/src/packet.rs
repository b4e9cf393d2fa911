//! Packets as values that own what they hold.

use crate::{Payload, PayloadError, Text};
use alloc::format;
use core::fmt;
use engineio_proto::Sid;

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
    /// string ([`Payload::value`]). In [revision 4](Revision), where the packet is called ERROR,
    /// servers send any JSON value. A number cannot be sent: its digits would read as an id.
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
            Self::ConnectError(payload) => (
                payload.is_value() && !begins_with_digit(payload),
                "CONNECT_ERROR",
            ),
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

fn begins_with_digit(payload: &Payload) -> bool {
    let json = payload.as_json().unwrap_or_default();
    json.starts_with(|first: char| first.is_ascii_digit())
}

/// A revision of the Socket.IO protocol.
///
/// The packets are the same, and so are events, acknowledgements and binary data. What differs is
/// how a client gets into a namespace:
///
/// | | revision 4 | revision 5 |
/// | --- | --- | --- |
/// | rides on | Engine.IO 3 | Engine.IO 4 |
/// | spoken by the reference's | versions 1 and 2 | versions 3 and 4 |
/// | `/` | the server lets the client in unasked; CONNECT is for other namespaces | joined by CONNECT, like the others |
/// | credentials | a query behind the namespace: `0/admin?token=x,` | an object: `0/admin,{"token":"x"}` |
/// | CONNECT reply | `0/admin,` | `0/admin,{"sid":".."}` |
/// | socket id | made by each side from the session's ([`SocketId::derived`]) | in the reply |
/// | packet type 4 | ERROR, any JSON value: `4/admin,"not you"` | CONNECT_ERROR, an object: `4/admin,{"message":"not you"}` |
///
/// Sources: "Difference between v5 and v4" and "Difference between v4 and v3" in the history of
/// the protocol's specification, and for a server of today the reference under `allowEIO3`: it
/// reads both revisions by the rules of 5, refuses an unknown namespace by the object of 5, and a
/// middleware's error by its bare `data`, or else its bare message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Revision {
    /// Over Engine.IO 3: the client is asked into `/` without having said CONNECT, and CONNECT
    /// replies carry no id.
    V4,
    /// Over Engine.IO 4: clients from version 3 on.
    V5,
}

/// The name of a namespace: `/`, or `/` and more, without a comma.
///
/// Cheap to clone. In revision 5 a query (`/chat?x=1`) is part of the name; in revision 4 it
/// stands behind the name in a CONNECT, and there alone ([`with_query`](Self::with_query),
/// [`split_query`](Self::split_query)).
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

    /// The name with the query by which a client of [revision 4](Revision) gives its credentials:
    /// the namespace of its CONNECT. The query is percent-encoded, without its question mark.
    ///
    /// ```
    /// use socketio_proto::{Body, Json, Namespace, Packet, Parser, Text};
    ///
    /// let admin = Namespace::new(Text::from("/admin")).expect("a name");
    /// let namespace = admin.with_query("token=x%20y").expect("no comma");
    /// assert_eq!(namespace.split_query(), (admin, Some("token=x%20y")));
    /// let connect = Json.encode(&Packet { namespace, body: Body::Connect(None) })?;
    /// assert_eq!(connect.messages(), [engineio_proto::Outgoing::text("0/admin?token=x%20y,")]);
    /// # Ok::<(), socketio_proto::PayloadError>(())
    /// ```
    ///
    /// `None` when the query contains a comma.
    pub fn with_query(&self, query: &str) -> Option<Self> {
        Self::new(Text::from(format!("{self}?{query}")))
    }

    /// The name and, behind the first question mark, the query of a CONNECT in
    /// [revision 4](Revision).
    pub fn split_query(&self) -> (Self, Option<&str>) {
        match self.as_str().split_once('?') {
            Some((name, query)) => (Self(self.0.slice_ref(name)), Some(query)),
            None => (self.clone(), None),
        }
    }

    /// The same name in memory of its own, where it may have been a slice of a message.
    pub(crate) fn into_unshared(self) -> Self {
        if self.is_root() {
            Self::root()
        } else {
            Self(Text::new(self.as_str()))
        }
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
    /// The id that both sides of [revision 4](Revision) make by themselves: that of the engine
    /// session in `/`, and behind the name elsewhere.
    ///
    /// ```
    /// use engineio_proto::Sid;
    /// use socketio_proto::{Namespace, SocketId, Text};
    ///
    /// let sid = Sid::new(Text::from("GMjOdO")).expect("an id");
    /// let chat = Namespace::new(Text::from("/chat")).expect("a name");
    /// assert_eq!(SocketId::derived(&Namespace::root(), &sid).as_str(), "GMjOdO");
    /// assert_eq!(SocketId::derived(&chat, &sid).as_str(), "/chat#GMjOdO");
    /// ```
    ///
    /// It makes the session's id known, which revision 5 avoids.
    pub fn derived(namespace: &Namespace, sid: &Sid) -> Self {
        Self(if namespace.is_root() {
            Text::new(sid.as_str())
        } else {
            Text::from(format!("{namespace}#{}", sid.as_str()))
        })
    }

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
