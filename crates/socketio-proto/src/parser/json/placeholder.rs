//! What stands in the text for an attachment, in the one spelling that all known peers use.

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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn only_the_spelling_of_peers_is_plain() {
        let known = r#"{"_placeholder":true,"num":10}"#;
        assert_eq!(plain(&format!("{known},")), Some((10, known.len())));
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
        }
    }
}
