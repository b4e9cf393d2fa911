//! The one task of a client that is connected, or on its way there: it does what the machine asks
//! for, tells it what comes of that, and starts the handlers.
//!
//! 1. Events: handlers start, in place.
//! 2. Commands: requests and links begin, or are given up.
//! 3. Requests and links go on, as far as they can without waiting.
//! 4. Nothing left to do: leave the waker, set the timer, wait; or stop, if there is no connection
//!    and none to be made.
//!
//! All that a request or a WebSocket needs is polled from here, so an idle client is one task and
//! one connection.

pub(crate) mod dial;
pub(crate) mod http;
pub(crate) mod link;
pub(crate) mod tls;
pub(crate) mod websocket;

use self::http::Requests;
use self::link::Links;
use self::tls::Connector;
use crate::core::{Core, Next};
use crate::dispatch::dispatch;
use engineio_proto::Instant;
use engineio_proto::client::Command;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::time::{Sleep, sleep_until};

/// Rounds in one go, before other tasks have their turn.
const ROUNDS: usize = 32;

/// Drives a client until it is not connected any more, and not about to be.
pub(crate) fn run(core: Arc<Core>, connector: Connector) -> impl Future<Output = ()> + Send {
    Driver {
        requests: Requests::new(&core, &connector),
        links: Links::new(&core, &connector),
        core,
        timer: None,
        is_done: false,
    }
}

struct Driver {
    core: Arc<Core>,
    requests: Requests,
    links: Links,
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
    is_done: bool,
}

impl Driver {
    /// One round. True if there was anything to do.
    fn turn(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = dispatch(&self.core);
        while let Some(command) = self.core.with_manager(|manager, _| manager.poll_command()) {
            self.obey(command);
            any = true;
        }
        // Whoever is not done with what came gets no more, but what they say still leaves.
        let with_reads = !self.core.is_stalled();
        any |= self.requests.poll(with_reads, cx);
        any |= self.links.poll_read(with_reads, cx);
        any |= self.links.poll_write(cx);
        any
    }

    fn obey(&mut self, command: Command) {
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

    /// Whether the deadline has passed.
    fn poll_timer(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = deadline else {
            self.timer = None;
            return false;
        };
        let when = self.core.clock().when(deadline).into();
        let (set, sleep) = self
            .timer
            .get_or_insert_with(|| (deadline, Box::pin(sleep_until(when))));
        if *set != deadline {
            *set = deadline;
            sleep.as_mut().reset(when);
        }
        sleep.as_mut().poll(cx).is_ready()
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.core.resume();
        for _ in 0..ROUNDS {
            if this.turn(cx) {
                continue;
            }
            let is_busy = this.requests.are_any() || this.links.are_any();
            match this.core.park(cx.waker(), is_busy) {
                Next::Again => {}
                Next::Wait(deadline) => {
                    if !this.poll_timer(deadline, cx) {
                        return Poll::Pending;
                    }
                    this.core.resume();
                    this.timer = None;
                    this.core
                        .with_manager(|manager, now| manager.handle_timeout(now));
                }
                Next::Stop => {
                    this.is_done = true;
                    return Poll::Ready(());
                }
            }
        }
        // A server that keeps us busy without a pause does not hold up what is due.
        this.core
            .with_manager(|manager, now| manager.handle_timeout(now));
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// If the task is dropped, with its runtime, those who wait for something hear of it.
impl Drop for Driver {
    fn drop(&mut self) {
        if !self.is_done {
            self.core.abandon();
        }
    }
}
