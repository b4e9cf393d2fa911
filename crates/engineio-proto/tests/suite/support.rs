//! A driver with virtual time: everything an adapter does, without a network.

use engineio_proto::{
    CloseReason, Frame, Instant, Message, Outgoing, Sid, Text, Transport, Version,
    config::ServerConfig,
    http::{Handshake, Method, Request, Response, Route, route},
    payload::Encoding,
    server::{Event, Exchange, Link, Session, Transmit},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

pub(crate) const OPEN: &str = r#"0{"sid":"sid","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn config() -> ServerConfig {
    ServerConfig::default()
}

pub(crate) fn request(query: &str) -> Request<'_> {
    Request {
        method: Method::Get,
        query,
        content_type: None,
        origin: None,
        user_agent: None,
        is_upgrade: query.contains("transport=websocket"),
    }
}

pub(crate) fn handshake(config: &ServerConfig, query: &str) -> Handshake {
    match route(config, &request(query)) {
        Ok(Route::Handshake(handshake)) => handshake,
        other => panic!("not a handshake: {other:?}"),
    }
}

pub(crate) fn sid() -> Sid {
    Sid::new(Text::from("sid")).unwrap()
}

/// One session, its clock, and what was pulled from it.
pub(crate) struct Server {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    exchanges: u64,
    responses: BTreeMap<Exchange, Response>,
}

impl Server {
    /// Accepted, and nothing pulled yet.
    pub(crate) fn accept(config: ServerConfig, query: &str) -> Self {
        let handshake = handshake(&config, query);
        Self::of(Session::accept(
            Arc::new(config),
            sid(),
            &handshake,
            Instant::ZERO,
        ))
    }

    pub(crate) fn of(session: Session) -> Self {
        Self {
            session,
            now: Instant::ZERO,
            exchanges: 0,
            responses: BTreeMap::new(),
        }
    }

    /// A polling session after its handshake.
    pub(crate) fn polling(config: ServerConfig) -> Self {
        let mut server = Self::accept(config, "EIO=4&transport=polling");
        let get = server.get();
        assert!(server.body(get).starts_with("0{"));
        assert_eq!(server.events(), [Event::Opened]);
        server
    }

    /// A polling session of protocol 3 after its handshake, with these parameters besides.
    pub(crate) fn polling_v3(config: ServerConfig, more: &str) -> Self {
        let query = format!("EIO=3&transport=polling{more}");
        let mut server = Self::accept(config.allow_eio3(true), &query);
        let get = server.get();
        assert!(server.body(get).contains("0{"));
        assert_eq!(server.events(), [Event::Opened]);
        server
    }

    /// A WebSocket session of protocol 3 after its handshake, with these parameters besides.
    pub(crate) fn websocket_v3(config: ServerConfig, more: &str) -> (Self, Link) {
        let query = format!("EIO=3&transport=websocket{more}");
        let mut server = Self::accept(config.allow_eio3(true), &query);
        let link = server.link().expect("the first link is the session's own");
        assert!(server.frames(link)[0].starts_with("0{"));
        assert_eq!(server.events(), [Event::Opened]);
        (server, link)
    }

    /// A WebSocket session after its handshake.
    pub(crate) fn websocket(config: ServerConfig) -> (Self, Link) {
        let mut server = Self::accept(config, "EIO=4&transport=websocket");
        let link = server.link().expect("the first link is the session's own");
        assert!(server.frames(link)[0].starts_with("0{"));
        assert_eq!(server.events(), [Event::Opened]);
        (server, link)
    }

    /// A polling session whose candidate has probed, with the probe answered.
    pub(crate) fn probing(config: ServerConfig) -> (Self, Link) {
        let mut server = Self::polling(config);
        let link = server.link().expect("a candidate");
        server.text(link, "2probe");
        assert_eq!(server.frames(link), ["3probe"]);
        (server, link)
    }

    pub(crate) fn get(&mut self) -> Exchange {
        let exchange = self.exchange();
        self.session.handle_poll(exchange, self.now);
        exchange
    }

    pub(crate) fn post_begin(&mut self) -> Exchange {
        self.post_begin_as(match self.session.version() {
            Version::V4 => Encoding::V4,
            Version::V3 => Encoding::V3Text,
        })
    }

    pub(crate) fn post_begin_as(&mut self, encoding: impl Into<Option<Encoding>>) -> Exchange {
        let exchange = self.exchange();
        self.session
            .handle_push_begin(exchange, encoding.into(), self.now);
        exchange
    }

    pub(crate) fn post_end(&mut self, exchange: Exchange, body: impl AsRef<[u8]>) {
        self.session
            .handle_push(exchange, body.as_ref().to_vec().into(), self.now);
    }

    /// A whole POST, and its status.
    pub(crate) fn post(&mut self, body: impl AsRef<[u8]>) -> u16 {
        let exchange = self.post_begin();
        self.post_end(exchange, body);
        self.response(exchange)
            .expect("a POST is answered at once")
            .status
    }

    pub(crate) fn abort(&mut self, exchange: Exchange) {
        self.session.handle_abort(exchange, self.now);
    }

    pub(crate) fn response(&mut self, exchange: Exchange) -> Option<Response> {
        while let Some((exchange, response)) = self.session.poll_response() {
            assert_eq!(
                self.responses.insert(exchange, response),
                None,
                "answered twice"
            );
        }
        self.responses.remove(&exchange)
    }

    /// Body of a GET's response.
    pub(crate) fn body(&mut self, exchange: Exchange) -> String {
        let response = self.response(exchange).expect("the GET is answered");
        assert_eq!(response.status, 200);
        String::from_utf8(response.body.to_vec()).unwrap()
    }

    pub(crate) fn is_waiting(&mut self, exchange: Exchange) -> bool {
        match self.response(exchange) {
            None => true,
            Some(response) => {
                self.responses.insert(exchange, response);
                false
            }
        }
    }

    pub(crate) fn link(&mut self) -> Option<Link> {
        self.session.handle_link(Transport::WebSocket, self.now)
    }

    pub(crate) fn text(&mut self, link: Link, text: &str) {
        self.session
            .handle_frame(link, Frame::Text(Text::new(text)), self.now);
    }

    pub(crate) fn binary(&mut self, link: Link, bytes: &'static [u8]) {
        self.session
            .handle_frame(link, Frame::Binary(bytes.into()), self.now);
    }

    /// All that is to be written to the link: text, `<bytes>`, or `FIN`.
    pub(crate) fn frames(&mut self, link: Link) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_transmit(link))
            .map(|transmit| match transmit {
                Transmit::Frame(Frame::Text(text)) => text.to_string(),
                Transmit::Frame(Frame::Binary(bytes)) => format!("{:?}", &bytes[..]),
                Transmit::Finish => "FIN".to_string(),
            })
            .collect()
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.session
            .send([Outgoing::text(text)])
            .expect("there is room");
    }

    pub(crate) fn close(&mut self, reason: CloseReason) {
        self.session.close(reason, self.now);
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

    fn exchange(&mut self) -> Exchange {
        self.exchanges += 1;
        Exchange(self.exchanges)
    }
}

pub(crate) fn text(text: &str) -> Event {
    Event::Message(Message::Text(Text::new(text)))
}

pub(crate) fn binary(bytes: &'static [u8]) -> Event {
    Event::Message(Message::Binary(bytes.into()))
}

pub(crate) fn closed(reason: CloseReason) -> Event {
    Event::Closed(reason)
}
