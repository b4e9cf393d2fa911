//! A client that speaks frames into a [`Peer`], in virtual time.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use engineio_proto::config::ServerConfig;
use engineio_proto::http::{Method, Request, Route, route};
use engineio_proto::payload::Encoding;
use engineio_proto::server::{Exchange, Link, Session, Transmit};
use engineio_proto::{CloseReason, Frame, Sid, Transport};
use socketio_proto::server::{Config, Connection, Event, Peer, Revision, Socket};
use socketio_proto::{DisconnectReason, Format, Instant, Json, Namespace, Payload, SocketId, Text};
use std::sync::Arc;
use std::time::Duration;

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A close by code, as the application hears of it.
pub const FORCED: DisconnectReason = DisconnectReason::Transport(CloseReason::Forced);

pub fn disconnected(socket: Socket, reason: DisconnectReason) -> Event {
    Event::Disconnected { socket, reason }
}

/// What every violation of the protocol leads to, with these sockets joined.
#[track_caller]
pub fn assert_closed(client: &mut Client, sockets: &[Socket]) {
    let expected: Vec<_> = sockets
        .iter()
        .map(|&socket| disconnected(socket, FORCED))
        .chain([Event::Closed(CloseReason::Forced)])
        .collect();
    assert_eq!(client.events(), expected);
    assert_eq!(
        client.received(),
        ["<end>"],
        "not a word, just the end of the link"
    );
    client.assert_gone();
}

/// An event with its arguments.
pub fn event(name: &str, args: impl serde::Serialize) -> Payload {
    Payload::new(Format::Json, Some(name), &args).unwrap()
}

/// Arguments of an acknowledgement.
pub fn answer(args: impl serde::Serialize) -> Payload {
    Payload::new(Format::Json, None, &args).unwrap()
}

/// The refusal of a namespace.
pub fn refusal(message: &str) -> Payload {
    Payload::value(Format::Json, &serde_json::json!({ "message": message })).unwrap()
}

pub fn namespace(name: &str) -> Namespace {
    Namespace::new(Text::new(name)).unwrap()
}

/// A client over WebSocket, and the server's peer that serves it.
#[derive(Debug)]
pub struct Client {
    pub peer: Peer,
    pub now: Instant,
    link: Link,
    /// Frames that the server has sent, without pings.
    inbox: Vec<String>,
    ids: u32,
}

impl Client {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        Self::with_engine(config, ServerConfig::default())
    }

    /// Opens the engine session and reads its open packet.
    pub fn with_engine(config: Config, engine: ServerConfig) -> Self {
        Self::with_revision(config, engine, Revision::V5)
    }

    /// Like [`with_engine`](Self::with_engine). The engine is the same for both revisions: what
    /// the one of revision 4 does differently is no matter of namespaces.
    pub fn with_revision(config: Config, engine: ServerConfig, revision: Revision) -> Self {
        let now = Instant::ZERO;
        let query = "EIO=4&transport=websocket";
        let mut peer = peer_of_revision(config, engine, query, revision, now);
        let link = peer.drive(now, |session| {
            session.handle_link(Transport::WebSocket, now)
        });
        let mut client = Self {
            peer,
            now,
            link: link.unwrap(),
            inbox: Vec::new(),
            ids: 0,
        };
        assert!(
            client.received().concat().starts_with("0{"),
            "the open packet"
        );
        client
    }

    /// One text frame, with its engine packet type.
    pub fn send(&mut self, frame: &str) -> &mut Self {
        self.frame(Frame::Text(Text::new(frame)))
    }

    pub fn send_binary(&mut self, bytes: &[u8]) -> &mut Self {
        self.frame(Frame::Binary(bytes.to_vec().into()))
    }

    /// What the server has sent since the last look: text frames, `<bin HEX>`, and `<end>`.
    pub fn received(&mut self) -> Vec<String> {
        self.pull();
        std::mem::take(&mut self.inbox)
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.peer.poll_event()).collect()
    }

    /// Asks for a namespace, which the server grants, and reads the reply.
    pub fn join(&mut self, name: &str) -> Socket {
        let socket = self.knock(name);
        assert!(self.accept(socket));
        assert!(self.received().concat().contains("sid"), "the reply");
        socket
    }

    /// Asks for a namespace and leaves the server to think about it.
    pub fn knock(&mut self, name: &str) -> Socket {
        self.send(&format!("40{name},"));
        match self.events().as_slice() {
            [
                Event::Connect {
                    socket, namespace, ..
                },
            ] if namespace.as_str() == name => *socket,
            other => panic!("not a CONNECT: {other:?}"),
        }
    }

    pub fn accept(&mut self, socket: Socket) -> bool {
        let id = SocketId(Text::from(format!("id{}", self.ids)));
        self.ids += 1;
        self.apply(|connection, _| connection.accept(socket, id))
    }

    /// A call of the application.
    pub fn apply<R>(&mut self, call: impl FnOnce(&mut Connection, Instant) -> R) -> R {
        let now = self.now;
        self.peer.apply(now, |connection| call(connection, now))
    }

    /// Lets time pass, deadline by deadline, and answers the server's pings.
    pub fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        while let Some(deadline) = self
            .peer
            .poll_timeout()
            .filter(|&deadline| deadline <= until)
        {
            self.now = self.now.max(deadline);
            self.peer.handle_timeout(self.now);
            self.pull();
        }
        self.now = until;
    }

    /// The connection breaks.
    pub fn cut(&mut self) {
        let (now, link) = (self.now, self.link);
        self.peer
            .drive(now, |session| session.handle_link_closed(link, false, now));
    }

    /// Nothing is left that a client, a timer or an acknowledgement could need.
    #[track_caller]
    pub fn assert_gone(&mut self) {
        self.received();
        self.cut();
        self.events();
        assert_eq!(self.peer.connection().sockets(), 0);
        assert_eq!(self.peer.connection().pending_acks(), 0);
        assert_eq!(self.peer.poll_timeout(), None);
        assert!(self.peer.engine().is_closed());
    }

    fn frame(&mut self, frame: Frame) -> &mut Self {
        let (now, link) = (self.now, self.link);
        self.peer
            .drive(now, |session| session.handle_frame(link, frame, now));
        self
    }

    fn pull(&mut self) {
        while self.pull_one() {}
    }

    /// Reads one frame, if there is one.
    pub fn read(&mut self) -> Option<String> {
        self.pull_one().then(|| self.inbox.pop())?
    }

    fn pull_one(&mut self) -> bool {
        let Some(transmit) = self.peer.poll_transmit(self.link) else {
            return false;
        };
        match transmit {
            Transmit::Frame(Frame::Text(text)) if text.as_str() == "2" => {
                self.send("3");
            }
            Transmit::Frame(Frame::Text(text)) => self.inbox.push(text.as_str().to_owned()),
            Transmit::Frame(Frame::Binary(bytes)) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                self.inbox.push(format!("<bin {hex}>"));
            }
            Transmit::Finish => self.inbox.push("<end>".to_owned()),
        }
        true
    }
}

/// A peer that has just answered this handshake.
pub fn peer(config: Config, engine: ServerConfig, query: &str, now: Instant) -> Peer {
    peer_of_revision(config, engine, query, Revision::V5, now)
}

fn peer_of_revision(
    config: Config,
    engine: ServerConfig,
    query: &str,
    revision: Revision,
    now: Instant,
) -> Peer {
    let request = Request {
        method: Method::Get,
        query,
        content_type: None,
        origin: None,
        user_agent: None,
        is_upgrade: query.contains("websocket"),
    };
    let Ok(Route::Handshake(handshake)) = route(&engine, &request) else {
        panic!("not a handshake: {query}");
    };
    let sid = Sid::new(Text::from("engine")).unwrap();
    let session = Session::accept(Arc::new(engine), sid, &handshake, now);
    let connection = Connection::new(Arc::new(config), Arc::new(Json), revision, now);
    Peer::new(session, connection)
}

/// A client over HTTP long-polling.
#[derive(Debug)]
pub struct PollingClient {
    pub peer: Peer,
    pub now: Instant,
    exchanges: u64,
}

impl PollingClient {
    /// Opens the engine session and reads its open packet.
    pub fn new() -> Self {
        let now = Instant::ZERO;
        let query = "EIO=4&transport=polling";
        let (config, engine) = (Config::default(), ServerConfig::default());
        let peer = peer(config, engine, query, now);
        let mut client = Self {
            peer,
            now,
            exchanges: 0,
        };
        client.poll();
        assert!(
            client.answers().concat().starts_with("0{"),
            "the open packet"
        );
        client
    }

    /// A GET, which waits if there is nothing to tell.
    pub fn poll(&mut self) {
        let (now, exchange) = (self.now, self.exchange());
        self.peer
            .drive(now, |session| session.handle_poll(exchange, now));
    }

    /// A POST.
    pub fn push(&mut self, body: &str) {
        let (now, exchange) = (self.now, self.exchange());
        let body = body.to_owned().into();
        self.peer.drive(now, |session| {
            session.handle_push_begin(exchange, Some(Encoding::V4), now);
            session.handle_push(exchange, body, now);
        });
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.peer.poll_event()).collect()
    }

    /// The bodies of the responses since the last look.
    pub fn answers(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.peer.poll_response())
            .map(|(_, response)| String::from_utf8(response.body.to_vec()).unwrap())
            .collect()
    }

    pub fn apply<R>(&mut self, call: impl FnOnce(&mut Connection, Instant) -> R) -> R {
        let now = self.now;
        self.peer.apply(now, |connection| call(connection, now))
    }

    fn exchange(&mut self) -> Exchange {
        self.exchanges += 1;
        Exchange(self.exchanges)
    }
}
