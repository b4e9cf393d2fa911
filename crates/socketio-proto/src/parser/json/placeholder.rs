//! What stands in the text for an attachment, in the one spelling that all known peers use.

use memchr::memchr2;

/// A placeholder up to its number.
pub(crate) const START: &str = r#"{"_placeholder":true,"num":"#;

/// The index in the placeholder at the front of `text`, and how long that is. A number over all
/// indices reads as `usize::MAX`.
#[inline]
pub(crate) fn plain(text: &str) -> Option<(usize, usize)> {
    let number = text.as_bytes().strip_prefix(START.as_bytes())?;
    let mut index = 0usize;
    let mut len = 0;
    while let Some(digit @ b'0'..=b'9') = number.get(len).copied() {
        index = index
            .saturating_mul(10)
            .saturating_add(usize::from(digit - b'0'));
        len += 1;
    }
    let is_number = len == 1 || len > 1 && number.first() != Some(&b'0');
    (is_number && number.get(len) == Some(&b'}')).then_some((index, START.len() + len + 1))
}

/// Whether every placeholder in a text is [`plain`]: none has more members or fewer, another
/// order, spaces or escapes. Says no, too, where a text only might have such a one.
pub(crate) fn all_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let from = |at: usize| bytes.get(at..).unwrap_or_default();
    let mut at = 0;
    while let Some(found) = memchr2(b'_', b'\\', from(at)) {
        at += found;
        if let [b'\\', escaped, ..] = from(at) {
            // An underscore may be spelled by its number.
            if *escaped == b'u' {
                return false;
            }
            at += 2;
        } else if from(at).starts_with(b"_placeholder") {
            let start = at.checked_sub(2);
            let object = start.and_then(|start| Some((start, plain(text.get(start..)?)?)));
            let Some((start, (_, len))) = object else {
                return false;
            };
            at = start + len;
        } else {
            at += 1;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn only_the_spelling_of_peers_is_plain() {
        let known = r#"{"_placeholder":true,"num":10}"#;
        assert_eq!(plain(&format!("{known},")), Some((10, known.len())));
        assert!(all_plain(&format!("[{known},\"_\",{known}]")));
        for odd in [
            r#"{"_placeholder":true,"num":}"#,
            r#"{"_placeholder":true,"num":01}"#,
            r#"{"_placeholder":true,"num":-0}"#,
            r#"{"_placeholder":true,"num":0,"x":1}"#,
            r#"{"x":1,"_placeholder":true,"num":0}"#,
            r#"{ "_placeholder":true,"num":0}"#,
            r#"{"\u005fplaceholder":true,"num":0}"#,
            r#""_placeholder""#,
            "_placeholder",
        ] {
            assert_eq!(plain(odd), None, "{odd}");
            assert!(!all_plain(&format!("[{known},{odd}]")), "{odd}");
            assert!(!all_plain(odd), "{odd}");
        }
    }
}
