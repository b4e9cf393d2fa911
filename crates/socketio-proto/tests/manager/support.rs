//! A client in virtual time, and a server that says what the script says.

use engineio_proto::client::{ClientConfig, Command, Link, Transmit};
use engineio_proto::{Frame, Transport};
use serde::Serialize;
use socketio_proto::client::{
    AckToken, Auth, Backoff, ClientEvent, Config, Emit, Event, Manager, Socket, SocketOptions,
};
use socketio_proto::{EmitError, Format, Instant, Json, Namespace, Payload, Text};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const OPEN: &str = r#"0{"sid":"engine","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Without jitter: 1 s, 2 s, 4 s, 5 s, 5 s ...
pub(crate) fn regular() -> Backoff {
    Backoff::default().randomization(0.0)
}

pub(crate) fn event(name: &str, args: impl Serialize) -> Payload {
    Payload::new(Format::Json, Some(name), &args).unwrap()
}

pub(crate) fn answer(args: impl Serialize) -> Payload {
    Payload::new(Format::Json, None, &args).unwrap()
}

pub(crate) fn object(value: impl Serialize) -> Payload {
    Payload::value(Format::Json, &value).unwrap()
}

pub(crate) fn namespace(name: &str) -> Namespace {
    Namespace::new(Text::new(name)).unwrap()
}

pub(crate) fn plain() -> Emit {
    Emit::default()
}

pub(crate) fn with_ack() -> Emit {
    Emit::default().ack(true)
}

pub(crate) fn volatile() -> Emit {
    Emit::default().volatile(true)
}

/// The client, and the far end of its link.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) manager: Manager,
    pub(crate) now: Instant,
    /// The link that the manager wants, or has.
    pub(crate) link: Option<Link>,
    /// Links that the manager has asked for, ever.
    pub(crate) links: usize,
    names: BTreeMap<Socket, String>,
    heard: Vec<String>,
    /// Frames stay with the manager: the network takes nothing.
    pub(crate) is_stalled: bool,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(Config::default().reconnection(Some(regular())))
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::with_engine(config, ClientConfig::default())
    }

    pub(crate) fn with_engine(config: Config, engine: ClientConfig) -> Self {
        let engine = engine.transports([Transport::WebSocket]);
        Self {
            manager: Manager::new(Arc::new(config), Arc::new(engine), Arc::new(Json), 7),
            now: Instant::ZERO,
            link: None,
            links: 0,
            names: BTreeMap::new(),
            heard: Vec::new(),
            is_stalled: false,
        }
    }

    /// A client whose only socket is connected to `/`, with nothing left to read.
    pub(crate) fn connected() -> (Self, Socket) {
        let mut client = Self::new();
        let socket = client.add("/");
        client.connect(socket);
        client.serve();
        client.say(r#"40{"sid":"id"}"#);
        client.events();
        (client, socket)
    }

    pub(crate) fn add(&mut self, name: &str) -> Socket {
        self.add_with(name, Auth::None, SocketOptions::default())
    }

    pub(crate) fn add_with(&mut self, name: &str, auth: Auth, options: SocketOptions) -> Socket {
        let socket = self.manager.add(namespace(name), auth, options).unwrap();
        self.names.insert(socket, name.to_owned());
        socket
    }

    pub(crate) fn connect(&mut self, socket: Socket) {
        self.manager.connect(socket, self.now);
        self.pull();
    }

    pub(crate) fn disconnect(&mut self, socket: Socket) {
        self.manager.disconnect(socket, self.now);
        self.pull();
    }

    pub(crate) fn emit(
        &mut self,
        socket: Socket,
        payload: Payload,
        how: Emit,
    ) -> Result<Option<AckToken>, EmitError> {
        let result = self.manager.emit(socket, payload, how, self.now);
        self.pull();
        result
    }

    /// An event that is taken, and its token.
    #[track_caller]
    pub(crate) fn send(&mut self, socket: Socket, name: &str, how: Emit) -> Option<AckToken> {
        self.emit(socket, event(name, ()), how).unwrap()
    }

    /// The server takes the link and opens the engine session. The result is what the client
    /// says on it first.
    #[track_caller]
    pub(crate) fn serve(&mut self) -> Vec<String> {
        self.serve_with(OPEN)
    }

    #[track_caller]
    pub(crate) fn serve_with(&mut self, open: &str) -> Vec<String> {
        self.heard();
        self.accept();
        self.say(open);
        self.heard()
    }

    /// The link is there, and the server silent.
    #[track_caller]
    pub(crate) fn accept(&mut self) {
        let link = self.link.expect("a link is wanted");
        let now = self.now;
        self.manager
            .drive(now, |session| session.handle_link_open(link, now));
        self.pull();
    }

    /// One text frame of the server, with its engine packet type.
    pub(crate) fn say(&mut self, frame: &str) {
        self.frame(Frame::Text(Text::new(frame)));
    }

    pub(crate) fn say_binary(&mut self, bytes: &'static [u8]) {
        self.frame(Frame::Binary(bytes.into()));
    }

    fn frame(&mut self, frame: Frame) {
        if let Some(link) = self.link {
            let now = self.now;
            self.manager
                .drive(now, |session| session.handle_frame(link, frame, now));
            self.pull();
        }
    }

    /// The connection breaks, or is refused.
    pub(crate) fn cut(&mut self) {
        let link = self.link.take().expect("a link to cut");
        let now = self.now;
        self.manager
            .drive(now, |session| session.handle_link_closed(link, true, now));
        self.pull();
    }

    /// The server closes the link.
    pub(crate) fn hang_up(&mut self) {
        let link = self.link.take().expect("a link to close");
        let now = self.now;
        self.manager
            .drive(now, |session| session.handle_link_closed(link, false, now));
        self.pull();
    }

    /// What the client has sent since the last look: text frames without pongs, `<bin HEX>`, and
    /// `<end>` where it has closed the link.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        self.pull();
        std::mem::take(&mut self.heard)
    }

    /// What the application was told since the last look, in short.
    pub(crate) fn events(&mut self) -> Vec<String> {
        self.pull();
        let events: Vec<_> = std::iter::from_fn(|| self.manager.poll_event()).collect();
        events.iter().map(|event| self.describe(event)).collect()
    }

    /// Lets time pass, deadline by deadline. The server says nothing meanwhile.
    pub(crate) fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        let mut steps = 0;
        while let Some(deadline) = self.manager.poll_timeout().filter(|&it| it <= until) {
            steps += 1;
            assert!(steps < 100_000, "a busy loop");
            self.now = self.now.max(deadline);
            self.manager.handle_timeout(self.now);
            self.pull();
        }
        self.now = until;
    }

    /// Time passes, and nobody notices: the machine sleeps.
    pub(crate) fn sleep(&mut self, by: Duration) {
        self.now += by;
    }

    /// Nothing is left that could make the client do something by itself.
    #[track_caller]
    pub(crate) fn assert_idle(&mut self) {
        self.pull();
        assert!(self.manager.is_idle());
        assert_eq!(self.manager.poll_timeout(), None);
        let links = self.links;
        self.advance(secs(3600));
        assert_eq!(self.links, links, "nothing reconnects");
        assert_eq!(self.events(), [""; 0]);
    }

    pub(crate) fn pull(&mut self) {
        while let Some(command) = self.manager.poll_command() {
            match command {
                Command::OpenLink { link, .. } => {
                    assert_eq!(self.link, None, "one live connection");
                    self.link = Some(link);
                    self.links += 1;
                }
                Command::CancelLink { link } if self.link == Some(link) => {
                    self.link = None;
                    self.heard.push("<cut>".to_owned());
                }
                Command::CancelLink { .. } => {}
                other => panic!("not over WebSocket: {other:?}"),
            }
        }
        while let Some(link) = self.link.filter(|_| !self.is_stalled) {
            match self.manager.poll_transmit(link) {
                None => break,
                Some(Transmit::Frame(Frame::Text(text))) => {
                    if text.as_str() != "3" {
                        self.heard.push(text.as_str().to_owned());
                    }
                }
                Some(Transmit::Frame(Frame::Binary(bytes))) => {
                    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    self.heard.push(format!("<bin {hex}>"));
                }
                Some(Transmit::Finish) => {
                    self.heard.push("<end>".to_owned());
                    self.hang_up();
                    // What the end of the link has led to.
                    return self.pull();
                }
            }
        }
    }

    fn describe(&self, event: &Event) -> String {
        let name = |socket: &Socket| self.names[socket].as_str();
        match event {
            Event::AuthWanted { socket } => format!("auth? {}", name(socket)),
            Event::Connected { socket, recovered } => {
                let how = if *recovered { "recovered" } else { "connect" };
                format!("{how} {}", name(socket))
            }
            Event::ConnectError { socket, error } => {
                format!("connect_error {} {error}", name(socket))
            }
            Event::Message {
                socket,
                payload,
                ack,
            } => {
                let ack = ack.map(|id| format!(" #{}", id.0)).unwrap_or_default();
                let text = payload.as_json().unwrap();
                format!("message {} {text}{ack}", name(socket))
            }
            Event::Acked { result, .. } => match result {
                Ok(payload) => format!("acked {}", payload.as_json().unwrap()),
                Err(error) => format!("acked {error}"),
            },
            Event::Disconnected { socket, reason } => {
                format!("disconnect {} {reason}", name(socket))
            }
            Event::Connection(event) => say(event),
            other => format!("{other:?}"),
        }
    }
}

/// As the manager of the reference has it.
fn say(event: &ClientEvent) -> String {
    match event {
        ClientEvent::Opened => "open".to_owned(),
        ClientEvent::Closed { reason } => format!("close {reason}"),
        ClientEvent::Ping => "ping".to_owned(),
        ClientEvent::Upgraded { to } => format!("upgrade {}", to.name()),
        ClientEvent::UpgradeFailed { transport } => format!("no upgrade {}", transport.name()),
        ClientEvent::Error(failure) => format!("error {failure}"),
        ClientEvent::ReconnectAttempt { attempt } => format!("reconnect_attempt {attempt}"),
        ClientEvent::Reconnected { attempt } => format!("reconnect {attempt}"),
        ClientEvent::ReconnectError(failure) => format!("reconnect_error {failure}"),
        ClientEvent::ReconnectFailed => "reconnect_failed".to_owned(),
        ClientEvent::Drained => "drain".to_owned(),
        other => format!("{other:?}"),
    }
}
