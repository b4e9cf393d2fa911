//! Locks that outlive a panic.

use socketio_observer::Observers;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Locks, also after a panic of another holder: user code never runs under a lock of this crate,
/// and each critical section leaves what it guards whole.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], shared.
pub(crate) fn read<T: ?Sized>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], exclusive.
fn write<T: ?Sized>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// Changes a registry. What the change took out is dropped once the lock is free, since dropping it
/// may run user code.
pub(crate) fn change<K: Ord, L: Clone, R>(
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
