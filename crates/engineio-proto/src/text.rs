use alloc::string::String;
use bytes::{Buf as _, Bytes, BytesMut};
use bytestring::ByteString;
use core::{
    borrow::Borrow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    str::Utf8Error,
};

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
#[derive(Clone, Default)]
pub struct Text {
    storage: ByteString,
    /// Where the text begins. A message gives up its packet type by a step of this, which saves
    /// another reference to the frame.
    start: usize,
}

impl Text {
    /// A copy of `text`. For a literal use `Text::from`, which copies nothing.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::whole(ByteString::from(text))
    }

    /// A slice of `self` given as a piece of it, as a parser hands it back. Copies nothing.
    ///
    /// # Panics
    ///
    /// If `subset` does not lie within `self`.
    #[must_use]
    #[inline]
    pub fn slice_ref(&self, subset: &str) -> Self {
        Self::whole(self.storage.slice_ref(subset))
    }

    /// The text from this place on, where [`slice_ref`](Self::slice_ref) would count another
    /// reference.
    ///
    /// # Panics
    ///
    /// If `start` is not at a character of `self` or its end.
    #[must_use]
    #[inline]
    pub fn slice_from(mut self, start: usize) -> Self {
        assert!(self.is_char_boundary(start), "no character begins there");
        self.start += start;
        self
    }

    /// The text, borrowed.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        self.storage.get(self.start..).unwrap_or_default()
    }

    /// The bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        let mut bytes = self.storage.into_bytes();
        bytes.advance(self.start.min(bytes.len()));
        bytes
    }

    #[inline]
    fn whole(storage: ByteString) -> Self {
        Self { storage, start: 0 }
    }

    /// Where the packet type stands.
    #[inline]
    pub(crate) fn first_byte(&self) -> Option<u8> {
        self.storage.as_bytes().get(self.start).copied()
    }

    /// Without its first character, a packet type, which the caller has seen.
    #[inline]
    pub(crate) fn without_type(mut self) -> Self {
        debug_assert!(self.starts_with(|c: char| c.is_ascii()), "a packet type");
        self.start += 1;
        self
    }
}

impl TryFrom<Bytes> for Text {
    type Error = Utf8Error;

    #[inline]
    fn try_from(bytes: Bytes) -> Result<Self, Self::Error> {
        ByteString::try_from(bytes).map(Self::whole)
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
        Self::whole(ByteString::from_static(text))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::whole(ByteString::from(text))
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
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

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
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

    #[test]
    fn a_text_without_its_type_is_what_is_left() {
        let frame = Text::from(String::from("4héllo"));
        let message = frame.clone().without_type();
        assert_eq!(message, "héllo");
        assert_eq!(message, Text::new("héllo"));
        assert_eq!(message.slice_ref(&message[3..]), "llo");
        assert_eq!(message.as_ptr(), frame[1..].as_ptr());
        assert_eq!(message.into_bytes(), "héllo".as_bytes());
        assert_eq!(
            BTreeMap::from([(frame.without_type(), 1)]).get("héllo"),
            Some(&1)
        );
    }
}
