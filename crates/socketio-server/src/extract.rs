//! What a handler may ask for, by the types of its parameters.

use crate::error::HandlerError;
use crate::socket::{Reason, Socket};
use crate::transport::HandshakeRequest;
use serde::de::DeserializeOwned;
use socketio_handler::{Attachments, Event, FromAnyEvent, Provides, ProvidesBeside, Source};
use std::sync::Arc;

/// One event on its way to one handler: where its parameters come from.
///
/// Its [`payload`](socketio_handler::EventContext::payload) is the event's; a connection, a
/// disconnection and a middleware have none.
pub type EventContext<'a> = socketio_handler::EventContext<'a, Socket>;

/// A type that a handler may have as a parameter.
///
/// Everything that serde can deserialise is the next argument of the event. [`Socket`],
/// [`Ack`](crate::Ack), [`State`], [`Auth`], [`Rest`](crate::Rest), [`Values`](crate::Values),
/// [`Event`], [`Attachments`], [`Reason`] and [`Handshake`] are taken from its surroundings and leave
/// the arguments alone. Own types can be added:
///
/// ```
/// use socketio_server::{EventContext, FromEvent, HandlerError, SocketIo};
///
/// /// Who has signed in, as a layer in front of the server has found out.
/// #[derive(Clone)]
/// struct User(String);
///
/// impl FromEvent for User {
///     fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
///         let user = context.socket().request().extensions.get::<Self>();
///         user.cloned().ok_or(HandlerError::Unavailable("a user"))
///     }
/// }
///
/// let (_layer, io) = SocketIo::new();
/// io.on("say", async |User(name): User, text: String| println!("{name}: {text}"));
/// ```
pub trait FromEvent: Sized {
    /// Takes the value from an event.
    ///
    /// # Errors
    /// When the event doesn't have it: the handler is not called then, and `on_error` is.
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError>;
}

impl<T: FromAnyEvent> FromEvent for T {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        T::from_any_event(context)
    }
}

impl Source for Socket {
    type Cause = Reason;
}

impl<T: FromEvent> Provides<T> for Socket {
    fn provide(context: &mut EventContext<'_>) -> Result<T, HandlerError> {
        T::from_event(context)
    }
}

/// A parameter that leaves the arguments of the event alone, and may stand before a
/// [typed event](crate::TypedHandler).
///
/// [`Ack`](crate::Ack) is none: the acknowledgement is what the handler of a typed event returns.
pub trait Surroundings: FromEvent {}

impl<T: Surroundings> ProvidesBeside<T> for Socket {}

impl Surroundings for Event {}
impl Surroundings for Attachments {}

impl Surroundings for Socket {}

impl FromEvent for Socket {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        Ok(context.socket().clone())
    }
}

impl FromEvent for Reason {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let reason = context.cause().cloned();
        reason.ok_or(HandlerError::Unavailable("a disconnect reason"))
    }
}

/// Application state, as given to [`SocketIoBuilder::state`](crate::SocketIoBuilder::state).
#[derive(Clone, Copy, Debug)]
pub struct State<T>(pub T);

impl<T: Clone + Send + Sync + 'static> Surroundings for State<T> {}

impl<T: Clone + Send + Sync + 'static> FromEvent for State<T> {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let state = context.socket().state().get();
        state
            .map(Self)
            .ok_or(HandlerError::Unavailable(std::any::type_name::<T>()))
    }
}

/// What the client sent along with its connection to the namespace (`auth` of the JavaScript
/// client).
///
/// A client that sent nothing is taken to have sent an empty object.
#[derive(Clone, Copy, Debug)]
pub struct Auth<T>(pub T);

impl<T: DeserializeOwned> Surroundings for Auth<T> {}

impl<T: DeserializeOwned> FromEvent for Auth<T> {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let auth = context.socket().auth();
        auth.map(Self)
            .map_err(|source| HandlerError::Argument { index: 0, source })
    }
}

/// The request that opened the client's session.
#[derive(Clone, Debug)]
pub struct Handshake(pub Arc<HandshakeRequest>);

impl Surroundings for Handshake {}

impl FromEvent for Handshake {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        Ok(Self(Arc::clone(context.socket().request())))
    }
}
