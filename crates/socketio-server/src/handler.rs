//! Functions as handlers.

use crate::error::HandlerError;
use crate::extract::{EventContext, FromEvent};
use futures_util::future::BoxFuture;
use std::future::Future;
use std::sync::Arc;

/// An async function, or a closure, of up to eight parameters of which each is [`FromEvent`].
///
/// ```
/// use socketio_server::{Ack, EmitError, Handler, Socket, State};
///
/// async fn greet(socket: Socket, name: String, ack: Ack) -> Result<(), EmitError> {
///     socket.to("lobby").emit("joined", &name)?;
///     ack.send(format!("hello, {name}"))
/// }
///
/// fn is_handler<A>(_: impl Handler<A>) {}
/// is_handler(greet);
/// is_handler(async |State(limit): State<u32>, number: u32| drop((limit, number)));
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
    ) -> Result<BoxFuture<'static, Self::Output>, HandlerError>;
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
            ) -> Result<BoxFuture<'static, Fut::Output>, HandlerError> {
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

/// What a handler of an event may return: nothing, or a result whose error goes to
/// [`on_error`](crate::SocketIoBuilder::on_error).
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

/// A started handler.
pub(crate) type Started = BoxFuture<'static, Result<(), HandlerError>>;

type Call = dyn Fn(&mut EventContext<'_>) -> Result<Started, HandlerError> + Send + Sync;

/// A handler whose parameters are forgotten.
#[derive(Clone)]
pub(crate) struct Listener(Arc<Call>);

impl Listener {
    pub(crate) fn new<A, H>(handler: H) -> Self
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        Self::from_call(move |context| {
            let future = handler.call(context)?;
            Ok(Box::pin(async move { future.await.into_result() }))
        })
    }

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

/// The message of a panic.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}
