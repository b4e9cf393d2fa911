//! A client and its builder.

use crate::calls::{builder_handlers, client_calls};
use crate::clock::Clock;
use crate::core::{Core, Owner, Runtime};
use crate::driver;
use crate::driver::tls::{Connector, Tls};
use crate::error::{BuildError, ConnectError, HandlerError, SocketError};
use crate::handler::{Handler, Listener};
use crate::options::{Options, client_options};
use crate::settings::{AuthFn, AuthSource};
use crate::socket::{Disconnecting, Socket};
use crate::socket_ref::{
    ANY, ANY_OUTGOING, CONNECT, CONNECT_ERROR, DISCONNECT, Listeners, SocketRef,
};
use crate::tls::tls_options;
use engineio_proto::Transport;
use futures_util::future::BoxFuture;
use serde::Serialize;
use socketio_handler::Outcome;
use socketio_observer::ListenerId;
use socketio_proto::Payload;
use socketio_proto::client::{ClientEvent, SocketOptions};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// One connection to a server, and the sockets on it: the manager of the reference. Clones share
/// it.
///
/// It and its [`Socket`]s, with their [`Events`](crate::Events), the [`Ack`](crate::Ack)s of events
/// to be answered, and suspended handlers, are the handles of the connection: when the last one
/// goes, the sockets disconnect.
#[derive(Clone)]
pub struct Client {
    pub(crate) owner: Arc<Owner>,
}

impl Client {
    client_calls!();

    /// Disconnects all sockets. The future ends when the connection is closed; it need not be
    /// awaited.
    pub fn disconnect(&self) -> Disconnecting {
        for inner in self.core().sockets() {
            let owner = Arc::clone(&self.owner);
            SocketRef { inner, owner }.disconnect();
        }
        Disconnecting::new(&self.owner)
    }

    fn socket_of(&self, inner: SocketRef) -> Socket {
        Socket { inner }
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
    tls_options!("rustls", "native-tls");
    builder_handlers!(Listener::new, H: Handler<A>, H::Output: Outcome + 'static);

    /// Asks for the credentials before each attempt to connect to the namespace, also at
    /// reconnections. A function that panics is reported to [`on_error`](Self::on_error), and the
    /// attempt goes unanswered.
    ///
    /// ```
    /// # use socketio_client::Client;
    /// # #[derive(serde::Serialize)] struct Token { token: String }
    /// # async fn fresh_token() -> String { String::new() }
    /// let client = Client::builder("http://localhost:3000")
    ///     .auth_fn(|| async { Token { token: fresh_token().await } });
    /// ```
    #[must_use]
    pub fn auth_fn<F, Fut>(mut self, auth: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Serialize> + Send + 'static,
    {
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
            let inner = socket.clone();
            hook(&Socket { inner }, event, error);
        }));
        self
    }

    /// A socket that is not connected yet: for handlers that need it, and for
    /// [`Socket::connect`] at another time.
    ///
    /// # Errors
    /// When an option can't be used, and outside of a tokio runtime.
    pub fn build(self) -> Result<Socket, BuildError> {
        let target = self.options.target()?;
        let connector = Connector::new(self.tls, &target)?;
        let handle = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let runtime = Tokio { handle, connector };
        let inner = self
            .options
            .build(target, Clock::tokio(), Box::new(runtime))?;
        Ok(Socket { inner })
    }

    /// A socket that is connected.
    ///
    /// The error of the first attempt ends it, unless [`retry_initial`](Self::retry_initial) says
    /// otherwise; a connection that is lost later is made again as
    /// [`reconnection`](Self::reconnection) says. Upon an error, or when the future is dropped,
    /// nothing is left behind.
    ///
    /// # Errors
    /// [`ConnectError::Build`] when an option can't be used; the others tell how the connection
    /// failed.
    pub async fn connect(self) -> Result<Socket, ConnectError> {
        let socket = self.build()?;
        socket.connect().await?;
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

/// Credentials that an async function gives.
pub(crate) fn auth_source<F, Fut>(auth: F) -> AuthSource
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Serialize> + Send + 'static,
{
    let ask: AuthFn = Arc::new(move |format| {
        let answer = auth();
        Box::pin(async move {
            let written = Payload::value(format, &answer.await);
            written
                .map(Some)
                .map_err(|error| HandlerError::Failed(error.into()))
        })
    });
    AuthSource::Ask(ask)
}

/// The runtime in which the client was built.
struct Tokio {
    handle: Handle,
    connector: Connector,
}

impl Runtime for Tokio {
    fn start(&self, core: Arc<Core>) {
        self.handle.spawn(driver::run(core, self.connector.clone()));
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.handle.spawn(task);
    }
}
