//! Handlers whose parameters are forgotten, so that one list holds them all.

use crate::context::{EventContext, Source};
use crate::error::HandlerError;
use crate::handler::{Handler, Outcome, TypedHandler};
use crate::run::Task;
use serde::Serialize;
use socketio_proto::typed::TypedEvent;
use std::fmt;
use std::sync::Arc;

type Call<S, T> = dyn Fn(&mut EventContext<'_, S>) -> Result<T, HandlerError> + Send + Sync;

/// A handler whose parameters are forgotten: when called, it gives a `T`, usually the [`Task`] that
/// it has begun. Clones share it.
pub struct Listener<S: Source, T = Task<()>>(Arc<Call<S, T>>);

impl<S: Source, T: From<Task<()>>> Listener<S, T> {
    /// Of an async function.
    pub fn new<A, H>(handler: H) -> Self
    where
        H: Handler<S, A>,
        H::Output: Outcome + 'static,
    {
        Self::from_call(move |context| {
            let future = handler.call(context)?;
            let task: Task<()> = Box::pin(async move { future.await.into_result() });
            Ok(task.into())
        })
    }

    /// Of one that returns the acknowledgement, which is sent if it is asked for.
    pub fn typed<E, A, H>(handler: H) -> Self
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<S, E, A>,
        H::Output: 'static,
    {
        Self::from_call(move |context| {
            let ack = context.ack().clone();
            let future = handler.call(context)?;
            let task: Task<()> = Box::pin(async move { ack.answer::<E>(future.await) });
            Ok(task.into())
        })
    }
}

impl<S: Source, T> Listener<S, T> {
    /// Of whatever takes its parameters from the event by itself.
    pub fn from_call(
        call: impl Fn(&mut EventContext<'_, S>) -> Result<T, HandlerError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(call))
    }

    /// Calls the handler.
    ///
    /// # Errors
    /// When a parameter can't be had.
    pub fn call(&self, context: &mut EventContext<'_, S>) -> Result<T, HandlerError> {
        (self.0)(context)
    }
}

impl<S: Source, T> Clone for Listener<S, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Source, T> fmt::Debug for Listener<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
