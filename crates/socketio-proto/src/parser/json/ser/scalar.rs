//! Numbers and strings, spelled as in JavaScript.

use super::Writer;
use core::fmt::{Display, LowerExp, Write};

impl Writer {
    pub(super) fn integer(&mut self, value: impl Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{value}");
    }

    /// A float of any width, with its value for comparison. JavaScript uses an exponent from
    /// 1e21 upwards, with a plus sign, and below 1e-6.
    pub(super) fn float(&mut self, float: impl Display + LowerExp, value: f64) {
        // Writing to a string cannot fail.
        let _ = if !value.is_finite() {
            self.out.write_str("null")
        } else if value == 0.0 {
            self.out.write_char('0')
        } else if (1e-6..1e21).contains(&value.abs()) {
            write!(self.out, "{float}")
        } else {
            let written = write!(self.out, "{float:e}");
            if value.abs() >= 1e21
                && let Some(exponent) = self.out.rfind('e')
            {
                self.out.insert(exponent + 1, '+');
            }
            written
        };
    }

    pub(super) fn string(&mut self, text: &str) {
        self.out.reserve(text.len() + 2);
        self.out.push('"');
        let mut plain = 0;
        for (index, byte) in text.bytes().enumerate() {
            let short = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                0x08 => "\\b",
                b'\t' => "\\t",
                b'\n' => "\\n",
                0x0c => "\\f",
                b'\r' => "\\r",
                0x00..=0x1f => "",
                _ => continue,
            };
            self.out
                .push_str(text.get(plain..index).unwrap_or_default());
            plain = index + 1;
            if short.is_empty() {
                // Writing to a string cannot fail.
                let _ = write!(self.out, "\\u{byte:04x}");
            } else {
                self.out.push_str(short);
            }
        }
        self.out.push_str(text.get(plain..).unwrap_or_default());
        self.out.push('"');
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
        writer.finish().text
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
        fn a_string_is_escaped_as_by_serde_json(text in any::<String>()) {
            let expected = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(written(|writer| writer.string(&text)), expected);
        }
    }
}
