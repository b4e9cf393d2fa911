//! Values that own what they hold, and share binary data with the frame.

use super::{Members, Reader, text};
use crate::Value;
use crate::parser::msgpack::date;
use crate::parser::msgpack::scan::Token;
use crate::value::Map;
use alloc::{string::String, vec::Vec};
use bytes::Bytes;
use serde::de::Error as _;
use serde_json::{Error, Number};

impl Reader<'_> {
    /// The next value.
    pub(crate) fn value(&mut self) -> Result<Value, Error> {
        Ok(match self.token()? {
            Token::Nil | Token::Undefined => Value::Null,
            Token::Bool(value) => Value::Bool(value),
            Token::Unsigned(value) => Value::Number(value.into()),
            Token::Signed(value) => Value::Number(value.into()),
            Token::Float(value) => Number::from_f64(value).map_or(Value::Null, Value::Number),
            Token::Text(bytes) => Value::String(String::from(text(bytes)?)),
            Token::Binary(bytes) => Value::Binary(self.share(bytes)),
            Token::Array(len) => self.nested(|reader| {
                let elements = (0..len).map(|_| reader.value());
                elements.collect::<Result<Vec<_>, _>>().map(Value::Array)
            })?,
            Token::Map(len) => self.nested(|reader| {
                let mut members = Members { reader, left: len };
                let mut kept = Vec::new();
                while let Some(key) = members.next()? {
                    kept.push((key.into_owned(), members.reader.value()?));
                }
                Ok(Value::Object(kept.into_iter().collect::<Map>()))
            })?,
            Token::Date(millis) => date::to_iso(millis).map_or(Value::Null, Value::String),
            Token::Extension => return Err(Error::custom("an extension of unknown type")),
        })
    }

    fn share(&self, bytes: &[u8]) -> Bytes {
        match self.shared {
            Some(shared) => shared.slice_ref(bytes),
            None => Bytes::copy_from_slice(bytes),
        }
    }
}
