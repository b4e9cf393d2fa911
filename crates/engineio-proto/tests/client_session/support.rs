//! A driver with virtual time, and short words for what happens.

use bytes::Bytes;
use engineio_proto::{
    Frame, Instant, Message, Outgoing, Text, Transport,
    client::{ClientConfig, Command, Event, Exchange, Link, Session, Start, Transmit},
    http::Method,
};
use std::{sync::Arc, time::Duration};

pub(crate) const OPEN: &str = r#"0{"sid":"S","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
pub(crate) const OPEN_WS: &str =
    r#"0{"sid":"S","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
pub(crate) const GET: &str = "GET EIO=4&transport=polling&t=#&sid=S";

/// A POST with this body.
pub(crate) fn post(body: &str) -> String {
    format!("POST EIO=4&transport=polling&t=#&sid=S {body}")
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn config() -> ClientConfig {
    ClientConfig::default()
}

pub(crate) fn websocket_only() -> ClientConfig {
    config().transports([Transport::WebSocket])
}

/// One session, its clock, and what it began.
pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    /// The latest of each kind.
    pub(crate) get: Option<Exchange>,
    pub(crate) post: Option<Exchange>,
    pub(crate) link: Option<Link>,
    /// The link before that.
    pub(crate) other: Option<Link>,
}

impl Client {
    pub(crate) fn connect(config: ClientConfig) -> Self {
        Self::start(config, Start::default())
    }

    pub(crate) fn start(config: ClientConfig, start: Start) -> Self {
        Self {
            session: Session::connect(Arc::new(config), start, Instant::ZERO),
            now: Instant::ZERO,
            get: None,
            post: None,
            link: None,
            other: None,
        }
    }

    /// Open on polling, with a GET that waits. Nothing to upgrade to.
    pub(crate) fn polling(config: ClientConfig) -> Self {
        let mut client = Self::connect(config);
        client.commands();
        client.answer_get(OPEN_WS);
        assert_eq!(client.events(), ["opened S"]);
        assert_eq!(client.commands(), [GET]);
        client
    }

    /// Open on a WebSocket.
    pub(crate) fn websocket(config: ClientConfig) -> Self {
        let mut client = Self::connect(config.transports([Transport::WebSocket]));
        client.commands();
        client.open_link();
        client.text(OPEN_WS);
        assert_eq!(client.events(), ["opened S"]);
        assert_eq!(client.frames(), [""; 0]);
        client
    }

    /// Open on polling, with a GET that waits and a WebSocket that has sent its probe.
    pub(crate) fn probing(config: ClientConfig) -> Self {
        let mut client = Self::connect(config);
        client.commands();
        client.answer_get(OPEN);
        assert_eq!(client.events(), ["opened S"]);
        assert_eq!(
            client.commands(),
            [GET, "WS EIO=4&transport=websocket&sid=S"]
        );
        client.open_link();
        assert_eq!(client.frames(), ["2probe"]);
        client
    }

    /// What is to be done, in words.
    pub(crate) fn commands(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_command())
            .collect::<Vec<_>>()
            .into_iter()
            .map(|command| self.begin(command))
            .collect()
    }

    fn begin(&mut self, command: Command) -> String {
        match command {
            Command::Request {
                exchange,
                method: Method::Get,
                query,
                content_type,
                body,
            } => {
                assert_eq!((content_type, body), (None, Bytes::new()));
                self.get = Some(exchange);
                format!("GET {}", without_stamp(&query))
            }
            Command::Request {
                exchange,
                query,
                body,
                ..
            } => {
                self.post = Some(exchange);
                let body = String::from_utf8_lossy(&body).replace('\u{1e}', "␞");
                format!("POST {} {body}", without_stamp(&query))
            }
            Command::Cancel { exchange } if self.get == Some(exchange) => "CANCEL GET".to_string(),
            Command::Cancel { exchange } if self.post == Some(exchange) => {
                "CANCEL POST".to_string()
            }
            Command::OpenLink {
                link,
                transport,
                query,
            } => {
                self.other = self.link.replace(link);
                let name = match transport {
                    Transport::WebSocket => "WS",
                    _ => "WT",
                };
                format!("{name} {query}").trim_end().to_string()
            }
            Command::CancelLink { link } if self.link == Some(link) => "CANCEL LINK".to_string(),
            other => format!("{other:?}"),
        }
    }

    /// What the application hears, in words.
    pub(crate) fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_event())
            .map(|event| match event {
                Event::Opened(open) => format!("opened {}", open.sid),
                Event::Message(Message::Text(text)) => format!("message {text}"),
                Event::Message(Message::Binary(bytes)) => format!("message {:?}", &bytes[..]),
                Event::Upgraded { from, to } => format!("{} to {}", from.name(), to.name()),
                Event::UpgradeFailed { transport, error } => {
                    format!("no {}: {error}", transport.name())
                }
                Event::Ping => "ping".to_string(),
                Event::Drained => "drained".to_string(),
                Event::Closed {
                    reason,
                    error: None,
                } => format!("closed: {reason}"),
                Event::Closed {
                    reason,
                    error: Some(error),
                } => format!("closed: {reason}, {error}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    /// All that is to be written to the link: text, bytes, or `FIN`.
    pub(crate) fn frames(&mut self) -> Vec<String> {
        let link = self.link.unwrap();
        self.frames_of(link)
    }

    pub(crate) fn frames_of(&mut self, link: Link) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_transmit(link))
            .map(|transmit| match transmit {
                Transmit::Frame(Frame::Text(text)) => text.to_string(),
                Transmit::Frame(Frame::Binary(bytes)) => format!("{:?}", &bytes[..]),
                Transmit::Finish => "FIN".to_string(),
            })
            .collect()
    }

    /// The GET that waits is answered.
    pub(crate) fn answer_get(&mut self, body: impl AsRef<[u8]>) {
        let (get, body) = (self.get.unwrap(), body.as_ref().to_vec());
        self.session
            .handle_response(get, 200, body.into(), self.now);
    }

    /// The POST under way is answered.
    pub(crate) fn answer_post(&mut self) {
        let post = self.post.unwrap();
        self.session
            .handle_response(post, 200, "ok".into(), self.now);
    }

    pub(crate) fn open_link(&mut self) {
        self.session.handle_link_open(self.link.unwrap(), self.now);
    }

    pub(crate) fn text(&mut self, text: &str) {
        let frame = Frame::Text(Text::new(text));
        self.session
            .handle_frame(self.link.unwrap(), frame, self.now);
    }

    pub(crate) fn binary(&mut self, bytes: &'static [u8]) {
        let frame = Frame::Binary(bytes.into());
        self.session
            .handle_frame(self.link.unwrap(), frame, self.now);
    }

    pub(crate) fn lose_link(&mut self, error: bool) {
        self.session
            .handle_link_closed(self.link.unwrap(), error, self.now);
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.session
            .send([Outgoing::text(text)])
            .expect("there is room");
    }

    pub(crate) fn close(&mut self) {
        self.session.close(self.now);
    }

    /// Lets time pass, from deadline to deadline.
    pub(crate) fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= end) {
            assert!(at >= self.now, "a deadline in the past was not met");
            self.now = at;
            self.session.handle_timeout(at);
        }
        self.now = end;
    }

    /// Nothing is left, and nothing comes any more whatever happens.
    #[track_caller]
    pub(crate) fn assert_closed(&mut self) {
        assert!(self.session.is_closed());
        assert_eq!(self.session.poll_timeout(), None);
        if self.get.is_some() {
            self.answer_get("4late");
        }
        if self.link.is_some() {
            self.text("4late");
            self.lose_link(true);
        }
        self.advance(ms(100_000_000));
        self.close();
        assert_eq!(self.events(), [""; 0]);
        assert_eq!(self.commands(), [""; 0]);
        assert!(self.session.is_closed());
    }
}

/// With the random parameter as `#`, once its form was checked.
pub(crate) fn without_stamp(query: &str) -> String {
    let mut pairs: Vec<&str> = query.split('&').collect();
    for pair in &mut pairs {
        if let Some(stamp) = pair.strip_prefix("t=") {
            assert_eq!(stamp.len(), 8);
            assert!(
                stamp
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            );
            *pair = "t=#";
        }
    }
    pairs.join("&")
}
