//! Where the parameters of a handler come from.

use crate::ack::Ack;
use crate::error::HandlerError;
use serde::de::DeserializeOwned;
use socketio_proto::payload::Arguments;
use socketio_proto::{Payload, Value};
use std::fmt;

/// What events belong to: the socket of an adapter.
pub trait Source: fmt::Debug + 'static {
    /// What has happened when it is no event of the wire: the reason of a disconnection, say.
    type Cause: fmt::Debug;
}

/// A [`Source`] of which a handler may have a `T`: what stands for the parameters of handlers,
/// whatever they are.
///
/// An adapter implements it for all types of a trait of its own, which its users can then add to.
/// The type is a parameter here, and the adapter's is not, since only so may another crate do that.
pub trait Provides<T>: Source + Sized {
    /// Takes the parameter from an event.
    ///
    /// # Errors
    /// When the event doesn't have it: the handler is not called then.
    fn provide(context: &mut EventContext<'_, Self>) -> Result<T, HandlerError>;
}

/// [`Provides`] what leaves the arguments of the event alone, and can stand before a typed event.
pub trait ProvidesBeside<T>: Provides<T> {}

/// One event on its way to one handler: where its parameters come from.
#[derive(Debug)]
pub struct EventContext<'a, S: Source> {
    socket: &'a S,
    event: &'a str,
    payload: Option<&'a Payload>,
    arguments: Option<Arguments<'a>>,
    index: usize,
    ack: &'a Ack,
    cause: Option<&'a S::Cause>,
}

impl<'a, S: Source> EventContext<'a, S> {
    /// The event of a socket: what came over the wire has a payload, what else happened a cause.
    pub fn new(
        socket: &'a S,
        event: &'a str,
        payload: Option<&'a Payload>,
        ack: &'a Ack,
        cause: Option<&'a S::Cause>,
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

    /// The socket that the event belongs to.
    #[must_use]
    pub fn socket(&self) -> &'a S {
        self.socket
    }

    /// Name of the event.
    #[must_use]
    pub fn event(&self) -> &'a str {
        self.event
    }

    /// The event's payload; what did not come over the wire, as a connection or its end, has none.
    #[must_use]
    pub fn payload(&self) -> Option<&'a Payload> {
        self.payload
    }

    /// Answers the event.
    #[must_use]
    pub fn ack(&self) -> &'a Ack {
        self.ack
    }

    /// What has happened, if the event did not come over the wire.
    #[must_use]
    pub fn cause(&self) -> Option<&'a S::Cause> {
        self.cause
    }

    /// Decodes the next argument of the event. One that is missing reads as `null`.
    ///
    /// # Errors
    /// [`HandlerError::Argument`] when it is of another type.
    pub fn next_argument<T: DeserializeOwned>(&mut self) -> Result<T, HandlerError> {
        self.next_by(Arguments::next)
    }

    /// All arguments, as the declared event.
    pub(crate) fn typed_event<E: DeserializeOwned>(&self) -> Result<E, HandlerError> {
        let event = self.payload.ok_or(NO_ARGUMENTS)?.decode();
        event.map_err(|source| HandlerError::Argument { index: 0, source })
    }

    /// Whatever is left, as values. An event without arguments has none.
    pub(crate) fn values(&mut self) -> Result<Vec<Value>, HandlerError> {
        let mut values = Vec::new();
        while self.arguments.as_ref().is_some_and(|left| !left.is_empty()) {
            values.push(self.next_by(Arguments::next_value)?);
        }
        Ok(values)
    }

    /// Decodes whatever is left at once.
    pub(crate) fn rest<T: DeserializeOwned>(&mut self) -> Result<T, HandlerError> {
        let index = self.index;
        let rest = self.arguments.take().ok_or(NO_ARGUMENTS)?.rest();
        rest.map_err(|source| HandlerError::Argument { index, source })
    }

    fn next_by<T>(
        &mut self,
        read: impl FnOnce(&mut Arguments<'a>) -> Result<T, socketio_proto::PayloadError>,
    ) -> Result<T, HandlerError> {
        let index = self.index;
        self.index += 1;
        let none = HandlerError::Unavailable("an event argument");
        let next = read(self.arguments.as_mut().ok_or(none)?);
        next.map_err(|source| HandlerError::Argument { index, source })
    }
}

const NO_ARGUMENTS: HandlerError = HandlerError::Unavailable("the event's arguments");
