//! A deadline for each thing that a session does by itself.

use crate::Instant;
use core::marker::PhantomData;

/// What can be due, at most one of each: an enum that lists itself.
pub(crate) trait Kind<const N: usize>: Copy + PartialEq {
    /// All of them; of several that are due, the first comes first.
    const ALL: [Self; N];
}

/// "Not set". A deadline that saturates here is 584,000 years away: the same thing.
const NEVER: Instant = Instant::MAX;

#[derive(Debug)]
pub(crate) struct Timers<K, const N: usize> {
    /// In the order of the kinds.
    at: [Instant; N],
    kind: PhantomData<K>,
}

impl<K: Kind<N>, const N: usize> Timers<K, N> {
    pub(crate) fn new() -> Self {
        Self {
            at: [NEVER; N],
            kind: PhantomData,
        }
    }

    pub(crate) fn set(&mut self, timer: K, at: Instant) {
        for (kind, slot) in K::ALL.into_iter().zip(&mut self.at) {
            if kind == timer {
                *slot = at;
            }
        }
    }

    pub(crate) fn clear(&mut self, timer: K) {
        self.set(timer, NEVER);
    }

    pub(crate) fn clear_all(&mut self) {
        self.at = [NEVER; N];
    }

    /// Takes one timer that is due.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<K> {
        let (kind, slot) = K::ALL
            .into_iter()
            .zip(&mut self.at)
            .find(|(_, at)| **at != NEVER && **at <= now)?;
        *slot = NEVER;
        Some(kind)
    }

    pub(crate) fn is_set(&self, timer: K) -> bool {
        self.at(timer).is_some()
    }

    /// When it is due, if it is set.
    pub(crate) fn at(&self, timer: K) -> Option<Instant> {
        let mut timers = K::ALL.into_iter().zip(self.at);
        let (_, at) = timers.find(|(kind, at)| *kind == timer && *at != NEVER)?;
        Some(at)
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.at.into_iter().min().filter(|at| *at != NEVER)
    }
}
