//! Fixed answers.

use super::{Done, ask};
use crate::text;
use bytes::Bytes;
use serde_json::json;
use socketio_server::{Ack, Namespace, Socket, Value, Values};

/// Whether the last `abuff1` was binary, kept with the socket.
#[derive(Clone, Copy)]
struct HasBuffer(bool);

/// How far a client has come with its blobs, kept with its socket.
#[derive(Clone, Copy, PartialEq)]
enum Blobs {
    None,
    One,
    Two,
}

pub(super) fn register(namespace: &Namespace) {
    namespace.on("hi", async |socket: Socket| socket.emit("hi", ()));
    namespace.on("false", async |socket: Socket| socket.emit("false", false));
    namespace.on("ack", async |socket: Socket| -> Done {
        let Some(Values(answer)) = ask(&socket, "ack", Values::default(), None).await else {
            return Ok(());
        };
        let is_right = |object: &Value| object.get("test") == Some(&Value::Bool(true));
        if answer.first() == Some(&5.into()) && answer.get(1).is_some_and(is_right) {
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
        let is_binary = value.as_binary().is_some();
        socket.extensions().insert(HasBuffer(is_binary));
    });
    namespace.on("abuff2", async |socket: Socket| -> Done {
        if let Some(HasBuffer(true)) = socket.extensions().get() {
            socket.emit("abuff2-ack", ())?;
        }
        Ok(())
    });
    namespace.on("blob1", async |socket: Socket, value: Value| {
        let is_binary = value.as_binary().is_some();
        let blobs = if is_binary { Blobs::One } else { Blobs::None };
        socket.extensions().insert(blobs);
    });
    namespace.on("blob2", async |socket: Socket, value: Value| {
        let before = socket.extensions().get();
        let is_next = before == Some(Blobs::One) && value.as_str() == Some("second");
        let blobs = if is_next { Blobs::Two } else { Blobs::None };
        socket.extensions().insert(blobs);
    });
    namespace.on("blob3", async |socket: Socket, value: Value| -> Done {
        let before = socket.extensions().get();
        if before == Some(Blobs::Two) && value.as_binary().is_some() {
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
