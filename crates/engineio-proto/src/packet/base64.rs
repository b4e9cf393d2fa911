//! Base64 of binary messages: the standard alphabet, canonical but for the padding, which may be
//! absent since the reference takes that too. Other alphabets, blanks, spare bits and surplus
//! padding are refused.
//!
//! The features `std` and `turbo` choose an engine that looks for the machine's instructions; what is
//! accepted is the same.

#[cfg(not(any(feature = "std", feature = "turbo")))]
#[path = "base64/portable.rs"]
mod engine;
#[cfg(all(feature = "std", not(feature = "turbo")))]
#[path = "base64/simd.rs"]
mod engine;
#[cfg(feature = "turbo")]
#[path = "base64/turbo.rs"]
mod engine;

use crate::DecodeError;
use alloc::{string::String, vec::Vec};
use bytes::{Bytes, BytesMut};

/// Characters of so many bytes: four for each three begun.
pub(crate) fn encoded_len(len: usize) -> usize {
    len.div_ceil(3) * 4
}

/// Bytes that are written at a time: whole groups, so that only the end is padded. The room for them
/// must be filled with something first, and is still in the nearest cache when they come.
const PART: usize = 3 * 512;

pub(crate) fn encode(data: &[u8], out: &mut BytesMut) {
    out.reserve(encoded_len(data.len()));
    for part in data.chunks(PART) {
        let start = out.len();
        out.resize(start + encoded_len(part.len()), 0);
        engine::encode(part, out.get_mut(start..).unwrap_or_default());
    }
}

pub(crate) fn encode_string(data: &[u8], out: &mut String) {
    engine::encode_string(data, out);
}

/// Nothing at all is an empty message.
pub(crate) fn decode(data: &str) -> Result<Bytes, DecodeError> {
    let mut bytes = Vec::new();
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
    let data = unpadded(data.as_bytes())?;
    let len = out.len();
    // An engine may make room for no more than this message.
    out.reserve(decoded_room(data.len()));
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
    pub(crate) fn decode(&mut self, data: &[u8], rest: usize) -> Result<Bytes, DecodeError> {
        let data = unpadded(data)?;
        let room = decoded_room(data.len());
        if self.0.capacity() < room {
            // No more than that can follow, even if all of it is base64.
            self.0.reserve(decoded_room(rest));
        }
        self.0.resize(room, 0);
        let len = engine::decode_slice(data, &mut self.0)?;
        self.0.truncate(len);
        Ok(self.0.split().freeze())
    }
}

/// Bytes that an engine may want for so many characters: a whole group for one that is begun.
fn decoded_room(len: usize) -> usize {
    len.div_ceil(4) * 3
}

/// Without its padding, which stands at the end of a group of four if it stands at all.
fn unpadded(data: &[u8]) -> Result<&[u8], DecodeError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ep_04_base64_is_strict_but_for_padding() {
        let mut arena = Arena::default();
        let mut both = |data: &str| {
            let alone = decode(data);
            assert_eq!(arena.decode(data.as_bytes(), 100), alone, "{data}");
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
        let first = arena.decode(b"AAEC", 8).unwrap();
        let second = arena.decode(b"AwQF", 4).unwrap();
        assert_eq!((&first[..], &second[..]), (&[0, 1, 2][..], &[3, 4, 5][..]));
        assert_eq!(first.as_ptr().wrapping_add(3), second.as_ptr());
    }

    /// The engine that every build has, and the same rule for padding.
    fn portable(data: &str) -> Option<Vec<u8>> {
        use ::base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
        STANDARD_NO_PAD.decode(unpadded(data.as_bytes()).ok()?).ok()
    }

    proptest! {
        #[test]
        fn every_engine_accepts_and_writes_the_same(
            data in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..1000),
                proptest::collection::vec(any::<u8>(), PART - 5..2 * PART + 5),
            ],
            at in any::<prop::sample::Index>(),
            other in "[A-Za-z0-9+/=_\\- \n\\PC]",
            cut in 0..3_usize,
        ) {
            use ::base64::{Engine as _, engine::general_purpose::STANDARD};
            let mut wire = BytesMut::new();
            encode(&data, &mut wire);
            let mut text = String::new();
            encode_string(&data, &mut text);
            prop_assert_eq!(&text, &STANDARD.encode(&data));
            prop_assert_eq!(wire, &text);
            prop_assert_eq!(decode(&text), Ok(Bytes::from(data)));

            // One character replaced, and the end cut off.
            if !text.is_empty() {
                let at = at.index(text.len());
                text.replace_range(at..=at, &other);
            }
            let end = text.floor_char_boundary(text.len().saturating_sub(cut));
            text.truncate(end);
            let ours = decode(&text).ok().map(Vec::from);
            prop_assert_eq!(&ours, &portable(&text), "{}", text);
            let arena = Arena::default().decode(text.as_bytes(), text.len());
            prop_assert_eq!(arena.ok().map(Vec::from), ours);
        }
    }
}
