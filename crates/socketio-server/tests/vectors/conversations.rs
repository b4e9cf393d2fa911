//! Socket.IO: whole conversations over one WebSocket.

use super::support::{Http, Server, WebSocket};
use super::{A_WHILE, Exceptions, cases, heard, message, title};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::SinkExt;
use serde_json::{Value as Json, json};
use socketio_server::{
    Ack, Auth, EventContext, FromEvent, HandlerError, Namespace, Reason, RecoveryConfig, Refusal,
    Socket, SocketIo, Value, Values,
};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

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

/// Where it is the other way round.
const MORE_LENIENT: &[(&str, &str)] = &[(
    "089",
    "a CONNECT that is decided at once is answered before the next frame is read, also one of the same segment",
)];

#[tokio::test(start_paused = true)]
async fn conversations_go_as_with_the_reference() {
    let mut stricter = Exceptions::new(STRICTER);
    let mut more_lenient = Exceptions::new(MORE_LENIENT);
    for case in cases("socketio-proto/tests/vectors/socketio-server-scenarios") {
        let title = title(&case);
        let (frames, events, is_open) = lead(&case).await;
        if stricter.has(&case) {
            assert!(!is_open, "{title}: closed");
            continue;
        }
        if more_lenient.has(&case) {
            assert!(
                is_open && events.len() == 2,
                "{title}: connection and event"
            );
            continue;
        }
        assert_eq!(json!(frames), case["server_frames_after_open"], "{title}");
        assert_eq!(json!(events), expected_events(&case), "{title}");
        assert_eq!(is_open, case["connection"] == "open", "{title}");
    }
    stricter.assert_all_met();
    more_lenient.assert_all_met();
}

/// What the listeners of the application have heard, in the notation of the files.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<Json>>>);

impl Events {
    fn add(&self, event: Json) {
        self.0.lock().unwrap().push(event);
    }
}

/// Frames of the server, events of its application, and whether the connection is open in the end.
async fn lead(case: &Json) -> (Vec<String>, Vec<Json>, bool) {
    let events = Events::default();
    let server = server(case, &events);
    let mut frames = Vec::new();
    let mut is_open = true;
    let http: Http = server.http().await;
    let mut client = WebSocket(http.upgrade(case["path"].as_str().unwrap()).await);
    assert!(client.text().await.starts_with("0{"));
    let gap = case["inter_frame_gap_ms"].as_u64().unwrap();
    for frame in case["client_frames"].as_array().unwrap() {
        if let Some(wait) = frame["wait_ms"].as_u64() {
            tokio::time::sleep(Duration::from_millis(wait)).await;
        } else if gap == 0 {
            // All in one segment.
            client.0.feed(message(frame)).await.unwrap();
            continue;
        } else {
            client.send_frame(message(frame)).await;
        }
        let (more, closed) = heard(&mut client).await;
        frames.extend(more);
        is_open &= closed.is_none();
    }
    // Sends what was gathered, and changes nothing.
    client.send_frame(Message::Pong(Vec::new().into())).await;
    let (more, closed) = heard(&mut client).await;
    frames.extend(more);
    is_open &= closed.is_none();
    tokio::time::sleep(A_WHILE).await;
    let events = std::mem::take(&mut *events.0.lock().unwrap());
    (
        frames.iter().map(|frame| mask(frame)).collect(),
        events,
        is_open,
    )
}

/// The server of the scenarios, as their description has it.
fn server(case: &Json, events: &Events) -> Server {
    let setup = case["server_setup"].as_str().unwrap_or_default().to_owned();
    let errors = events.clone();
    let mut builder = SocketIo::builder()
        .connect_timeout(Duration::from_millis(400))
        .allow_eio3(case["server_options"]["allowEIO3"] == true)
        .on_error(move |_, _, error| match error {
            HandlerError::Refused(why) => {
                errors.add(json!({ "ev": "error", "message": why.message() }))
            }
            other => panic!("{other}"),
        });
    if case["server_options"]["connectionStateRecovery"].is_object() {
        builder = builder.connection_state_recovery(RecoveryConfig::default());
    }
    let server = Server::new(builder);
    let digits = |name: &str| {
        name.strip_prefix("/dyn-")
            .is_some_and(|rest| rest.parse::<u32>().is_ok())
    };
    let dynamic = server.of_matching(move |name, _| digits(name));
    for namespace in [server.of("/"), server.of("/a"), dynamic] {
        listen(&namespace, events);
    }
    if setup.contains("denied") {
        server.event_middleware(async || Err::<(), _>("denied"));
    }
    server.middleware(move |socket: Socket| {
        let verdict = if setup.contains(r#"new Error("bad")"#) {
            Err(Refusal::new("bad"))
        } else if setup.contains("error with data {a:1}") {
            Err(Refusal::new("bad").with_data(json!({ "a": 1 })))
        } else if setup.contains("not authorized") {
            Err(Refusal::new("not authorized"))
        } else if setup.contains("err.data") {
            Err(Refusal::new("no").with_data(json!({ "code": 1 })))
        } else {
            Ok(())
        };
        if setup.contains(r#"emits "early""#) {
            socket.emit("early", 1).unwrap();
        }
        std::future::ready(verdict)
    });
    server
}

fn listen(namespace: &Namespace, events: &Events) {
    let seen = events.clone();
    namespace.on_connection(move |socket: Socket, Auth(auth): Auth<Json>| {
        seen.add(json!({ "ev": "connection", "nsp": socket.namespace().name(), "auth": auth }));
        std::future::ready(())
    });
    let seen = events.clone();
    namespace.on_any(move |socket: Socket, Whole(args): Whole| {
        seen.add(json!({ "ev": "event", "nsp": socket.namespace().name(), "args": args }));
        std::future::ready(())
    });
    let seen = events.clone();
    namespace.on_disconnect(move |socket: Socket, reason: Reason| {
        let name = socket.namespace().name().to_owned();
        if reason.refused().is_some() {
            seen.add(json!({ "ev": "error" }));
        }
        seen.add(json!({ "ev": "disconnect", "nsp": name, "reason": reason.to_string() }));
        std::future::ready(())
    });
    namespace.on("echo-ack", async |ack: Ack, args: Values| ack.send(args));
    let seen = events.clone();
    namespace.on("ask", move |socket: Socket| {
        let seen = seen.clone();
        async move {
            let patient = socket.timeout(Duration::from_secs(60));
            if let Ok(answer) = patient.emit_with_ack_raw("question", ()).await {
                let args: Vec<_> = answer.values().unwrap().iter().map(notation).collect();
                seen.add(json!({ "ev": "ack-received", "args": args }));
            }
        }
    });
    namespace.on("send-binary", async |socket: Socket| {
        let nested = BTreeMap::from([("x", serde_bytes::Bytes::new(&[3]))]);
        socket.emit("bin", (serde_bytes::Bytes::new(&[1, 2]), nested))
    });
    namespace.on("kick", async |socket: Socket| socket.disconnect(false));
    namespace.on("kick-all", async |socket: Socket| socket.disconnect(true));
}

/// An event as the reference's handlers see it: name, arguments, and a callback if the client wants an answer.
struct Whole(Vec<Json>);

impl FromEvent for Whole {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        let payload = context.payload().unwrap();
        let all: Vec<Json> = serde_json::from_str(payload.as_json().unwrap()).unwrap();
        // The name as it was sent: a number is legal.
        let mut args = vec![all[0].clone()];
        args.extend(payload.values().unwrap().iter().map(notation));
        if Ack::from_event(context)?.is_wanted() {
            args.push(json!({ "$ack": true }));
        }
        Ok(Self(args))
    }
}

fn notation(value: &Value) -> Json {
    match value {
        Value::Binary(bytes) => json!({ "$bin": BASE64_STANDARD.encode(bytes) }),
        Value::Array(elements) => elements.iter().map(notation).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.to_owned(), notation(value)))
            .collect(),
        scalar => serde_json::to_value(scalar).unwrap(),
    }
}

/// The events of the reference, without the wording of its errors, and without the `error` event of a client: there it
/// meets the listeners that the reference has for its own errors.
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

/// The frame with ids and offsets masked, as in the files.
fn mask(frame: &str) -> String {
    let mut frame = frame.to_owned();
    for key in ["sid", "pid"] {
        let key = format!(r#""{key}":""#);
        if let Some((head, tail)) = frame.split_once(&key) {
            let (_, rest) = tail.split_once('"').unwrap();
            frame = format!(r#"{head}{key}<id>"{rest}"#);
        }
    }
    // The one event of the scenarios that is recorded ends with its offset.
    match frame
        .strip_prefix(r#"452-["bin","#)
        .and_then(|rest| rest.strip_suffix(r#""]"#))
    {
        Some(rest) => {
            let (head, _) = rest.rsplit_once('"').unwrap();
            format!(r#"452-["bin",{head}"<offset>"]"#)
        }
        None => frame,
    }
}
