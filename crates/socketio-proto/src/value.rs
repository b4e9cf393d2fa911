//! Arguments without a type of their own.

mod map;
mod serde_impls;

pub use map::{Iter, Map};

use crate::parser::{ser::Writer, spread::Arguments};
use alloc::{string::String, vec::Vec};
use bytes::Bytes;
use serde_json::{Error, Number};

/// A dynamic argument: JSON and binary data.
///
/// It serialises and deserialises with any format; through a [`Payload`](crate::Payload) binary
/// data stays binary, and [`Payload::values`](crate::Payload::values) and
/// [`Payload::from_values`](crate::Payload::from_values) share it without a copy.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer of 64 bits or a float.
    Number(Number),
    /// Text.
    String(String),
    /// Binary data: an attachment on the wire.
    Binary(Bytes),
    /// A list.
    Array(Vec<Value>),
    /// Members by name, in the order of the text.
    Object(Map),
}

impl Value {
    /// Whether it is [`Null`](Self::Null).
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is an integer that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The number, if it is an integer that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// The number as a float, rounded if need be.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.as_f64()
    }

    /// The number.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(value) => Some(value),
            _ => None,
        }
    }

    /// The binary data.
    pub fn as_binary(&self) -> Option<&Bytes> {
        match self {
            Self::Binary(value) => Some(value),
            _ => None,
        }
    }

    /// The elements.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(value) => Some(value),
            _ => None,
        }
    }

    /// The members.
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Self::Object(value) => Some(value),
            _ => None,
        }
    }

    /// The member of that name, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    /// As serde would write it, except that binary data is shared.
    pub(crate) fn write(&self, writer: &mut Writer) -> Result<(), Error> {
        match self {
            Self::Binary(bytes) => {
                writer.attach(bytes.clone());
                Ok(())
            }
            Self::Array(elements) => {
                writer.open(b'[')?;
                for element in elements {
                    writer.separate();
                    element.write(writer)?;
                }
                writer.close(b"]");
                Ok(())
            }
            Self::Object(members) => {
                writer.open(b'{')?;
                for (key, value) in members {
                    writer.member(key, |writer| value.write(writer))?;
                }
                writer.close(b"}");
                Ok(())
            }
            scalar => serde::Serialize::serialize(scalar, writer),
        }
    }
}

macro_rules! from {
    ($($type:ty => |$value:ident| $result:expr),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $result
            }
        }
    )*};
}

from! {
    () => |_unit| Self::Null,
    bool => |value| Self::Bool(value),
    i32 => |value| Self::Number(value.into()),
    i64 => |value| Self::Number(value.into()),
    u32 => |value| Self::Number(value.into()),
    u64 => |value| Self::Number(value.into()),
    // What is no number is null, as in JSON.
    f64 => |value| Number::from_f64(value).map_or(Self::Null, Self::Number),
    &str => |value| Self::String(String::from(value)),
    String => |value| Self::String(value),
    Bytes => |value| Self::Binary(value),
    Map => |value| Self::Object(value),
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(elements: Vec<T>) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(value) => Self::Number(value),
            serde_json::Value::String(value) => Self::String(value),
            serde_json::Value::Array(elements) => elements.into(),
            serde_json::Value::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key, value.into()))
                    .collect(),
            ),
        }
    }
}
