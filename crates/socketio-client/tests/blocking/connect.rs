//! Connecting, credentials, and several namespaces.

use crate::support::{Log, Server, WAYS, client, connect, settled, soon};
use serde_json::{Value as Json, json};
use socketio_client::blocking::Socket;
use socketio_client::{BuildError, ConnectError};
use socketio_server::{Auth, Refusal, SocketIo};
use std::sync::atomic::{AtomicU32, Ordering};

/// A server with a namespace that wants a secret.
fn server() -> Server {
    let server = Server::start(SocketIo::builder());
    server.io.on_connection(async || ());
    server
        .io
        .on("echo", async |text: String, ack: socketio_server::Ack| {
            ack.send(text)
        });
    let admin = server.io.of("/admin");
    admin.middleware(async |Auth(auth): Auth<Json>| -> Result<(), Refusal> {
        match auth["token"].as_str() {
            Some("secret") => Ok(()),
            _ => Err(Refusal::new("unauthorized").with_data(json!({ "code": 401 }))),
        }
    });
    server
}

#[test]
fn a_socket_is_connected_when_connect_returns() {
    let server = server();
    for way in WAYS {
        let (log, lines) = Log::new();
        let client = server.client("/").transports(way.iter().copied());
        let socket = connect(client.on_connect(move |_: Socket| log.add("connected")));
        assert_eq!(lines.rest(), ["connected"], "the handlers have run");
        assert!(socket.is_connected() && socket.is_active() && !socket.recovered());
        let id = socket.id().unwrap();
        assert!(server.io.sockets().iter().any(|peer| peer.id() == id));
        settled(&socket, way);
        assert_eq!(socket.transport(), way.last().copied());
        // Once more is no error.
        let again = socket.clone();
        soon("nothing", move || again.connect()).unwrap();
        soon("the end", move || {
            socket.disconnect();
            assert!(!socket.is_connected() && !socket.is_active());
            assert_eq!(socket.transport(), None);
            socket.connect().unwrap();
        });
    }
}

#[test]
fn a_refusal_says_why() {
    let server = server();
    let error = soon("the refusal", move || server.client("/admin").connect());
    let Err(ConnectError::Refused { message, data }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(message, "unauthorized");
    assert_eq!(serde_json::to_value(data).unwrap(), json!({ "code": 401 }));
}

#[test]
fn nobody_listens() {
    let error = soon("the error", || client("http://127.0.0.1:1/").connect()).unwrap_err();
    assert_eq!(error.to_string(), "xhr poll error");
}

#[test]
fn what_names_no_server_is_refused() {
    let error = client("ftp://a").build().unwrap_err();
    assert!(matches!(error, BuildError::Url { .. }), "{error}");
}

#[test]
fn credentials_are_asked_for_at_each_attempt() {
    let server = server();
    let asked = AtomicU32::new(0);
    let builder =
        server
            .client("/admin")
            .auth_fn(move || match asked.fetch_add(1, Ordering::Relaxed) {
                0 => json!({ "token": "wrong" }),
                _ => json!({ "token": "secret" }),
            });
    let socket = builder.build().unwrap();
    soon("the connection", move || {
        let refused = socket.connect().unwrap_err();
        assert!(matches!(refused, ConnectError::Refused { .. }));
        socket.connect().unwrap();
    });
}

#[test]
fn several_namespaces_share_a_connection() {
    let server = server();
    let socket = connect(server.client("/"));
    let admin = socket.client().socket("/admin").unwrap();
    admin.set_auth(json!({ "token": "secret" })).unwrap();
    let connecting = admin.clone();
    soon("the namespace", move || connecting.connect()).unwrap();
    assert_eq!(server.io.client_count(), 1);
    soon("the end of one", move || socket.disconnect());
    assert!(admin.is_connected());
    soon("the end", move || admin.client().disconnect());
    crate::support::until("the client's end", || server.io.client_count() == 0);
}

#[test]
fn a_handler_may_connect_another_namespace_that_asks_for_credentials() {
    let server = server();
    for way in WAYS {
        let (log, lines) = Log::new();
        let socket = connect(server.client("/").transports(way.iter().copied()));
        socket.on_connect(move |socket: Socket| {
            let admin = socket.client().socket("admin").unwrap();
            admin.set_auth_fn(|| json!({ "token": "secret" })).unwrap();
            let result = admin.connect();
            log.add(format!("{} {result:?}", admin.namespace()));
        });
        let again = socket.clone();
        soon("the connection", move || {
            again.disconnect();
            again.connect()
        })
        .unwrap();
        assert_eq!(lines.next(), "/admin Ok(())");
    }
}
