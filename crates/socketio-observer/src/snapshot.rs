//! The listeners of one emission.

use core::iter::FusedIterator;
use core::{fmt, slice};

use crate::list::{Entries, List};
use crate::sharing::{Atomic, Sharing};

/// The listeners of one event at one moment, the catch-all ones first: what [`Observers::snapshot`]
/// returns.
///
/// Later changes of the registry do not reach it, so it can be walked with no lock held while
/// listeners are added and taken off. It holds two reference counts at most. A change of the
/// registry during its life costs a copy of the list concerned, so drop it after the walk.
///
/// [`Observers::snapshot`]: crate::Observers::snapshot
pub struct Snapshot<L, S: Sharing = Atomic> {
    pub(crate) any: Option<S::Pointer<List<L>>>,
    pub(crate) named: Option<S::Pointer<List<L>>>,
}

impl<L, S: Sharing> Snapshot<L, S> {
    /// The listeners to call, in order.
    ///
    /// A listener that is called once is claimed in the moment in which the iterator yields it: no
    /// other walk, of this or any other snapshot, on this or any other thread, yields it again. So
    /// call whatever comes out, and ask
    /// [`is_empty`](Self::is_empty) if the question is only whether there are any.
    pub fn iter(&self) -> Iter<'_, L> {
        Iter {
            any: entries(self.any.as_deref()),
            named: entries(self.named.as_deref()),
        }
    }

    /// Whether a walk would yield nothing. Claims nothing, and stops at the first listener that it
    /// finds.
    pub fn is_empty(&self) -> bool {
        ![&self.any, &self.named]
            .into_iter()
            .flatten()
            .any(|list| list.has_live())
    }
}

impl<L, S: Sharing> Clone for Snapshot<L, S> {
    fn clone(&self) -> Self {
        Self {
            any: self.any.clone(),
            named: self.named.clone(),
        }
    }
}

/// An empty snapshot.
impl<L, S: Sharing> Default for Snapshot<L, S> {
    fn default() -> Self {
        Self {
            any: None,
            named: None,
        }
    }
}

impl<L, S: Sharing> fmt::Debug for Snapshot<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = |list: &Option<S::Pointer<List<L>>>| list.as_ref().map_or(0, |list| list.live());
        f.debug_struct("Snapshot")
            .field("any", &live(&self.any))
            .field("named", &live(&self.named))
            .finish()
    }
}

impl<'a, L, S: Sharing> IntoIterator for &'a Snapshot<L, S> {
    type Item = &'a L;
    type IntoIter = Iter<'a, L>;

    fn into_iter(self) -> Iter<'a, L> {
        self.iter()
    }
}

/// Walks a [`Snapshot`]; see [`Snapshot::iter`].
pub struct Iter<'a, L> {
    any: Entries<'a, L>,
    named: Entries<'a, L>,
}

impl<'a, L> Iterator for Iter<'a, L> {
    type Item = &'a L;

    fn next(&mut self) -> Option<&'a L> {
        self.any
            .find_map(|entry| entry.claim())
            .or_else(|| self.named.find_map(|entry| entry.claim()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let places = self.any.size_hint().0 + self.named.size_hint().0;
        (0, Some(places))
    }

    fn fold<B, F: FnMut(B, &'a L) -> B>(self, init: B, f: F) -> B {
        self.any
            .chain(self.named)
            .filter_map(|entry| entry.claim())
            .fold(init, f)
    }
}

impl<L> FusedIterator for Iter<'_, L> {}

impl<L> fmt::Debug for Iter<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

fn entries<L>(list: Option<&List<L>>) -> Entries<'_, L> {
    match list {
        Some(list) => list.entries(),
        None => slice::Iter::default().rev().chain(slice::Iter::default()),
    }
}
