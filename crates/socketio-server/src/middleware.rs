//! What stands between clients and handlers.

use crate::error::{HandlerError, Refusal};
use crate::extract::EventContext;
use crate::handler::{Handler, Listener, Started};

/// Lets a client into the namespace, or an event through to its handlers; or refuses it.
#[derive(Clone)]
pub(crate) struct Middleware(Listener);

impl Middleware {
    pub(crate) fn new<A, H, E>(middleware: H) -> Self
    where
        H: Handler<A, Output = Result<(), E>>,
        E: Into<Refusal> + 'static,
    {
        Self(Listener::from_call(move |context| {
            let future = middleware.call(context)?;
            let verdict =
                async move { future.await.map_err(|no| HandlerError::Refused(no.into())) };
            Ok(Box::pin(verdict))
        }))
    }

    /// Starts it. Its error is [`Refused`](HandlerError::Refused), unless it can't be asked.
    pub(crate) fn call(&self, context: &mut EventContext<'_>) -> Result<Started, HandlerError> {
        self.0.call(context)
    }
}
