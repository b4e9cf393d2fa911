//! As much of an HTTP/1.1 client as shows what is on the wire.

use super::{Wire, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What every request to the endpoint begins its query with.
pub(crate) const PATH: &str = "/socket.io/?EIO=4";

/// One keep-alive connection.
pub(crate) struct Http {
    wire: Wire,
    unread: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    head: String,
    /// The body, if it is text; a compressed one is in `bytes` only.
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Response {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Http {
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            unread: Vec::new(),
        }
    }

    /// Writes as it is. A server that has hung up is no failure here: what it said before can still be read.
    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = soon("room to write", self.wire.write_all(bytes.as_ref())).await;
    }

    pub(crate) async fn begin_get(&mut self, target: &str) {
        let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.write(head).await;
    }

    pub(crate) async fn begin_post(&mut self, target: &str, body: &str) {
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.write(head + body).await;
    }

    pub(crate) async fn get(&mut self, target: &str) -> Response {
        self.begin_get(target).await;
        self.response().await
    }

    pub(crate) async fn post(&mut self, target: &str, body: &str) -> Response {
        self.begin_post(target, body).await;
        self.response().await
    }

    /// Sends a request that is all head, with these lines beside its `Host`.
    pub(crate) async fn request(&mut self, line: &str, headers: &[&str]) -> Response {
        let mut head = format!("{line} HTTP/1.1\r\nHost: localhost\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        self.write(head + "\r\n").await;
        self.response().await
    }

    pub(crate) async fn response(&mut self) -> Response {
        self.try_response().await.expect("a response")
    }

    /// The next response; `None` if the server hangs up instead.
    pub(crate) async fn try_response(&mut self) -> Option<Response> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
            self.read().await?;
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).unwrap();
        let mut response = Response {
            status: head[9..12].parse().unwrap(),
            head,
            body: String::new(),
            bytes: Vec::new(),
        };
        let length = response.header("content-length").map_or(0, |length| {
            length.parse().expect("a number as content-length")
        });
        while self.unread.len() < length {
            self.read().await?;
        }
        response.bytes = self.unread.drain(..length).collect();
        let is_text = response.header("content-encoding").is_none()
            && response.header("content-type") != Some("application/octet-stream");
        if is_text {
            response.body = String::from_utf8(response.bytes.clone()).unwrap();
        }
        Some(response)
    }

    /// Waits until the server hangs up.
    pub(crate) async fn hung_up(&mut self) {
        while self.read().await.is_some() {}
    }

    /// Asks for a WebSocket.
    pub(crate) async fn upgrade(mut self, target: &str) -> WebSocketStream<Wire> {
        let response = self.request(&format!("GET {target}"), &UPGRADE).await;
        assert_eq!(response.status, 101, "{response:?}");
        WebSocketStream::from_partially_read(self.wire, self.unread, Role::Client, None).await
    }

    /// The connection, and what was read of it too early.
    pub(crate) fn into_wire(self) -> (Wire, Vec<u8>) {
        (self.wire, self.unread)
    }

    async fn read(&mut self) -> Option<()> {
        let read = soon("bytes", self.wire.read_buf(&mut self.unread)).await;
        match read {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }
}

/// The headers of a WebSocket handshake.
pub(crate) const UPGRADE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];
