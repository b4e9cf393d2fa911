//! Reading a body of any encoding, borrowed and owned.

use super::{Encoding, v3_binary, v3_text, v4};
use crate::{DecodeError, Message, Packet, PacketRef, Text, packet::base64::Arena, unicode};
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
    let state = match encoding {
        Encoding::V3Binary => State::V3Binary(body.clone(), v3_binary::Cursor::default()),
        Encoding::V4 | Encoding::V3Text => match (encoding, Text::try_from(body.clone())) {
            (_, Err(_)) => State::NotText,
            (Encoding::V3Text, Ok(text)) => {
                let cursor = v3_text::Cursor::new(&text);
                State::V3Text(text, cursor)
            }
            (_, Ok(text)) => State::V4(text, v4::Cursor::default()),
        },
    };
    Decode {
        state,
        arena: Arena::default(),
    }
}

/// Iterator over the packets of one body; the first error is its last item.
#[derive(Debug)]
pub struct Decode {
    state: State,
    arena: Arena,
}

#[derive(Debug)]
enum State {
    V4(Text, v4::Cursor),
    V3Text(Text, v3_text::Cursor),
    V3Binary(Bytes, v3_binary::Cursor),
    NotText,
    Done,
}

impl Iterator for Decode {
    type Item = Result<Packet, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = match &mut self.state {
            State::V4(text, cursor) => cursor
                .next(text)?
                .and_then(|view| own(&mut self.arena, text, view, cursor.left(text))),
            State::V3Text(text, cursor) => cursor
                .next(text)?
                .and_then(|view| own(&mut self.arena, text, view, cursor.left(text))),
            State::V3Binary(body, cursor) => cursor
                .next(body)?
                .and_then(|element| own_element(&mut self.arena, body, element)),
            State::NotText => Err(DecodeError::Utf8),
            State::Done => return None,
        };
        if item.is_err() {
            self.state = State::Done;
        }
        Some(item)
    }
}

impl FusedIterator for Decode {}

/// The owned packet of a view into `source`, which `left` more bytes follow.
fn own(
    arena: &mut Arena,
    source: &Text,
    view: PacketRef<'_>,
    left: usize,
) -> Result<Packet, DecodeError> {
    match view {
        PacketRef::Base64(data) => {
            let bytes = arena.decode(data, data.len() + left)?;
            Ok(Packet::Message(Message::Binary(bytes)))
        }
        view => Packet::from_view(source, view),
    }
}

/// The same for an element of a binary body, where base64 has little to do.
fn own_element(
    arena: &mut Arena,
    body: &Bytes,
    element: v3_binary::Element<'_>,
) -> Result<Packet, DecodeError> {
    match element {
        v3_binary::Element::Text(text) => {
            let text = Text::try_from(body.slice_ref(text)).map_err(|_| DecodeError::Utf8)?;
            own(arena, &text, PacketRef::from_text_v3(&text)?, 0)
        }
        v3_binary::Element::Binary(bytes) => {
            Packet::from_frame_v3(crate::Frame::Binary(body.slice_ref(bytes)))
        }
    }
}
