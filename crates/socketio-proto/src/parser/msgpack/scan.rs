//! Bytes to tokens, and over whole values without reading them.
//!
//! A [`Cursor`] takes one token after the other. It hands out a length only when the bytes for it
//! are there, so that nothing behind it has to distrust one.

mod pass;

/// The beginning of a value: a whole scalar, or how much of it follows.
// Each variant holds one integer of 64 bits at most, so that a token is returned in two registers.
// With slices, floats or bytes among them it would go through memory, and each token cost a stall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token {
    Nil,
    /// JavaScript's `undefined`: extension 0 with the one byte 0, in its short form.
    Undefined,
    False,
    True,
    Unsigned(u64),
    /// Below zero.
    Signed(i64),
    /// The bits of a float.
    Float(u64),
    /// So many bytes of UTF-8, not checked, follow.
    Text(usize),
    /// So many bytes of binary data follow: a `bin`, or extension 0, as which JavaScript sends an
    /// `ArrayBuffer`.
    Binary(usize),
    /// So many elements follow.
    Array(usize),
    /// So many keys, each with its value, follow.
    Map(usize),
    /// Milliseconds since 1970: extension 0 of eight bytes, in its short form.
    Date(i64),
    /// So many bytes of an extension that means nothing here follow.
    Extension(usize),
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

    /// Moves behind these bytes, if they come next.
    #[inline]
    pub(crate) fn strip(&mut self, bytes: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(bytes);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// `None` when the bytes end too early, or begin with the one that has no meaning.
    #[inline]
    pub(crate) fn token(&mut self) -> Option<Token> {
        // Most values have a short form, and most tokens are text.
        match self.byte()? {
            marker @ 0xa0..=0xbf => self.text(usize::from(marker & 0x1f)),
            marker @ 0x00..=0x7f => Some(Token::Unsigned(marker.into())),
            marker => self.token_behind(marker),
        }
    }

    /// The token behind a marker that is neither a number nor the length of a text.
    fn token_behind(&mut self, marker: u8) -> Option<Token> {
        match marker {
            0x80..=0x8f => self.map(usize::from(marker & 0x0f)),
            0x90..=0x9f => self.array(usize::from(marker & 0x0f)),
            0x00..=0x7f | 0xa0..=0xbf | 0xc1 => None,
            0xc0 => Some(Token::Nil),
            0xc2 => Some(Token::False),
            0xc3 => Some(Token::True),
            0xc4 => self.length::<1>().and_then(|len| self.binary(len)),
            0xc5 => self.length::<2>().and_then(|len| self.binary(len)),
            0xc6 => self.length::<4>().and_then(|len| self.binary(len)),
            0xc7 => self.length::<1>().and_then(|len| self.extension(len)),
            0xc8 => self.length::<2>().and_then(|len| self.extension(len)),
            0xc9 => self.length::<4>().and_then(|len| self.extension(len)),
            0xca => self.number(|bytes| float(f32::from_be_bytes(bytes).into())),
            0xcb => self.number(|bytes| float(f64::from_be_bytes(bytes))),
            0xcc => self.number(|bytes| Token::Unsigned(u8::from_be_bytes(bytes).into())),
            0xcd => self.number(|bytes| Token::Unsigned(u16::from_be_bytes(bytes).into())),
            0xce => self.number(|bytes| Token::Unsigned(u32::from_be_bytes(bytes).into())),
            0xcf => self.number(|bytes| Token::Unsigned(u64::from_be_bytes(bytes))),
            0xd0 => self.number(|bytes| signed(i8::from_be_bytes(bytes).into())),
            0xd1 => self.number(|bytes| signed(i16::from_be_bytes(bytes).into())),
            0xd2 => self.number(|bytes| signed(i32::from_be_bytes(bytes).into())),
            0xd3 => self.number(|bytes| signed(i64::from_be_bytes(bytes))),
            0xd4 if self.strip(&[0, 0]) => Some(Token::Undefined),
            0xd4 => self.extension(1),
            0xd5 => self.extension(2),
            0xd6 => self.extension(4),
            0xd7 if self.rest.len() > 8 && self.strip(&[0]) => {
                self.number(|bytes| Token::Date(i64::from_be_bytes(bytes)))
            }
            0xd7 => self.extension(8),
            0xd8 => self.extension(16),
            0xd9 => self.length::<1>().and_then(|len| self.text(len)),
            0xda => self.length::<2>().and_then(|len| self.text(len)),
            0xdb => self.length::<4>().and_then(|len| self.text(len)),
            0xdc => self.length::<2>().and_then(|len| self.array(len)),
            0xdd => self.length::<4>().and_then(|len| self.array(len)),
            0xde => self.length::<2>().and_then(|len| self.map(len)),
            0xdf => self.length::<4>().and_then(|len| self.map(len)),
            0xe0..=0xff => Some(Token::Signed(marker.cast_signed().into())),
        }
    }

    /// The bytes of a token that says how many follow.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn number<const N: usize>(&mut self, read: impl FnOnce([u8; N]) -> Token) -> Option<Token> {
        let (&bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(read(bytes))
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

    fn extension(&mut self, len: usize) -> Option<Token> {
        let kind = self.byte()?;
        (len <= self.rest.len()).then_some(match kind {
            0 => Token::Binary(len),
            _ => Token::Extension(len),
        })
    }

    #[inline]
    fn text(&self, len: usize) -> Option<Token> {
        (len <= self.rest.len()).then_some(Token::Text(len))
    }

    fn binary(&self, len: usize) -> Option<Token> {
        (len <= self.rest.len()).then_some(Token::Binary(len))
    }

    /// Each value has at least one byte.
    fn array(&self, len: usize) -> Option<Token> {
        (len <= self.rest.len()).then_some(Token::Array(len))
    }

    fn map(&self, len: usize) -> Option<Token> {
        (len <= self.rest.len() / 2).then_some(Token::Map(len))
    }
}

fn signed(value: i64) -> Token {
    u64::try_from(value).map_or(Token::Signed(value), Token::Unsigned)
}

fn float(value: f64) -> Token {
    Token::Float(value.to_bits())
}

#[cfg(test)]
mod tests;
