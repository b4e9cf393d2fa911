//! Protocol 4: packets separated by U+001E, without a separator at either end.

use super::Record;
use crate::{DecodeError, PacketRef};
use bytes::{BufMut as _, BytesMut};
use core::iter::FusedIterator;

/// Stands between two packets.
pub const SEPARATOR: u8 = 0x1e;

/// The packets of a body, borrowed from it. One pass over the bytes, no allocation.
///
/// The first error is the last item. An empty element is an error, so are therefore an empty body
/// and a leading, trailing or doubled separator.
///
/// ```
/// use engineio_proto::{DecodeError, PacketRef, payload::v4};
///
/// let mut packets = v4::packets("4a\u{1e}2\u{1e}");
/// assert_eq!(packets.next(), Some(Ok(PacketRef::Text("a"))));
/// assert_eq!(packets.next(), Some(Ok(PacketRef::Ping(""))));
/// assert_eq!(packets.next(), Some(Err(DecodeError::Empty)));
/// assert_eq!(packets.next(), None);
/// ```
#[must_use]
pub fn packets(body: &str) -> Packets<'_> {
    Packets {
        body,
        cursor: Cursor::default(),
    }
}

/// Iterator of [`packets`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    body: &'a str,
    cursor: Cursor,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<PacketRef<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.cursor.next(self.body)
    }
}

impl FusedIterator for Packets<'_> {}

/// Appends a body with these packets to `out`.
pub fn encode<'p, R: Record + 'p>(records: impl IntoIterator<Item = &'p R>, out: &mut BytesMut) {
    for (index, record) in records.into_iter().enumerate() {
        if index > 0 {
            out.put_u8(SEPARATOR);
        }
        record.encode_text(out);
    }
}

/// A place in a body: the start of the next element, or past the end.
#[derive(Clone, Debug)]
pub(super) struct Cursor(Option<usize>);

impl Default for Cursor {
    fn default() -> Self {
        Self(Some(0))
    }
}

impl Cursor {
    /// The element here. `body` must be the same text at each call.
    pub(super) fn next<'a>(&mut self, body: &'a str) -> Option<Result<PacketRef<'a>, DecodeError>> {
        let start = self.0.take()?;
        let rest = body.get(start..)?;
        let end = memchr::memchr(SEPARATOR, rest.as_bytes());
        let item = PacketRef::from_text(rest.get(..end.unwrap_or(rest.len()))?);
        if item.is_ok() {
            self.0 = end.map(|end| start + end + 1);
        }
        Some(item)
    }

    /// Bytes behind the last element.
    pub(super) fn left(&self, body: &str) -> usize {
        self.0.map_or(0, |at| body.len() - at)
    }
}
