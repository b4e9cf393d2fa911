//! Numbers and strings, spelled as in JavaScript.

use super::{Writer, output::Tail};
use crate::parser::json::scan::plain_len;
use core::fmt::{Display, Write};

impl Writer {
    #[inline]
    pub(super) fn integer(&mut self, value: impl itoa::Integer) {
        let mut buffer = itoa::Buffer::new();
        self.out.extend(buffer.format(value).as_bytes());
    }

    /// A float of any width, with its value for comparison. JavaScript uses an exponent from
    /// 1e21 upwards, with a plus sign, and below 1e-6.
    pub(super) fn float(&mut self, float: impl zmij::Float + Display, value: f64) {
        if !value.is_finite() {
            self.out.extend(b"null");
            return;
        }
        if value == 0.0 {
            self.out.push(b'0');
            return;
        }
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(float);
        let magnitude = value.abs();
        match text.split_once('e') {
            None => {
                let text = text.strip_suffix(".0").unwrap_or(text);
                self.out.extend(text.as_bytes());
            }
            // An exponent comes earlier here than in JavaScript. Writing to memory cannot fail.
            Some(_) if (1e-6..1e21).contains(&magnitude) => {
                let _ = write!(self.out, "{float}");
            }
            Some((digits, exponent)) => {
                let digits = digits.strip_suffix(".0").unwrap_or(digits);
                let plus = if magnitude < 1.0 { "" } else { "+" };
                let exponent = exponent.trim_start_matches('+');
                let _ = write!(self.out, "{digits}e{plus}{exponent}");
            }
        }
    }

    pub(super) fn string(&mut self, text: &str) {
        self.string_and(text.as_bytes(), Tail::Nothing);
    }

    /// The name of a member, with its colon.
    pub(super) fn name(&mut self, text: &str) {
        self.string_and(text.as_bytes(), Tail::Colon);
    }

    #[inline]
    fn string_and(&mut self, text: &[u8], tail: Tail) {
        if self.out.plain_string(text, tail).is_none() {
            self.out.push(b'"');
            self.escaped(text);
            self.out.push(b'"');
            if let Tail::Colon = tail {
                self.out.push(b':');
            }
        }
    }

    /// A text with something to escape, run by run.
    #[cold]
    fn escaped(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some((run, behind)) = rest.split_at_checked(plain_len(rest)) {
            self.out.extend(run);
            let Some((&byte, behind)) = behind.split_first() else {
                break;
            };
            self.escape(byte);
            rest = behind;
        }
    }

    /// One character that cannot stand for itself: all of them are ASCII.
    fn escape(&mut self, byte: u8) {
        self.out.extend(match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            0x08 => b"\\b",
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            0x0c => b"\\f",
            b'\r' => b"\\r",
            _ => {
                // Writing to memory cannot fail.
                let _ = write!(self.out, "\\u{byte:04x}");
                return;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Writer)) -> String {
        let mut writer = Writer::default();
        write(&mut writer);
        String::from(writer.finish().text.as_str())
    }

    /// The right-hand sides are what `String(number)` gives in JavaScript.
    #[test]
    fn floats_are_spelled_as_in_javascript() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e16, "10000000000000000"),
            (1.5e20, "150000000000000000000"),
            (-123_456_789_012_345_680_000.0, "-123456789012345680000"),
            (1e21, "1e+21"),
            (-1.25e21, "-1.25e+21"),
            (-1e-6, "-0.000001"),
            (1.5e-6, "0.0000015"),
            (1e-7, "1e-7"),
            (1.5e-7, "1.5e-7"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::NAN, "null"),
            (f64::NEG_INFINITY, "null"),
        ] {
            assert_eq!(written(|writer| writer.float(value, value)), text);
        }
        assert_eq!(written(|writer| writer.float(0.1f32, 0.1f32.into())), "0.1");
    }

    proptest! {
        #[test]
        fn a_float_reads_back_as_itself(value in proptest::num::f64::NORMAL) {
            let text = written(|writer| writer.float(value, value));
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
        }

        #[test]
        fn a_float_has_no_exponent_where_javascript_has_none(
            digits in -(1i64 << 53)..1 << 53,
            exponent in -20..4,
        ) {
            let value = digits as f64 * 10f64.powi(exponent);
            prop_assume!((1e-6..1e21).contains(&value.abs()));
            let text = written(|writer| writer.float(value, value));
            prop_assert!(!text.contains('e'), "{}", text);
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            let single = value as f32;
            let text = written(|writer| writer.float(single, single.into()));
            prop_assert!(!text.contains('e'), "{}", text);
            prop_assert_eq!(text.parse::<f32>().unwrap(), single);
        }

        #[test]
        fn a_string_is_escaped_as_by_serde_json(text in any::<String>()) {
            let expected = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(written(|writer| writer.string(&text)), expected);
        }
    }
}
