//! What handlers are once their parameters are forgotten: the same for both adapters.

#[cfg(feature = "tokio")]
mod asynchronous;

#[cfg(feature = "tokio")]
pub use self::asynchronous::Handler;

use crate::error::HandlerError;
use crate::extract::EventContext;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What a handler of an event may return: nothing, or a result whose error goes to
/// [`on_error`](crate::ClientBuilder::on_error).
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

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), HandlerError> {
        self.map_err(|error| HandlerError::Failed(error.into()))
    }
}

/// A future in a box.
pub(crate) type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A handler that was called: done at once, or a future.
pub(crate) type Started = Option<Task<Result<(), HandlerError>>>;

type Call = dyn Fn(&mut EventContext<'_>) -> Result<Started, HandlerError> + Send + Sync;

/// A handler whose parameters are forgotten.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Call>);

impl Listener {
    /// Of whatever takes its parameters from the event by itself.
    pub(crate) fn from_call(
        call: impl Fn(&mut EventContext<'_>) -> Result<Started, HandlerError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(call))
    }

    pub(crate) fn call(&self, context: &mut EventContext<'_>) -> Result<Started, HandlerError> {
        (self.0)(context)
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listener")
    }
}
