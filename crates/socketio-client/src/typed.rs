//! Typed events: what [`socketio_proto::typed`] declares, on sockets.

#[cfg(feature = "tokio")]
mod asynchronous;

#[cfg(feature = "tokio")]
pub use self::asynchronous::TypedHandler;

use crate::error::HandlerError;
use crate::events::Incoming;
use crate::extract::{Attachments, Event, EventContext, FromEvent};
use serde::de::DeserializeOwned;
use socketio_proto::PayloadError;
use socketio_proto::typed::TypedEvent;

/// A parameter that leaves the arguments of the event alone.
///
/// [`Ack`](crate::Ack) is none: the acknowledgement is what the handler of a typed event returns.
pub trait Surroundings: FromEvent {}

#[cfg(feature = "tokio")]
impl Surroundings for crate::Socket {}
impl Surroundings for Event {}
impl Surroundings for Attachments {}

/// All arguments, as the declared event.
pub(crate) fn typed_event<E: DeserializeOwned>(
    context: &EventContext<'_>,
) -> Result<E, HandlerError> {
    let none = HandlerError::Unavailable("the event's arguments");
    let event = context.payload().ok_or(none)?.decode();
    event.map_err(|source| HandlerError::Argument { index: 0, source })
}

impl Incoming {
    /// Reads the event, if it is of this [type](TypedEvent).
    ///
    /// # Errors
    /// The name is that of the type, and the arguments are not.
    pub fn typed<E: TypedEvent + DeserializeOwned>(&self) -> Result<Option<E>, PayloadError> {
        E::from_payload(self.payload())
    }
}
