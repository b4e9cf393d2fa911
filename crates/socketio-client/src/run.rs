//! Running handlers: in place up to their first suspension, then by the runtime.

use crate::core::Core;
use crate::error::HandlerError;
use crate::handler::{Started, Task};
use crate::socket_ref::SocketRef;
use futures_util::FutureExt;
use futures_util::task::noop_waker_ref;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};

/// Told of handlers that failed: the socket, the event's name, the error.
pub(crate) type OnError = Arc<dyn Fn(&SocketRef, &str, HandlerError) + Send + Sync>;

/// Calls a handler and runs it up to its first suspension here, and the rest in a task of its own.
pub(crate) fn start(
    socket: &SocketRef,
    event: &str,
    call: impl FnOnce() -> Result<Started, HandlerError>,
) {
    let begun = guarded(|| {
        let Some(mut future) = call()? else {
            return Ok(None);
        };
        match poll_once(&mut future) {
            Poll::Ready(result) => result.map(|()| None),
            Poll::Pending => Ok(Some(future)),
        }
    });
    let rest = match begun {
        Ok(Some(rest)) => rest,
        Ok(None) => return,
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

/// Polls a future once, in place, with a waker that does nothing. What is left of one that is
/// pending has to be polled again soon, as a task is that was just spawned.
pub(crate) fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    future.poll_unpin(&mut Context::from_waker(noop_waker_ref()))
}

/// Runs what is left of code of the user. A panic is an error like others.
pub(crate) async fn finish<T>(future: Task<Result<T, HandlerError>>) -> Result<T, HandlerError> {
    AssertUnwindSafe(future)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Calls code of the user. A panic is an error like others.
pub(crate) fn guarded<R>(
    call: impl FnOnce() -> Result<R, HandlerError>,
) -> Result<R, HandlerError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

pub(crate) fn report(socket: &SocketRef, event: &str, error: HandlerError) {
    let core: &Arc<Core> = socket.core();
    if let Some(on_error) = &core.on_error {
        // A hook that panics is no reason to stop.
        let _ = catch_unwind(AssertUnwindSafe(|| on_error(socket, event, error)));
    }
}

fn panicked(panic: &(dyn Any + Send)) -> HandlerError {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    HandlerError::Panicked(text.unwrap_or_else(|| "no message".into()))
}
