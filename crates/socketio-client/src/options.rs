//! The options of a client: one list of setters for the builders of both adapters.

use crate::clock::Clock;
use crate::core::{Owner, Runtime};
use crate::error::{BuildError, SocketError};
use crate::run::OnError;
use crate::settings::{AuthSource, Settings};
use crate::socket_ref::{Listeners, SocketRef};
use crate::status::Watchers;
use crate::target::{Proxy, Target};
use engineio_proto::client::ClientConfig;
use socketio_proto::client::{Backoff, Config, Manager, SocketOptions};
use socketio_proto::{Json, Parser};
use std::sync::Arc;

/// What a builder gathers.
pub(crate) struct Options {
    pub(crate) url: String,
    pub(crate) engine: ClientConfig,
    pub(crate) config: Config,
    pub(crate) backoff: Backoff,
    pub(crate) socket: SocketOptions,
    pub(crate) parser: Arc<dyn Parser>,
    pub(crate) query: Option<Vec<(String, String)>>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) cookies: bool,
    pub(crate) proxy: Option<String>,
    pub(crate) reconnection: bool,
    pub(crate) retry_initial: bool,
    pub(crate) max_pending_handlers: usize,
    pub(crate) auth: Option<AuthSource>,
    pub(crate) listeners: Listeners,
    pub(crate) watchers: Watchers,
    pub(crate) on_error: Option<OnError>,
}

impl Options {
    pub(crate) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            engine: ClientConfig::default().path("/socket.io"),
            config: Config::default(),
            backoff: Backoff::default(),
            socket: SocketOptions::default(),
            parser: Arc::new(Json),
            query: None,
            headers: Vec::new(),
            cookies: false,
            proxy: None,
            reconnection: true,
            retry_initial: false,
            max_pending_handlers: 1024,
            auth: None,
            listeners: Listeners::default().keep_removed(),
            watchers: Watchers::default(),
            on_error: None,
        }
    }

    /// The server's address, before anything is set up for it.
    pub(crate) fn target(&self) -> Result<Target, BuildError> {
        Target::parse(&self.url)
    }

    /// The socket of the URL's namespace, with a client to itself. It is not connected.
    pub(crate) fn build(
        self,
        target: Target,
        clock: Clock,
        runtime: Box<dyn Runtime>,
    ) -> Result<SocketRef, BuildError> {
        let mut engine = self.engine;
        engine.query = self.query.unwrap_or_else(|| target.query.clone());
        let engine = Arc::new(engine);
        let mut config = self.config;
        config.reconnection = self.reconnection.then_some(self.backoff);
        let proxy = self.proxy.as_deref().map(Proxy::parse).transpose()?;
        let namespace = target.namespace.clone();
        let format = self.parser.format();
        let mut settings =
            Settings::new(target, proxy, Arc::clone(&engine), format, &self.headers)?;
        settings.retry_initial = self.retry_initial && self.reconnection;
        settings.max_pending_handlers = self.max_pending_handlers;
        if self.cookies {
            settings.keep_cookies();
        }
        let manager = Manager::new(Arc::new(config), engine, self.parser, seed()?);
        let owner = Owner::new(
            settings,
            manager,
            clock,
            runtime,
            self.on_error,
            self.watchers,
        );
        let url = self.url;
        let named = SocketRef::open(&owner, &namespace, self.socket, self.listeners);
        let socket = named.map_err(|error| BuildError::Url {
            url,
            reason: match error {
                SocketError::TooMany => "there may be no namespace",
                SocketError::Namespace(_) => "its path is not the name of a namespace",
            },
        })?;
        if let Some(auth) = self.auth {
            let set = socket.set_auth(auth);
            set.map_err(|error| BuildError::Auth(Arc::new(error)))?;
        }
        Ok(socket)
    }
}

/// What makes this client's jitter differ from that of all others.
fn seed() -> Result<u64, BuildError> {
    getrandom::u64().map_err(|_| BuildError::Randomness)
}

/// Writes the setters into a builder that has a field `options: Options`.
macro_rules! client_options {
    () => {
        /// Path of the endpoint. Default: `/socket.io/`. The URL's path is the namespace.
        #[must_use]
        pub fn path(mut self, path: &str) -> Self {
            self.options.engine.path = path.into();
            self
        }

        /// Whether a slash is added to the path. Default: true.
        #[must_use]
        pub fn add_trailing_slash(mut self, value: bool) -> Self {
            self.options.engine.add_trailing_slash = value;
            self
        }

        /// Parameters of every request's query, for the server to see in the handshake. They
        /// replace those of the URL, which serve without this.
        #[must_use]
        pub fn query<K: Into<String>, V: Into<String>>(
            mut self,
            pairs: impl IntoIterator<Item = (K, V)>,
        ) -> Self {
            let pairs = pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()));
            self.options.query = Some(pairs.collect());
            self
        }

        /// Adds a header to every request, the WebSocket's included.
        #[must_use]
        pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.options.headers.push((name.into(), value.into()));
            self
        }

        /// Adds headers to every request.
        #[must_use]
        pub fn extra_headers<K: Into<String>, V: Into<String>>(
            mut self,
            headers: impl IntoIterator<Item = (K, V)>,
        ) -> Self {
            let headers = headers
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()));
            self.options.headers.extend(headers);
            self
        }

        /// Whether the cookies of a connection's responses go back to the server with its later
        /// requests, until they expire by `Max-Age` or `Expires`. Default: false. A new connection
        /// starts without any.
        #[must_use]
        pub fn cookies(mut self, value: bool) -> Self {
            self.options.cookies = value;
            self
        }

        /// Goes through an HTTP proxy by CONNECT: `http://user:password@host:port`. Default: none;
        /// the environment is not asked.
        #[must_use]
        pub fn proxy(mut self, url: impl Into<String>) -> Self {
            self.options.proxy = Some(url.into());
            self
        }

        /// Transports, in the order in which they are tried. Default: polling, then WebSocket.
        #[must_use]
        pub fn transports(
            mut self,
            transports: impl IntoIterator<Item = engineio_proto::Transport>,
        ) -> Self {
            self.options.engine.transports = transports.into_iter().collect();
            self
        }

        /// Whether to move to a better transport if there is one. Default: true.
        #[must_use]
        pub fn upgrade(mut self, value: bool) -> Self {
            self.options.engine.upgrade = value;
            self
        }

        /// Whether to begin with WebSocket if the last connection got to it. Default: false.
        #[must_use]
        pub fn remember_upgrade(mut self, value: bool) -> Self {
            self.options.config.remember_upgrade = value;
            self
        }

        /// Whether to try the next transport if a connection can't be made by the first. Default:
        /// false.
        #[must_use]
        pub fn try_all_transports(mut self, value: bool) -> Self {
            self.options.engine.try_all_transports = value;
            self
        }

        /// Revision of Engine.IO: `V3` for servers of Socket.IO 2. Default: `V4`.
        #[must_use]
        pub fn protocol(mut self, version: engineio_proto::Version) -> Self {
            use socketio_proto::server::Revision;
            self.options.engine.version = version;
            self.options.config.revision = match version {
                engineio_proto::Version::V3 => Revision::V4,
                engineio_proto::Version::V4 => Revision::V5,
            };
            self
        }

        /// How packets are written and read: [`Json`](socketio_proto::Json) by default, `MsgPack`
        /// with the feature `msgpack`. The server has to use the same.
        #[must_use]
        pub fn parser(mut self, parser: impl socketio_proto::Parser + 'static) -> Self {
            self.options.parser = Arc::new(parser);
            self
        }

        /// Time for a connection to open, from the name's resolution on. Default: 20 s; `None`: no
        /// limit.
        #[must_use]
        pub fn timeout(mut self, value: Option<Duration>) -> Self {
            self.options.config.connect_timeout = value;
            self
        }

        /// Whether to connect again by itself. Default: true.
        #[must_use]
        pub fn reconnection(mut self, value: bool) -> Self {
            self.options.reconnection = value;
            self
        }

        /// After how many failed attempts in a row to give up. Default: `None`, never.
        #[must_use]
        pub fn reconnection_attempts(mut self, value: Option<u32>) -> Self {
            self.options.backoff.attempts = value;
            self
        }

        /// Time before the first attempt to reconnect; it doubles with each. Default: 1 s.
        #[must_use]
        pub fn reconnection_delay(mut self, value: Duration) -> Self {
            self.options.backoff.delay = value;
            self
        }

        /// Longest time before an attempt to reconnect. Default: 5 s.
        #[must_use]
        pub fn reconnection_delay_max(mut self, value: Duration) -> Self {
            self.options.backoff.max = value;
            self
        }

        /// How much of that time is random, 0 to 1, so that not all clients come back at once.
        /// Default: 0.5.
        #[must_use]
        pub fn randomization_factor(mut self, value: f64) -> Self {
            self.options.backoff.randomization = value;
            self
        }

        /// Whether `connect()` keeps trying as reconnection does, instead of returning the error of
        /// its first attempt. Default: false. A refusal of the server is returned in any case, and
        /// the last error when the attempts are used up.
        #[must_use]
        pub fn retry_initial(mut self, value: bool) -> Self {
            self.options.retry_initial = value;
            self
        }

        /// Sends every event that is not volatile up to so many times more, one at a time and in
        /// order, until the server has acknowledged it. Needs an [`ack_timeout`](Self::ack_timeout)
        /// to see that it hasn't. Default: none.
        ///
        /// The server must acknowledge every event, and may get one more than once.
        #[must_use]
        pub fn retries(mut self, value: u32) -> Self {
            self.options.config.retries = Some(value);
            self
        }

        /// How long to wait for acknowledgements for which no time is given. Default: as long as
        /// the socket is connected.
        #[must_use]
        pub fn ack_timeout(mut self, value: Duration) -> Self {
            self.options.config.ack_timeout = Some(value);
            self
        }

        /// What the first socket has of its own, as
        /// [`Client::socket_with`](crate::Client::socket_with) gives it to others. Default: nothing.
        #[must_use]
        pub fn socket_options(mut self, options: socketio_proto::client::SocketOptions) -> Self {
            self.options.socket = options;
            self
        }

        /// Credentials that go with each connection to the namespace: anything that serde writes as
        /// an object. Default: none. An error shows when the client is built.
        #[must_use]
        pub fn auth(mut self, value: impl serde::Serialize + Send + 'static) -> Self {
            self.options.auth = Some(crate::settings::AuthSource::value(value));
            self
        }

        /// Handlers that may be suspended at a time; of the client for threads, events that may
        /// wait for their handlers. Default: 1,024; no more input is read until one of them has
        /// finished.
        #[must_use]
        pub fn max_pending_handlers(mut self, value: usize) -> Self {
            self.options.max_pending_handlers = value.max(1);
            self
        }

        /// Changes whatever else [`ClientConfig`](engineio_proto::client::ClientConfig) has: limits
        /// and times that seldom need it.
        #[must_use]
        pub fn engine_config(
            mut self,
            change: impl FnOnce(
                engineio_proto::client::ClientConfig,
            ) -> engineio_proto::client::ClientConfig,
        ) -> Self {
            self.options.engine = change(self.options.engine);
            self
        }

        /// Changes whatever else [`Config`](socketio_proto::client::Config) has: the limits of what
        /// is kept while offline, of packets, of acknowledgements. Its `reconnection` has setters
        /// of its own, which decide.
        #[must_use]
        pub fn client_config(
            mut self,
            change: impl FnOnce(socketio_proto::client::Config) -> socketio_proto::client::Config,
        ) -> Self {
            self.options.config = change(self.options.config);
            self
        }

        /// Told of what happens to the connection: attempts to reconnect, upgrades, pings. It runs
        /// in the client's own task or thread and should not block.
        #[must_use]
        pub fn on_event(
            self,
            watcher: impl Fn(&crate::ClientEvent) + Send + Sync + 'static,
        ) -> Self {
            self.options.watchers.add(watcher);
            self
        }
    };
}

pub(crate) use client_options;
