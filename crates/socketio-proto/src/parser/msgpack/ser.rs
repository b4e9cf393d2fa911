//! serde to MessagePack in one pass, appended to a buffer of the caller's. Bytes become `bin`.

mod scalar;

use crate::parser::json::ser as json;
use crate::parser::map_key::{Key, Keys};
use crate::parser::spread::Arguments;
use alloc::vec::Vec;
use serde::{Serialize, ser};
use serde_json::Error;

/// As deep as peers read with default limits. It also ends values that contain themselves.
const MAX_DEPTH: usize = 128;

/// Appends values to a buffer.
#[derive(Debug)]
pub(crate) struct Writer<'b> {
    out: &'b mut Vec<u8>,
    depth: usize,
    is_binary: bool,
    /// How many arguments the list has so far.
    arguments: usize,
}

impl<'b> Writer<'b> {
    pub(crate) fn new(out: &'b mut Vec<u8>) -> Self {
        Self {
            out,
            depth: 0,
            is_binary: false,
            arguments: 0,
        }
    }

    /// The list that EVENT and ACK carry: perhaps a name, then the arguments. Tells whether there
    /// is binary data in it.
    pub(crate) fn list(
        mut self,
        event: Option<&str>,
        arguments: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let list = self.open(Kind::Array, None)?;
        if let Some(name) = event {
            self.separate();
            self.text(name)?;
        }
        arguments(&mut self)?;
        self.close(list, self.arguments)?;
        Ok(self.is_binary)
    }

    /// One value. Tells whether there is binary data in it.
    pub(crate) fn value<T: Serialize + ?Sized>(mut self, value: &T) -> Result<bool, Error> {
        value.serialize(&mut self)?;
        Ok(self.is_binary)
    }

    /// One value. Tells whether it is a map.
    pub(crate) fn object<T: Serialize + ?Sized>(mut self, value: &T) -> Result<bool, Error> {
        let start = self.out.len();
        value.serialize(&mut self)?;
        let marker = self.out.get(start);
        Ok(matches!(marker, Some(0x80..=0x8f | 0xde | 0xdf)))
    }

    /// Begins a list or map, with the length that is announced.
    fn open(&mut self, kind: Kind, announced: Option<usize>) -> Result<Open, Error> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ser::Error::custom(format_args!(
                "nested deeper than {MAX_DEPTH}"
            )));
        }
        let start = self.out.len();
        let announced = announced.unwrap_or(0);
        self.header(kind, announced)?;
        Ok(Open {
            kind,
            start,
            end: self.out.len(),
            announced,
        })
    }

    /// Ends a list or map of `len` elements. What was announced may have been wrong, or unknown.
    fn close(&mut self, open: Open, len: usize) -> Result<(), Error> {
        self.depth -= 1;
        if len == open.announced {
            Ok(())
        } else {
            self.set_len(open, len)
        }
    }

    fn set_len(&mut self, open: Open, len: usize) -> Result<(), Error> {
        let Open {
            kind, start, end, ..
        } = open;
        if let (Some(short), Some([header])) = (kind.short(len), self.out.get_mut(start..end)) {
            *header = short;
            return Ok(());
        }
        let content_end = self.out.len();
        self.header(kind, len)?;
        let header = self.out.len() - content_end;
        if header == end - start {
            self.out.copy_within(content_end.., start);
            self.out.truncate(content_end);
        } else {
            if let Some(rest) = self.out.get_mut(start..) {
                rest.rotate_right(header);
            }
            self.out.drain(start + header..end + header);
        }
        Ok(())
    }

    fn map_of_one(&mut self, key: &str) -> Result<Open, Error> {
        let map = self.open(Kind::Map, Some(1))?;
        self.text(key)?;
        Ok(map)
    }
}

impl Arguments for Writer<'_> {
    fn separate(&mut self) {
        self.arguments += 1;
    }
}

impl Keys for Writer<'_> {
    #[inline]
    fn text(&mut self, key: &str) -> Result<(), Error> {
        self.string(key)
    }

    fn scalar<T: Serialize>(&mut self, key: T) -> Result<(), Error> {
        let mut spelled = json::Writer::default();
        key.serialize(&mut spelled)?;
        self.string(spelled.finish().text.as_str())
    }
}

/// What has elements.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Array,
    Map,
}

impl Kind {
    /// The one byte that begins so few elements.
    #[inline]
    fn short(self, len: usize) -> Option<u8> {
        let marker = match self {
            Self::Array => 0x90,
            Self::Map => 0x80,
        };
        match u8::try_from(len) {
            Ok(len @ ..16) => Some(marker | len),
            _ => None,
        }
    }
}

/// A list or map that is not complete. Positions are those of its header.
#[derive(Debug)]
struct Open {
    kind: Kind,
    start: usize,
    end: usize,
    announced: usize,
}

/// A list or map that serde is filling.
pub(crate) struct Compound<'w, 'b> {
    writer: &'w mut Writer<'b>,
    open: Open,
    len: usize,
    /// The map of one member around the content of an enum's variant.
    variant: Option<Open>,
}

impl<'w, 'b> Compound<'w, 'b> {
    fn new(writer: &'w mut Writer<'b>, kind: Kind, len: Option<usize>) -> Result<Self, Error> {
        let open = writer.open(kind, len)?;
        Ok(Self {
            writer,
            open,
            len: 0,
            variant: None,
        })
    }

    fn of_variant(
        writer: &'w mut Writer<'b>,
        variant: &str,
        kind: Kind,
        len: usize,
    ) -> Result<Self, Error> {
        let outer = writer.map_of_one(variant)?;
        let compound = Self::new(writer, kind, Some(len))?;
        Ok(Self {
            variant: Some(outer),
            ..compound
        })
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.len += 1;
        value.serialize(&mut *self.writer)
    }

    fn finish(self) -> Result<(), Error> {
        self.writer.close(self.open, self.len)?;
        match self.variant {
            Some(variant) => self.writer.close(variant, 1),
            None => Ok(()),
        }
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty => $write:ident),* $(,)?) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.$write(value.into());
            Ok(())
        }
    )*};
}

impl<'w, 'b> ser::Serializer for &'w mut Writer<'b> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'w, 'b>;
    type SerializeTuple = Compound<'w, 'b>;
    type SerializeTupleStruct = Compound<'w, 'b>;
    type SerializeTupleVariant = Compound<'w, 'b>;
    type SerializeMap = Compound<'w, 'b>;
    type SerializeStruct = Compound<'w, 'b>;
    type SerializeStructVariant = Compound<'w, 'b>;

    integers! {
        serialize_i8: i8 => signed, serialize_i16: i16 => signed,
        serialize_i32: i32 => signed, serialize_i64: i64 => signed,
        serialize_u8: u8 => unsigned, serialize_u16: u16 => unsigned,
        serialize_u32: u32 => unsigned, serialize_u64: u64 => unsigned,
        serialize_f32: f32 => float, serialize_f64: f64 => float,
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => self.unsigned(value),
            (_, Ok(value)) => self.signed(value),
            _ => return Err(ser::Error::custom("an integer over 64 bits")),
        }
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        let value = u64::try_from(value);
        self.unsigned(value.map_err(|_| ser::Error::custom("an integer over 64 bits"))?);
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.bool(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.string(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.string(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.is_binary = true;
        self.binary(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.nil();
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
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
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let map = self.map_of_one(variant)?;
        value.serialize(&mut *self)?;
        self.close(map, 1)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Compound<'w, 'b>, Error> {
        Compound::new(self, Kind::Array, len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Compound<'w, 'b>, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        len: usize,
    ) -> Result<Compound<'w, 'b>, Error> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Compound<'w, 'b>, Error> {
        Compound::of_variant(self, variant, Kind::Array, len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Compound<'w, 'b>, Error> {
        Compound::new(self, Kind::Map, len)
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<Compound<'w, 'b>, Error> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Compound<'w, 'b>, Error> {
        Compound::of_variant(self, variant, Kind::Map, len)
    }
}

macro_rules! elements {
    ($($trait:ident::$method:ident),* $(,)?) => {$(
        impl ser::$trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! fields {
    ($($trait:ident),* $(,)?) => {$(
        impl ser::$trait for Compound<'_, '_> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.writer.text(key)?;
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

fields! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(Key(&mut *self.writer))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.element(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}
