//! The options that Engine.IO has with or without Socket.IO on top: one list of setters for both
//! builders.

use engineio_proto::config::ServerConfig;
use std::time::Duration;

/// How long a client may be silent before the heartbeat finds that it has gone.
pub(crate) fn longest_silence(config: &ServerConfig) -> Duration {
    config.ping_interval.saturating_add(config.ping_timeout)
}

/// Writes the setters of the engine's options into a builder that has fields `engine: ServerConfig`,
/// `limits: Limits` and `host: HostOptions`.
macro_rules! engine_options {
    () => {
        /// Time between a pong and the next ping. Default: 25 s.
        #[must_use]
        pub fn ping_interval(mut self, value: Duration) -> Self {
            self.engine.ping_interval = value;
            self
        }

        /// Time within which a ping must be answered. Default: 20 s.
        #[must_use]
        pub fn ping_timeout(mut self, value: Duration) -> Self {
            self.engine.ping_timeout = value;
            self
        }

        /// Time within which a started upgrade must be finished. Default: 10 s.
        #[must_use]
        pub fn upgrade_timeout(mut self, value: Duration) -> Self {
            self.engine.upgrade_timeout = value;
            self
        }

        /// Longest POST body and longest WebSocket message that is accepted, in bytes. Default:
        /// 1,000,000.
        ///
        /// A short way for [`Limits::max_payload`], since the reference has it among its options. Of
        /// this and [`limits`](Self::limits) the last counts.
        #[must_use]
        pub fn max_payload(mut self, bytes: usize) -> Self {
            self.limits.max_payload = bytes;
            self
        }

        /// Bounds on whatever clients can make grow, all of them. Default: [`Limits::default`].
        #[must_use]
        pub fn limits(mut self, limits: Limits) -> Self {
            self.limits = limits;
            self
        }

        /// Transports that are offered. Default: polling and WebSocket.
        #[must_use]
        pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
            self.engine.transports = transports.into_iter().collect();
            self
        }

        /// Whether clients that speak Engine.IO 3 may come in, those of Socket.IO 1 and 2. Default:
        /// false.
        ///
        /// The id of such a client's sockets is made of its session's id, as it makes it itself,
        /// and a session belongs to whoever knows its id: don't tell it to others.
        #[must_use]
        pub fn allow_eio3(mut self, value: bool) -> Self {
            self.engine.allow_eio3 = value;
            self
        }

        /// Whether clients may poll with scripts (JSONP), which reach across origins whatever
        /// [`cors`](Self::cors) says. Default: true.
        #[must_use]
        pub fn jsonp(mut self, value: bool) -> Self {
            self.engine.jsonp = value;
            self
        }

        /// Whether a client may change its transport. Default: true.
        #[must_use]
        pub fn allow_upgrades(mut self, value: bool) -> Self {
            self.engine.allow_upgrades = value;
            self
        }

        /// Whether the path has a slash at its end. Default: true. Without it every path that begins
        /// with the configured one belongs to the endpoint.
        #[must_use]
        pub fn add_trailing_slash(mut self, value: bool) -> Self {
            self.engine.add_trailing_slash = value;
            self
        }

        /// Time for a session that closes to get rid of what waits for its client. Default: 30 s.
        #[must_use]
        pub fn close_timeout(mut self, value: Duration) -> Self {
            self.engine.close_timeout = value;
            self
        }

        /// Time that a poll waits during an upgrade before it is answered. Default: 100 ms.
        #[must_use]
        pub fn noop_delay(mut self, value: Duration) -> Self {
            self.engine.noop_delay = value;
            self
        }

        /// Answers requests of other origins as configured. Default: no CORS header at all.
        ///
        /// WebSockets know no CORS: see [`allow_request`](Self::allow_request).
        #[must_use]
        pub fn cors(mut self, value: Cors) -> Self {
            self.engine.cors = Some(value);
            self
        }

        /// Sets a cookie with the session's id in the answer to a polling handshake. Default: none.
        #[must_use]
        pub fn cookie(mut self, value: Cookie) -> Self {
            self.engine.cookie = Some(value);
            self
        }

        /// Compresses what polling clients get, if it is long enough and they accept gzip or deflate;
        /// `None` never does. Default: from 1,024 bytes on.
        ///
        /// Packets of one answer are compressed together: where what an attacker chooses travels
        /// beside a secret, over TLS, lengths may give the secret away (BREACH). Switch it off then.
        #[cfg(feature = "http-compression")]
        #[must_use]
        pub fn http_compression(
            mut self,
            value: impl Into<Option<engineio_proto::config::HttpCompression>>,
        ) -> Self {
            self.host.http_compression = value.into();
            self
        }

        /// Says from which address a handshake comes, for the limits by address and for
        /// [`HandshakeRequest::client_address`]. Default: the address of the connection, as
        /// [`ConnectionInfo`](crate::ConnectionInfo) or axum's `ConnectInfo` tells it.
        ///
        /// A server behind a proxy needs this, since all its connections come from there, and the
        /// proxy tells whose they are in a header. **Anybody can send such a header**: take only
        /// what your own proxy has written, which for `x-forwarded-for` is the last address and
        /// not the first, and only if nobody can get past the proxy. Whoever may choose an
        /// address has no limits, and may use up those of others.
        ///
        /// All requests for which this is `None` count as from one address.
        ///
        /// ```
        /// # use socketio_server::SocketIo;
        /// let builder = SocketIo::builder().client_address(|request| {
        ///     let header = request.headers.get_all("x-forwarded-for").iter().next_back()?;
        ///     header.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
        /// });
        /// # let _ = builder;
        /// ```
        #[must_use]
        pub fn client_address(
            mut self,
            hook: impl Fn(&http::request::Parts) -> Option<std::net::IpAddr> + Send + Sync + 'static,
        ) -> Self {
            self.host.client_address = Some(Arc::new(hook));
            self
        }

        /// Asked before each handshake, after the checks of its form: `Err` refuses it with 403 and
        /// the given message (400 and plain text for a WebSocket).
        ///
        /// Default: everybody may come in.
        ///
        /// ```
        /// use socketio_server::{Forbidden, SocketIo};
        ///
        /// let builder = SocketIo::builder().allow_request(async |request| {
        ///     // Browsers tell from which page they come, other clients need not.
        ///     match request.headers.get("origin") {
        ///         Some(origin) if origin != "https://example.org" => {
        ///             Err(Forbidden::because("not from there"))
        ///         }
        ///         _ => Ok(()),
        ///     }
        /// });
        /// # let _ = builder;
        /// ```
        #[must_use]
        pub fn allow_request<F, Fut>(mut self, hook: F) -> Self
        where
            F: Fn(Arc<HandshakeRequest>) -> Fut + Send + Sync + 'static,
            Fut: Future<Output = Result<(), Forbidden>> + Send + 'static,
        {
            self.host.allow_request = Some(Arc::new(move |request| {
                let answer = hook(request);
                Box::pin(async move { answer.await.map_err(Forbidden::into_message) })
            }));
            self
        }

        /// May add headers to each response of a session, and to the 101 of a WebSocket; the flag
        /// is true for the first response of a session. Error responses don't pass here.
        ///
        /// Default: no header is added.
        ///
        /// ```
        /// # use socketio_server::SocketIo;
        /// use http::HeaderValue;
        ///
        /// let builder = SocketIo::builder().on_headers(|headers, _request, is_first| {
        ///     if is_first {
        ///         headers.insert("x-served-by", HeaderValue::from_static("one"));
        ///     }
        /// });
        /// # let _ = builder;
        /// ```
        #[must_use]
        pub fn on_headers(
            mut self,
            hook: impl Fn(&mut http::HeaderMap, &http::request::Parts, bool) + Send + Sync + 'static,
        ) -> Self {
            self.host.on_headers = Some(Arc::new(hook));
            self
        }

        /// Told of each request that is refused, and why. Default: nobody is told.
        ///
        /// ```
        /// # use socketio_server::SocketIo;
        /// let builder = SocketIo::builder().on_connection_error(|reject, request| {
        ///     eprintln!("{}: code {}, {reject}", request.uri, reject.code());
        /// });
        /// # let _ = builder;
        /// ```
        #[must_use]
        pub fn on_connection_error(
            mut self,
            hook: impl Fn(&Reject, &http::request::Parts) + Send + Sync + 'static,
        ) -> Self {
            self.host.on_connection_error = Some(Arc::new(hook));
            self
        }
    };
}

pub(crate) use engine_options;

/// Why a handshake is refused: the answer of an
/// [`allow_request`](crate::SocketIoBuilder::allow_request) hook.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Forbidden(Option<String>);

impl Forbidden {
    /// Refuses with the standard message, `Forbidden`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses with a message of one's own.
    #[must_use]
    pub fn because(message: impl Into<String>) -> Self {
        Self(Some(message.into()))
    }

    pub(crate) fn into_message(self) -> Option<String> {
        self.0
    }
}
