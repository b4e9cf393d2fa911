//! Async functions as handlers.

use super::{Listener, Outcome, Task};
use crate::error::HandlerError;
use crate::extract::{EventContext, FromEvent};
use std::future::Future;
use std::pin::Pin;

/// An async function, or a closure, of up to eight parameters of which each is [`FromEvent`].
///
/// ```
/// use socketio_client::{Ack, EmitError, Handler, Socket};
///
/// async fn greet(socket: Socket, name: String, ack: Ack) -> Result<(), EmitError> {
///     socket.emit("greeted", &name)?;
///     ack.send(format!("hello, {name}"))
/// }
///
/// fn is_handler<A>(_: impl Handler<A>) {}
/// is_handler(greet);
/// is_handler(async |a: u32, b: u32| drop(a + b));
/// ```
pub trait Handler<A>: Send + Sync + 'static {
    /// What its future gives.
    type Output;

    /// Takes the parameters from the event and calls the function.
    ///
    /// # Errors
    /// When a parameter can't be had; the function is not called then.
    fn call(
        &self,
        context: &mut EventContext<'_>,
    ) -> Result<Pin<Box<dyn Future<Output = Self::Output> + Send>>, HandlerError>;
}

macro_rules! functions {
    ($($parameter:ident)*) => {
        impl<F, Fut, $($parameter,)*> Handler<($($parameter,)*)> for F
        where
            F: Fn($($parameter),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            $($parameter: FromEvent,)*
        {
            type Output = Fut::Output;

            #[allow(non_snake_case, unused_variables)]
            fn call(
                &self,
                context: &mut EventContext<'_>,
            ) -> Result<Task<Fut::Output>, HandlerError> {
                $(let $parameter = $parameter::from_event(context)?;)*
                Ok(Box::pin(self($($parameter),*)))
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);
functions!(A B C D);
functions!(A B C D E);
functions!(A B C D E G);
functions!(A B C D E G H);
functions!(A B C D E G H I);

impl Listener {
    /// Of an async function.
    pub(crate) fn new<A, H>(handler: H) -> Self
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        Self::from_call(move |context| {
            let future = handler.call(context)?;
            Ok(Some(Box::pin(async move { future.await.into_result() })))
        })
    }
}
