//! The registry.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry as Place;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::{fmt, mem};

use crate::list::{Entry, List, SWEEP_SHARE};
use crate::removed::Removed;
use crate::sharing::{Atomic, Sharing};
use crate::snapshot::Snapshot;

/// Names one registration of one registry, for [`Observers::off`].
///
/// Never given twice by a registry, so an id that has outlived its listener names nothing. A clone
/// of a registry knows the ids given before the clone; what either gives afterwards, and the ids of
/// unrelated registries, mean nothing to the other. Ids sort by age.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ListenerId {
    seq: u64,
    slot: usize,
}

/// An event found once and for all, for [`Observers::snapshot_of`]: what [`Observers::resolve`]
/// returns.
#[derive(Debug)]
#[must_use = "give it back by `Observers::release`, or the name of the event is kept"]
pub struct Resolved {
    slot: usize,
}

impl Resolved {
    /// Moves it out of a place that must keep one, which then leads nowhere.
    pub(crate) fn take(&mut self) -> Self {
        Self {
            slot: mem::replace(&mut self.slot, ANY),
        }
    }
}

/// The slot of the catch-all listeners, in ids; past the end of the named ones.
const ANY: usize = usize::MAX;

/// How many changes that may leave a name without listeners a small registry waits before it looks.
const MIN_STALE: usize = 16;

/// Listeners by event, in calling order.
///
/// It stores and calls nothing: `L` is any value, a closure behind a pointer, the sender of a
/// channel, a number. Whoever emits takes a [`Snapshot`] by shared access and calls what it yields:
///
/// ```
/// use socketio_observer::Observers;
///
/// let mut observers = Observers::new();
/// observers.on("greet", "a");
/// let b = observers.once("greet", "b");
/// observers.on_any("log");
/// observers.prepend("greet", "first");
///
/// let called = |o: &Observers<_, _>| o.snapshot("greet").iter().copied().collect::<Vec<_>>();
/// assert_eq!(called(&observers), ["log", "first", "a", "b"]);
/// assert_eq!(called(&observers), ["log", "first", "a"]);
/// assert!(!observers.off(b), "it was called");
/// ```
///
/// # Costs
///
/// `on`, `off` and their kin take logarithmic time in events and listeners, amortised, in whatever
/// order a million listeners or a million events come and go; but the first change of an event
/// after a snapshot that still lives copies that event's list. [`snapshot`](Self::snapshot) takes
/// one look-up and at most two reference counts, [`clone`](Clone::clone) one reference count per
/// event. A new registry allocates nothing. The memory of listeners taken off, of names that no
/// listener is left for, and of listeners called once is given back by later changes, so that at
/// most a fixed share of what is alive, and a few more, are dead.
///
/// Reference counts are atomic; a registry of one thread may share its lists by
/// [`Unsync`](crate::Unsync) instead, see [`with_sharing`](Self::with_sharing).
///
/// # Behind a lock
///
/// A change drops what it takes out. If the registry is behind a lock and a listener may own
/// something whose destructor comes back to the registry, that is a dead lock: use
/// [`keep_removed`](Self::keep_removed) there.
pub struct Observers<K, L, S: Sharing = Atomic> {
    next: u64,
    index: BTreeMap<K, usize>,
    slots: Vec<Slot<L, S>>,
    /// Slots that no name leads to.
    free: Vec<usize>,
    any: Slot<L, S>,
    removed: Removed<L>,
    keep_removed: bool,
    /// How many changes since the last sweep may leave a name without listeners, and how many start
    /// the next.
    stale: usize,
    stale_limit: usize,
}

/// The listeners of one event. Free if it has no list and is not pinned.
struct Slot<L, S: Sharing> {
    list: Option<S::Pointer<List<L>>>,
    /// How many [`Resolved`] lead here.
    pins: usize,
}

impl<K, L> Observers<K, L> {
    /// An empty registry, which allocates nothing.
    pub const fn new() -> Self {
        Self::with_sharing()
    }
}

impl<K, L, S: Sharing> Observers<K, L, S> {
    /// An empty registry that shares its lists as its type says; allocates nothing.
    pub const fn with_sharing() -> Self {
        Self {
            next: 0,
            index: BTreeMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            any: Slot::new(),
            removed: Removed::new(),
            keep_removed: false,
            stale: 0,
            stale_limit: MIN_STALE,
        }
    }

    /// The same registry, which from now on drops no listener by itself: what changes take out
    /// waits for [`take_removed`](Self::take_removed). For registries behind a lock, whose owner
    /// calls that after each change and drops the result after the lock.
    pub fn keep_removed(mut self) -> Self {
        self.keep_removed = true;
        self
    }

    /// What changes took out since the last call. Always empty without
    /// [`keep_removed`](Self::keep_removed).
    pub fn take_removed(&mut self) -> Removed<L> {
        mem::take(&mut self.removed)
    }
}

impl<K: Ord, L: Clone, S: Sharing> Observers<K, L, S> {
    /// Adds a listener behind those of the event. The same value may be added any number of times.
    pub fn on(&mut self, event: K, listener: L) -> ListenerId {
        let slot = self.slot_of(event);
        self.insert(slot, listener, false, List::append)
    }

    /// Adds a listener that is called once, behind those of the event.
    pub fn once(&mut self, event: K, listener: L) -> ListenerId {
        let slot = self.slot_of(event);
        self.insert(slot, listener, true, List::append)
    }

    /// Adds a listener behind those of a resolved event, without looking its name up.
    pub fn on_resolved(&mut self, event: &Resolved, listener: L) -> ListenerId {
        self.insert(event.slot, listener, false, List::append)
    }

    /// Adds a listener to every event, those without other listeners too. Catch-all listeners come
    /// before an event's own.
    pub fn on_any(&mut self, listener: L) -> ListenerId {
        self.insert(ANY, listener, false, List::append)
    }

    /// Adds a listener that is called once, by whatever event comes next.
    pub fn once_any(&mut self, listener: L) -> ListenerId {
        self.insert(ANY, listener, true, List::append)
    }

    /// Adds a listener before those of the event.
    pub fn prepend(&mut self, event: K, listener: L) -> ListenerId {
        let slot = self.slot_of(event);
        self.insert(slot, listener, false, List::prepend)
    }

    /// Adds a listener that is called once, before those of the event.
    pub fn prepend_once(&mut self, event: K, listener: L) -> ListenerId {
        let slot = self.slot_of(event);
        self.insert(slot, listener, true, List::prepend)
    }

    /// Adds a listener to every event, before all others.
    pub fn prepend_any(&mut self, listener: L) -> ListenerId {
        self.insert(ANY, listener, false, List::prepend)
    }

    /// Takes one listener off. False if it was off already, or was to be called once and has been.
    pub fn off(&mut self, id: ListenerId) -> bool {
        let mut taken = None;
        let was_live = self.off_into(id, &mut taken);
        if self.keep_removed {
            self.removed.extend(taken);
        }
        was_live
    }

    /// The same for whoever drops the listener in the right place. It lies where it is dropped:
    /// each move would cost more than the rest.
    #[inline]
    pub(crate) fn off_into(&mut self, id: ListenerId, taken: &mut Option<L>) -> bool {
        let slot = self.slot_mut(id.slot);
        // Look before touching: a shared list would be copied for nothing.
        let list = slot.and_then(|slot| slot.list.as_mut());
        let Some(list) = list.filter(|list| list.contains(id.seq)) else {
            return false;
        };
        let mut removed = Removed::new();
        let list = S::make_mut(list);
        let was_live = list.remove(id.seq, taken, &mut removed);
        let may_be_forgotten = list.is_vacant() && id.slot != ANY;
        self.after_change(removed, may_be_forgotten);
        was_live
    }

    /// Takes all listeners of one event off; catch-all listeners stay.
    pub fn off_event<Q: Ord + ?Sized>(&mut self, event: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some(&at) = self.index.get(event) {
            let mut removed = Removed::new();
            if let Some(slot) = self.slots.get_mut(at) {
                slot.clear(&mut removed);
                if slot.pins == 0 {
                    self.free.push(at);
                    self.index.remove(event);
                }
            }
            self.after_change(removed, false);
        }
    }

    /// Takes all catch-all listeners off; those of single events stay.
    pub fn off_any(&mut self) {
        let mut removed = Removed::new();
        self.any.clear(&mut removed);
        self.after_change(removed, false);
    }

    /// Takes everything off.
    pub fn clear(&mut self) {
        let mut removed = Removed::new();
        for slot in self.slots.iter_mut().chain([&mut self.any]) {
            slot.clear(&mut removed);
        }
        self.forget_vacant();
        self.after_change(removed, false);
    }

    /// Finds an event once, so that [`snapshot_of`](Self::snapshot_of) need not. The event may come
    /// to its listeners later, lose them, and get others. Its name is kept until
    /// [`release`](Self::release).
    pub fn resolve(&mut self, event: K) -> Resolved {
        let slot = self.slot_of(event);
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.pins += 1;
        }
        Resolved { slot }
    }

    /// Gives a resolved event back.
    #[allow(clippy::needless_pass_by_value, reason = "it must not be used again")]
    pub fn release(&mut self, event: Resolved) {
        if let Some(slot) = self.slots.get_mut(event.slot) {
            slot.pins = slot.pins.saturating_sub(1);
            self.after_change(Removed::new(), true);
        }
    }

    #[inline]
    fn insert(
        &mut self,
        slot: usize,
        listener: L,
        once: bool,
        put: impl FnOnce(&mut List<L>, Entry<L>, &mut Removed<L>),
    ) -> ListenerId {
        let seq = self.next;
        self.next += 1;
        let mut removed = Removed::new();
        if let Some(slot) = self.slot_mut(slot) {
            let list = S::make_mut(slot.list.get_or_insert_with(|| S::share(List::default())));
            put(list, Entry::new(seq, once, listener), &mut removed);
        }
        self.after_change(removed, once);
        ListenerId { seq, slot }
    }

    /// The slot of an event, made if there is none.
    fn slot_of(&mut self, event: K) -> usize {
        match self.index.entry(event) {
            Place::Occupied(place) => *place.get(),
            Place::Vacant(place) => *place.insert(self.free.pop().unwrap_or_else(|| {
                self.slots.push(Slot::new());
                self.slots.len() - 1
            })),
        }
    }

    fn slot_mut(&mut self, slot: usize) -> Option<&mut Slot<L, S>> {
        match slot {
            ANY => Some(&mut self.any),
            _ => self.slots.get_mut(slot),
        }
    }

    /// Disposes of what a change took out, when everything else about the change is done.
    /// `sweepable`: the change may be the reason for which an event has no listeners, now or after
    /// an emission.
    #[inline]
    fn after_change(&mut self, mut removed: Removed<L>, sweepable: bool) {
        self.stale += usize::from(sweepable);
        if self.stale >= self.stale_limit {
            self.sweep(&mut removed);
        }
        if self.keep_removed && !removed.is_empty() {
            self.removed.append(removed);
        }
    }

    /// Drops the listeners that were called once and the names without listeners.
    fn sweep(&mut self, removed: &mut Removed<L>) {
        let mut seen = 0;
        for slot in self.slots.iter_mut().chain([&mut self.any]) {
            slot.sweep(removed);
            seen += 1 + slot.list.as_ref().map_or(0, |list| list.len());
        }
        self.forget_vacant();
        self.stale = 0;
        self.stale_limit = MIN_STALE + seen / SWEEP_SHARE;
    }

    /// Drops the names without listeners and pins.
    fn forget_vacant(&mut self) {
        let slots = &self.slots;
        self.index
            .retain(|_, at| slots.get(*at).is_some_and(|slot| !slot.is_free()));
        let used = slots.iter().rposition(|slot| !slot.is_free());
        self.slots.truncate(used.map_or(0, |last| last + 1));
        self.slots.shrink_to(2 * self.slots.len());
        self.free.clear();
        let free = (self.slots.iter().enumerate()).filter(|(_, slot)| slot.is_free());
        self.free.extend(free.map(|(at, _)| at));
        self.free.shrink_to(2 * self.free.len());
    }
}

/// Asking changes nothing and needs shared access only.
impl<K: Ord, L, S: Sharing> Observers<K, L, S> {
    /// The listeners to call when `event` happens: the catch-all ones, then its own.
    pub fn snapshot<Q: Ord + ?Sized>(&self, event: &Q) -> Snapshot<L, S>
    where
        K: Borrow<Q>,
    {
        self.snapshot_with(self.slot(event))
    }

    /// The same for a resolved event, without looking its name up.
    pub fn snapshot_of(&self, event: &Resolved) -> Snapshot<L, S> {
        self.snapshot_with(self.slots.get(event.slot))
    }

    /// The names for which something would be called, sorted. Catch-all listeners have no name.
    pub fn events(&self) -> impl Iterator<Item = &K> {
        (self.index.iter())
            .filter(|(_, at)| self.slots.get(**at).is_some_and(Slot::has_live))
            .map(|(event, _)| event)
    }

    /// How many listeners of its own an event has; catch-all listeners are not counted.
    pub fn listener_count<Q: Ord + ?Sized>(&self, event: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        self.slot(event).map_or(0, Slot::live)
    }

    /// How many catch-all listeners there are.
    pub fn any_count(&self) -> usize {
        self.any.live()
    }

    /// How many listeners there are, of all events and catch-all.
    pub fn len(&self) -> usize {
        self.any.live() + self.slots.iter().map(Slot::live).sum::<usize>()
    }

    /// Whether no event would call anything.
    pub fn is_empty(&self) -> bool {
        !self.any.has_live() && !self.slots.iter().any(Slot::has_live)
    }

    fn slot<Q: Ord + ?Sized>(&self, event: &Q) -> Option<&Slot<L, S>>
    where
        K: Borrow<Q>,
    {
        self.slots.get(*self.index.get(event)?)
    }

    fn snapshot_with(&self, named: Option<&Slot<L, S>>) -> Snapshot<L, S> {
        Snapshot {
            any: self.any.share(),
            named: named.and_then(Slot::share),
        }
    }
}

impl<K, L, S: Sharing> Default for Observers<K, L, S> {
    fn default() -> Self {
        Self::with_sharing()
    }
}

/// Shares the lists until one side changes them. Listeners that are called once are shared too:
/// either side may call them, once in all.
impl<K: Clone, L, S: Sharing> Clone for Observers<K, L, S> {
    fn clone(&self) -> Self {
        Self {
            next: self.next,
            index: self.index.clone(),
            slots: self.slots.clone(),
            free: self.free.clone(),
            any: self.any.clone(),
            removed: Removed::new(),
            keep_removed: self.keep_removed,
            stale: self.stale,
            stale_limit: self.stale_limit,
        }
    }
}

impl<K: Ord + fmt::Debug, L, S: Sharing> fmt::Debug for Observers<K, L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entry(&"*", &self.any_count())
            .entries(
                self.events()
                    .map(|event| (event, self.listener_count(event))),
            )
            .finish()
    }
}

impl<L, S: Sharing> Slot<L, S> {
    const fn new() -> Self {
        Self {
            list: None,
            pins: 0,
        }
    }

    fn is_free(&self) -> bool {
        self.list.is_none() && self.pins == 0
    }

    fn live(&self) -> usize {
        self.list.as_ref().map_or(0, |list| list.live())
    }

    fn has_live(&self) -> bool {
        self.list.as_ref().is_some_and(|list| list.has_live())
    }

    /// The list for a snapshot, unless it has nothing to call.
    fn share(&self) -> Option<S::Pointer<List<L>>> {
        self.list.as_ref().filter(|list| !list.is_vacant()).cloned()
    }

    fn clear(&mut self, removed: &mut Removed<L>) {
        // Whoever else holds the list drops it; if that happens meanwhile, `into_inner` tells
        // exactly one of us.
        if let Some(mut list) = self.list.take().and_then(S::into_inner) {
            list.clear(removed);
        }
    }
}

impl<L: Clone, S: Sharing> Slot<L, S> {
    fn sweep(&mut self, removed: &mut Removed<L>) {
        if let Some(list) = &mut self.list {
            if list.is_dirty() {
                S::make_mut(list).sweep(removed);
            }
            if list.is_vacant() {
                self.list = None;
            }
        }
    }
}

impl<L, S: Sharing> Clone for Slot<L, S> {
    fn clone(&self) -> Self {
        Self {
            list: self.list.clone(),
            pins: self.pins,
        }
    }
}
