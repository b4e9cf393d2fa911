//! Typed events on the sockets for plain threads.

use super::client::ClientBuilder;
use super::emitter::Emitter;
use super::handler::{TypedHandler, typed_listener};
use super::socket::Socket;
use crate::error::{AckError, EmitError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::ListenerId;
use socketio_proto::typed::{TypedEvent, name};

impl ClientBuilder {
    /// Calls a handler for each [typed event](TypedEvent) of its kind; see [`Socket::on_typed`].
    #[must_use]
    pub fn on_typed<E, A>(self, handler: impl TypedHandler<E, A>) -> Self
    where
        E: TypedEvent<Ack: Serialize>,
    {
        self.listen(name::<E>(), typed_listener(handler))
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
        self.inner.on(name::<E>(), typed_listener(handler))
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
