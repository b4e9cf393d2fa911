//! One namespace of a client.

use super::client::{Client, auth_source};
use super::dispatcher::Dispatcher;
use super::emitter::Emitter;
use super::events::Events;
use super::handler::{Handler, listener};
use crate::calls::{socket_calls, socket_handlers};
use crate::core::Owner;
use crate::error::{AckError, ConnectError, EmitError, HandlerError};
use crate::extract::{EventContext, FromEvent, Surroundings};
use crate::settings::AuthSource;
use crate::socket_ref::{ANY, ANY_OUTGOING, CONNECT, CONNECT_ERROR, DISCONNECT, SocketRef};
use engineio_proto::Transport;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::ListenerId;
use socketio_proto::Payload;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A client in one namespace. Clones share it.
///
/// It stays the same socket over reconnections, with its handlers and with what waits to be sent;
/// its [`id`](Self::id) changes unless the session was recovered.
///
/// Each is a handle of its client: when the last one goes, the client disconnects. A handler that
/// captures its own socket therefore keeps the client for good; one that takes it as a parameter
/// does not.
#[derive(Clone)]
pub struct Socket {
    pub(crate) inner: SocketRef,
    pub(crate) dispatcher: Arc<Dispatcher>,
}

impl Socket {
    socket_calls!();
    socket_handlers!(listener, H: Handler<A>);

    /// The client, for other namespaces over the same connection.
    #[must_use]
    pub fn client(&self) -> Client {
        Client {
            owner: Arc::clone(&self.inner.owner),
            dispatcher: Arc::clone(&self.dispatcher),
        }
    }

    /// Connects, or connects again after [`disconnect`](Self::disconnect), and waits until the
    /// socket is connected and its handlers for that have run.
    ///
    /// Ends with the error of the first attempt, unless
    /// [`retry_initial`](super::ClientBuilder::retry_initial) says otherwise. After such an error
    /// the socket may still be [active](Self::is_active): then it goes on trying until it is
    /// disconnected.
    ///
    /// # Errors
    /// How the connection failed; [`ConnectError::Disconnected`] when it was disconnected
    /// meanwhile, or no thread could be had.
    pub fn connect(&self) -> Result<(), ConnectError> {
        let (give, reply) = self.dispatcher.reply();
        self.inner.connect(Box::new(give));
        let result = reply.wait(self.inner.core());
        result.unwrap_or(Err(ConnectError::Disconnected))
    }

    /// As [`connect`](Self::connect), without waiting: for those who watch
    /// [`events`](Self::events), or have handlers.
    pub fn start_connecting(&self) {
        self.inner.connect(Box::new(drop));
    }

    /// Leaves the namespace, and does not come back before [`connect`](Self::connect). If no other
    /// socket needs the connection, it is closed.
    ///
    /// Ends when the connection is closed, nothing of it is left, and the handlers for that have
    /// run; if others need the connection, at once. What was emitted before is sent first, for a
    /// short while.
    pub fn disconnect(&self) {
        self.inner.disconnect();
        wait_closed(&self.inner.owner, &self.dispatcher);
    }

    /// Emits an event and waits for the server's acknowledgement, until the connection is lost or
    /// the [`timeout`](Self::timeout) is over.
    ///
    /// A tuple takes several arguments of the acknowledgement, anything else the first. A handler
    /// may wait, too: others don't run meanwhile, but the answer comes.
    ///
    /// # Errors
    /// Those of [`emit`](Self::emit), and [`AckError::Disconnected`] when the connection is lost
    /// after the event was sent and before it was answered.
    pub fn emit_with_ack<T: DeserializeOwned>(
        &self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<T, AckError> {
        Emitter::new(self).emit_with_ack(event, arguments)
    }

    /// As [`emit_with_ack`](Self::emit_with_ack), with the acknowledgement as it came: all its
    /// arguments, and its attachments without a copy.
    ///
    /// # Errors
    /// As [`emit_with_ack`](Self::emit_with_ack), but for [`AckError::Decode`].
    pub fn emit_with_ack_raw(
        &self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<Payload, AckError> {
        Emitter::new(self).emit_with_ack_raw(event, arguments)
    }

    /// Other credentials, from the next connection on: see
    /// [`auth_fn`](super::ClientBuilder::auth_fn).
    ///
    /// # Errors
    /// None that an application can cause.
    pub fn set_auth_fn<T: Serialize>(
        &self,
        auth: impl Fn() -> T + Send + Sync + 'static,
    ) -> Result<(), EmitError> {
        self.inner.set_auth(auth_source(auth))
    }
}

impl Socket {
    /// `None` for a socket of a client for tokio.
    pub(crate) fn of(inner: &SocketRef) -> Option<Self> {
        let dispatcher = inner.core().runtime.dispatcher()?;
        Some(Self {
            inner: inner.clone(),
            dispatcher: Arc::clone(dispatcher),
        })
    }
}

/// Waits until nothing is left of a connection that is being closed; not at all, if it is not.
pub(crate) fn wait_closed(owner: &Arc<Owner>, dispatcher: &Arc<Dispatcher>) {
    let (give, reply) = dispatcher.reply();
    owner.wait_closed(Box::new(give));
    reply.wait(owner.core());
}

impl Surroundings for Socket {}

impl FromEvent for Socket {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let socket = Self::of(context.socket());
        socket.ok_or(HandlerError::Unavailable("a socket for threads"))
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
