//! Protocol 3, binary form: for each packet its kind, its length in bytes, and itself.
//!
//! ```text
//! 00 | 02       | ff | "4x"              text: UTF-8, type digit first
//! 01 | 01 02    | ff | 04 …11 more       binary: type number first
//!  │   │          └ end of the length
//!  │   └ decimal digits, each one byte from 0 to 9
//!  └ text or binary
//! ```
//!
//! A server writes it only to a peer that can read it, and only if a packet of the batch is binary:
//! [`Encoding::v3`](super::Encoding::v3).

use super::{
    Record,
    v3_text::{put_length, take_length},
};
use crate::{DecodeError, PacketRef, packet::put_binary, unicode};
use bytes::{BufMut as _, BytesMut};
use core::iter::FusedIterator;

const TEXT: u8 = 0;
const BINARY: u8 = 1;
const END_OF_LENGTH: u8 = 0xff;

/// The packets of a body, borrowed from it. One pass over the bytes, no allocation.
///
/// The first error is the last item. An empty element is an error, and so is an empty body.
///
/// ```
/// use engineio_proto::{DecodeError, PacketRef, payload::v3_binary};
///
/// let mut packets = v3_binary::packets(b"\x00\x02\xff4x\x01\x03\xff\x04\x01\x02\x02");
/// assert_eq!(packets.next(), Some(Ok(PacketRef::Text("x"))));
/// assert_eq!(packets.next(), Some(Ok(PacketRef::Binary(&[1, 2]))));
/// assert_eq!(packets.next(), Some(Err(DecodeError::UnknownType(2))));
/// assert_eq!(packets.next(), None);
/// ```
#[must_use]
pub fn packets(body: &[u8]) -> Packets<'_> {
    Packets(Elements { rest: Some(body) })
}

/// Iterator of [`packets`].
#[derive(Clone, Debug)]
pub struct Packets<'a>(Elements<'a>);

impl<'a> Iterator for Packets<'a> {
    type Item = Result<PacketRef<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.0.next()?.and_then(Element::packet);
        if item.is_err() {
            self.0.rest = None;
        }
        Some(item)
    }
}

impl FusedIterator for Packets<'_> {}

/// Appends a body with these packets to `out`.
pub fn encode<'p, R: Record + 'p>(records: impl IntoIterator<Item = &'p R>, out: &mut BytesMut) {
    for record in records {
        record.with_view(|view| match view {
            PacketRef::Binary(data) => {
                put_header(BINARY, 1 + data.len(), out);
                put_binary(data, out);
            }
            view => {
                put_header(TEXT, view.text_len_v3(), out);
                view.encode_text_v3(out);
            }
        });
    }
}

fn put_header(kind: u8, len: usize, out: &mut BytesMut) {
    out.put_u8(kind);
    put_length(len, 0, out);
    out.put_u8(END_OF_LENGTH);
}

/// One packet of a body, not read yet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Element<'a> {
    /// Text, not checked yet.
    Text(&'a [u8]),
    Binary(&'a [u8]),
}

impl<'a> Element<'a> {
    fn packet(self) -> Result<PacketRef<'a>, DecodeError> {
        match self {
            Self::Text(bytes) => PacketRef::from_text_v3(unicode::from_utf8(bytes)?),
            Self::Binary(bytes) => PacketRef::from_binary_v3(bytes),
        }
    }
}

/// The elements of a body, not read yet.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    /// What follows the last element that was cut off; none if nothing does.
    pub(super) rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some((kind, rest)) = self.rest.take()?.split_first() else {
            return Some(Err(DecodeError::Empty));
        };
        let element = match *kind {
            TEXT => Element::Text,
            BINARY => Element::Binary,
            other => return Some(Err(DecodeError::UnknownType(other))),
        };
        let counted = take_length(rest, 0, END_OF_LENGTH);
        let Some((packet, rest)) = counted.and_then(|(len, rest)| rest.split_at_checked(len))
        else {
            return Some(Err(DecodeError::Length));
        };
        self.rest = Some(rest).filter(|rest| !rest.is_empty());
        Some(Ok(element(packet)))
    }
}
