//! serde from MessagePack, straight from the frame: text and binary data are borrowed.
//!
//! What JavaScript has and JSON has not is read as JSON would have it: `undefined` is null, or no
//! member at all, and a date is its text, or a number where one is asked for.

mod dynamic;

use super::date;
use super::scan::{Cursor, Token};
use crate::parser::de::key::Key;
use alloc::borrow::Cow;
use alloc::string::ToString;
use bytes::Bytes;
use core::slice;
use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess,
        Visitor, value::SeqDeserializer,
    },
};
use serde_json::Error;

/// As deep as peers may nest with default limits. It bounds the recursion of types that contain
/// themselves, also for those who read without a check.
const MAX_DEPTH: usize = 128;

/// `undefined`, whole.
const UNDEFINED: &[u8] = &[0xd4, 0, 0];

/// Reads one value after the other.
pub(crate) struct Reader<'de> {
    cursor: Cursor<'de>,
    depth: usize,
    /// What holds the bytes, for those who want to share it.
    shared: Option<&'de Bytes>,
}

impl<'de> Reader<'de> {
    /// `shared` is what holds the bytes, if they are to be shared.
    pub(crate) fn new(cursor: Cursor<'de>, shared: Option<&'de Bytes>) -> Self {
        Self {
            cursor,
            depth: 0,
            shared,
        }
    }

    /// What is left to read.
    pub(crate) fn into_cursor(self) -> Cursor<'de> {
        self.cursor
    }

    #[inline]
    fn token(&mut self) -> Result<Token, Error> {
        self.cursor.token().ok_or_else(malformed)
    }

    /// The bytes of a token that says how many follow.
    #[inline]
    fn take(&mut self, len: usize) -> Result<&'de [u8], Error> {
        self.cursor.take(len).ok_or_else(malformed)
    }

    #[inline]
    fn text(&mut self, len: usize) -> Result<&'de str, Error> {
        text(self.take(len)?)
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == MAX_DEPTH {
            return Err(Error::custom(format_args!(
                "nested deeper than {MAX_DEPTH}"
            )));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn skip(&mut self) -> Result<(), Error> {
        self.cursor.skip(usize::MAX).map_err(Error::custom)?;
        Ok(())
    }

    /// The name of a member. JavaScript has text for names, and so does whoever writes for it;
    /// numbers come from elsewhere.
    fn key(&mut self) -> Result<Cow<'de, str>, Error> {
        match self.token()? {
            Token::Text(len) => self.text(len).map(Cow::Borrowed),
            token => self.scalar_key(token),
        }
    }

    fn scalar_key(&mut self, token: Token) -> Result<Cow<'de, str>, Error> {
        Ok(match token {
            Token::Unsigned(value) => Cow::Owned(value.to_string()),
            Token::Signed(value) => Cow::Owned(value.to_string()),
            Token::False => Cow::Borrowed("false"),
            Token::True => Cow::Borrowed("true"),
            token => {
                return Err(Error::invalid_type(
                    self.unexpected(token),
                    &"the name of a member",
                ));
            }
        })
    }

    /// An object of so many members, for a type that has these.
    fn members<V: Visitor<'de>>(
        &mut self,
        len: usize,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.nested(|reader| {
            let mut members = Members::new(reader, len, fields);
            let value = visitor.visit_map(&mut members)?;
            match members.left {
                0 => Ok(value),
                _ => Err(Error::custom("the object has more members than expected")),
            }
        })
    }

    /// The value that begins with `token`, as what it is.
    fn read<V: Visitor<'de>>(&mut self, token: Token, visitor: V) -> Result<V::Value, Error> {
        match token {
            Token::Nil | Token::Undefined => visitor.visit_unit(),
            Token::False => visitor.visit_bool(false),
            Token::True => visitor.visit_bool(true),
            Token::Unsigned(value) => visitor.visit_u64(value),
            Token::Signed(value) => visitor.visit_i64(value),
            Token::Float(bits) => visitor.visit_f64(f64::from_bits(bits)),
            Token::Text(len) => visitor.visit_borrowed_str(self.text(len)?),
            Token::Binary(len) => visitor.visit_borrowed_bytes(self.take(len)?),
            Token::Array(len) => self.nested(|reader| {
                let mut elements = Elements { reader, left: len };
                let value = visitor.visit_seq(&mut elements)?;
                match elements.left {
                    0 => Ok(value),
                    _ => Err(Error::custom("the list has more elements than expected")),
                }
            }),
            Token::Map(len) => self.members(len, &[], visitor),
            Token::Date(millis) => match date::to_iso(millis) {
                Some(date) => visitor.visit_string(date),
                None => visitor.visit_unit(),
            },
            Token::Extension(_) => Err(Error::custom("an extension of unknown type")),
        }
    }

    fn unexpected(&mut self, token: Token) -> Unexpected<'de> {
        match token {
            Token::Nil | Token::Undefined => Unexpected::Unit,
            Token::False => Unexpected::Bool(false),
            Token::True => Unexpected::Bool(true),
            Token::Unsigned(value) => Unexpected::Unsigned(value),
            Token::Signed(value) => Unexpected::Signed(value),
            Token::Float(bits) => Unexpected::Float(f64::from_bits(bits)),
            Token::Text(len) => {
                let bytes = self.cursor.take(len).unwrap_or_default();
                text(bytes).map_or(Unexpected::Bytes(bytes), Unexpected::Str)
            }
            Token::Binary(len) => Unexpected::Bytes(self.cursor.take(len).unwrap_or_default()),
            Token::Array(_) => Unexpected::Seq,
            Token::Map(_) => Unexpected::Map,
            Token::Date(_) => Unexpected::Other("date"),
            Token::Extension(_) => Unexpected::Other("extension"),
        }
    }
}

#[cold]
fn malformed() -> Error {
    Error::custom("malformed MessagePack")
}

#[inline]
fn text(bytes: &[u8]) -> Result<&str, Error> {
    core::str::from_utf8(bytes).map_err(Error::custom)
}

macro_rules! as_any {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.deserialize_any(visitor)
        }
    )*};
}

/// A date is a number for who asks for one.
macro_rules! numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.token()? {
                Token::Unsigned(value) => visitor.visit_u64(value),
                Token::Date(millis) => visitor.visit_i64(millis),
                token => self.read(token, visitor),
            }
        }
    )*};
}

/// Text is never made of bytes, not even of bytes that happen to be UTF-8.
macro_rules! texts {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.token()? {
                Token::Text(len) => visitor.visit_borrowed_str(self.text(len)?),
                token @ Token::Binary(_) => Err(Error::invalid_type(self.unexpected(token), &visitor)),
                token => self.read(token, visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let token = self.token()?;
        self.read(token, visitor)
    }

    as_any! { deserialize_bool deserialize_unit deserialize_map }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    texts! { deserialize_str deserialize_string deserialize_char deserialize_identifier }

    /// A string is read as its bytes, as serde_json does.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token()? {
            Token::Binary(len) | Token::Text(len) => visitor.visit_borrowed_bytes(self.take(len)?),
            token => self.read(token, visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    /// Binary data can be read as a sequence of numbers, for a plain `Vec<u8>`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token()? {
            Token::Binary(len) => {
                let bytes = self.take(len)?;
                let mut numbers = SeqDeserializer::new(bytes.iter().copied());
                let value = visitor.visit_seq(&mut numbers)?;
                numbers.end()?;
                Ok(value)
            }
            token => self.read(token, visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.token()? {
            Token::Map(len) => self.members(len, fields, visitor),
            token => self.read(token, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut ahead = self.cursor;
        match ahead.token() {
            Some(Token::Nil | Token::Undefined) => {
                self.cursor = ahead;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.token()? {
            Token::Text(len) => visitor.visit_enum(Key(Cow::Borrowed(self.text(len)?))),
            Token::Map(1) => self.nested(|reader| visitor.visit_enum(Variant(reader))),
            token => Err(Error::invalid_type(self.unexpected(token), &visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }
}

struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    left: usize,
    /// Those that the type has, from the one on that is thought to come next.
    fields: slice::Iter<'static, &'static str>,
}

impl<'r, 'de> Members<'r, 'de> {
    fn new(reader: &'r mut Reader<'de>, len: usize, fields: &'static [&'static str]) -> Self {
        Self {
            reader,
            left: len,
            fields: fields.iter(),
        }
    }

    /// The name of the next member that is there: one that is `undefined` is not.
    #[inline]
    fn next(&mut self) -> Result<Option<Cow<'de, str>>, Error> {
        while let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let key = match self.reader.token()? {
                Token::Text(len) => {
                    let bytes = self.reader.take(len)?;
                    Cow::Borrowed(match self.expected(bytes) {
                        Some(name) => name,
                        None => text(bytes)?,
                    })
                }
                token => self.reader.scalar_key(token)?,
            };
            if !self.reader.cursor.rest().starts_with(UNDEFINED) {
                return Ok(Some(key));
            }
            self.reader.skip()?;
        }
        Ok(None)
    }

    /// The field of this name, if it is still to come. Members mostly come in the order of the
    /// fields, and the name of a field is known to be UTF-8.
    #[inline]
    fn expected(&mut self, name: &[u8]) -> Option<&'static str> {
        let mut ahead = self.fields.clone();
        let field = ahead.find(|field| field.as_bytes() == name)?;
        self.fields = ahead;
        Some(field)
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        match self.next()? {
            Some(key) => seed.deserialize(Key(key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(&mut *self.reader)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// `{"Variant": value}`, behind the beginning of the map.
struct Variant<'r, 'de>(&'r mut Reader<'de>);

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let key = self.0.key()?;
        Ok((seed.deserialize(Key(key))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0.token()? {
            Token::Nil | Token::Undefined => Ok(()),
            token => Err(Error::invalid_type(
                self.0.unexpected(token),
                &"unit variant",
            )),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_struct("", fields, visitor)
    }
}
