//! Packets on a framed transport: one message of WebSocket is one packet.

use crate::{DecodeError, Message, Packet, PacketRef, Text};
use bytes::{Bytes, BytesMut};

/// One message of a framed transport.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Frame {
    /// Packet type and data.
    Text(Text),
    /// A binary message, with nothing in front.
    Binary(Bytes),
}

impl Frame {
    /// The packet in this frame, borrowed.
    ///
    /// # Errors
    ///
    /// As [`PacketRef::from_text`]; a binary frame is always a message.
    pub fn packet(&self) -> Result<PacketRef<'_>, DecodeError> {
        match self {
            Self::Text(text) => PacketRef::from_text(text),
            Self::Binary(bytes) => Ok(PacketRef::Binary(bytes)),
        }
    }

    /// The packet in this frame of protocol 3, borrowed.
    ///
    /// # Errors
    ///
    /// As [`PacketRef::from_text_v3`] and [`PacketRef::from_binary_v3`].
    pub fn packet_v3(&self) -> Result<PacketRef<'_>, DecodeError> {
        match self {
            Self::Text(text) => PacketRef::from_text_v3(text),
            Self::Binary(bytes) => PacketRef::from_binary_v3(bytes),
        }
    }

    /// Bytes of the frame: what [`max_payload`](crate::config::ServerConfig::max_payload) limits.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Is there nothing in it? Then it is an empty binary message, or no packet at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Packet {
    /// Reads a frame. The data of the packet shares its storage.
    ///
    /// # Errors
    ///
    /// As [`PacketRef::from_text`], and [`DecodeError::Base64`] or [`DecodeError::Open`] for data
    /// that cannot be read.
    #[inline]
    pub fn from_frame(frame: Frame) -> Result<Self, DecodeError> {
        match frame {
            Frame::Binary(bytes) => Ok(Self::Message(Message::Binary(bytes))),
            Frame::Text(text) => Self::from_text(text),
        }
    }

    /// Writes a frame: binary for a binary message, text otherwise.
    #[must_use]
    pub fn into_frame(self) -> Frame {
        if let Self::Message(Message::Binary(bytes)) = self {
            return Frame::Binary(bytes);
        }
        let mut out = BytesMut::new();
        self.encode_text(&mut out);
        // Every other packet is made of `str`s: the default is never taken.
        Frame::Text(Text::try_from(out).unwrap_or_default())
    }
}
