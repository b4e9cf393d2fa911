//! One client: its machine behind one lock, and the rules by which the lock, the driver's waker and
//! the handlers meet.
//!
//! * The lock guards one step of the machine at a time. It is never held across an await, and user
//!   code never runs under it.
//! * What a step caused (answers to HTTP requests, the driver's waker, events) is taken out under
//!   the lock and carried out after it.
//! * While events are handled nothing leaves, by no transport: what the handlers emit goes out in
//!   one piece, and a client that has learned of something finds it done.
//! * Events are handled by whoever finds `dispatching` unset. Everybody else only leaves them, so
//!   two inputs that come at once, a POST and a WebSocket frame say, can't start handlers out of
//!   order.
//! * The driver stores its waker in the same critical section in which it found nothing to write.
//!   Its own steps drop the waker instead of waking it: what handlers that it runs itself emit
//!   leaves in its next write.

use super::{App, Host, Machine, Seat};
use crate::sync::lock;
use crate::telemetry;
use crate::timers::{Slot, Timed};
use crate::transport::HandshakeRequest;
use engineio_proto::http::Response;
use engineio_proto::server::{Exchange, Link, Session, Transmit};
use engineio_proto::{CloseReason, Instant, Sid, Transport};
use futures_util::task::AtomicWaker;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll, Waker};
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, oneshot};

/// Who steps the machine. It decides where the handlers of what comes out of it run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// The driver of the session's link: handlers start in place, and it needs no wake-up, as it
    /// writes next.
    Driver,
    /// Another task of this crate: handlers start in place.
    Network,
    /// Code of the user, which may hold locks of its own, or the timer: handlers start in a new
    /// task.
    Elsewhere,
}

/// One client of the server.
pub(crate) struct Client<A: App> {
    host: Arc<Host<A>>,
    sid: Sid,
    request: Arc<HandshakeRequest>,
    state: Mutex<State<A>>,
    busy: Busy,
    /// Whoever waits for room in the send buffer. Made by the first of them.
    relief: OnceLock<Box<Notify>>,
}

/// What the lock guards.
pub(crate) struct State<A: App> {
    pub(crate) machine: A::Machine,
    pub(crate) data: A::Data,
    /// What the application left for its own dispatcher; goes before the machine's events.
    queue: VecDeque<A::Event>,
    waiting: Vec<(Exchange, oneshot::Sender<Response>)>,
    waker: Option<Waker>,
    slot: Option<Slot>,
    next_exchange: u64,
    dispatching: bool,
    /// Kept while it is in the table.
    seat: Option<Seat>,
    /// As of the last step.
    transport: Transport,
    buffered: usize,
}

/// What a step caused, to be carried out once the lock is free.
struct Effects<A: App> {
    replies: Vec<(oneshot::Sender<Response>, Response)>,
    waker: Option<Waker>,
    event: Option<A::Event>,
    /// There is room for those who wait for it.
    relief: bool,
}

impl<A: App> Client<A> {
    pub(crate) fn new(
        host: Arc<Host<A>>,
        session: Session,
        request: Arc<HandshakeRequest>,
        seat: Seat,
    ) -> Arc<Self> {
        let sid = session.sid().clone();
        let transport = session.transport();
        telemetry::session_opened(&sid, transport);
        let machine = host.app().machine(session, host.env().clock.now());
        let state = State {
            machine,
            data: A::Data::default(),
            queue: VecDeque::new(),
            waiting: Vec::new(),
            waker: None,
            slot: None,
            next_exchange: 0,
            dispatching: false,
            seat: Some(seat),
            transport,
            buffered: 0,
        };
        Arc::new(Self {
            host,
            sid,
            request,
            state: Mutex::new(state),
            busy: Busy::default(),
            relief: OnceLock::new(),
        })
    }

    pub(crate) fn host(&self) -> &Arc<Host<A>> {
        &self.host
    }

    pub(crate) fn sid(&self) -> &Sid {
        &self.sid
    }

    pub(crate) fn request(&self) -> &Arc<HandshakeRequest> {
        &self.request
    }

    /// Looks at the state without stepping it.
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&State<A>) -> R) -> R {
        look(&lock(&self.state))
    }

    /// Makes one step under the lock, then carries out what it caused.
    pub(crate) fn step<R>(
        self: &Arc<Self>,
        origin: Origin,
        input: impl FnOnce(&mut State<A>, Instant) -> R,
    ) -> R {
        let now = self.host.env().clock.now();
        let mut state = lock(&self.state);
        let result = input(&mut state, now);
        if origin == Origin::Driver {
            state.waker = None;
        }
        let effects = self.settle(&mut state);
        drop(state);
        self.carry_out(effects, origin);
        result
    }

    /// One input of the Engine.IO session.
    pub(crate) fn drive<R>(
        self: &Arc<Self>,
        origin: Origin,
        input: impl FnOnce(&mut Session, Instant) -> R,
    ) -> R {
        self.step(origin, |state, now| {
            state.machine.drive(now, |session| input(session, now))
        })
    }

    /// Begins an HTTP exchange; the receiver gets its one answer.
    pub(crate) fn exchange(
        self: &Arc<Self>,
        input: impl FnOnce(&mut Session, Exchange, Instant),
    ) -> (Exchange, oneshot::Receiver<Response>) {
        let (sender, receiver) = oneshot::channel();
        let exchange = self.step(Origin::Network, |state, now| {
            begin_exchange(state, sender, now, input)
        });
        (exchange, receiver)
    }

    /// As [`exchange`](Self::exchange), for the GET of the handshake: it is answered before anybody
    /// hears of the session, and so brings nothing but the session's own.
    pub(crate) fn first_exchange(self: &Arc<Self>) -> (Exchange, oneshot::Receiver<Response>) {
        let (sender, receiver) = oneshot::channel();
        let now = self.host.env().clock.now();
        let mut state = lock(&self.state);
        let exchange = begin_exchange(&mut state, sender, now, |session, id, now| {
            session.handle_poll(id, now);
        });
        let first = take_replies(&mut state);
        let mut effects = self.settle(&mut state);
        effects.replies.splice(..0, first);
        drop(state);
        self.carry_out(effects, Origin::Network);
        (exchange, receiver)
    }

    /// Leaves an event for the dispatcher.
    pub(crate) fn enqueue(self: &Arc<Self>, event: A::Event, origin: Origin) {
        self.step(origin, |state, _| state.queue.push_back(event));
    }

    /// Closes the session.
    pub(crate) fn close(self: &Arc<Self>, reason: CloseReason) {
        self.drive(Origin::Elsewhere, |session, now| session.close(reason, now));
    }

    /// What the driver of `link` writes next. `None` leaves its waker behind.
    pub(crate) fn pull(self: &Arc<Self>, link: Link, cx: &Context<'_>) -> Option<Transmit> {
        let mut state = lock(&self.state);
        if state.dispatching {
            state.waker = Some(cx.waker().clone());
            return None;
        }
        let transmit = state.machine.poll_transmit(link);
        state.waker = None;
        // Pulling frees room in the outbox, which the session may report.
        let effects = self.settle(&mut state);
        if transmit.is_none() {
            state.waker = Some(cx.waker().clone());
        }
        drop(state);
        self.carry_out(effects, Origin::Driver);
        transmit
    }

    /// Whether another task handles events, so that no more are to be read. Leaves the driver's
    /// waker behind then.
    pub(crate) fn is_held_up(&self, cx: &Context<'_>) -> bool {
        let mut state = lock(&self.state);
        if state.dispatching {
            state.waker = Some(cx.waker().clone());
        }
        state.dispatching
    }

    /// For a driver whose socket takes nothing: leaves its waker behind, so that it hears of the
    /// session's end.
    ///
    /// True if the session is over, and nothing that the driver may still have matters.
    pub(crate) fn park(&self, cx: &Context<'_>) -> bool {
        let mut state = lock(&self.state);
        state.waker = Some(cx.waker().clone());
        state.machine.engine().is_closed()
    }

    /// Waits until few enough handlers of this client are suspended for more of its input to be
    /// taken.
    pub(crate) fn poll_not_busy(&self, cx: &Context<'_>, reader: Reader) -> Poll<()> {
        self.busy
            .poll_below(self.host.max_pending_handlers(), cx, reader)
    }

    /// Resolves when the client has read enough for more to be sent, or is gone.
    pub(crate) fn relief(&self) -> Notified<'_> {
        self.relief.get_or_init(Box::default).notified()
    }

    /// Counts one suspended handler until the guard is dropped.
    pub(crate) fn suspend(self: &Arc<Self>) -> Suspended<A> {
        let others = self.busy.count.fetch_add(1, Ordering::AcqRel);
        if others + 1 == self.host.max_pending_handlers() {
            telemetry::limit_hit("max_pending_handlers");
        }
        Suspended(Arc::clone(self))
    }

    fn settle(self: &Arc<Self>, state: &mut State<A>) -> Effects<A> {
        let event = if state.dispatching {
            None
        } else {
            next_event(state)
        };
        state.dispatching |= event.is_some();
        // While handlers run, HTTP requests wait, and so does the driver.
        let (replies, waker) = if state.dispatching {
            (Vec::new(), None)
        } else {
            (take_replies(state), state.waker.take())
        };
        self.arm(state);
        let engine = state.machine.engine();
        let before = std::mem::replace(&mut state.buffered, engine.buffered());
        Effects {
            replies,
            relief: engine.is_relieved() && (state.buffered < before || !engine.is_open()),
            waker,
            event,
        }
    }

    /// Keeps the entry in the timer queue no later than the machine's next deadline, and the client
    /// in the table as long as requests may come for it.
    fn arm(self: &Arc<Self>, state: &mut State<A>) {
        let timers = &self.host.env().timers;
        match (state.machine.poll_timeout(), state.slot) {
            (Some(deadline), Some((registered, _))) if registered <= deadline => {}
            (Some(deadline), slot) => {
                let me: Weak<dyn Timed> = Arc::downgrade(self) as Weak<dyn Timed>;
                state.slot = Some(timers.set(slot, deadline, me));
            }
            (None, slot) => {
                slot.into_iter().for_each(|slot| timers.clear(slot));
                state.slot = None;
            }
        }
        self.watch(state);
    }

    /// Keeps the table and the telemetry in step with the session.
    fn watch(&self, state: &mut State<A>) {
        if state.seat.is_none() {
            return;
        }
        let engine = state.machine.engine();
        telemetry::waiting(engine.buffered());
        let from = std::mem::replace(&mut state.transport, engine.transport());
        if from != state.transport {
            telemetry::session_upgraded(&self.sid, from, state.transport);
        }
        if !engine.is_reachable() {
            state.seat = None;
            telemetry::session_gone(&self.sid, state.transport);
            self.host.table().remove(&self.sid);
        }
    }

    fn carry_out(self: &Arc<Self>, effects: Effects<A>, origin: Origin) {
        for (sender, response) in effects.replies {
            // Fails if the HTTP peer went away meanwhile; its guard has told the session.
            let _ = sender.send(response);
        }
        if effects.relief
            && let Some(waiting) = self.relief.get()
        {
            waiting.notify_waiters();
        }
        if let Some(waker) = effects.waker {
            waker.wake();
        }
        if let Some(event) = effects.event {
            match origin {
                Origin::Driver | Origin::Network => self.dispatch(event),
                Origin::Elsewhere => {
                    let client = Arc::clone(self);
                    self.host
                        .env()
                        .runtime
                        .spawn(async move { client.dispatch(event) });
                }
            }
        }
    }

    /// Handles one event after the other until none is left. Only who set `dispatching` calls this.
    fn dispatch(self: &Arc<Self>, mut event: A::Event) {
        let turn = Turn(self);
        let effects = loop {
            self.host.app().handle(self, event);
            let mut state = lock(&self.state);
            match next_event(&mut state) {
                Some(next) => event = next,
                None => {
                    state.dispatching = false;
                    break self.settle(&mut state);
                }
            }
        };
        std::mem::forget(turn);
        self.carry_out(effects, Origin::Elsewhere);
    }
}

impl<A: App> Timed for Client<A> {
    fn fire(self: Arc<Self>) {
        self.step(Origin::Elsewhere, |state, now| {
            state.slot = None;
            state.machine.handle_timeout(now);
        });
    }
}

fn begin_exchange<A: App>(
    state: &mut State<A>,
    sender: oneshot::Sender<Response>,
    now: Instant,
    input: impl FnOnce(&mut Session, Exchange, Instant),
) -> Exchange {
    let exchange = Exchange(state.next_exchange);
    state.next_exchange += 1;
    state.waiting.push((exchange, sender));
    state
        .machine
        .drive(now, |session| input(session, exchange, now));
    exchange
}

fn take_replies<A: App>(state: &mut State<A>) -> Vec<(oneshot::Sender<Response>, Response)> {
    let mut replies = Vec::new();
    while let Some((exchange, response)) = state.machine.poll_response() {
        let waiting = &mut state.waiting;
        if let Some(at) = waiting.iter().position(|(waiting, _)| *waiting == exchange) {
            replies.push((waiting.swap_remove(at).1, response));
        }
    }
    replies
}

fn next_event<A: App>(state: &mut State<A>) -> Option<A::Event> {
    state
        .queue
        .pop_front()
        .or_else(|| A::poll_event(&mut state.machine))
}

/// Gives the dispatcher's place back if a panic unwinds through it.
struct Turn<'a, A: App>(&'a Client<A>);

impl<A: App> Drop for Turn<'_, A> {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.dispatching = false;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Who waits for a client to be less busy: there is at most one of each.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reader {
    Link,
    Push,
}

/// How many handlers of a client are suspended, and who waits for that to become fewer.
#[derive(Debug, Default)]
struct Busy {
    count: AtomicUsize,
    link: AtomicWaker,
    push: AtomicWaker,
}

impl Busy {
    fn poll_below(&self, max: usize, cx: &Context<'_>, reader: Reader) -> Poll<()> {
        if self.count.load(Ordering::Acquire) < max {
            return Poll::Ready(());
        }
        match reader {
            Reader::Link => self.link.register(cx.waker()),
            Reader::Push => self.push.register(cx.waker()),
        }
        // Again, since the last handler may have ended before the waker was in place.
        if self.count.load(Ordering::Acquire) < max {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

/// One suspended handler.
pub(crate) struct Suspended<A: App>(Arc<Client<A>>);

impl<A: App> Drop for Suspended<A> {
    fn drop(&mut self) {
        self.0.busy.count.fetch_sub(1, Ordering::AcqRel);
        self.0.busy.link.wake();
        self.0.busy.push.wake();
    }
}
