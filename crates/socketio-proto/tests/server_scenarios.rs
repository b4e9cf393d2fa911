//! Whole conversations as the JavaScript reference led them, frame by frame.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use client::{Client, event, millis, namespace, refusal};
use engineio_proto::config::ServerConfig;
use serde_json::{Value as Json, json};
use socketio_proto::acks::AckToken;
use socketio_proto::recovery::{self, PrivateId, Store};
use socketio_proto::server::{
    Config, Directed, Emit, Event, NamespaceCore, NamespaceLimits, Revision, Share, Socket,
};
use socketio_proto::{AckId, Format, Json as Parser, Payload, SocketId, Text, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

/// Cases in which we are stricter on purpose, and what they lead to here.
const STRICTER: &[(&str, &str)] = &[
    (
        "026",
        "a binary header before any CONNECT closes: its attachments are not even waited for",
    ),
    ("032", "an event without payload has no name: it is refused"),
    (
        "090",
        "a second CONNECT that races with the first closes: one socket, never two",
    ),
];

/// Cases that are no business of this layer. The server's own test runs them, too.
const NOT_HERE: &[(&str, &str)] = &[("109", "the heartbeat of Engine.IO 3")];

fn is_listed(list: &[(&str, &str)], id: &str) -> bool {
    list.iter().any(|(listed, _)| *listed == id)
}

#[test]
fn conversations_go_as_with_the_reference() {
    let file: Json =
        serde_json::from_str(include_str!("vectors/socketio-server-scenarios.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len() as u64, file["count"].as_u64().unwrap());
    let mut exceptions = Vec::new();
    for case in cases {
        let id = case["id"].as_str().unwrap().rsplit('-').next().unwrap();
        if is_listed(NOT_HERE, id) {
            exceptions.push(id);
            continue;
        }
        let (frames, events, is_open) = Conversation::new(case).run();
        let name = &case["name"];
        if is_listed(STRICTER, id) {
            assert!(!is_open, "{id} {name}: closed");
            exceptions.push(id);
            continue;
        }
        assert_eq!(
            json!(frames),
            case["server_frames_after_open"],
            "{id} {name}"
        );
        assert_eq!(json!(events), expected_events(case), "{id} {name}");
        assert_eq!(is_open, case["connection"] == "open", "{id} {name}");
    }
    let listed = STRICTER.iter().chain(NOT_HERE).map(|(id, _)| *id);
    assert!(exceptions.into_iter().eq(listed));
}

/// The one socket of the cases with recovery.
static SOCKET: LazyLock<SocketId> = LazyLock::new(|| SocketId(Text::from("id")));

/// The events of the reference, without the wording of its errors, and without the `error` event
/// of a client: there it meets the listeners that the reference has for its own errors.
fn expected_events(case: &Json) -> Json {
    let events = case["server_events"].as_array().unwrap().iter();
    events
        .filter(|event| event["ev"] != "error" || !event["message"].is_null())
        .map(|event| match event["ev"].as_str() {
            Some("error") if event["message"] != "denied" => json!({ "ev": "error" }),
            _ => event.clone(),
        })
        .collect()
}

fn is_revision_4(case: &Json) -> bool {
    case["server_options"]["allowEIO3"] == true
}

/// The server of the scenarios, its client, and what happens between them.
struct Conversation<'a> {
    case: &'a Json,
    client: Client,
    names: BTreeMap<Socket, String>,
    asked: Option<AckToken>,
    /// The namespace, where it has a part in the case: it records events.
    core: Option<NamespaceCore>,
    frames: Vec<String>,
    events: Vec<Json>,
}

impl<'a> Conversation<'a> {
    fn new(case: &'a Json) -> Self {
        let config = Config::default().connect_timeout(Some(millis(400)));
        let revision = if is_revision_4(case) {
            Revision::V4
        } else {
            Revision::V5
        };
        let client = Client::with_revision(config, ServerConfig::default(), revision);
        let recovers = !case["server_options"]["connectionStateRecovery"].is_null();
        let core = recovers.then(|| {
            NamespaceCore::new(namespace("/"), Arc::new(Parser), NamespaceLimits::default())
                .with_recovery(Store::new(recovery::Config::default(), 7))
        });
        Self {
            case,
            client,
            core,
            names: BTreeMap::new(),
            asked: None,
            frames: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Frames from the server, events of its listeners, and whether the connection is open.
    fn run(mut self) -> (Vec<String>, Vec<Json>, bool) {
        // A client of revision 4 is let in before it says anything.
        self.serve();
        let gap = millis(self.case["inter_frame_gap_ms"].as_u64().unwrap());
        for frame in self.case["client_frames"].as_array().unwrap() {
            if let Some(text) = frame["text"].as_str() {
                self.client.send(text);
            } else if let Some(bytes) = frame["bin"].as_str() {
                let bytes = BASE64_STANDARD.decode(bytes).unwrap();
                let bytes = if is_revision_4(self.case) {
                    bytes.strip_prefix(&[4]).unwrap()
                } else {
                    &bytes
                };
                self.client.send_binary(bytes);
            } else {
                self.client
                    .advance(millis(frame["wait_ms"].as_u64().unwrap()));
            }
            // Frames without a gap are decoded in one read, before any listener runs.
            if !gap.is_zero() {
                self.client.advance(gap);
                self.serve();
            }
        }
        self.serve();
        let is_open = !self.frames.iter().any(|frame| frame == "<end>");
        self.frames.retain(|frame| frame != "<end>");
        (self.frames, self.events, is_open)
    }

    /// Everything that the server has to do.
    fn serve(&mut self) {
        let mut disconnects = Vec::new();
        for event in self.client.events() {
            match event {
                Event::Connect {
                    socket,
                    namespace,
                    auth,
                } => {
                    self.connect(socket, namespace.as_str(), auth);
                }
                Event::Message {
                    socket,
                    payload,
                    ack,
                } => self.message(socket, &payload, ack),
                Event::Acked {
                    token,
                    result: Ok(payload),
                } => {
                    assert_eq!(Some(token), self.asked);
                    self.events
                        .push(json!({ "ev": "ack-received", "args": args(&payload) }));
                }
                Event::Refused(_) if !self.names.is_empty() => {
                    self.events.push(json!({ "ev": "error" }));
                }
                Event::Disconnected { socket, reason } => disconnects.push((socket, reason)),
                _ => {}
            }
            // What a listener has caused.
            for event in self.client.events() {
                if let Event::Disconnected { socket, reason } = event {
                    disconnects.push((socket, reason));
                }
            }
        }
        for (socket, reason) in disconnects {
            if let Some(name) = self.names.remove(&socket) {
                let reason = reason.to_string();
                self.events
                    .push(json!({ "ev": "disconnect", "nsp": name, "reason": reason }));
            }
        }
        let is_revision_4 = is_revision_4(self.case);
        let frames = self.client.received().into_iter().map(|frame| {
            // Engine.IO 3 has a type before binary data, too.
            match frame.strip_prefix("<bin ") {
                Some(hex) if is_revision_4 => format!("<bin 04{hex}"),
                _ => mask_ids(&frame),
            }
        });
        self.frames.extend(frames);
    }

    fn connect(&mut self, socket: Socket, name: &str, auth: Option<Payload>) {
        let setup = self.case["server_setup"].as_str().unwrap_or_default();
        let is_dynamic = setup.contains("dyn") && name.starts_with("/dyn-");
        if !["/", "/a"].contains(&name) && !is_dynamic {
            let is_refused = self
                .client
                .apply(|connection, _| connection.reject_unknown(socket));
            assert!(is_refused);
            return;
        }
        let error = if setup.contains("calls next(new Error(\"bad\"))") {
            Some(refusal("bad"))
        } else if setup.contains("error with data {a:1}") {
            let error = Failure {
                message: "bad",
                data: json!({ "a": 1 }),
            };
            Some(Payload::value(Format::Json, &error).unwrap())
        } else if setup.contains("not authorized") {
            Some(refusal("not authorized"))
        } else if setup.contains("err.data") {
            let error = Failure {
                message: "no",
                data: json!({ "code": 1 }),
            };
            Some(Payload::value(Format::Json, &error).unwrap())
        } else {
            None
        };
        if let Some(error) = error {
            assert!(
                self.client
                    .apply(|connection, _| connection.reject(socket, error))
            );
            return;
        }
        if setup.contains("emits \"early\"") {
            self.emit(socket, event("early", 1), Emit::default());
        }
        let is_accepted = match &mut self.core {
            Some(core) => {
                let private = PrivateId(Text::from("private"));
                let member = core.admit(&SOCKET);
                core.protect(member, private.clone());
                let missed = core.enter(member).unwrap();
                self.client.apply(|connection, _| {
                    connection.accept_session(socket, &SOCKET, &private, missed)
                })
            }
            None => self.client.accept(socket),
        };
        if !is_accepted {
            return;
        }
        self.names.insert(socket, name.to_owned());
        let auth = auth.map_or(json!({}), |auth| {
            serde_json::from_str(auth.as_json().unwrap()).unwrap()
        });
        self.events
            .push(json!({ "ev": "connection", "nsp": name, "auth": auth }));
    }

    fn message(&mut self, socket: Socket, payload: &Payload, ack: Option<AckId>) {
        let mut all = vec![name(payload)];
        all.extend(args(payload));
        all.extend(ack.map(|_| json!({ "$ack": true })));
        let name = &self.names[&socket];
        self.events
            .push(json!({ "ev": "event", "nsp": name, "args": all }));

        let setup = self.case["server_setup"].as_str().unwrap_or_default();
        if setup.contains("denied") {
            // The middleware's error is for the server's own listeners.
            self.events
                .push(json!({ "ev": "error", "message": "denied" }));
            return;
        }
        match (payload.event(), ack) {
            (Some("echo-ack"), Some(id)) => {
                let values = payload.values().unwrap();
                let echo = Payload::from_values(Format::Json, None, &values).unwrap();
                self.client
                    .apply(|connection, _| connection.ack(socket, id, echo))
                    .unwrap();
            }
            (Some("ask"), _) => {
                let how = Emit::default().ack(AckId(0));
                self.asked = self.emit(socket, event("question", ()), how);
            }
            (Some("send-binary"), _) => {
                let nested = BTreeMap::from([("x", serde_bytes::Bytes::new(&[3]))]);
                let args = (serde_bytes::Bytes::new(&[1, 2]), nested);
                self.emit(socket, event("bin", args), Emit::default());
            }
            (Some(kick @ ("kick" | "kick-all")), _) => {
                let close = kick == "kick-all";
                self.client
                    .apply(|connection, _| connection.disconnect(socket, close));
            }
            _ => {}
        }
    }

    fn emit(&mut self, socket: Socket, payload: Payload, how: Emit) -> Option<AckToken> {
        if let (Some(core), None) = (&mut self.core, how.ack) {
            let directed = core.direct(&SOCKET, payload, self.client.now).unwrap();
            let Directed::Send(_, encoded) = directed else {
                panic!("it is here")
            };
            let sent = self
                .client
                .apply(|connection, _| connection.emit_encoded(socket, encoded, &Share::default()));
            sent.unwrap();
            return None;
        }
        self.client
            .apply(|connection, now| connection.emit(socket, payload, how, now))
            .unwrap()
    }
}

#[derive(serde::Serialize)]
struct Failure {
    message: &'static str,
    data: Json,
}

/// The name as it was sent: a number is legal.
fn name(payload: &Payload) -> Json {
    let all: Vec<Json> = serde_json::from_str(payload.as_json().unwrap()).unwrap();
    all.into_iter().next().unwrap()
}

/// The arguments in the notation of the vectors.
fn args(payload: &Payload) -> Vec<Json> {
    payload.values().unwrap().iter().map(notation).collect()
}

fn notation(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Number(value) => json!(value),
        Value::String(value) => json!(value),
        Value::Binary(bytes) => json!({ "$bin": BASE64_STANDARD.encode(bytes) }),
        Value::Array(elements) => elements.iter().map(notation).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.to_owned(), notation(value)))
            .collect(),
    }
}

/// The frame with ids and offsets masked, as in the vectors.
fn mask_ids(frame: &str) -> String {
    let mut frame = frame.to_owned();
    for key in ["sid", "pid"] {
        let key = format!(r#""{key}":""#);
        if let Some((head, tail)) = frame.split_once(&key) {
            let (_, rest) = tail.split_once('"').unwrap();
            frame = format!(r#"{head}{key}<id>"{rest}"#);
        }
    }
    match frame.strip_suffix(r#".7"]"#) {
        Some(head) => {
            let (head, _) = head.rsplit_once('"').unwrap();
            format!(r#"{head}"<offset>"]"#)
        }
        None => frame,
    }
}
