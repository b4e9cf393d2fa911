//! Typed events: what [`socketio_proto::typed`] declares, on sockets, namespaces and broadcasts.

use crate::broadcast::{Broadcast, Responses};
use crate::emitter::Emitter;
use crate::error::{AckError, EmitError};
use crate::handler::{Listener, TypedHandler};
use crate::namespace::Namespace;
use crate::socket::Socket;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::ListenerId;
use socketio_proto::typed::{TypedEvent, name};

impl Namespace {
    /// Calls a handler for each [typed event](TypedEvent) of its kind, on any socket of the
    /// namespace, and acknowledges with what it returns, if the sender asked for that. Nothing is
    /// sent for an error; it goes to [`on_error`](crate::SocketIoBuilder::on_error).
    ///
    /// Otherwise it is as [`on`](Self::on), and [`off`](Self::off) takes it off.
    pub fn on_typed<E, A, H>(&self, handler: H) -> ListenerId
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        self.listen(name::<E>(), Listener::typed(handler))
    }

    /// Emits a [typed event](TypedEvent) to everybody in the namespace.
    ///
    /// # Errors
    /// As [`Broadcast::emit`].
    pub fn emit_typed<E: TypedEvent + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        self.broadcast().emit_typed(event)
    }

    /// Emits a [typed event](TypedEvent) to everybody and collects the acknowledgements.
    ///
    /// # Errors
    /// As [`Broadcast::emit_with_ack`].
    pub async fn emit_typed_with_ack<E>(&self, event: &E) -> Result<Responses<E::Ack>, AckError>
    where
        E: TypedEvent<Ack: DeserializeOwned> + Serialize,
    {
        self.broadcast().emit_typed_with_ack(event).await
    }
}

impl Socket {
    /// Calls a handler for each [typed event](TypedEvent) of its kind on this socket; see
    /// [`Namespace::on_typed`], which costs nothing per socket.
    pub fn on_typed<E, A, H>(&self, handler: H) -> ListenerId
    where
        E: TypedEvent<Ack: Serialize>,
        H: TypedHandler<E, A>,
        H::Output: 'static,
    {
        self.listen(name::<E>(), Listener::typed(handler))
    }

    /// Emits a [typed event](TypedEvent) to the client.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn emit_typed<E: TypedEvent + Serialize>(&self, event: &E) -> Result<(), EmitError> {
        Emitter::new(self).emit_typed(event)
    }

    /// Emits a [typed event](TypedEvent) and waits for the client's acknowledgement.
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

impl Broadcast {
    /// Emits a [typed event](TypedEvent) to the selection.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn emit_typed<E: TypedEvent + Serialize>(self, event: &E) -> Result<(), EmitError> {
        self.emit(name::<E>(), event)
    }

    /// Emits a [typed event](TypedEvent) and collects the acknowledgements, whole ones: if they
    /// are tuples, each has all its arguments.
    ///
    /// # Errors
    /// As [`emit_with_ack`](Self::emit_with_ack).
    pub async fn emit_typed_with_ack<E>(self, event: &E) -> Result<Responses<E::Ack>, AckError>
    where
        E: TypedEvent<Ack: DeserializeOwned> + Serialize,
    {
        self.ask(name::<E>(), event, |answer| answer.decode()).await
    }
}
