//! serde to JSON in one pass. Bytes become placeholders in the text and attachments beside it.

mod output;
mod scalar;

use super::placeholder;
use crate::parser::map_key::{Key, Keys};
use crate::parser::spread::Arguments;
use crate::{PayloadError, payload::JsonText};
use alloc::vec::Vec;
use bytes::Bytes;
use output::Output;
use serde::{Serialize, ser};
use serde_json::Error;

/// As deep as peers read with default limits. It also ends values that contain themselves.
const MAX_DEPTH: usize = 128;

/// What a map must not contain when there are attachments beside it.
const LOOKALIKE: &[u8] = br#""_placeholder":true"#;

/// The key of such a member.
const PLACEHOLDER: &str = "_placeholder";

/// Text and attachments of the payload that is being written.
#[derive(Debug)]
pub(crate) struct Writer {
    /// UTF-8: all that is written comes from texts, whole.
    out: Output,
    attachments: Vec<Bytes>,
    depth: usize,
    /// A map of the user's has a member `"_placeholder": true`.
    has_lookalike: bool,
}

/// What a [`Writer`] has written.
pub(crate) struct Written {
    /// Behind the headroom.
    pub(crate) text: JsonText,
    pub(crate) attachments: Vec<Bytes>,
}

/// Bytes in front of the text: enough for `4`, the type, a count of attachments, an id, and a
/// namespace of ordinary length.
pub(crate) const HEADROOM: usize = 48;

/// Holds most events, so that their text grows no more.
const CAPACITY: usize = HEADROOM + 256;

impl Default for Writer {
    fn default() -> Self {
        let mut out = Vec::with_capacity(CAPACITY);
        out.extend_from_slice(&[b' '; HEADROOM]);
        Self::behind(out)
    }
}

impl Writer {
    /// Goes on behind what is in a buffer.
    pub(crate) fn behind(out: Vec<u8>) -> Self {
        Self {
            out: Output(out),
            attachments: Vec::new(),
            depth: 0,
            has_lookalike: false,
        }
    }

    /// Writes the list of an event, with its name, or of an acknowledgement: how long that was
    /// behind the name.
    pub(crate) fn list(
        &mut self,
        event: Option<&str>,
        args: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<usize, PayloadError> {
        let start = self.out.0.len();
        self.open(b'[')?;
        if let Some(name) = event {
            self.string(name);
        }
        let end = self.out.0.len() - start;
        args(self)?;
        self.close(b"]");
        if self.has_lookalike && !self.attachments.is_empty() {
            return Err(PayloadError::Lookalike);
        }
        Ok(end)
    }

    /// Writes the object of a CONNECT.
    pub(crate) fn connect<T: Serialize + ?Sized>(&mut self, data: &T) -> Result<(), PayloadError> {
        let start = self.out.0.len();
        data.serialize(&mut *self)?;
        if !self.attachments.is_empty() {
            return Err(PayloadError::Binary);
        }
        if self.out.0.get(start) != Some(&b'{') {
            return Err(PayloadError::Unfit("CONNECT"));
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Written {
        Written {
            text: JsonText::written(self.out.0),
            attachments: self.attachments,
        }
    }

    /// The buffer of [`behind`](Self::behind), and the attachments.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Vec<Bytes>) {
        (self.out.0, self.attachments)
    }

    /// Begins an array or object.
    pub(crate) fn open(&mut self, bracket: u8) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ser::Error::custom(format_args!(
                "nested deeper than {MAX_DEPTH}"
            )));
        }
        self.out.push(bracket);
        Ok(())
    }

    /// Ends as many arrays and objects as there are brackets.
    pub(crate) fn close(&mut self, brackets: &[u8]) {
        self.depth = self.depth.saturating_sub(brackets.len());
        self.out.extend(brackets);
    }

    /// A placeholder for the next attachment.
    pub(crate) fn attach(&mut self, bytes: Bytes) {
        self.out.extend(placeholder::START.as_bytes());
        self.integer(self.attachments.len());
        self.out.push(b'}');
        self.attachments.push(bytes);
    }

    /// One member of an object.
    #[inline]
    pub(crate) fn member(
        &mut self,
        key: &str,
        value: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.separate();
        let start = self.out.0.len();
        self.name(key);
        if key.len() == PLACEHOLDER.len() {
            return self.member_value(start, value);
        }
        value(self)
    }

    /// The name of a member, and where it begins.
    fn key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<usize, Error> {
        self.separate();
        let start = self.out.0.len();
        key.serialize(Key(self))?;
        self.out.push(b':');
        Ok(start)
    }

    fn member_value(
        &mut self,
        start: usize,
        value: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        value(self)?;
        let is_as_long = self.out.0.len() - start == LOOKALIKE.len();
        self.has_lookalike |= is_as_long && self.out.0.ends_with(LOOKALIKE);
        Ok(())
    }
}

impl Arguments for Writer {
    /// Between elements. No value ends with an opening bracket, so that the text itself tells
    /// whether an element is the first.
    fn separate(&mut self) {
        if !matches!(self.out.0.last(), Some(b'[' | b'{')) {
            self.out.push(b',');
        }
    }
}

impl Keys for Writer {
    fn text(&mut self, key: &str) -> Result<(), Error> {
        self.string(key);
        Ok(())
    }

    fn scalar<T: Serialize>(&mut self, key: T) -> Result<(), Error> {
        self.out.push(b'"');
        key.serialize(&mut *self)?;
        self.out.push(b'"');
        Ok(())
    }
}

/// An array or object that is being written.
pub(crate) struct Compound<'w> {
    writer: &'w mut Writer,
    close: &'static [u8],
    /// Where the member begins whose value is awaited.
    member: usize,
}

impl<'w> Compound<'w> {
    fn new(writer: &'w mut Writer, close: &'static [u8]) -> Self {
        Self {
            writer,
            close,
            member: 0,
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.separate();
        value.serialize(&mut *self.writer)
    }

    fn finish(self) -> Result<(), Error> {
        self.writer.close(self.close);
        Ok(())
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.integer(value);
            Ok(())
        }
    )*};
}

impl<'w> ser::Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'w>;
    type SerializeTuple = Compound<'w>;
    type SerializeTupleStruct = Compound<'w>;
    type SerializeTupleVariant = Compound<'w>;
    type SerializeMap = Compound<'w>;
    type SerializeStruct = Compound<'w>;
    type SerializeStructVariant = Compound<'w>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_i128: i128, serialize_u128: u128,
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.extend(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.float(value, f64::from(value));
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.float(value, value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.string(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.string(value);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.attach(Bytes::copy_from_slice(bytes));
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.open(b'{')?;
        self.member(variant, |writer| value.serialize(writer))?;
        self.close(b"}");
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Compound<'w>, Error> {
        self.open(b'[')?;
        Ok(Compound::new(self, b"]"))
    }

    fn serialize_tuple(self, len: usize) -> Result<Compound<'w>, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        len: usize,
    ) -> Result<Compound<'w>, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Compound<'w>, Error> {
        self.open(b'{')?;
        self.key(variant)?;
        self.open(b'[')?;
        Ok(Compound::new(self, b"]}"))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Compound<'w>, Error> {
        self.open(b'{')?;
        Ok(Compound::new(self, b"}"))
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Compound<'w>, Error> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Compound<'w>, Error> {
        self.open(b'{')?;
        self.key(variant)?;
        self.open(b'{')?;
        Ok(Compound::new(self, b"}}"))
    }
}

macro_rules! elements {
    ($($trait:ident::$method:ident),* $(,)?) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! fields {
    ($($trait:ident),* $(,)?) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.writer.member(key, |writer| value.serialize(writer))
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

fields! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.member = self.writer.key(key)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer
            .member_value(self.member, |writer| value.serialize(writer))
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}
