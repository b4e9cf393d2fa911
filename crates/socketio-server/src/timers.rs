//! One task that wakes every session and namespace that has a deadline.
//!
//! A timer of the runtime for each client would cost memory and a heap operation per packet. Here
//! each entry is registered at its *earliest* deadline; when the deadline moves later, as it does
//! with each heartbeat, nothing is touched: the entry fires at the old time, finds nothing due and
//! registers itself anew.

use crate::clock::Clock;
use crate::sync::lock;
use engineio_proto::Instant;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// Something with a deadline.
pub(crate) trait Timed: Send + Sync {
    /// The registered deadline has come. Whoever is called registers itself again if it has another
    /// one.
    fn fire(self: Arc<Self>);
}

/// A place in the queue: the deadline, and a number that tells entries of one deadline apart.
pub(crate) type Slot = (Instant, u64);

#[derive(Default)]
struct Queue {
    entries: BTreeMap<Slot, Weak<dyn Timed>>,
    next: u64,
    running: bool,
    stopped: bool,
}

/// The runtime that the first request came in on.
///
/// Handlers may call in from any thread, the runtime's or not, and what they cause may need a task.
#[derive(Debug, Default)]
pub(crate) struct Runtime(OnceLock<Handle>);

impl Runtime {
    /// Remembers the runtime of the caller.
    pub(crate) fn capture(&self) {
        if self.0.get().is_none()
            && let Ok(handle) = Handle::try_current()
        {
            let _ = self.0.set(handle);
        }
    }

    /// Spawns there. Sessions exist only after a request, hence after [`capture`](Self::capture).
    pub(crate) fn spawn(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Option<AbortHandle> {
        self.0.get().map(|handle| handle.spawn(task).abort_handle())
    }
}

/// The queue of all deadlines of one server.
pub(crate) struct Timers {
    clock: Clock,
    runtime: Arc<Runtime>,
    queue: Mutex<Queue>,
    sooner: Notify,
}

impl std::fmt::Debug for Timers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timers").finish_non_exhaustive()
    }
}

impl Timers {
    pub(crate) fn new(clock: Clock, runtime: Arc<Runtime>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            runtime,
            queue: Mutex::default(),
            sooner: Notify::new(),
        })
    }

    /// Registers `who` at `deadline` and takes back `old`, if it had a place.
    pub(crate) fn set(
        self: &Arc<Self>,
        old: Option<Slot>,
        deadline: Instant,
        who: Weak<dyn Timed>,
    ) -> Slot {
        let (slot, is_first, start) = {
            let mut queue = lock(&self.queue);
            if let Some(old) = old {
                queue.entries.remove(&old);
            }
            let slot = (deadline, queue.next);
            queue.next += 1;
            queue.entries.insert(slot, who);
            let is_first = queue
                .entries
                .first_key_value()
                .is_some_and(|(first, _)| *first == slot);
            let start = !queue.running && !queue.stopped;
            queue.running |= start;
            (slot, is_first, start)
        };
        if start {
            self.runtime.spawn(run(Arc::clone(self)));
        } else if is_first {
            self.sooner.notify_one();
        }
        slot
    }

    /// Takes a place back, so that the entry does not keep its owner's memory.
    pub(crate) fn clear(&self, slot: Slot) {
        lock(&self.queue).entries.remove(&slot);
    }

    /// Ends the task; nothing fires any more.
    pub(crate) fn stop(&self) {
        let mut queue = lock(&self.queue);
        queue.stopped = true;
        queue.entries.clear();
        drop(queue);
        self.sooner.notify_one();
    }

    fn first(&self) -> Option<Instant> {
        lock(&self.queue)
            .entries
            .first_key_value()
            .map(|((deadline, _), _)| *deadline)
    }

    fn take_due(&self) -> Vec<Weak<dyn Timed>> {
        let now = self.clock.now();
        let mut queue = lock(&self.queue);
        let mut due = Vec::new();
        while let Some(entry) = queue.entries.first_entry() {
            if entry.key().0 > now {
                break;
            }
            due.push(entry.remove());
        }
        due
    }
}

/// Runs until [`Timers::stop`], which the server's last handle calls.
async fn run(timers: Arc<Timers>) {
    loop {
        if lock(&timers.queue).stopped {
            return;
        }
        for who in timers.take_due() {
            if let Some(who) = who.upgrade() {
                who.fire();
            }
        }
        match timers.first() {
            Some(deadline) => {
                let sleep = tokio::time::sleep_until(timers.clock.when(deadline));
                tokio::select! {
                    () = sleep => {}
                    () = timers.sooner.notified() => {}
                }
            }
            None => timers.sooner.notified().await,
        }
    }
}
