//! The server and its builder.

use crate::bundle::Bundle;
use crate::dispatch::{OnError, Sio};
use crate::drain::DrainPolicy;
use crate::env::Env;
use crate::error::HandlerError;
use crate::extensions::Extensions;
use crate::limits::{Limits, Shares};
use crate::namespace::{Common, Namespace};
use crate::namespaces::{ConnectAuth, Namespaces};
use crate::options::{Forbidden, engine_options, longest_silence};
use crate::service::{NotFound, endpoint, serve};
use crate::socket::Socket;
use crate::transport::{HandshakeRequest, Host, HostOptions, ResponseBody};
use bytes::Bytes;
use engineio_proto::Transport;
use engineio_proto::config::{Cookie, Cors, ServerConfig};
use engineio_proto::http::Reject;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body;
use socketio_proto::parser::Json;
use socketio_proto::recovery::Config as RecoveryConfig;
use socketio_proto::server::Config;
use socketio_proto::{Parser, Value};
use std::future::Future;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// A Socket.IO server. Clones share it.
///
/// It dereferences to its main namespace, `/`: `io.on(..)`, `io.emit(..)`, `io.to(..)` are those of
/// [`Namespace`].
///
/// ```no_run
/// use socketio_server::{Ack, Socket, SocketIo};
///
/// #[tokio::main]
/// async fn main() -> std::io::Result<()> {
///     let (_layer, io) = SocketIo::new();
///     io.on_connection(async |socket: Socket| socket.emit("hello", socket.id()));
///     io.of("/admin").on("count", async |socket: Socket, ack: Ack| {
///         ack.send(socket.namespace().socket_count())
///     });
///     // Alone. In front of other services it is a layer, or a service.
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
///     io.serve(listener).await
/// }
/// ```
#[derive(Clone)]
pub struct SocketIo {
    host: Arc<Host<Sio>>,
    namespaces: Arc<Namespaces>,
    main: Namespace,
}

impl SocketIo {
    /// Options first, then [`build`](SocketIoBuilder::build).
    #[must_use]
    pub fn builder() -> SocketIoBuilder {
        SocketIoBuilder::default()
    }

    /// A server with the default options.
    #[must_use]
    pub fn new() -> (SocketIoLayer, Self) {
        Self::builder().build()
    }

    /// The namespace of this name, made if it is not there. A missing leading slash is added.
    #[must_use]
    pub fn of(&self, name: &str) -> Namespace {
        Namespace(self.namespaces.of(name))
    }

    /// Namespaces that come into being when a client asks for one that `accepts` says yes to.
    ///
    /// What is registered on the returned parent, up to then, is what each of them starts with.
    /// Patterns are asked in the order of their registration, names that exist already are not
    /// asked about; [`of`](Self::of) asks none.
    ///
    /// What is emitted to the parent, or to rooms of it, goes to all of its namespaces that are
    /// there, and [`fetch_sockets`](crate::Broadcast::fetch_sockets) and its like find their sockets.
    /// It has none of its own.
    ///
    /// There are [`max_dynamic_namespaces`](Limits::max_dynamic_namespaces) of them at most, and they
    /// stay unless the server [cleans up](SocketIoBuilder::cleanup_empty_namespaces).
    ///
    /// ```
    /// use socketio_server::{Socket, SocketIo};
    ///
    /// let (_layer, io) = SocketIo::new();
    /// // One for each room number; what the client sent along may decide as well.
    /// let rooms = io.of_matching(|name, _auth| {
    ///     name.strip_prefix("/room-").is_some_and(|number| number.parse::<u32>().is_ok())
    /// });
    /// rooms.on("say", async |socket: Socket, text: String| {
    ///     socket.namespace().emit("said", text)
    /// });
    /// # fn close(rooms: socketio_server::Namespace) -> Result<(), socketio_server::EmitError> {
    /// // To all rooms that there are.
    /// rooms.emit("closing", ())
    /// # }
    /// ```
    #[must_use]
    pub fn of_matching(
        &self,
        accepts: impl Fn(&str, &ConnectAuth<'_>) -> bool + Send + Sync + 'static,
    ) -> Namespace {
        Namespace(self.namespaces.of_matching(Arc::new(accepts)))
    }

    /// As [`of_matching`](Self::of_matching), with a function that takes its time: it gets the
    /// name and what the client sent along, null if nothing.
    ///
    /// It is asked for as long as the [connect timeout](SocketIoBuilder::connect_timeout) at most;
    /// then, or when it panics, the client is told that there is no such namespace.
    ///
    /// ```
    /// use socketio_server::{SocketIo, Value};
    ///
    /// # async fn is_tenant(name: &str) -> bool { name == "acme" }
    /// let (_layer, io) = SocketIo::new();
    /// let tenants = io.of_matching_async(async |name: String, _auth: Value| {
    ///     match name.strip_prefix("/tenant/") {
    ///         Some(tenant) => is_tenant(tenant).await,
    ///         None => false,
    ///     }
    /// });
    /// # let _ = tenants;
    /// ```
    #[must_use]
    pub fn of_matching_async<F, Fut>(&self, accepts: F) -> Namespace
    where
        F: Fn(String, Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        let accepts = move |name: &str, auth: &ConnectAuth<'_>| -> BoxFuture<'static, bool> {
            Box::pin(accepts(name.to_owned(), auth.get().unwrap_or_default()))
        };
        Namespace(self.namespaces.of_matching_async(Arc::new(accepts)))
    }

    /// Calls `hook` for each namespace that comes into being from now on, by name or because a
    /// client asked for it, before the first socket is in.
    pub fn on_new_namespace(&self, hook: impl Fn(&Namespace) + Send + Sync + 'static) {
        self.namespaces.on_new(Arc::new(move |namespace| {
            hook(&Namespace(Arc::clone(namespace)));
        }));
    }

    /// Removes a namespace: its sockets are disconnected from it, and whoever asks for it is told
    /// that there is none, unless a pattern accepts the name. Handles of it stay valid, and empty.
    ///
    /// False if it is not there, or is the main namespace, which stays.
    pub fn remove_namespace(&self, name: &str) -> bool {
        let Some(removed) = self.namespaces.remove(name) else {
            return false;
        };
        Namespace(removed).broadcast().disconnect_sockets(false);
        true
    }

    /// All namespaces that exist, by name.
    #[must_use]
    pub fn namespaces(&self) -> Vec<Namespace> {
        self.namespaces.all().into_iter().map(Namespace).collect()
    }

    /// The endpoint as a layer: requests to other paths go on to the service behind.
    #[must_use]
    pub fn layer(&self) -> SocketIoLayer {
        SocketIoLayer {
            host: Arc::clone(&self.host),
        }
    }

    /// The endpoint as a tower or hyper service in front of `inner`; [`NotFound`] if there is
    /// nothing else.
    pub fn service<S>(&self, inner: S) -> SocketIoService<S> {
        SocketIoService {
            host: Arc::clone(&self.host),
            inner,
        }
    }

    /// Serves the endpoint, and nothing else, on `listener` until [`shutdown`](Self::shutdown).
    ///
    /// # Errors
    /// Those of the listener.
    pub async fn serve(&self, listener: TcpListener) -> std::io::Result<()> {
        self.serve_with(listener, NotFound).await
    }

    /// Serves the endpoint on `listener`, and other paths by `inner`, until
    /// [`shutdown`](Self::shutdown).
    ///
    /// # Errors
    /// Those of the listener.
    pub async fn serve_with<S, R>(&self, listener: TcpListener, inner: S) -> std::io::Result<()>
    where
        S: tower_service::Service<Request<hyper::body::Incoming>, Response = Response<R>>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        R: Body<Data = Bytes> + Send + Unpin + 'static,
        R::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        serve(Arc::clone(&self.host), listener, inner).await
    }

    /// Number of live Engine.IO sessions: clients, whatever namespaces they are in.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.host.table().len()
    }

    /// Refuses new clients, closes all others with the reason `server shutting down` and waits
    /// until they are gone, for two seconds at most. The clients see `transport close` and will try
    /// to come back.
    pub async fn shutdown(&self) {
        self.shutdown_with(DrainPolicy::default()).await;
    }

    /// As [`shutdown`](Self::shutdown), in the way of a [`DrainPolicy`]: with a word to the clients
    /// before, and spread over some time.
    ///
    /// 1. New sessions are refused, with 503 and `Server is shutting down`.
    /// 2. All sockets get the notice, if there is one. Clients that wait, and those whose turn has
    ///    not come, are served as before.
    /// 3. One client after the other is closed, evenly over the window.
    /// 4. [`serve`](Self::serve) stops listening, what is left to be sent is waited for, and then
    ///    this returns.
    ///
    /// Dropped before that, it leaves a server that takes no new clients and still serves the rest;
    /// a second call carries on. A plain [`shutdown`](Self::shutdown) meanwhile ends the drain at
    /// once.
    ///
    /// ```
    /// use socketio_server::{DrainPolicy, SocketIo};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let (_layer, io) = SocketIo::new();
    /// let policy = DrainPolicy::over(Duration::from_secs(30)).notice("maintenance", "back soon");
    /// // With no client left it returns at once.
    /// io.shutdown_with(policy).await;
    /// # }
    /// ```
    pub async fn shutdown_with(&self, policy: DrainPolicy) {
        self.host.refuse();
        if let Some((event, argument)) = &policy.notice {
            for namespace in self.namespaces() {
                // A client that can't take one event more will learn it by its end.
                let _ = namespace.local().emit(event, argument);
            }
        }
        self.host.shutdown(policy.window, policy.patience).await;
    }
}

impl Deref for SocketIo {
    type Target = Namespace;

    fn deref(&self) -> &Namespace {
        &self.main
    }
}

impl std::fmt::Debug for SocketIo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketIo")
            .field("clients", &self.client_count())
            .finish_non_exhaustive()
    }
}

/// Options of a server. Each has the default of the reference unless it says otherwise.
///
/// ```
/// use socketio_server::{Cors, CorsOrigin, Limits, SocketIo};
/// use std::time::Duration;
///
/// let (_layer, io) = SocketIo::builder()
///     .path("/live")
///     .ping_interval(Duration::from_secs(10))
///     .limits(Limits::default().max_payload(100_000))
///     .cors(Cors::new(CorsOrigin::Any))
///     .build();
/// assert_eq!(io.client_count(), 0);
/// ```
pub struct SocketIoBuilder {
    engine: ServerConfig,
    config: Config,
    limits: Limits,
    host: HostOptions,
    parser: Arc<dyn Parser>,
    recovery: Option<RecoveryConfig>,
    cleanup_empty_namespaces: bool,
    state: Extensions,
    on_error: Option<OnError>,
}

impl Default for SocketIoBuilder {
    fn default() -> Self {
        Self {
            engine: ServerConfig::default().path("/socket.io"),
            config: Config::default(),
            limits: Limits::default(),
            host: HostOptions::default(),
            parser: Arc::new(Json),
            recovery: None,
            cleanup_empty_namespaces: false,
            state: Extensions::default(),
            on_error: None,
        }
    }
}

impl SocketIoBuilder {
    engine_options!();

    /// Path of the endpoint. Default: `/socket.io/`.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.engine = self.engine.path(path);
        self
    }

    /// Serves the JavaScript client below the endpoint's path, `/socket.io/socket.io.js` and its
    /// like, from a directory: `dist` of the npm package `socket.io-client`. Default: not served.
    ///
    /// The files, four builds and their source maps as far as they are there, are read here and kept
    /// in memory; whatever else is in the directory can't be asked for. As with the reference the
    /// version is the `ETag`, and browsers ask each time whether it still is
    /// (`Cache-Control: public, max-age=0`). Other than there nothing is compressed on the way: that
    /// is for a proxy or a layer around.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// let (_layer, _io) = socketio_server::SocketIo::builder()
    ///     .serve_client("node_modules/socket.io-client/dist")?
    ///     .build();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of reading; [`NotFound`](std::io::ErrorKind::NotFound) if the directory has none of the
    /// builds.
    pub fn serve_client(mut self, dir: impl AsRef<Path>) -> std::io::Result<Self> {
        self.host.bundle = Some(Bundle::read(dir.as_ref())?);
        Ok(self)
    }

    /// Time within which a client must have joined a namespace. Default: 45 s.
    #[must_use]
    pub fn connect_timeout(mut self, value: Duration) -> Self {
        self.config.connect_timeout = Some(value);
        self
    }

    /// How packets are written and read: [`Json`] by default, `MsgPack` with the feature `msgpack`.
    ///
    /// All clients have to use the same. One with another parser is disconnected at its first packet.
    #[must_use]
    pub fn parser(mut self, parser: impl Parser + 'static) -> Self {
        self.parser = Arc::new(parser);
        self
    }

    /// Lets clients whose connection broke come back as the same socket, and sends them what they
    /// have missed; see [`recovery`](socketio_proto::recovery). Default: off.
    ///
    /// A recovered socket has the id, the rooms and the [data](Socket::data) that it had;
    /// [`Socket::recovery`] tells whether it is one, and if not, why. Its connection handlers run
    /// again, its middlewares only without
    /// [`skip_middlewares`](RecoveryConfig::skip_middlewares). Not restored are its own handlers,
    /// its extensions and the acknowledgements that it waited for.
    ///
    /// Each event that is neither volatile nor wants an answer then has one argument more at its
    /// end, which handlers of clients see. [`max_silence`](RecoveryConfig::max_silence) is set
    /// from the ping interval and timeout.
    ///
    /// ```
    /// use socketio_server::{Recovery, RecoveryConfig, Socket, SocketIo};
    /// use std::time::Duration;
    ///
    /// let recovery = RecoveryConfig::default().max_disconnection_duration(Duration::from_secs(60));
    /// let (_layer, io) = SocketIo::builder().connection_state_recovery(recovery).build();
    /// io.on_connection(async |socket: Socket| {
    ///     match socket.recovery() {
    ///         // It has its rooms, and has been sent what it missed.
    ///         Recovery::Recovered => {}
    ///         Recovery::Failed(why) => println!("{} begins anew: {why}", socket.id()),
    ///         _ => drop(socket.join("lobby")),
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn connection_state_recovery(mut self, config: RecoveryConfig) -> Self {
        self.recovery = Some(config);
        self
    }

    /// Whether a namespace that came into being because a client asked for it goes when its last
    /// socket has left, with what was kept there for sockets to be recovered. Default: false.
    #[must_use]
    pub fn cleanup_empty_namespaces(mut self, value: bool) -> Self {
        self.cleanup_empty_namespaces = value;
        self
    }

    /// A value for handlers that ask for [`State<T>`](crate::State): one of each type, of which a later
    /// one takes the place. Default: none.
    ///
    /// ```
    /// use socketio_server::{SocketIo, State};
    ///
    /// #[derive(Clone)]
    /// struct Greeting(&'static str);
    ///
    /// let (_layer, io) = SocketIo::builder().state(Greeting("hello")).build();
    /// io.on("greet", async |State(greeting): State<Greeting>, name: String| {
    ///     println!("{}, {name}", greeting.0);
    /// });
    /// ```
    #[must_use]
    pub fn state<T: Clone + Send + Sync + 'static>(self, value: T) -> Self {
        self.state.insert(value);
        self
    }

    /// Told of each handler that returned an error, panicked, or could not be called because an
    /// argument is of another type, and of middlewares that did: with the socket and the name of the
    /// event, `connect` for a connection and its middlewares. The socket stays connected in any case.
    /// Default: nobody is told.
    ///
    /// ```
    /// use socketio_server::SocketIo;
    ///
    /// let (_layer, _io) = SocketIo::builder()
    ///     .on_error(|socket, event, error| eprintln!("{} of {}: {error}", event, socket.id()))
    ///     .build();
    /// ```
    #[must_use]
    pub fn on_error(
        mut self,
        hook: impl Fn(&Socket, &str, HandlerError) + Send + Sync + 'static,
    ) -> Self {
        self.on_error = Some(Arc::new(hook));
        self
    }

    /// The server, and the layer that puts it in front of a service. Nothing runs before the first
    /// request.
    #[must_use]
    pub fn build(self) -> (SocketIoLayer, SocketIo) {
        let env = Env::start();
        let parser = self.parser;
        let Shares {
            engine,
            connection,
            namespace,
            host: bounds,
            max_dynamic_namespaces,
        } = self.limits.share(self.engine, self.config);
        let max_silence = longest_silence(&engine);
        let common = Common {
            env: Arc::clone(&env),
            parser: Arc::clone(&parser),
            state: self.state,
            limits: namespace,
            recovery: self.recovery.map(|it| it.max_silence(max_silence)),
        };
        let cleans_up = self.cleanup_empty_namespaces;
        let namespaces = Namespaces::new(common, max_dynamic_namespaces, cleans_up);
        let namespaces = Arc::new(namespaces);
        let main = Namespace(namespaces.of("/"));
        let app = Sio {
            config: Arc::new(connection),
            parser,
            namespaces: Arc::clone(&namespaces),
            on_error: self.on_error,
        };
        let host = Host::new(app, engine, bounds, self.host, env);
        let io = SocketIo {
            host,
            namespaces,
            main,
        };
        (io.layer(), io)
    }
}

impl std::fmt::Debug for SocketIoBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketIoBuilder")
            .field("engine", &self.engine)
            .field("config", &self.config)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The endpoint as a [tower layer](tower_layer::Layer), for axum's `Router::layer` and the like.
#[derive(Clone)]
pub struct SocketIoLayer {
    host: Arc<Host<Sio>>,
}

/// The endpoint as a tower or hyper service in front of another.
#[derive(Clone)]
pub struct SocketIoService<S> {
    host: Arc<Host<Sio>>,
    inner: S,
}

endpoint!(SocketIoLayer, SocketIoService);
