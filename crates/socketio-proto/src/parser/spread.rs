//! The top level of what is sent: what serialises as a tuple spreads into arguments.

use serde::{
    Serialize,
    ser::{self, Serializer},
};
use serde_json::Error;

/// A writer of any format that takes arguments one after the other.
pub(crate) trait Arguments {
    /// Called in front of each argument.
    fn separate(&mut self);
}

/// Serialises a value as arguments behind what the writer has already written.
///
/// A tuple, tuple struct or fixed-size array is as many arguments as it has elements, `()` and
/// a unit struct are none, and anything else is one.
pub(crate) struct Spread<'w, W>(pub(crate) &'w mut W);

impl<'w, W: Arguments> Spread<'w, W> {
    fn one(self) -> &'w mut W {
        self.0.separate();
        self.0
    }
}

/// A tuple that is being spread.
pub(crate) struct SpreadTuple<'w, W>(&'w mut W);

impl<W> SpreadTuple<'_, W>
where
    W: Arguments,
    for<'a> &'a mut W: Serializer<Ok = (), Error = Error>,
{
    fn argument<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.0.separate();
        value.serialize(&mut *self.0)
    }
}

macro_rules! one {
    ($($method:ident: $type:ty),* $(,)?) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.one().$method(value)
        }
    )*};
}

impl<'w, W> Serializer for Spread<'w, W>
where
    W: Arguments,
    for<'a> &'a mut W: Serializer<Ok = (), Error = Error>,
{
    type Ok = ();
    type Error = Error;
    type SerializeSeq = <&'w mut W as Serializer>::SerializeSeq;
    type SerializeTuple = SpreadTuple<'w, W>;
    type SerializeTupleStruct = SpreadTuple<'w, W>;
    type SerializeTupleVariant = <&'w mut W as Serializer>::SerializeTupleVariant;
    type SerializeMap = <&'w mut W as Serializer>::SerializeMap;
    type SerializeStruct = <&'w mut W as Serializer>::SerializeStruct;
    type SerializeStructVariant = <&'w mut W as Serializer>::SerializeStructVariant;

    one! {
        serialize_bool: bool, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_i128: i128, serialize_u128: u128, serialize_f32: f32, serialize_f64: f64,
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.one().serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        self.one().serialize_some(value)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.one().serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.one()
            .serialize_newtype_variant(name, index, variant, value)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        self.one().serialize_seq(len)
    }

    fn serialize_tuple(self, _len: usize) -> Result<SpreadTuple<'w, W>, Error> {
        Ok(SpreadTuple(self.0))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<SpreadTuple<'w, W>, Error> {
        Ok(SpreadTuple(self.0))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        self.one()
            .serialize_tuple_variant(name, index, variant, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, Error> {
        self.one().serialize_map(len)
    }

    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, Error> {
        self.one().serialize_struct(name, len)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        self.one()
            .serialize_struct_variant(name, index, variant, len)
    }
}

impl<W> ser::SerializeTuple for SpreadTuple<'_, W>
where
    W: Arguments,
    for<'a> &'a mut W: Serializer<Ok = (), Error = Error>,
{
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.argument(value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

impl<W> ser::SerializeTupleStruct for SpreadTuple<'_, W>
where
    W: Arguments,
    for<'a> &'a mut W: Serializer<Ok = (), Error = Error>,
{
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.argument(value)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}
