//! What stands between clients and handlers.

use crate::error::Refusal;
use crate::extract::EventContext;
use crate::handler::Handler;
use futures_util::future::BoxFuture;
use std::sync::Arc;

type Pass = dyn Fn(&mut EventContext<'_>) -> BoxFuture<'static, Result<(), Refusal>> + Send + Sync;

/// Lets a client into the namespace, or an event through to its handlers; or refuses it.
#[derive(Clone)]
pub(crate) struct Middleware(Arc<Pass>);

impl Middleware {
    pub(crate) fn new<A, H, E>(middleware: H) -> Self
    where
        H: Handler<A, Output = Result<(), E>>,
        E: Into<Refusal> + 'static,
    {
        Self(Arc::new(move |context| match middleware.call(context) {
            Ok(future) => Box::pin(async move { future.await.map_err(Into::into) }),
            Err(error) => Box::pin(std::future::ready(Err(Refusal::new(error.to_string())))),
        }))
    }

    pub(crate) fn call(
        &self,
        context: &mut EventContext<'_>,
    ) -> BoxFuture<'static, Result<(), Refusal>> {
        (self.0)(context)
    }
}
