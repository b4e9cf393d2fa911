//! Typed events: what [`socketio_proto::typed`] declares, on sockets, namespaces and broadcasts.

use crate::broadcast::{Broadcast, Responses};
use crate::emitter::Emitter;
use crate::error::{AckError, EmitError, HandlerError};
use crate::extract::{Attachments, Auth, Event, EventContext, FromEvent, Handshake, State};
use crate::handler::Listener;
use crate::namespace::Namespace;
use crate::socket::Socket;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::ListenerId;
use socketio_proto::typed::{Answer, TypedEvent, name};
use std::future::Future;

/// An async function, or a closure, whose last parameter is a [`TypedEvent`] and which returns its
/// acknowledgement, or a `Result` of it. Up to seven parameters before it come from the
/// [`Surroundings`].
///
/// ```
/// use socketio_server::{Socket, SocketIo, events};
///
/// events! {
///     pub Said = "said"(from: String, text: String);
///     pub Say = "say"(room: String, text: String) -> usize;
/// }
///
/// let (_layer, io) = SocketIo::new();
/// io.on_typed(async |socket: Socket, Say { room, text }: Say| {
///     let from = socket.id().to_owned();
///     let others = socket.to(&room);
///     let count = others.fetch_sockets().len();
///     others.emit_typed(&Said { from, text }).map(|()| count)
/// });
/// ```
///
/// What does not agree with the declaration does not compile: another acknowledgement,
///
/// ```compile_fail,E0277
/// # use socketio_server::{SocketIo, events};
/// # events! { Say = "say"(room: String, text: String) -> usize; }
/// # let (_layer, io) = SocketIo::new();
/// io.on_typed(async |say: Say| say.text);
/// ```
///
/// no acknowledgement where one is declared,
///
/// ```compile_fail,E0277
/// # use socketio_server::{SocketIo, events};
/// # events! { Say = "say"(room: String, text: String) -> usize; }
/// # let (_layer, io) = SocketIo::new();
/// io.on_typed(async |say: Say| drop(say.text));
/// ```
///
/// or a further argument.
///
/// ```compile_fail,E0277
/// # use socketio_server::{SocketIo, events};
/// # events! { Say = "say"(room: String, text: String) -> usize; }
/// # let (_layer, io) = SocketIo::new();
/// io.on_typed(async |volume: f64, say: Say| say.text.len());
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
    ) -> Result<BoxFuture<'static, Self::Output>, HandlerError>;
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
            ) -> Result<BoxFuture<'static, Fut::Output>, HandlerError> {
                $(let $parameter = $parameter::from_event(context)?;)*
                let event = context.typed_event()?;
                Ok(Box::pin(self($($parameter,)* event)))
            }
        }
    };
}

functions!();
functions!(A);
functions!(A B);
functions!(A B C);
functions!(A B C D);
functions!(A B C D G);
functions!(A B C D G H);
functions!(A B C D G H I);

/// A parameter that leaves the arguments of the event alone.
///
/// [`Ack`](crate::Ack) is none: the acknowledgement is what the handler of a typed event returns.
pub trait Surroundings: FromEvent {}

impl Surroundings for Socket {}
impl<T: Clone + Send + Sync + 'static> Surroundings for State<T> {}
impl<T: DeserializeOwned> Surroundings for Auth<T> {}
impl Surroundings for Handshake {}
impl Surroundings for Event {}
impl Surroundings for Attachments {}

impl Listener {
    /// Of a handler that returns the acknowledgement.
    pub(crate) fn typed<E, A, H>(handler: H) -> Self
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        Self::from_call(move |context| {
            let ack = context.ack().clone();
            let future = handler.call(context)?;
            Ok(Box::pin(async move {
                let answer = future.await.into_answer();
                let answer = answer.map_err(HandlerError::Failed)?;
                ack.send(answer)
                    .map_err(|error| HandlerError::Failed(error.into()))
            }))
        })
    }
}

impl Namespace {
    /// Calls a handler for each [typed event](TypedEvent) of its kind, on any socket of the
    /// namespace, and acknowledges with what it returns, if the sender asked for that. Nothing is
    /// sent for an error; it goes to [`on_error`](crate::SocketIoBuilder::on_error).
    ///
    /// Otherwise it is as [`on`](Self::on), and [`off`](Self::off) takes it off.
    pub fn on_typed<E, A, H>(&self, handler: H) -> ListenerId
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        self.listen(name::<E>(), Listener::typed(handler))
    }

    /// Emits a [typed event](TypedEvent) to everybody in the namespace.
    ///
    /// # Errors
    /// As [`Broadcast::emit`].
    pub fn emit_typed<E: TypedEvent + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        self.broadcast().emit_typed(event)
    }

    /// Emits a [typed event](TypedEvent) to everybody and collects the acknowledgements.
    ///
    /// # Errors
    /// As [`Broadcast::emit_with_ack`].
    pub async fn emit_typed_with_ack<E>(&self, event: &E) -> Result<Responses<E::Ack>, AckError>
    where
        E: TypedEvent<Ack: DeserializeOwned> + Serialize,
    {
        self.broadcast().emit_typed_with_ack(event).await
    }
}

impl Socket {
    /// Calls a handler for each [typed event](TypedEvent) of its kind on this socket; see
    /// [`Namespace::on_typed`], which costs nothing per socket.
    pub fn on_typed<E, A, H>(&self, handler: H) -> ListenerId
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        self.listen(name::<E>(), Listener::typed(handler))
    }

    /// Emits a [typed event](TypedEvent) to the client.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn emit_typed<E: TypedEvent + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        Emitter::new(self).emit_typed(event)
    }

    /// Emits a [typed event](TypedEvent) and waits for the client's acknowledgement.
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

impl Broadcast {
    /// Emits a [typed event](TypedEvent) to the selection.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn emit_typed<E: TypedEvent + Serialize>(self, event: &E) -> Result<(), EmitError> {
        self.emit(name::<E>(), event)
    }

    /// Emits a [typed event](TypedEvent) and collects the acknowledgements, whole ones: if they
    /// are tuples, each has all its arguments.
    ///
    /// # Errors
    /// As [`emit_with_ack`](Self::emit_with_ack).
    pub async fn emit_typed_with_ack<E>(self, event: &E) -> Result<Responses<E::Ack>, AckError>
    where
        E: TypedEvent<Ack: DeserializeOwned> + Serialize,
    {
        self.ask(name::<E>(), event, |answer| answer.decode()).await
    }
}
