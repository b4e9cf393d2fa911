//! Running handlers: in place up to their first suspension, then in a task; one by one where asked.

use crate::dispatch::{OnError, Sio};
use crate::error::HandlerError;
use crate::handler::Started;
use crate::socket::{Socket, Turn};
use crate::sync::lock;
use crate::telemetry;
use socketio_handler::run::{Begun, begin, finish};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

impl Sio {
    /// Starts a handler: in its turn if the namespace is serial, now if not.
    pub(crate) fn start(&self, socket: &Socket, event: &str, future: Started) {
        let future = telemetry::in_span(socket, event, future);
        if socket.inner().namespace().is_serial() {
            self.start_in_turn(socket, event, future);
        } else {
            self.start_now(socket, event, future);
        }
    }

    /// Runs a handler up to its first suspension here, and the rest in a task of its own.
    pub(crate) fn start_now(&self, socket: &Socket, event: &str, future: Started) {
        let rest = match begin(future) {
            Ok(Begun::Suspended(rest)) => rest,
            Ok(Begun::Done(())) => return,
            Err(error) => return self.report(socket, event, error),
        };
        let suspended = socket.inner().client().suspend();
        let (socket, event) = (socket.clone(), event.to_owned());
        let on_error = self.on_error.clone();
        let runtime = Arc::clone(&socket.inner().client().host().env().runtime);
        runtime.spawn(async move {
            let _suspended = suspended;
            if let Err(error) = finish(rest).await {
                report(on_error.as_ref(), &socket, &event, error);
            }
        });
    }

    /// As [`start_now`](Self::start_now), but after the handler before it has finished.
    fn start_in_turn(&self, socket: &Socket, event: &str, future: Started) {
        let queue = socket.inner().serial_queue();
        let mut turns = lock(queue);
        if turns.is_running {
            let suspended = socket.inner().client().suspend();
            turns.waiting.push_back(Turn {
                event: event.to_owned(),
                future,
                _suspended: suspended,
            });
            return;
        }
        turns.is_running = true;
        drop(turns);
        let begun = begin(future);
        if let Ok(Begun::Suspended(future)) = begun {
            let suspended = socket.inner().client().suspend();
            let first = Turn {
                event: event.to_owned(),
                future,
                _suspended: suspended,
            };
            let (socket, on_error) = (socket.clone(), self.on_error.clone());
            socket
                .inner()
                .client()
                .host()
                .env()
                .runtime
                .clone()
                .spawn(take_turns(socket, first, on_error));
            return;
        }
        // The queue is empty: only this dispatcher fills it.
        lock(queue).is_running = false;
        if let Err(error) = begun {
            self.report(socket, event, error);
        }
    }

    pub(crate) fn report(&self, socket: &Socket, event: &str, error: HandlerError) {
        report(self.on_error.as_ref(), socket, event, error);
    }
}

/// Runs one handler after the other until the queue is empty.
async fn take_turns(socket: Socket, first: Turn, on_error: Option<OnError>) {
    let mut turn = first;
    loop {
        if let Err(error) = finish(turn.future).await {
            report(on_error.as_ref(), &socket, &turn.event, error);
        }
        let mut queue = lock(socket.inner().serial_queue());
        match queue.waiting.pop_front() {
            Some(next) => turn = next,
            None => {
                queue.is_running = false;
                return;
            }
        }
    }
}

fn report(on_error: Option<&OnError>, socket: &Socket, event: &str, error: HandlerError) {
    telemetry::handler_failed(socket, event, &error);
    if let Some(on_error) = on_error {
        // A hook that panics is no reason to stop serving.
        let _ = catch_unwind(AssertUnwindSafe(|| on_error(socket, event, error)));
    }
}
