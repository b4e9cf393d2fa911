//! Arguments one by one, and all at once.

#[cfg(feature = "msgpack")]
use crate::parser::msgpack::{arguments as msgpack, de::Reader};
use crate::parser::{
    de::{Beside, Node},
    scan,
};
use crate::{PayloadError, Value};
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use serde_json::{Error, de::StrRead};

/// Cursor over the arguments of a payload, from [`Payload::arguments`](crate::Payload::arguments).
///
/// The text is read as far as the cursor has moved, each argument once.
///
/// ```
/// use socketio_proto::{Format, Payload};
///
/// let payload = Payload::new(Format::Json, Some("move"), &("knight", [2, 1]))?;
/// let mut arguments = payload.arguments();
/// assert_eq!(arguments.next::<&str>()?, "knight");
/// assert_eq!(arguments.next::<[i32; 2]>()?, [2, 1]);
/// assert!(arguments.is_empty());
/// assert_eq!(arguments.next::<Option<i32>>()?, None);
/// # Ok::<(), socketio_proto::PayloadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Arguments<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    Json(Json<'a>),
    #[cfg(feature = "msgpack")]
    MsgPack(msgpack::Arguments<'a>),
}

/// Arguments in JSON text.
#[derive(Clone, Debug)]
struct Json<'a> {
    /// From the next argument on. After the last one: a closing bracket, or nothing.
    rest: &'a str,
    attachments: &'a [Bytes],
}

impl<'a> Arguments<'a> {
    #[inline]
    pub(super) fn json(rest: &'a str, attachments: &'a [Bytes]) -> Self {
        Self(Source::Json(Json { rest, attachments }))
    }

    #[cfg(feature = "msgpack")]
    pub(crate) fn msgpack(arguments: msgpack::Arguments<'a>) -> Self {
        Self(Source::MsgPack(arguments))
    }

    /// Decodes the next argument, a tuple from a JSON array as anywhere in serde. A missing
    /// argument reads as null.
    ///
    /// # Errors
    ///
    /// The argument has another type. The cursor moves past it all the same.
    #[expect(
        clippy::should_implement_trait,
        reason = "each argument has a type of its own"
    )]
    pub fn next<T: Deserialize<'a>>(&mut self) -> Result<T, PayloadError> {
        Ok(self.read(|argument| T::deserialize(argument))?)
    }

    /// The next argument as a dynamic value. Binary data is shared, where
    /// `next::<Value>()` would copy it.
    ///
    /// # Errors
    ///
    /// The text is not JSON, or has a number or a string that no Rust type holds.
    pub fn next_value(&mut self) -> Result<Value, PayloadError> {
        Ok(self.read(|argument| match argument {
            Argument::Missing => Ok(Value::Null),
            Argument::Json(text) => Node::read(text, &[]).map(Node::into_value),
            Argument::Beside(text) => text.node().map(Node::into_value),
            #[cfg(feature = "msgpack")]
            Argument::MsgPack(reader) => reader.value(),
        })?)
    }

    /// The JSON of the next argument, with its placeholders; `None` after the last, or where the
    /// text is not JSON. The cursor moves past it in any case.
    pub fn next_raw(&mut self) -> Option<&'a str> {
        match &mut self.0 {
            Source::Json(json) => json.next_raw(),
            #[cfg(feature = "msgpack")]
            Source::MsgPack(arguments) => {
                arguments.pass();
                None
            }
        }
    }

    /// Decodes all that are left, as a sequence, or as a tuple that may be shorter or longer.
    ///
    /// # Errors
    ///
    /// The arguments do not have the type.
    pub fn rest<T: Deserialize<'a>>(self) -> Result<T, PayloadError> {
        Ok(T::deserialize(Rest(self))?)
    }

    /// Whether no argument is left.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Source::Json(json) => json.is_empty(),
            #[cfg(feature = "msgpack")]
            Source::MsgPack(arguments) => arguments.is_empty(),
        }
    }

    /// How many arguments are left. This reads JSON to its end.
    pub fn len(&self) -> usize {
        match &self.0 {
            Source::Json(json) => {
                let mut json = json.clone();
                core::iter::from_fn(|| json.next_raw()).count()
            }
            #[cfg(feature = "msgpack")]
            Source::MsgPack(arguments) => arguments.len(),
        }
    }

    /// By the rule for the top level: a tuple takes one argument per element.
    #[inline]
    pub(super) fn decode<T: Deserialize<'a>>(self) -> Result<T, PayloadError> {
        Ok(T::deserialize(Spread(self))?)
    }

    /// Hands the next argument to `read` and moves behind it.
    fn read<R>(
        &mut self,
        read: impl FnOnce(Argument<'_, 'a>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        match &mut self.0 {
            Source::Json(json) => json.read(read),
            #[cfg(feature = "msgpack")]
            Source::MsgPack(arguments) => arguments.read(|reader| read(Argument::MsgPack(reader))),
        }
    }
}

impl<'a> Json<'a> {
    #[inline]
    fn is_empty(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with(']')
    }

    fn next_raw(&mut self) -> Option<&'a str> {
        if self.is_empty() {
            return None;
        }
        let raw = scan::value_end(self.rest).and_then(|end| self.rest.get(..end));
        self.advance(raw.map_or(self.rest.len(), str::len));
        raw
    }

    fn read<R>(
        &mut self,
        read: impl FnOnce(Argument<'_, 'a>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let mut text = serde_json::Deserializer::from_str(self.rest);
        let result = read(self.argument(&mut text));
        let end = match &result {
            // The way to learn where a deserializer stands.
            Ok(_) => text.into_iter::<IgnoredAny>().byte_offset(),
            Err(_) => scan::value_end(self.rest).unwrap_or(self.rest.len()),
        };
        self.advance(end);
        result
    }

    #[inline]
    fn argument<'t>(&self, text: JsonReader<'t, 'a>) -> Argument<'t, 'a> {
        if self.is_empty() {
            Argument::Missing
        } else if self.attachments.is_empty() {
            Argument::Json(text)
        } else {
            Argument::Beside(Beside::new(text, self.attachments))
        }
    }

    /// From the end of an argument to the next.
    fn advance(&mut self, end: usize) {
        let behind = self.rest.get(end..).unwrap_or_default();
        let next = scan::next_argument(behind).and_then(|start| behind.get(start..));
        self.rest = next.unwrap_or_default();
    }
}

/// One argument.
enum Argument<'t, 'de> {
    /// Reads as null.
    Missing,
    Json(JsonReader<'t, 'de>),
    /// JSON with attachments beside it.
    Beside(Beside<'de, JsonReader<'t, 'de>>),
    #[cfg(feature = "msgpack")]
    MsgPack(&'t mut Reader<'de>),
}

type JsonReader<'t, 'de> = &'t mut serde_json::Deserializer<StrRead<'de>>;

/// Deserializers that only choose another one for each method.
macro_rules! delegate {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($name: $type,)*
            visitor: V,
        ) -> Result<V::Value, Error> {
            self.with(|argument| match argument {
                Argument::Missing => Node::Null.$method($($name,)* visitor),
                Argument::Json(text) => text.$method($($name,)* visitor),
                Argument::Beside(text) => text.$method($($name,)* visitor),
                #[cfg(feature = "msgpack")]
                Argument::MsgPack(reader) => reader.$method($($name,)* visitor),
            })
        }
    )*};
}

macro_rules! delegate_common {
    () => {
        delegate! {
            deserialize_any() deserialize_bool() deserialize_char() deserialize_str()
            deserialize_string() deserialize_bytes() deserialize_byte_buf() deserialize_option()
            deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
            deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64()
            deserialize_i128() deserialize_u128() deserialize_f32() deserialize_f64()
            deserialize_seq() deserialize_map() deserialize_identifier()
            deserialize_ignored_any()
            deserialize_struct(name: &'static str, fields: &'static [&'static str])
            deserialize_enum(name: &'static str, variants: &'static [&'static str])
        }
    };
}

impl<'de> Argument<'_, 'de> {
    fn with<R>(self, read: impl FnOnce(Self) -> Result<R, Error>) -> Result<R, Error> {
        read(self)
    }
}

impl<'de> Deserializer<'de> for Argument<'_, 'de> {
    type Error = Error;

    delegate_common! {}
    delegate! {
        deserialize_unit()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
    }
}

/// All arguments, by the rule for the top level.
struct Spread<'de>(Arguments<'de>);

impl<'de> Spread<'de> {
    /// The first argument is all that is wanted: where it ends does not matter.
    #[inline]
    fn with<R>(self, read: impl FnOnce(Argument<'_, 'de>) -> Result<R, Error>) -> Result<R, Error> {
        match self.0.0 {
            Source::Json(json) => {
                let mut text = serde_json::Deserializer::from_str(json.rest);
                read(json.argument(&mut text))
            }
            #[cfg(feature = "msgpack")]
            Source::MsgPack(mut arguments) => {
                arguments.read(|reader| read(Argument::MsgPack(reader)))
            }
        }
    }
}

impl<'de> Deserializer<'de> for Spread<'de> {
    type Error = Error;

    delegate_common! {}

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements {
            arguments: self.0,
            owed: len,
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }
}

/// All arguments that are left, as one sequence.
struct Rest<'de>(Arguments<'de>);

impl<'de> Deserializer<'de> for Rest<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements {
            arguments: self.0,
            owed: 0,
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Elements {
            arguments: self.0,
            owed: len,
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(len, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct seq map struct enum identifier ignored_any
    }
}

struct Elements<'de> {
    arguments: Arguments<'de>,
    /// How many elements the tuple still wants; missing ones are null.
    owed: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        if self.owed == 0 && self.arguments.is_empty() {
            return Ok(None);
        }
        self.owed = self.owed.saturating_sub(1);
        self.arguments
            .read(|argument| seed.deserialize(argument))
            .map(Some)
    }
}
