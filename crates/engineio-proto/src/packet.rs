//! Packets: the borrowed view of one, the owned value, and messages on their way out.
//!
//! | digit | packet | who sends it |
//! | --- | --- | --- |
//! | `0` | open | server, as the first packet |
//! | `1` | close | both, on polling only |
//! | `2` | ping | server; a client only as `2probe` during an upgrade |
//! | `3` | pong | client; a server only as `3probe` |
//! | `4` | message | both |
//! | `5` | upgrade | client, on the new transport |
//! | `6` | noop | server, on polling, to release a waiting GET |
//!
//! Only messages may be binary: a binary frame *is* the message, without a type byte; where only
//! text can travel it is `b` and base64. Protocol 3 puts the type there too, as a byte `04` and as
//! `b4`; whatever reads or writes that form has `v3` in its name.

pub(crate) mod base64;
mod encode;
mod open;
mod parse;
mod v3;

use crate::{Sid, Text, Transport};
use alloc::boxed::Box;
use bytes::{Bytes, BytesMut};
use core::{str::Utf8Error, time::Duration};
use smallvec::SmallVec;

pub use base64::decode_base64;
pub(crate) use v3::put_binary;

/// One packet as a view into the frame or body that carries it. Reading one allocates nothing.
///
/// ```
/// use engineio_proto::PacketRef;
///
/// assert_eq!(PacketRef::from_text("4hello"), Ok(PacketRef::Text("hello")));
/// assert_eq!(PacketRef::from_text("2probe"), Ok(PacketRef::Ping("probe")));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PacketRef<'a> {
    /// `0`: the handshake, JSON that is not looked into.
    Open(&'a str),
    /// `1`. Data behind it is of no meaning and dropped, as for the two other bare types.
    Close,
    /// `2` and its data, empty or `probe`.
    Ping(&'a str),
    /// `3` and its data, empty or `probe`.
    Pong(&'a str),
    /// `4`: a text message, possibly empty.
    Text(&'a str),
    /// A binary message, as it is.
    Binary(&'a [u8]),
    /// `b`, in protocol 3 `b4`: a binary message that is still in base64 and was not checked yet:
    /// [`decode_base64`] does.
    Base64(&'a str),
    /// `5`.
    Upgrade,
    /// `6`.
    Noop,
}

/// A message that arrived.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// Text, without the packet type.
    Text(Text),
    /// Bytes.
    Binary(Bytes),
}

/// What a server tells its client in the open packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open {
    /// Id of the session.
    pub sid: Sid,
    /// Transports that the client may upgrade to, best last.
    pub upgrades: SmallVec<[Transport; 2]>,
    /// Time between a pong and the next ping. Milliseconds on the wire.
    pub ping_interval: Duration,
    /// Time for a pong to arrive. Milliseconds on the wire.
    pub ping_timeout: Duration,
    /// Largest body or frame that the server takes, in bytes.
    pub max_payload: u64,
}

/// One packet, owned; its data shares the storage of the frame that brought it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Packet {
    /// `0`: the handshake. Boxed, since it is large and comes once.
    Open(Box<Open>),
    /// `1`: end of the session.
    Close,
    /// `2`: heartbeat, or `probe`.
    Ping(Text),
    /// `3`: heartbeat, or `probe`.
    Pong(Text),
    /// `4`, or a binary frame.
    Message(Message),
    /// `5`: the new transport takes over.
    Upgrade,
    /// `6`: nothing.
    Noop,
}

/// A message on its way out, already encoded.
///
/// Text carries the leading `4` of its packet from the start, so that the same bytes serve every
/// receiver and every transport: a clone counts a reference, and neither a WebSocket frame nor a
/// queue copies anything.
///
/// ```
/// use engineio_proto::{Frame, Outgoing, Text};
///
/// let out = Outgoing::text("hello");
/// assert_eq!(out.into_frame(), Frame::Text(Text::from("4hello")));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outgoing(Repr);

/// The encoded packet. Within the crate it may be of any type: the queue of a session holds its
/// pings and its handshake in the same form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Repr {
    /// Packet type and data.
    Text(Text),
    /// Data of a message.
    Binary(Bytes),
}

impl Outgoing {
    /// A text message. Copies the text once, behind its packet type.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let mut packet = alloc::string::String::with_capacity(1 + text.len());
        packet.push('4');
        packet.push_str(text);
        Self::packet(Text::from(packet))
    }

    /// A text message that `write` appends in place, behind the packet type.
    ///
    /// # Errors
    ///
    /// If what was written is not UTF-8.
    pub fn text_with(write: impl FnOnce(&mut BytesMut)) -> Result<Self, Utf8Error> {
        let mut packet = BytesMut::from(&b"4"[..]);
        write(&mut packet);
        Text::try_from(packet).map(Self::packet)
    }

    /// A text message whose text already begins with the packet type `4`, for writers that keep
    /// room for it. `None` if it does not.
    #[must_use]
    pub fn from_encoded(packet: Text) -> Option<Self> {
        packet.starts_with('4').then(|| Self::packet(packet))
    }

    /// A binary message.
    #[must_use]
    pub fn binary(bytes: Bytes) -> Self {
        Self(Repr::Binary(bytes))
    }

    /// A text packet of any type.
    pub(crate) fn packet(text: impl Into<Text>) -> Self {
        Self(Repr::Text(text.into()))
    }

    /// Bytes of the encoded packet: text with its type, or the bytes of the message.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Text(text) => text.len(),
            Repr::Binary(bytes) => bytes.len(),
        }
    }

    /// Is this a binary message without bytes? Text is never empty: it has a type.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Is this a message, and not one of the session's own packets?
    pub(crate) fn is_message(&self) -> bool {
        match &self.0 {
            Repr::Text(text) => text.starts_with('4'),
            Repr::Binary(_) => true,
        }
    }

    pub(crate) fn repr(&self) -> &Repr {
        &self.0
    }

    pub(crate) fn into_repr(self) -> Repr {
        self.0
    }
}
