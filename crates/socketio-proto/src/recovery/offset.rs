//! Offsets: the place of an event in the log as text.

use alloc::string::String;

const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// `place.tag`, both in base 64. The tag tells this log from those of other servers, of earlier
/// runs of this one, and from texts that are no offsets at all.
pub(super) fn write(place: u64, tag: u64) -> String {
    let mut text = String::with_capacity(16);
    digits(place, &mut text);
    text.push('.');
    digits(tag, &mut text);
    text
}

/// The place, if the tag is this one and the text is just as `write` has it.
pub(super) fn read(text: &str, tag: u64) -> Option<u64> {
    let (digits, _) = text.split_once('.')?;
    let place = digits.bytes().try_fold(0_u64, |value, digit| {
        let digit = ALPHABET.iter().position(|it| *it == digit)?;
        value.checked_mul(64)?.checked_add(digit as u64)
    })?;
    (write(place, tag) == text).then_some(place)
}

/// Most significant first, without leading zeros.
fn digits(value: u64, out: &mut String) {
    if value >= 64 {
        digits(value / 64, out);
    }
    if let Some(&digit) = ALPHABET.get((value % 64) as usize) {
        out.push(char::from(digit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn what_is_written_is_read() {
        for place in [0, 1, 63, 64, 4095, 4096, u64::MAX] {
            assert_eq!(read(&write(place, 77), 77), Some(place));
            assert_eq!(read(&write(place, 77), 78), None, "of another log");
        }
        assert_eq!(write(65, 0), "11.0");
    }

    #[test]
    fn nothing_else_is_an_offset() {
        let long = format!("{}.1D", "_".repeat(11));
        for text in [
            "", ".", "1", "1.", ".1D", "01.1D", "1.1D ", "+1.1D", "é.1D", "hello", &long,
        ] {
            assert_eq!(read(text, 77), None, "{text:?}");
        }
    }
}
