//! Running code of the user: in place up to its first suspension, then wherever the adapter spawns
//! the rest. A panic is an error like others.

use crate::error::HandlerError;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::task::noop_waker_ref;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

/// Code of the user that was called, and has not been polled since or is suspended.
pub type Task<T> = BoxFuture<'static, Result<T, HandlerError>>;

/// A [`Task`] after its first poll.
pub enum Begun<T> {
    /// It is done.
    Done(T),
    /// What is left is to be [finished](finish) by a task, at once: nothing else polls it.
    Suspended(Task<T>),
}

/// Calls code of the user.
///
/// # Errors
/// Its own, and [`HandlerError::Panicked`].
pub fn guarded<T>(call: impl FnOnce() -> Result<T, HandlerError>) -> Result<T, HandlerError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Runs a task up to its first suspension.
///
/// # Errors
/// Its own, and [`HandlerError::Panicked`].
pub fn begin<T>(mut task: Task<T>) -> Result<Begun<T>, HandlerError> {
    let polled = guarded(|| match poll_once(&mut task) {
        Poll::Ready(result) => result.map(Some),
        Poll::Pending => Ok(None),
    });
    Ok(match polled? {
        Some(value) => Begun::Done(value),
        None => Begun::Suspended(task),
    })
}

/// Runs what is left of a task.
///
/// # Errors
/// Its own, and [`HandlerError::Panicked`].
pub async fn finish<T>(task: Task<T>) -> Result<T, HandlerError> {
    AssertUnwindSafe(task)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panicked(&*panic)))
}

/// Polls a future once, in place, with a waker that does nothing. What is left of one that is
/// pending has to be polled again soon, as a task is that was just spawned.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    future.poll_unpin(&mut Context::from_waker(noop_waker_ref()))
}

fn panicked(panic: &(dyn Any + Send)) -> HandlerError {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    HandlerError::Panicked(text.unwrap_or_else(|| "no message".into()))
}
