//! Typed events on the sockets for plain threads.

use super::client::ClientBuilder;
use super::emitter::Emitter;
use super::socket::Socket;
use crate::error::{AckError, EmitError, HandlerError};
use crate::extract::EventContext;
use crate::handler::Listener;
use crate::typed::{Surroundings, typed_event};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::ListenerId;
use socketio_proto::typed::{Answer, TypedEvent, name};

impl Surroundings for Socket {}

/// A function, or a closure, whose last parameter is a [`TypedEvent`] and which returns its
/// acknowledgement, or a `Result` of it. Up to three parameters before it come from the
/// [`Surroundings`].
///
/// ```
/// use socketio_client::blocking::{Client, Socket};
/// use socketio_client::events;
///
/// events! {
///     pub Said = "said"(from: String, text: String);
///     pub Ask = "ask"(question: String) -> String;
/// }
///
/// let client = Client::builder("http://localhost:3000")
///     .on_typed(|Said { from, text }: Said| println!("{from}: {text}"))
///     .on_typed(|socket: Socket, ask: Ask| format!("{}? Ask {:?}", ask.question, socket.id()));
/// ```
///
/// What does not agree with the declaration does not compile:
///
/// ```compile_fail,E0277
/// # use socketio_client::{blocking::Client, events};
/// # events! { Ask = "ask"(question: String) -> String; }
/// let client = Client::builder("http://localhost:3000").on_typed(|ask: Ask| ask.question.len());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler of a typed event",
    note = "the last parameter has to be the event, those before it from its `Surroundings`",
    note = "the result has to be the acknowledgement, or a `Result` of it"
)]
pub trait TypedHandler<E: TypedEvent, A>: Send + Sync + 'static {
    /// What it returns.
    type Output: Answer<E::Ack>;

    /// Takes the parameters from the event and calls the function.
    ///
    /// # Errors
    /// When a parameter can't be had; the function is not called then.
    fn call(&self, context: &mut EventContext<'_>) -> Result<Self::Output, HandlerError>;
}

macro_rules! functions {
    ($($parameter:ident)*) => {
        impl<F, R, E, $($parameter,)*> TypedHandler<E, ($($parameter,)* E,)> for F
        where
            F: Fn($($parameter,)* E) -> R + Send + Sync + 'static,
            R: Answer<E::Ack>,
            E: TypedEvent + DeserializeOwned,
            $($parameter: Surroundings,)*
        {
            type Output = R;

            #[allow(non_snake_case)]
            fn call(&self, context: &mut EventContext<'_>) -> Result<R, HandlerError> {
                $(let $parameter = $parameter::from_event(context)?;)*
                let event = typed_event(context)?;
                Ok(self($($parameter,)* event))
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);

/// Of a handler that returns the acknowledgement.
fn listener<E, A>(handler: impl TypedHandler<E, A>) -> Listener
where
    E: TypedEvent<Ack: Serialize>,
{
    Listener::from_call(move |context| {
        let ack = context.ack().clone();
        let answer = handler.call(context)?.into_answer();
        let sent = ack.send(answer.map_err(HandlerError::Failed)?);
        sent.map_err(|error| HandlerError::Failed(error.into()))?;
        Ok(None)
    })
}

impl ClientBuilder {
    /// Calls a handler for each [typed event](TypedEvent) of its kind; see [`Socket::on_typed`].
    #[must_use]
    pub fn on_typed<E, A>(self, handler: impl TypedHandler<E, A>) -> Self
    where
        E: TypedEvent<Ack: Serialize>,
    {
        self.listen(name::<E>(), listener(handler))
    }
}

impl Socket {
    /// Calls a handler for each [typed event](TypedEvent) of its kind, and acknowledges with what
    /// it returns, if the server asked for that. Nothing is sent for an error; it goes to
    /// [`on_error`](ClientBuilder::on_error).
    ///
    /// Otherwise it is as [`on`](Self::on), and [`off`](Self::off) takes it off.
    pub fn on_typed<E, A>(&self, handler: impl TypedHandler<E, A>) -> ListenerId
    where
        E: TypedEvent<Ack: Serialize>,
    {
        self.inner.on(name::<E>(), listener(handler))
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
    pub fn emit_typed_with_ack<E>(&self, event: &E) -> Result<E::Ack, AckError>
    where
        E: TypedEvent<Ack: DeserializeOwned> + Serialize,
    {
        Emitter::new(self).emit_typed_with_ack(event)
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
    pub fn emit_typed_with_ack<E>(self, event: &E) -> Result<E::Ack, AckError>
    where
        E: TypedEvent<Ack: DeserializeOwned> + Serialize,
    {
        self.emit_with_ack(name::<E>(), event)
    }
}
