//! JSONP: polling for browsers that load a script where others make a request.
//!
//! | direction | body | content type |
//! | --- | --- | --- |
//! | response to a GET | `___eio[<j>]("<payload, as a JSON string>");` | `text/plain; charset=UTF-8`, as the reference has it |
//! | POST | a form whose field `d` is the payload | any |
//!
//! The payload is text in either protocol: a binary message goes as base64, whatever else the
//! client announced ([`Encoding::V4`](crate::payload::Encoding::V4) or
//! [`V3Text`](crate::payload::Encoding::V3Text)).
//!
//! ```
//! use bytes::BytesMut;
//! use engineio_proto::http::jsonp::{Callback, decode_form};
//!
//! let callback = Callback::new("7");
//! let mut body = BytesMut::new();
//! callback.encode("4\"hi\"", &mut body);
//! assert_eq!(body, r#"___eio[7]("4\"hi\"");"#);
//!
//! assert_eq!(decode_form(b"d=4hi%21").unwrap().as_deref(), Some("4hi!"));
//! ```

use super::query_pairs;
use crate::{DecodeError, unicode};
use alloc::{borrow::Cow, string::String};
use bytes::{BufMut as _, BytesMut};
use core::fmt::Write as _;

/// The function of the page that takes the responses of one session.
///
/// It is named by `j` of the handshake; what later requests carry there makes no difference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Callback {
    /// ASCII digits, possibly none.
    index: String,
}

impl Callback {
    /// Digits of an index that are kept. A client counts the scripts of its page.
    pub const MAX_DIGITS: usize = 20;

    /// From the value of `j`. Nothing but its digits gets into the response, or it could carry a
    /// script of somebody's choice; of more than [`MAX_DIGITS`](Self::MAX_DIGITS) the first are
    /// kept.
    #[must_use]
    pub fn new(j: &str) -> Self {
        let digits = j.chars().filter(char::is_ascii_digit);
        Self {
            index: digits.take(Self::MAX_DIGITS).collect(),
        }
    }

    /// Appends the call of the function with this payload.
    pub fn encode(&self, payload: &str, out: &mut BytesMut) {
        out.reserve("___eio[](\"\");".len() + self.index.len() + payload.len());
        out.put_slice(b"___eio[");
        out.put_slice(self.index.as_bytes());
        out.put_slice(b"](\"");
        put_escaped(payload, out);
        out.put_slice(b"\");");
    }
}

/// The payload in the body of a POST. `None` if the form has no field `d`, or more than one: then
/// there is nothing to read, and the answer is still `ok`.
///
/// A form cannot be trusted to keep a line break, so clients write `\n` for one, and `\\n` for those
/// two characters.
///
/// # Errors
///
/// [`DecodeError::Utf8`] if the form is not UTF-8. Bytes that it has percent-encoded become U+FFFD
/// where they are not.
pub fn decode_form(form: &[u8]) -> Result<Option<String>, DecodeError> {
    let form = unicode::from_utf8(form)?;
    let mut fields = query_pairs(form).filter(|(name, _)| name == "d");
    Ok(match (fields.next(), fields.next()) {
        (Some((_, payload)), None) => Some(unescape(payload)),
        _ => None,
    })
}

/// Appends the inside of a JSON string that is a string of JavaScript too, in which the two line
/// separators of Unicode must not stand.
fn put_escaped(text: &str, out: &mut BytesMut) {
    let mut done = 0;
    for (at, c) in text.char_indices() {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            '\0'..' ' | '\u{2028}' | '\u{2029}' => "",
            _ => continue,
        };
        out.put_slice(text.get(done..at).unwrap_or_default().as_bytes());
        out.put_slice(short.as_bytes());
        if short.is_empty() {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        done = at + c.len_utf8();
    }
    out.put_slice(text.get(done..).unwrap_or_default().as_bytes());
}

/// One backslash before an `n` makes it a line break; of several, one goes away.
fn unescape(text: Cow<'_, str>) -> String {
    if !text.contains("\\n") {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split("\\n");
    // What stands before a `\n`, and in the end what follows the last.
    let mut piece = pieces.next().unwrap_or_default();
    for next in pieces {
        out.push_str(piece);
        out.push_str(if piece.ends_with('\\') { "n" } else { "\n" });
        piece = next;
    }
    out.push_str(piece);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the reference does it: line breaks first, but for those behind a backslash, then those.
    fn in_two_steps(text: &str) -> String {
        let mut broken = String::new();
        for (at, piece) in text.split("\\n").enumerate() {
            if at > 0 {
                broken.push_str(if broken.ends_with('\\') { "\\n" } else { "\n" });
            }
            broken.push_str(piece);
        }
        broken.replace("\\\\n", "\\n")
    }

    proptest! {
        #[test]
        fn line_breaks_are_read_as_in_two_steps(text in "[\\\\n a]{0,12}") {
            prop_assert_eq!(unescape(Cow::Borrowed(&text)), in_two_steps(&text));
        }
    }
}
