//! Typed events on the sockets for plain threads.

use super::client::ClientBuilder;
use super::emitter::Emitter;
use super::handler::{TypedHandler, typed_listener};
use super::socket::Socket;
use crate::calls::typed_calls;
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
}

typed_calls!([] []);
