//! What a handler may ask for, by the types of its parameters.

use crate::ack::Ack;
use crate::error::HandlerError;
use crate::socket::{Reason, Socket};
use crate::transport::HandshakeRequest;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeTuple, Serializer};
use socketio_proto::payload::Arguments;
use socketio_proto::{Payload, Value};
use std::sync::Arc;

/// One event on its way to one handler: where its parameters come from.
#[derive(Debug)]
pub struct EventContext<'a> {
    socket: &'a Socket,
    event: &'a str,
    payload: Option<&'a Payload>,
    arguments: Option<Arguments<'a>>,
    index: usize,
    ack: &'a Ack,
    reason: Option<&'a Reason>,
}

impl<'a> EventContext<'a> {
    pub(crate) fn new(
        socket: &'a Socket,
        event: &'a str,
        payload: Option<&'a Payload>,
        ack: &'a Ack,
        reason: Option<&'a Reason>,
    ) -> Self {
        let arguments = payload.map(Payload::arguments);
        Self {
            socket,
            event,
            payload,
            arguments,
            index: 0,
            ack,
            reason,
        }
    }

    /// The socket that the event belongs to.
    #[must_use]
    pub fn socket(&self) -> &'a Socket {
        self.socket
    }

    /// Name of the event.
    #[must_use]
    pub fn event(&self) -> &'a str {
        self.event
    }

    /// The event's payload; a connection, a disconnection and a middleware have none.
    #[must_use]
    pub fn payload(&self) -> Option<&'a Payload> {
        self.payload
    }

    /// Decodes the next argument of the event. One that is missing reads as `null`.
    ///
    /// # Errors
    /// [`HandlerError::Argument`] when it is of another type.
    pub fn next_argument<T: DeserializeOwned>(&mut self) -> Result<T, HandlerError> {
        let index = self.index;
        self.index += 1;
        let arguments = self
            .arguments
            .as_mut()
            .ok_or(HandlerError::Unavailable("an event argument"))?;
        arguments
            .next()
            .map_err(|source| HandlerError::Argument { index, source })
    }

    /// Answers the event.
    pub(crate) fn ack(&self) -> &'a Ack {
        self.ack
    }

    /// All arguments, as the declared event.
    pub(crate) fn typed_event<E: DeserializeOwned>(&self) -> Result<E, HandlerError> {
        let none = HandlerError::Unavailable("the event's arguments");
        let event = self.payload.ok_or(none)?.decode();
        event.map_err(|source| HandlerError::Argument { index: 0, source })
    }

    fn next_value(&mut self) -> Result<Value, HandlerError> {
        let index = self.index;
        self.index += 1;
        let arguments = self
            .arguments
            .as_mut()
            .ok_or(HandlerError::Unavailable("an event argument"))?;
        arguments
            .next_value()
            .map_err(|source| HandlerError::Argument { index, source })
    }

    fn rest<T: DeserializeOwned>(&mut self) -> Result<T, HandlerError> {
        let index = self.index;
        let arguments = self
            .arguments
            .take()
            .ok_or(HandlerError::Unavailable("the event's arguments"))?;
        arguments
            .rest()
            .map_err(|source| HandlerError::Argument { index, source })
    }
}

/// A type that a handler may have as a parameter.
///
/// Everything that serde can deserialise is the next argument of the event. [`Socket`], [`Ack`],
/// [`State`], [`Auth`], [`Rest`], [`Values`], [`Event`], [`Attachments`], [`Reason`] and
/// [`Handshake`] are taken from its surroundings and leave the arguments alone. Own types can be
/// added.
pub trait FromEvent: Sized {
    /// Takes the value from an event.
    ///
    /// # Errors
    /// When the event doesn't have it: the handler is not called then, and `on_error` is.
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError>;
}

impl<T: DeserializeOwned> FromEvent for T {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        context.next_argument()
    }
}

impl FromEvent for Socket {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        Ok(context.socket.clone())
    }
}

impl FromEvent for Ack {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        Ok(context.ack.clone())
    }
}

impl FromEvent for Reason {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        context
            .reason
            .cloned()
            .ok_or(HandlerError::Unavailable("a disconnect reason"))
    }
}

/// Application state, as given to [`SocketIoBuilder::state`](crate::SocketIoBuilder::state).
#[derive(Clone, Copy, Debug)]
pub struct State<T>(pub T);

impl<T: Clone + Send + Sync + 'static> FromEvent for State<T> {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let state = context.socket.state().get();
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

impl<T: DeserializeOwned> FromEvent for Auth<T> {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let auth = context.socket.auth();
        auth.map(Self)
            .map_err(|source| HandlerError::Argument { index: 0, source })
    }
}

/// All arguments that are left, as a tuple or a list.
#[derive(Clone, Copy, Debug)]
pub struct Rest<T>(pub T);

impl<T: DeserializeOwned> FromEvent for Rest<T> {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        context.rest().map(Self)
    }
}

/// All arguments that are left, as dynamic values; binary data is shared and not copied.
///
/// Emitting it spreads it again: each value is an argument.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(pub Vec<Value>);

impl FromEvent for Values {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let mut values = Vec::new();
        while context
            .arguments
            .as_ref()
            .is_some_and(|arguments| !arguments.is_empty())
        {
            values.push(context.next_value()?);
        }
        Ok(Self(values))
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for value in &self.0 {
            tuple.serialize_element(value)?;
        }
        tuple.end()
    }
}

/// Name of the event: for catch-all handlers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event(pub String);

impl FromEvent for Event {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        Ok(Self(context.event.to_owned()))
    }
}

/// The binary data of the event, in order, without a copy.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Attachments(pub Vec<Bytes>);

impl FromEvent for Attachments {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        Ok(Self(
            context.payload.map(Payload::binaries).unwrap_or_default(),
        ))
    }
}

/// The request that opened the client's session.
#[derive(Clone, Debug)]
pub struct Handshake(pub Arc<HandshakeRequest>);

impl FromEvent for Handshake {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        Ok(Self(Arc::clone(context.socket.request())))
    }
}
