//! Typed events: what [`socketio_proto::typed`] declares, on sockets.

#[cfg(feature = "tokio")]
mod asynchronous;

use crate::events::Incoming;
use serde::de::DeserializeOwned;
use socketio_proto::PayloadError;
use socketio_proto::typed::TypedEvent;

impl Incoming {
    /// Reads the event, if it is of this [type](TypedEvent).
    ///
    /// # Errors
    /// The name is that of the type, and the arguments are not.
    pub fn typed<E: TypedEvent + DeserializeOwned>(&self) -> Result<Option<E>, PayloadError> {
        E::from_payload(self.payload())
    }
}
