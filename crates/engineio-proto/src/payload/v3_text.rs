//! Protocol 3, text form: `<length>:<packet>` for each packet, in UTF-8.
//!
//! The length is a decimal number and counts the packet, type included, in UTF-16 units: `é` is
//! one, a character outside of the basic plane two. A batch without packets is `0:`.

use super::Record;
use crate::{DecodeError, PacketRef, unicode::utf16_prefix};
use bytes::{BufMut as _, BytesMut};
use core::iter::FusedIterator;

/// Digits of a length. No body is longer, and the number always fits.
const MAX_DIGITS: usize = 15;

/// The packets of a body, borrowed from it. One pass over the bytes, no allocation.
///
/// The first error is the last item. Elements of length 0 are nothing; an empty body is an error.
/// The reference reads a length as JavaScript reads any number (` 2`, `1e0`, `2.0`); here it is
/// digits, as every client writes it.
///
/// ```
/// use engineio_proto::{DecodeError, PacketRef, payload::v3_text};
///
/// let mut packets = v3_text::packets("3:4😀6:b4AQI=1:");
/// assert_eq!(packets.next(), Some(Ok(PacketRef::Text("😀"))));
/// assert_eq!(packets.next(), Some(Ok(PacketRef::Base64("AQI="))));
/// assert_eq!(packets.next(), Some(Err(DecodeError::Length)));
/// assert_eq!(packets.next(), None);
/// ```
#[must_use]
pub fn packets(body: &str) -> Packets<'_> {
    Packets {
        rest: Some(body),
        is_ascii: body.is_ascii(),
    }
}

/// Iterator of [`packets`].
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    /// What follows the last element that was read; none if nothing does.
    pub(super) rest: Option<&'a str>,
    /// Every character is one byte and one unit.
    pub(super) is_ascii: bool,
}

impl<'a> Packets<'a> {
    /// One packet, and what follows it.
    #[inline]
    fn split(&self, body: &'a str) -> Option<(&'a str, &'a str)> {
        let (len, rest) = take_length(body.as_bytes(), b'0', b':')?;
        let rest = body.get(body.len() - rest.len()..)?;
        if self.is_ascii {
            rest.split_at_checked(len)
        } else {
            rest.split_at_checked(utf16_prefix(rest, len)?.len())
        }
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<PacketRef<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let body = self.rest.take()?;
            if body.is_empty() {
                return Some(Err(DecodeError::Empty));
            }
            let Some((packet, rest)) = self.split(body) else {
                return Some(Err(DecodeError::Length));
            };
            let rest = Some(rest).filter(|rest| !rest.is_empty());
            if packet.is_empty() {
                self.rest = rest;
                continue;
            }
            let item = PacketRef::from_text_v3(packet);
            self.rest = rest.filter(|_| item.is_ok());
            return Some(item);
        }
    }
}

impl FusedIterator for Packets<'_> {}

/// Appends a body with these packets to `out`.
pub fn encode<'p, R: Record + 'p>(records: impl IntoIterator<Item = &'p R>, out: &mut BytesMut) {
    let mut is_empty = true;
    for record in records {
        is_empty = false;
        record.with_view(|view| {
            put_length(view.text_units_v3(), b'0', out);
            out.put_u8(b':');
            view.encode_text_v3(out);
        });
    }
    if is_empty {
        out.put_slice(b"0:");
    }
}

/// Appends the digits of a length, `zero` being the first of the ten.
pub(super) fn put_length(len: usize, zero: u8, out: &mut BytesMut) {
    let mut digits = [0; 20];
    let mut rest = len;
    let mut count = 0;
    for digit in digits.iter_mut().rev() {
        *digit = zero + (rest % 10) as u8;
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    out.put_slice(digits.get(digits.len() - count..).unwrap_or_default());
}

/// The length in front of an element, `zero` being the first of the ten digits, and what follows
/// the `end` behind it.
#[inline]
pub(super) fn take_length(input: &[u8], zero: u8, end: u8) -> Option<(usize, &[u8])> {
    let mut len = 0_usize;
    for (index, byte) in input.iter().enumerate().take(MAX_DIGITS + 1) {
        let digit = byte.wrapping_sub(zero);
        if digit < 10 && index < MAX_DIGITS {
            len = len.saturating_mul(10).saturating_add(digit.into());
        } else if *byte == end && index > 0 {
            return Some((len, input.get(index + 1..)?));
        } else {
            return None;
        }
    }
    None
}
