//! Over whole values, without reading them.
//!
//! Depth costs no recursion: whoever has to know it keeps a stack. Most values need not even that,
//! since they have fewer lists and maps than may lie inside each other.

use super::{Cursor, Token};
use crate::DecodeError;
use smallvec::SmallVec;

impl Cursor<'_> {
    /// Passes over one value, and tells whether there is binary data in it.
    ///
    /// # Errors
    ///
    /// Malformed, or lists and maps nested deeper than `max_depth`.
    #[inline]
    pub(crate) fn skip(&mut self, max_depth: usize) -> Result<bool, DecodeError> {
        let first = self.token().ok_or(DecodeError::Malformed)?;
        self.skip_behind(first, max_depth)
    }

    /// Passes over the rest of a value whose first token has been read; otherwise as
    /// [`skip`](Self::skip).
    #[inline]
    pub(crate) fn skip_behind(
        &mut self,
        first: Token,
        max_depth: usize,
    ) -> Result<bool, DecodeError> {
        match first {
            Token::Array(_) | Token::Map(_) => self.skip_inside(first, max_depth),
            scalar => self.pass_scalar(scalar, |_| true),
        }
    }

    fn skip_inside(&mut self, first: Token, max_depth: usize) -> Result<bool, DecodeError> {
        self.pass(first, max_depth, |_| true)
    }

    /// Passes over one value and checks that its text is UTF-8.
    ///
    /// # Errors
    ///
    /// As for [`skip`](Self::skip), or [`DecodeError::Payload`] for text.
    pub(crate) fn check(&mut self, max_depth: usize) -> Result<(), DecodeError> {
        let first = self.token().ok_or(DecodeError::Malformed)?;
        // Most text is short and ASCII, which takes no call to see.
        self.pass(first, max_depth, |text| {
            text.is_ascii() || core::str::from_utf8(text).is_ok()
        })?;
        Ok(())
    }

    /// Passes over the rest of a value that begins with `first`.
    #[inline]
    fn pass(
        &mut self,
        first: Token,
        max_depth: usize,
        is_text: impl Fn(&[u8]) -> bool,
    ) -> Result<bool, DecodeError> {
        let start = *self;
        if let Some(is_binary) = self.pass_few(first, max_depth, &is_text)? {
            return Ok(is_binary);
        }
        *self = start;
        self.pass_nested(first, max_depth, is_text)
    }

    /// `None` where there are more than `lists` lists and maps.
    #[inline]
    fn pass_few(
        &mut self,
        first: Token,
        mut lists: usize,
        is_text: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<bool>, DecodeError> {
        let mut is_binary = false;
        // No overflow: each list adds no more than there are bytes.
        let mut missing = 0_u64;
        let mut token = first;
        loop {
            if let Some(inside) = token.inside() {
                let Some(left) = lists.checked_sub(1) else {
                    return Ok(None);
                };
                lists = left;
                missing += inside as u64;
            } else {
                is_binary |= self.pass_scalar(token, &is_text)?;
            }
            let Some(left) = missing.checked_sub(1) else {
                return Ok(Some(is_binary));
            };
            missing = left;
            token = self.token().ok_or(DecodeError::Malformed)?;
        }
    }

    /// The same with a stack.
    #[cold]
    fn pass_nested(
        &mut self,
        first: Token,
        max_depth: usize,
        is_text: impl Fn(&[u8]) -> bool,
    ) -> Result<bool, DecodeError> {
        let mut is_binary = false;
        // How many values are missing here, and in each of the lists and maps around.
        let mut missing = 0_usize;
        let mut around = SmallVec::<[usize; 32]>::new();
        let mut token = first;
        loop {
            if let Some(inside) = token.inside() {
                if around.len() >= max_depth {
                    return Err(DecodeError::Limit { what: "depth" });
                }
                around.push(missing);
                missing = inside;
            } else {
                is_binary |= self.pass_scalar(token, &is_text)?;
            }
            while missing == 0 {
                let Some(outer) = around.pop() else {
                    return Ok(is_binary);
                };
                missing = outer;
            }
            missing -= 1;
            token = self.token().ok_or(DecodeError::Malformed)?;
        }
    }

    /// Moves behind the bytes that a scalar announces, and tells whether they are binary data.
    #[inline]
    fn pass_scalar(
        &mut self,
        scalar: Token,
        is_text: impl Fn(&[u8]) -> bool,
    ) -> Result<bool, DecodeError> {
        if let Token::Text(len) | Token::Binary(len) | Token::Extension(len) = scalar {
            let bytes = self.take(len).ok_or(DecodeError::Malformed)?;
            if matches!(scalar, Token::Text(_)) && !is_text(bytes) {
                return Err(DecodeError::Payload);
            }
        }
        Ok(matches!(scalar, Token::Binary(_)))
    }
}

impl Token {
    /// How many values are in a list or map.
    #[inline]
    fn inside(self) -> Option<usize> {
        match self {
            Self::Array(len) => Some(len),
            // No overflow: there are bytes for this many values.
            Self::Map(len) => Some(2 * len),
            _ => None,
        }
    }
}
