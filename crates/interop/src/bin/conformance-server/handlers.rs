//! What a socket can be asked to do.
//!
//! "reply" in the comments means: acknowledge, if the client asked for an acknowledgement.

pub(crate) mod arguments;
mod broadcasting;
mod fixed;
mod streams;

use crate::text;
use arguments::Flag;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::COOKIE;
use http::{HeaderMap, HeaderName};
use serde_json::{Map, Value as Json, json};
use socketio_proto::value::Map as Members;
use socketio_server::engine::{Transport, Version};
use socketio_server::{Ack, EmitError, Event, Namespace, Reason, Refusal, Socket, Value, Values};
use std::time::Duration;

type Done = Result<(), EmitError>;

/// The rooms that a socket is leaving, kept with it.
#[derive(Clone, Default)]
struct LastRooms(Vec<String>);

pub(crate) fn register(namespace: &Namespace) {
    echoes(namespace);
    introspection(namespace);
    endings(namespace);
    broadcasting::register(namespace);
    streams::register(namespace);
    fixed::register(namespace);
    namespace.event_middleware(
        async |socket: Socket, Event(name): Event| -> Result<(), Refusal> {
            if name != "blocked" {
                return Ok(());
            }
            let _ = socket.emit("mw-error", "blocked by middleware");
            Err("blocked by middleware".into())
        },
    );
    namespace.on_any(
        async |socket: Socket, Event(name): Event, Values(mut values): Values| -> Done {
            if name.starts_with("any:") {
                values.insert(0, name.into());
                socket.emit("any", Values(values))?;
            }
            Ok(())
        },
    );
}

fn echoes(namespace: &Namespace) {
    namespace.on("message", async |socket: Socket, values: Values| {
        socket.emit("message-back", values)
    });
    namespace.on("message-with-ack", async |values: Values, ack: Ack| {
        ack.send(values)
    });
    namespace.on(
        "emit-with-ack",
        async |socket: Socket, values: Values| -> Done {
            if let Some(answer) = ask(&socket, "emit-with-ack", values, None).await {
                socket.emit("emit-with-ack", answer)?;
            }
            Ok(())
        },
    );
    namespace.on("describe", async |Values(values): Values, ack: Ack| {
        ack.send(values.iter().map(to_json).collect::<Vec<_>>())
    });
    namespace.on("echo", async |value: Value, ack: Ack| ack.send((value,)));
}

fn introspection(namespace: &Namespace) {
    namespace.on("getHandshake", async |socket: Socket, ack: Ack| {
        ack.send(handshake(&socket))
    });
    namespace.on("getId", get_id);
    namespace.on("getTransport", async |socket: Socket, ack: Ack| {
        ack.send(if socket.transport() == Transport::Polling {
            "polling"
        } else {
            "websocket"
        })
    });
    namespace.on("getProtocol", async |socket: Socket, ack: Ack| {
        ack.send(match socket.protocol() {
            Version::V3 => 3,
            Version::V4 => 4,
        })
    });
    namespace.on("getState", async |socket: Socket, ack: Ack| {
        let members: [(&str, Value); 5] = [
            ("id", socket.id().into()),
            ("recovered", socket.is_recovered().into()),
            ("rooms", sorted_rooms(&socket).into()),
            ("data", data(&socket).into()),
            ("nsp", socket.namespace().name().into()),
        ];
        let state: Members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        ack.send(Value::from(state))
    });
    namespace.on("setData", async |socket: Socket, more: Value, ack: Ack| {
        let mut merged = data(&socket);
        for (name, value) in more.as_object().into_iter().flatten() {
            merged.insert(name.to_owned(), value.clone());
        }
        socket.set_data(merged);
        ack.send(())
    });
}

fn endings(namespace: &Namespace) {
    namespace.on("disconnectMe", async |socket: Socket, Flag(close): Flag| {
        socket.disconnect(close)
    });
    for event in ["closeEngine", "killEngine"] {
        namespace.on(event, async |socket: Socket| socket.close_connection());
    }
    // Its rooms are gone by the time the socket has left.
    namespace.on_disconnecting(async |socket: Socket| {
        let rooms = LastRooms(sorted_rooms(&socket));
        socket.extensions().insert(rooms);
    });
    namespace.on_disconnect(async |socket: Socket, reason: Reason| {
        let LastRooms(rooms) = socket.extensions().remove().unwrap_or_default();
        let note = (socket.id().to_owned(), reason.to_string(), rooms);
        let watchers = socket.namespace().to("watchers");
        watchers.emit("peer-disconnect", note)
    });
}

pub(crate) async fn get_id(socket: Socket, ack: Ack) -> Done {
    ack.send(socket.id())
}

/// The handshake as JSON.
pub(crate) fn handshake(socket: &Socket) -> Json {
    let request = socket.request();
    let headers: Map<String, Json> = request
        .headers
        .keys()
        .map(|name| {
            (
                name.as_str().to_owned(),
                header(&request.headers, name).into(),
            )
        })
        .collect();
    json!({
        "headers": headers,
        "time": text::iso(request.issued),
        "address": request.address.map(|address| address.ip().to_string()),
        "xdomain": request.has_origin(),
        "secure": request.secure,
        "issued": text::millis(request.issued),
        "url": request.uri.to_string(),
        "query": request.query(),
        "auth": socket.auth::<Json>().unwrap_or_default(),
    })
}

/// All lines of a header as one, each byte a character, as Node.js has it.
fn header(headers: &HeaderMap, name: &HeaderName) -> String {
    let lines = headers.get_all(name).iter();
    let lines: Vec<String> = lines
        .map(|line| line.as_bytes().iter().copied().map(char::from).collect())
        .collect();
    lines.join(if name == COOKIE { "; " } else { ", " })
}

/// A value as plain JSON, with `{"_bin": <base64>}` in place of binary data.
pub(crate) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => Json::Number(number.clone()),
        Value::String(text) => Json::String(text.clone()),
        Value::Binary(bytes) => json!({ "_bin": BASE64.encode(bytes) }),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.to_owned(), to_json(value)))
            .collect(),
    }
}

/// The socket's data; an empty object at first.
fn data(socket: &Socket) -> Members {
    match socket.data() {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

fn sorted_rooms(socket: &Socket) -> Vec<String> {
    let mut rooms = socket.rooms();
    rooms.sort();
    rooms
}

/// Emits and waits for the acknowledgement; `None` if it doesn't come.
async fn ask(
    socket: &Socket,
    event: &str,
    arguments: Values,
    timeout: Option<Duration>,
) -> Option<Values> {
    // Without a limit of the client's: longer than any test, so that nothing waits for ever.
    let timeout = timeout.unwrap_or(Duration::from_secs(600));
    let answer = socket
        .timeout(timeout)
        .emit_with_ack_raw(event, arguments)
        .await
        .ok()?;
    answer.values().ok().map(Values)
}
