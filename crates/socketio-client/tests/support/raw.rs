//! Servers without any manners: a listener, and bytes.

use super::soon;
use std::future::Future;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that does with each connection what the test says.
pub(crate) struct Raw {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Raw {
    /// Each connection is served in a task of its own.
    pub(crate) async fn start<F, Fut>(serve: F) -> Self
    where
        F: Fn(Wire) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(Wire::new(stream)));
            }
        });
        Self { address, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server that accepts, and says nothing.
pub(crate) async fn silent() -> Raw {
    Raw::start(|wire| async move {
        let _wire = wire;
        std::future::pending::<()>().await;
    })
    .await
}

/// One connection.
pub(crate) struct Wire(pub(crate) BufReader<TcpStream>);

/// A request: its first line, its headers in lower case, its body.
#[derive(Debug, Default)]
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
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(BufReader::new(stream))
    }

    /// The next request; `None` if the peer has closed.
    pub(crate) async fn request(&mut self) -> Option<Request> {
        let mut request = Request::default();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await.ok()? == 0 {
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
        self.0.read_exact(&mut request.body).await.ok()?;
        Some(request)
    }

    /// Answers with a status line's rest, more header lines, and a body.
    pub(crate) async fn answer(&mut self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
        self.write(&head).await;
        self.write(body).await;
    }

    pub(crate) async fn write(&mut self, text: &str) {
        // The peer may have gone.
        let _ = self.0.get_mut().write_all(text.as_bytes()).await;
    }
}

/// Serves a connection of a session that polls: the handshake, `ok` for each POST, the CONNECT for
/// the first GET, and nothing for those after it. Each request goes to `see` first, which may give
/// header lines for the answer.
pub(crate) async fn polling_session(mut wire: Wire, mut see: impl FnMut(&Request) -> String) {
    const OPEN: &str = r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
    while let Some(request) = wire.request().await {
        let headers = see(&request);
        if request.line.starts_with("POST") {
            wire.answer("200 OK", &headers, "ok").await;
        } else if !request.line.contains("sid=") {
            wire.answer("200 OK", &headers, OPEN).await;
        } else {
            wire.answer("200 OK", &headers, r#"40{"sid":"s"}"#).await;
            break;
        }
    }
    // The GET after it waits, on this connection or on another.
    while wire
        .request()
        .await
        .is_some_and(|request| request.line.starts_with("POST"))
    {
        wire.answer("200 OK", "", "ok").await;
    }
    std::future::pending::<()>().await;
}
