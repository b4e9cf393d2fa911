//! Payloads in MessagePack: one value, binary data in place.

use super::{Attachment, Content, Name, Payload, Shape};
use crate::parser::msgpack::arguments::Arguments;
use crate::parser::msgpack::envelope::HEADROOM;
use crate::parser::msgpack::header::EventName;
use crate::parser::msgpack::scan::{Cursor, Token};
use crate::parser::msgpack::ser::Writer;
use crate::{DecodeError, PayloadError};
use alloc::{borrow::Cow, vec::Vec};
use bytes::Bytes;
use core::ops::Range;
use serde::Serialize;
use serde_json::Error;

/// One value, its structure known to be in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Data {
    value: Packed,
    is_binary: bool,
}

/// The bytes of one value.
#[derive(Clone, Debug)]
pub(crate) enum Packed {
    /// A slice of the message that brought it. A clone shares it.
    Received(Bytes),
    /// Written here, behind [`HEADROOM`] bytes. Whoever owns it can complete it to a packet; so
    /// a clone is a copy, of which the same holds.
    Written(Vec<u8>),
}

impl Packed {
    /// Writes a value, and tells whether there is binary data in it.
    fn write(write: impl FnOnce(Writer<'_>) -> Result<bool, Error>) -> Result<(Self, bool), Error> {
        // Enough for most events, their headers and namespaces included.
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(&[0; HEADROOM]);
        let is_binary = write(Writer::new(&mut out))?;
        Ok((Self::Written(out), is_binary))
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Received(value) => value,
            Self::Written(value) => value.get(HEADROOM..).unwrap_or_default(),
        }
    }

    fn shared(&self) -> Option<&Bytes> {
        match self {
            Self::Received(value) => Some(value),
            Self::Written(_) => None,
        }
    }

    /// A part of it, shared if it was received.
    fn share(&self, part: &[u8]) -> Bytes {
        match self {
            Self::Received(value) => value.slice_ref(part),
            Self::Written(_) => Bytes::copy_from_slice(part),
        }
    }

    /// The value behind the beginning of its packet, in its own buffer if there is room.
    pub(crate) fn behind(self, beginning: [u8; HEADROOM]) -> Vec<u8> {
        match self {
            Self::Written(mut out) => {
                if let Some(room) = out.first_chunk_mut() {
                    *room = beginning;
                }
                out
            }
            Self::Received(value) => [&beginning, &value[..]].concat(),
        }
    }
}

impl PartialEq for Packed {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Data {
    pub(super) fn value(&self) -> &[u8] {
        self.value.as_slice()
    }

    pub(super) fn into_value(self) -> Packed {
        self.value
    }

    pub(super) fn into_unshared(mut self) -> Self {
        if let Packed::Received(value) = &mut self.value {
            *value = Bytes::copy_from_slice(value);
        }
        self
    }

    pub(super) fn is_binary(&self) -> bool {
        self.is_binary
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(Cursor::new(self.value()).token(), Some(Token::Map(_)))
    }

    /// The text in this place.
    pub(super) fn text(&self, range: Range<usize>) -> Option<&str> {
        core::str::from_utf8(self.value().get(range)?).ok()
    }

    pub(super) fn arguments(&self, shape: &Shape) -> Arguments<'_> {
        let arguments = match *shape {
            Shape::Value => Arguments::of_value(self.value()),
            Shape::List { .. } => Arguments::of_list(self.value()),
            Shape::Event { first, .. } => Arguments::of_event(self.value(), first),
        };
        arguments.sharing(self.value.shared())
    }

    pub(super) fn binaries(&self) -> Vec<Bytes> {
        let mut cursor = Cursor::new(self.value());
        let mut binaries = Vec::new();
        while let Some(token) = cursor.token() {
            if let Token::Text(len) | Token::Binary(len) | Token::Extension(len) = token {
                let bytes = cursor.take(len).unwrap_or_default();
                if matches!(token, Token::Binary(_)) {
                    binaries.push(self.value.share(bytes));
                }
            }
        }
        binaries
    }

    /// The bytes that `attachment` borrowed, if it borrowed from here.
    pub(super) fn attachment(&self, attachment: Attachment) -> Option<Bytes> {
        let range = attachment.range_in(self.value())?;
        Some(match &self.value {
            Packed::Received(value) => value.slice(range),
            Packed::Written(_) => Bytes::copy_from_slice(self.value().get(range)?),
        })
    }

    pub(super) fn check(&self, max_depth: usize) -> Result<(), DecodeError> {
        Cursor::new(self.value()).check(max_depth)
    }
}

impl Payload {
    pub(super) fn write_msgpack(
        event: Option<&str>,
        args: impl FnOnce(&mut Writer<'_>) -> Result<(), Error>,
    ) -> Result<Self, PayloadError> {
        let (value, is_binary) = Packed::write(|writer| writer.list(event, args))?;
        let payload = match event {
            Some(_) => Self::msgpack_event(value, is_binary, usize::MAX),
            None => Ok(Self::msgpack_of(value, is_binary, Shape::List { first: 0 })),
        };
        Ok(payload.expect("what was written begins as it was begun"))
    }

    pub(super) fn value_msgpack<T: Serialize + ?Sized>(value: &T) -> Result<Self, PayloadError> {
        let (value, is_binary) = Packed::write(|writer| writer.value(value))?;
        Ok(Self::msgpack_of(value, is_binary, Shape::Value))
    }

    /// A list with a name, looked at up to the end of the name.
    pub(crate) fn from_msgpack_event(
        value: Bytes,
        is_binary: bool,
        max_event: usize,
    ) -> Result<Self, DecodeError> {
        Self::msgpack_event(Packed::Received(value), is_binary, max_event)
    }

    /// A list, not looked at.
    pub(crate) fn from_msgpack_list(value: Bytes, is_binary: bool) -> Self {
        Self::msgpack_of(Packed::Received(value), is_binary, Shape::List { first: 0 })
    }

    /// One value, not looked at.
    pub(crate) fn from_msgpack_value(value: Bytes, is_binary: bool) -> Self {
        Self::msgpack_of(Packed::Received(value), is_binary, Shape::Value)
    }

    /// The bytes, with nothing else kept; `None` if the format is another.
    pub(crate) fn into_msgpack(self) -> Option<Packed> {
        match self.content {
            Content::Json { .. } => None,
            Content::MsgPack(data) => Some(data.into_value()),
        }
    }

    /// The event with one text more at its end, of fewer than 256 bytes.
    pub(super) fn msgpack_with_last(data: Data, last: &str) -> Result<Self, PayloadError> {
        let unfit = PayloadError::Unfit("EVENT");
        let is_binary = data.is_binary;
        let mut cursor = Cursor::new(data.value());
        let (Some(Token::Array(elements)), Ok(len)) = (cursor.token(), u8::try_from(last.len()))
        else {
            return Err(unfit);
        };
        let Ok(elements) = u32::try_from(elements + 1) else {
            return Err(unfit);
        };
        let rest = cursor.rest();
        let mut out = Vec::with_capacity(HEADROOM + rest.len() + last.len() + 7);
        out.extend_from_slice(&[0; HEADROOM]);
        match elements {
            0..16 => out.push(0x90 | elements as u8),
            16..0x1_0000 => {
                out.push(0xdc);
                out.extend_from_slice(&(elements as u16).to_be_bytes());
            }
            _ => {
                out.push(0xdd);
                out.extend_from_slice(&elements.to_be_bytes());
            }
        }
        out.extend_from_slice(rest);
        match len {
            0..32 => out.push(0xa0 | len),
            _ => out.extend_from_slice(&[0xd9, len]),
        }
        out.extend_from_slice(last.as_bytes());
        Self::msgpack_event(Packed::Written(out), is_binary, usize::MAX).map_err(|_| unfit)
    }

    fn msgpack_event(
        value: Packed,
        is_binary: bool,
        max_event: usize,
    ) -> Result<Self, DecodeError> {
        let EventName { name, end } = EventName::read(value.as_slice())?;
        if name.len() > max_event {
            return Err(DecodeError::Limit { what: "event name" });
        }
        if super::is_reserved(&name) {
            return Err(DecodeError::Payload);
        }
        let name = match name {
            Cow::Borrowed(name) => Name::At(end - name.len()..end),
            Cow::Owned(name) => Name::Unescaped(name.into()),
        };
        let shape = Shape::Event { name, first: end };
        Ok(Self::msgpack_of(value, is_binary, shape))
    }

    fn msgpack_of(value: Packed, is_binary: bool, shape: Shape) -> Self {
        Self {
            content: Content::MsgPack(Data { value, is_binary }),
            shape,
        }
    }
}
