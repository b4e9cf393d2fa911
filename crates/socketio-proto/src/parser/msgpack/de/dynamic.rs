//! Values that own what they hold, and share binary data with the frame.

use super::{Members, Reader};
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
            Token::False => Value::Bool(false),
            Token::True => Value::Bool(true),
            Token::Unsigned(value) => Value::Number(value.into()),
            Token::Signed(value) => Value::Number(value.into()),
            Token::Float(bits) => {
                Number::from_f64(f64::from_bits(bits)).map_or(Value::Null, Value::Number)
            }
            Token::Text(len) => Value::String(String::from(self.text(len)?)),
            Token::Binary(len) => Value::Binary(self.next_bytes(len)?),
            Token::Array(len) => self.nested(|reader| {
                let elements = (0..len).map(|_| reader.value());
                elements.collect::<Result<Vec<_>, _>>().map(Value::Array)
            })?,
            Token::Map(len) => self.nested(|reader| {
                let mut members = Members::new(reader, len, &[]);
                let mut kept = Vec::new();
                while let Some(key) = members.next()? {
                    kept.push((key.into_owned(), members.reader.value()?));
                }
                Ok(Value::Object(kept.into_iter().collect::<Map>()))
            })?,
            Token::Date(millis) => date::to_iso(millis).map_or(Value::Null, Value::String),
            Token::Extension(_) => return Err(Error::custom("an extension of unknown type")),
        })
    }

    fn next_bytes(&mut self, len: usize) -> Result<Bytes, Error> {
        let bytes = self.take(len)?;
        Ok(match self.shared {
            Some(shared) => shared.slice_ref(bytes),
            None => Bytes::copy_from_slice(bytes),
        })
    }
}
