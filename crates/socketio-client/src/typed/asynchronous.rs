//! On the sockets for tokio.

use crate::calls::typed_calls;
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
        self.inner.on(name::<E>(), Listener::typed(handler))
    }
}

typed_calls!([async] [.await]);
