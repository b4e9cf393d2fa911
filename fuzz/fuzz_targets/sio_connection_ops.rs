//! Any frames, times and calls on a peer: sockets are announced and end once, each acknowledgement
//! is settled once, limits hold, and nothing is left behind when the client is gone.
//!
//! The first record chooses: `p` for polling, else WebSocket; `4` for revision 4, else 5. The others
//! operate:
//!
//! | record | operation |
//! | --- | --- |
//! | `f` text, `B` bytes | a frame, or a POST of this body |
//! | `a` ms, `z` | time passes, goes to the next deadline |
//! | `A` n, `R` n | the n-th last socket is accepted, refused |
//! | `U` n | it is told that there is no such namespace |
//! | `e` n, then `v` volatile, `k` id for an acknowledgement, `t` ms for its timeout, `o` policy, `y` key, `b` attachments | emit to it |
//! | `c` n | cancel the n-th acknowledgement that is waited for |
//! | `k` n id | acknowledge an event of that socket |
//! | `d` n, `D` n | disconnect it, and with it all |
//! | `w`, `W`, `l` | read what there is to write, one frame of it, look what has happened |
//! | `q`, `x` | close, cut the connection |
#![no_main]

use bytes::Bytes;
use engineio_proto::{
    CloseReason, DecodeError, Frame, Sid, Transport,
    config::ServerConfig,
    http::{Method, Request, Route, route},
    payload::Encoding,
    server::{Exchange, Link, Session, Transmit},
};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{Args, records, text};
use socketio_proto::{
    AckId, EmitError, Format, Instant, Json, Payload, SocketId, Text, Value,
    acks::AckToken,
    server::{Config, Connection, Emit, Event, Overflow, Peer, Revision, Socket},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

const MAX_NAMESPACES: usize = 3;
const MAX_ACKS: usize = 3;
const MAX_BUFFERED: usize = 400;
const POLICIES: [Overflow; 5] = [
    Overflow::Refuse,
    Overflow::DropNewest,
    Overflow::DropOldest,
    Overflow::KeepLatest,
    Overflow::Close,
];

fuzz_target!(|data: &[u8]| {
    let mut records = records(data);
    let first = records.next().unwrap_or_default();
    let mut world = World::new(first.contains(&b'p'), first.contains(&b'4'));
    for (letter, args) in records.filter_map(Args::of) {
        world.apply(letter, args);
        world.check();
    }
    world.end();
});

/// Those of revision 4 come from a query.
fn check_credentials(auth: &Payload) {
    let pairs: BTreeMap<String, String> = auth.decode().expect("strings by name");
    assert!(!pairs.is_empty());
}

struct World {
    peer: Peer,
    now: Instant,
    /// `None` on polling.
    link: Option<Link>,
    exchanges: u64,
    /// All that were announced.
    seen: Vec<Socket>,
    alive: BTreeSet<Socket>,
    waiting: Vec<AckToken>,
    /// Attachments that the packet which was read last still lacks.
    missing: usize,
    is_closed: bool,
}

impl World {
    fn new(is_polling: bool, is_revision_4: bool) -> Self {
        let now = Instant::ZERO;
        let engine = ServerConfig::default().max_buffered(MAX_BUFFERED);
        let query = if is_polling {
            "EIO=4&transport=polling"
        } else {
            "EIO=4&transport=websocket"
        };
        let request = Request {
            method: Method::Get,
            query,
            content_type: None,
            origin: None,
            user_agent: None,
            is_upgrade: !is_polling,
        };
        let Ok(Route::Handshake(handshake)) = route(&engine, &request) else {
            panic!("a handshake");
        };
        let sid = Sid::new(Text::from("sid")).expect("legal");
        let mut session = Session::accept(Arc::new(engine), sid, &handshake, now);
        let link = session.handle_link(Transport::WebSocket, now);
        let config = Config::default()
            .max_namespaces(MAX_NAMESPACES)
            .max_pending_acks(MAX_ACKS);
        let revision = if is_revision_4 {
            Revision::V4
        } else {
            Revision::V5
        };
        let connection = Connection::new(Arc::new(config), Arc::new(Json), revision, now);
        Self {
            peer: Peer::new(session, connection),
            now,
            link: link.filter(|_| !is_polling),
            exchanges: 0,
            seen: Vec::new(),
            alive: BTreeSet::new(),
            waiting: Vec::new(),
            missing: 0,
            is_closed: false,
        }
    }

    fn apply(&mut self, letter: u8, mut args: Args<'_>) {
        match letter {
            b'f' | b'B' => self.receive(letter == b'B', args.rest()),
            b'a' => self.pass(self.now + Duration::from_millis(args.number())),
            b'z' => {
                let next = self.peer.poll_timeout();
                self.pass(next.unwrap_or(self.now).max(self.now));
            }
            b'c' => {
                // What has ended is told at the next look: a cancelled one may be over already.
                self.look();
                let n = args.digit();
                if n < self.waiting.len() {
                    let token = self.waiting.swap_remove(n);
                    self.call(|connection, _| connection.cancel_ack(token));
                }
            }
            b'w' => self.write(),
            b'W' => {
                if let Some(link) = self.link {
                    self.write_one(link);
                }
            }
            b'l' => self.look(),
            b'q' => self.call(|connection, _| connection.close(CloseReason::ShuttingDown)),
            b'x' => self.cut(),
            _ => {
                let n = args.digit();
                if let Some(&socket) = self.seen.iter().rev().nth(n) {
                    self.apply_to(socket, letter, args);
                }
            }
        }
    }

    fn apply_to(&mut self, socket: Socket, letter: u8, mut args: Args<'_>) {
        match letter {
            b'A' => {
                let id = SocketId(Text::from("id"));
                self.call(|connection, _| connection.accept(socket, id));
            }
            b'R' | b'U' => {
                let error = serde_json::json!({ "message": "no" });
                let error = Payload::value(Format::Json, &error).expect("an object");
                let is_refused = self.call(|connection, _| match letter {
                    b'R' => connection.reject(socket, error),
                    _ => connection.reject_unknown(socket),
                });
                if is_refused {
                    // It was waiting for this, and nothing more is heard of it.
                    self.alive.remove(&socket);
                }
            }
            b'e' => self.emit(socket, args),
            b'k' => {
                let id = AckId(args.number());
                let payload = Payload::new(Format::Json, None, &1).expect("a list");
                let _ = self.call(|connection, _| connection.ack(socket, id, payload));
            }
            b'd' | b'D' => {
                self.call(|connection, _| connection.disconnect(socket, letter == b'D'));
            }
            _ => {}
        }
    }

    fn emit(&mut self, socket: Socket, mut args: Args<'_>) {
        let mut how = Emit::default().volatile(args.flag(b'v'));
        how.ack = args.flag(b'k').then(|| AckId(args.digit() as u64));
        how.timeout = args
            .flag(b't')
            .then(|| Duration::from_millis(args.number()));
        if args.flag(b'o') {
            how.overflow = POLICIES[args.digit() % POLICIES.len()];
        }
        if args.flag(b'y') {
            how.key = Some(Text::from(args.digit().to_string()));
        }
        let attachments = if args.flag(b'b') { args.digit() } else { 0 };
        let attachments = vec![Value::Binary(Bytes::from_static(b"attachment")); attachments];
        let payload = Payload::new(Format::Json, Some("e"), &("text", attachments));
        let payload = payload.expect("an event");
        let wants_ack = how.ack.is_some();
        let (overflow, is_volatile) = (how.overflow, how.volatile);
        match self.call(|connection, now| connection.emit(socket, payload, how, now)) {
            Ok(token) => {
                assert_eq!(token.is_some(), wants_ack);
                self.waiting.extend(token);
            }
            Err(EmitError::Full) => {
                assert!(matches!(overflow, Overflow::Refuse | Overflow::Close));
            }
            Err(EmitError::Dropped) => {
                assert!(is_volatile || !matches!(overflow, Overflow::Refuse | Overflow::Close));
            }
            Err(error) => assert!(!matches!(error, EmitError::Unfit(_))),
        }
    }

    fn receive(&mut self, binary: bool, data: &[u8]) {
        let now = self.now;
        let bytes = Bytes::copy_from_slice(data);
        let Some(link) = self.link else {
            let (get, post) = (self.exchange(), self.exchange());
            return self.peer.drive(now, |session| {
                if binary {
                    session.handle_poll(get, now);
                }
                session.handle_push_begin(post, Some(Encoding::V4), now);
                session.handle_push(post, bytes, now);
            });
        };
        self.peer.drive(now, |session| match text(data) {
            _ if binary => session.handle_frame(link, Frame::Binary(bytes), now),
            Some(text) => session.handle_frame(link, Frame::Text(text), now),
            None => session.handle_link_error(link, DecodeError::Utf8, now),
        });
    }

    /// Time passes, deadline by deadline. The client answers pings while it is read from.
    fn pass(&mut self, until: Instant) {
        for _ in 0..64 {
            let Some(at) = self.peer.poll_timeout().filter(|at| *at <= until) else {
                break;
            };
            self.now = self.now.max(at);
            self.peer.handle_timeout(self.now);
            let next = self.peer.poll_timeout();
            assert!(next.is_none_or(|at| at > self.now), "a busy loop");
        }
        self.now = until;
    }

    fn call<R>(&mut self, call: impl FnOnce(&mut Connection, Instant) -> R) -> R {
        let now = self.now;
        self.peer.apply(now, |connection| call(connection, now))
    }

    fn exchange(&mut self) -> Exchange {
        self.exchanges += 1;
        Exchange(self.exchanges)
    }

    fn write(&mut self) {
        let now = self.now;
        let Some(link) = self.link else {
            let get = self.exchange();
            self.peer
                .drive(now, |session| session.handle_poll(get, now));
            while self.peer.poll_response().is_some() {}
            return;
        };
        while self.write_one(link) {}
        // A session that ends for a reason drops what waits.
        let is_whole = self.missing == 0 || !self.peer.engine().is_open();
        assert!(is_whole, "no packet is torn");
    }

    /// Reads one frame.
    fn write_one(&mut self, link: Link) -> bool {
        match self.peer.poll_transmit(link) {
            Some(Transmit::Frame(Frame::Text(text))) if text == "2" => self.receive(false, b"3"),
            Some(Transmit::Frame(Frame::Text(text))) => {
                assert_eq!(self.missing, 0, "no packet is torn");
                let count = text.strip_prefix("45").and_then(|it| it.split_once('-'));
                self.missing = count.map_or(0, |(count, _)| count.parse().expect("a number"));
            }
            Some(Transmit::Frame(Frame::Binary(_))) => {
                self.missing = self
                    .missing
                    .checked_sub(1)
                    .expect("an attachment of a packet");
            }
            Some(Transmit::Finish) | None => return false,
        }
        true
    }

    fn look(&mut self) {
        while let Some(event) = self.peer.poll_event() {
            assert!(!self.is_closed, "{event:?} after the end");
            match event {
                Event::Connect {
                    socket,
                    namespace,
                    auth,
                } => {
                    assert!(!self.seen.contains(&socket), "announced once");
                    if self.peer.connection().revision() == Revision::V4 {
                        assert!(!namespace.as_str().contains('?'), "a query is no name");
                        auth.iter().for_each(check_credentials);
                    }
                    self.seen.push(socket);
                    self.alive.insert(socket);
                }
                Event::Message {
                    socket, payload, ..
                } => {
                    assert!(self.alive.contains(&socket), "from who is there");
                    assert!(payload.event().is_some());
                }
                Event::Disconnected { socket, .. } => {
                    assert!(self.alive.remove(&socket), "gone once");
                }
                Event::Acked { token, .. } => {
                    let place = self.waiting.iter().position(|waiting| *waiting == token);
                    self.waiting
                        .swap_remove(place.expect("asked for, and once"));
                }
                Event::Closed(_) => self.is_closed = true,
                _ => {}
            }
        }
    }

    fn check(&self) {
        let connection = self.peer.connection();
        assert!(connection.sockets() <= MAX_NAMESPACES);
        assert!(connection.pending_acks() <= MAX_ACKS);
        assert!(self.peer.engine().buffered() <= MAX_BUFFERED);
    }

    fn cut(&mut self) {
        let now = self.now;
        match self.link {
            Some(link) => {
                self.peer
                    .drive(now, |session| session.handle_link_closed(link, false, now));
            }
            None => {
                self.peer.apply(now, |connection| {
                    connection.close(CloseReason::ShuttingDown)
                });
            }
        }
    }

    /// The client goes. Everybody is told, and nothing waits.
    fn end(mut self) {
        self.cut();
        self.look();
        while self.peer.poll_response().is_some() {}
        if !self.peer.engine().is_closed() {
            // Regularly closed before, and the client did not come to fetch it.
            self.pass(self.now + Duration::from_secs(3600));
            self.look();
            while self.peer.poll_response().is_some() {}
        }
        assert!(self.is_closed);
        assert!(self.alive.is_empty(), "every socket has ended");
        assert!(self.waiting.is_empty(), "every acknowledgement has");
        assert_eq!(self.peer.connection().sockets(), 0);
        assert_eq!(self.peer.connection().pending_acks(), 0);
        assert_eq!(self.peer.poll_timeout(), None);
        assert!(self.peer.engine().is_closed());
    }
}
