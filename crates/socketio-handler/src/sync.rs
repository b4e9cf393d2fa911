//! Locks that outlive a panic of a handler.
//!
//! The adapters run no code of the user under a lock, and each of their critical sections is one step
//! of a state machine that leaves it whole. So what a panic has poisoned is still good.

use socketio_observer::Observers;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Locks, also after a panic of another holder.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], shared.
pub fn read<T: ?Sized>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], exclusive.
pub fn write<T: ?Sized>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Changes a registry of listeners. What the change took out is dropped once the lock is free, since
/// dropping it may run code of the user: this is for those that [keep] it.
///
/// [keep]: Observers::keep_removed
pub fn change<K: Ord, L: Clone, R>(
    registry: &RwLock<Observers<K, L>>,
    change: impl FnOnce(&mut Observers<K, L>) -> R,
) -> R {
    let (result, removed) = {
        let mut listeners = write(registry);
        let result = change(&mut listeners);
        (result, listeners.take_removed())
    };
    drop(removed);
    result
}
