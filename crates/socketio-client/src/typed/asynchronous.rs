//! On the sockets for tokio.

use crate::client::ClientBuilder;
use crate::emitter::Emitter;
use crate::error::{AckError, EmitError};
use crate::handler::{Listener, TypedHandler};
use crate::socket::Socket;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::ListenerId;
use socketio_proto::typed::{TypedEvent, name};

impl ClientBuilder {
    /// Calls a handler for each [typed event](TypedEvent) of its kind; see [`Socket::on_typed`].
    #[must_use]
    pub fn on_typed<E, A, H>(self, handler: H) -> Self
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        self.listen(name::<E>(), Listener::typed(handler))
    }
}

impl Socket {
    /// Calls a handler for each [typed event](TypedEvent) of its kind, and acknowledges with what
    /// it returns, if the server asked for that. Nothing is sent for an error; it goes to
    /// [`on_error`](ClientBuilder::on_error).
    ///
    /// Otherwise it is as [`on`](Self::on), and [`off`](Self::off) takes it off.
    pub fn on_typed<E, A, H>(&self, handler: H) -> ListenerId
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        self.0.on(name::<E>(), Listener::typed(handler))
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
