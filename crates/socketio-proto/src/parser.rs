//! From packets to engine messages and back.
//!
//! A [`Parser`] is chosen per server and shared by all connections; each connection has its own
//! [`Decoder`], since a packet with attachments arrives in several messages. [`Json`] is the
//! protocol's default parser; with the feature `msgpack` there is `MsgPack`, too. [`PacketRef`] is
//! its first half alone: a view of one text message that allocates nothing, for those who only
//! route or filter.

mod json;
pub(crate) mod map_key;
#[cfg(feature = "msgpack")]
pub mod msgpack;
pub(crate) mod spread;

pub use json::{EventName, Json, Kind, PacketRef};
pub(crate) use json::{de, scan, ser};

use crate::packet::Revision;
use crate::{DecodeError, Format, Message, Packet, PayloadError};
use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, slice};
use engineio_proto::Outgoing;

/// How a connection writes its packets and reads those of its peer.
pub trait Parser: fmt::Debug + Send + Sync {
    /// The format in which payloads for this parser are made.
    fn format(&self) -> Format;

    /// Writes a packet, once for all its receivers.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Unfit`] when the payload was made for another kind of packet. Nothing is
    /// half-written.
    fn encode(&self, packet: &Packet) -> Result<Encoded, PayloadError>;

    /// Like [`encode`](Self::encode), for a packet that is not needed any more. A payload that
    /// was written here is not copied: the header goes in front of it, in the same buffer.
    ///
    /// # Errors
    ///
    /// As for `encode`.
    fn encode_owned(&self, packet: Packet) -> Result<Encoded, PayloadError> {
        self.encode(&packet)
    }

    /// The reading side of one connection, by the rules of revision 5. A server reads both
    /// revisions by them.
    fn decoder(&self, limits: Limits) -> Box<dyn Decoder>;

    /// The reading side of a client whose server speaks this revision. In revision 4 a refusal
    /// may be any JSON value. Unless the parser knows better, this is its
    /// [`decoder`](Self::decoder).
    fn decoder_for(&self, revision: Revision, limits: Limits) -> Box<dyn Decoder> {
        let _ = revision;
        self.decoder(limits)
    }
}

/// Puts the messages of one connection together to packets.
pub trait Decoder: fmt::Debug + Send {
    /// Takes the next message. `Ok(None)` means that there is nothing to hand out: the packet
    /// still lacks attachments (then the decoder is not [idle](Self::is_idle)), or the message
    /// was an acknowledgement without an id, which answers nothing.
    ///
    /// The payload of the packet is not yet checked for syntax behind the event name: see
    /// [`Payload::check`](crate::Payload::check).
    ///
    /// # Errors
    ///
    /// The peer does not keep to the protocol. The decoder has dropped what it held and the
    /// connection is to be closed.
    fn push(&mut self, message: Message) -> Result<Option<Packet>, DecodeError>;

    /// Whether no packet waits for attachments.
    fn is_idle(&self) -> bool;
}

/// What a peer may send. Going over a limit is [`DecodeError::Limit`] and closes the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Attachments of one packet: 10, as in the reference. Checked before anything is kept.
    /// MessagePack has its binary data in the packet, where `max_bytes` limits it.
    pub max_attachments: usize,
    /// Bytes of one packet, text and attachments together: 11 000 000, a text and ten attachments of
    /// as many bytes as the engine lets through by default. The engine limits each message; this
    /// limits their sum, and what a peer can have kept by never sending the last one.
    pub max_bytes: usize,
    /// Arrays and objects inside each other: 128.
    ///
    /// The array of arguments counts. Typed decoding stops at 127 in any case.
    pub max_depth: usize,
    /// Bytes of a namespace name: 1024.
    pub max_namespace: usize,
    /// Bytes of an event name as it is written: 1024.
    pub max_event: usize,
    /// Attachments of fewer bytes than this are copied when they arrive: 4096; 0 never copies.
    ///
    /// An attachment may be a slice of a larger read buffer, which it keeps in memory as long as
    /// it lives, and a slice cannot tell how large that is. A copy of up to a page costs less
    /// than the message itself; larger ones are worth their buffer. In MessagePack the same holds
    /// for the data of a packet with binary data.
    pub copy_below: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_attachments: 10,
            max_bytes: 11_000_000,
            max_depth: 128,
            max_namespace: 1024,
            max_event: 1024,
            copy_below: 4096,
        }
    }
}

impl Limits {
    /// Sets [`max_attachments`](Self::max_attachments).
    pub fn max_attachments(mut self, max: usize) -> Self {
        self.max_attachments = max;
        self
    }

    /// Sets [`max_bytes`](Self::max_bytes).
    pub fn max_bytes(mut self, max: usize) -> Self {
        self.max_bytes = max;
        self
    }

    /// Sets [`max_depth`](Self::max_depth).
    pub fn max_depth(mut self, max: usize) -> Self {
        self.max_depth = max;
        self
    }

    /// Sets [`max_namespace`](Self::max_namespace).
    pub fn max_namespace(mut self, max: usize) -> Self {
        self.max_namespace = max;
        self
    }

    /// Sets [`max_event`](Self::max_event).
    pub fn max_event(mut self, max: usize) -> Self {
        self.max_event = max;
        self
    }

    /// Sets [`copy_below`](Self::copy_below).
    pub fn copy_below(mut self, bytes: usize) -> Self {
        self.copy_below = bytes;
        self
    }
}

/// One packet as engine messages, in order: the text, then its attachments.
///
/// The messages have to follow each other on the wire with no other message of the connection
/// between them. A clone bumps a reference count and copies nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encoded(Inner);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Inner {
    One(Outgoing),
    Many(Arc<[Outgoing]>),
}

impl Encoded {
    /// The messages, at least one.
    pub fn messages(&self) -> &[Outgoing] {
        match &self.0 {
            Inner::One(message) => slice::from_ref(message),
            Inner::Many(messages) => messages,
        }
    }

    /// The messages, by value: a single one is moved, so that its bytes get no second owner.
    pub fn into_messages(self) -> impl Iterator<Item = Outgoing> {
        let (one, many) = match self.0 {
            Inner::One(message) => (Some(message), None),
            Inner::Many(messages) => (None, Some(messages)),
        };
        let many = many.into_iter().flat_map(|messages| {
            (0..messages.len()).filter_map(move |at| messages.get(at).cloned())
        });
        one.into_iter().chain(many)
    }
}

impl From<Outgoing> for Encoded {
    fn from(message: Outgoing) -> Self {
        Self(Inner::One(message))
    }
}

impl From<Vec<Outgoing>> for Encoded {
    fn from(messages: Vec<Outgoing>) -> Self {
        Self(Inner::Many(messages.into()))
    }
}
