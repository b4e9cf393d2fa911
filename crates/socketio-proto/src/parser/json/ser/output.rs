//! The buffer that is written to: bytes, and strings that need no escapes.
//!
//! Most strings of a packet are so short that a call of memcpy, and keeping the length of the
//! buffer up with each quote, would be most of the work. So all pieces have a size here that the
//! compiler knows; what was too much is taken off again.

use crate::parser::json::scan::{is_plain, plain_half, plain_word};
use alloc::vec::Vec;
use core::fmt;

/// What has been written: UTF-8, since all of it comes from texts, whole.
#[derive(Debug)]
pub(super) struct Output(pub(super) Vec<u8>);

impl Output {
    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        self.0.push(byte);
    }

    #[inline]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A string with its quotes, and what follows it. `None` if there is something to escape:
    /// then nothing is written.
    #[inline]
    pub(super) fn plain_string(&mut self, text: &[u8], tail: Tail) -> Option<()> {
        if text.len() <= SHORT {
            self.short_string(text, tail)
        } else {
            self.long_string(text, tail)
        }
    }

    /// All of it in one word.
    #[inline]
    fn short_string(&mut self, text: &[u8], tail: Tail) -> Option<()> {
        let (behind, tail_len) = tail.bytes();
        let behind = u16::from_le_bytes(behind);
        let place = 8 * (text.len() + 1);
        let end = self.0.len() + 1 + text.len() + tail_len;
        if text.len() <= SHORTEST {
            let whole = u64::from(b'"') | plain_half(text)? << 8 | u64::from(behind) << place;
            self.0.extend_from_slice(&whole.to_le_bytes());
        } else {
            let whole = u128::from(b'"') | plain_word(text)? << 8 | u128::from(behind) << place;
            self.0.extend_from_slice(&whole.to_le_bytes());
        }
        self.0.truncate(end);
        Some(())
    }

    #[inline]
    fn long_string(&mut self, text: &[u8], tail: Tail) -> Option<()> {
        let start = self.0.len();
        self.0.reserve(text.len() + CLOSING);
        self.0.push(b'"');
        if self.copy_plain(text).is_none() {
            self.0.truncate(start);
            return None;
        }
        let (bytes, tail_len) = tail.bytes();
        let end = self.0.len() + tail_len;
        self.0.extend_from_slice(&bytes);
        self.0.truncate(end);
        Some(())
    }

    /// The last block may lie over part of the one before.
    #[inline]
    fn copy_plain(&mut self, text: &[u8]) -> Option<()> {
        let (blocks, rest) = text.as_chunks::<16>();
        for block in blocks {
            if !is_plain(block) {
                return None;
            }
            self.0.extend_from_slice(block);
        }
        if let Some(last) = text.last_chunk::<16>() {
            if rest.is_empty() {
                return Some(());
            }
            self.0.truncate(self.0.len() - (16 - rest.len()));
            self.0.extend_from_slice(last);
            return is_plain(last).then_some(());
        }
        // One or two bytes over a short string.
        self.0.extend_from_slice(rest);
        plain_word(rest).map(drop)
    }
}

/// The longest text that fits into one word with its quotes and tail.
const SHORT: usize = size_of::<u128>() - 3;

/// The same for half a word, which is where most keys go.
const SHORTEST: usize = size_of::<u64>() - 3;

/// Room for the quotes of a long string, and for the little that most often follows: so that a
/// buffer of which it is the most part does not grow once more, by its double.
const CLOSING: usize = 32;

/// What follows a string.
#[derive(Clone, Copy)]
pub(super) enum Tail {
    Nothing,
    /// The string is the key of a member.
    Colon,
}

impl Tail {
    /// With the closing quote, and how many of these bytes count.
    #[inline]
    fn bytes(self) -> ([u8; 2], usize) {
        match self {
            Self::Nothing => ([b'"', 0], 1),
            Self::Colon => ([b'"', b':'], 2),
        }
    }
}

/// For what only `core::fmt` can write.
impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.extend(text.as_bytes());
        Ok(())
    }
}
