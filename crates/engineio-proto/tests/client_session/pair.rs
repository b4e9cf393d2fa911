//! A client and a server session, and a network between them that delivers in any order.

use crate::support::{config, ms};
use bytes::Bytes;
use engineio_proto::{
    Instant, Message, Outgoing, Sid, Text, Transport, Version,
    client::{self, ClientConfig, Command, Start},
    config::ServerConfig,
    http::{Method, Request, Response, Route, route},
    server::{self, Exchange, Transmit},
};
use proptest::{collection::vec, prelude::*};
use std::{collections::VecDeque, sync::Arc};

/// What is on its way.
#[derive(Debug)]
enum Parcel {
    Request(
        client::Exchange,
        Method,
        String,
        Option<&'static str>,
        Bytes,
    ),
    Response(client::Exchange, Response),
    OpenLink(client::Link, Transport, String),
}

/// A link, as both ends know it, and its frames on their way.
#[derive(Debug)]
struct Wire {
    client: client::Link,
    server: Option<server::Link>,
    up: VecDeque<Transmit>,
    down: VecDeque<Transmit>,
}

#[derive(Debug)]
struct Pair {
    client: client::Session,
    server: Option<server::Session>,
    server_config: Arc<ServerConfig>,
    now: Instant,
    parcels: Vec<Parcel>,
    /// Numbers of both sides.
    exchanges: Vec<(Exchange, client::Exchange)>,
    next_exchange: u64,
    wires: Vec<Wire>,
    client_got: Vec<Message>,
    server_got: Vec<Message>,
    client_closed: bool,
    server_closed: bool,
}

impl Pair {
    fn new(client: ClientConfig) -> Self {
        let now = Instant::ZERO;
        Self {
            client: client::Session::connect(Arc::new(client), Start::default(), now),
            server: None,
            server_config: Arc::new(ServerConfig::default().allow_eio3(true)),
            now,
            parcels: Vec::new(),
            exchanges: Vec::new(),
            next_exchange: 0,
            wires: Vec::new(),
            client_got: Vec::new(),
            server_got: Vec::new(),
            client_closed: false,
            server_closed: false,
        }
    }

    /// Both adapters pull everything there is.
    fn pump(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                client::Event::Message(message) => self.client_got.push(message),
                client::Event::Closed { .. } => self.client_closed = true,
                _ => {}
            }
        }
        while let Some(command) = self.client.poll_command() {
            match command {
                Command::Request {
                    exchange,
                    method,
                    query,
                    content_type,
                    body,
                } => {
                    self.parcels
                        .push(Parcel::Request(exchange, method, query, content_type, body))
                }
                Command::OpenLink {
                    link,
                    transport,
                    query,
                } => self.parcels.push(Parcel::OpenLink(link, transport, query)),
                _ => {}
            }
        }
        for wire in &mut self.wires {
            while let Some(transmit) = self.client.poll_transmit(wire.client) {
                wire.up.push_back(transmit);
            }
        }
        let Some(server) = &mut self.server else {
            return;
        };
        while let Some(event) = server.poll_event() {
            match event {
                server::Event::Message(message) => self.server_got.push(message),
                server::Event::Closed(_) => self.server_closed = true,
                _ => {}
            }
        }
        while let Some((exchange, response)) = server.poll_response() {
            let index = self
                .exchanges
                .iter()
                .position(|(ours, _)| *ours == exchange);
            let (_, exchange) = self.exchanges.swap_remove(index.unwrap());
            self.parcels.push(Parcel::Response(exchange, response));
        }
        for wire in &mut self.wires {
            while let Some(transmit) = wire.server.and_then(|link| server.poll_transmit(link)) {
                wire.down.push_back(transmit);
            }
        }
    }

    /// Delivers one of the things on their way. `None`: there is nothing.
    fn deliver(&mut self, choice: usize) -> Option<()> {
        let wires = self.wires.iter().enumerate();
        let frames: Vec<(usize, bool)> = wires
            .flat_map(|(index, wire)| {
                let up = (!wire.up.is_empty()).then_some((index, true));
                let down = (!wire.down.is_empty()).then_some((index, false));
                up.into_iter().chain(down)
            })
            .collect();
        let choice = choice.checked_rem(self.parcels.len() + frames.len())?;
        if choice < self.parcels.len() {
            let parcel = self.parcels.remove(choice);
            self.deliver_parcel(parcel);
        } else {
            let (index, up) = frames[choice - self.parcels.len()];
            self.deliver_frame(index, up);
        }
        Some(())
    }

    fn deliver_parcel(&mut self, parcel: Parcel) {
        let now = self.now;
        match parcel {
            Parcel::Request(exchange, method, query, content_type, body) => {
                let ours = Exchange(self.next_exchange);
                self.next_exchange += 1;
                self.exchanges.push((ours, exchange));
                match self.route(method, &query, content_type, false) {
                    Route::Push { encoding, .. } => {
                        let server = self.server.as_mut().unwrap();
                        server.handle_push_begin(ours, encoding, now);
                        server.handle_push(ours, body, now);
                    }
                    _ => self.server.as_mut().unwrap().handle_poll(ours, now),
                }
            }
            Parcel::Response(exchange, response) => {
                self.client
                    .handle_response(exchange, response.status, response.body, now);
            }
            Parcel::OpenLink(link, transport, query) => {
                self.route(Method::Get, &query, None, true);
                let server = self.server.as_mut().unwrap();
                let taken = server.handle_link(transport, now);
                assert!(taken.is_some(), "one link at a time");
                self.client.handle_link_open(link, now);
                self.wires.push(Wire {
                    client: link,
                    server: taken,
                    up: VecDeque::new(),
                    down: VecDeque::new(),
                });
            }
        }
    }

    fn deliver_frame(&mut self, index: usize, up: bool) {
        let now = self.now;
        let wire = &mut self.wires[index];
        let queue = if up { &mut wire.up } else { &mut wire.down };
        let (client, server) = (wire.client, wire.server.unwrap());
        match (queue.pop_front().unwrap(), up) {
            (Transmit::Frame(frame), true) => {
                self.server
                    .as_mut()
                    .unwrap()
                    .handle_frame(server, frame, now);
            }
            (Transmit::Frame(frame), false) => self.client.handle_frame(client, frame, now),
            (Transmit::Finish, true) => {
                let session = self.server.as_mut().unwrap();
                session.handle_link_closed(server, false, now);
            }
            (Transmit::Finish, false) => self.client.handle_link_closed(client, false, now),
        }
    }

    /// What the server makes of a request; the first one makes its session.
    fn route(
        &mut self,
        method: Method,
        query: &str,
        content_type: Option<&str>,
        is_upgrade: bool,
    ) -> Route {
        let request = Request {
            method,
            query,
            content_type,
            origin: None,
            user_agent: None,
            is_upgrade,
        };
        let route = route(&self.server_config, &request).expect("a request of the protocol");
        match &route {
            Route::Handshake(handshake) => {
                assert!(self.server.is_none());
                handshake.check(&self.server_config).unwrap();
                let sid = Sid::new(Text::from("sid")).unwrap();
                let config = self.server_config.clone();
                self.server = Some(server::Session::accept(config, sid, handshake, self.now));
            }
            other => self.server.as_ref().unwrap().check(other).unwrap(),
        }
        route
    }

    fn advance(&mut self, by: std::time::Duration) {
        self.now += by;
        if self.client.poll_timeout().is_some_and(|at| at <= self.now) {
            self.client.handle_timeout(self.now);
        }
        if let Some(server) = &mut self.server
            && server.poll_timeout().is_some_and(|at| at <= self.now)
        {
            server.handle_timeout(self.now);
        }
    }

    /// Delivers everything, and lets time pass where nothing is left to deliver.
    fn settle(&mut self, mut steps: usize) {
        while steps > 0 {
            self.pump();
            if self.deliver(0).is_none() {
                steps -= 1;
                self.advance(ms(100));
            }
        }
        self.pump();
    }
}

fn message(index: usize, binary: bool) -> Outgoing {
    if binary {
        Outgoing::binary(index.to_string().into())
    } else {
        Outgoing::text(&index.to_string())
    }
}

/// Numbers of the messages, in order.
fn numbers(messages: &[Message]) -> Vec<usize> {
    let text = |message: &Message| match message {
        Message::Text(text) => text.to_string(),
        Message::Binary(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
    };
    messages
        .iter()
        .map(|message| text(message).parse().unwrap())
        .collect()
}

#[derive(Clone, Debug)]
enum Step {
    ClientSends { binary: bool },
    ServerSends { binary: bool },
    Deliver(usize),
    Pump,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any::<bool>().prop_map(|binary| Step::ClientSends { binary }),
        2 => any::<bool>().prop_map(|binary| Step::ServerSends { binary }),
        6 => (0..100_usize).prop_map(Step::Deliver),
        4 => Just(Step::Pump),
        1 => (1..150_u64).prop_map(Step::Wait),
    ]
}

fn clients() -> impl Strategy<Value = ClientConfig> {
    let transports = prop_oneof![
        Just(vec![Transport::Polling]),
        Just(vec![Transport::WebSocket]),
        Just(vec![Transport::Polling, Transport::WebSocket]),
    ];
    (transports, any::<bool>(), any::<bool>()).prop_map(|(transports, base64, v3)| {
        let version = if v3 { Version::V3 } else { Version::V4 };
        config()
            .transports(transports)
            .force_base64(base64)
            .version(version)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_message_arrives_once_and_in_order(
        client in clients(),
        steps in vec(step(), 0..80),
        closes in any::<bool>(),
    ) {
        let mut pair = Pair::new(client.clone());
        let (mut up, mut down) = (0, 0);
        for step in steps {
            match step {
                Step::ClientSends { binary } => {
                    pair.client.send([message(up, binary)]).unwrap();
                    up += 1;
                }
                Step::ServerSends { binary } => if let Some(server) = &mut pair.server {
                    server.send([message(down, binary)]).unwrap();
                    down += 1;
                },
                Step::Deliver(choice) => { pair.deliver(choice); }
                Step::Pump => pair.pump(),
                Step::Wait(millis) => pair.advance(ms(millis)),
            }
        }
        if closes && pair.client.is_open() {
            // What was sent before the close arrives nevertheless.
            pair.client.close(pair.now);
            pair.settle(20);
            prop_assert!(pair.client_closed && pair.server_closed);
            prop_assert!(pair.client.is_closed());
        } else {
            pair.settle(20);
            prop_assert!(!pair.client_closed && !pair.server_closed);
            prop_assert_eq!(numbers(&pair.client_got), (0..down).collect::<Vec<_>>());
            let best = client.transports.last().copied().unwrap();
            prop_assert_eq!(pair.client.transport(), best);
            prop_assert_eq!(pair.server.as_ref().unwrap().transport(), best);
        }
        prop_assert_eq!(numbers(&pair.server_got), (0..up).collect::<Vec<_>>());
    }
}

#[test]
fn both_sides_live_through_hours_of_silence() {
    for version in [Version::V3, Version::V4] {
        for upgrade in [false, true] {
            let mut pair = Pair::new(config().version(version).upgrade(upgrade));
            pair.settle(36_000);
            assert!(!pair.client_closed && !pair.server_closed);
        }
    }
}

/// Text with every kind of character goes through both revisions and all transports unharmed.
#[test]
fn text_of_the_whole_of_unicode_arrives() {
    for version in [Version::V3, Version::V4] {
        let mut pair = Pair::new(config().version(version).upgrade(false));
        pair.settle(1);
        let text = "a\u{0}é€😀\"\\\n";
        pair.client.send([Outgoing::text(text)]).unwrap();
        let server = pair.server.as_mut().unwrap();
        server.send([Outgoing::text(text)]).unwrap();
        pair.settle(5);
        let expected = [Message::Text(Text::new(text))];
        assert_eq!(pair.client_got, expected);
        assert_eq!(pair.server_got, expected);
    }
}
