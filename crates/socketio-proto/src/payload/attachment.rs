//! A field type for binary data that is not copied.

use bytes::Bytes;
use core::fmt;
#[cfg(feature = "msgpack")]
use core::ops::Range;
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

/// Stands for one attachment of the payload that it is decoded from.
///
/// As a field it accepts binary data and nothing else, at any depth, also in tagged enums and
/// under `flatten`. [`Payload::attachment`](crate::Payload::attachment) gives the bytes, without
/// a copy. It means nothing to another payload.
// serde buffers tagged enums and flattened structs, and of an attachment it keeps the borrowed
// bytes only. Where these lie tells which attachment they are.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Attachment {
    address: usize,
    len: usize,
}

impl Attachment {
    fn of(bytes: &[u8]) -> Self {
        Self {
            address: bytes.as_ptr().addr(),
            len: bytes.len(),
        }
    }

    pub(super) fn is(self, bytes: &Bytes) -> bool {
        self == Self::of(bytes)
    }

    /// Where in `whole` it is, if it is there.
    #[cfg(feature = "msgpack")]
    pub(super) fn range_in(self, whole: &[u8]) -> Option<Range<usize>> {
        let start = self.address.checked_sub(whole.as_ptr().addr())?;
        let end = start.checked_add(self.len)?;
        (end <= whole.len()).then_some(start..end)
    }

    /// Its size in bytes.
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attachment({} bytes)", self.len)
    }
}

impl<'de> Deserialize<'de> for Attachment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;

        impl<'de> Visitor<'de> for Borrowed {
            type Value = Attachment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("binary data")
            }

            fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Attachment, E> {
                Ok(Attachment::of(bytes))
            }
        }

        // Not `deserialize_bytes`, for which a JSON string would do.
        deserializer.deserialize_any(Borrowed)
    }
}
