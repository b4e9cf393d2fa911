//! Every recorded case of the reference.

use crate::support::{Server, handshake, ms, sid};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use engineio_proto::{
    CloseReason, DecodeError, Frame, Instant, Message, Packet, PacketRef, Sid, Text, Transport,
    config::ServerConfig,
    http::{Method, Reject, Request, Response, Route, matches, route},
    payload::{self, Record as _, v4},
    server::{Event, Exchange, Session},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// Packets of version 4 where this crate is stricter than the reference on purpose.
const STRICTER: [(&str, &str); 5] = [
    (
        "engine-packets-v4-066",
        "URL-safe alphabet: no client sends it",
    ),
    (
        "engine-packets-v4-068",
        "characters of no alphabet are not skipped",
    ),
    ("engine-packets-v4-069", "blanks are not skipped"),
    ("engine-packets-v4-070", "one character is no byte"),
    ("engine-packets-v4-071", "surplus padding"),
];

/// Holds the exceptions of one file against what its cases came to: no more, no fewer.
pub(crate) struct Exceptions<'a> {
    file: &'a str,
    stricter: Vec<String>,
}

impl<'a> Exceptions<'a> {
    pub(crate) fn of(file: &'a str) -> Self {
        Self {
            file,
            stricter: Vec::new(),
        }
    }

    pub(crate) fn stricter(&mut self, id: &str) {
        self.stricter.push(id.to_owned());
    }

    /// The file came to exactly those exceptions that are listed, with a reason for each.
    pub(crate) fn assert_listed(self, stricter: &[(&str, &str)]) {
        let of_file = |listed: &[(&str, &str)]| -> Vec<String> {
            let ids = listed.iter().map(|(id, _)| *id);
            ids.filter(|id| {
                id.rsplit_once('-')
                    .is_some_and(|(file, _)| file == self.file)
            })
            .map(ToOwned::to_owned)
            .collect()
        };
        assert_eq!(
            self.stricter,
            of_file(stricter),
            "stricter than {}",
            self.file
        );
    }
}

/// The same for frames on a WebSocket.
const STRICTER_FRAMES: [(&str, &str); 1] = [(
    "engine-websocket-025",
    "an unknown type in bytes ends the session",
)];

pub(crate) fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let count = file["count"].as_u64().unwrap();
    let Value::Array(cases) = file["cases"].take() else {
        panic!("no cases")
    };
    assert_eq!(cases.len() as u64, count);
    cases
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// A view in the notation of the vectors. Data of close, upgrade and noop is not kept.
pub(crate) fn shown(packet: PacketRef<'_>) -> Value {
    let (kind, data) = match packet {
        PacketRef::Open(data) => ("open", data),
        PacketRef::Close => ("close", ""),
        PacketRef::Ping(data) => ("ping", data),
        PacketRef::Pong(data) => ("pong", data),
        PacketRef::Text(data) => ("message", data),
        PacketRef::Upgrade => ("upgrade", ""),
        PacketRef::Noop => ("noop", ""),
        PacketRef::Binary(data) => {
            return json!({"type": "message", "data": {"$bin": STANDARD.encode(data)}});
        }
        PacketRef::Base64(_) => unreachable!("decoded by the owned packet"),
    };
    if data.is_empty() {
        json!({"type": kind})
    } else {
        json!({"type": kind, "data": data})
    }
}

/// As the owned decoder has it, with the handshake left in its text form.
fn decoded(packet: Result<PacketRef<'_>, DecodeError>) -> Result<Value, DecodeError> {
    match packet? {
        PacketRef::Base64(data) => {
            match Packet::from_frame(Frame::Text(Text::from(format!("b{data}"))))? {
                Packet::Message(Message::Binary(bytes)) => Ok(shown(PacketRef::Binary(&bytes))),
                other => panic!("{other:?}"),
            }
        }
        view => Ok(shown(view)),
    }
}

/// What we make of the packet of a case. An open packet of other data than a handshake, which no server sends, is a view.
pub(crate) enum Built<'a> {
    Open(&'a str),
    Packet(Packet),
}

impl Built<'_> {
    /// As a frame of either protocol.
    pub(crate) fn into_frame(self, frame: impl FnOnce(Packet) -> Frame) -> Frame {
        match self {
            Self::Open(data) => {
                let mut out = bytes::BytesMut::new();
                PacketRef::Open(data).encode_text(&mut out);
                Frame::Text(Text::try_from(out.freeze()).unwrap())
            }
            Self::Packet(packet) => frame(packet),
        }
    }
}

impl payload::Record for Built<'_> {
    fn with_view<T>(&self, read: impl FnOnce(PacketRef<'_>) -> T) -> T {
        match self {
            Self::Open(data) => read(PacketRef::Open(data)),
            Self::Packet(packet) => packet.with_view(read),
        }
    }
}

pub(crate) fn built(packet: &Value) -> Built<'_> {
    let data = &packet["data"];
    let text = || Text::new(data.as_str().unwrap_or_default());
    Built::Packet(match packet["type"].as_str().unwrap() {
        "open" => return Built::Open(data.as_str().unwrap_or_default()),
        "close" => Packet::Close,
        "ping" => Packet::Ping(text()),
        "pong" => Packet::Pong(text()),
        "upgrade" => Packet::Upgrade,
        "noop" => Packet::Noop,
        "message" if data["$bin"].is_string() => {
            Packet::Message(Message::Binary(bytes(&data["$bin"]).into()))
        }
        "message" => Packet::Message(Message::Text(text())),
        other => panic!("{other}"),
    })
}

#[test]
fn engine_packets_v4() {
    let mut exceptions = Exceptions::of("engine-packets-v4");
    for case in cases("engine-packets-v4") {
        let id = case["id"].as_str().unwrap();
        if case["op"] == "encode" {
            let packet = built(&case["packet"]);
            if case["supports_binary"] == true {
                let expected = match case["wire_text"].as_str() {
                    Some(text) => Frame::Text(Text::new(text)),
                    None => Frame::Binary(bytes(&case["wire_binary_base64"]).into()),
                };
                assert_eq!(packet.into_frame(Packet::into_frame), expected, "{id}");
            } else {
                let mut out = bytes::BytesMut::new();
                packet.with_view(|view| view.encode_text(&mut out));
                assert_eq!(out, case["wire_text"].as_str().unwrap(), "{id}");
            }
            continue;
        }
        let frame = match case["wire_text"].as_str() {
            Some(text) => Frame::Text(Text::new(text)),
            None => Frame::Binary(bytes(&case["wire_binary_base64"]).into()),
        };
        let ours = decoded(frame.packet());
        if case["error"].is_string() {
            ours.expect_err(id);
        } else if ours == Err(DecodeError::Base64) {
            exceptions.stricter(id);
        } else {
            let mut expected = case["packet"].clone();
            if ["close", "upgrade", "noop"].contains(&expected["type"].as_str().unwrap()) {
                expected.as_object_mut().unwrap().remove("data");
            }
            assert_eq!(ours, Ok(expected), "{id}");
        }
    }
    exceptions.assert_listed(&STRICTER);
}

#[test]
fn engine_payloads_v4() {
    for case in cases("engine-payloads-v4") {
        let id = case["id"].as_str().unwrap();
        let wire = case["wire"].as_str().unwrap();
        let packets = case["packets"].as_array().unwrap();
        if case["op"] == "encode" {
            let ours: Vec<_> = packets.iter().map(built).collect();
            let mut out = bytes::BytesMut::new();
            payload::encode(payload::Encoding::V4, &ours, &mut out);
            assert_eq!(out, wire, "{id}");
        } else {
            let ours: Vec<_> = v4::packets(wire)
                .map(|packet| {
                    decoded(packet).unwrap_or(json!({"type": "error", "data": "parser error"}))
                })
                .collect();
            assert_eq!(&ours, packets, "{id}");
        }
    }
}

fn config(options: &Value) -> ServerConfig {
    let mut config = ServerConfig::default();
    for (name, value) in options.as_object().unwrap() {
        let millis = || Duration::from_millis(value.as_u64().unwrap());
        match name.as_str() {
            "allowEIO3" => config.allow_eio3 = value.as_bool().unwrap(),
            "allowUpgrades" => config.allow_upgrades = value.as_bool().unwrap(),
            "pingInterval" => config.ping_interval = millis(),
            "pingTimeout" => config.ping_timeout = millis(),
            "maxHttpBufferSize" => {
                config.max_payload = usize::try_from(value.as_u64().unwrap()).unwrap();
            }
            "initialPacket" => {
                config.initial_packet =
                    Some(engineio_proto::Outgoing::text(value.as_str().unwrap()));
            }
            "transports" => {
                let names = value.as_array().unwrap().iter();
                config.transports = names
                    .map(|name| Transport::from_name(name.as_str().unwrap()).unwrap())
                    .collect();
            }
            "allowRequest" => {}
            other => panic!("{other}"),
        }
    }
    config
}

/// As long as the reference's, since bodies of protocol 3 tell their lengths.
const SID: &str = "AAAAAAAAAAAAAAAAAAAA";

/// The shortest adapter: one session at most.
struct Adapter {
    config: ServerConfig,
    session: Option<Session>,
    /// Answer of the application to handshakes.
    verdict: Option<Reject>,
    exchanges: u64,
}

impl Adapter {
    fn request(
        &mut self,
        method: &str,
        url: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Response {
        let (path, query) = url.split_once('?').unwrap();
        assert!(matches(&self.config, path));
        let request = Request {
            method: match method {
                "GET" => Method::Get,
                "POST" => Method::Post,
                "OPTIONS" => Method::Options,
                _ => Method::Other,
            },
            query,
            content_type,
            origin: None,
            user_agent: None,
            is_upgrade: false,
        };
        self.answer(&request, body)
            .unwrap_or_else(|reject| reject.response())
    }

    fn answer(&mut self, request: &Request<'_>, body: Vec<u8>) -> Result<Response, Reject> {
        let now = Instant::ZERO;
        let route = route(&self.config, request)?;
        self.exchanges += 1;
        let exchange = Exchange(self.exchanges);
        if let Route::Handshake(handshake) = &route {
            if let Some(reject) = self.verdict.take() {
                return Err(reject);
            }
            handshake.check(&self.config)?;
            let config = Arc::new(self.config.clone());
            let sid = Sid::new(Text::from(SID)).unwrap();
            self.session = Some(Session::accept(config, sid, handshake, now));
        }
        let known = route.sid().is_none_or(|sid| {
            self.session
                .as_ref()
                .is_some_and(|session| session.sid() == sid)
        });
        let session = self
            .session
            .as_mut()
            .filter(|_| known)
            .ok_or(Reject::UnknownSid)?;
        session.check(&route)?;
        match route {
            Route::Handshake(_) | Route::Poll { .. } => session.handle_poll(exchange, now),
            Route::Push { encoding, .. } => {
                session.handle_push_begin(exchange, encoding, now);
                session.handle_push(exchange, body.into(), now);
            }
            Route::MethodNotAllowed { .. } => return Ok(Response::method_not_allowed()),
            other => panic!("{other:?}"),
        }
        let (answered, response) = session.poll_response().expect("answered at once");
        assert_eq!(answered, exchange);
        assert_eq!(session.poll_response(), None);
        Ok(response)
    }
}

#[test]
fn engine_http() {
    for case in cases("engine-http") {
        let id = format!("{} {}", case["id"], case["name"]);
        let mut adapter = Adapter {
            config: config(&case["server_options"]),
            session: None,
            verdict: None,
            exchanges: 0,
        };
        if let Some(url) = case["after_handshake"].as_str() {
            assert_eq!(
                adapter.request("GET", url, None, Vec::new()).status,
                200,
                "{id}"
            );
        }
        if case["server_options"]["allowRequest"].is_string() {
            let words = case["connection_error"]["context"]["message"].as_str();
            adapter.verdict = Some(Reject::Forbidden(words.map(Text::new)));
        }

        let request = &case["request"];
        let body = match &request["body"] {
            Value::String(text) => text.clone().into_bytes(),
            Value::Null => Vec::new(),
            binary => bytes(&binary["$bin"]),
        };
        let url = request["path"].as_str().unwrap().replace("<sid>", SID);
        let content_type = request["headers"]["Content-Type"].as_str();
        let response = adapter.request(
            request["method"].as_str().unwrap(),
            &url,
            content_type,
            body,
        );

        let expected = &case["response"];
        assert_eq!(u64::from(response.status), expected["status"], "{id}");
        assert_eq!(
            response.content_type,
            expected["content_type"].as_str(),
            "{id}"
        );
        let text = String::from_utf8(response.body.to_vec()).unwrap();
        assert_eq!(
            text,
            expected["body"].as_str().unwrap().replace("<sid>", SID),
            "{id}"
        );
        if let Some(code) = case["connection_error"]["code"].as_u64() {
            assert!(text.contains(&format!("\"code\":{code}")), "{id}");
        }
        if case["after_handshake"].is_string() {
            let mut session = adapter.session.take().unwrap();
            let reason =
                std::iter::from_fn(|| session.poll_event()).find_map(|event| match event {
                    Event::Closed(reason) => Some(reason.to_string()),
                    _ => None,
                });
            assert_eq!(
                reason.as_deref(),
                case["session_close_reason"].as_str(),
                "{id}"
            );
        }
    }
}

#[test]
fn engine_websocket() {
    let mut exceptions = Exceptions::of("engine-websocket");
    for case in cases("engine-websocket") {
        let id = format!("{} {}", case["id"], case["name"]);
        let config = config(&case["server_options"]);
        let is_v3 = case["path"]
            .as_str()
            .is_some_and(|path| path.contains("EIO=3"));
        let (mut server, link) = if is_v3 {
            Server::websocket_v3(config, "")
        } else {
            Server::websocket(config)
        };
        for frame in case["client_frames"].as_array().unwrap() {
            let frame = match frame["text"].as_str() {
                Some(text) => Frame::Text(Text::new(text)),
                None => Frame::Binary(bytes(&frame["bin"]).into()),
            };
            server.session.handle_frame(link, frame, server.now);
        }
        server.advance(ms(100));
        let answers = case["server_frames_after_open"].as_array().unwrap();
        if STRICTER_FRAMES
            .iter()
            .any(|(stricter, _)| case["id"] == *stricter)
        {
            exceptions.stricter(case["id"].as_str().unwrap());
            let events = server.events();
            assert_eq!(
                events,
                [Event::Closed(CloseReason::Parse(DecodeError::UnknownType(
                    9
                )))]
            );
            continue;
        }

        let mut messages = Vec::new();
        let mut reason = None;
        for event in server.events() {
            match event {
                // A message without data is one with empty text here.
                Event::Message(Message::Text(text)) if text.is_empty() => {
                    messages.push(Value::Null)
                }
                Event::Message(Message::Text(text)) => messages.push(json!(text.as_str())),
                Event::Message(Message::Binary(bytes)) => {
                    messages.push(json!({"$bin": STANDARD.encode(bytes)}));
                }
                Event::Closed(closed) => reason = Some(closed),
                other => panic!("{id}: {other:?}"),
            }
        }
        assert_eq!(json!(messages), case["app_messages"], "{id}");
        let words = reason.as_ref().map(CloseReason::to_string);
        assert_eq!(
            words.as_deref(),
            case["session_close_reason"].as_str(),
            "{id}"
        );
        let mut frames = server.frames(link);
        // 1005 and 1009 both end the link; the status is the adapter's, who counts the bytes.
        if case["ws_close_code"].is_u64() {
            assert_eq!(frames.pop().as_deref(), Some("FIN"), "{id}");
        }
        assert_eq!(&frames, answers, "{id}");
    }
    exceptions.assert_listed(&STRICTER_FRAMES);
}

#[test]
fn the_recorded_handshakes_are_read_back() {
    let config = ServerConfig::default();
    let handshake = handshake(&config, "EIO=4&transport=polling");
    let mut session = Session::accept(Arc::new(config), sid(), &handshake, Instant::ZERO);
    session.handle_poll(Exchange(1), Instant::ZERO);
    let (_, response) = session.poll_response().unwrap();
    let packet = payload::decode(payload::Encoding::V4, &response.body)
        .next()
        .unwrap()
        .unwrap();
    let Packet::Open(open) = packet else {
        panic!("{packet:?}")
    };
    assert_eq!(
        (open.sid, open.upgrades.as_slice()),
        (sid(), &[Transport::WebSocket][..])
    );
    assert_eq!(
        (open.ping_interval, open.ping_timeout),
        (ms(25_000), ms(20_000))
    );
    assert_eq!(open.max_payload, 1_000_000);
}
