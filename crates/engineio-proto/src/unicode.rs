//! Text in two measures: bytes of UTF-8, and the UTF-16 units in which protocol 3 counts.

use crate::DecodeError;

/// The text in these bytes, checked in one pass.
pub(crate) fn from_utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    #[cfg(feature = "std")]
    let text = simdutf8::basic::from_utf8(bytes).ok();
    #[cfg(not(feature = "std"))]
    let text = core::str::from_utf8(bytes).ok();
    text.ok_or(DecodeError::Utf8)
}

/// UTF-16 units of a text.
pub(crate) fn utf16_len(text: &str) -> usize {
    units(text.as_bytes())
}

/// The first `len` UTF-16 units of a text. `None` if there are fewer, or the cut goes through a
/// surrogate pair.
///
/// No byte begins more than one unit, but for the first of four, which begins two. So a step of
/// as many bytes as units are wanted never goes too far, and a text is measured in a few large
/// steps of which each can count many bytes at a time.
pub(crate) fn utf16_prefix(text: &str, len: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let (mut end, mut left) = (0_usize, len);
    while left > 0 {
        let next = end.checked_add(left)?;
        // Too many only if the last byte is the first of four, with one unit left for its two.
        left = left.checked_sub(units(bytes.get(end..next)?))?;
        end = next;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    text.get(..end)
}

/// Units that begin in these bytes: one for each character, two for those of four bytes.
fn units(bytes: &[u8]) -> usize {
    // Counted in blocks whose sum fits into a byte, which compiles to vector instructions.
    let block = |block: &[u8]| block.iter().map(|byte| weight(*byte)).sum::<u8>();
    bytes
        .chunks(64)
        .map(|bytes| usize::from(block(bytes)))
        .sum()
}

fn weight(byte: u8) -> u8 {
    let is_first = byte & 0b1100_0000 != 0b1000_0000;
    u8::from(is_first) + u8::from(byte >= 0b1111_0000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    /// Character by character.
    fn naive_prefix(text: &str, len: usize) -> Option<&str> {
        let mut units = 0;
        let mut end = 0;
        for c in text.chars() {
            if units >= len {
                break;
            }
            units += c.len_utf16();
            end += c.len_utf8();
        }
        (units == len).then(|| &text[..end])
    }

    #[test]
    fn a_cut_through_a_surrogate_pair_is_none() {
        assert_eq!(utf16_prefix("a😀b", 1), Some("a"));
        assert_eq!(utf16_prefix("a😀b", 2), None);
        assert_eq!(utf16_prefix("a😀b", 3), Some("a😀"));
        assert_eq!(utf16_prefix("a😀b", 5), None);
        assert_eq!(utf16_prefix("", usize::MAX), None);
    }

    proptest! {
        #[test]
        fn fast_and_obvious_agree(
            text in proptest::collection::vec(prop_oneof![
                Just("a"), Just("é"), Just("€"), Just("😀"), Just("plain text")
            ], 0..120).prop_map(|parts| parts.concat()),
            len in 0_usize..400,
        ) {
            let text: String = text;
            prop_assert_eq!(utf16_len(&text), text.encode_utf16().count());
            prop_assert_eq!(utf16_prefix(&text, len), naive_prefix(&text, len));
        }
    }
}
