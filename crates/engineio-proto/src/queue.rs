//! A queue that gives its memory back.

use alloc::collections::VecDeque;
use core::ops::Range;

/// First in, first out. Storage for more than a few items is freed when the last one leaves, so
/// that a burst is not paid for by the rest of the session.
#[derive(Debug)]
pub(crate) struct Queue<T>(VecDeque<T>);

/// Items whose storage an idle queue keeps.
const KEEP: usize = 4;

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(crate) fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.0.pop_front();
        if self.0.is_empty() && self.0.capacity() > KEEP {
            self.0 = VecDeque::new();
        }
        item
    }

    pub(crate) fn remove_if(&mut self, condition: impl Fn(&T) -> bool) {
        self.0.retain(|item| !condition(item));
    }

    /// Keeps the oldest `len` items.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Takes the items at these places out. They have to be there.
    pub(crate) fn drain(&mut self, places: Range<usize>) -> impl Iterator<Item = T> {
        self.0.drain(places)
    }

    pub(crate) fn clear(&mut self) {
        self.0 = VecDeque::new();
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}
