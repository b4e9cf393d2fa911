//! Arguments of a binary packet: JSON in which placeholders stand for attachments.
//!
//! Types are read straight from the text, by serde_json and [`Beside`] it. Where a type leaves
//! open what comes, an object is first read into a tree that borrows from text and attachments.
//! Packets without attachments never come here.

mod beside;
pub(crate) mod key;

pub(crate) use beside::Beside;

use crate::value::{Map, Value};
use alloc::{borrow::Cow, string::String, vec, vec::Vec};
use bytes::Bytes;
use core::fmt;
use key::{Key, NUM, Name, NameSeed, PLACEHOLDER};
use serde::{
    Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
        Unexpected, VariantAccess, Visitor, value::SeqDeserializer,
    },
};
use serde_json::{Error, Number};

/// One value of the tree.
#[derive(Clone, Debug)]
pub(crate) enum Node<'de> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    String(Cow<'de, str>),
    Bytes(&'de Bytes),
    Array(Vec<Node<'de>>),
    Object(Vec<(Cow<'de, str>, Node<'de>)>),
}

impl<'de> Node<'de> {
    /// Reads one value. `attachments` are those of the packet; without any, placeholders are
    /// data like other objects.
    pub(crate) fn read<D: Deserializer<'de>>(
        text: D,
        attachments: &'de [Bytes],
    ) -> Result<Self, D::Error> {
        Tree(attachments).deserialize(text)
    }

    /// The value as one that owns what it holds; bytes are shared, not copied.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Unsigned(value) => Value::Number(value.into()),
            Self::Signed(value) => Value::Number(value.into()),
            Self::Float(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
            Self::String(value) => Value::String(value.into_owned()),
            Self::Bytes(value) => Value::Binary(value.clone()),
            Self::Array(elements) => {
                Value::Array(elements.into_iter().map(Self::into_value).collect())
            }
            Self::Object(members) => {
                let member =
                    |(key, value): (Cow<'de, str>, Self)| (key.into_owned(), value.into_value());
                Value::Object(members.into_iter().map(member).collect::<Map>())
            }
        }
    }

    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Unsigned(value) => Unexpected::Unsigned(*value),
            Self::Signed(value) => Unexpected::Signed(*value),
            Self::Float(value) => Unexpected::Float(*value),
            Self::String(value) => Unexpected::Str(value),
            Self::Bytes(value) => Unexpected::Bytes(value),
            Self::Array(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        }
    }
}

/// Builds the tree over the packet's attachments.
#[derive(Clone, Copy)]
struct Tree<'de>(&'de [Bytes]);

impl<'de> Tree<'de> {
    /// Replaces a placeholder by the attachment that it names.
    fn object<E: de::Error>(
        self,
        members: Vec<(Cow<'de, str>, Node<'de>)>,
    ) -> Result<Node<'de>, E> {
        // Of members with one name the last counts.
        let last = |name| {
            members
                .iter()
                .rev()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value)
        };
        if self.0.is_empty() || !matches!(last(PLACEHOLDER), Some(Node::Bool(true))) {
            return Ok(Node::Object(members));
        }
        self.attachment(last(NUM))
    }

    /// The attachment with this number.
    fn attachment<E: de::Error>(self, number: Option<&Node<'de>>) -> Result<Node<'de>, E> {
        let index = match number {
            Some(&Node::Unsigned(index)) => usize::try_from(index).ok(),
            // serde_json reads `-0` as a float.
            Some(&Node::Float(zero)) if zero == 0.0 && zero.is_sign_negative() => Some(0),
            _ => None,
        };
        let attachment = index.and_then(|index| self.0.get(index));
        attachment
            .map(Node::Bytes)
            .ok_or_else(|| E::custom("illegal attachments"))
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'de> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> Result<Node<'de>, D::Error> {
        text.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'de> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Unsigned(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Signed(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Float(value))
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Borrowed(value)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Owned(String::from(value))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node<'de>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Node::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut members = Vec::new();
        let mut name = map.next_key_seed(NameSeed)?;
        if let Some(Name::Placeholder) = name
            && !self.0.is_empty()
        {
            // Most objects beside attachments are placeholders and have two members: no list.
            let value = map.next_value_seed(self)?;
            name = map.next_key_seed(NameSeed)?;
            if let (Node::Bool(true), Some(Name::Num)) = (&value, &name) {
                let number = map.next_value_seed(self)?;
                name = map.next_key_seed(NameSeed)?;
                if name.is_none() {
                    return self.attachment(Some(&number));
                }
                members.push((PLACEHOLDER.into(), value));
                members.push((NUM.into(), number));
            } else {
                members.push((PLACEHOLDER.into(), value));
            }
        }
        while let Some(key) = name {
            members.push((key.into(), map.next_value_seed(self)?));
            name = map.next_key_seed(NameSeed)?;
        }
        self.object(members)
    }
}

macro_rules! as_any {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.deserialize_any(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Unsigned(value) => visitor.visit_u64(value),
            Self::Signed(value) => visitor.visit_i64(value),
            Self::Float(value) => visitor.visit_f64(value),
            Self::String(Cow::Borrowed(value)) => visitor.visit_borrowed_str(value),
            Self::String(Cow::Owned(value)) => visitor.visit_string(value),
            Self::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Self::Array(elements) => whole_seq(elements.into_iter(), visitor),
            Self::Object(members) => {
                let mut members = Members {
                    rest: members.into_iter(),
                    value: None,
                };
                let value = visitor.visit_map(&mut members)?;
                if members.rest.len() > 0 {
                    return Err(Error::custom("the object has more members than expected"));
                }
                Ok(value)
            }
        }
    }

    as_any! {
        deserialize_bool deserialize_unit deserialize_map
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    /// Text is never made of bytes, not even of bytes that happen to be UTF-8.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Bytes(_) => Err(Error::invalid_type(self.unexpected(), &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

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
        match self {
            Self::String(Cow::Borrowed(text)) => visitor.visit_borrowed_bytes(text.as_bytes()),
            Self::String(Cow::Owned(text)) => visitor.visit_byte_buf(text.into_bytes()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    /// An attachment can be read as a sequence of numbers, for a plain `Vec<u8>`.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Bytes(bytes) => whole_seq(bytes.iter().copied(), visitor),
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

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_none(),
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
        match self {
            Self::String(variant) => visitor.visit_enum(Variant {
                key: variant,
                value: None,
            }),
            Self::Object(mut members) if members.len() == 1 => match members.pop() {
                Some((key, value)) => visitor.visit_enum(Variant {
                    key,
                    value: Some(value),
                }),
                None => Err(Error::custom("an object without members is no enum")),
            },
            _ => Err(Error::invalid_type(self.unexpected(), &visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

impl<'de> IntoDeserializer<'de, Error> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn whole_seq<'de, I, T, V>(elements: I, visitor: V) -> Result<V::Value, Error>
where
    I: Iterator<Item = T>,
    T: IntoDeserializer<'de, Error>,
    V: Visitor<'de>,
{
    let mut seq = SeqDeserializer::new(elements);
    let value = visitor.visit_seq(&mut seq)?;
    seq.end()?;
    Ok(value)
}

struct Members<'de> {
    rest: vec::IntoIter<(Cow<'de, str>, Node<'de>)>,
    value: Option<Node<'de>>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let value = self
            .value
            .take()
            .ok_or_else(|| Error::custom("a value without its key"))?;
        seed.deserialize(value)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// `"Variant"` or `{"Variant": value}`.
struct Variant<'de> {
    key: Cow<'de, str>,
    value: Option<Node<'de>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Content<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Content<'de>), Error> {
        Ok((seed.deserialize(Key(self.key))?, Content(self.value)))
    }
}

struct Content<'de>(Option<Node<'de>>);

impl<'de> Content<'de> {
    fn expect(self) -> Result<Node<'de>, Error> {
        self.0
            .ok_or_else(|| Error::custom("the variant lacks its content"))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.0 {
            None | Some(Node::Null) => Ok(()),
            Some(node) => Err(Error::invalid_type(node.unexpected(), &"unit variant")),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.expect()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.expect()?.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.expect()?.deserialize_struct("", fields, visitor)
    }
}
