//! Locks that outlive a panic.

pub(crate) use socketio_handler::sync::{lock, read};

use socketio_handler::sync::write;
use socketio_observer::Observers;
use std::sync::RwLock;

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
