//! A server and its clients in one process: raw HTTP/1.1, raw WebSockets, and a log of what handlers did.
//!
//! Whoever waits, waits for a line, a frame, an answer or a condition, and for [`PATIENCE`] at most; under a paused clock
//! that is no time at all.
#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

pub(crate) mod http;
mod log;
mod polling;
mod waiting;
mod websocket;

pub(crate) use http::{Http, Response};
pub(crate) use log::{Lines, Log};
pub(crate) use polling::Polling;
pub(crate) use waiting::{PATIENCE, soon, until};
pub(crate) use websocket::{Frame, WebSocket};

use hyper_util::rt::TokioIo;
use socketio_server::engine::Engine;
use socketio_server::{NotFound, SocketIo, SocketIoBuilder};
use std::net::SocketAddr;
use std::ops::Deref;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Both directions of a connection, of whatever kind.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for T {}

pub(crate) type Wire = Box<dyn Duplex>;

/// A connection in memory to a server without Socket.IO.
pub(crate) fn http_to(engine: &Engine) -> Http {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(far), engine.service(NotFound))
        .with_upgrades();
    tokio::spawn(connection);
    Http::new(Box::new(near))
}

/// A server that clients can reach.
pub(crate) struct Server {
    io: SocketIo,
    place: Place,
}

enum Place {
    /// In memory, with as many bytes between the two sides: no ports, and a paused clock stands still while data flows.
    Memory(usize),
    Loopback(SocketAddr, JoinHandle<std::io::Result<()>>),
}

impl Server {
    /// Behind pipes in memory.
    pub(crate) fn new(builder: SocketIoBuilder) -> Self {
        Self::with_pipes(builder, 64 * 1024)
    }

    /// Behind pipes that hold `capacity` bytes.
    pub(crate) fn with_pipes(builder: SocketIoBuilder, capacity: usize) -> Self {
        let (_, io) = builder.build();
        Self {
            io,
            place: Place::Memory(capacity),
        }
    }

    /// Behind a listener on a port of its own.
    pub(crate) async fn on_loopback(builder: SocketIoBuilder) -> Self {
        let (_, io) = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = io.clone();
        let task = tokio::spawn(async move { serving.serve(listener).await });
        Self {
            io,
            place: Place::Loopback(address, task),
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Wire {
        match &self.place {
            Place::Memory(capacity) => {
                let (near, far) = tokio::io::duplex(*capacity);
                let service = self.io.service(NotFound);
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(far), service)
                    .with_upgrades();
                tokio::spawn(connection);
                Box::new(near)
            }
            Place::Loopback(address, _) => {
                let stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                Box::new(stream)
            }
        }
    }

    pub(crate) async fn http(&self) -> Http {
        Http::new(self.connect().await)
    }

    pub(crate) async fn polling(&self) -> Polling {
        Polling::open(self).await
    }

    pub(crate) async fn websocket(&self) -> WebSocket {
        WebSocket::open(self).await
    }

    /// A WebSocket client that is in the main namespace.
    pub(crate) async fn client(&self) -> WebSocket {
        let mut client = self.websocket().await;
        client.join("/").await;
        client
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        match &self.place {
            Place::Memory(_) => panic!("it does not listen"),
            Place::Loopback(address, _) => *address,
        }
    }

    /// Waits until [`SocketIo::serve`] has returned.
    pub(crate) async fn served(self) {
        if let Place::Loopback(_, task) = self.place {
            soon("the end of serve", task).await.unwrap().unwrap();
        }
    }

    /// Waits until there is neither a session left nor a socket: a session leaves the table first,
    /// and what its end means for its sockets follows, perhaps on another thread.
    pub(crate) async fn deserted(&self) {
        let sockets = || {
            self.namespaces()
                .iter()
                .map(|all| all.socket_count())
                .sum::<usize>()
        };
        until("the end of all sessions", || {
            self.client_count() == 0 && sockets() == 0
        })
        .await;
    }
}

impl Deref for Server {
    type Target = SocketIo;

    fn deref(&self) -> &SocketIo {
        &self.io
    }
}

/// A server on a port, whose sockets' ends are logged.
pub(crate) async fn logged(builder: socketio_server::SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let server = Server::on_loopback(builder.state(log)).await;
    server.on_disconnect(
        async |socketio_server::State(log): socketio_server::State<Log>,
               reason: socketio_server::Reason| log.add(reason.to_string()),
    );
    server.on("echo", async |ack: socketio_server::Ack, text: String| {
        ack.send(text)
    });
    (server, lines)
}

/// A server that still serves, whatever somebody did before.
pub(crate) async fn still_serves(server: &Server) {
    let mut client = server.client().await;
    client.send(r#"421["echo","x"]"#).await;
    assert_eq!(client.text().await, r#"431["x"]"#);
    client.cut();
}
