//! From the machine's events to those whom they concern. The driver runs it, so it goes on at one
//! place at a time: handlers start in the order in which their events came.

use crate::ack::Ack;
use crate::core::{Core, State};
use crate::error::{ConnectError, HandlerError};
use crate::events::{Incoming, SocketEvent};
use crate::extract::{Cause, EventContext};
use crate::run::{finish, guarded, poll_once, report, start};
use crate::socket_ref::{ANY, CONNECT, CONNECT_ERROR, DISCONNECT, SocketRef};
use crate::status::ClientEvent;
use socketio_proto::client::{ConnectFailure, Event, Socket as Id};
use socketio_proto::{AckId, Payload};
use std::sync::Arc;
use std::task::Poll;

/// Hands out what the machine has to tell. True if there was anything.
pub(crate) fn dispatch(core: &Arc<Core>) -> bool {
    let mut any = false;
    while let Some(event) = core.poll_event() {
        any = true;
        handle(core, event);
    }
    any
}

fn handle(core: &Arc<Core>, event: Event) {
    match event {
        Event::AuthWanted { socket } => {
            if let Some(socket) = core.socket(socket) {
                authorize(&socket);
            }
        }
        Event::Connected { socket, recovered } => {
            if let Some(socket) = core.socket(socket) {
                socket.tell(|| SocketEvent::Connected { recovered });
                call(&socket, CONNECT, &Cause::None);
            }
            join(core, socket, &Ok(()));
        }
        Event::ConnectError { socket: id, error } => {
            let error = ConnectError::from(error);
            if let Some(socket) = core.socket(id) {
                socket.tell(|| SocketEvent::ConnectError(error.clone()));
                call(&socket, CONNECT_ERROR, &Cause::Failed(error.clone()));
            }
            let is_final = |state: &State| !state.manager.is_active(id);
            if !core.settings.retry_initial || core.peek(is_final) {
                join(core, id, &Err(error));
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
        Event::Acked { token, result } => {
            // Fails if nobody waits any more.
            if let Some(waiter) = core.with_state(|state| state.acks.remove(&token)) {
                waiter(result);
            }
        }
        Event::Disconnected { socket, reason } => {
            if let Some(socket) = core.socket(socket) {
                socket.tell(|| SocketEvent::Disconnected(reason.clone()));
                call(&socket, DISCONNECT, &Cause::Left(reason));
            }
        }
        event => {
            if let Some(event) = ClientEvent::new(event) {
                client_event(core, event);
            }
        }
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
                let none = Cause::None;
                listener.call(&mut EventContext::new(
                    socket,
                    name,
                    Some(&payload),
                    &ack,
                    &none,
                ))
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

/// Starts the handlers of an event that is not of the wire.
fn call(socket: &SocketRef, name: &str, cause: &Cause) {
    let (listeners, ack) = (socket.inner.snapshot(name), Ack::default());
    for listener in listeners.iter() {
        start(socket, name, || {
            listener.call(&mut EventContext::new(socket, name, None, &ack, cause))
        });
    }
}

/// Tells those who wait for a socket to be connected.
fn join(core: &Arc<Core>, socket: Id, result: &Result<(), ConnectError>) {
    let waiting = core.with_state(|state| state.joins.take(|(id, _)| *id == socket));
    for (_, waiter) in waiting {
        waiter(result.clone());
    }
}

fn client_event(core: &Arc<Core>, event: ClientEvent) {
    match &event {
        ClientEvent::Closed { .. } => core.settings.forget_cookies(),
        ClientEvent::Error(failure) | ClientEvent::ReconnectError(failure) => {
            core.with_state(|state| state.last_failure = Some(failure.clone()));
        }
        _ => {}
    }
    if let Some(owner) = core.owner() {
        for inner in core.sockets() {
            let socket = SocketRef {
                inner,
                owner: Arc::clone(&owner),
            };
            socket.tell(|| SocketEvent::Connection(event.clone()));
        }
        core.watchers.call(&event);
    }
    if event == ClientEvent::ReconnectFailed {
        let (waiting, failure) =
            core.with_state(|state| (state.joins.take_all(), state.last_failure.take()));
        let failure = failure.unwrap_or(ConnectFailure::Timeout);
        for (_, waiter) in waiting {
            waiter(Err(ConnectError::Connection(failure.clone())));
        }
    }
}

/// Asks the application for a socket's credentials. If it is asked again meanwhile, for another
/// attempt, the former answer counts no more.
fn authorize(socket: &SocketRef) {
    let Some((auth, turn)) = socket.inner.next_auth() else {
        return;
    };
    let begun = guarded(|| {
        let mut future = auth(socket.format());
        match poll_once(&mut future) {
            Poll::Ready(answer) => answer.map(Err),
            Poll::Pending => Ok(Ok(future)),
        }
    });
    match begun {
        Ok(Err(answer)) => answered(socket, turn, Ok(answer)),
        Ok(Ok(rest)) => {
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
