//! Strings: their end, their escapes.

use super::{Scanner, plain_len};
use alloc::string::String;

impl Scanner<'_> {
    /// A string with its quotes. Tells whether it has escapes.
    #[inline]
    pub(super) fn string(&mut self) -> Option<bool> {
        self.expect(b'"')?;
        self.position += plain_len(self.rest());
        if self.peek() == Some(b'"') {
            self.position += 1;
            return Some(false);
        }
        self.escaped()?;
        Some(true)
    }

    /// The rest of a string from its first escape on.
    fn escaped(&mut self) -> Option<()> {
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.escape()?,
                _ => return None,
            }
            self.position += plain_len(self.rest());
        }
        self.position += 1;
        Some(())
    }

    fn escape(&mut self) -> Option<()> {
        self.position += 1;
        match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.position += 1,
            b'u' => {
                let digits = self.rest().get(1..5)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                self.position += 5;
            }
            _ => return None,
        }
        Some(())
    }
}

/// Resolves the escapes of a string that the scanner has accepted. Half a surrogate pair, which
/// JSON can spell and Rust cannot hold, becomes U+FFFD.
pub(crate) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut chars = escape.chars();
        match chars.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => {
                let (decoded, behind) = unicode(chars.as_str());
                text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = behind;
                continue;
            }
            // A quote, a slash or a backslash stands for itself.
            Some(other) => text.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    text.push_str(rest);
    text
}

/// The character of a `\u` escape or of two, and what follows. `None` for half a pair.
fn unicode(digits: &str) -> (Option<char>, &str) {
    let (high, rest) = code_unit(digits);
    if let 0xd800..=0xdbff = high
        && let Some(next) = rest.strip_prefix("\\u")
        && let (low @ 0xdc00..=0xdfff, behind) = code_unit(next)
    {
        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return (char::from_u32(code), behind);
    }
    (char::from_u32(high), rest)
}

fn code_unit(digits: &str) -> (u32, &str) {
    let (hex, rest) = digits.split_at_checked(4).unwrap_or((digits, ""));
    // The scanner has seen four hexadecimal digits; anything else reads as a lone surrogate.
    (u32::from_str_radix(hex, 16).unwrap_or(0xd800), rest)
}
