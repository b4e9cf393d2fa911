//! The search that everything with strings shares: how far nothing happens.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const SPACES: u64 = ONES * b' ' as u64;
const HIGH_BITS: u64 = ONES << 7;

/// How many bytes at the front of `bytes` mean themselves inside a JSON string: all before the
/// first quote, backslash or control character. Eight bytes at a time.
#[inline]
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk::<8>() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return bytes.len() - rest.len() + found.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
    if special(packed(rest)) == 0 {
        return bytes.len();
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    let tail = rest.iter().position(is_special).unwrap_or(rest.len());
    bytes.len() - rest.len() + tail
}

/// Up to seven bytes in one word, some of them twice, and spaces.
#[inline]
fn packed(bytes: &[u8]) -> u64 {
    let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes) {
        (Some(front), Some(back), _) => half(front) | half(back) << 32,
        (_, _, &[a]) => SPACES << 8 | u64::from(a),
        (_, _, &[a, b]) => SPACES << 16 | u64::from(b) << 8 | u64::from(a),
        (_, _, &[a, b, c]) => SPACES << 24 | u64::from(c) << 16 | u64::from(b) << 8 | u64::from(a),
        _ => SPACES,
    }
}

/// Whether all of sixteen bytes are plain.
#[inline]
pub(crate) fn is_plain(block: &[u8; 16]) -> bool {
    // Written so that the compiler takes them in one register.
    !block.iter().fold(false, |found, &byte| {
        found | (byte < b' ') | (byte == b'"') | (byte == b'\\')
    })
}

/// Up to sixteen bytes as one word, the first in its lowest byte, if all of them are plain.
#[inline]
pub(crate) fn plain_word(bytes: &[u8]) -> Option<u128> {
    let len = bytes.len();
    if let (Some(front), Some(back)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        let (front, back) = (u64::from_le_bytes(*front), u64::from_le_bytes(*back));
        // Each by itself: the result is right for the first found only.
        let found = special(front) | special(back);
        return (found == 0).then(|| u128::from(front) | u128::from(back) << (8 * (len - 8)));
    }
    plain_half(bytes).map(u128::from)
}

/// The same for up to seven bytes.
#[inline]
pub(crate) fn plain_half(bytes: &[u8]) -> Option<u64> {
    let packed = packed(bytes);
    let word = match bytes.len() {
        // Two halves, which may lie over each other.
        len @ 4.. => packed & u64::from(u32::MAX) | packed >> 32 << (8 * (len - 4)),
        // Spaces behind.
        len => packed & ((1 << (8 * len)) - 1),
    };
    (special(packed) == 0).then_some(word)
}

/// The high bit of each byte that ends the run. Behind the first of them, others may be wrong:
/// the subtraction borrows.
#[inline]
fn special(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    // All three are ASCII, so a byte with a high bit is none of them.
    (control | quote | backslash) & !word & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_run_ends_where_a_byte_by_byte_search_ends(
            bytes in proptest::collection::vec(
                prop_oneof![9 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 20 => 0x1f..0x24u8, 20 => Just(b'a')],
                0..40,
            ),
        ) {
            let naive = bytes.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f));
            prop_assert_eq!(plain_len(&bytes), naive.count());
        }
    }

    #[test]
    fn a_block_is_plain_if_each_byte_is() {
        for byte in 0..=u8::MAX {
            let is_plain_byte = plain_len(&[byte]) == 1;
            for at in 0..16 {
                let mut block = [b'a'; 16];
                block[at] = byte;
                assert_eq!(is_plain(&block), is_plain_byte, "{byte}");
                for len in at + 1..=16 {
                    let mut word = [0; 16];
                    word[..len].copy_from_slice(&block[..len]);
                    let word = is_plain_byte.then(|| u128::from_le_bytes(word));
                    assert_eq!(plain_word(&block[..len]), word, "{byte} of {len}");
                }
            }
        }
        assert_eq!(plain_word(&[]), Some(0));
    }

    #[test]
    fn each_place_of_a_word_is_looked_at() {
        for len in 0..30 {
            for at in 0..len {
                for special in [b'"', b'\\', 0, 0x1f] {
                    let mut bytes: Vec<u8> = alloc::vec![0xff; len];
                    bytes[at] = special;
                    assert_eq!(plain_len(&bytes), at);
                }
            }
        }
    }
}
