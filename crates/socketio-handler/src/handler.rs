//! Async functions as handlers.

use crate::context::{EventContext, Source};
use crate::error::HandlerError;
use crate::function::{Function, TypedFunction};
use futures_util::future::BoxFuture;
use socketio_proto::typed::{Answer, TypedEvent};
use std::error::Error;
use std::future::Future;

/// An async [`Function`].
pub trait Handler<S: Source, A>: Send + Sync + 'static {
    /// What its future gives.
    type Output;

    /// Takes the parameters from the event and calls the function.
    ///
    /// # Errors
    /// When a parameter can't be had; the function is not called then.
    fn call(
        &self,
        context: &mut EventContext<'_, S>,
    ) -> Result<BoxFuture<'static, Self::Output>, HandlerError>;
}

impl<S, A, F> Handler<S, A> for F
where
    S: Source,
    F: Function<S, A, Output: Future + Send + 'static>,
{
    type Output = <F::Output as Future>::Output;

    fn call(
        &self,
        context: &mut EventContext<'_, S>,
    ) -> Result<BoxFuture<'static, Self::Output>, HandlerError> {
        Ok(Box::pin(Function::call(self, context)?))
    }
}

/// An async [`TypedFunction`] that returns the acknowledgement of its event, or a `Result` of it.
pub trait TypedHandler<S: Source, E: TypedEvent, A>: Send + Sync + 'static {
    /// What its future gives.
    type Output: Answer<E::Ack>;

    /// Takes the parameters from the event and calls the function.
    ///
    /// # Errors
    /// When a parameter can't be had; the function is not called then.
    fn call(
        &self,
        context: &mut EventContext<'_, S>,
    ) -> Result<BoxFuture<'static, Self::Output>, HandlerError>;
}

impl<S, E, A, F> TypedHandler<S, E, A> for F
where
    S: Source,
    E: TypedEvent,
    F: TypedFunction<S, E, A, Output: Future<Output: Answer<E::Ack>> + Send + 'static>,
{
    type Output = <F::Output as Future>::Output;

    fn call(
        &self,
        context: &mut EventContext<'_, S>,
    ) -> Result<BoxFuture<'static, Self::Output>, HandlerError> {
        Ok(Box::pin(TypedFunction::call(self, context)?))
    }
}

/// What a handler of an event may return: nothing, or a result whose error goes to `on_error`.
pub trait Outcome {
    /// The result that is reported.
    ///
    /// # Errors
    /// The handler's own.
    fn into_result(self) -> Result<(), HandlerError>;
}

impl Outcome for () {
    fn into_result(self) -> Result<(), HandlerError> {
        Ok(())
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), HandlerError> {
        self.map_err(|error| HandlerError::Failed(error.into()))
    }
}
