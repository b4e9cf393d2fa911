//! Bytes to tokens, and over whole values without reading them.
//!
//! A [`Cursor`] takes one token after the other. It hands out a length only when the bytes for it
//! are there, so that nothing behind it has to distrust one. Passing over a value keeps its own
//! stack: depth costs no recursion.

use crate::DecodeError;
use smallvec::SmallVec;

/// The beginning of a value: a whole scalar, or how many values a list or map holds.
// The variant takes a whole word: of a single byte, which is stored alone and loaded together with
// its neighbours, each token costs a stall.
#[repr(u64)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'a> {
    Nil,
    /// JavaScript's `undefined`: extension 0 with the one byte 0, in its short form.
    Undefined,
    Bool(bool),
    Unsigned(u64),
    /// Below zero.
    Signed(i64),
    Float(f64),
    /// UTF-8, not checked.
    Text(&'a [u8]),
    /// Binary data: a `bin`, or extension 0, as which JavaScript sends an `ArrayBuffer`.
    Binary(&'a [u8]),
    /// So many elements follow.
    Array(usize),
    /// So many keys, each with its value, follow.
    Map(usize),
    /// Milliseconds since 1970: extension 0 of eight bytes, in its short form.
    Date(i64),
    /// An extension that means nothing here.
    Extension,
}

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// `None` when the bytes end too early, or begin with the one that has no meaning.
    #[inline]
    pub(crate) fn token(&mut self) -> Option<Token<'a>> {
        // Most values have a short form, and most tokens are text.
        match self.byte()? {
            marker @ 0xa0..=0xbf => self.take(usize::from(marker & 0x1f)).map(Token::Text),
            marker @ 0x00..=0x7f => Some(Token::Unsigned(marker.into())),
            marker => self.token_behind(marker),
        }
    }

    /// The token behind a marker that is neither a number nor the length of a text.
    fn token_behind(&mut self, marker: u8) -> Option<Token<'a>> {
        match marker {
            0x80..=0x8f => self.map(usize::from(marker & 0x0f)),
            0x90..=0x9f => self.array(usize::from(marker & 0x0f)),
            0x00..=0x7f | 0xa0..=0xbf | 0xc1 => None,
            0xc0 => Some(Token::Nil),
            0xc2 => Some(Token::Bool(false)),
            0xc3 => Some(Token::Bool(true)),
            0xc4 => self.prefixed::<1>().map(Token::Binary),
            0xc5 => self.prefixed::<2>().map(Token::Binary),
            0xc6 => self.prefixed::<4>().map(Token::Binary),
            0xc7 => self.length::<1>().and_then(|len| self.extension(len)),
            0xc8 => self.length::<2>().and_then(|len| self.extension(len)),
            0xc9 => self.length::<4>().and_then(|len| self.extension(len)),
            0xca => self.number(|bytes| Token::Float(f32::from_be_bytes(bytes).into())),
            0xcb => self.number(|bytes| Token::Float(f64::from_be_bytes(bytes))),
            0xcc => self.number(|bytes| Token::Unsigned(u8::from_be_bytes(bytes).into())),
            0xcd => self.number(|bytes| Token::Unsigned(u16::from_be_bytes(bytes).into())),
            0xce => self.number(|bytes| Token::Unsigned(u32::from_be_bytes(bytes).into())),
            0xcf => self.number(|bytes| Token::Unsigned(u64::from_be_bytes(bytes))),
            0xd0 => self.number(|bytes| signed(i8::from_be_bytes(bytes).into())),
            0xd1 => self.number(|bytes| signed(i16::from_be_bytes(bytes).into())),
            0xd2 => self.number(|bytes| signed(i32::from_be_bytes(bytes).into())),
            0xd3 => self.number(|bytes| signed(i64::from_be_bytes(bytes))),
            0xd4 => self.extension(1).map(|token| match token {
                Token::Binary([0]) => Token::Undefined,
                token => token,
            }),
            0xd5 => self.extension(2),
            0xd6 => self.extension(4),
            0xd7 => self.extension(8).map(|token| match token {
                Token::Binary(&[a, b, c, d, e, f, g, h]) => {
                    Token::Date(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
                }
                token => token,
            }),
            0xd8 => self.extension(16),
            0xd9 => self.prefixed::<1>().map(Token::Text),
            0xda => self.prefixed::<2>().map(Token::Text),
            0xdb => self.prefixed::<4>().map(Token::Text),
            0xdc => self.length::<2>().and_then(|len| self.array(len)),
            0xdd => self.length::<4>().and_then(|len| self.array(len)),
            0xde => self.length::<2>().and_then(|len| self.map(len)),
            0xdf => self.length::<4>().and_then(|len| self.map(len)),
            0xe0..=0xff => Some(Token::Signed(marker.cast_signed().into())),
        }
    }

    /// Passes over one value. Gives its first token, and whether it holds binary data.
    ///
    /// # Errors
    ///
    /// Malformed, or lists and maps nested deeper than `max_depth`.
    #[inline]
    pub(crate) fn skip(&mut self, max_depth: usize) -> Result<(Token<'a>, bool), DecodeError> {
        let first = self.token().ok_or(DecodeError::Malformed)?;
        let is_binary = match first {
            Token::Array(_) | Token::Map(_) => self.skip_inside(first, max_depth)?,
            first => matches!(first, Token::Binary(_)),
        };
        Ok((first, is_binary))
    }

    fn skip_inside(&mut self, first: Token<'a>, max_depth: usize) -> Result<bool, DecodeError> {
        let mut is_binary = false;
        self.walk(first, max_depth, |token| {
            is_binary |= matches!(token, Token::Binary(_));
            Ok(())
        })?;
        Ok(is_binary)
    }

    /// Passes over one value and checks that its text is UTF-8.
    ///
    /// # Errors
    ///
    /// As for [`skip`](Self::skip), or [`DecodeError::Payload`] for text.
    pub(crate) fn check(&mut self, max_depth: usize) -> Result<(), DecodeError> {
        let first = self.token().ok_or(DecodeError::Malformed)?;
        self.walk(first, max_depth, |token| match token {
            Token::Text(text) if core::str::from_utf8(text).is_err() => Err(DecodeError::Payload),
            _ => Ok(()),
        })
    }

    /// Shows each token of one value to `see`. The first has been read.
    #[inline]
    fn walk(
        &mut self,
        first: Token<'a>,
        max_depth: usize,
        mut see: impl FnMut(Token<'a>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        see(first)?;
        let mut token = first;
        // In registers, while nobody else looks at it.
        let mut cursor = *self;
        // How many values are missing here, and in each of the lists and maps around.
        let mut missing = 0_usize;
        let mut around = SmallVec::<[usize; 32]>::new();
        loop {
            let inside = match token {
                Token::Array(len) => Some(len),
                // No overflow: there are bytes for this many values.
                Token::Map(len) => Some(2 * len),
                _ => None,
            };
            if let Some(inside) = inside {
                if around.len() >= max_depth {
                    return Err(DecodeError::Limit { what: "depth" });
                }
                around.push(missing);
                missing = inside;
            }
            while missing == 0 {
                let Some(outer) = around.pop() else {
                    *self = cursor;
                    return Ok(());
                };
                missing = outer;
            }
            missing -= 1;
            token = cursor.token().ok_or(DecodeError::Malformed)?;
            see(token)?;
        }
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn number<const N: usize>(
        &mut self,
        read: impl FnOnce([u8; N]) -> Token<'a>,
    ) -> Option<Token<'a>> {
        let (&bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(read(bytes))
    }

    #[inline]
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    /// A length of `N` bytes. One beyond memory is one beyond the input, too.
    fn length<const N: usize>(&mut self) -> Option<usize> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        let number = bytes
            .iter()
            .fold(0_u32, |number, &byte| number << 8 | u32::from(byte));
        Some(usize::try_from(number).unwrap_or(usize::MAX))
    }

    fn prefixed<const N: usize>(&mut self) -> Option<&'a [u8]> {
        let len = self.length::<N>()?;
        self.take(len)
    }

    fn extension(&mut self, len: usize) -> Option<Token<'a>> {
        let kind = self.byte()?;
        let data = self.take(len)?;
        Some(if kind == 0 {
            Token::Binary(data)
        } else {
            Token::Extension
        })
    }

    /// Each value has at least one byte.
    fn array(&self, len: usize) -> Option<Token<'a>> {
        (len <= self.rest.len()).then_some(Token::Array(len))
    }

    fn map(&self, len: usize) -> Option<Token<'a>> {
        (len <= self.rest.len() / 2).then_some(Token::Map(len))
    }
}

fn signed<'a>(value: i64) -> Token<'a> {
    u64::try_from(value).map_or(Token::Signed(value), Token::Unsigned)
}

#[cfg(test)]
mod tests;
