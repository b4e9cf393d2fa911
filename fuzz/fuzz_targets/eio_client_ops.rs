//! Any answers of a server to a client's session, and any operations: one GET and one POST run at
//! a time, messages leave in order and once, the buffer keeps its limit, no busy loop, nothing
//! follows the end, and the end comes, with nothing left under way.
//!
//! The first record configures: `3` protocol 3, `w` WebSocket only, `t` WebTransport as well, `b`
//! base64 only, `n` no upgrades, `a` try all transports, `r` WebSocket is remembered, `o` the
//! session opens over polling by itself. The others operate:
//!
//! | record | operation |
//! | --- | --- |
//! | `k`, `v` | pull commands, events |
//! | `t` n | pull from the n-th link until it has nothing |
//! | `g` body, `h` body | the GET is answered; with `FF` for each `\|` |
//! | `p` | the POST is answered |
//! | `G` status, `P` status | they are answered with this status |
//! | `x` n | the n-th exchange fails |
//! | `l` n | the n-th link is open |
//! | `f` n text, `B` n bytes | a frame on it |
//! | `e` n, `E` n | bad UTF-8, a bad length on it |
//! | `c` n, `C` n | it is closed, lost |
//! | `s` len, `S` len, `m` n | send text, binary, n texts at once |
//! | `q`, `Q` | close, abort |
//! | `a` ms, `y` ms, `z` | time passes, stands still or goes back, goes to the next deadline |
#![no_main]

use bytes::Bytes;
use engineio_proto::{
    CloseReason, DecodeError, Frame, Instant, Message, Outgoing, Packet, SendError, Transport,
    Version,
    client::{ClientConfig, Command, Event, Exchange, Link, Session, Start, Transmit},
    http::Method,
    payload::{Encoding, decode},
};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{Args, records, text};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

const MAX_BUFFERED: usize = 100;
const MAX_QUEUED: usize = 12;
const MAX_PAYLOAD: usize = 200;
/// Commands after one input: three links and two requests to cancel, and as many to begin.
const MAX_COMMANDS: usize = 10;
const OPEN: &str = r#"0{"sid":"S","upgrades":["websocket","webtransport"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":50}"#;

fuzz_target!(|data: &[u8]| {
    let mut records = records(data);
    let options = records.next().unwrap_or_default();
    let mut world = World::new(options);
    for (letter, args) in records.filter_map(Args::of) {
        world.apply(letter, args);
        world.check();
    }
    world.end();
});

struct World {
    session: Session,
    version: Version,
    now: Instant,
    get: Option<Exchange>,
    post: Option<Exchange>,
    /// All that ever ran, and those that run.
    exchanges: Vec<Exchange>,
    running: BTreeSet<Exchange>,
    cancelled: BTreeSet<Exchange>,
    links: Vec<Link>,
    standing: BTreeSet<Link>,
    broken: BTreeSet<Link>,
    /// Finished, cancelled or gone.
    over: BTreeSet<Link>,
    /// Messages that were taken and have not come out, and the number of the next.
    sent: VecDeque<u64>,
    next: u64,
    is_closed: bool,
}

impl World {
    fn new(options: &[u8]) -> Self {
        let has = |letter| options.contains(&letter);
        let mut transports = vec![Transport::WebSocket];
        if !has(b'w') {
            transports.insert(0, Transport::Polling);
        }
        if has(b't') {
            transports.push(Transport::WebTransport);
        }
        let version = if has(b'3') { Version::V3 } else { Version::V4 };
        let config = ClientConfig::default()
            .version(version)
            .transports(transports)
            .force_base64(has(b'b'))
            .upgrade(!has(b'n'))
            .try_all_transports(has(b'a'))
            .max_buffered(MAX_BUFFERED)
            .max_queued(MAX_QUEUED)
            .max_payload(MAX_PAYLOAD)
            .max_packets(4);
        let start = Start {
            remembered: has(b'r'),
            ..Start::default()
        };
        let mut world = Self {
            session: Session::connect(Arc::new(config), start, Instant::ZERO),
            version,
            now: Instant::ZERO,
            get: None,
            post: None,
            exchanges: Vec::new(),
            running: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            links: Vec::new(),
            standing: BTreeSet::new(),
            broken: BTreeSet::new(),
            over: BTreeSet::new(),
            sent: VecDeque::new(),
            next: 0,
            is_closed: false,
        };
        if has(b'o') {
            world.pull_commands();
            let open = match version {
                Version::V4 => OPEN.to_string(),
                Version::V3 => format!("{}:{OPEN}", OPEN.len()),
            };
            world.answer(world.get, 200, open.into());
        }
        world
    }

    fn apply(&mut self, letter: u8, mut args: Args<'_>) {
        let now = self.now;
        match letter {
            b'k' => self.pull_commands(),
            b'v' => self.pull_events(),
            b'g' => self.answer(self.get, 200, Bytes::copy_from_slice(args.rest())),
            b'h' => {
                let mut body = args.rest().to_vec();
                let marked = body.iter_mut().filter(|byte| **byte == b'|');
                marked.for_each(|byte| *byte = 0xff);
                self.answer(self.get, 200, body.into());
            }
            b'p' => self.answer(self.post, 200, Bytes::from_static(b"ok")),
            b'G' => self.answer(self.get, args.number() as u16, Bytes::new()),
            b'P' => self.answer(self.post, args.number() as u16, Bytes::new()),
            b'x' => {
                if let Some(&exchange) = self.exchanges.get(args.digit()) {
                    self.running.remove(&exchange);
                    self.session.handle_failed(exchange, now);
                }
            }
            b's' => self.send([args.number()], false),
            b'S' => self.send([args.number()], true),
            b'm' => self.send(vec![1; args.digit()], false),
            b'q' => self.session.close(now),
            b'Q' => self.session.abort(CloseReason::Overflow, now),
            b'a' => {
                self.now += Duration::from_millis(args.number());
                self.timeout();
            }
            b'y' => {
                let micros = now.as_micros().saturating_sub(args.number() * 1000);
                self.session.handle_timeout(Instant::from_micros(micros));
            }
            b'z' => {
                self.now = self.session.poll_timeout().map_or(now, |at| at.max(now));
                self.timeout();
            }
            _ => {
                if let Some(&link) = self.links.get(args.digit()) {
                    self.apply_to(link, letter, args);
                }
            }
        }
    }

    fn apply_to(&mut self, link: Link, letter: u8, args: Args<'_>) {
        let now = self.now;
        match letter {
            b'l' => self.session.handle_link_open(link, now),
            b'f' => match text(args.rest()) {
                Some(text) => self.session.handle_frame(link, Frame::Text(text), now),
                None => self.session.handle_link_error(link, DecodeError::Utf8, now),
            },
            b'B' => {
                let bytes = Bytes::copy_from_slice(args.rest());
                self.session.handle_frame(link, Frame::Binary(bytes), now);
            }
            b'e' => self.session.handle_link_error(link, DecodeError::Utf8, now),
            b'E' => self
                .session
                .handle_link_error(link, DecodeError::Length, now),
            b'c' | b'C' => {
                self.session.handle_link_closed(link, letter == b'C', now);
                self.drop_link(link);
            }
            b't' => self.pull_link(link),
            _ => {}
        }
    }

    fn answer(&mut self, exchange: Option<Exchange>, status: u16, body: Bytes) {
        if let Some(exchange) = exchange {
            self.running.remove(&exchange);
            self.session
                .handle_response(exchange, status, body, self.now);
        }
    }

    fn drop_link(&mut self, link: Link) {
        self.standing.remove(&link);
        self.over.insert(link);
    }

    fn send(&mut self, lens: impl IntoIterator<Item = u64>, binary: bool) {
        let numbered = (self.next..).zip(lens);
        let batch: Vec<_> = numbered
            .map(|(number, len)| {
                let text = format!("{number}:{}", "x".repeat(len as usize % (2 * MAX_BUFFERED)));
                if binary {
                    Outgoing::binary(text.into())
                } else {
                    Outgoing::text(&text)
                }
            })
            .collect();
        let len = batch.len() as u64;
        let bytes: usize = batch.iter().map(Outgoing::len).sum();
        let fits =
            bytes <= self.session.room_bytes() && batch.len() <= self.session.room_messages();
        match self.session.send(batch) {
            Ok(()) => {
                assert!(fits && !self.is_closed);
                self.sent.extend(self.next..self.next + len);
                self.next += len;
            }
            Err(SendError::Full) => assert!(!fits),
            Err(error) => assert_eq!(error, SendError::Closed),
        }
    }

    fn timeout(&mut self) {
        self.session.handle_timeout(self.now);
        let next = self.session.poll_timeout();
        assert!(next.is_none_or(|at| at > self.now), "a busy loop");
    }

    fn pull_commands(&mut self) {
        let mut count = 0;
        while let Some(command) = self.session.poll_command() {
            count += 1;
            assert!(count <= MAX_COMMANDS, "{command:?}");
            match command {
                Command::Request {
                    exchange,
                    method,
                    content_type,
                    body,
                    ..
                } => {
                    assert!(self.running.insert(exchange), "a new number");
                    self.exchanges.push(exchange);
                    let slot = if method == Method::Get {
                        &mut self.get
                    } else {
                        &mut self.post
                    };
                    let before = slot.replace(exchange);
                    let is_alone = before.is_none_or(|before| !self.running.contains(&before));
                    assert!(is_alone, "two of a kind");
                    if method == Method::Post {
                        self.read(content_type, &body);
                    }
                }
                Command::Cancel { exchange } => {
                    // It may have ended since.
                    self.running.remove(&exchange);
                    assert!(self.cancelled.insert(exchange), "twice");
                }
                Command::OpenLink { link, .. } => {
                    assert!(!self.links.contains(&link), "a new number");
                    self.links.push(link);
                    self.standing.insert(link);
                }
                Command::CancelLink { link } => {
                    assert!(self.broken.insert(link), "twice");
                    self.drop_link(link);
                }
                _ => {}
            }
        }
    }

    fn read(&mut self, content_type: Option<&str>, body: &Bytes) {
        let encoding = match (content_type, self.version) {
            (Some("application/octet-stream"), Version::V3) => Encoding::V3Binary,
            (Some("text/plain;charset=UTF-8"), Version::V3) => Encoding::V3Text,
            (Some("text/plain;charset=UTF-8"), Version::V4) => Encoding::V4,
            other => panic!("{other:?}"),
        };
        for packet in decode(encoding, body) {
            self.receive(packet.expect("a packet"));
        }
    }

    fn pull_link(&mut self, link: Link) {
        while let Some(transmit) = self.session.poll_transmit(link) {
            assert!(!self.over.contains(&link), "{transmit:?} after the end");
            match transmit {
                Transmit::Finish => self.drop_link(link),
                Transmit::Frame(Frame::Text(text)) if text.starts_with('0') => {}
                Transmit::Frame(frame) => {
                    let packet = match self.version {
                        Version::V4 => Packet::from_frame(frame),
                        Version::V3 => Packet::from_frame_v3(frame),
                    };
                    self.receive(packet.expect("a packet"));
                }
            }
        }
    }

    /// What the server gets.
    fn receive(&mut self, packet: Packet) {
        let Packet::Message(message) = packet else {
            return;
        };
        let bytes = match message {
            Message::Text(text) => text.into_bytes(),
            Message::Binary(bytes) => bytes,
        };
        let number = bytes.split(|byte| *byte == b':').next().expect("one part");
        let number: u64 = String::from_utf8_lossy(number).parse().expect("a number");
        assert_eq!(self.sent.pop_front(), Some(number), "in order, once");
    }

    fn pull_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            assert!(!self.is_closed, "{event:?} after the end");
            self.is_closed = matches!(event, Event::Closed { .. });
        }
    }

    fn check(&self) {
        let buffered = self.session.buffered();
        assert!(buffered <= MAX_BUFFERED);
        assert_eq!(self.session.room_bytes(), MAX_BUFFERED - buffered);
        assert!(!(self.is_closed && self.session.is_writable()));
        if self.session.is_closed() {
            assert!(self.is_closed, "over, and the application was not told");
            assert!(self.running.is_empty(), "over, and requests run");
            assert!(self.standing.is_empty(), "over, and links stand");
            assert_eq!(self.session.poll_timeout(), None);
        }
    }

    /// However it went: left alone, the session ends, and nothing that it began is under way.
    fn end(mut self) {
        for _ in 0..64 {
            self.pull_commands();
            self.pull_events();
            self.check();
            let Some(at) = self.session.poll_timeout() else {
                break;
            };
            self.now = self.now.max(at);
            self.timeout();
        }
        self.pull_events();
        self.check();
        assert!(self.session.is_closed());
        for link in self.links.clone() {
            self.pull_link(link);
        }
        assert_eq!(self.session.poll_event(), None);
        assert_eq!(self.session.poll_command(), None);
        assert_eq!(self.session.buffered(), 0);
    }
}
