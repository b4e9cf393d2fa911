//! The listeners of one event, in the order in which they are called.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::iter::{Chain, Rev};
use core::slice;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::removed::Removed;

/// A list of this length is swept at every change that may have left something dead.
const SMALL: usize = 16;

/// A sweep costs as much as what it looks at is long, so elsewhere it waits until so large a share
/// of that may be dead, a quarter: a constant per change.
pub(crate) const SWEEP_SHARE: usize = 4;

/// One registration.
#[derive(Clone, Debug)]
pub(crate) struct Entry<L> {
    seq: u64,
    /// For a listener to be called once: whether somebody has called it. Copies of the list share
    /// the flag.
    claimed: Option<Arc<AtomicBool>>,
    /// `None` once it was taken off; the place is kept until the next sweep.
    listener: Option<L>,
}

impl<L> Entry<L> {
    pub(crate) fn new(seq: u64, once: bool, listener: L) -> Self {
        Self {
            seq,
            claimed: once.then(Arc::default),
            listener: Some(listener),
        }
    }

    /// The listener, if it may be called now. For one that is called once this is the claim: only
    /// one caller ever gets it.
    pub(crate) fn claim(&self) -> Option<&L> {
        // What was taken off here may still be on in an older copy, whose claim this must not be.
        let listener = self.listener.as_ref()?;
        // The flag guards nothing but itself, so the atomicity of the swap is all that is needed.
        match &self.claimed {
            Some(claimed) if claimed.swap(true, Ordering::Relaxed) => None,
            _ => Some(listener),
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.listener.is_some() && !self.is_claimed()
    }

    fn is_claimed(&self) -> bool {
        matches!(&self.claimed, Some(claimed) if claimed.load(Ordering::Relaxed))
    }
}

/// All entries of a list, in calling order.
pub(crate) type Entries<'a, L> = Chain<Rev<slice::Iter<'a, Entry<L>>>, slice::Iter<'a, Entry<L>>>;

/// Two stacks that grow away from each other, so that prepending costs what appending costs.
/// Numbers rise along both, so an entry is found by bisection.
#[derive(Clone, Debug)]
pub(crate) struct List<L> {
    /// What was prepended, the last one first to be called.
    front: Vec<Entry<L>>,
    back: Vec<Entry<L>>,
    /// Entries that have a listener, called or not.
    present: usize,
    /// Those among them that are called once.
    once: usize,
    /// How many changes since the last sweep may have left a dead entry.
    stale: usize,
}

impl<L> Default for List<L> {
    fn default() -> Self {
        Self {
            front: Vec::new(),
            back: Vec::new(),
            present: 0,
            once: 0,
            stale: 0,
        }
    }
}

impl<L> List<L> {
    pub(crate) fn append(&mut self, entry: Entry<L>, removed: &mut Removed<L>) {
        self.count_in(&entry);
        self.back.push(entry);
        self.tidy(removed);
    }

    pub(crate) fn prepend(&mut self, entry: Entry<L>, removed: &mut Removed<L>) {
        self.count_in(&entry);
        self.front.push(entry);
        self.tidy(removed);
    }

    /// Takes one listener off; false if it is not here or was called as often as it wished. What a
    /// sweep finds besides goes to `removed`.
    #[inline]
    pub(crate) fn remove(
        &mut self,
        seq: u64,
        taken: &mut Option<L>,
        removed: &mut Removed<L>,
    ) -> bool {
        // The youngest often leaves first. In a list without dead entries it leaves no place to
        // sweep.
        if self.stale == 0
            && self.once == 0
            && let Some(entry) = self.back.last_mut()
            && entry.seq == seq
        {
            *taken = entry.listener.take();
            self.back.truncate(self.back.len() - 1);
            self.present -= 1;
            give_back(&mut self.back);
            return true;
        }
        self.remove_anywhere(seq, taken, removed)
    }

    fn remove_anywhere(
        &mut self,
        seq: u64,
        taken: &mut Option<L>,
        removed: &mut Removed<L>,
    ) -> bool {
        let Some(entry) = find(&mut self.back, seq).or_else(|| find(&mut self.front, seq)) else {
            return false;
        };
        let was_live = entry.is_live();
        *taken = entry.listener.take();
        if taken.is_none() {
            return false;
        }
        self.once -= usize::from(entry.claimed.is_some());
        self.present -= 1;
        self.stale += 1;
        self.tidy(removed);
        was_live
    }

    /// Takes everything off.
    pub(crate) fn clear(&mut self, removed: &mut Removed<L>) {
        for entry in self.front.drain(..).chain(self.back.drain(..)) {
            removed.extend(entry.listener);
        }
        *self = Self::default();
    }

    /// Drops the places of what was taken off, and the listeners that were called once.
    pub(crate) fn sweep(&mut self, removed: &mut Removed<L>) {
        for entries in [&mut self.front, &mut self.back] {
            entries.retain_mut(|entry| {
                let live = entry.is_live();
                if !live && let Some(listener) = entry.listener.take() {
                    self.present -= 1;
                    self.once -= 1;
                    removed.push(listener);
                }
                live
            });
            give_back(entries);
        }
        self.stale = 0;
    }

    /// Whether a sweep would find something.
    pub(crate) fn is_dirty(&self) -> bool {
        self.present != self.len()
            || (self.once > 0 && self.entries().any(|entry| !entry.is_live()))
    }

    /// Whether nothing is registered; a listener that was called once counts until it is swept.
    pub(crate) fn is_vacant(&self) -> bool {
        self.present == 0
    }

    /// Whether the listener is here, called or not.
    pub(crate) fn contains(&self, seq: u64) -> bool {
        if let Some(entry) = self.back.last()
            && entry.seq == seq
        {
            return entry.listener.is_some();
        }
        [&self.front, &self.back].into_iter().any(|entries| {
            let at = entries.binary_search_by_key(&seq, |entry| entry.seq);
            let entry = at.ok().and_then(|at| entries.get(at));
            entry.is_some_and(|entry| entry.listener.is_some())
        })
    }

    /// How many listeners would be called. Counts one by one only if some are called once.
    pub(crate) fn live(&self) -> usize {
        match self.once {
            0 => self.present,
            _ => self.entries().filter(|entry| entry.is_live()).count(),
        }
    }

    /// Whether any listener would be called.
    pub(crate) fn has_live(&self) -> bool {
        self.present > self.once || self.entries().any(Entry::is_live)
    }

    /// Places, dead ones too.
    pub(crate) fn len(&self) -> usize {
        self.front.len() + self.back.len()
    }

    pub(crate) fn entries(&self) -> Entries<'_, L> {
        self.front.iter().rev().chain(self.back.iter())
    }

    fn count_in(&mut self, entry: &Entry<L>) {
        self.present += 1;
        self.once += usize::from(entry.claimed.is_some());
        // Nobody reports a claim, so any change may be the first after one.
        self.stale += usize::from(self.once > 0);
    }

    fn tidy(&mut self, removed: &mut Removed<L>) {
        let small = self.len() <= SMALL;
        if self.stale > 0 && (small || self.stale * SWEEP_SHARE >= self.len()) {
            self.sweep(removed);
        }
    }
}

/// Frees what a list that was much longer no longer needs.
fn give_back<L>(entries: &mut Vec<Entry<L>>) {
    if entries.capacity() / 4 > entries.len().max(SMALL) {
        entries.shrink_to(entries.len() * 2);
    }
}

fn find<L>(entries: &mut [Entry<L>], seq: u64) -> Option<&mut Entry<L>> {
    let at = entries.binary_search_by_key(&seq, |entry| entry.seq).ok()?;
    entries.get_mut(at)
}
