//! Which namespaces there are, and whom they let in.

use crate::handlers::{self, arguments::is_truthy};
use serde_json::{Value as Json, json};
use socketio_server::{Auth, Namespace, Refusal, Socket, SocketIo, Value};
use std::time::Duration;

pub(crate) fn register(io: &SocketIo, emit_auth: bool) {
    io.middleware(async |socket: Socket| -> Result<(), Refusal> {
        if socket.request().query().contains_key("fail") {
            return Err("Auth failed (main namespace)".into());
        }
        Ok(())
    });
    full(io, emit_auth);
    full(&io.of("/custom"), emit_auth);

    let auth = io.of("/auth");
    auth.middleware(check_token);
    auth.middleware(async |socket: Socket| -> Result<(), Refusal> {
        note(&socket, "first");
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(())
    });
    auth.middleware(async |socket: Socket| -> Result<(), Refusal> {
        note(&socket, "second");
        Ok(())
    });
    full(&auth, emit_auth);

    io.of("/foo").on("getId", handlers::get_id);
    for name in ["/timeout_socket", "/valid", "/asd"] {
        let _ = io.of(name);
    }
    io.of("/abc").on_connection(async |socket: Socket| {
        socket.emit("handshake", handlers::handshake(&socket))
    });
    io.of("/no").middleware(async || -> Result<(), Refusal> {
        Err("Auth failed (custom namespace)".into())
    });

    let dynamic = io.of_matching(|name, _| {
        let number = name.strip_prefix("/dynamic-").unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    dynamic.middleware(async |Auth(auth): Auth<Json>| -> Result<(), Refusal> {
        if is_truthy(&auth["deny"]) {
            Err("denied".into())
        } else {
            Ok(())
        }
    });
    dynamic.on_connection(async |socket: Socket| socket.emit("nsp", socket.namespace().name()));
    full(&dynamic, emit_auth);

    let tenants = io.of_matching(|name, auth| {
        let auth = auth.get::<Json>().unwrap_or_default();
        let key = auth["key"].as_str();
        key.is_some_and(|key| name.strip_prefix("/tenant-") == Some(key))
    });
    full(&tenants, emit_auth);
}

/// A namespace with all handlers.
fn full(namespace: &Namespace, emit_auth: bool) {
    if emit_auth {
        namespace.on_connection(async |socket: Socket, Auth(auth): Auth<Value>| {
            socket.emit("auth", auth)
        });
    }
    handlers::register(namespace);
}

async fn check_token(Auth(auth): Auth<Json>) -> Result<(), Refusal> {
    if auth["token"] == "secret" {
        return Ok(());
    }
    let data = json!({ "code": 401, "reason": "bad token" });
    Err(Refusal::new("unauthorized").with_data(data))
}

/// Appends to the list `order` in the socket's data.
fn note(socket: &Socket, word: &str) {
    socket.update_data(|data| {
        let mut json = handlers::to_json(data);
        if !json["order"].is_array() {
            json["order"] = json!([]);
        }
        if let Some(order) = json["order"].as_array_mut() {
            order.push(word.into());
        }
        *data = json.into();
    });
}
