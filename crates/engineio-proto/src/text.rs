use alloc::string::String;
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use core::{borrow::Borrow, fmt, ops::Deref, str::Utf8Error};

/// Reference-counted UTF-8: cheap to clone and to slice, checked once.
///
/// A message that arrives is a slice of the frame or body that brought it; a clone counts a
/// reference. The price is that a small slice keeps its whole frame alive.
///
/// ```
/// use engineio_proto::Text;
///
/// let frame = Text::new("4hello");
/// let message = frame.slice_ref(&frame[1..]);
/// assert_eq!(message, "hello");
/// ```
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Text(ByteString);

impl Text {
    /// A copy of `text`. For a literal use `Text::from`, which copies nothing.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(ByteString::from(text))
    }

    /// A slice of `self` given as a piece of it, as a parser hands it back. Copies nothing.
    ///
    /// # Panics
    ///
    /// If `subset` does not lie within `self`.
    #[must_use]
    #[inline]
    pub fn slice_ref(&self, subset: &str) -> Self {
        Self(self.0.slice_ref(subset))
    }

    /// The text, borrowed.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }
}

impl TryFrom<Bytes> for Text {
    type Error = Utf8Error;

    fn try_from(bytes: Bytes) -> Result<Self, Self::Error> {
        ByteString::try_from(bytes).map(Self)
    }
}

impl TryFrom<BytesMut> for Text {
    type Error = Utf8Error;

    fn try_from(bytes: BytesMut) -> Result<Self, Self::Error> {
        Self::try_from(bytes.freeze())
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(ByteString::from_static(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(ByteString::from(text))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// `Hash`, `Eq` and `Ord` agree with those of `str`, so a map keyed by `Text` is asked by `&str`.
impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn a_map_of_texts_is_asked_by_str() {
        let map = BTreeMap::from([(Text::from("a"), 1)]);
        assert_eq!(map.get("a"), Some(&1));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_no_text() {
        assert!(Text::try_from(Bytes::from_static(b"\xff")).is_err());
    }
}
