//! On the sockets for tokio.

use super::{Surroundings, typed_event};
use crate::client::ClientBuilder;
use crate::emitter::Emitter;
use crate::error::{AckError, EmitError, HandlerError};
use crate::extract::EventContext;
use crate::handler::Listener;
use crate::socket::Socket;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::ListenerId;
use socketio_proto::typed::{Answer, TypedEvent, name};
use std::future::Future;
use std::pin::Pin;

/// An async function, or a closure, whose last parameter is a [`TypedEvent`] and which returns its
/// acknowledgement, or a `Result` of it. Up to three parameters before it come from the
/// [`Surroundings`].
///
/// ```
/// use socketio_client::{Client, Socket, events};
///
/// events! {
///     pub Said = "said"(from: String, text: String);
///     pub Ask = "ask"(question: String) -> String;
/// }
///
/// let client = Client::builder("http://localhost:3000")
///     .on_typed(async |Said { from, text }: Said| println!("{from}: {text}"))
///     .on_typed(async |socket: Socket, ask: Ask| format!("{}? Ask {:?}", ask.question, socket.id()));
/// ```
///
/// What does not agree with the declaration does not compile:
///
/// ```compile_fail,E0277
/// # use socketio_client::{Client, events};
/// # events! { Ask = "ask"(question: String) -> String; }
/// let client = Client::builder("http://localhost:3000")
///     .on_typed(async |ask: Ask| ask.question.len());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of a typed event",
    note = "the last parameter has to be the event, those before it from its `Surroundings`",
    note = "the result has to be the acknowledgement, or a `Result` of it"
)]
pub trait TypedHandler<E: TypedEvent, A>: Send + Sync + 'static {
    /// What its future gives.
    type Output: Answer<E::Ack>;

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
        impl<F, Fut, E, $($parameter,)*> TypedHandler<E, ($($parameter,)* E,)> for F
        where
            F: Fn($($parameter,)* E) -> Fut + Send + Sync + 'static,
            Fut: Future<Output: Answer<E::Ack>> + Send + 'static,
            E: TypedEvent + DeserializeOwned,
            $($parameter: Surroundings,)*
        {
            type Output = Fut::Output;

            #[allow(non_snake_case)]
            fn call(
                &self,
                context: &mut EventContext<'_>,
            ) -> Result<Pin<Box<dyn Future<Output = Fut::Output> + Send>>, HandlerError> {
                $(let $parameter = $parameter::from_event(context)?;)*
                let event = typed_event(context)?;
                Ok(Box::pin(self($($parameter,)* event)))
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);

impl Listener {
    /// Of a handler that returns the acknowledgement.
    fn typed<E, A, H>(handler: H) -> Self
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        Self::from_call(move |context| {
            let ack = context.ack().clone();
            let future = handler.call(context)?;
            Ok(Some(Box::pin(async move {
                let answer = future.await.into_answer();
                let answer = answer.map_err(HandlerError::Failed)?;
                ack.send(answer)
                    .map_err(|error| HandlerError::Failed(error.into()))
            })))
        })
    }
}

impl ClientBuilder {
    /// Calls a handler for each [typed event](TypedEvent) of its kind; see [`Socket::on_typed`].
    #[must_use]
    pub fn on_typed<E, A, H>(self, handler: H) -> Self
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        self.listen(name::<E>(), Listener::typed(handler))
    }
}

impl Socket {
    /// Calls a handler for each [typed event](TypedEvent) of its kind, and acknowledges with what
    /// it returns, if the server asked for that. Nothing is sent for an error; it goes to
    /// [`on_error`](ClientBuilder::on_error).
    ///
    /// Otherwise it is as [`on`](Self::on), and [`off`](Self::off) takes it off.
    pub fn on_typed<E, A, H>(&self, handler: H) -> ListenerId
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        self.0.on(name::<E>(), Listener::typed(handler))
    }

    /// Emits a [typed event](TypedEvent).
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn emit_typed<E: TypedEvent + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        Emitter::new(self).emit_typed(event)
    }

    /// Emits a [typed event](TypedEvent) and waits for the server's acknowledgement.
    ///
    /// # Errors
    /// As [`emit_with_ack`](Self::emit_with_ack).
    pub async fn emit_typed_with_ack<E>(&self, event: &E) -> Result<E::Ack, AckError>
    where
        E: TypedEvent<Ack: DeserializeOwned> + Serialize,
    {
        Emitter::new(self).emit_typed_with_ack(event).await
    }
}

impl Emitter<'_> {
    /// See [`Socket::emit_typed`].
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn emit_typed<E: TypedEvent + Serialize>(self, event: &E) -> Result<(), EmitError> {
        self.emit(name::<E>(), event)
    }

    /// See [`Socket::emit_typed_with_ack`].
    ///
    /// # Errors
    /// As [`emit_with_ack`](Self::emit_with_ack).
    pub async fn emit_typed_with_ack<E>(self, event: &E) -> Result<E::Ack, AckError>
    where
        E: TypedEvent<Ack: DeserializeOwned> + Serialize,
    {
        self.emit_with_ack(name::<E>(), event).await
    }
}
