//! One namespace of a client.

use crate::calls::{socket_calls, socket_handlers};
use crate::client::Client;
use crate::core::{JoinWaiter, Owner};
use crate::emitter::Emitter;
use crate::error::{AckError, ConnectError, EmitError, HandlerError};
use crate::events::Events;
use crate::extract::{EventContext, FromEvent, Surroundings};
use crate::handler::{Handler, Listener};
use crate::settings::AuthSource;
use crate::socket_ref::{ANY, ANY_OUTGOING, CONNECT, CONNECT_ERROR, DISCONNECT, SocketRef};
use engineio_proto::Transport;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_handler::Outcome;
use socketio_observer::ListenerId;
use socketio_proto::Payload;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::oneshot;

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
}

impl Socket {
    socket_calls!();
    socket_handlers!(Listener::new, H: Handler<A>, H::Output: Outcome + 'static);

    /// The client, for other namespaces over the same connection.
    #[must_use]
    pub fn client(&self) -> Client {
        let owner = Arc::clone(&self.inner.owner);
        Client { owner }
    }

    /// Connects, or connects again after [`disconnect`](Self::disconnect). That begins at once,
    /// whether the future is awaited or not, and goes on if it is dropped.
    ///
    /// The future ends when the socket is connected, or with the error of the first attempt; see
    /// [`retry_initial`](crate::ClientBuilder::retry_initial). After such an error the socket may
    /// still be [active](Self::is_active): then it goes on trying until it is disconnected.
    pub fn connect(&self) -> Connecting {
        let (sender, receiver) = oneshot::channel();
        let waiter: JoinWaiter = Box::new(|result| drop(sender.send(result)));
        let number = self.inner.connect(waiter);
        Connecting {
            socket: self.inner.clone(),
            number,
            receiver,
        }
    }

    /// Leaves the namespace, and does not come back before [`connect`](Self::connect). If no other
    /// socket needs the connection, it is closed. That begins at once, whether the future is
    /// awaited or not, and goes on if it is dropped.
    ///
    /// The future ends when the connection is closed and nothing of it is left; if others need it,
    /// at once. What was emitted before is sent first, for a short while.
    pub fn disconnect(&self) -> Disconnecting {
        self.inner.disconnect();
        Disconnecting::new(&self.inner.owner)
    }

    /// Emits an event and waits for the server's acknowledgement, until the connection is lost or
    /// the [`timeout`](Self::timeout) is over.
    ///
    /// A tuple takes several arguments of the acknowledgement, anything else the first. Dropping
    /// the future gives up waiting; the event is sent nevertheless, as the emit comes first.
    ///
    /// # Errors
    /// Those of [`emit`](Self::emit), and [`AckError::Disconnected`] when the connection is lost
    /// after the event was sent and before it was answered.
    pub async fn emit_with_ack<T: DeserializeOwned>(
        &self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<T, AckError> {
        Emitter::new(self).emit_with_ack(event, arguments).await
    }

    /// As [`emit_with_ack`](Self::emit_with_ack), with the acknowledgement as it came: all its
    /// arguments, and its attachments without a copy.
    ///
    /// # Errors
    /// As [`emit_with_ack`](Self::emit_with_ack), but for [`AckError::Decode`].
    pub async fn emit_with_ack_raw(
        &self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<Payload, AckError> {
        Emitter::new(self).emit_with_ack_raw(event, arguments).await
    }

    /// Other credentials, from the next connection on: see
    /// [`auth_fn`](crate::ClientBuilder::auth_fn).
    ///
    /// # Errors
    /// None that an application can cause.
    pub fn set_auth_fn<F, Fut>(&self, auth: F) -> Result<(), EmitError>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Serialize> + Send + 'static,
    {
        self.inner.set_auth(crate::client::auth_source(auth))
    }
}

impl Surroundings for Socket {}

impl FromEvent for Socket {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let inner = context.socket().clone();
        Ok(Self { inner })
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// A socket on its way to being connected; see [`Socket::connect`].
#[derive(Debug)]
pub struct Connecting {
    socket: SocketRef,
    number: u64,
    receiver: oneshot::Receiver<Result<(), ConnectError>>,
}

impl Future for Connecting {
    type Output = Result<(), ConnectError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = ready!(Pin::new(&mut self.receiver).poll(cx));
        Poll::Ready(result.unwrap_or(Err(ConnectError::Disconnected)))
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.socket.forget_join(self.number);
    }
}

/// A connection on its way out; see [`Socket::disconnect`].
pub struct Disconnecting {
    owner: Arc<Owner>,
    number: u64,
    receiver: oneshot::Receiver<()>,
}

impl Disconnecting {
    pub(crate) fn new(owner: &Arc<Owner>) -> Self {
        let (sender, receiver) = oneshot::channel();
        let number = owner.wait_closed(Box::new(|()| {
            // Fails if nobody waits any more.
            let _ = sender.send(());
        }));
        Self {
            owner: Arc::clone(owner),
            number,
            receiver,
        }
    }
}

impl fmt::Debug for Disconnecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disconnecting")
    }
}

impl Future for Disconnecting {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.receiver).poll(cx).map(drop)
    }
}

impl Drop for Disconnecting {
    fn drop(&mut self) {
        self.owner.forget_close(self.number);
    }
}
