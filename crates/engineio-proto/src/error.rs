//! What can go wrong, as values: small enums that tests can compare.

use core::time::Duration;
use thiserror::Error;

/// A packet, body or frame of the peer that cannot be read.
///
/// A server's session that receives one closes with [`CloseReason::Parse`], a client's with
/// [`TransportError::Server`](crate::client::TransportError::Server).
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum DecodeError {
    /// A packet without a type: an empty text frame, an empty body, two separators in a row.
    #[error("empty packet")]
    Empty,
    /// A packet begins with this byte, which is no type. In text the types are `0` to `6` and `b`,
    /// in binary packets of protocol 3 the numbers 0 to 6, and in front of an element of its binary
    /// body 0 and 1.
    #[error("unknown packet type {0:#04x}")]
    UnknownType(u8),
    /// What follows `b` or `b4` is not canonical base64. Missing padding is accepted.
    #[error("invalid base64")]
    Base64,
    /// A text that is not UTF-8.
    #[error("invalid UTF-8")]
    Utf8,
    /// A length that cannot be: no number, nothing behind it, more than there is, or, in text of
    /// protocol 3, one that cuts a surrogate pair.
    #[error("invalid packet length")]
    Length,
    /// The handshake of an open packet cannot be read.
    #[error("invalid open packet")]
    Open,
    /// `pingInterval` or `pingTimeout` of an open packet is less than
    /// [`min_heartbeat`](crate::client::ClientConfig::min_heartbeat) or more than
    /// [`max_heartbeat`](crate::client::ClientConfig::max_heartbeat).
    #[error("a heartbeat of {0:?} is out of range")]
    Heartbeat(Duration),
    /// A body or frame is over its limit.
    #[error("{len} bytes are over the limit of {max}")]
    TooLarge {
        /// Bytes that came, or were announced.
        len: u64,
        /// Bytes that are allowed.
        max: u64,
    },
    /// A body brings more packets than
    /// [`ServerConfig::max_packets`](crate::config::ServerConfig::max_packets) or
    /// [`ClientConfig::max_packets`](crate::client::ClientConfig::max_packets).
    #[error("more than {max} packets in one payload")]
    TooMany {
        /// Packets that are allowed.
        max: usize,
    },
}

/// Why [`Session::send`](crate::server::Session::send) took nothing, on either side.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SendError {
    /// The session is closing or closed.
    #[error("the session is closed")]
    Closed,
    /// The batch does not fit into what `max_buffered` and `max_queued` of the
    /// [server](crate::config::ServerConfig::max_buffered) or the
    /// [client](crate::client::ClientConfig::max_buffered) leave. Try again after
    /// [`Event::Drained`](crate::server::Event::Drained), or close the session.
    #[error("the send buffer is full")]
    Full,
}

/// Why a session ended. `Display` gives the words of the reference.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The peer closed, or its framed connection went away.
    #[error("transport close")]
    TransportClose,
    /// The transport broke its rules or failed: requests that overlap, an aborted request, a ping
    /// from the side that must not ping.
    #[error("transport error")]
    TransportError,
    /// The peer sent a frame over the limit, or text that is not UTF-8. The reference has the same
    /// words for it as for [`TransportError`](Self::TransportError).
    #[error("transport error")]
    Frame(#[source] DecodeError),
    /// No sign of life in time.
    #[error("ping timeout")]
    PingTimeout,
    /// The peer sent something that cannot be read.
    #[error("parse error")]
    Parse(#[source] DecodeError),
    /// The client sent packets faster than
    /// [`packet_rate`](crate::config::ServerConfig::packet_rate).
    #[error("packet rate exceeded")]
    PacketRate,
    /// The client sent more bytes per second than
    /// [`byte_rate`](crate::config::ServerConfig::byte_rate).
    #[error("byte rate exceeded")]
    ByteRate,
    /// Closed by this side. A server has carried it out at once.
    #[error("forced close")]
    Forced,
    /// Closed by this side on polling while no GET waits, so that the peer learns of it later.
    #[error("forced server close")]
    ForcedServer,
    /// The whole server stops.
    #[error("server shutting down")]
    ShuttingDown,
    /// The owner gives up on a peer that does not read fast enough.
    #[error("send buffer overflow")]
    Overflow,
}
