//! Servers for a client: our own, in the same process, and raw ones that do as a test says.
//!
//! Whoever waits, waits for a line, an event or a condition, and for [`PATIENCE`] at most; under a
//! paused clock that is no time at all.
#![allow(dead_code, unused_imports, reason = "each test file uses a part")]

// The same as for the server's tests.
#[path = "../../../socketio-server/tests/support/log.rs"]
mod log;
mod raw;
#[path = "../../../socketio-server/tests/support/waiting.rs"]
mod waiting;

pub(crate) use log::{Lines, Log};
pub(crate) use raw::{Raw, Request, Wire, polling_session, silent};
pub(crate) use waiting::{PATIENCE, soon, until};

use socketio_client::{Client, ClientBuilder, Transport};
use socketio_server::{SocketIo, SocketIoBuilder};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Our own server, on a port of its own.
pub(crate) struct Server {
    pub(crate) io: SocketIo,
    address: SocketAddr,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start(builder: SocketIoBuilder) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), builder).await
    }

    /// At an address that was another server's.
    pub(crate) async fn at(address: SocketAddr, builder: SocketIoBuilder) -> Self {
        let (_, io) = builder.build();
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = io.clone();
        let task = tokio::spawn(async move { serving.serve(listener).await });
        Self { io, address, task }
    }

    /// Stops, and leaves the address to another.
    pub(crate) async fn stop(self) -> SocketAddr {
        self.io.shutdown().await;
        soon("the server's end", self.task).await.unwrap().unwrap();
        self.address
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, namespace: &str) -> String {
        format!("http://{}{namespace}", self.address)
    }

    /// A client for this server that comes back quickly.
    pub(crate) fn client(&self, namespace: &str) -> ClientBuilder {
        client(&self.url(namespace))
    }
}

pub(crate) fn client(url: &str) -> ClientBuilder {
    Client::builder(url)
        .reconnection_delay(Duration::from_millis(10))
        .reconnection_delay_max(Duration::from_millis(50))
}

/// The ways to connect: by one transport, or by both.
pub(crate) const WAYS: [&[Transport]; 3] = [
    &[Transport::Polling],
    &[Transport::WebSocket],
    &[Transport::Polling, Transport::WebSocket],
];

/// A client for each way; the last has moved to WebSocket before it is returned.
pub(crate) async fn settled(socket: &socketio_client::Socket, way: &[Transport]) {
    if let [_, last] = way {
        until("the upgrade", || socket.transport() == Some(*last)).await;
    }
}
