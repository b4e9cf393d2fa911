//! The emitter for many threads: `Send + Sync`, over a lock that is never held while a listener
//! runs.
//!
//! A panic of a listener does not keep the others from being called; the first one then goes on in
//! whoever emits. Nesting is counted per thread, over all emitters of this kind, since it is the
//! thread's stack that it uses up.
//!
//! Emissions on several threads run side by side; each calls its listeners in order.

use alloc::sync::{Arc, Weak};
use core::cell::Cell;
use core::marker::PhantomData;
use core::panic::AssertUnwindSafe;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::{PoisonError, RwLock};

use crate::emitter::{MAX_DEPTH, emitter};

emitter! {
    module: "socketio_observer::sync",
    pointer: Arc,
    weak: Weak,
    sharing: Atomic,
    bounds: { + Send + Sync },
}

struct Lock<T>(RwLock<T>);

// No foreign code runs under the lock, so a poisoned lock guards a registry that is whole.
impl<T> Lock<T> {
    fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    fn read<U>(&self, read: impl FnOnce(&T) -> U) -> U {
        read(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<U>(&self, write: impl FnOnce(&mut T) -> U) -> U {
        write(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

std::thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

#[derive(Default)]
struct Depth;

/// One emission under way on this thread.
struct Nested(PhantomData<*const ()>);

impl Depth {
    #[allow(clippy::unused_self, reason = "the other form counts per emitter")]
    fn enter(&self) -> Option<Nested> {
        let depth = DEPTH.get();
        (depth < MAX_DEPTH).then(|| {
            DEPTH.set(depth + 1);
            Nested(PhantomData)
        })
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

fn walk<L>(mut listeners: impl Iterator<Item = L>, mut call: impl FnMut(L)) {
    let mut first_panic = None;
    // Each round goes on behind the listener that ended the one before. Nothing of ours is half
    // done when a listener panics.
    while let Err(panic) = catch_unwind(AssertUnwindSafe(|| listeners.by_ref().for_each(&mut call)))
    {
        first_panic.get_or_insert(panic);
    }
    if let Some(panic) = first_panic {
        resume_unwind(panic);
    }
}
