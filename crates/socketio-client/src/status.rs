//! What happens to the connection, as opposed to one socket on it.

use crate::sync::{change, read};
use socketio_observer::{ListenerId, Observers};
use socketio_proto::client::ClientEvent;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock};

type Watcher = Arc<dyn Fn(&ClientEvent) + Send + Sync>;

/// Who is told of a client's events.
pub(crate) struct Watchers(RwLock<Observers<(), Watcher>>);

impl Default for Watchers {
    fn default() -> Self {
        Self(RwLock::new(Observers::default().keep_removed()))
    }
}

impl Watchers {
    pub(crate) fn add(&self, watcher: impl Fn(&ClientEvent) + Send + Sync + 'static) -> ListenerId {
        change(&self.0, |all| all.on((), Arc::new(watcher) as Watcher))
    }

    pub(crate) fn remove(&self, id: ListenerId) -> bool {
        change(&self.0, |all| all.off(id))
    }

    pub(crate) fn call(&self, event: &ClientEvent) {
        let watchers = read(&self.0).snapshot(&());
        for watcher in watchers.iter() {
            // One that panics is no reason to stop.
            let _ = catch_unwind(AssertUnwindSafe(|| watcher(event)));
        }
    }
}
