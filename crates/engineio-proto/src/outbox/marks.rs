//! Which packets of a queue belong to a batch that may be taken back.

use alloc::collections::VecDeque;
use core::ops::Range;

/// The name of a batch that may be taken back, given by whoever sends it: a number above 0 and
/// above those before it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Mark(pub u64);

/// One key for each packet of the queue, never descending: twice the mark for the packets of a
/// batch, and one more for those without a mark behind it. So a batch is found by bisection.
#[derive(Debug)]
pub(super) struct Marks {
    keys: VecDeque<u64>,
    /// The key of the next packet.
    next: u64,
    /// The key of the packet that has left last.
    pulled: u64,
}

/// The largest number of which there is a key.
const MAX: u64 = u64::MAX >> 1;

impl Marks {
    /// For a queue that has so many packets without a mark.
    pub(super) fn over(waiting: usize) -> Self {
        let keys = core::iter::repeat_n(UNMARKED, waiting).collect();
        Self {
            keys,
            next: UNMARKED,
            pulled: 0,
        }
    }

    /// What is pushed from now on has this mark, unless it is no new one.
    pub(super) fn begin(&mut self, mark: Mark) {
        let Mark(number) = mark;
        if number > self.next >> 1 && number <= MAX {
            self.next = number << 1;
        }
    }

    /// What is pushed from now on has no mark.
    pub(super) fn end(&mut self) {
        self.next |= UNMARKED;
    }

    pub(super) fn push(&mut self) {
        self.keys.push_back(self.next);
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.keys.truncate(len);
    }

    pub(super) fn pop(&mut self) {
        if let Some(key) = self.keys.pop_front() {
            self.pulled = key;
        }
        if self.keys.is_empty() {
            self.keys = VecDeque::new();
        }
    }

    /// Everything has left.
    pub(super) fn clear(&mut self) {
        self.pulled = self.keys.back().copied().unwrap_or(self.pulled);
        self.keys = VecDeque::new();
    }

    /// The places of the batch, which is out of the list then. `None` if it is not there, or not
    /// whole.
    pub(super) fn remove(&mut self, mark: Mark) -> Option<Range<usize>> {
        let key = mark.0.checked_mul(2).filter(|key| *key > self.pulled)?;
        let start = self.keys.partition_point(|it| *it < key);
        let end = self.keys.partition_point(|it| *it <= key);
        self.keys.drain(start..end);
        (start < end).then_some(start..end)
    }

    pub(super) fn pulled(&self) -> Mark {
        Mark(self.pulled >> 1)
    }
}

/// The key of packets before the first mark, and the bit by which those without a mark differ.
const UNMARKED: u64 = 1;
