//! What a client is without its runtime: the protocol's machine, its sockets, and who waits for
//! what.
//!
//! Whoever changes the machine does it by [`Core::step`]; the driver, a task or a thread, does what
//! that asks for. The driver leaves its waker in the same critical section in which it found
//! nothing to do, and whoever changes something afterwards takes it and wakes it once the lock is
//! free. A client that is not connected has no driver; the next step that needs one starts it.
//!
//! The driver keeps the `Core` alive, the application's handles keep the [`Owner`]. When the last
//! of these is gone, the client disconnects.

use crate::clock::Clock;
use crate::error::ConnectError;
use crate::run::OnError;
use crate::settings::Settings;
use crate::socket_ref::{SocketInner, SocketRef};
use crate::status::Watchers;
use crate::sync::lock;
use crate::waiters::Waiters;
use engineio_proto::Instant;
use engineio_proto::client::Session;
use futures_util::future::BoxFuture;
use socketio_proto::client::{AckToken, ConnectFailure, Event, Manager, Socket as Id};
use socketio_proto::{AckError, Payload};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::Waker;

/// What a client asks of its surroundings.
pub(crate) trait Runtime: Send + Sync {
    /// Runs a driver for this client, until it stops by itself.
    fn start(&self, core: Arc<Core>);
    /// Finishes what is left of a handler.
    fn spawn(&self, task: BoxFuture<'static, ()>);
    /// Where the handlers run, if they have a thread to themselves.
    #[cfg(feature = "_blocking")]
    fn dispatcher(&self) -> Option<&Arc<crate::blocking::Dispatcher>> {
        None
    }
}

/// Told of the answer to an event, or why there is none.
pub(crate) type AckWaiter = Box<dyn FnOnce(Result<Payload, AckError>) + Send>;
/// Told that a socket is connected, or why it is not.
pub(crate) type JoinWaiter = Box<dyn FnOnce(Result<(), ConnectError>) + Send>;
/// Told that nothing of the connection is left.
pub(crate) type CloseWaiter = Box<dyn FnOnce(()) + Send>;

pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) runtime: Box<dyn Runtime>,
    pub(crate) on_error: Option<OnError>,
    pub(crate) watchers: Watchers,
    clock: Clock,
    state: Mutex<State>,
    owner: OnceLock<Weak<Owner>>,
    suspended: AtomicUsize,
}

/// What the lock guards.
pub(crate) struct State {
    pub(crate) manager: Manager,
    pub(crate) sockets: Vec<Arc<SocketInner>>,
    pub(crate) acks: BTreeMap<AckToken, AckWaiter>,
    pub(crate) joins: Waiters<(Id, JoinWaiter)>,
    pub(crate) closes: Waiters<CloseWaiter>,
    /// Why the last attempt has failed.
    pub(crate) last_failure: Option<ConnectFailure>,
    driver: Driver,
    /// An event that was pulled to see whether there is one.
    next: Option<Event>,
}

enum Driver {
    /// There is none.
    Stopped,
    /// It is at work; with `true`, something has changed since it last looked.
    Running(bool),
    Waiting(Waker),
}

/// What the driver is to do after it has found nothing to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Look again.
    Again,
    /// Wait for its waker, and no longer than this.
    Wait(Option<Instant>),
    /// End.
    Stop,
}

impl Core {
    /// Changes the machine, and sees to it that the driver does what follows from that.
    pub(crate) fn step<R>(self: &Arc<Self>, call: impl FnOnce(&mut State, Instant) -> R) -> R {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        let result = call(&mut state, now);
        let (waker, start) = match &mut state.driver {
            Driver::Running(changed) => {
                *changed = true;
                (None, false)
            }
            Driver::Waiting(_) => match std::mem::replace(&mut state.driver, Driver::Running(true))
            {
                Driver::Waiting(waker) => (Some(waker), false),
                _ => (None, false),
            },
            Driver::Stopped => {
                let start = state.has_work();
                if start {
                    state.driver = Driver::Running(true);
                }
                (None, start)
            }
        };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        if start {
            self.runtime.start(Arc::clone(self));
        }
        result
    }

    /// Looks, and changes nothing.
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&lock(&self.state))
    }

    /// Steps the engine's session, if there is one. For the driver, which looks again by itself.
    pub(crate) fn drive<R>(&self, input: impl FnOnce(&mut Session, Instant) -> R) -> Option<R> {
        self.with_manager(|manager, now| manager.drive(now, |session| input(session, now)))
    }

    /// Pulls from the machine. For the driver.
    pub(crate) fn with_manager<R>(&self, call: impl FnOnce(&mut Manager, Instant) -> R) -> R {
        let now = self.clock.now();
        self.with_state(|state| call(&mut state.manager, now))
    }

    /// As [`step`](Self::step), for the driver.
    pub(crate) fn with_state<R>(&self, call: impl FnOnce(&mut State) -> R) -> R {
        call(&mut lock(&self.state))
    }

    pub(crate) fn poll_event(&self) -> Option<Event> {
        let mut state = lock(&self.state);
        state.next.take().or_else(|| state.manager.poll_event())
    }

    /// What a driver does next that has found nothing to do. `is_busy`: it has requests or links
    /// under way.
    pub(crate) fn park(&self, waker: &Waker, is_busy: bool) -> Next {
        let mut state = lock(&self.state);
        if matches!(state.driver, Driver::Running(true)) {
            state.driver = Driver::Running(false);
            return Next::Again;
        }
        if state.has_event() {
            return Next::Again;
        }
        let closes = match is_busy || !state.manager.is_idle() {
            true => Vec::new(),
            false => state.closes.take_all(),
        };
        let next = if is_busy || state.has_work() {
            state.driver = Driver::Waiting(waker.clone());
            Next::Wait(state.manager.poll_timeout())
        } else {
            state.driver = Driver::Stopped;
            Next::Stop
        };
        drop(state);
        for waiter in closes {
            waiter(());
        }
        next
    }

    /// The driver was polled again, for whatever reason.
    pub(crate) fn resume(&self) {
        let mut state = lock(&self.state);
        if matches!(state.driver, Driver::Waiting(_)) {
            state.driver = Driver::Running(false);
        }
    }

    /// The driver is gone without having stopped, with its runtime. Nobody who waits is told more.
    pub(crate) fn abandon(&self) {
        let mut state = lock(&self.state);
        state.driver = Driver::Stopped;
        let acks = std::mem::take(&mut state.acks);
        let joins = state.joins.take_all();
        let closes = state.closes.take_all();
        drop(state);
        // They may run code of the application when they go.
        drop((acks, joins, closes));
    }

    pub(crate) fn owner(&self) -> Option<Arc<Owner>> {
        self.owner.get().and_then(Weak::upgrade)
    }

    /// A socket by its number, unless the application has let go of the client.
    pub(crate) fn socket(&self, id: Id) -> Option<SocketRef> {
        let inner = self.peek(|state| state.find(id))?;
        let owner = self.owner()?;
        Some(SocketRef { inner, owner })
    }

    pub(crate) fn sockets(&self) -> Vec<Arc<SocketInner>> {
        self.peek(|state| state.sockets.clone())
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// Counts a handler as suspended for as long as the guard lives.
    pub(crate) fn suspend(self: &Arc<Self>) -> Suspended {
        self.suspended.fetch_add(1, Ordering::AcqRel);
        Suspended(Arc::clone(self))
    }

    /// Whether so many handlers are suspended that no more input is to be read.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_stalled(&self) -> bool {
        self.suspended.load(Ordering::Acquire) >= self.settings.max_pending_handlers
    }
}

impl State {
    fn find(&self, id: Id) -> Option<Arc<SocketInner>> {
        self.sockets
            .iter()
            .find(|socket| socket.id == id)
            .map(Arc::clone)
    }

    /// Whether there is anything that a driver has to do or to wait for.
    fn has_work(&mut self) -> bool {
        self.has_event() || !self.manager.is_idle() || self.manager.poll_timeout().is_some()
    }

    fn has_event(&mut self) -> bool {
        if self.next.is_none() {
            self.next = self.manager.poll_event();
        }
        self.next.is_some()
    }
}

/// What the application's handles have in common: the client goes with it.
pub(crate) struct Owner(Arc<Core>);

impl Owner {
    /// A client that does nothing yet.
    pub(crate) fn new(
        settings: Settings,
        manager: Manager,
        clock: Clock,
        runtime: Box<dyn Runtime>,
        on_error: Option<OnError>,
        watchers: Watchers,
    ) -> Arc<Self> {
        let core = Arc::new(Core {
            settings,
            runtime,
            on_error,
            watchers,
            clock,
            state: Mutex::new(State {
                manager,
                sockets: Vec::new(),
                acks: BTreeMap::new(),
                joins: Waiters::default(),
                closes: Waiters::default(),
                last_failure: None,
                driver: Driver::Stopped,
                next: None,
            }),
            owner: OnceLock::new(),
            suspended: AtomicUsize::new(0),
        });
        let owner = Arc::new(Self(Arc::clone(&core)));
        // It is new, so nothing was set.
        let _ = core.owner.set(Arc::downgrade(&owner));
        owner
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0
    }
}

impl Owner {
    /// The waiter is told when nothing is left of a connection that is being closed; at once, if it
    /// is not closed.
    pub(crate) fn wait_closed(&self, waiter: CloseWaiter) -> u64 {
        let (number, moot) = self.0.step(|state, _| {
            let State {
                manager, sockets, ..
            } = state;
            let is_needed = sockets.iter().any(|socket| manager.is_active(socket.id));
            if is_needed || matches!(state.driver, Driver::Stopped) {
                return (u64::MAX, Some(waiter));
            }
            // The driver looks at it when it has nothing else to do.
            (state.closes.push(waiter), None)
        });
        if let Some(waiter) = moot {
            waiter(());
        }
        number
    }

    /// That waiter has given up.
    #[cfg(feature = "tokio")]
    pub(crate) fn forget_close(&self, number: u64) {
        drop(self.0.with_state(|state| state.closes.remove(number)));
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.step(|state, now| {
            for socket in &state.sockets {
                state.manager.disconnect(socket.id, now);
            }
            state.manager.close(now);
        });
    }
}

/// A handler that is suspended.
pub(crate) struct Suspended(Arc<Core>);

impl Drop for Suspended {
    fn drop(&mut self) {
        let before = self.0.suspended.fetch_sub(1, Ordering::AcqRel);
        if before == self.0.settings.max_pending_handlers {
            // The driver has stopped reading at this number.
            self.0.step(|_, _| {});
        }
    }
}
