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
    fn token(&mut self) -> Result<Token<'de>, Error> {
        self.cursor.token().ok_or_else(malformed)
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
    #[inline]
    fn key(&mut self) -> Result<Cow<'de, str>, Error> {
        match self.token()? {
            Token::Text(bytes) => text(bytes).map(Cow::Borrowed),
            token => Self::scalar_key(token),
        }
    }

    fn scalar_key(token: Token<'_>) -> Result<Cow<'de, str>, Error> {
        Ok(match token {
            Token::Unsigned(value) => Cow::Owned(value.to_string()),
            Token::Signed(value) => Cow::Owned(value.to_string()),
            Token::Bool(value) => Cow::Owned(value.to_string()),
            token => {
                return Err(Error::invalid_type(
                    unexpected(token),
                    &"the name of a member",
                ));
            }
        })
    }

    /// The value that begins with `token`, as what it is.
    fn read<V: Visitor<'de>>(&mut self, token: Token<'de>, visitor: V) -> Result<V::Value, Error> {
        match token {
            Token::Nil | Token::Undefined => visitor.visit_unit(),
            Token::Bool(value) => visitor.visit_bool(value),
            Token::Unsigned(value) => visitor.visit_u64(value),
            Token::Signed(value) => visitor.visit_i64(value),
            Token::Float(value) => visitor.visit_f64(value),
            Token::Text(bytes) => visitor.visit_borrowed_str(text(bytes)?),
            Token::Binary(bytes) => visitor.visit_borrowed_bytes(bytes),
            Token::Array(len) => self.nested(|reader| {
                let mut elements = Elements { reader, left: len };
                let value = visitor.visit_seq(&mut elements)?;
                match elements.left {
                    0 => Ok(value),
                    _ => Err(Error::custom("the list has more elements than expected")),
                }
            }),
            Token::Map(len) => self.nested(|reader| {
                let mut members = Members { reader, left: len };
                let value = visitor.visit_map(&mut members)?;
                match members.left {
                    0 => Ok(value),
                    _ => Err(Error::custom("the object has more members than expected")),
                }
            }),
            Token::Date(millis) => match date::to_iso(millis) {
                Some(date) => visitor.visit_string(date),
                None => visitor.visit_unit(),
            },
            Token::Extension => Err(Error::custom("an extension of unknown type")),
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

fn unexpected(token: Token<'_>) -> Unexpected<'_> {
    match token {
        Token::Nil | Token::Undefined => Unexpected::Unit,
        Token::Bool(value) => Unexpected::Bool(value),
        Token::Unsigned(value) => Unexpected::Unsigned(value),
        Token::Signed(value) => Unexpected::Signed(value),
        Token::Float(value) => Unexpected::Float(value),
        Token::Text(bytes) => text(bytes).map_or(Unexpected::Bytes(bytes), Unexpected::Str),
        Token::Binary(bytes) => Unexpected::Bytes(bytes),
        Token::Array(_) => Unexpected::Seq,
        Token::Map(_) => Unexpected::Map,
        Token::Date(_) => Unexpected::Other("date"),
        Token::Extension => Unexpected::Other("extension"),
    }
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
                Token::Text(bytes) => visitor.visit_borrowed_str(text(bytes)?),
                token @ Token::Binary(_) => Err(Error::invalid_type(unexpected(token), &visitor)),
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
            Token::Binary(bytes) | Token::Text(bytes) => visitor.visit_borrowed_bytes(bytes),
            token => self.read(token, visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    /// Binary data can be read as a sequence of numbers, for a plain `Vec<u8>`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.token()? {
            Token::Binary(bytes) => {
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
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
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
            Token::Text(bytes) => visitor.visit_enum(Key(Cow::Borrowed(text(bytes)?))),
            Token::Map(1) => self.nested(|reader| visitor.visit_enum(Variant(reader))),
            token => Err(Error::invalid_type(unexpected(token), &visitor)),
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
}

impl<'de> Members<'_, 'de> {
    /// The name of the next member that is there: one that is `undefined` is not.
    #[inline]
    fn next(&mut self) -> Result<Option<Cow<'de, str>>, Error> {
        while let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let key = self.reader.key()?;
            if !self.reader.cursor.rest().starts_with(UNDEFINED) {
                return Ok(Some(key));
            }
            self.reader.skip()?;
        }
        Ok(None)
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
            token => Err(Error::invalid_type(unexpected(token), &"unit variant")),
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
