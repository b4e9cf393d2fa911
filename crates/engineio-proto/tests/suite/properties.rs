//! What holds for every input.

use crate::support::{config, handshake, ms, sid};
use bytes::{Bytes, BytesMut};
use engineio_proto::{
    CloseReason, DecodeError, Frame, Instant, Message, Open, Outgoing, Packet, PacketRef, Sid,
    Text, Transport, Version,
    http::{Method, Request, Response, query_pairs, route},
    payload::{Encoding, decode, encode, packets, v4},
    server::{Event, Exchange, Link, Session, Transmit},
};
use proptest::{collection::vec, prelude::*};
use std::{collections::BTreeSet, sync::Arc};

fn open() -> impl Strategy<Value = Packet> {
    let upgrades = proptest::sample::subsequence(
        vec![
            Transport::Polling,
            Transport::WebSocket,
            Transport::WebTransport,
        ],
        0..=3,
    );
    (
        "[A-Za-z0-9_-]{1,30}",
        upgrades,
        any::<u32>(),
        any::<u32>(),
        any::<u64>(),
    )
        .prop_map(|(sid, upgrades, interval, timeout, max_payload)| {
            Packet::Open(Box::new(Open {
                sid: Sid::new(Text::from(sid)).unwrap(),
                upgrades: upgrades.into_iter().collect(),
                ping_interval: ms(interval.into()),
                ping_timeout: ms(timeout.into()),
                max_payload,
            }))
        })
}

fn packet() -> impl Strategy<Value = Packet> {
    let text = || "[^\u{1e}]{0,20}".prop_map(Text::from);
    prop_oneof![
        open(),
        Just(Packet::Close),
        text().prop_map(Packet::Ping),
        text().prop_map(Packet::Pong),
        text().prop_map(|text| Packet::Message(Message::Text(text))),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Packet::Message(Message::Binary(bytes.into()))),
        Just(Packet::Upgrade),
        Just(Packet::Noop),
    ]
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        Just(Encoding::V4),
        Just(Encoding::V3Text),
        Just(Encoding::V3Binary)
    ]
}

/// Bytes without sense, and pieces that have some in one encoding or another.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        vec(any::<u8>(), 0..16),
        "[0-9]{1,2}:[0-7b]4?.{0,6}".prop_map(String::into_bytes),
        "[0-7b]4?.{0,6}\u{1e}".prop_map(String::into_bytes),
        (0..3_u8, 0..11_u8, "[0-7b]4?.{0,6}")
            .prop_map(|(kind, len, text)| { [&[kind, len, 0xff], text.as_bytes()].concat() }),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// What a client with scripts posts.
fn form() -> impl Strategy<Value = Vec<u8>> {
    any_body().prop_map(|body| [b"d=", &body[..]].concat())
}

/// Text that looks like packets.
fn packetish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-7b]",
        "[0-9b]probe",
        "b[A-Za-z0-9+/=]{0,6}",
        ".{0,6}",
        "\u{1e}"
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_frame_is_read_as_it_was_written(packet in packet()) {
        prop_assert_eq!(Packet::from_frame(packet.clone().into_frame()), Ok(packet.clone()));
        prop_assert_eq!(Packet::from_frame_v3(packet.clone().into_frame_v3()), Ok(packet));
    }

    #[test]
    fn a_body_is_read_as_it_was_written(packets in vec(packet(), 1..8), encoding in encoding()) {
        let mut body = BytesMut::new();
        encode(encoding, &packets, &mut body);
        let back: Result<Vec<_>, _> = decode(encoding, &body.freeze()).collect();
        prop_assert_eq!(back, Ok(packets));
    }

    #[test]
    fn views_of_a_body_make_the_same_body(body in any_body(), encoding in encoding()) {
        let views: Vec<_> = packets(encoding, &body).map_while(Result::ok).collect();
        let mut again = BytesMut::new();
        encode(encoding, &views, &mut again);
        if !views.is_empty() {
            let back: Result<Vec<_>, _> = packets(encoding, &again).collect();
            prop_assert_eq!(back, Ok(views));
        }
    }

    #[test]
    fn a_body_is_cut_where_the_obvious_way_cuts_it(body in packetish()) {
        let mut expected = Vec::new();
        for element in body.split('\u{1e}') {
            let packet = PacketRef::from_text(element);
            let last = packet.is_err();
            expected.push(packet);
            if last {
                break;
            }
        }
        let ours: Vec<_> = v4::packets(&body).collect();
        prop_assert_eq!(ours, expected);
    }

    #[test]
    fn no_bytes_are_too_strange(body in any_body(), encoding in encoding()) {
        let body = Bytes::from(body);
        let items: Vec<_> = decode(encoding, &body).collect();
        prop_assert!(items.iter().rev().skip(1).all(Result::is_ok), "only the last fails");
        let views: Vec<_> = packets(encoding, &body).collect();
        prop_assert!(views.iter().rev().skip(1).all(Result::is_ok), "only the last fails");
        prop_assert!(items.len() <= views.len(), "the owned form checks more and reads no more");
        let _ = Packet::from_frame(Frame::Binary(body.clone()));
        let _ = Packet::from_frame_v3(Frame::Binary(body));
    }

    #[test]
    fn no_handshake_is_too_strange(data in "\\{?[\\[\\]{}\":,a-z0-9 .\\\\-]{0,60}\\}?") {
        let frame = Frame::Text(Text::from(format!("0{data}")));
        let _ = Packet::from_frame(frame);
    }

    #[test]
    fn no_request_is_too_strange(
        query in ".{0,40}|(EIO=4&)?(transport=(polling|websocket)&)?(sid=.{0,8})?",
        origin in proptest::option::of(vec(any::<u8>(), 0..8)),
        is_upgrade: bool,
        method in prop_oneof![Just(Method::Get), Just(Method::Post), Just(Method::Other)],
    ) {
        let origin = origin.as_deref();
        let request =
            Request { method, query: &query, content_type: None, origin, user_agent: None, is_upgrade };
        match route(&config(), &request) {
            Ok(_) => {}
            Err(reject) => prop_assert!(reject.response().status >= 400),
        }
        prop_assert!(query_pairs(&query).count() <= query.len());
    }
}

/// Everything that can be done to a session.
#[derive(Clone, Debug)]
enum Op {
    Poll,
    PushBegin { encoding: Option<Encoding> },
    PushBody(Vec<u8>),
    PushTooLarge,
    Abort(u64),
    Link { b64: bool },
    Frame(u32, String),
    BinaryFrame(u32, u8),
    LinkError(u32),
    LinkClosed(u32, bool),
    Send(usize, bool),
    Close(CloseReason),
    Pull(u32),
    Advance(u64),
    Back(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let reason = prop_oneof![
        Just(CloseReason::Forced),
        Just(CloseReason::ShuttingDown),
        Just(CloseReason::Overflow)
    ];
    prop_oneof![
        4 => Just(Op::Poll),
        3 => proptest::option::weighted(0.9, encoding()).prop_map(|encoding| Op::PushBegin { encoding }),
        3 => prop_oneof![packetish().prop_map(String::into_bytes), any_body(), form()].prop_map(Op::PushBody),
        1 => Just(Op::PushTooLarge),
        1 => (0..20_u64).prop_map(Op::Abort),
        2 => any::<bool>().prop_map(|b64| Op::Link { b64 }),
        4 => (0..4_u32, prop_oneof![
            Just("2probe".to_string()), Just("5".to_string()), Just("3".to_string()), packetish()
        ]).prop_map(|(link, text)| Op::Frame(link, text)),
        1 => (0..4_u32, 0..8_u8).prop_map(|(link, kind)| Op::BinaryFrame(link, kind)),
        1 => (0..4_u32).prop_map(Op::LinkError),
        1 => (0..4_u32, any::<bool>()).prop_map(|(link, error)| Op::LinkClosed(link, error)),
        4 => (0..60_usize, any::<bool>()).prop_map(|(len, binary)| Op::Send(len, binary)),
        1 => reason.prop_map(Op::Close),
        4 => (0..4_u32).prop_map(Op::Pull),
        3 => (0..40_000_u64).prop_map(Op::Advance),
        1 => (0..1_000_u64).prop_map(Op::Back),
    ]
}

/// The session and what must hold for it.
struct Checked {
    session: Session,
    now: Instant,
    asked: BTreeSet<Exchange>,
    next: u64,
    post: Option<Exchange>,
    links: Vec<Link>,
    finished: BTreeSet<Link>,
    closed: bool,
}

const LIMIT: usize = 100;

impl Checked {
    fn new(query: &str) -> Self {
        let config = config()
            .allow_eio3(true)
            .max_buffered(LIMIT)
            .max_payload(200);
        let handshake = handshake(&config, query);
        let session = Session::accept(Arc::new(config), sid(), &handshake, Instant::ZERO);
        Self {
            session,
            now: Instant::ZERO,
            asked: BTreeSet::new(),
            next: 0,
            post: None,
            links: Vec::new(),
            finished: BTreeSet::new(),
            closed: false,
        }
    }

    fn exchange(&mut self) -> Exchange {
        self.next += 1;
        self.asked.insert(Exchange(self.next));
        Exchange(self.next)
    }

    fn apply(&mut self, op: Op) {
        let now = self.now;
        let link = |index: u32| self.links.get(index as usize).copied();
        match op {
            Op::Poll => {
                let exchange = self.exchange();
                self.session.handle_poll(exchange, now);
            }
            Op::PushBegin { encoding } => {
                let exchange = self.exchange();
                self.post = Some(exchange);
                self.session.handle_push_begin(exchange, encoding, now);
            }
            Op::PushBody(body) => {
                if let Some(post) = self.post.take() {
                    self.session.handle_push(post, body.into(), now);
                }
            }
            Op::PushTooLarge => {
                if let Some(post) = self.post.take() {
                    self.session.handle_push_too_large(post, now);
                }
            }
            Op::Abort(exchange) => {
                self.session.handle_abort(Exchange(exchange), now);
                self.asked.remove(&Exchange(exchange));
            }
            Op::Link { b64 } => {
                self.links
                    .extend(self.session.handle_upgrade(Transport::WebSocket, b64, now))
            }
            Op::Frame(index, text) => {
                if let Some(link) = link(index) {
                    self.session
                        .handle_frame(link, Frame::Text(Text::from(text)), now);
                }
            }
            Op::BinaryFrame(index, kind) => {
                if let Some(link) = link(index) {
                    let frame = Frame::Binary(vec![kind, 1].into());
                    self.session.handle_frame(link, frame, now);
                }
            }
            Op::LinkError(index) => {
                if let Some(link) = link(index) {
                    self.session.handle_link_error(link, DecodeError::Utf8, now);
                }
            }
            Op::LinkClosed(index, error) => {
                if let Some(link) = link(index) {
                    self.session.handle_link_closed(link, error, now);
                    self.finished.insert(link);
                }
            }
            Op::Send(len, binary) => {
                let text = "x".repeat(len);
                let message = if binary {
                    Outgoing::binary(text.into())
                } else {
                    Outgoing::text(&text)
                };
                let sent = self.session.send([message]);
                assert!(
                    sent.is_err() || !self.closed,
                    "nothing is sent after the end"
                );
            }
            Op::Close(reason) => self.session.close(reason, now),
            Op::Pull(index) => {
                if let Some(link) = link(index) {
                    self.pull(link);
                }
            }
            Op::Advance(by) => {
                self.now = now + ms(by);
                self.session.handle_timeout(self.now);
                assert!(
                    self.session.poll_timeout().is_none_or(|at| at > self.now),
                    "a busy loop"
                );
            }
            Op::Back(by) => {
                let earlier = now.as_micros().saturating_sub(by * 1000);
                self.session.handle_timeout(Instant::from_micros(earlier));
            }
        }
        self.check();
    }

    fn pull(&mut self, link: Link) {
        while let Some(transmit) = self.session.poll_transmit(link) {
            assert!(
                !self.finished.contains(&link),
                "{transmit:?} after the end of {link:?}"
            );
            if transmit == Transmit::Finish {
                self.finished.insert(link);
            }
        }
    }

    fn check(&mut self) {
        assert!(self.session.buffered() <= LIMIT);
        while let Some((exchange, _)) = self.session.poll_response() {
            assert!(
                self.asked.remove(&exchange),
                "{exchange:?} answered twice or never asked"
            );
        }
        while let Some(event) = self.session.poll_event() {
            assert!(!self.closed, "{event:?} after the end");
            self.closed = matches!(event, Event::Closed(_));
        }
        if self.session.is_closed() {
            assert!(self.closed, "over, and the application was not told");
            assert_eq!(self.session.poll_timeout(), None);
        }
        assert!(!(self.session.is_writable() && self.closed));
    }

    /// However it went on, the session ends, and leaves nobody without an answer.
    fn end(mut self) {
        for _ in 0..200 {
            let Some(at) = self.session.poll_timeout() else {
                break;
            };
            self.now = self.now.max(at);
            self.session.handle_timeout(self.now);
            self.check();
        }
        assert!(self.session.is_closed());
        assert_eq!(self.asked, BTreeSet::new(), "not answered");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn ad_01_no_order_of_calls_is_too_strange(
        query in "EIO=[34]&transport=(polling|websocket)(&b64=1)?(&j=1)?",
        ops in vec(op(), 0..60),
    ) {
        let mut checked = Checked::new(&query);
        for op in ops {
            checked.apply(op);
        }
        checked.end();
    }
}

/// What a client of any kind reads and writes, by the public codecs.
#[derive(Clone, Copy, Debug)]
struct Kind {
    version: Version,
    b64: bool,
    jsonp: bool,
}

impl Kind {
    fn query(self, transport: &str) -> String {
        let version = if self.version == Version::V3 { 3 } else { 4 };
        let b64 = if self.b64 { "&b64=1" } else { "" };
        let jsonp = if self.jsonp { "&j=0" } else { "" };
        format!("EIO={version}&transport={transport}{b64}{jsonp}")
    }

    /// A POST with these packets: what is to be announced, and the body.
    fn post(self, packets: &[Packet]) -> (Encoding, Vec<u8>) {
        let encoding = match self.version {
            Version::V4 => Encoding::V4,
            Version::V3 => Encoding::v3(!self.b64 && !self.jsonp, packets),
        };
        let mut body = BytesMut::new();
        encode(encoding, packets, &mut body);
        if self.jsonp {
            let escaped: String = body.iter().map(|byte| format!("%{byte:02x}")).collect();
            return (encoding, format!("d={escaped}").into_bytes());
        }
        (encoding, body.to_vec())
    }

    /// The packets of a response.
    fn read(self, response: &Response) -> Vec<Packet> {
        let encoding = match (self.version, response.content_type) {
            (Version::V4, _) => Encoding::V4,
            (Version::V3, Some("application/octet-stream")) => Encoding::V3Binary,
            (Version::V3, _) => Encoding::V3Text,
        };
        let body = if self.jsonp {
            let script = str::from_utf8(&response.body).unwrap();
            let payload = script.strip_prefix("___eio[0](").unwrap();
            let payload = payload.strip_suffix(");").unwrap();
            serde_json::from_str::<String>(payload).unwrap().into()
        } else {
            response.body.clone()
        };
        decode(encoding, &body).map(Result::unwrap).collect()
    }

    fn frame(self, packet: Packet) -> Frame {
        match self.version {
            Version::V4 => packet.into_frame(),
            Version::V3 => packet.into_frame_v3(),
        }
    }

    fn read_frame(self, frame: Frame) -> Packet {
        let is_text = matches!(frame, Frame::Text(_));
        assert!(is_text || !self.b64, "{frame:?}");
        match self.version {
            Version::V4 => Packet::from_frame(frame).unwrap(),
            Version::V3 => Packet::from_frame_v3(frame).unwrap(),
        }
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    let version = prop_oneof![Just(Version::V3), Just(Version::V4)];
    (version, any::<bool>(), any::<bool>()).prop_map(|(version, b64, jsonp)| Kind {
        version,
        b64,
        jsonp,
    })
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        // A backslash in front of an `n` means something else in a form.
        "[^\u{1e}\\\\]{0,20}".prop_map(|text| Message::Text(Text::from(text))),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Message::Binary(bytes.into())),
    ]
}

/// Events that carry messages, and messages in packets.
fn messages_in(packets: impl IntoIterator<Item = Packet>) -> Vec<Message> {
    let message = |packet| match packet {
        Packet::Message(message) => Some(message),
        _ => None,
    };
    packets.into_iter().filter_map(message).collect()
}

fn delivered(session: &mut Session) -> Vec<Message> {
    let message = |event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    };
    std::iter::from_fn(|| session.poll_event())
        .filter_map(message)
        .collect()
}

fn outgoing(message: &Message) -> Outgoing {
    match message {
        Message::Text(text) => Outgoing::text(text),
        Message::Binary(bytes) => Outgoing::binary(bytes.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Polling, then the upgrade, then WebSocket: whatever kind of client it is, all arrives, in
    /// order and once, in both directions.
    #[test]
    fn a_conversation_arrives_whole(
        kind in kind(),
        up in vec(vec(message(), 1..4), 0..4),
        down in vec(vec(message(), 1..4), 0..4),
        switch_at in 0..6_usize,
    ) {
        let now = Instant::ZERO;
        let config = config().allow_eio3(true);
        let handshake = handshake(&config, &kind.query("polling"));
        let mut session = Session::accept(Arc::new(config), sid(), &handshake, now);
        let mut link = None;
        let (mut sent, mut received) = (Vec::new(), Vec::new());
        for turn in 0..8_u64 {
            if turn as usize == switch_at {
                link = session.handle_upgrade(Transport::WebSocket, kind.b64, now);
                let frame = |text| Frame::Text(Text::from(text));
                session.handle_frame(link.unwrap(), frame("2probe"), now);
                prop_assert_eq!(
                    session.poll_transmit(link.unwrap()),
                    Some(Transmit::Frame(frame("3probe")))
                );
                session.handle_frame(link.unwrap(), frame("5"), now);
            }
            if let Some(batch) = down.get(turn as usize) {
                session.send(batch.iter().map(outgoing)).unwrap();
                sent.extend_from_slice(batch);
            }
            let packets: Vec<_> = up.get(turn as usize).into_iter().flatten().cloned()
                .map(Packet::Message).collect();
            match link {
                Some(link) => {
                    for packet in packets.clone() {
                        session.handle_frame(link, kind.frame(packet), now);
                    }
                    while let Some(Transmit::Frame(frame)) = session.poll_transmit(link) {
                        received.push(kind.read_frame(frame));
                    }
                }
                None => {
                    if !packets.is_empty() {
                        let (encoding, body) = kind.post(&packets);
                        session.handle_push_begin(Exchange(turn), Some(encoding), now);
                        session.handle_push(Exchange(turn), body.into(), now);
                        let (_, response) = session.poll_response().unwrap();
                        prop_assert_eq!(&response.body[..], b"ok");
                    }
                    if session.buffered() > 0 {
                        session.handle_poll(Exchange(100 + turn), now);
                        let (_, response) = session.poll_response().unwrap();
                        received.extend(kind.read(&response));
                    }
                }
            }
            prop_assert_eq!(delivered(&mut session), messages_in(packets));
        }
        prop_assert_eq!(messages_in(received), sent);
    }
}
