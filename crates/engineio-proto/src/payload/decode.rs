//! Reading a body of any encoding, borrowed and owned.

use super::{Encoding, v3_binary, v3_text, v4};
use crate::{DecodeError, Frame, Message, Packet, PacketRef, Text, packet::base64::Arena, unicode};
use bytes::Bytes;
use core::iter::FusedIterator;

/// The packets of a body, borrowed from it. Allocates nothing.
#[must_use]
pub fn packets(encoding: Encoding, body: &[u8]) -> Packets<'_> {
    Packets(match (encoding, body) {
        (Encoding::V3Binary, body) => View::V3Binary(v3_binary::packets(body)),
        (encoding, body) => match (encoding, unicode::from_utf8(body)) {
            (_, Err(error)) => View::Failed(error),
            (Encoding::V3Text, Ok(text)) => View::V3Text(v3_text::packets(text)),
            (_, Ok(text)) => View::V4(v4::packets(text)),
        },
    })
}

/// Iterator of [`packets`]; the first error is its last item.
#[derive(Clone, Debug)]
pub struct Packets<'a>(View<'a>);

#[derive(Clone, Debug)]
enum View<'a> {
    V4(v4::Packets<'a>),
    V3Text(v3_text::Packets<'a>),
    V3Binary(v3_binary::Packets<'a>),
    Failed(DecodeError),
    Done,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<PacketRef<'a>, DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            View::V4(packets) => packets.next(),
            View::V3Text(packets) => packets.next(),
            View::V3Binary(packets) => packets.next(),
            View::Failed(error) => {
                let error = error.clone();
                self.0 = View::Done;
                Some(Err(error))
            }
            View::Done => None,
        }
    }
}

impl FusedIterator for Packets<'_> {}

/// Reads a body, one packet at a time.
///
/// Text and binary data share the storage of the body. Messages in base64 share one buffer, made
/// when the first of them comes and not larger than what is left of the body; a message keeps it
/// alive as a whole.
#[must_use]
pub fn decode(encoding: Encoding, body: &Bytes) -> Decode {
    let source = match encoding {
        Encoding::V3Binary => Source::V3Binary(body.clone()),
        Encoding::V4 => match unicode::from_utf8(body) {
            Err(_) => Source::NotText,
            Ok(_) => Source::V4(body.clone()),
        },
        Encoding::V3Text => match Text::try_from(body.clone()) {
            Err(_) => Source::NotText,
            Ok(text) => {
                let is_ascii = text.is_ascii();
                Source::V3Text { text, is_ascii }
            }
        },
    };
    Decode {
        source,
        left: Some(body.len()),
        arena: Arena::default(),
    }
}

/// Iterator over the packets of one body; the first error is its last item.
#[derive(Debug)]
pub struct Decode {
    source: Source,
    /// Bytes of the body that were not read yet; none at the end and after an error.
    left: Option<usize>,
    arena: Arena,
}

#[derive(Debug)]
enum Source {
    /// Text, which is checked again, quickly, in the pieces that packets own.
    V4(Bytes),
    V3Text {
        text: Text,
        is_ascii: bool,
    },
    V3Binary(Bytes),
    NotText,
}

impl Iterator for Decode {
    type Item = Result<Packet, DecodeError>;

    /// What nearly all packets are goes straight into its place: a packet is large, and each move of
    /// it through memory costs as much as the rest.
    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let left = self.left?;
        let (source, view) = match &self.source {
            Source::V4(body) => {
                let start = body.len() - left;
                let (element, rest) = v4::split(body.get(start..)?);
                self.left = rest.map(<[u8]>::len);
                let item = if let [b'b', data @ ..] = element {
                    let bytes = self.arena.decode(data, left);
                    bytes.map(|bytes| Packet::Message(Message::Binary(bytes)))
                } else {
                    own_text(body.slice(start..start + element.len()))
                };
                if item.is_err() {
                    self.left = None;
                }
                return Some(item);
            }
            Source::V3Text { text, is_ascii } => {
                let rest = text.get(text.len() - left..);
                let is_ascii = *is_ascii;
                let mut packets = v3_text::Packets { rest, is_ascii };
                let view = packets.next()?;
                self.left = packets.rest.map(str::len);
                (text, view)
            }
            Source::V3Binary(body) => {
                let rest = body.get(body.len() - left..);
                let mut elements = v3_binary::Elements { rest };
                let element = elements.next()?;
                self.left = elements.rest.map(<[u8]>::len);
                let end = body.len() - self.left.unwrap_or_default();
                let item = element.and_then(|element| own_element(body, element, end));
                if item.is_err() {
                    self.left = None;
                }
                return Some(item);
            }
            Source::NotText => {
                self.left = None;
                return Some(Err(DecodeError::Utf8));
            }
        };
        if let Ok(PacketRef::Text(data)) = view {
            return Some(Ok(Packet::Message(Message::Text(source.slice_ref(data)))));
        }
        let item = view.and_then(|view| own(&mut self.arena, source, view, self.left));
        if item.is_err() {
            self.left = None;
        }
        Some(item)
    }
}

impl FusedIterator for Decode {}

/// The owned packet of a view into `source`, of which so much is left.
fn own(
    arena: &mut Arena,
    source: &Text,
    view: PacketRef<'_>,
    left: Option<usize>,
) -> Result<Packet, DecodeError> {
    match view {
        PacketRef::Base64(data) => {
            let bytes = arena.decode(data.as_bytes(), data.len() + left.unwrap_or_default())?;
            Ok(Packet::Message(Message::Binary(bytes)))
        }
        view => Packet::from_view(source, view),
    }
}

/// The owned packet of an element that is text.
#[inline]
fn own_text(element: Bytes) -> Result<Packet, DecodeError> {
    Packet::from_text(Text::try_from(element).map_err(|_| DecodeError::Utf8)?)
}

/// The owned packet of an element that ends there in the body. In base64 none is: no client writes
/// that in a binary body.
#[inline]
fn own_element(
    body: &Bytes,
    element: v3_binary::Element<'_>,
    end: usize,
) -> Result<Packet, DecodeError> {
    match element {
        v3_binary::Element::Text(text) => {
            let bytes = body.slice(end - text.len()..end);
            Packet::from_text_v3(Text::try_from(bytes).map_err(|_| DecodeError::Utf8)?)
        }
        v3_binary::Element::Binary(bytes) => {
            Packet::from_frame_v3(Frame::Binary(body.slice(end - bytes.len()..end)))
        }
    }
}
