//! What a socket can be asked to do.
//!
//! "reply" in the comments means: acknowledge, if the client asked for an acknowledgement.

mod broadcasting;
mod fixed;
mod streams;

use crate::text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
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
        ack.send(json!({
            "id": socket.id(),
            "recovered": socket.is_recovered(),
            "rooms": sorted_rooms(&socket),
            "data": data(&socket),
            "nsp": socket.namespace().name(),
        }))
    });
    namespace.on(
        "setData",
        async |socket: Socket, more: Option<Map<String, Json>>, ack: Ack| {
            let mut merged = data(&socket);
            merged.extend(more.unwrap_or_default());
            socket.set_data(Json::Object(merged));
            ack.send(())
        },
    );
}

fn endings(namespace: &Namespace) {
    namespace.on(
        "disconnectMe",
        async |socket: Socket, close: Option<bool>| {
            socket.disconnect(close.unwrap_or_default());
        },
    );
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
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into(),
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
fn data(socket: &Socket) -> Map<String, Json> {
    match to_json(&socket.data()) {
        Json::Object(members) => members,
        _ => Map::new(),
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

/// A room, or a list of rooms.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rooms {
    One(String),
    Many(Vec<String>),
}

impl Rooms {
    fn into_list(self) -> Vec<String> {
        match self {
            Self::One(room) => vec![room],
            Self::Many(rooms) => rooms,
        }
    }
}
