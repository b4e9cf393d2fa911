//! A client and its builder.

use super::dispatcher::Dispatcher;
use super::driver::Threads;
use super::driver::tls::{Connector, Tls};
use super::handler::{Handler, listener};
use super::socket::{Socket, wait_closed};
use crate::calls::{builder_handlers, client_calls};
use crate::clock::Clock;
use crate::core::{Core, Owner};
use crate::error::{BuildError, ConnectError, HandlerError, SocketError};
use crate::handler::Listener;
use crate::options::{Options, client_options};
use crate::settings::{AuthFn, AuthSource};
use crate::socket_ref::{
    ANY, ANY_OUTGOING, CONNECT, CONNECT_ERROR, DISCONNECT, Listeners, SocketRef,
};
use crate::tls::tls_options;
use engineio_proto::Transport;
use serde::Serialize;
use socketio_observer::ListenerId;
use socketio_proto::Payload;
use socketio_proto::client::{ClientEvent, SocketOptions};
use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

/// One connection to a server, and the sockets on it: the manager of the reference. Clones share
/// it.
///
/// It and its [`Socket`]s, their [`Events`](super::Events) included, are the handles of the
/// connection: when the last one goes, the sockets disconnect, and the threads end.
#[derive(Clone)]
pub struct Client {
    pub(crate) owner: Arc<Owner>,
    pub(crate) dispatcher: Arc<Dispatcher>,
}

impl Client {
    client_calls!();

    /// Disconnects all sockets, and waits as [`Socket::disconnect`] does.
    pub fn disconnect(&self) {
        for inner in self.core().sockets() {
            let owner = Arc::clone(&self.owner);
            SocketRef { inner, owner }.disconnect();
        }
        wait_closed(&self.owner, &self.dispatcher);
    }

    fn socket_of(&self, inner: SocketRef) -> Socket {
        let dispatcher = Arc::clone(&self.dispatcher);
        Socket { inner, dispatcher }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("transport", &self.transport())
            .finish_non_exhaustive()
    }
}

/// Options of a client, and the handlers of its first socket. Each option has the default of the
/// reference unless it says otherwise.
pub struct ClientBuilder {
    options: Options,
    tls: Tls,
}

impl ClientBuilder {
    client_options!();
    tls_options!("blocking", "blocking-native-tls");
    builder_handlers!(listener, H: Handler<A>);

    /// Asks for the credentials before each attempt to connect to the namespace, also at
    /// reconnections. The function runs in the thread of the handlers; one that panics is reported
    /// to [`on_error`](Self::on_error), and the attempt goes unanswered.
    #[must_use]
    pub fn auth_fn<T: Serialize>(mut self, auth: impl Fn() -> T + Send + Sync + 'static) -> Self {
        self.options.auth = Some(auth_source(auth));
        self
    }

    /// Told of each handler that returned an error, panicked, or could not be called because an
    /// argument is of another type. The socket stays connected in any case.
    #[must_use]
    pub fn on_error(
        mut self,
        hook: impl Fn(&Socket, &str, HandlerError) + Send + Sync + 'static,
    ) -> Self {
        self.options.on_error = Some(Arc::new(move |socket, event, error| {
            if let Some(socket) = Socket::of(socket) {
                hook(&socket, event, error);
            }
        }));
        self
    }

    /// A socket that is not connected yet: for handlers that need it, and for
    /// [`Socket::connect`] at another time.
    ///
    /// # Errors
    /// When an option can't be used.
    pub fn build(self) -> Result<Socket, BuildError> {
        let target = self.options.target()?;
        let connector = Connector::new(self.tls, &target)?;
        let dispatcher = Dispatcher::new(self.options.max_pending_handlers);
        let threads = Threads::new(&dispatcher, connector);
        let inner = self
            .options
            .build(target, Clock::system(), Box::new(threads))?;
        Ok(Socket { inner, dispatcher })
    }

    /// A socket that is connected.
    ///
    /// The error of the first attempt ends it, unless [`retry_initial`](Self::retry_initial) says
    /// otherwise; a connection that is lost later is made again as
    /// [`reconnection`](Self::reconnection) says. Upon an error nothing is left behind.
    ///
    /// # Errors
    /// [`ConnectError::Build`] when an option can't be used; the others tell how the connection
    /// failed.
    pub fn connect(self) -> Result<Socket, ConnectError> {
        let socket = self.build()?;
        socket.connect()?;
        Ok(socket)
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("url", &self.options.url)
            .field("engine", &self.options.engine)
            .field("config", &self.options.config)
            .finish_non_exhaustive()
    }
}

/// Credentials that a function gives.
pub(crate) fn auth_source<T: Serialize>(
    auth: impl Fn() -> T + Send + Sync + 'static,
) -> AuthSource {
    let ask: AuthFn = Arc::new(move |format| {
        let written = Payload::value(format, &auth());
        let answer = written.map(Some);
        Box::pin(ready(
            answer.map_err(|error| HandlerError::Failed(error.into())),
        ))
    });
    AuthSource::Ask(ask)
}
