//! Any operations on a server's session: each exchange is answered once, messages leave in order
//! and once, the buffer keeps its limit, no more comes in than the rates allow, nothing follows the
//! end, and the end comes.
//!
//! The first record configures: `3` protocol 3, `w` WebSocket, `b` base64 only, `j` JSONP, `n` no
//! upgrades, `i` an initial packet, `r` a rate of packets, `R` one of bytes. The others operate:
//!
//! | record | operation |
//! | --- | --- |
//! | `g` | a GET |
//! | `p`, `u`, `P` | a POST begins: text, the binary form of protocol 3, neither |
//! | `d` body, `h` body, `D` | its body, with `FF` for each `|`, or that it is too large |
//! | `x` n | the n-th exchange is aborted |
//! | `l`, `w`, `L`, `k` | a link of WebSocket, without bytes, of WebTransport, polling |
//! | `f` n text, `B` n bytes | a frame on the n-th link |
//! | `e` n, `E` n | bad UTF-8, a bad length on it |
//! | `c` n, `C` n | it is closed, lost |
//! | `s` len, `S` len, `m` n | send text, binary, n texts at once |
//! | `q`, `Q`, `o` | close: regular, shutting down, overflow |
//! | `t` n | pull from the n-th link until it has nothing |
//! | `r`, `v` | pull responses, events |
//! | `a` ms, `y` ms, `z` | time passes, stands still or goes back, goes to the next deadline |
#![no_main]

use bytes::Bytes;
use engineio_proto::{
    CloseReason, DecodeError, Frame, Instant, Message, Outgoing, Packet, Rate, SendError, Sid,
    Text, Transport, Version,
    config::ServerConfig,
    http::{Method, Request, Response, Route, route},
    payload::{Encoding, decode},
    server::{Event, Exchange, Link, Session, Transmit},
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
const PACKET_RATE: Rate = Rate::per_second(2).burst(6);
const BYTE_RATE: Rate = Rate::per_second(50).burst(300);
const INITIAL: &str = "initial";

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
    now: Instant,
    exchanges: u64,
    unanswered: BTreeSet<Exchange>,
    post: Option<Exchange>,
    links: Vec<Link>,
    /// Finished by the session or gone by themselves.
    over: BTreeSet<Link>,
    /// Messages that were taken and have not come out, and the number of the next.
    sent: VecDeque<u64>,
    next: u64,
    /// What has come in: messages, and their bytes.
    received: (u64, u64),
    has_rates: (bool, bool),
    is_jsonp: bool,
    /// A response was taken back, and the messages in it with it.
    has_gap: bool,
    is_closed: bool,
}

impl World {
    fn new(options: &[u8]) -> Self {
        let has = |letter| options.contains(&letter);
        let mut config = ServerConfig::default()
            .transports([
                Transport::Polling,
                Transport::WebSocket,
                Transport::WebTransport,
            ])
            .allow_eio3(true)
            .allow_upgrades(!has(b'n'))
            .max_buffered(MAX_BUFFERED)
            .max_queued(MAX_QUEUED)
            .max_payload(MAX_PAYLOAD)
            .max_packets(4);
        config.packet_rate = has(b'r').then_some(PACKET_RATE);
        config.byte_rate = has(b'R').then_some(BYTE_RATE);
        config.initial_packet = has(b'i').then(|| Outgoing::text(INITIAL));
        let query = format!(
            "EIO={}&transport={}{}{}",
            if has(b'3') { 3 } else { 4 },
            if has(b'w') { "websocket" } else { "polling" },
            if has(b'b') { "&b64=1" } else { "" },
            if has(b'j') { "&j=0" } else { "" },
        );
        let request = Request {
            method: Method::Get,
            query: &query,
            content_type: None,
            origin: None,
            user_agent: None,
            is_upgrade: has(b'w'),
        };
        let Ok(Route::Handshake(handshake)) = route(&config, &request) else {
            panic!("a handshake");
        };
        let sid = Sid::new(Text::from("sid")).expect("legal");
        Self {
            session: Session::accept(Arc::new(config), sid, &handshake, Instant::ZERO),
            now: Instant::ZERO,
            exchanges: 0,
            unanswered: BTreeSet::new(),
            post: None,
            links: Vec::new(),
            over: BTreeSet::new(),
            sent: VecDeque::new(),
            next: 0,
            received: (0, 0),
            has_rates: (has(b'r'), has(b'R')),
            is_jsonp: has(b'j') && !has(b'w'),
            has_gap: false,
            is_closed: false,
        }
    }

    fn apply(&mut self, letter: u8, mut args: Args<'_>) {
        let now = self.now;
        match letter {
            b'g' => {
                let exchange = self.exchange();
                self.session.handle_poll(exchange, now);
            }
            b'p' | b'u' | b'P' => {
                let exchange = self.exchange();
                self.post = Some(exchange);
                let encoding = match (letter, self.session.version()) {
                    (b'p', Version::V4) => Some(Encoding::V4),
                    (b'p', Version::V3) => Some(Encoding::V3Text),
                    (b'u', _) => Some(Encoding::V3Binary),
                    _ => None,
                };
                self.session.handle_push_begin(exchange, encoding, now);
            }
            b'd' | b'h' => {
                if let Some(post) = self.post.take() {
                    let mut body = args.rest().to_vec();
                    if letter == b'h' {
                        let marked = body.iter_mut().filter(|byte| **byte == b'|');
                        marked.for_each(|byte| *byte = 0xff);
                    }
                    self.session.handle_push(post, body.into(), now);
                }
            }
            b'D' => {
                if let Some(post) = self.post.take() {
                    self.session.handle_push_too_large(post, now);
                }
            }
            b'x' => {
                let exchange = Exchange(args.number());
                self.session.handle_abort(exchange, now);
                // What it took along is lost, if it had been answered.
                self.has_gap |= self.unanswered.remove(&exchange);
            }
            b'l' => self.open(Transport::WebSocket, false),
            b'w' => self.open(Transport::WebSocket, true),
            b'L' => self.open(Transport::WebTransport, false),
            b'k' => self.open(Transport::Polling, false),
            b's' => self.send([args.number()], false),
            b'S' => self.send([args.number()], true),
            b'm' => self.send(vec![1; args.digit()], false),
            b'q' => self.session.close(CloseReason::Forced, now),
            b'Q' => self.session.close(CloseReason::ShuttingDown, now),
            b'o' => self.session.close(CloseReason::Overflow, now),
            b'r' => self.pull_responses(),
            b'v' => self.pull_events(),
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
            b'f' => match text(args.rest()) {
                Some(text) => {
                    // Who moves to a link has read what polling brought, the session's id first.
                    if text.starts_with('5') {
                        self.pull_responses();
                    }
                    self.session.handle_frame(link, Frame::Text(text), now);
                }
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
                self.over.insert(link);
            }
            b't' => self.pull_link(link),
            _ => {}
        }
    }

    fn exchange(&mut self) -> Exchange {
        let exchange = Exchange(self.exchanges);
        self.exchanges += 1;
        self.unanswered.insert(exchange);
        exchange
    }

    fn open(&mut self, transport: Transport, b64: bool) {
        if let Some(link) = self.session.handle_upgrade(transport, b64, self.now) {
            assert!(!self.links.contains(&link), "a new number");
            self.links.push(link);
        }
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

    fn pull_link(&mut self, link: Link) {
        while let Some(transmit) = self.session.poll_transmit(link) {
            assert!(!self.over.contains(&link), "{transmit:?} after the end");
            match transmit {
                Transmit::Finish => {
                    self.over.insert(link);
                }
                Transmit::Frame(frame) => {
                    let packet = match self.session.version() {
                        Version::V4 => Packet::from_frame(frame),
                        Version::V3 => Packet::from_frame_v3(frame),
                    };
                    self.receive(packet.expect("a packet"));
                }
            }
        }
    }

    fn pull_responses(&mut self) {
        while let Some((exchange, response)) = self.session.poll_response() {
            assert!(
                self.unanswered.remove(&exchange),
                "{exchange:?} has its answer"
            );
            self.read(&response);
        }
    }

    fn read(&mut self, response: &Response) {
        assert_eq!(response.no_store, response.status == 200);
        let encoding = match (response.content_type, self.session.version()) {
            (Some("text/plain; charset=UTF-8"), Version::V4) => Encoding::V4,
            (Some("text/plain; charset=UTF-8"), Version::V3) => Encoding::V3Text,
            (Some("application/octet-stream"), Version::V3) => Encoding::V3Binary,
            _ => return,
        };
        for packet in decode(encoding, &self.payload(&response.body)) {
            self.receive(packet.expect("a packet"));
        }
    }

    /// The body, or what the script in it hands to the page.
    fn payload(&self, body: &Bytes) -> Bytes {
        if !self.is_jsonp {
            return body.clone();
        }
        let script = std::str::from_utf8(body).expect("text");
        let argument = script.strip_prefix("___eio[0](").expect("a call");
        let argument = argument.strip_suffix(");").expect("a call");
        let payload: String = serde_json::from_str(argument).expect("a string");
        payload.into()
    }

    /// What the client gets.
    fn receive(&mut self, packet: Packet) {
        let Packet::Message(message) = packet else {
            return;
        };
        let bytes = match message {
            Message::Text(text) if text == INITIAL => return,
            Message::Text(text) => text.into_bytes(),
            Message::Binary(bytes) => bytes,
        };
        let number = bytes.split(|byte| *byte == b':').next().expect("one part");
        let number: u64 = String::from_utf8_lossy(number).parse().expect("a number");
        while self.has_gap && self.sent.front().is_some_and(|next| *next < number) {
            self.sent.pop_front();
        }
        assert_eq!(self.sent.pop_front(), Some(number), "in order, once");
    }

    fn pull_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            assert!(!self.is_closed, "{event:?} after the end");
            match &event {
                Event::Message(message) => {
                    self.received.0 += 1;
                    self.received.1 += match message {
                        Message::Text(text) => text.len() as u64,
                        // Base64 is longer, not shorter.
                        Message::Binary(bytes) => bytes.len() as u64,
                    };
                }
                Event::Closed(CloseReason::PacketRate) => assert!(self.has_rates.0),
                Event::Closed(CloseReason::ByteRate) => assert!(self.has_rates.1),
                _ => {}
            }
            self.is_closed = matches!(event, Event::Closed(_));
        }
        let within = |rate: Rate, count: u64| {
            let millis = u128::from(self.now.as_micros() / 1000 + 1);
            let allowed = u128::from(rate.per_second) * millis / 1000 + u128::from(rate.burst);
            u128::from(count) <= allowed
        };
        assert!(!self.has_rates.0 || within(PACKET_RATE, self.received.0));
        assert!(!self.has_rates.1 || within(BYTE_RATE, self.received.1));
    }

    fn check(&self) {
        let buffered = self.session.buffered();
        assert!(buffered <= MAX_BUFFERED);
        assert_eq!(self.session.room_bytes(), MAX_BUFFERED - buffered);
        assert!(!(self.is_closed && self.session.is_writable()));
        if self.session.is_closed() {
            assert!(self.is_closed, "over, and the application was not told");
            assert!(self.unanswered.is_empty(), "over, and not answered");
            assert_eq!(self.session.poll_timeout(), None);
        }
    }

    /// However it went: left alone, the session ends, and owes nothing to anybody.
    fn end(mut self) {
        for _ in 0..64 {
            self.pull_responses();
            self.pull_events();
            self.check();
            let Some(at) = self.session.poll_timeout() else {
                break;
            };
            self.now = self.now.max(at);
            self.timeout();
        }
        assert!(self.session.is_closed());
        for link in self.links.clone() {
            self.pull_link(link);
        }
        assert_eq!(self.session.poll_event(), None);
        assert_eq!(self.session.poll_response(), None);
        assert_eq!(self.session.buffered(), 0);
    }
}
