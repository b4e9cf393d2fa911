//! From the machine's events to those whom they concern. It goes on at one place at a time, so
//! handlers start in the order in which their events came.
//!
//! The driver for tokio runs all of it by [`dispatch`]. The one for threads runs [`settle`] and
//! [`Joins::tell`] in its own thread and [`announce`] in that of the handlers, which may wait for
//! what the former two tell.

use crate::core::{Core, JoinWaiter, State};
use crate::error::{ConnectError, HandlerError};
use crate::events::{Incoming, SocketEvent};
use crate::extract::EventContext;
use crate::run::{report, start};
use crate::socket_ref::{ANY, CONNECT, CONNECT_ERROR, DISCONNECT, SocketRef};
use socketio_handler::Ack;
use socketio_handler::run::{Begun, begin, finish, guarded};
use socketio_proto::client::{ClientEvent, ConnectFailure, Event, Socket as Id};
use socketio_proto::{AckId, Payload};
use std::sync::Arc;

/// Hands out what the machine has to tell. True if there was anything.
#[cfg(feature = "tokio")]
pub(crate) fn dispatch(core: &Arc<Core>) -> bool {
    let mut any = false;
    while let Some(event) = core.poll_event() {
        any = true;
        let Some(event) = settle(core, event) else {
            continue;
        };
        let verdict = Verdict::of(&event);
        announce(core, event);
        if let Some(verdict) = verdict {
            verdict.take(core).tell();
        }
    }
    any
}

/// What an event does to the client itself: whoever waits for the answer that it is gets it, and
/// what is known of the connection changes. What the application is to see is returned.
pub(crate) fn settle(core: &Arc<Core>, event: Event) -> Option<Event> {
    match event {
        Event::Acked { token, result } => {
            // Fails if nobody waits any more.
            if let Some(waiter) = core.with_state(|state| state.acks.remove(&token)) {
                waiter(result);
            }
            return None;
        }
        Event::Connection(ClientEvent::Closed { .. }) => core.settings.forget_cookies(),
        Event::Connection(
            ClientEvent::Error(ref failure) | ClientEvent::ReconnectError(ref failure),
        ) => {
            core.with_state(|state| state.last_failure = Some(failure.clone()));
        }
        _ => {}
    }
    Some(event)
}

/// What an event says to those who wait for a socket to be connected.
pub(crate) enum Verdict {
    Connected(Id),
    Failed(Id, ConnectError),
    GivenUp,
}

impl Verdict {
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match event {
            Event::Connected { socket, .. } => Some(Self::Connected(*socket)),
            Event::ConnectError { socket, error } => {
                Some(Self::Failed(*socket, error.clone().into()))
            }
            Event::Connection(ClientEvent::ReconnectFailed) => Some(Self::GivenUp),
            _ => None,
        }
    }

    /// Those who are to hear of it.
    pub(crate) fn take(self, core: &Core) -> Joins {
        let (waiting, result) = match self {
            Self::Connected(id) => (joins_of(core, id), Ok(())),
            Self::Failed(id, error) => {
                let is_final = |state: &State| !state.manager.is_active(id);
                let waiting = match core.settings.retry_initial && !core.peek(is_final) {
                    true => Vec::new(),
                    false => joins_of(core, id),
                };
                (waiting, Err(error))
            }
            Self::GivenUp => {
                let (waiting, failure) =
                    core.with_state(|state| (state.joins.take_all(), state.last_failure.take()));
                let failure = failure.unwrap_or(ConnectFailure::Timeout);
                (waiting, Err(ConnectError::Connection(failure)))
            }
        };
        Joins { waiting, result }
    }
}

/// Who waited for a socket to be connected, and what came of it.
pub(crate) struct Joins {
    waiting: Vec<(Id, JoinWaiter)>,
    result: Result<(), ConnectError>,
}

impl Joins {
    pub(crate) fn tell(self) {
        for (_, waiter) in self.waiting {
            waiter(self.result.clone());
        }
    }
}

fn joins_of(core: &Core, socket: Id) -> Vec<(Id, JoinWaiter)> {
    core.with_state(|state| state.joins.take(|(id, _)| *id == socket))
}

/// Calls those of the application who are to hear of an event.
pub(crate) fn announce(core: &Arc<Core>, event: Event) {
    match event {
        Event::AuthWanted { socket } => {
            if let Some(socket) = core.socket(socket) {
                authorize(&socket);
            }
        }
        Event::Connected { socket, recovered } => {
            if let Some(socket) = core.socket(socket) {
                happened(&socket, CONNECT, &SocketEvent::Connected { recovered });
            }
        }
        Event::ConnectError { socket, error } => {
            if let Some(socket) = core.socket(socket) {
                let event = SocketEvent::ConnectError(error.into());
                happened(&socket, CONNECT_ERROR, &event);
            }
        }
        Event::Message {
            socket,
            payload,
            ack,
        } => {
            if let Some(socket) = core.socket(socket) {
                message(&socket, payload, ack);
            }
        }
        Event::Disconnected { socket, reason } => {
            if let Some(socket) = core.socket(socket) {
                happened(&socket, DISCONNECT, &SocketEvent::Disconnected(reason));
            }
        }
        Event::Connection(event) => connection_event(core, &event),
        _ => {}
    }
}

/// The catch-all handlers see an event first, then the handlers of its name.
fn message(socket: &SocketRef, payload: Payload, ack: Option<AckId>) {
    let ack = Ack::new(socket, ack);
    let Some(name) = payload.event() else { return };
    for key in [ANY, name] {
        let listeners = socket.inner.snapshot(key);
        for listener in listeners.iter() {
            start(socket, name, || {
                let payload = Some(&payload);
                listener.call(&mut EventContext::new(socket, name, payload, &ack, None))
            });
        }
    }
    socket.tell(|| {
        SocketEvent::Message(Incoming {
            payload: payload.clone(),
            ack: ack.clone(),
        })
    });
}

/// Tells of what is no event of the wire, and starts its handlers.
fn happened(socket: &SocketRef, name: &str, event: &SocketEvent) {
    socket.tell(|| event.clone());
    let (listeners, ack, cause) = (socket.inner.snapshot(name), Ack::default(), Some(event));
    for listener in listeners.iter() {
        start(socket, name, || {
            listener.call(&mut EventContext::new(socket, name, None, &ack, cause))
        });
    }
}

fn connection_event(core: &Arc<Core>, event: &ClientEvent) {
    if let Some(owner) = core.owner() {
        for inner in core.sockets() {
            let socket = SocketRef {
                inner,
                owner: Arc::clone(&owner),
            };
            socket.tell(|| SocketEvent::Connection(event.clone()));
        }
        core.watchers.call(event);
    }
}

/// Asks the application for a socket's credentials. If it is asked again meanwhile, for another
/// attempt, the former answer counts no more.
fn authorize(socket: &SocketRef) {
    let Some((auth, turn)) = socket.inner.next_auth() else {
        return;
    };
    match guarded(|| Ok(auth(socket.format()))).and_then(begin) {
        Ok(Begun::Done(answer)) => answered(socket, turn, Ok(answer)),
        Ok(Begun::Suspended(rest)) => {
            let asked = socket.clone();
            socket.core().runtime.spawn(Box::pin(async move {
                let answer = finish(rest).await;
                answered(&asked, turn, answer);
            }));
        }
        Err(error) => answered(socket, turn, Err(error)),
    }
}

fn answered(socket: &SocketRef, turn: u64, answer: Result<Option<Payload>, HandlerError>) {
    match answer {
        Ok(auth) if socket.inner.is_auth_turn(turn) => {
            let id = socket.inner.id;
            let given = socket
                .core()
                .step(|state, now| state.manager.authorize(id, auth, now));
            if let Err(error) = given {
                report(socket, "auth", HandlerError::Failed(error.into()));
            }
        }
        Ok(_) => {}
        Err(error) => report(socket, "auth", error),
    }
}
