//! A deserializer of text with attachments beside it: it hands an attachment out where its
//! placeholder stands, and leaves the reading to the one that it wraps.
//!
//! Types are read straight from the text. Which object is a placeholder may turn out at its last
//! member. So where a type leaves open what comes, an object becomes a [`Node`] first, unless it
//! is a placeholder in the spelling of all known peers.

use super::{
    Node, Tree,
    key::{Key, Name, NameSeed},
};
use alloc::string::String;
use bytes::Bytes;
use core::fmt;
use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess,
        Visitor,
    },
};

/// Any part of serde's reading side, with the attachments of the packet.
///
/// A visitor of this kind asked for an object, an enum or an option.
#[derive(Clone, Copy)]
pub(crate) struct Beside<'de, T> {
    inner: T,
    attachments: &'de [Bytes],
}

impl<'de, T> Beside<'de, T> {
    pub(crate) fn new(inner: T, attachments: &'de [Bytes]) -> Self {
        Self { inner, attachments }
    }
}

impl<'de, D: Deserializer<'de>> Beside<'de, D> {
    /// The value as a tree.
    pub(crate) fn node(self) -> Result<Node<'de>, D::Error> {
        Node::read(self.inner, self.attachments)
    }
}

/// Scalars are no attachments and hold none.
macro_rules! scalars {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Beside<'de, D> {
    type Error = D::Error;

    scalars! {
        deserialize_bool deserialize_unit deserialize_char deserialize_str deserialize_string
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_identifier deserialize_ignored_any
    }

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Open::new(visitor, self.attachments, Hint::Any);
        self.inner.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Open::new(visitor, self.attachments, Hint::Bytes);
        self.inner.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.deserialize_bytes(visitor)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Open::new(visitor, self.attachments, Hint::Seq);
        self.inner.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Beside::new(visitor, self.attachments);
        self.inner.deserialize_map(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = Beside::new(visitor, self.attachments);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = Beside::new(visitor, self.attachments);
        self.inner.deserialize_enum(name, variants, visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let visitor = Beside::new(visitor, self.attachments);
        self.inner.deserialize_option(visitor)
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        visitor.visit_newtype_struct(self)
    }
}

/// Scalars reach the visitor as they are.
macro_rules! visit_scalars {
    ($($method:ident($($value:ident: $type:ty)?)),* $(,)?) => {$(
        #[inline]
        fn $method<E: Error>(self, $($value: $type)?) -> Result<V::Value, E> {
            self.inner.$method($($value)?)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Beside<'de, V> {
    type Value = V::Value;

    visit_scalars! {
        visit_unit(), visit_none(), visit_bool(value: bool), visit_u64(value: u64),
        visit_i64(value: i64), visit_f64(value: f64), visit_str(value: &str),
        visit_string(value: String), visit_borrowed_str(value: &'de str),
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Beside::new(value, self.attachments))
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Beside::new(seq, self.attachments))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Members {
            map: Beside::new(map, self.attachments),
            is_suspect: false,
            is_placeholder: false,
        })
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.inner
            .visit_enum(Beside::new(variant, self.attachments))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Beside<'de, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Beside::new(value, self.attachments))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Beside<'de, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner
            .next_element_seed(Beside::new(seed, self.attachments))
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Beside<'de, A> {
    type Error = A::Error;
    type Variant = Beside<'de, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Beside::new(variant, self.attachments)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Beside<'de, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let seed = Beside::new(seed, self.attachments);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let visitor = Beside::new(visitor, self.attachments);
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = Beside::new(visitor, self.attachments);
        self.inner.struct_variant(fields, visitor)
    }
}

/// The members of an object that must not turn out to be a placeholder.
struct Members<'de, A> {
    map: Beside<'de, A>,
    /// The next value is that of `_placeholder`.
    is_suspect: bool,
    /// The last `_placeholder` was `true`.
    is_placeholder: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'de, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.map.inner.next_key_seed(NameSeed)? {
            Some(name) => {
                self.is_suspect = matches!(name, Name::Placeholder);
                let key = Key(name.into());
                seed.deserialize(key).map(Some).map_err(Error::custom)
            }
            None if self.is_placeholder => Err(Error::invalid_type(
                Unexpected::Other("binary data"),
                &"an object",
            )),
            None => Ok(None),
        }
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let Beside { inner, attachments } = &mut self.map;
        if !self.is_suspect {
            return inner.next_value_seed(Beside::new(seed, attachments));
        }
        let node = inner.next_value_seed(Tree(attachments))?;
        self.is_placeholder = matches!(node, Node::Bool(true));
        seed.deserialize(node).map_err(Error::custom)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.map.inner.size_hint()
    }
}

/// What a type asked for that leaves open whether an attachment comes.
#[derive(Clone, Copy)]
enum Hint {
    Any,
    Bytes,
    /// For a plain `Vec<u8>`.
    Seq,
}

/// A visitor that may get an attachment where the text has an object.
struct Open<'de, V> {
    inner: V,
    attachments: &'de [Bytes],
    hint: Hint,
}

impl<'de, V: Visitor<'de>> Open<'de, V> {
    fn new(visitor: V, attachments: &'de [Bytes], hint: Hint) -> Self {
        Self {
            inner: visitor,
            attachments,
            hint,
        }
    }

    fn visit<E: Error>(self, node: Node<'de>) -> Result<V::Value, E> {
        match self.hint {
            Hint::Any => node.deserialize_any(self.inner),
            Hint::Bytes => node.deserialize_bytes(self.inner),
            Hint::Seq => node.deserialize_seq(self.inner),
        }
        .map_err(E::custom)
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Open<'de, V> {
    type Value = V::Value;

    visit_scalars! {
        visit_unit(), visit_bool(value: bool), visit_u64(value: u64), visit_i64(value: i64),
        visit_f64(value: f64),
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    #[inline]
    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        match self.hint {
            Hint::Bytes => self.inner.visit_borrowed_bytes(value.as_bytes()),
            _ => self.inner.visit_borrowed_str(value),
        }
    }

    #[inline]
    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        match self.hint {
            Hint::Bytes => self.inner.visit_bytes(value.as_bytes()),
            _ => self.inner.visit_str(value),
        }
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Beside::new(seq, self.attachments))
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let node = Tree(self.attachments).visit_map(map)?;
        self.visit(node)
    }
}
