//! Scalars and headers, each in its shortest form, as the reference chooses it.

use super::{Kind, Writer};
use crate::parser::msgpack::number::{whole, whole_below_zero};
use serde::ser::Error as _;
use serde_json::Error;

impl Writer<'_> {
    pub(super) fn nil(&mut self) {
        self.out.push(0xc0);
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.out.push(if value { 0xc3 } else { 0xc2 });
    }

    #[inline]
    pub(super) fn unsigned(&mut self, value: u64) {
        if let Ok(value @ ..0x80) = u8::try_from(value) {
            self.out.push(value);
        } else if let Ok(value) = u8::try_from(value) {
            self.marked(0xcc, value.to_be_bytes());
        } else if let Ok(value) = u16::try_from(value) {
            self.marked(0xcd, value.to_be_bytes());
        } else if let Ok(value) = u32::try_from(value) {
            self.marked(0xce, value.to_be_bytes());
        } else {
            self.marked(0xcf, value.to_be_bytes());
        }
    }

    pub(super) fn signed(&mut self, value: i64) {
        if let Ok(value) = u64::try_from(value) {
            self.unsigned(value);
        } else if value >= -32 {
            // The low byte of a number from -32 on is its own marker.
            self.out.extend(value.to_be_bytes().last());
        } else if let Ok(value) = i8::try_from(value) {
            self.marked(0xd0, value.to_be_bytes());
        } else if let Ok(value) = i16::try_from(value) {
            self.marked(0xd1, value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.marked(0xd2, value.to_be_bytes());
        } else {
            self.marked(0xd3, value.to_be_bytes());
        }
    }

    /// JavaScript has one type of number: a whole one is written as an integer. From 2^64 on the
    /// reference then loses the number; here it stays a float.
    pub(super) fn float(&mut self, value: f64) {
        if let Some(value) = whole(value) {
            self.unsigned(value);
        } else if let Some(value) = whole_below_zero(value) {
            self.signed(value);
        } else {
            self.marked(0xcb, value.to_be_bytes());
        }
    }

    #[inline]
    pub(super) fn string(&mut self, value: &str) -> Result<(), Error> {
        match u8::try_from(value.len()) {
            Ok(len @ ..32) => self.out.push(0xa0 | len),
            Ok(len) => self.marked(0xd9, [len]),
            Err(_) => self.length(0xda, value.len())?,
        }
        self.out.extend_from_slice(value.as_bytes());
        Ok(())
    }

    pub(super) fn binary(&mut self, value: &[u8]) -> Result<(), Error> {
        self.out.reserve(5 + value.len());
        match u8::try_from(value.len()) {
            Ok(len) => self.marked(0xc4, [len]),
            Err(_) => self.length(0xc5, value.len())?,
        }
        self.out.extend_from_slice(value);
        Ok(())
    }

    #[inline]
    pub(super) fn header(&mut self, kind: Kind, len: usize) -> Result<(), Error> {
        match (kind.short(len), kind) {
            (Some(short), _) => self.out.push(short),
            (None, Kind::Array) => self.length(0xdc, len)?,
            (None, Kind::Map) => self.length(0xde, len)?,
        }
        Ok(())
    }

    /// A length of two bytes behind `marker`, or of four behind the marker after that.
    fn length(&mut self, marker: u8, len: usize) -> Result<(), Error> {
        if let Ok(len) = u16::try_from(len) {
            self.marked(marker, len.to_be_bytes());
        } else if let Ok(len) = u32::try_from(len) {
            self.marked(marker + 1, len.to_be_bytes());
        } else {
            return Err(Error::custom("a length over 32 bits"));
        }
        Ok(())
    }

    #[inline]
    fn marked<const N: usize>(&mut self, marker: u8, bytes: [u8; N]) {
        self.out.reserve(1 + N);
        self.out.push(marker);
        self.out.extend_from_slice(&bytes);
    }
}
