//! The options that Engine.IO has with or without Socket.IO on top: one list of setters for both
//! builders.

/// Writes the setters of the engine's options into a builder that has a field `host: HostOptions`.
macro_rules! engine_options {
    () => {
        /// Time between a pong and the next ping. Default: 25 s.
        #[must_use]
        pub fn ping_interval(mut self, value: Duration) -> Self {
            self.host.config.ping_interval = value;
            self
        }

        /// Time within which a ping must be answered. Default: 20 s.
        #[must_use]
        pub fn ping_timeout(mut self, value: Duration) -> Self {
            self.host.config.ping_timeout = value;
            self
        }

        /// Time within which a started upgrade must be finished. Default: 10 s.
        #[must_use]
        pub fn upgrade_timeout(mut self, value: Duration) -> Self {
            self.host.config.upgrade_timeout = value;
            self
        }

        /// Longest POST body and longest WebSocket message that is accepted, in bytes. Default:
        /// 1,000,000.
        ///
        /// A longer body is answered with 413 and the session lives on; a longer WebSocket message
        /// closes it.
        #[must_use]
        pub fn max_payload(mut self, bytes: usize) -> Self {
            self.host.config.max_payload = bytes;
            self
        }

        /// Bytes that may wait to be sent to one client. Default: 4 MiB.
        ///
        /// What would go beyond is refused where it is emitted; a broadcast closes the client that
        /// can't take it.
        #[must_use]
        pub fn max_buffered(mut self, bytes: usize) -> Self {
            self.host.config.max_buffered = bytes;
            self
        }

        /// Transports that are offered. Default: polling and WebSocket.
        #[must_use]
        pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
            self.host.config.transports = transports.into_iter().collect();
            self
        }

        /// Whether clients that speak Engine.IO 3 may come in, those of Socket.IO 1 and 2. Default:
        /// false.
        ///
        /// The id of such a client's sockets is made of its session's id, as it makes it itself,
        /// and a session belongs to whoever knows its id: don't tell it to others.
        #[must_use]
        pub fn allow_eio3(mut self, value: bool) -> Self {
            self.host.config.allow_eio3 = value;
            self
        }

        /// Whether clients may poll with scripts (JSONP), which reach across origins whatever
        /// [`cors`](Self::cors) says. Default: true.
        #[must_use]
        pub fn jsonp(mut self, value: bool) -> Self {
            self.host.config.jsonp = value;
            self
        }

        /// Whether a client may change its transport. Default: true.
        #[must_use]
        pub fn allow_upgrades(mut self, value: bool) -> Self {
            self.host.config.allow_upgrades = value;
            self
        }

        /// Whether the path has a slash at its end. Default: true. Without it every path that begins
        /// with the configured one belongs to the endpoint.
        #[must_use]
        pub fn add_trailing_slash(mut self, value: bool) -> Self {
            self.host.config.add_trailing_slash = value;
            self
        }

        /// Changes whatever else [`ServerConfig`] has: limits and delays that seldom need it.
        #[must_use]
        pub fn engine_config(mut self, change: impl FnOnce(ServerConfig) -> ServerConfig) -> Self {
            self.host.config = change(self.host.config);
            self
        }

        /// Answers requests of other origins as configured. Default: no CORS header at all.
        #[must_use]
        pub fn cors(mut self, value: Cors) -> Self {
            self.host.config.cors = Some(value);
            self
        }

        /// Sets a cookie with the session's id in the answer to a polling handshake. Default: none.
        #[must_use]
        pub fn cookie(mut self, value: Cookie) -> Self {
            self.host.config.cookie = Some(value);
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

        /// Sessions that may live at once; a handshake beyond is refused with 403. Default: no
        /// limit of its own.
        #[must_use]
        pub fn max_sessions(mut self, value: usize) -> Self {
            self.host.max_sessions = value;
            self
        }

        /// Asked before each handshake, after the checks of its form: `Err` refuses it with 403 and
        /// the given message (400 and plain text for a WebSocket).
        ///
        /// Default: everybody may come in.
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
        #[must_use]
        pub fn on_headers(
            mut self,
            hook: impl Fn(&mut http::HeaderMap, &http::request::Parts, bool) + Send + Sync + 'static,
        ) -> Self {
            self.host.on_headers = Some(Arc::new(hook));
            self
        }

        /// Told of each request that is refused, and why.
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
