//! Keys of objects. JSON has text for keys; maps by number, `bool` or enum read it as such.

use alloc::{borrow::Cow, string::String};
use core::fmt;
use serde::{
    Deserializer,
    de::{
        self, DeserializeSeed, EnumAccess, IntoDeserializer, Visitor,
        value::{BorrowedStrDeserializer, StringDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Error;

/// The members that make a placeholder.
pub(super) const PLACEHOLDER: &str = "_placeholder";
pub(super) const NUM: &str = "num";

/// A key, borrowed where it has no escapes.
pub(super) enum Name<'de> {
    Placeholder,
    Num,
    Other(Cow<'de, str>),
}

impl<'de> From<Name<'de>> for Cow<'de, str> {
    #[inline]
    fn from(name: Name<'de>) -> Self {
        match name {
            Name::Placeholder => Cow::Borrowed(PLACEHOLDER),
            Name::Num => Cow::Borrowed(NUM),
            Name::Other(key) => key,
        }
    }
}

/// Reads a key.
pub(super) struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name<'de>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, key: D) -> Result<Name<'de>, D::Error> {
        key.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    #[inline]
    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<Name<'de>, E> {
        Ok(match value {
            PLACEHOLDER => Name::Placeholder,
            NUM => Name::Num,
            _ => Name::Other(Cow::Borrowed(value)),
        })
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Name<'de>, E> {
        Ok(match value {
            PLACEHOLDER => Name::Placeholder,
            NUM => Name::Num,
            _ => Name::Other(Cow::Owned(String::from(value))),
        })
    }
}

/// A key to be read as any type that a map may have for keys.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

macro_rules! parsed {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cow::Borrowed(key) => visitor.visit_borrowed_str(key),
            Cow::Owned(key) => visitor.visit_string(key),
        }
    }

    parsed! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32
        deserialize_i64 visit_i64 deserialize_i128 visit_i128
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32
        deserialize_u64 visit_u64 deserialize_u128 visit_u128
        deserialize_f32 visit_f32 deserialize_f64 visit_f64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
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
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Key<'de> {
    type Error = Error;
    type Variant = <StringDeserializer<Error> as EnumAccess<'de>>::Variant;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), Error> {
        match self.0 {
            Cow::Borrowed(key) => BorrowedStrDeserializer::new(key).variant_seed(seed),
            Cow::Owned(key) => key.into_deserializer().variant_seed(seed),
        }
    }
}
