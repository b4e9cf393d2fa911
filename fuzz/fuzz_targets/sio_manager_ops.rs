//! Any server, times and calls on a client: one session at a time, sockets are connected and
//! disconnected in turn, each acknowledgement is settled once, limits hold, and once it is closed
//! nothing is left and nothing comes back.
//!
//! The first record chooses: `p` for polling, `b` for polling and WebSocket, else WebSocket; `4` for
//! revision 4, else 5; `a` for sockets that ask for their credentials; `n` for no reconnection. The
//! others operate:
//!
//! | record | operation |
//! | --- | --- |
//! | `o` | what is wanted is there, and the server opens the session |
//! | `f` text, `B` bytes | a frame on the newest link |
//! | `x`, `X` | the newest link is closed, lost |
//! | `g` body, `G` status | the newest GET is answered |
//! | `p`, `P` | the newest POST is answered, lost |
//! | `a` ms, `z` | time passes, goes to the next deadline |
//! | `c` n, `d` n, `r` n | connect, disconnect, remove the n-th socket |
//! | `e` n, then `v` volatile, `k` with acknowledgement, `t` ms for its timeout, `r` n retries | emit |
//! | `C` n | cancel the n-th acknowledgement that is waited for |
//! | `k` n id | acknowledge an event |
//! | `A` n | give credentials |
//! | `O`, `Q`, `q` | open, close, close the engine |
//! | `w`, `l` | pull what there is to write, look what has happened |
#![no_main]

use bytes::Bytes;
use engineio_proto::{
    Frame, Transport, Version,
    client::{ClientConfig, Command, Exchange, Link, Transmit},
    http::Method,
};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{Args, records, text};
use socketio_proto::{
    AckId, EmitError, Format, Instant, Json, Namespace, Payload, Revision, Text,
    client::{AckToken, Auth, Backoff, Config, Emit, Event, Manager, Socket, SocketOptions},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

const MAX_OFFLINE: usize = 4;
const MAX_ACKS: usize = 3;
const OPEN: &str = r#"0{"sid":"S","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":50}"#;

fuzz_target!(|data: &[u8]| {
    let mut records = records(data);
    let mut world = World::new(records.next().unwrap_or_default());
    for (letter, args) in records.filter_map(Args::of) {
        world.apply(letter, args);
        world.check();
    }
    world.end();
});

struct World {
    manager: Manager,
    version: Version,
    now: Instant,
    sockets: Vec<Socket>,
    connected: BTreeSet<Socket>,
    waiting: Vec<AckToken>,
    get: Option<Exchange>,
    post: Option<Exchange>,
    link: Option<Link>,
}

impl World {
    fn new(options: &[u8]) -> Self {
        let has = |letter| options.contains(&letter);
        let transports = match (has(b'p'), has(b'b')) {
            (_, true) => vec![Transport::Polling, Transport::WebSocket],
            (true, _) => vec![Transport::Polling],
            _ => vec![Transport::WebSocket],
        };
        let (version, revision) = if has(b'4') {
            (Version::V3, Revision::V4)
        } else {
            (Version::V4, Revision::V5)
        };
        let engine = ClientConfig::default()
            .version(version)
            .transports(transports)
            .max_buffered(100);
        let config = Config::default()
            .revision(revision)
            .reconnection((!has(b'n')).then(Backoff::default))
            .max_offline(MAX_OFFLINE)
            .max_offline_bytes(100)
            .max_pending_acks(MAX_ACKS)
            .max_early_events(2)
            .max_unanswered(2);
        let (config, engine) = (Arc::new(config), Arc::new(engine));
        let mut manager = Manager::new(config, engine, Arc::new(Json), 0);
        let auth = if has(b'a') { Auth::Ask } else { Auth::None };
        let sockets = ["/", "/a", "/b?x=1"].map(|name| {
            let namespace = Namespace::new(Text::from(name)).expect("a name");
            let added = manager.add(namespace, auth.clone(), SocketOptions::default());
            added.expect("there is room")
        });
        manager.connect(sockets[0], Instant::ZERO);
        Self {
            manager,
            version,
            now: Instant::ZERO,
            sockets: sockets.to_vec(),
            connected: BTreeSet::new(),
            waiting: Vec::new(),
            get: None,
            post: None,
            link: None,
        }
    }

    fn apply(&mut self, letter: u8, mut args: Args<'_>) {
        let now = self.now;
        match letter {
            b'o' => self.serve(),
            b'f' => {
                // The adapter ends a link that brings something else.
                if let Some(text) = text(args.rest()) {
                    self.frame(Frame::Text(text));
                }
            }
            b'B' => self.frame(Frame::Binary(Bytes::copy_from_slice(args.rest()))),
            b'x' | b'X' => self.end_link(letter == b'X'),
            b'g' => {
                let body = Bytes::copy_from_slice(args.rest());
                self.answer_get(200, body);
            }
            b'G' => self.answer_get(args.number() as u16, Bytes::new()),
            b'p' | b'P' => {
                if let Some(exchange) = self.post.take() {
                    self.manager.drive(now, |it| match letter {
                        b'p' => it.handle_response(exchange, 200, "ok".into(), now),
                        _ => it.handle_failed(exchange, now),
                    });
                }
            }
            b'a' => self.pass(now + Duration::from_millis(args.number())),
            b'z' => self.pass(self.manager.poll_timeout().unwrap_or(now).max(now)),
            b'C' => {
                // What has ended is told at the next look: a cancelled one may be over already.
                self.look();
                let n = args.digit();
                if n < self.waiting.len() {
                    self.manager.cancel_ack(self.waiting.swap_remove(n));
                }
            }
            b'O' => self.manager.open(now),
            b'Q' => self.manager.close(now),
            b'q' => self.manager.close_engine(now),
            b'w' => self.write(),
            b'l' => self.look(),
            _ => {
                if let Some(&socket) = self.sockets.get(args.digit()) {
                    self.apply_to(socket, letter, args);
                }
            }
        }
    }

    fn apply_to(&mut self, socket: Socket, letter: u8, mut args: Args<'_>) {
        let now = self.now;
        match letter {
            b'c' => self.manager.connect(socket, now),
            b'd' => {
                self.manager.disconnect(socket, now);
                assert!(!self.manager.is_active(socket));
            }
            b'r' => self.manager.remove(socket, now),
            b'e' => self.emit(socket, args),
            b'k' => {
                let id = AckId(args.number());
                let payload = Payload::new(Format::Json, None, &1).expect("a list");
                let first = self.manager.ack(socket, id, payload.clone(), now);
                if first.is_ok() {
                    let second = self.manager.ack(socket, id, payload, now);
                    assert!(second.is_err(), "answered once");
                }
            }
            b'A' => {
                let auth = Payload::value(Format::Json, &serde_json::json!({ "a": 1 }));
                let auth = auth.expect("an object");
                let given = self.manager.authorize(socket, Some(auth), now);
                given.expect("an object is fit");
            }
            _ => {}
        }
    }

    fn emit(&mut self, socket: Socket, mut args: Args<'_>) {
        let mut how = Emit::default()
            .volatile(args.flag(b'v'))
            .ack(args.flag(b'k'));
        how.timeout = args
            .flag(b't')
            .then(|| Duration::from_millis(args.number()));
        how.retries = args.flag(b'r').then(|| args.digit() as u32 % 10);
        let payload = Payload::new(Format::Json, Some("e"), &"text").expect("an event");
        match self.manager.emit(socket, payload, how, self.now) {
            Ok(token) => {
                assert_eq!(token.is_some(), how.ack);
                self.waiting.extend(token);
            }
            Err(error) => assert!(!matches!(error, EmitError::Unfit(_))),
        }
    }

    /// A server that does what is wanted of it.
    fn serve(&mut self) {
        self.pull();
        let now = self.now;
        if let Some(link) = self.link {
            self.manager.drive(now, |it| it.handle_link_open(link, now));
            self.frame(Frame::Text(Text::from(OPEN)));
        } else {
            let body = match self.version {
                Version::V4 => OPEN.to_owned(),
                Version::V3 => format!("{}:{OPEN}", OPEN.len()),
            };
            self.answer_get(200, body.into());
        }
    }

    fn frame(&mut self, frame: Frame) {
        let now = self.now;
        if let Some(link) = self.link {
            self.manager
                .drive(now, |it| it.handle_frame(link, frame, now));
        }
    }

    fn answer_get(&mut self, status: u16, body: Bytes) {
        let now = self.now;
        if let Some(exchange) = self.get.take() {
            self.manager
                .drive(now, |it| it.handle_response(exchange, status, body, now));
        }
    }

    fn end_link(&mut self, error: bool) {
        let now = self.now;
        if let Some(link) = self.link.take() {
            self.manager
                .drive(now, |it| it.handle_link_closed(link, error, now));
        }
    }

    fn pass(&mut self, until: Instant) {
        self.now = until;
        self.manager.handle_timeout(until);
    }

    /// One request of each kind and one link at a time: never two sessions.
    fn pull(&mut self) {
        for steps in 0.. {
            assert!(steps < 100, "commands without end");
            let Some(command) = self.manager.poll_command() else {
                break;
            };
            match command {
                Command::Request {
                    exchange,
                    method: Method::Get,
                    ..
                } => assert_eq!(self.get.replace(exchange), None, "one GET"),
                Command::Request { exchange, .. } => {
                    assert_eq!(self.post.replace(exchange), None, "one POST");
                }
                Command::OpenLink { link, .. } => {
                    assert_eq!(self.link.replace(link), None, "one link");
                }
                Command::Cancel { exchange } => {
                    self.get.take_if(|it| *it == exchange);
                    self.post.take_if(|it| *it == exchange);
                }
                Command::CancelLink { link } => {
                    self.link.take_if(|it| *it == link);
                }
                _ => {}
            }
        }
    }

    fn write(&mut self) {
        while let Some(link) = self.link {
            match self.manager.poll_transmit(link) {
                Some(Transmit::Frame(_)) => {}
                Some(Transmit::Finish) => self.end_link(false),
                None => break,
            }
        }
    }

    fn look(&mut self) {
        while let Some(event) = self.manager.poll_event() {
            match event {
                Event::Connected { socket, .. } => {
                    assert!(self.connected.insert(socket), "in turn");
                }
                Event::Disconnected { socket, .. } => {
                    assert!(self.connected.remove(&socket), "in turn");
                }
                Event::Message { socket, .. } => {
                    assert!(self.sockets.contains(&socket));
                }
                Event::Acked { token, .. } => {
                    let place = self.waiting.iter().position(|waiting| *waiting == token);
                    self.waiting
                        .swap_remove(place.expect("asked for, and once"));
                }
                _ => {}
            }
        }
    }

    fn check(&mut self) {
        self.pull();
        for &socket in &self.sockets {
            assert!(self.manager.buffered(socket) <= MAX_OFFLINE);
            assert!(self.manager.pending_acks(socket) <= MAX_ACKS + MAX_OFFLINE);
        }
    }

    /// The application goes. Whatever the server does, nothing is left.
    fn end(&mut self) {
        for socket in self.sockets.clone() {
            self.manager.remove(socket, self.now);
        }
        self.manager.close(self.now);
        assert!(self.manager.is_idle());
        for steps in 0.. {
            assert!(steps < 100, "it does not come to its end");
            self.pull();
            self.write();
            // Writing may have brought it to its end.
            self.pull();
            self.look();
            let Some(next) = self.manager.poll_timeout() else {
                break;
            };
            self.pass(next.max(self.now));
        }
        assert_eq!(self.link, None);
        assert_eq!((self.get, self.post), (None, None));
        assert!(self.waiting.is_empty(), "every acknowledgement has ended");
        assert!(self.connected.is_empty(), "every socket has");
    }
}
