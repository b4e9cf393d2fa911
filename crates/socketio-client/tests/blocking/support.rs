//! Servers for a client: our own, on a runtime of its own, and raw ones that do as a test says.
//!
//! Whoever waits, waits for a line, an event or a condition, and for [`PATIENCE`] at most.

use socketio_client::Transport;
use socketio_client::blocking::{Client, ClientBuilder, Socket};
use socketio_server::{SocketIo, SocketIoBuilder};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The ways to connect: by one transport, or by both.
pub(crate) const WAYS: [&[Transport]; 3] = [
    &[Transport::Polling],
    &[Transport::WebSocket],
    &[Transport::Polling, Transport::WebSocket],
];

/// Waits for what a call gives, but not for ever.
pub(crate) fn soon<T: Send + 'static>(what: &str, call: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    thread::spawn(move || drop(sender.send(call())));
    match receiver.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(error) => panic!("waited in vain for {what}: {error}"),
    }
}

/// Looks again and again whether something is so: for conditions that nobody announces.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let step = Duration::from_millis(1);
    let mut left = PATIENCE;
    while !condition() {
        left = left
            .checked_sub(step)
            .unwrap_or_else(|| panic!("waited in vain for {what}"));
        thread::park_timeout(step);
    }
}

/// What handlers did, line by line.
#[derive(Clone)]
pub(crate) struct Log(Sender<String>);

pub(crate) struct Lines(Receiver<String>);

impl Log {
    pub(crate) fn new() -> (Self, Lines) {
        let (sender, receiver) = channel();
        (Self(sender), Lines(receiver))
    }

    pub(crate) fn add(&self, line: impl Into<String>) {
        // Fails if the test has seen enough.
        let _ = self.0.send(line.into());
    }
}

impl Lines {
    pub(crate) fn next(&self) -> String {
        self.0.recv_timeout(PATIENCE).unwrap()
    }

    /// The next lines, as many as asked for.
    pub(crate) fn take(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.next()).collect()
    }

    /// The lines that are there now.
    pub(crate) fn rest(&self) -> Vec<String> {
        self.0.try_iter().collect()
    }
}

/// Our own server, on a port of its own.
pub(crate) struct Server {
    pub(crate) io: SocketIo,
    pub(crate) runtime: Runtime,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn start(builder: SocketIoBuilder) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), builder)
    }

    /// At an address that was another server's.
    pub(crate) fn at(address: SocketAddr, builder: SocketIoBuilder) -> Self {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let (io, address) = runtime.block_on(async {
            let (_, io) = builder.build();
            let listener = tokio::net::TcpListener::bind(address).await.unwrap();
            let address = listener.local_addr().unwrap();
            let serving = io.clone();
            tokio::spawn(async move { serving.serve(listener).await });
            (io, address)
        });
        Self {
            io,
            runtime,
            address,
        }
    }

    /// Stops, and leaves the address to another.
    pub(crate) fn stop(self) -> SocketAddr {
        self.runtime.block_on(self.io.shutdown());
        self.address
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client for this server that comes back quickly.
    pub(crate) fn client(&self, namespace: &str) -> ClientBuilder {
        client(&format!("http://{}{namespace}", self.address))
    }
}

pub(crate) fn client(url: &str) -> ClientBuilder {
    Client::builder(url)
        .reconnection_delay(Duration::from_millis(10))
        .reconnection_delay_max(Duration::from_millis(50))
}

pub(crate) fn connect(builder: ClientBuilder) -> Socket {
    soon("the connection", || builder.connect()).unwrap()
}

/// Waits for the upgrade, if there is to be one.
pub(crate) fn settled(socket: &Socket, way: &[Transport]) {
    if let [_, last] = way {
        until("the upgrade", || socket.transport() == Some(*last));
    }
}

/// A server that does with each connection what the test says, each in a thread of its own. It
/// ends with the process.
pub(crate) fn raw(serve: impl Fn(Wire) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(Wire(BufReader::new(stream))));
        }
    });
    address
}

/// A server that accepts, and says nothing.
pub(crate) fn silent() -> SocketAddr {
    raw(|mut wire| wire.drain())
}

/// One connection.
pub(crate) struct Wire(pub(crate) BufReader<TcpStream>);

/// A request: its first line, its headers in lower case, its body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter_map(|line| line.split_once(": "));
        named.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

impl Wire {
    /// The next request; `None` if the peer has closed.
    pub(crate) fn request(&mut self) -> Option<Request> {
        let mut request = Request::default();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if request.line.is_empty() {
                request.line = line.to_owned();
            } else {
                let (name, value) = line.split_once(':')?;
                let name = name.to_ascii_lowercase();
                request.headers.push(format!("{name}: {}", value.trim()));
            }
        }
        let length = request.header("content-length").unwrap_or("0");
        request.body = vec![0; length.parse().ok()?];
        self.0.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    /// Answers with a status line's rest, more header lines, and a body.
    pub(crate) fn answer(&mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        self.write(format!(
            "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}"
        ));
    }

    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // The peer may have gone.
        let _ = self.0.get_mut().write_all(bytes.as_ref());
    }

    /// Reads until the peer closes, and says nothing.
    pub(crate) fn drain(&mut self) {
        let _ = std::io::copy(&mut self.0, &mut std::io::sink());
    }

    /// Answers a request for a WebSocket.
    pub(crate) fn switch(&mut self) {
        let request = self.request().unwrap();
        let key = request.header("sec-websocket-key").unwrap();
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        self.write(format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
        ));
    }

    /// Sends a text frame.
    pub(crate) fn frame(&mut self, text: &str) {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126, "a longer frame has another head");
        self.write([&[0x81, length], text.as_bytes()].concat());
    }
}
