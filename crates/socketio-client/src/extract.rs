//! What a handler may ask for, by the types of its parameters.

use crate::ack::Ack;
use crate::error::{ConnectError, HandlerError};
use crate::socket_ref::SocketRef;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeTuple, Serializer};
use socketio_proto::client::DisconnectReason;
use socketio_proto::payload::Arguments;
use socketio_proto::{Payload, Value};
use std::fmt;

/// One event on its way to one handler: where its parameters come from.
#[derive(Debug)]
pub struct EventContext<'a> {
    pub(crate) socket: &'a SocketRef,
    event: &'a str,
    payload: Option<&'a Payload>,
    arguments: Option<Arguments<'a>>,
    index: usize,
    ack: &'a Ack,
    cause: &'a Cause,
}

/// Why a socket is not connected.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// It is.
    None,
    Left(DisconnectReason),
    Failed(ConnectError),
}

impl<'a> EventContext<'a> {
    pub(crate) fn new(
        socket: &'a SocketRef,
        event: &'a str,
        payload: Option<&'a Payload>,
        ack: &'a Ack,
        cause: &'a Cause,
    ) -> Self {
        Self {
            socket,
            event,
            payload,
            arguments: payload.map(Payload::arguments),
            index: 0,
            ack,
            cause,
        }
    }

    /// Name of the event.
    #[must_use]
    pub fn event(&self) -> &'a str {
        self.event
    }

    /// The event's payload; a connection and a disconnection have none.
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
        let next = self.arguments()?.next();
        next.map_err(|source| HandlerError::Argument { index, source })
    }

    /// Answers the event.
    pub(crate) fn ack(&self) -> &'a Ack {
        self.ack
    }

    fn arguments(&mut self) -> Result<&mut Arguments<'a>, HandlerError> {
        let none = HandlerError::Unavailable("an event argument");
        self.arguments.as_mut().ok_or(none)
    }
}

/// A type that a handler may have as a parameter.
///
/// Everything that serde can deserialise is the next argument of the event. [`Socket`], [`Ack`],
/// [`Rest`], [`Values`], [`Event`], [`Attachments`], [`Reason`] and [`ConnectError`] are taken from
/// its surroundings and leave the arguments alone. Own types can be added.
///
/// [`Socket`]: crate::Socket
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

impl FromEvent for Ack {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        Ok(context.ack.clone())
    }
}

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
        match context.cause {
            Cause::Left(reason) => Ok(Self(reason.clone())),
            _ => Err(HandlerError::Unavailable("a disconnect reason")),
        }
    }
}

/// A parameter of `on_connect_error` handlers.
impl FromEvent for ConnectError {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        match context.cause {
            Cause::Failed(error) => Ok(error.clone()),
            _ => Err(HandlerError::Unavailable("a connect error")),
        }
    }
}

/// All arguments that are left, as a tuple or a list.
#[derive(Clone, Copy, Debug)]
pub struct Rest<T>(pub T);

impl<T: DeserializeOwned> FromEvent for Rest<T> {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let index = context.index;
        let arguments = context.arguments.take();
        let arguments = arguments.ok_or(HandlerError::Unavailable("an event argument"))?;
        let rest = arguments.rest();
        rest.map(Self)
            .map_err(|source| HandlerError::Argument { index, source })
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
        let mut index = context.index;
        let arguments = context.arguments()?;
        while !arguments.is_empty() {
            let next = arguments.next_value();
            values.push(next.map_err(|source| HandlerError::Argument { index, source })?);
            index += 1;
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
        let binaries = context.payload.map(Payload::binaries);
        Ok(Self(binaries.unwrap_or_default()))
    }
}
