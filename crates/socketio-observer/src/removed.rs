//! Listeners on their way out.

use alloc::vec::Vec;
use core::mem;

/// Listeners that changes took out of a registry and that nobody has dropped yet: what
/// [`Observers::take_removed`] returns.
///
/// Drop it where a listener's destructor may run. One listener costs no allocation.
///
/// [`Observers::take_removed`]: crate::Observers::take_removed
#[derive(Debug)]
#[must_use = "dropping it runs the destructors of the listeners"]
pub struct Removed<L>(Pile<L>);

#[derive(Debug)]
enum Pile<L> {
    None,
    One(L),
    Many(Vec<L>),
}

impl<L> Removed<L> {
    pub(crate) const fn new() -> Self {
        Self(Pile::None)
    }

    /// How many listeners there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Pile::None => 0,
            Pile::One(_) => 1,
            Pile::Many(listeners) => listeners.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn push(&mut self, listener: L) {
        self.0 = match mem::replace(&mut self.0, Pile::None) {
            Pile::None => Pile::One(listener),
            Pile::One(first) => Pile::Many([first, listener].into()),
            Pile::Many(mut listeners) => {
                listeners.push(listener);
                Pile::Many(listeners)
            }
        };
    }

    pub(crate) fn extend(&mut self, listeners: impl IntoIterator<Item = L>) {
        for listener in listeners {
            self.push(listener);
        }
    }
}

impl<L> Removed<L> {
    pub(crate) fn append(&mut self, other: Self) {
        match other.0 {
            Pile::None => {}
            Pile::One(listener) => self.push(listener),
            Pile::Many(listeners) => self.extend(listeners),
        }
    }
}

impl<L> Default for Removed<L> {
    fn default() -> Self {
        Self::new()
    }
}
