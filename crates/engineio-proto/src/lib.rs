//! Engine.IO as a state machine without IO.
#![no_std]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::string_slice))]

extern crate alloc;

pub mod config;
pub mod error;
pub mod frame;
pub mod http;
pub mod packet;
pub mod payload;
pub mod server;
pub mod time;

mod sid;
mod text;

pub use error::{CloseReason, DecodeError, SendError};
pub use frame::Frame;
pub use packet::{Message, Open, Outgoing, Packet, PacketRef};
pub use sid::Sid;
pub use text::Text;
pub use time::Instant;

/// Protocol revision, as carried by the `EIO` query parameter.
///
/// Exactly `4` means [`V4`](Self::V4); any other value, and no value at all, means
/// [`V3`](Self::V3). Revision 3 is recognised so that it can be refused by name
/// ([`Handshake::check`](http::Handshake::check)); sessions speak revision 4.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Version {
    /// Engine.IO 3, spoken by Socket.IO 1 and 2 clients.
    V3,
    /// Engine.IO 4, spoken by Socket.IO 3 and 4 clients.
    V4,
}

/// A transport, by its name on the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Transport {
    /// `polling`: one GET that waits for packets, one POST at a time that brings them.
    Polling,
    /// `websocket`: one frame per packet.
    WebSocket,
    /// `webtransport`: length-prefixed packets on one stream. Only advertised so far.
    WebTransport,
}

impl Transport {
    /// The transport with this name, compared exactly.
    ///
    /// ```
    /// use engineio_proto::Transport;
    /// assert_eq!(Transport::from_name("polling"), Some(Transport::Polling));
    /// assert_eq!(Transport::from_name("Polling"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "polling" => Some(Self::Polling),
            "websocket" => Some(Self::WebSocket),
            "webtransport" => Some(Self::WebTransport),
            _ => None,
        }
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
            Self::WebTransport => "webtransport",
        }
    }
}
