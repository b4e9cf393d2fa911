//! A client over a WebSocket, packet by packet.

use super::http::PATH;
use super::{Http, Polling, Server, Wire, soon};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

pub(crate) struct WebSocket(pub(crate) WebSocketStream<Wire>);

/// What a server sends.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame {
    Text(String),
    Binary(Bytes),
    /// A close frame and its status code, if there is one; or the end of the connection.
    Close(Option<u16>),
}

impl WebSocket {
    /// Opens a session and takes its open packet.
    pub(crate) async fn open(server: &Server) -> Self {
        let http = server.http().await;
        let mut client = Self(http.upgrade(&format!("{PATH}&transport=websocket")).await);
        let open = client.text().await;
        assert!(open.starts_with("0{"), "{open}");
        client
    }

    /// Opens a WebSocket to the session of a polling client; nothing is sent yet.
    pub(crate) async fn beside(server: &Server, client: &Polling) -> Self {
        let target = format!("{PATH}&transport=websocket&sid={}", client.sid());
        Self(server.http().await.upgrade(&target).await)
    }

    pub(crate) async fn send(&mut self, packet: &str) {
        self.send_frame(Message::text(packet)).await;
    }

    pub(crate) async fn send_frame(&mut self, frame: Message) {
        let _ = soon("room to write", self.0.send(frame)).await;
    }

    /// Writes a packet to the connection's buffer only: it leaves with the next one that is [sent](Self::send).
    pub(crate) async fn feed(&mut self, packet: &str) {
        self.0.feed(Message::text(packet)).await.unwrap();
    }

    /// What comes next. Heartbeats are answered on the way.
    pub(crate) async fn next(&mut self) -> Frame {
        loop {
            match self.next_raw().await {
                Frame::Text(ping) if ping == "2" => self.send("3").await,
                frame => return frame,
            }
        }
    }

    /// What comes next, heartbeats included.
    pub(crate) async fn next_raw(&mut self) -> Frame {
        loop {
            return match soon("a frame", self.0.next()).await {
                Some(Ok(Message::Text(text))) => Frame::Text(text.to_string()),
                Some(Ok(Message::Binary(bytes))) => Frame::Binary(bytes),
                Some(Ok(Message::Close(frame))) => Frame::Close(frame.map(|it| it.code.into())),
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Frame::Close(None),
            };
        }
    }

    /// The next packet, which is text.
    pub(crate) async fn text(&mut self) -> String {
        match self.next().await {
            Frame::Text(text) => text,
            other => panic!("text was expected, not {other:?}"),
        }
    }

    /// Reads up to the end, and gives the status of the close frame.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Frame::Close(code) = self.next().await {
                return code;
            }
        }
    }

    /// Joins a namespace and gives the socket's id there.
    pub(crate) async fn join(&mut self, namespace: &str) -> String {
        self.send(&super::polling::connect(namespace)).await;
        super::polling::granted(&self.text().await)
    }

    /// A client comes back to the main namespace: what it has missed, and the reply.
    pub(crate) async fn come_back(
        server: &Server,
        pid: &str,
        offset: Option<&str>,
    ) -> (Self, Vec<String>, String) {
        let mut client = Self::open(server).await;
        let auth = serde_json::json!({ "pid": pid, "offset": offset });
        client.send(&format!("40{auth}")).await;
        let mut missed = Vec::new();
        loop {
            let packet = client.text().await;
            if packet.starts_with("40") {
                return (client, missed, packet);
            }
            missed.push(packet);
        }
    }

    /// Cuts the connection, without a word.
    pub(crate) fn cut(self) {
        drop(self);
    }
}
