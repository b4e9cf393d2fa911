//! Arguments one by one, out of the frame.

use super::de::Reader;
use super::scan::{Cursor, Token};
use bytes::Bytes;
use serde_json::Error;

/// A missing argument.
const NIL: &[u8] = &[0xc0];

/// Cursor over arguments, of which so many are left.
#[derive(Clone, Debug)]
pub(crate) struct Arguments<'a> {
    cursor: Cursor<'a>,
    left: usize,
    /// What holds the bytes, for those who want to share it.
    shared: Option<&'a Bytes>,
}

impl<'a> Arguments<'a> {
    /// The elements of a list; none of what is no list.
    pub(crate) fn of_list(data: &'a [u8]) -> Self {
        let mut cursor = Cursor::new(data);
        let left = match cursor.token() {
            Some(Token::Array(len)) => len,
            _ => 0,
        };
        Self {
            cursor,
            left,
            shared: None,
        }
    }

    /// The elements from the second on, which begins at `second` of the list.
    pub(crate) fn of_event(list: &'a [u8], second: usize) -> Self {
        let arguments = Self::of_list(list);
        Self {
            cursor: Cursor::new(list.get(second..).unwrap_or_default()),
            left: arguments.left.saturating_sub(1),
            shared: None,
        }
    }

    /// One value, or nothing.
    pub(crate) fn of_value(data: &'a [u8]) -> Self {
        Self {
            cursor: Cursor::new(data),
            left: usize::from(!data.is_empty()),
            shared: None,
        }
    }

    /// Lets dynamic values share `bytes`, of which the arguments are a part.
    pub(crate) fn sharing(mut self, bytes: Option<&'a Bytes>) -> Self {
        self.shared = bytes;
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.left == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.left
    }

    /// Moves behind the next argument.
    pub(crate) fn pass(&mut self) {
        self.left = match self.cursor.skip(usize::MAX) {
            Ok(_) => self.left.saturating_sub(1),
            Err(_) => 0,
        };
    }

    /// Hands the next argument to `read` and moves behind it, whatever became of it.
    pub(crate) fn read<R>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        if self.is_empty() {
            return read(&mut Reader::new(Cursor::new(NIL), None));
        }
        let mut reader = Reader::new(self.cursor, self.shared);
        let result = read(&mut reader);
        let behind = reader.into_cursor();
        // A type may decide to read nothing.
        if result.is_ok() && behind.rest().len() < self.cursor.rest().len() {
            self.cursor = behind;
            self.left -= 1;
        } else {
            self.pass();
        }
        result
    }
}
