//! What can go wrong: what a peer did ([`DecodeError`]), what the caller asked for
//! ([`PayloadError`], [`EmitError`]), and how waiting and being connected end ([`AckError`],
//! [`DisconnectReason`]).

use alloc::string::String;
use thiserror::Error;

/// A message that is not a packet of the protocol.
///
/// Every kind of it ends the connection, as in the reference. It says what the peer did wrong,
/// never what the application did.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The message is empty: not even a packet type.
    #[error("empty message")]
    Empty,
    /// The first character is not one of `0` to `6`.
    #[error("unknown packet type {0:?}")]
    UnknownType(char),
    /// The attachment count is missing, zero or not plain digits, or a placeholder names an
    /// attachment that does not exist.
    #[error("illegal attachments")]
    Attachments,
    /// The acknowledgement id does not fit 64 bits.
    #[error("illegal acknowledgement id")]
    AckId,
    /// The JSON is malformed, or has the wrong shape for its packet type, or names a reserved
    /// event.
    #[error("invalid payload")]
    Payload,
    /// A binary message arrived while no packet waits for one.
    #[error("binary data without a packet that waits for it")]
    UnexpectedBinary,
    /// A text message arrived while a packet still waits for its attachments.
    #[error("text while a packet waits for {missing} attachments")]
    UnexpectedText {
        /// How many attachments had not arrived.
        missing: usize,
    },
    /// The attachments of a packet have not all arrived in time; see
    /// [`Config::attachments_timeout`](crate::server::Config::attachments_timeout).
    #[error("attachments did not arrive in time")]
    AttachmentsTimeout,
    /// The message is not one whole MessagePack value.
    #[cfg(feature = "msgpack")]
    #[error("malformed message")]
    Malformed,
    /// The message is text, where the parser for MessagePack has binary messages.
    #[cfg(feature = "msgpack")]
    #[error("text where packets are binary")]
    NotBinary,
    /// In MessagePack: there is no `type`, or it is not a number from 0 to 4.
    #[cfg(feature = "msgpack")]
    #[error("invalid packet type")]
    PacketType,
    /// In MessagePack: there is no `nsp`, or it is not the name of a namespace.
    #[cfg(feature = "msgpack")]
    #[error("invalid namespace")]
    Namespace,
    /// The packet is over one of the [`Limits`](crate::parser::Limits).
    #[error("over the limit: {what}")]
    Limit {
        /// What there was too much of: `attachments`, `bytes`, `depth`, `namespace`,
        /// `query` or `event name`.
        what: &'static str,
    },
}

/// A payload that could not be written, or not read as the wanted type.
///
/// It concerns one call; the connection goes on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The value and the type do not fit each other, in whatever format; the message tells how.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// An [`Attachment`](crate::Attachment) was resolved by another payload than the one it was
    /// decoded from.
    #[error("the payload has no such attachment")]
    MissingAttachment,
    /// The event name belongs to the library: `connect`, `connect_error`, `disconnect`,
    /// `disconnecting`, `newListener` and `removeListener` are not for the application.
    #[error("{0:?} is a reserved event name")]
    Reserved(String),
    /// A map with the member `"_placeholder": true` was sent beside binary data. The receiver
    /// would take the map for an attachment.
    #[error("data that looks like a placeholder cannot be sent together with binary data")]
    Lookalike,
    /// Binary data in CONNECT or CONNECT_ERROR, where the protocol has no room for it.
    #[error("binary data is possible in events and acknowledgements only")]
    Binary,
    /// The payload was made for another kind of packet, such as an event without a name.
    #[error("the payload does not fit {0}")]
    Unfit(&'static str),
}

/// An event that was not sent.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum EmitError {
    /// The socket has left its namespace, was not accepted yet, or its connection is closed.
    #[error("the socket is not connected")]
    NotConnected,
    /// The engine's send buffer has no room for the whole packet. There will be some when the
    /// client has read.
    #[error("the send buffer is full")]
    Full,
    /// The packet is larger than the engine's send buffer: it would not even fit if nothing
    /// waited.
    #[error("the packet is larger than the send buffer")]
    TooLarge,
    /// The event was one that may be dropped: it was volatile and the transport not ready, or
    /// there was no room for it and its [policy](crate::server::Overflow) is to do without.
    #[error("the event was dropped")]
    Dropped,
    /// The connection waits for as many acknowledgements as it may.
    #[error("too many acknowledgements are outstanding")]
    TooManyAcks,
    /// The socket is already waiting for an acknowledgement with this id.
    #[error("the acknowledgement id is in use")]
    AckInUse,
    /// The event of the other side is answered already, wants no answer, or came on a connection
    /// that is gone.
    #[error("nobody waits for this answer")]
    NotAsked,
    /// The payload was made for another kind of packet, such as an event without a name.
    #[error("the payload does not fit {0}")]
    Unfit(&'static str),
}

/// An event that was neither recorded nor sent to anybody.
#[derive(Debug, Error)]
pub enum BroadcastError {
    /// It can't be written.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// It is [too large](EmitError::TooLarge) for anybody, or as much as may be is
    /// [kept](EmitError::Full) for the one socket that it is for and that is away.
    #[error(transparent)]
    Emit(#[from] EmitError),
}

/// An acknowledgement that will not come.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AckError {
    /// The peer did not answer in time.
    #[error("operation has timed out")]
    Timeout,
    /// The socket was disconnected before the peer answered.
    #[error("socket has been disconnected")]
    Disconnected,
}

/// Why a socket is no longer connected. `Display` gives the words of the reference.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The peer left the namespace.
    #[error("client namespace disconnect")]
    ClientNamespace,
    /// The application made the socket leave.
    #[error("server namespace disconnect")]
    ServerNamespace,
    /// The peer sent something that is no packet.
    #[error("parse error")]
    Parse(#[source] DecodeError),
    /// The engine session below has ended.
    #[error(transparent)]
    Transport(#[from] engineio_proto::CloseReason),
}
