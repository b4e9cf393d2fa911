//! What a handler may ask for, by the types of its parameters.

use crate::error::{ConnectError, HandlerError};
use crate::events::SocketEvent;
use crate::socket_ref::SocketRef;
use socketio_handler::{Attachments, Event, FromAnyEvent, Provides, ProvidesBeside, Source};
use socketio_proto::client::DisconnectReason;
use std::fmt;

/// One event on its way to one handler: where its parameters come from.
///
/// Its [`payload`](socketio_handler::EventContext::payload) is the event's; a connection and a
/// disconnection have none.
pub type EventContext<'a> = socketio_handler::EventContext<'a, SocketRef>;

/// A type that a handler may have as a parameter.
///
/// Everything that serde can deserialise is the next argument of the event. [`Socket`],
/// [`Ack`](crate::Ack), [`Rest`](crate::Rest), [`Values`](crate::Values), [`Event`],
/// [`Attachments`], [`Reason`] and [`ConnectError`] are taken from its surroundings and leave the
/// arguments alone. Own types can be added.
///
/// [`Socket`]: crate::Socket
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

impl Source for SocketRef {
    type Cause = SocketEvent;
}

impl<T: FromEvent> Provides<T> for SocketRef {
    fn provide(context: &mut EventContext<'_>) -> Result<T, HandlerError> {
        T::from_event(context)
    }
}

/// A parameter that leaves the arguments of the event alone, and may stand before a typed event.
///
/// [`Ack`](crate::Ack) is none: the acknowledgement is what the handler of a typed event returns.
pub trait Surroundings: FromEvent {}

impl<T: Surroundings> ProvidesBeside<T> for SocketRef {}

impl Surroundings for Event {}
impl Surroundings for Attachments {}

/// Why a socket was disconnected: a parameter of `on_disconnect` handlers.
///
/// Its text is the reference's: `transport close`, `io server disconnect`, ...
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason(pub DisconnectReason);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromEvent for Reason {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        match context.cause() {
            Some(SocketEvent::Disconnected(reason)) => Ok(Self(reason.clone())),
            _ => Err(HandlerError::Unavailable("a disconnect reason")),
        }
    }
}

/// A parameter of `on_connect_error` handlers.
impl FromEvent for ConnectError {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        match context.cause() {
            Some(SocketEvent::ConnectError(error)) => Ok(error.clone()),
            _ => Err(HandlerError::Unavailable("a connect error")),
        }
    }
}
