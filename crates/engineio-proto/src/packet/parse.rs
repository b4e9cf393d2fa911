//! Reading: a match on the first byte and a slice.

use super::{Message, Open, Packet, PacketRef, base64};
use crate::{DecodeError, Text};
use alloc::boxed::Box;
use bytes::Bytes;

impl<'a> PacketRef<'a> {
    /// Reads a text packet: a text frame, or one element of a polling body.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Empty`], or [`DecodeError::UnknownType`] for a first character other than
    /// `0` to `6` and `b`.
    #[inline]
    pub fn from_text(text: &'a str) -> Result<Self, DecodeError> {
        let kind = *text.as_bytes().first().ok_or(DecodeError::Empty)?;
        // None in the middle of a character: then `kind` is no ASCII digit either.
        let data = text.get(1..).unwrap_or_default();
        Ok(match kind {
            b'0' => Self::Open(data),
            b'1' => Self::Close,
            b'2' => Self::Ping(data),
            b'3' => Self::Pong(data),
            b'4' => Self::Text(data),
            b'5' => Self::Upgrade,
            b'6' => Self::Noop,
            b'b' => Self::Base64(data),
            other => return Err(DecodeError::UnknownType(other)),
        })
    }
}

impl Packet {
    /// Reads a text frame, whose storage becomes that of the data.
    ///
    /// Always inlined, and with the rare types apart: a frame and a packet are large, and to move them
    /// through memory costs more than to read them.
    #[inline(always)]
    pub(crate) fn from_text(text: Text) -> Result<Self, DecodeError> {
        Ok(match text.first_byte() {
            Some(b'4') => Self::Message(Message::Text(text.without_type())),
            Some(b'2') => Self::Ping(text.without_type()),
            Some(b'3') => Self::Pong(text.without_type()),
            _ => return Self::from_rare_text(text),
        })
    }

    /// The types that come once in a session, and base64.
    #[inline(never)]
    fn from_rare_text(text: Text) -> Result<Self, DecodeError> {
        Self::from_view(&text, PacketRef::from_text(&text)?)
    }

    /// The owned packet of a view into `source`, sharing its storage.
    #[inline]
    pub(crate) fn from_view(source: &Text, view: PacketRef<'_>) -> Result<Self, DecodeError> {
        Ok(match view {
            PacketRef::Open(data) => Self::Open(Box::new(Open::parse(data)?)),
            PacketRef::Close => Self::Close,
            PacketRef::Ping(data) => Self::Ping(source.slice_ref(data)),
            PacketRef::Pong(data) => Self::Pong(source.slice_ref(data)),
            PacketRef::Text(data) => Self::Message(Message::Text(source.slice_ref(data))),
            PacketRef::Binary(data) => Self::Message(Message::Binary(Bytes::copy_from_slice(data))),
            PacketRef::Base64(data) => Self::Message(Message::Binary(base64::decode(data)?)),
            PacketRef::Upgrade => Self::Upgrade,
            PacketRef::Noop => Self::Noop,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_one_ascii_digit() {
        assert_eq!(PacketRef::from_text("4"), Ok(PacketRef::Text("")));
        assert_eq!(PacketRef::from_text("5x"), Ok(PacketRef::Upgrade));
        assert_eq!(PacketRef::from_text(""), Err(DecodeError::Empty));
        assert_eq!(
            PacketRef::from_text("7"),
            Err(DecodeError::UnknownType(b'7'))
        );
        assert_eq!(
            PacketRef::from_text("٤hi"),
            Err(DecodeError::UnknownType(0xd9))
        );
    }
}
