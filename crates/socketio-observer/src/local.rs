//! The emitter for one thread: no lock, no atomics of its own, listeners need not be `Send`.
//!
//! A panic of a listener goes straight to whoever emits. The listeners behind it are not called in
//! that emission, since there is no way to catch a panic without `std`; the emitter stays whole.
//! The module `sync` calls the others first. Nesting is counted per emitter.

use alloc::rc::{Rc, Weak};
use core::cell::{Cell, RefCell};

use crate::emitter::{MAX_DEPTH, emitter};

emitter! {
    module: "socketio_observer::local",
    pointer: Rc,
    weak: Weak,
    sharing: Unsync,
    bounds: {},
}

/// Never borrowed while foreign code runs, so no borrow ever fails.
struct Lock<T>(RefCell<T>);

impl<T> Lock<T> {
    fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    fn read<U>(&self, read: impl FnOnce(&T) -> U) -> U {
        read(&self.0.borrow())
    }

    fn write<U>(&self, write: impl FnOnce(&mut T) -> U) -> U {
        write(&mut self.0.borrow_mut())
    }
}

#[derive(Default)]
struct Depth(Cell<usize>);

/// One emission under way.
struct Nested<'a>(&'a Cell<usize>);

impl Depth {
    fn enter(&self) -> Option<Nested<'_>> {
        let depth = self.0.get();
        (depth < MAX_DEPTH).then(|| {
            self.0.set(depth + 1);
            Nested(&self.0)
        })
    }
}

impl Drop for Nested<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

fn walk<L>(listeners: impl Iterator<Item = L>, call: impl FnMut(L)) {
    listeners.for_each(call);
}
