//! Reading: a match on the first byte and a slice.

use super::{Message, Open, Packet, PacketRef};
use crate::{DecodeError, Text};
use alloc::vec::Vec;
use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;

/// Standard alphabet; padding may be absent, since the reference takes that too; anything else
/// that is not canonical (other alphabets, blanks, spare bits, surplus padding) is refused.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl<'a> PacketRef<'a> {
    /// Reads a text packet: a text frame, or one element of a polling body.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Empty`], or [`DecodeError::UnknownType`] for a first character other than
    /// `0` to `6` and `b`.
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
    /// The owned packet of a view into `source`, sharing its storage.
    pub(crate) fn from_view(source: &Text, view: PacketRef<'_>) -> Result<Self, DecodeError> {
        Ok(match view {
            PacketRef::Open(data) => Self::Open(Open::parse(data)?),
            PacketRef::Close => Self::Close,
            PacketRef::Ping(data) => Self::Ping(source.slice_ref(data)),
            PacketRef::Pong(data) => Self::Pong(source.slice_ref(data)),
            PacketRef::Text(data) => Self::Message(Message::Text(source.slice_ref(data))),
            PacketRef::Binary(data) => Self::Message(Message::Binary(Bytes::copy_from_slice(data))),
            PacketRef::Base64(data) => Self::Message(Message::Binary(decode_base64(data)?)),
            PacketRef::Upgrade => Self::Upgrade,
            PacketRef::Noop => Self::Noop,
        })
    }
}

/// What stands behind `b`. Nothing at all is an empty message.
pub(crate) fn decode_base64(data: &str) -> Result<Bytes, DecodeError> {
    // Exact room: the estimate of the engine rounds up and `Bytes` would copy to shrink.
    let mut bytes = Vec::with_capacity(data.len().div_ceil(4) * 3);
    BASE64
        .decode_vec(data, &mut bytes)
        .map_err(|_| DecodeError::Base64)?;
    Ok(Bytes::from(bytes))
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

    #[test]
    fn ep_04_base64_is_strict_but_for_padding() {
        assert_eq!(decode_base64("").unwrap(), "");
        assert_eq!(decode_base64("AQI=").unwrap(), &[1, 2][..]);
        assert_eq!(decode_base64("AQI").unwrap(), &[1, 2][..]);
        for bad in [
            "A", "AQJ=", "AAAA====", "-_-_", "!!!!", " AQID", "AQ ID", "AQI=AQI=",
        ] {
            assert_eq!(decode_base64(bad), Err(DecodeError::Base64), "{bad}");
        }
    }
}
