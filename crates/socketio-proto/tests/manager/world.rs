//! A client and our own server, with a network between them that delivers when it is told to.

use bytes::Bytes;
use engineio_proto::client::{self, ClientConfig, Command};
use engineio_proto::config::ServerConfig;
use engineio_proto::http::{Method, Request, Response, Route, route};
use engineio_proto::server::{self, Session, Transmit};
use engineio_proto::{Frame, Sid, Version};
use socketio_proto::client::{Config, Event, Manager};
use socketio_proto::server::{self as sio, Connection, Peer};
use socketio_proto::{Format, Instant, Json, Payload, Revision, SocketId, Text};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// What is under way between the two.
#[derive(Debug)]
enum Letter {
    Request {
        exchange: client::Exchange,
        method: Method,
        query: String,
        content_type: Option<&'static str>,
        body: Bytes,
    },
    Response(client::Exchange, Response),
    Link {
        link: client::Link,
        query: String,
    },
    LinkOpen(client::Link),
    LinkRefused(client::Link),
    ToServer(client::Link, Transmit),
    ToClient(client::Link, Transmit),
}

/// One client, and the sessions that the server has for it: one, unless the client is wrong.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) manager: Manager,
    pub(crate) now: Instant,
    config: Arc<ServerConfig>,
    revision: Revision,
    peers: BTreeMap<String, Peer>,
    /// Who has joined, by session.
    joined: Vec<(String, sio::Socket)>,
    sids: u64,
    links: BTreeMap<client::Link, (String, server::Link)>,
    exchanges: BTreeMap<server::Exchange, client::Exchange>,
    post: VecDeque<Letter>,
    next_exchange: u64,
    /// What the application was told.
    pub(crate) events: Vec<Event>,
    /// First arguments of the events that the server got.
    pub(crate) received: Vec<u64>,
    /// The transports of requests and links, in order.
    pub(crate) log: Vec<String>,
    /// Nothing gets through, in either direction.
    pub(crate) is_down: bool,
}

impl World {
    pub(crate) fn new(config: Config, engine: ClientConfig, seed: u64) -> Self {
        let revision = config.revision;
        let engine = engine.version(match revision {
            Revision::V4 => Version::V3,
            Revision::V5 => Version::V4,
        });
        Self {
            manager: Manager::new(Arc::new(config), Arc::new(engine), Arc::new(Json), seed),
            now: Instant::ZERO,
            config: Arc::new(ServerConfig::default().allow_eio3(true)),
            revision,
            peers: BTreeMap::new(),
            joined: Vec::new(),
            sids: 0,
            links: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            post: VecDeque::new(),
            next_exchange: 0,
            events: Vec::new(),
            received: Vec::new(),
            log: Vec::new(),
            is_down: false,
        }
    }

    /// Delivers until nothing is under way.
    pub(crate) fn run(&mut self) {
        for _ in 0..100_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the two never come to rest");
    }

    /// Delivers one thing. False: there is nothing.
    pub(crate) fn step(&mut self) -> bool {
        self.collect();
        let Some(letter) = self.post.pop_front() else {
            return false;
        };
        self.deliver(letter);
        self.collect();
        true
    }

    /// Everything that is under way is lost, and both sides learn of it.
    pub(crate) fn cut(&mut self) {
        self.collect();
        self.lose();
        self.collect();
    }

    fn lose(&mut self) {
        let now = self.now;
        let lost = std::mem::take(&mut self.post);
        for (link, (sid, far)) in std::mem::take(&mut self.links) {
            self.manager
                .drive(now, |it| it.handle_link_closed(link, true, now));
            if let Some(peer) = self.peers.get_mut(&sid) {
                peer.drive(now, |it| it.handle_link_closed(far, true, now));
            }
        }
        for (far, exchange) in std::mem::take(&mut self.exchanges) {
            for peer in self.peers.values_mut() {
                peer.drive(now, |it| it.handle_abort(far, now));
            }
            self.manager
                .drive(now, |it| it.handle_failed(exchange, now));
        }
        for letter in lost {
            match letter {
                Letter::Request { exchange, .. } | Letter::Response(exchange, _) => {
                    self.manager
                        .drive(now, |it| it.handle_failed(exchange, now));
                }
                Letter::Link { link, .. } | Letter::LinkOpen(link) | Letter::LinkRefused(link) => {
                    self.manager
                        .drive(now, |it| it.handle_link_closed(link, true, now));
                }
                Letter::ToServer(..) | Letter::ToClient(..) => {}
            }
        }
    }

    /// The server comes back without memory.
    pub(crate) fn restart(&mut self) {
        self.cut();
        self.peers.clear();
    }

    /// Lets time pass, deadline by deadline, and delivers what there is at each.
    pub(crate) fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        for steps in 0.. {
            assert!(steps < 100_000, "a busy loop");
            self.run();
            let peers = self.peers.values().filter_map(Peer::poll_timeout);
            let next = peers.chain(self.manager.poll_timeout()).min();
            let Some(next) = next.filter(|&next| next <= until) else {
                break;
            };
            self.now = self.now.max(next);
            self.manager.handle_timeout(self.now);
            for peer in self.peers.values_mut() {
                peer.handle_timeout(self.now);
            }
        }
        self.now = until;
    }

    /// The server sends to all sockets that it has.
    pub(crate) fn broadcast(&mut self, payload: &Payload) {
        let now = self.now;
        for (sid, socket) in &self.joined {
            if let Some(peer) = self.peers.get_mut(sid) {
                let how = sio::Emit::default();
                let _ = peer.apply(now, |it| it.emit(*socket, payload.clone(), how, now));
            }
        }
    }

    /// Sessions that the server believes in.
    pub(crate) fn sessions(&self) -> usize {
        let alive = self.peers.values().filter(|it| !it.engine().is_closed());
        alive.count()
    }

    fn collect(&mut self) {
        loop {
            while let Some(event) = self.manager.poll_event() {
                self.events.push(event);
            }
            let before = self.post.len();
            self.collect_client();
            self.collect_server();
            if self.is_down && !self.post.is_empty() {
                self.lose();
            } else if self.post.len() == before {
                break;
            }
        }
    }

    fn collect_client(&mut self) {
        while let Some(command) = self.manager.poll_command() {
            match command {
                Command::Request {
                    exchange,
                    method,
                    query,
                    content_type,
                    body,
                } => {
                    self.log.push(format!("{method:?} polling"));
                    self.post.push_back(Letter::Request {
                        exchange,
                        method,
                        query,
                        content_type,
                        body,
                    });
                }
                Command::OpenLink {
                    link,
                    transport,
                    query,
                } => {
                    self.log.push(format!("open {}", transport.name()));
                    self.post.push_back(Letter::Link { link, query });
                }
                Command::Cancel { exchange } => {
                    let now = self.now;
                    let far = self.exchanges.iter().find(|(_, it)| **it == exchange);
                    if let Some((&far, _)) = far {
                        self.exchanges.remove(&far);
                        for peer in self.peers.values_mut() {
                            peer.drive(now, |it| it.handle_abort(far, now));
                        }
                    }
                }
                Command::CancelLink { link } => self.close_far(link, true),
                _ => {}
            }
        }
        let links: Vec<_> = self.links.keys().copied().collect();
        for link in links {
            while let Some(transmit) = self.manager.poll_transmit(link) {
                self.post.push_back(Letter::ToServer(link, transmit));
            }
        }
    }

    fn collect_server(&mut self) {
        let now = self.now;
        let sids: Vec<_> = self.peers.keys().cloned().collect();
        for sid in sids {
            let Some(peer) = self.peers.get_mut(&sid) else {
                continue;
            };
            while let Some(event) = peer.poll_event() {
                match event {
                    sio::Event::Connect { socket, .. } => {
                        let id = SocketId(Text::from(format!("{sid}-{socket:?}")));
                        peer.apply(now, |it| it.accept(socket, id));
                        self.joined.push((sid.clone(), socket));
                    }
                    sio::Event::Message {
                        socket,
                        payload,
                        ack,
                    } => {
                        let number: u64 = payload.decode().unwrap();
                        self.received.push(number);
                        if let Some(id) = ack {
                            let payload = Payload::new(Format::Json, None, &number).unwrap();
                            let _ = peer.apply(now, |it| it.ack(socket, id, payload));
                        }
                    }
                    _ => {}
                }
            }
            while let Some((far, response)) = peer.poll_response() {
                if let Some(exchange) = self.exchanges.remove(&far) {
                    self.post.push_back(Letter::Response(exchange, response));
                }
            }
            for (&link, (_, far)) in self.links.iter().filter(|(_, (of, _))| *of == sid) {
                while let Some(transmit) = peer.poll_transmit(*far) {
                    self.post.push_back(Letter::ToClient(link, transmit));
                }
            }
        }
    }

    fn deliver(&mut self, letter: Letter) {
        let now = self.now;
        match letter {
            Letter::Request {
                exchange,
                method,
                query,
                content_type,
                body,
            } => self.request(exchange, method, &query, content_type, body),
            Letter::Response(exchange, response) => {
                let Response { status, body, .. } = response;
                self.manager.drive(now, |it| {
                    it.handle_response(exchange, status, body, now);
                });
            }
            Letter::Link { link, query } => self.open(link, &query),
            Letter::LinkOpen(link) => {
                self.manager.drive(now, |it| it.handle_link_open(link, now));
            }
            Letter::LinkRefused(link) => {
                self.manager
                    .drive(now, |it| it.handle_link_closed(link, true, now));
            }
            Letter::ToServer(link, Transmit::Frame(frame)) => self.frame(link, frame),
            Letter::ToServer(link, Transmit::Finish) => {
                self.manager
                    .drive(now, |it| it.handle_link_closed(link, false, now));
                self.close_far(link, false);
            }
            Letter::ToClient(link, Transmit::Frame(frame)) => {
                self.manager
                    .drive(now, |it| it.handle_frame(link, frame, now));
            }
            Letter::ToClient(link, Transmit::Finish) => {
                self.close_far(link, false);
                self.manager
                    .drive(now, |it| it.handle_link_closed(link, false, now));
            }
        }
    }

    fn frame(&mut self, link: client::Link, frame: Frame) {
        let now = self.now;
        if let Some((sid, far)) = self.links.get(&link)
            && let Some(peer) = self.peers.get_mut(sid)
        {
            peer.drive(now, |it| it.handle_frame(*far, frame, now));
        }
    }

    fn close_far(&mut self, link: client::Link, error: bool) {
        let now = self.now;
        if let Some((sid, far)) = self.links.remove(&link)
            && let Some(peer) = self.peers.get_mut(&sid)
        {
            peer.drive(now, |it| it.handle_link_closed(far, error, now));
        }
    }

    fn request(
        &mut self,
        exchange: client::Exchange,
        method: Method,
        query: &str,
        content_type: Option<&'static str>,
        body: Bytes,
    ) {
        let now = self.now;
        let far = server::Exchange(self.next_exchange);
        self.next_exchange += 1;
        self.exchanges.insert(far, exchange);
        match self.route(method, query, content_type, false) {
            Some((sid, Route::Push { encoding, .. })) => {
                self.drive(&sid, |it| {
                    it.handle_push_begin(far, encoding, now);
                    it.handle_push(far, body, now);
                });
            }
            Some((sid, _)) => self.drive(&sid, |it| it.handle_poll(far, now)),
            None => {
                self.exchanges.remove(&far);
                let refusal = Response::bad_request();
                self.post.push_back(Letter::Response(exchange, refusal));
            }
        }
    }

    fn open(&mut self, link: client::Link, query: &str) {
        let now = self.now;
        let taken = self.route(Method::Get, query, None, true).and_then(|it| {
            let (sid, _) = it;
            let mut far = None;
            self.drive(&sid, |it| {
                far = it.handle_link(engineio_proto::Transport::WebSocket, now);
            });
            Some((sid, far?))
        });
        self.post.push_back(match taken {
            Some(taken) => {
                self.links.insert(link, taken);
                Letter::LinkOpen(link)
            }
            None => Letter::LinkRefused(link),
        });
    }

    /// The session that a request is for; a new one for a handshake.
    fn route(
        &mut self,
        method: Method,
        query: &str,
        content_type: Option<&str>,
        is_upgrade: bool,
    ) -> Option<(String, Route)> {
        let request = Request {
            method,
            query,
            content_type,
            origin: None,
            user_agent: None,
            is_upgrade,
        };
        let route = route(&self.config, &request).ok()?;
        let Route::Handshake(handshake) = &route else {
            let sid = route.sid()?.as_str().to_owned();
            let peer = self.peers.get(&sid)?;
            return peer.engine().check(&route).ok().map(|()| (sid, route));
        };
        let name = format!("sid{}", self.sids);
        self.sids += 1;
        let sid = Sid::new(Text::from(name.clone()))?;
        let session = Session::accept(self.config.clone(), sid, handshake, self.now);
        let config = Arc::new(sio::Config::default());
        let connection = Connection::new(config, Arc::new(Json), self.revision, self.now);
        self.peers
            .insert(name.clone(), Peer::new(session, connection));
        Some((name, route))
    }

    fn drive(&mut self, sid: &str, input: impl FnOnce(&mut Session)) {
        if let Some(peer) = self.peers.get_mut(sid) {
            peer.drive(self.now, input);
        }
    }
}
