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
    Packets { rest: Some(body) }
}

/// Iterator of [`packets`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    /// What follows the last separator that was read; none at the end.
    pub(super) rest: Option<&'a str>,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<PacketRef<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let body = self.rest?;
        // The separator is a character of one byte, so no cut can fail.
        let end = split(body.as_bytes()).0.len();
        let (packet, rest) = (body.get(..end).unwrap_or_default(), body.get(end + 1..));
        let item = PacketRef::from_text(packet);
        self.rest = rest.filter(|_| item.is_ok());
        Some(item)
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

/// The first element, and what follows its separator.
#[inline]
pub(super) fn split(body: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(SEPARATOR, body) {
        Some(end) => (body.get(..end).unwrap_or_default(), body.get(end + 1..)),
        None => (body, None),
    }
}
