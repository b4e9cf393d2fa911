//! Engine.IO alone: messages over polling and WebSocket, with no Socket.IO on top.
//!
//! ```no_run
//! use socketio_server::engine::{CloseReason, Engine, Handler, Message, Socket};
//!
//! struct Echo;
//!
//! impl Handler for Echo {
//!     fn message(&self, socket: &Socket, message: Message) {
//!         let _ = socket.send(message);
//!     }
//!
//!     fn close(&self, socket: &Socket, reason: &CloseReason) {
//!         println!("{} left: {reason}", socket.id());
//!     }
//! }
//!
//! # async fn run() -> std::io::Result<()> {
//! let engine = Engine::builder(Echo).build();
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! engine.serve(listener).await
//! # }
//! ```

use crate::env::Env;
use crate::options::engine_options;
use crate::service::{NotFound, SHUTDOWN_PATIENCE, endpoint, serve};
use crate::telemetry;
use crate::transport::{App, Client, Host, HostOptions, Machine, Origin};
use engineio_proto::config::ServerConfig;
use engineio_proto::server::{self as proto, Exchange, Link, Session, Transmit};
use engineio_proto::{Instant, Outgoing};
use futures_util::future::BoxFuture;
use socketio_proto::server::Config;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

pub use crate::limits::Limits;
pub use crate::options::Forbidden;
pub use crate::transport::{HandshakeRequest, ResponseBody};
#[cfg(feature = "http-compression")]
pub use engineio_proto::config::HttpCompression;
pub use engineio_proto::config::{Cookie, Cors, CorsOrigin, SameSite};
pub use engineio_proto::http::Reject;
pub use engineio_proto::{CloseReason, Message, Rate, SendError, Transport, Version};

/// What an application does with its clients.
///
/// The methods are called for one event of a client at a time, in order, from a task of the server:
/// they should not block, and may call anything on any [`Socket`].
pub trait Handler: Send + Sync + 'static {
    /// A client has come.
    fn open(&self, socket: &Socket) {
        let _ = socket;
    }

    /// A client has sent a message.
    fn message(&self, socket: &Socket, message: Message);

    /// A client has moved from polling to [its transport of now](Socket::transport).
    fn upgraded(&self, socket: &Socket) {
        let _ = socket;
    }

    /// There is room again for a client to which a [`send`](Socket::send) was refused as
    /// [`Full`](SendError::Full).
    fn drain(&self, socket: &Socket) {
        let _ = socket;
    }

    /// A client has gone; the last call for it.
    fn close(&self, socket: &Socket, reason: &CloseReason) {
        let _ = (socket, reason);
    }
}

/// One client.
#[derive(Clone)]
pub struct Socket(Arc<Client<Raw>>);

impl Socket {
    /// Id of its session.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.sid().as_str()
    }

    /// The request that opened its session.
    #[must_use]
    pub fn request(&self) -> &HandshakeRequest {
        self.0.request()
    }

    /// The transport in use now.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.0.peek(|state| state.machine.transport())
    }

    /// The revision of the protocol that the client speaks: 4, or 3 if
    /// [`allow_eio3`](EngineBuilder::allow_eio3) has let it in.
    #[must_use]
    pub fn protocol(&self) -> Version {
        self.0.peek(|state| state.machine.version())
    }

    /// Sends a message.
    ///
    /// # Errors
    /// [`SendError::Closed`] when the client has gone, [`SendError::Full`] when more than
    /// [`max_buffered`](Limits::max_buffered) bytes would wait for it.
    pub fn send(&self, message: Message) -> Result<(), SendError> {
        let outgoing = match message {
            Message::Text(text) => Outgoing::text(text.as_str()),
            Message::Binary(bytes) => Outgoing::binary(bytes),
        };
        self.0
            .drive(Origin::Elsewhere, |session, _| session.send([outgoing]))
    }

    /// Ends the session, once what was sent before has left.
    pub fn close(&self) {
        self.0.close(CloseReason::Forced);
    }
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Socket").field(&self.id()).finish()
    }
}

/// A raw Engine.IO server. Clones share it.
#[derive(Clone)]
pub struct Engine {
    host: Arc<Host<Raw>>,
}

impl Engine {
    /// Options first, then [`build`](EngineBuilder::build).
    pub fn builder(handler: impl Handler) -> EngineBuilder {
        EngineBuilder {
            handler: Box::new(handler),
            engine: ServerConfig::default(),
            limits: Limits::default(),
            host: HostOptions::default(),
        }
    }

    /// The endpoint as a layer, for axum or tower.
    #[must_use]
    pub fn layer(&self) -> EngineLayer {
        EngineLayer {
            host: Arc::clone(&self.host),
        }
    }

    /// The endpoint as a service, in front of `inner`.
    pub fn service<S>(&self, inner: S) -> EngineService<S> {
        EngineService {
            host: Arc::clone(&self.host),
            inner,
        }
    }

    /// Serves the endpoint on `listener` until [`shutdown`](Self::shutdown).
    ///
    /// # Errors
    /// Those of the listener.
    pub async fn serve(&self, listener: TcpListener) -> std::io::Result<()> {
        serve(Arc::clone(&self.host), listener, NotFound).await
    }

    /// Number of live sessions.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.host.table().len()
    }

    /// Refuses new clients, closes all others with the reason "server shutting down" and waits
    /// until they are gone, for two seconds at most.
    pub async fn shutdown(&self) {
        self.host.shutdown(Duration::ZERO, SHUTDOWN_PATIENCE).await;
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("clients", &self.client_count())
            .finish()
    }
}

/// Options of a raw Engine.IO server. Each has the default of the reference unless it says otherwise.
///
/// ```
/// use socketio_server::engine::{Engine, Handler, Limits, Message, SendError, Socket};
/// use std::time::Duration;
///
/// struct Clock;
///
/// impl Handler for Clock {
///     fn open(&self, socket: &Socket) {
///         match socket.send(Message::Text("what time is it?".into())) {
///             // One who does not read is told when there is room: `drain`.
///             Ok(()) | Err(SendError::Full) => {}
///             Err(_) => println!("{} has gone", socket.id()),
///         }
///     }
///
///     fn message(&self, _: &Socket, message: Message) {
///         println!("{message:?}");
///     }
/// }
///
/// let engine = Engine::builder(Clock)
///     .path("/clock")
///     .initial_packet("welcome")
///     .ping_interval(Duration::from_secs(10))
///     .limits(Limits::default().max_buffered(64 * 1024))
///     .build();
/// assert_eq!(engine.client_count(), 0);
/// ```
pub struct EngineBuilder {
    handler: Box<dyn Handler>,
    engine: ServerConfig,
    limits: Limits,
    host: HostOptions,
}

impl EngineBuilder {
    engine_options!();

    /// Path of the endpoint. Default: `/engine.io/`.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.engine = self.engine.path(path);
        self
    }

    /// A message that each client gets right behind the handshake. Default: none.
    #[must_use]
    pub fn initial_packet(mut self, text: &str) -> Self {
        self.engine.initial_packet = Some(Outgoing::text(text));
        self
    }

    /// The server. Nothing runs before the first request.
    #[must_use]
    pub fn build(self) -> Engine {
        let shares = self.limits.share(self.engine, Config::default());
        let app = Raw(self.handler);
        Engine {
            host: Host::new(app, shares.engine, shares.host, self.host, Env::start()),
        }
    }
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("engine", &self.engine)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The endpoint as a [tower layer](tower_layer::Layer).
#[derive(Clone)]
pub struct EngineLayer {
    host: Arc<Host<Raw>>,
}

/// The endpoint as a tower or hyper service in front of another.
#[derive(Clone)]
pub struct EngineService<S> {
    host: Arc<Host<Raw>>,
    inner: S,
}

endpoint!(EngineLayer, EngineService);

/// A session with nothing on top.
pub(crate) struct Raw(Box<dyn Handler>);

impl App for Raw {
    type Machine = Session;
    type Event = proto::Event;
    type Data = ();

    fn machine(&self, session: Session, _: Instant) -> Session {
        session
    }

    fn poll_event(machine: &mut Session) -> Option<proto::Event> {
        machine.poll_event()
    }

    fn handle(&self, client: &Arc<Client<Self>>, event: proto::Event) {
        let socket = Socket(Arc::clone(client));
        // A panic of the application's ends with its call; the session and the others go on.
        let call = std::panic::AssertUnwindSafe(|| match event {
            proto::Event::Opened => self.0.open(&socket),
            proto::Event::Message(message) => self.0.message(&socket, message),
            proto::Event::Upgraded { .. } => self.0.upgraded(&socket),
            proto::Event::Drained => self.0.drain(&socket),
            proto::Event::Closed(reason) => {
                telemetry::session_closed(client.sid(), &reason);
                self.0.close(&socket, &reason);
            }
            _ => {}
        });
        let _ = std::panic::catch_unwind(call);
    }
}

impl Machine for Session {
    fn drive<R>(&mut self, _: Instant, input: impl FnOnce(&mut Session) -> R) -> R {
        input(self)
    }

    fn engine(&self) -> &Session {
        self
    }

    fn handle_timeout(&mut self, now: Instant) {
        Session::handle_timeout(self, now);
    }

    fn poll_transmit(&mut self, link: Link) -> Option<Transmit> {
        Session::poll_transmit(self, link)
    }

    fn poll_response(&mut self) -> Option<(Exchange, engineio_proto::http::Response)> {
        Session::poll_response(self)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Session::poll_timeout(self)
    }
}
