//! Payloads in MessagePack: one value, binary data in place.

use super::{Attachment, Content, Name, Payload, Shape};
use crate::parser::msgpack::arguments::Arguments;
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
    value: Bytes,
    is_binary: bool,
}

impl Data {
    pub(super) fn value(&self) -> &[u8] {
        &self.value
    }

    pub(super) fn is_binary(&self) -> bool {
        self.is_binary
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(Cursor::new(&self.value).token(), Some(Token::Map(_)))
    }

    /// The text in this place.
    pub(super) fn text(&self, range: Range<usize>) -> Option<&str> {
        core::str::from_utf8(self.value.get(range)?).ok()
    }

    pub(super) fn arguments(&self, shape: &Shape) -> Arguments<'_> {
        let mut arguments = match shape {
            Shape::Value => Arguments::of_value(&self.value),
            Shape::List { .. } | Shape::Event { .. } => Arguments::of_list(&self.value),
        };
        if let Shape::Event { .. } = shape {
            arguments.pass();
        }
        arguments.sharing(&self.value)
    }

    pub(super) fn binaries(&self) -> Vec<Bytes> {
        let mut cursor = Cursor::new(&self.value);
        let tokens = core::iter::from_fn(|| cursor.token());
        tokens
            .filter_map(|token| match token {
                Token::Binary(bytes) => Some(self.value.slice_ref(bytes)),
                _ => None,
            })
            .collect()
    }

    /// The bytes that `attachment` borrowed, if it borrowed from here.
    pub(super) fn attachment(&self, attachment: Attachment) -> Option<Bytes> {
        let range = attachment.range_in(&self.value)?;
        Some(self.value.slice(range))
    }

    pub(super) fn check(&self, max_depth: usize) -> Result<(), DecodeError> {
        Cursor::new(&self.value).check(max_depth)
    }
}

impl Payload {
    pub(super) fn write_msgpack(
        event: Option<&str>,
        args: impl FnOnce(&mut Writer<'_>) -> Result<(), Error>,
    ) -> Result<Self, PayloadError> {
        let mut value = Vec::new();
        let is_binary = Writer::new(&mut value).list(event, args)?;
        let payload = match event {
            Some(_) => Self::from_msgpack_event(value.into(), is_binary, usize::MAX),
            None => Ok(Self::from_msgpack_list(value.into(), is_binary)),
        };
        Ok(payload.expect("what was written begins as it was begun"))
    }

    pub(super) fn value_msgpack<T: Serialize + ?Sized>(value: &T) -> Result<Self, PayloadError> {
        let mut written = Vec::new();
        let is_binary = Writer::new(&mut written).value(value)?;
        Ok(Self::from_msgpack_value(written.into(), is_binary))
    }

    /// A list with a name, looked at up to the end of the name.
    pub(crate) fn from_msgpack_event(
        value: Bytes,
        is_binary: bool,
        max_event: usize,
    ) -> Result<Self, DecodeError> {
        let EventName { name, end } = EventName::read(&value)?;
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
        Ok(Self {
            content: Content::MsgPack(Data { value, is_binary }),
            shape,
        })
    }

    /// A list, not looked at.
    pub(crate) fn from_msgpack_list(value: Bytes, is_binary: bool) -> Self {
        Self {
            content: Content::MsgPack(Data { value, is_binary }),
            shape: Shape::List { first: 0 },
        }
    }

    /// One value, not looked at.
    pub(crate) fn from_msgpack_value(value: Bytes, is_binary: bool) -> Self {
        Self {
            content: Content::MsgPack(Data { value, is_binary }),
            shape: Shape::Value,
        }
    }
}
