use crate::Text;
use core::{borrow::Borrow, fmt};

/// Session id.
///
/// Made by the caller: an unguessable value is an input, not something computed here. The
/// reference uses 20 characters over 12 random bytes and a counter.
///
/// ```
/// use engineio_proto::{Sid, Text};
///
/// assert!(Sid::new(Text::from("oDOnTryiBv24vY7DAAAA")).is_some());
/// assert!(Sid::new(Text::from("a b")).is_none());
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Sid(Text);

impl Sid {
    /// Longest id, in bytes: 64, three times what the reference makes. Peers send ids in query
    /// strings; a longer one is nobody's.
    pub const MAX_LEN: usize = 64;

    /// An id of 1 to [`MAX_LEN`](Self::MAX_LEN) characters of `A-Z a-z 0-9 - _`, or `None`.
    #[must_use]
    pub fn new(text: Text) -> Option<Self> {
        Self::is_valid(&text).then_some(Self(text))
    }

    /// Does [`new`](Self::new) take this text? Asked before a copy is made of what a peer sent.
    pub(crate) fn is_valid(text: &str) -> bool {
        (1..=Self::MAX_LEN).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Borrow<str> for Sid {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn length_and_alphabet_are_checked() {
        assert!(Sid::new(Text::from("")).is_none());
        assert!(Sid::new(Text::from("é")).is_none());
        assert!(Sid::new(Text::from("a/b")).is_none());
        assert!(Sid::new(Text::from(String::from("x").repeat(64))).is_some());
        assert!(Sid::new(Text::from(String::from("x").repeat(65))).is_none());
    }
}
