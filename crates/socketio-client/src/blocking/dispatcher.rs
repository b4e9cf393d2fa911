//! The thread in which handlers run, one at a time and in the order of their events.
//!
//! It is not the driver's, so that a handler may wait for whatever the driver brings: an answer, a
//! connection, the end of one. It lives as long as a driver does, and until what that has left is
//! done. There is never more than one for a client.

use super::wait::wait;
use crate::core::Core;
use crate::dispatch::announce;
use crate::events::size;
use crate::sync::lock;
use futures_util::future::BoxFuture;
use socketio_proto::client::Event;
use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// Bytes of events that wait for their handlers, at most, one event aside.
const MAX_BYTES: usize = 16 * 1024 * 1024;

pub(crate) struct Dispatcher {
    /// Events that wait for their handlers, at most, but for a few that the driver finds at once.
    max_jobs: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// Drivers that may add to them.
    drivers: usize,
    thread: Option<ThreadId>,
}

enum Job {
    Event(Event),
    Call(Box<dyn FnOnce() + Send>),
}

impl Job {
    fn weight(&self) -> usize {
        match self {
            Self::Event(Event::Message { payload, .. }) => size(payload),
            _ => 0,
        }
    }
}

impl Dispatcher {
    pub(crate) fn new(max_jobs: usize) -> Arc<Self> {
        Arc::new(Self {
            max_jobs,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// A driver begins.
    pub(crate) fn open(self: &Arc<Self>, core: &Arc<Core>) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.thread.is_none() {
            let (this, core) = (Arc::clone(self), Arc::clone(core));
            let thread = thread::Builder::new().name("socketio-handlers".into());
            let handle = thread.spawn(move || this.run(&core))?;
            state.thread = Some(handle.thread().id());
        }
        state.drivers += 1;
        Ok(())
    }

    /// A driver has ended.
    pub(crate) fn close(&self) {
        lock(&self.state).drivers -= 1;
        self.changed.notify_all();
    }

    /// Hands an event over to its handlers.
    pub(crate) fn push(&self, event: Event) {
        self.add(lock(&self.state), Job::Event(event));
    }

    /// Calls, once the handlers of all events so far have run.
    fn after(&self, call: Box<dyn FnOnce() + Send>) {
        let state = lock(&self.state);
        if state.thread.is_some() {
            self.add(state, Job::Call(call));
        } else {
            drop(state);
            call();
        }
    }

    /// Runs what is left of a handler, which is nothing unless it is made of a future.
    pub(crate) fn finish(&self, mut task: BoxFuture<'static, ()>) {
        self.after(Box::new(move || {
            wait(None, |cx| task.as_mut().poll(cx));
        }));
    }

    /// Whether no more input is to be read.
    pub(crate) fn is_full(&self) -> bool {
        lock(&self.state).is_full(self.max_jobs)
    }

    /// Two ends: a function that takes a result, and who waits for that. The result comes after
    /// the handlers of all events before it, unless a handler waits.
    pub(crate) fn reply<T: Send + 'static>(
        self: &Arc<Self>,
    ) -> (impl FnOnce(T) + Send + 'static, Reply<T>) {
        let (sender, receiver) = sync_channel(1);
        let is_inside = lock(&self.state).thread == Some(thread::current().id());
        let reply = Reply {
            receiver,
            inside: is_inside.then(|| Arc::clone(self)),
        };
        let this = Arc::clone(self);
        let give = move |result| {
            // Fails if nobody waits any more.
            let send = move || drop(sender.send(result));
            if is_inside {
                send();
                // With the lock, so that who waits is not just between looking and waiting.
                drop(lock(&this.state));
                this.changed.notify_all();
            } else {
                this.after(Box::new(send));
            }
        };
        (give, reply)
    }

    fn add(&self, mut state: MutexGuard<'_, State>, job: Job) {
        state.bytes += job.weight();
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_all();
    }

    fn run(&self, core: &Arc<Core>) {
        while let Some(job) = self.next(core) {
            // The handlers are guarded on their own; this is for what else an application does.
            let _ = catch_unwind(AssertUnwindSafe(|| match job {
                Job::Event(event) => announce(core, event),
                Job::Call(call) => call(),
            }));
        }
    }

    /// The next of them; `None` at the end.
    fn next(&self, core: &Arc<Core>) -> Option<Job> {
        let mut state = lock(&self.state);
        loop {
            if !state.jobs.is_empty() {
                return self.take(state, 0, core);
            }
            if state.drivers == 0 {
                state.thread = None;
                return None;
            }
            state = self.wait(state);
        }
    }

    fn take(&self, mut state: MutexGuard<'_, State>, at: usize, core: &Arc<Core>) -> Option<Job> {
        let was_full = state.is_full(self.max_jobs);
        let job = state.jobs.remove(at)?;
        state.bytes -= job.weight();
        let has_room = was_full && !state.is_full(self.max_jobs);
        drop(state);
        if has_room {
            // The driver has stopped reading.
            core.step(|_, _| {});
        }
        Some(job)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait(state);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits in the thread of the handlers. What asks for credentials is answered meanwhile, since
    /// the connection that is waited for may need them.
    fn wait_inside<T>(&self, receiver: &Receiver<T>, core: &Arc<Core>) -> Option<T> {
        let mut state = lock(&self.state);
        loop {
            match receiver.try_recv() {
                Ok(result) => return Some(result),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            let is_asking = |job: &Job| matches!(job, Job::Event(Event::AuthWanted { .. }));
            if let Some(at) = state.jobs.iter().position(is_asking) {
                if let Some(Job::Event(event)) = self.take(state, at, core) {
                    announce(core, event);
                }
                state = lock(&self.state);
            } else {
                state = self.wait(state);
            }
        }
    }
}

impl State {
    fn is_full(&self, max_jobs: usize) -> bool {
        self.jobs.len() >= max_jobs || self.bytes >= MAX_BYTES
    }
}

/// Who waits for a result.
pub(crate) struct Reply<T> {
    receiver: Receiver<T>,
    inside: Option<Arc<Dispatcher>>,
}

impl<T> Reply<T> {
    /// The result; `None` if there will be none.
    pub(crate) fn wait(self, core: &Arc<Core>) -> Option<T> {
        match self.inside {
            Some(dispatcher) => dispatcher.wait_inside(&self.receiver, core),
            None => self.receiver.recv().ok(),
        }
    }
}
