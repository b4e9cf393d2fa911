//! What a handler may ask for whichever adapter calls it.

use crate::ack::Ack;
use crate::context::{EventContext, Source};
use crate::error::HandlerError;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeTuple, Serializer};
use socketio_proto::{Payload, Value};

/// A parameter that every adapter can give, since it is in the event itself.
///
/// Everything that serde can deserialise is the next argument of the event; the types that are named
/// here are the others.
pub trait FromAnyEvent: Sized {
    /// Takes the value from an event.
    ///
    /// # Errors
    /// When the event doesn't have it.
    fn from_any_event<S: Source>(context: &mut EventContext<'_, S>) -> Result<Self, HandlerError>;
}

impl<T: DeserializeOwned> FromAnyEvent for T {
    fn from_any_event<S: Source>(context: &mut EventContext<'_, S>) -> Result<Self, HandlerError> {
        context.next_argument()
    }
}

impl FromAnyEvent for Ack {
    fn from_any_event<S: Source>(context: &mut EventContext<'_, S>) -> Result<Self, HandlerError> {
        Ok(context.ack().clone())
    }
}

/// All arguments that are left, as a tuple or a list.
#[derive(Clone, Copy, Debug)]
pub struct Rest<T>(pub T);

impl<T: DeserializeOwned> FromAnyEvent for Rest<T> {
    fn from_any_event<S: Source>(context: &mut EventContext<'_, S>) -> Result<Self, HandlerError> {
        context.rest().map(Self)
    }
}

/// All arguments that are left, as dynamic values; binary data is shared and not copied.
///
/// Emitting it spreads it again: each value is an argument.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(pub Vec<Value>);

impl FromAnyEvent for Values {
    fn from_any_event<S: Source>(context: &mut EventContext<'_, S>) -> Result<Self, HandlerError> {
        context.values().map(Self)
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

impl FromAnyEvent for Event {
    fn from_any_event<S: Source>(context: &mut EventContext<'_, S>) -> Result<Self, HandlerError> {
        Ok(Self(context.event().to_owned()))
    }
}

/// The binary data of the event, in order, without a copy.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Attachments(pub Vec<Bytes>);

impl FromAnyEvent for Attachments {
    fn from_any_event<S: Source>(context: &mut EventContext<'_, S>) -> Result<Self, HandlerError> {
        let binaries = context.payload().map(Payload::binaries);
        Ok(Self(binaries.unwrap_or_default()))
    }
}
