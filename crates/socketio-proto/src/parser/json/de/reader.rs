//! serde from JSON text, in one pass: no tree, and strings borrowed where they have no escapes.

use super::{Key, Node, whole_seq};
use crate::parser::json::placeholder;
use crate::parser::json::scan::{Scanner, try_unescape};
use alloc::borrow::Cow;
use bytes::Bytes;
use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess,
        Visitor,
    },
};
use serde_json::Error;

/// Arrays and objects inside each other: one more is an error, since serde recurses.
const MAX_DEPTH: usize = 127;

/// Reads one value after the other from a text.
///
/// With attachments, placeholders stand for them: those in the spelling that all peers use. See
/// [`placeholder::all_plain`] for the rest.
#[derive(Debug)]
pub(crate) struct Reader<'de> {
    scanner: Scanner<'de>,
    depth: usize,
    attachments: &'de [Bytes],
}

fn malformed() -> Error {
    Error::custom("malformed JSON")
}

impl<'de> Reader<'de> {
    pub(crate) fn new(text: &'de str, attachments: &'de [Bytes]) -> Self {
        Self {
            scanner: Scanner::new(text),
            depth: 0,
            attachments,
        }
    }

    /// Bytes that were read.
    pub(crate) fn position(&self) -> usize {
        self.scanner.position()
    }

    /// The next value as a tree.
    pub(crate) fn tree(&mut self) -> Result<Node<'de>, Error> {
        // Placeholders are the tree's affair.
        let attachments = core::mem::take(&mut self.attachments);
        Node::read(self, attachments)
    }

    /// The first byte of the next value.
    #[inline]
    fn peek(&mut self) -> Result<u8, Error> {
        self.scanner.whitespace();
        self.scanner.peek().ok_or_else(malformed)
    }

    /// Takes a bracket, a comma or a colon that was seen.
    #[inline]
    fn take(&mut self) {
        self.scanner.advance(1);
    }

    #[inline]
    fn string(&mut self) -> Result<Cow<'de, str>, Error> {
        match self.scanner.plain_string() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.escaped_string(),
        }
    }

    fn escaped_string(&mut self) -> Result<Cow<'de, str>, Error> {
        let (raw, is_escaped) = self.scanner.raw_string().ok_or_else(malformed)?;
        if !is_escaped {
            return Ok(Cow::Borrowed(raw));
        }
        try_unescape(raw, None)
            .map(Cow::Owned)
            .ok_or_else(|| Error::custom("half a surrogate pair in a string"))
    }

    fn visit_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.string()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn literal<T>(&mut self, word: &str, value: T) -> Result<T, Error> {
        self.scanner.literal(word).ok_or_else(malformed)?;
        Ok(value)
    }

    /// A number as it is written, and whether it is an integer.
    fn number(&mut self) -> Result<(&'de str, bool), Error> {
        self.scanner.raw_number().ok_or_else(malformed)
    }

    #[inline]
    fn visit_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        if let Some(value) = self.scanner.plain_integer() {
            return visitor.visit_u64(value);
        }
        self.visit_long_number(visitor)
    }

    /// A number with a sign or a fraction, or of 20 digits and more.
    fn visit_long_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        let (text, is_integer) = self.number()?;
        if is_integer {
            if let Ok(value) = text.parse() {
                return visitor.visit_u64(value);
            }
            // `-0` is a float, since no integer has a sign then.
            match text.parse() {
                Ok(0) | Err(_) => {}
                Ok(value) => return visitor.visit_i64(value),
            }
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => visitor.visit_f64(value),
            _ => Err(Error::custom("number out of range")),
        }
    }

    /// The attachment whose placeholder is next.
    #[inline]
    fn placeholder(&mut self) -> Result<Option<&'de Bytes>, Error> {
        if self.attachments.is_empty() {
            return Ok(None);
        }
        let Some((index, len)) = placeholder::plain(self.scanner.text_left()) else {
            return Ok(None);
        };
        self.scanner.advance(len);
        match self.attachments.get(index) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(Error::custom("illegal attachments")),
        }
    }

    /// Between a key and its value.
    #[inline]
    fn colon(&mut self) -> Result<(), Error> {
        if self.peek()? != b':' {
            return Err(malformed());
        }
        self.take();
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        self.take();
        if self.depth > MAX_DEPTH {
            return Err(Error::custom("recursion limit exceeded"));
        }
        Ok(())
    }

    fn leave(&mut self, bracket: u8) -> Result<(), Error> {
        self.depth -= 1;
        match self.peek()? {
            byte if byte == bracket => {
                self.take();
                Ok(())
            }
            b',' => Err(Error::custom("more elements than expected")),
            _ => Err(malformed()),
        }
    }

    fn visit_array<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.enter()?;
        let value = visitor.visit_seq(Elements {
            reader: self,
            is_first: true,
        })?;
        self.leave(b']')?;
        Ok(value)
    }

    fn visit_object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        self.enter()?;
        let value = visitor.visit_map(Elements {
            reader: self,
            is_first: true,
        })?;
        self.leave(b'}')?;
        Ok(value)
    }
}

macro_rules! as_any {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.deserialize_any(visitor)
        }
    )*};
}

/// The common case of a type first, everything else as for any type.
macro_rules! number_first {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.peek()? {
                b'-' | b'0'..=b'9' => self.visit_number(visitor),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

macro_rules! wide {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.peek()? {
                b'-' | b'0'..=b'9' => {
                    let (text, _) = self.number()?;
                    let value = text.parse();
                    visitor.$visit(value.map_err(|_| Error::custom("number out of range"))?)
                }
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? {
            b'"' => self.visit_string(visitor),
            b'[' => self.visit_array(visitor),
            b'{' => match self.placeholder()? {
                Some(bytes) => visitor.visit_borrowed_bytes(bytes),
                None => self.visit_object(visitor),
            },
            b't' => {
                let value = self.literal("true", true)?;
                visitor.visit_bool(value)
            }
            b'f' => {
                let value = self.literal("false", false)?;
                visitor.visit_bool(value)
            }
            b'n' => {
                self.literal("null", ())?;
                visitor.visit_unit()
            }
            _ => self.visit_number(visitor),
        }
    }

    as_any! { deserialize_bool deserialize_unit deserialize_map }

    number_first! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f64
    }

    wide! { deserialize_i128 visit_i128 deserialize_u128 visit_u128 }

    /// Rounded once, not by way of an `f64`.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? {
            b'-' | b'0'..=b'9' => match self.number()?.0.parse::<f32>() {
                Ok(value) if value.is_finite() => visitor.visit_f32(value),
                _ => Err(Error::custom("number out of range")),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    /// Text is never made of bytes, not even of bytes that happen to be UTF-8.
    #[inline]
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? {
            b'"' => self.visit_string(visitor),
            b'{' => match self.placeholder()? {
                Some(bytes) => Err(Error::invalid_type(Unexpected::Bytes(bytes), &visitor)),
                None => self.visit_object(visitor),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    /// A string is read as its bytes, as serde_json does.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? {
            b'"' => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
                Cow::Owned(text) => visitor.visit_byte_buf(text.into_bytes()),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.peek()? == b'n' {
            self.literal("null", ())?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
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

    /// An attachment can be read as a sequence of numbers, for a plain `Vec<u8>`.
    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? {
            b'[' => self.visit_array(visitor),
            b'{' => match self.placeholder()? {
                Some(bytes) => whole_seq(bytes.iter().copied(), visitor),
                None => self.visit_object(visitor),
            },
            _ => self.deserialize_any(visitor),
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

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    /// `"Variant"` or `{"Variant": value}`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.peek()? {
            b'"' => visitor.visit_enum(Key(self.string()?)),
            b'{' => {
                if let Some(bytes) = self.placeholder()? {
                    return Err(Error::invalid_type(Unexpected::Bytes(bytes), &visitor));
                }
                self.enter()?;
                let value = visitor.visit_enum(Variant(self))?;
                self.leave(b'}')?;
                Ok(value)
            }
            _ => Err(Error::custom("neither a variant nor an object with one")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.peek()?;
        self.scanner.skip_value().ok_or_else(malformed)?;
        visitor.visit_unit()
    }
}

/// The inside of an array or object.
struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    is_first: bool,
}

impl Elements<'_, '_> {
    /// Up to the next element; false at the closing bracket, whichever that is.
    #[inline]
    fn has_next(&mut self) -> Result<bool, Error> {
        match self.reader.peek()? {
            b']' | b'}' => Ok(false),
            _ if self.is_first => {
                self.is_first = false;
                Ok(true)
            }
            b',' => {
                self.reader.take();
                // A bracket here would end the list behind a comma.
                match self.reader.peek()? {
                    b']' | b'}' => Err(malformed()),
                    _ => Ok(true),
                }
            }
            _ => Err(malformed()),
        }
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if !self.has_next()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if !self.has_next()? {
            return Ok(None);
        }
        seed.deserialize(Key(self.reader.string()?)).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.reader.colon()?;
        seed.deserialize(&mut *self.reader)
    }
}

/// The inside of `{"Variant": value}`.
struct Variant<'r, 'de>(&'r mut Reader<'de>);

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        if self.0.peek()? != b'"' {
            return Err(malformed());
        }
        let variant = seed.deserialize(Key(self.0.string()?))?;
        self.0.colon()?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        serde::Deserialize::deserialize(self.0)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }
}

#[cfg(test)]
mod tests;
