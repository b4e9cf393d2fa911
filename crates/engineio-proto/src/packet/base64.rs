//! Base64 of binary messages: the standard alphabet, canonical but for the padding, which may be
//! absent since the reference takes that too. Other alphabets, blanks, spare bits and surplus
//! padding are refused.
//!
//! The feature `std` chooses the fastest instructions of the machine; what is accepted is the same.

use crate::DecodeError;
use alloc::{string::String, vec::Vec};
use bytes::{Bytes, BytesMut};

/// Characters of so many bytes: four for each three begun.
pub(crate) fn encoded_len(len: usize) -> usize {
    len.div_ceil(3) * 4
}

pub(crate) fn encode(data: &[u8], out: &mut BytesMut) {
    let start = out.len();
    out.resize(start + encoded_len(data.len()), 0);
    engine::encode(data, out.get_mut(start..).unwrap_or_default());
}

pub(crate) fn encode_string(data: &[u8], out: &mut String) {
    engine::encode_string(data, out);
}

/// Nothing at all is an empty message.
pub(crate) fn decode(data: &str) -> Result<Bytes, DecodeError> {
    // Exact room: `Bytes` would copy to shrink.
    let mut bytes = Vec::with_capacity(data.len() * 3 / 4);
    decode_base64(data, &mut bytes)?;
    Ok(Bytes::from(bytes))
}

/// Appends the bytes of a [`PacketRef::Base64`](super::PacketRef::Base64) to a buffer that the
/// caller keeps. After an error the buffer is as it was.
///
/// ```
/// use engineio_proto::packet::{PacketRef, decode_base64};
///
/// let mut bytes = Vec::new();
/// if let Ok(PacketRef::Base64(data)) = PacketRef::from_text("bAQID") {
///     decode_base64(data, &mut bytes).expect("canonical");
/// }
/// assert_eq!(bytes, [1, 2, 3]);
/// ```
///
/// # Errors
///
/// [`DecodeError::Base64`] for anything but the standard alphabet in its canonical form. Padding
/// may be absent.
pub fn decode_base64(data: &str, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let data = unpadded(data)?;
    let len = out.len();
    // An engine may make room for no more than this message.
    out.reserve(data.len() * 3 / 4);
    let decoded = engine::decode_append(data, out);
    if decoded.is_err() {
        out.truncate(len);
    }
    decoded
}

/// One buffer for all messages of a body. They share it, and it lives as long as one of them.
#[derive(Debug, Default)]
pub(crate) struct Arena(BytesMut);

impl Arena {
    /// As [`decode`]; `rest` characters of the body, this message included, are still to come.
    pub(crate) fn decode(&mut self, data: &str, rest: usize) -> Result<Bytes, DecodeError> {
        let data = unpadded(data)?;
        let len = data.len() * 3 / 4;
        if self.0.capacity() < len {
            // No more than that can follow, even if all of it is base64.
            self.0.reserve(rest * 3 / 4);
        }
        self.0.resize(len, 0);
        engine::decode_slice(data, &mut self.0)?;
        Ok(self.0.split().freeze())
    }
}

/// Without its padding, which stands at the end of a group of four if it stands at all.
fn unpadded(data: &str) -> Result<&[u8], DecodeError> {
    let data = data.as_bytes();
    let content = match data {
        [content @ .., b'=', b'='] | [content @ .., b'='] => content,
        content => return Ok(content),
    };
    if data.len().is_multiple_of(4) {
        Ok(content)
    } else {
        Err(DecodeError::Base64)
    }
}

#[cfg(feature = "std")]
mod engine {
    use super::{DecodeError, String, Vec};
    use base64_simd::{AsOut as _, STANDARD, STANDARD_NO_PAD};

    pub(super) fn encode(data: &[u8], out: &mut [u8]) {
        let _ = STANDARD.encode(data, out.as_out());
    }

    pub(super) fn encode_string(data: &[u8], out: &mut String) {
        STANDARD.encode_append(data, out);
    }

    pub(super) fn decode_append(data: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        STANDARD_NO_PAD
            .decode_append(data, out)
            .map_err(|_| DecodeError::Base64)
    }

    pub(super) fn decode_slice(data: &[u8], out: &mut [u8]) -> Result<(), DecodeError> {
        match STANDARD_NO_PAD.decode(data, out.as_out()) {
            Ok(_) => Ok(()),
            Err(_) => Err(DecodeError::Base64),
        }
    }
}

#[cfg(not(feature = "std"))]
mod engine {
    use super::{DecodeError, String, Vec};
    use base64::{
        Engine as _,
        engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
    };

    pub(super) fn encode(data: &[u8], out: &mut [u8]) {
        let written = STANDARD.encode_slice(data, out);
        debug_assert!(written.is_ok(), "the room was counted");
    }

    pub(super) fn encode_string(data: &[u8], out: &mut String) {
        STANDARD.encode_string(data, out);
    }

    pub(super) fn decode_append(data: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        STANDARD_NO_PAD
            .decode_vec(data, out)
            .map_err(|_| DecodeError::Base64)
    }

    pub(super) fn decode_slice(data: &[u8], out: &mut [u8]) -> Result<(), DecodeError> {
        match STANDARD_NO_PAD.decode_slice(data, out) {
            Ok(_) => Ok(()),
            Err(_) => Err(DecodeError::Base64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ep_04_base64_is_strict_but_for_padding() {
        let mut arena = Arena::default();
        let mut both = |data: &str| {
            let alone = decode(data);
            assert_eq!(arena.decode(data, 100), alone, "{data}");
            let mut appended = Vec::from("so far");
            let result = decode_base64(data, &mut appended);
            let bytes = result.map(|()| Bytes::from(appended.split_off(6)));
            assert_eq!(
                (&appended[..], bytes),
                (&b"so far"[..], alone.clone()),
                "{data}"
            );
            alone
        };
        assert_eq!(both("").unwrap(), "");
        assert_eq!(both("AQI=").unwrap(), &[1, 2][..]);
        assert_eq!(both("AQI").unwrap(), &[1, 2][..]);
        assert_eq!(both("AQ==").unwrap(), &[1][..]);
        for bad in [
            "A", "AQJ=", "AAAA====", "-_-_", "!!!!", " AQID", "AQ ID", "AQI=AQI=", "AQ=", "=",
            "==", "====", "A===", "AAAA=", "AAAAA===",
        ] {
            assert_eq!(both(bad), Err(DecodeError::Base64), "{bad}");
        }
    }

    #[test]
    fn the_messages_of_a_body_share_one_buffer() {
        let mut arena = Arena::default();
        let first = arena.decode("AAEC", 8).unwrap();
        let second = arena.decode("AwQF", 4).unwrap();
        assert_eq!((&first[..], &second[..]), (&[0, 1, 2][..], &[3, 4, 5][..]));
        assert_eq!(first.as_ptr().wrapping_add(3), second.as_ptr());
    }
}
