//! Keys of maps. JavaScript has strings for keys, and writes scalars as strings.

use serde::{
    Serialize,
    ser::{self, Impossible},
};
use serde_json::Error;

/// A writer of any format that takes the key of a member.
pub(crate) trait Keys {
    /// A key that is text.
    fn text(&mut self, key: &str) -> Result<(), Error>;

    /// A number or truth value, to be spelled as in JavaScript.
    fn scalar<T: Serialize>(&mut self, key: T) -> Result<(), Error>;
}

/// Serialises a key.
pub(crate) struct Key<'w, W>(pub(crate) &'w mut W);

type No = Impossible<(), Error>;

fn refused<T>() -> Result<T, Error> {
    Err(ser::Error::custom(
        "the key of a map must be a string or another scalar",
    ))
}

macro_rules! scalars {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.0.scalar(value)
        }
    )*};
}

impl<W: Keys> ser::Serializer for Key<'_, W> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    scalars! {
        serialize_bool: bool,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_i128: i128, serialize_u128: u128, serialize_f32: f32, serialize_f64: f64,
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.0.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.0.text(value)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.0.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<(), Error> {
        refused()
    }

    fn serialize_none(self) -> Result<(), Error> {
        refused()
    }

    fn serialize_unit(self) -> Result<(), Error> {
        refused()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        refused()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), Error> {
        refused()
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<No, Error> {
        refused()
    }

    fn serialize_tuple(self, _len: usize) -> Result<No, Error> {
        refused()
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<No, Error> {
        refused()
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<No, Error> {
        refused()
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<No, Error> {
        refused()
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<No, Error> {
        refused()
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<No, Error> {
        refused()
    }
}
