//! Bodies of the polling transport: several packets in one text.
//!
//! Protocol 4 joins packets by U+001E. Data that contains that character splits there: the
//! protocol knows no escape, and JSON never has it raw.
//!
//! ```
//! use bytes::{Bytes, BytesMut};
//! use engineio_proto::{Message, Packet, payload};
//!
//! let mut body = BytesMut::new();
//! let packets = [
//!     Packet::Message(Message::Text("hello".into())),
//!     Packet::Message(Message::Binary(Bytes::from_static(&[1, 2, 3, 4]))),
//! ];
//! payload::encode(payload::Encoding::V4, &packets, &mut body);
//! assert_eq!(body, "4hello\u{1e}bAQIDBA==");
//!
//! let back: Result<Vec<_>, _> = payload::decode(payload::Encoding::V4, &body.freeze()).collect();
//! assert_eq!(back.unwrap(), packets);
//! ```

pub mod v4;

use crate::{DecodeError, Outgoing, Packet, Text};
use bytes::{Bytes, BytesMut};

/// How the packets of a body are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Encoding {
    /// Protocol 4: text, separated by U+001E, binary in base64.
    V4,
}

/// What can be an element of a body.
pub trait Record {
    /// Appends the text form of one packet.
    fn encode_text(&self, out: &mut BytesMut);
}

impl Record for Packet {
    fn encode_text(&self, out: &mut BytesMut) {
        Packet::encode_text(self, out);
    }
}

impl Record for Outgoing {
    fn encode_text(&self, out: &mut BytesMut) {
        Outgoing::encode_text(self, out);
    }
}

/// Appends a body with these packets to `out`.
pub fn encode<'p, R: Record + 'p>(
    encoding: Encoding,
    records: impl IntoIterator<Item = &'p R>,
    out: &mut BytesMut,
) {
    match encoding {
        Encoding::V4 => v4::encode(records, out),
    }
}

/// Reads a body, one packet at a time. Text shares the storage of the body.
#[must_use]
pub fn decode(encoding: Encoding, body: &Bytes) -> Decode {
    match encoding {
        Encoding::V4 => match Text::try_from(body.clone()) {
            Ok(text) => Decode(State::V4(text, v4::Cursor::default())),
            Err(_) => Decode(State::NotText),
        },
    }
}

/// Iterator over the packets of one body; the first error is its last item.
#[derive(Debug)]
pub struct Decode(State);

#[derive(Debug)]
enum State {
    V4(Text, v4::Cursor),
    NotText,
    Done,
}

impl Iterator for Decode {
    type Item = Result<Packet, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = match &mut self.0 {
            State::V4(text, cursor) => cursor
                .next(text)?
                .and_then(|view| Packet::from_view(text, view)),
            State::NotText => Err(DecodeError::Utf8),
            State::Done => return None,
        };
        if item.is_err() {
            self.0 = State::Done;
        }
        Some(item)
    }
}

impl core::iter::FusedIterator for Decode {}
