//! Fixed answers.

use super::Done;
use crate::text;
use bytes::Bytes;
use serde_json::json;
use socketio_server::{Ack, Namespace, Socket, Value};
use std::time::Duration;

/// How far a client has come in a sequence of events, kept with its socket.
#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Buffer,
    Blob1,
    Blob2,
}

pub(super) fn register(namespace: &Namespace) {
    namespace.on("hi", async |socket: Socket| socket.emit("hi", ()));
    namespace.on("false", async |socket: Socket| socket.emit("false", false));
    namespace.on("ack", async |socket: Socket| -> Done {
        let within = socket.timeout(Duration::from_secs(600));
        let answer = within
            .emit_with_ack::<(i64, serde_json::Value)>("ack", ())
            .await;
        if answer.is_ok_and(|answer| answer == (5, json!({ "test": true }))) {
            socket.emit("got it", ())?;
        }
        Ok(())
    });
    namespace.on("getAckDate", async |ack: Ack| ack.send(now()));
    namespace.on("getDate", async |socket: Socket| {
        socket.emit("takeDate", now())
    });
    namespace.on("getDateObj", async |socket: Socket| {
        socket.emit("takeDateObj", json!({ "date": now() }))
    });
    namespace.on("getUtf8", async |socket: Socket| -> Done {
        for text in [
            "てすと",
            "Я Б Г Д Ж Й",
            "Ä ä Ü ü ß",
            "utf8 — string",
            "utf8 — string",
        ] {
            socket.emit("takeUtf8", text)?;
        }
        Ok(())
    });
    namespace.on("doge", async |socket: Socket| socket.emit("doge", binary()));
    namespace.on("getbin", async |socket: Socket| {
        socket.emit("takebin", binary())
    });
    for (event, answer) in [("buffa", "buffack"), ("blob", "back")] {
        namespace.on(event, move |socket: Socket, value: Value| async move {
            if value.as_binary().is_some() {
                socket.emit(answer, ())
            } else {
                Ok(())
            }
        });
    }
    for (event, answer) in [("jsonbuff", "jsonbuff-ack"), ("jsonblob", "jsonblob-ack")] {
        namespace.on(event, move |socket: Socket, value: Value| async move {
            let is = |name, text| value.get(name).and_then(Value::as_str) == Some(text);
            let has_message = value
                .get("message")
                .is_some_and(|value| value.as_binary().is_some());
            if is("hello", "lol") && has_message && is("goodbye", "gotcha") {
                socket.emit(answer, ())?;
            }
            Ok::<_, socketio_server::EmitError>(())
        });
    }
    sequences(namespace);
}

fn sequences(namespace: &Namespace) {
    namespace.on("abuff1", async |socket: Socket, value: Value| {
        if value.as_binary().is_some() {
            socket.extensions().insert(Progress::Buffer);
        }
    });
    namespace.on("abuff2", async |socket: Socket| -> Done {
        if socket.extensions().remove() == Some(Progress::Buffer) {
            socket.emit("abuff2-ack", ())?;
        }
        Ok(())
    });
    namespace.on("blob1", async |socket: Socket, value: Value| {
        if value.as_binary().is_some() {
            socket.extensions().insert(Progress::Blob1);
        }
    });
    namespace.on("blob2", async |socket: Socket, value: Value| {
        let before = socket.extensions().remove();
        if before == Some(Progress::Blob1) && value.as_str() == Some("second") {
            socket.extensions().insert(Progress::Blob2);
        }
    });
    namespace.on("blob3", async |socket: Socket, value: Value| -> Done {
        let before = socket.extensions().remove();
        if before == Some(Progress::Blob2) && value.as_binary().is_some() {
            socket.emit("blob3-ack", ())?;
        }
        Ok(())
    });
}

fn binary() -> Value {
    Bytes::from_static(b"asdfasdf").into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the contract asks for the time of day"
)]
fn now() -> String {
    text::iso(std::time::SystemTime::now())
}
