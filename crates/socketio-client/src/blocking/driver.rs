//! The one thread that does what a client's machine asks for, and tells it what comes of that.
//!
//! 1. Events: answers go to those who wait for them, the others to the thread of the handlers.
//! 2. Commands: requests and links begin, or are given up.
//! 3. Requests and links go on, as far as they can without waiting.
//! 4. Deadlines that have passed are told to the machine.
//! 5. Nothing left to do: leave the waker, and wait for a connection, the waker or the next
//!    deadline; or stop, if there is no connection and none to be made.
//!
//! No connection of it blocks, so the thread waits at one place only, and whoever emits wakes it
//! at once. The system is asked for names in a thread apart, as it has no other way.

mod dial;
mod http;
mod link;
mod resolve;
mod stream;
pub(crate) mod tls;
mod websocket;

use self::http::Requests;
use self::link::Links;
use self::resolve::Resolver;
use self::tls::Connector;
use super::dispatcher::Dispatcher;
use crate::core::{Core, Next, Runtime};
use crate::dispatch::{Verdict, settle};
use engineio_proto::Instant;
use engineio_proto::client::Command;
use futures_util::future::BoxFuture;
use mio::{Events, Poll, Registry, Token};
use std::io;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

/// What wakes the thread is looked at as a whole, so that nothing needs a token of its own.
const WAKE: Token = Token(0);
const CONNECTION: Token = Token(1);

/// The longest time that the system is asked to wait, so that no system sees a number too large.
const LONGEST: Duration = Duration::from_secs(3600);

/// How a client is run by threads.
pub(crate) struct Threads {
    dispatcher: Arc<Dispatcher>,
    connector: Connector,
    resolver: Arc<Resolver>,
}

impl Threads {
    pub(crate) fn new(dispatcher: &Arc<Dispatcher>, connector: Connector) -> Self {
        Self {
            dispatcher: Arc::clone(dispatcher),
            connector,
            resolver: Arc::default(),
        }
    }

    fn try_start(&self, core: &Arc<Core>) -> io::Result<()> {
        let poll = Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), WAKE)?;
        let hub = Arc::new(Hub {
            core: Arc::clone(core),
            dispatcher: Arc::clone(&self.dispatcher),
            connector: self.connector.clone(),
            resolver: Arc::clone(&self.resolver),
            registry: poll.registry().try_clone()?,
        });
        self.dispatcher.open(core)?;
        let driver = Driver {
            requests: Requests::new(&hub),
            links: Links::new(&hub),
            hub,
            poll,
            waker: Arc::new(WakePoll(waker)).into(),
            is_done: false,
        };
        // If there is no thread, the driver is dropped, and tells those who wait.
        let thread = thread::Builder::new().name("socketio".into());
        drop(thread.spawn(move || driver.run()));
        Ok(())
    }
}

impl Runtime for Threads {
    fn start(&self, core: Arc<Core>) {
        if self.try_start(&core).is_err() {
            core.abandon();
        }
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.dispatcher.finish(task);
    }

    fn dispatcher(&self) -> Option<&Arc<Dispatcher>> {
        Some(&self.dispatcher)
    }
}

struct WakePoll(mio::Waker);

impl Wake for WakePoll {
    fn wake(self: Arc<Self>) {
        // It only fails if the poll is gone, and then nobody waits.
        let _ = self.0.wake();
    }
}

/// What the parts of a driver have in common.
struct Hub {
    core: Arc<Core>,
    dispatcher: Arc<Dispatcher>,
    connector: Connector,
    resolver: Arc<Resolver>,
    registry: Registry,
}

impl Hub {
    /// Hands out what the machine has to tell. True if there was anything.
    fn hand_out(&self) -> bool {
        let mut any = false;
        while let Some(event) = self.core.poll_event() {
            any = true;
            let Some(event) = settle(&self.core, event) else {
                continue;
            };
            // A handler that disconnects does not make it untrue that there was a connection.
            let joins = Verdict::of(&event).map(|verdict| verdict.take(&self.core));
            self.dispatcher.push(event);
            // Whoever waits in another thread hears of it after the handlers.
            if let Some(joins) = joins {
                joins.tell();
            }
        }
        any
    }
}

struct Driver {
    hub: Arc<Hub>,
    requests: Requests,
    links: Links,
    poll: Poll,
    waker: Waker,
    is_done: bool,
}

impl Driver {
    /// Drives the client until it is not connected any more, and not about to be.
    fn run(mut self) {
        let mut events = Events::with_capacity(16);
        loop {
            while self.turn() {}
            let is_busy = self.requests.are_any() || self.links.are_any();
            match self.hub.core.park(&self.waker, is_busy) {
                Next::Again => {}
                Next::Wait(deadline) => {
                    let closing = self.links.deadline();
                    let deadline = deadline.into_iter().chain(closing).min();
                    match self.poll.poll(&mut events, self.time_until(deadline)) {
                        Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                        _ => self.hub.core.resume(),
                    }
                }
                Next::Stop => {
                    self.is_done = true;
                    return;
                }
            }
        }
    }

    /// One round. True if there was anything to do.
    fn turn(&mut self) -> bool {
        let mut any = self.hub.hand_out();
        let core = &self.hub.core;
        while let Some(command) = core.with_manager(|manager, _| manager.poll_command()) {
            any = true;
            match command {
                Command::Request {
                    exchange,
                    method,
                    query,
                    content_type,
                    body,
                } => self
                    .requests
                    .start(exchange, method, &query, content_type, body),
                Command::Cancel { exchange } => self.requests.cancel(exchange),
                Command::OpenLink { link, query, .. } => self.links.open(link, &query),
                Command::CancelLink { link } => self.links.cancel(link),
                _ => {}
            }
        }
        // Whoever is not done with what came gets no more, but what they say still leaves.
        let with_reads = !self.hub.dispatcher.is_full();
        any |= self.requests.advance(with_reads);
        any |= self.links.read(with_reads);
        any |= self.links.write();
        any |= self.handle_timeout();
        any
    }

    /// Also a server that never lets us wait does not stop the time.
    fn handle_timeout(&self) -> bool {
        self.hub.core.with_manager(|manager, now| {
            let is_due = manager.poll_timeout().is_some_and(|due| due <= now);
            if is_due {
                manager.handle_timeout(now);
            }
            is_due
        })
    }

    fn time_until(&self, deadline: Option<Instant>) -> Option<Duration> {
        let now = self.hub.core.clock().now();
        deadline.map(|deadline| (deadline - now).min(LONGEST))
    }
}

/// If the thread ends otherwise, those who wait for something hear of it.
impl Drop for Driver {
    fn drop(&mut self) {
        if !self.is_done {
            self.hub.core.abandon();
        }
        self.hub.dispatcher.close();
    }
}
