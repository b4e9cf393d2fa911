//! Running handlers: in place up to their first suspension, then by the runtime.

use crate::core::Core;
use crate::error::HandlerError;
use crate::handler::Started;
use crate::socket_ref::SocketRef;
use socketio_handler::run::{Begun, begin, finish, guarded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Told of handlers that failed: the socket, the event's name, the error.
pub(crate) type OnError = Arc<dyn Fn(&SocketRef, &str, HandlerError) + Send + Sync>;

/// Calls a handler and runs it up to its first suspension here, and the rest in a task of its own.
pub(crate) fn start(
    socket: &SocketRef,
    event: &str,
    call: impl FnOnce() -> Result<Started, HandlerError>,
) {
    let rest = match guarded(call).and_then(|started| started.map(begin).transpose()) {
        Ok(Some(Begun::Suspended(rest))) => rest,
        Ok(_) => return,
        Err(error) => return report(socket, event, error),
    };
    let core = socket.core();
    let suspended = core.suspend();
    let (socket, event) = (socket.clone(), event.to_owned());
    core.runtime.spawn(Box::pin(async move {
        let _suspended = suspended;
        if let Err(error) = finish(rest).await {
            report(&socket, &event, error);
        }
    }));
}

pub(crate) fn report(socket: &SocketRef, event: &str, error: HandlerError) {
    let core: &Arc<Core> = socket.core();
    if let Some(on_error) = &core.on_error {
        // A hook that panics is no reason to stop.
        let _ = catch_unwind(AssertUnwindSafe(|| on_error(socket, event, error)));
    }
}
