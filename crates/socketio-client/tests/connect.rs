//! Connecting: by each transport, to several namespaces, with credentials, and in vain.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde::Serialize;
use serde_json::{Value as Json, json};
use socketio_client::{BuildError, Client, ConnectError, SocketError, Transport};
use socketio_server::{Auth, Refusal, Socket as Peer, SocketIo, SocketIoBuilder};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use support::{Log, Server, WAYS, client, settled, soon};

async fn server() -> Server {
    let server = Server::start(SocketIo::builder()).await;
    server.io.on_connection(async || ());
    let admin = server.io.of("/admin");
    admin.middleware(async |Auth(auth): Auth<Json>| -> Result<(), Refusal> {
        match auth["token"].as_str() {
            Some("secret") => Ok(()),
            _ => Err(Refusal::new("unauthorized").with_data(json!({ "code": 401 }))),
        }
    });
    server
}

#[tokio::test]
async fn a_socket_is_connected_when_connect_returns() {
    let server = server().await;
    for way in WAYS {
        let client = server.client("/").transports(way.iter().copied());
        let socket = soon("the connection", client.connect()).await.unwrap();
        assert!(socket.is_connected() && socket.is_active() && !socket.recovered());
        let id = socket.id().unwrap();
        assert!(server.io.sockets().iter().any(|peer| peer.id() == id));
        assert_eq!(socket.namespace(), "/");
        settled(&socket, way).await;
        assert_eq!(socket.transport(), way.last().copied());

        soon("the end", socket.disconnect()).await;
        assert!(!socket.is_connected() && !socket.is_active());
        assert_eq!((socket.id(), socket.transport()), (None, None));
        assert_eq!(server.io.client_count(), 0, "the server has seen it go");
    }
}

#[tokio::test]
async fn a_socket_can_be_built_now_and_connected_later_and_again() {
    let server = server().await;
    let socket = server.client("/").build().unwrap();
    assert!(!socket.is_active());
    for _ in 0..3 {
        soon("the connection", socket.connect()).await.unwrap();
        soon("a connection that is there", socket.connect())
            .await
            .unwrap();
        assert_eq!(server.io.client_count(), 1);
        soon("the end", socket.disconnect()).await;
        assert_eq!(server.io.client_count(), 0);
    }
}

#[tokio::test]
async fn namespaces_share_one_connection() {
    let server = server().await;
    server.io.of("/news").on_connection(async || ());
    let socket = server.client("/").connect().await.unwrap();
    let news = socket.client().socket("news").unwrap();
    assert_eq!(news.namespace(), "/news");
    soon("the other namespace", news.connect()).await.unwrap();
    assert_eq!(server.io.client_count(), 1);
    assert_ne!(news.id(), socket.id());

    let same = socket.client().socket("/news").unwrap();
    assert!(
        same.is_connected(),
        "there is one socket for each namespace"
    );

    soon("leaving one of two", socket.disconnect()).await;
    assert!(news.is_connected());
    soon("leaving the other", news.disconnect()).await;
    assert_eq!(server.io.client_count(), 0);
}

#[tokio::test]
async fn cl_13_one_namespace_fails_and_the_other_goes_on() {
    let server = server().await;
    let socket = server.client("/").connect().await.unwrap();
    let nowhere = socket.client().socket("/nowhere").unwrap();
    let refused = soon("the refusal", nowhere.connect()).await.unwrap_err();
    assert_eq!(refused.to_string(), "Invalid namespace");
    assert!(!nowhere.is_active());
    assert!(socket.is_connected());

    let wrong = socket.client().socket("/a,b").unwrap_err();
    assert_eq!(wrong, SocketError::Namespace("/a,b".into()));
}

#[tokio::test]
async fn a_refusal_tells_why_and_is_final() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let builder = server
        .client("/admin")
        .on_connect_error(move |error: ConnectError| {
            log.add(error.to_string());
            async {}
        });
    let socket = builder.build().unwrap();
    let refused = soon("the refusal", socket.connect()).await.unwrap_err();
    let ConnectError::Refused { message, data } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(message, "unauthorized");
    assert_eq!(data, Some(json!({ "code": 401 }).into()));
    assert_eq!(lines.next().await, "unauthorized");
    assert!(!socket.is_active(), "no further attempt by itself");

    socket.set_auth(json!({ "token": "secret" })).unwrap();
    soon("the second attempt", socket.connect()).await.unwrap();
}

#[tokio::test]
async fn credentials_go_along() {
    let server = server().await;
    let builder = server.client("/admin").auth(json!({ "token": "secret" }));
    soon("the connection", builder.connect()).await.unwrap();

    let error = server.client("/").auth("just a word").build().unwrap_err();
    assert!(matches!(error, BuildError::Auth(_)));
}

#[tokio::test]
async fn a_function_gives_the_credentials_at_each_attempt() {
    #[derive(Serialize)]
    struct Token {
        token: &'static str,
        attempt: u32,
    }
    let server = server().await;
    let (log, mut lines) = Log::new();
    let seen = log.clone();
    server
        .io
        .of("/admin")
        .on_connection(move |Auth(auth): Auth<Json>| {
            seen.add(auth["attempt"].to_string());
            async {}
        });
    let attempts = Arc::new(AtomicU32::new(0));
    let builder = server.client("/admin").auth_fn(move || {
        let attempt = attempts.fetch_add(1, Ordering::Relaxed);
        async move {
            // Not ready at once, as one that asks for a token is not.
            tokio::task::yield_now().await;
            Token {
                token: "secret",
                attempt,
            }
        }
    });
    let socket = soon("the connection", builder.connect()).await.unwrap();
    assert_eq!(lines.next().await, "0");
    socket.client().close_engine();
    assert_eq!(lines.next().await, "1");
}

#[tokio::test]
async fn a_function_that_panics_is_reported() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let socket = server
        .client("/")
        .auth_fn(|| async {
            assert!(std::hint::black_box(false), "no token");
        })
        .on_error(move |_, event, error| log.add(format!("{event}: {error}")))
        .build()
        .unwrap();
    let _connecting = socket.connect();
    assert_eq!(lines.next().await, "auth: the handler panicked: no token");
}

#[tokio::test]
async fn the_first_attempt_fails_and_leaves_nothing() {
    let server = server().await;
    let address = server.stop().await;
    let builder = client(&format!("http://{address}/"));
    let error = soon("the error", builder.connect()).await.unwrap_err();
    assert_eq!(error.to_string(), "xhr poll error");

    let builder = client(&format!("http://{address}/")).transports([Transport::WebSocket]);
    let error = soon("the error", builder.connect()).await.unwrap_err();
    assert_eq!(error.to_string(), "websocket error");
}

#[tokio::test]
async fn the_first_attempt_may_be_repeated() {
    let server = server().await;
    let address = server.stop().await;
    let url = format!("http://{address}/");
    let connecting = tokio::spawn(client(&url).retry_initial(true).connect());

    let failing = client(&url)
        .retry_initial(true)
        .reconnection_attempts(Some(1));
    let error = soon("the last error", failing.connect()).await.unwrap_err();
    assert_eq!(error.to_string(), "xhr poll error");
    let once = client(&url).retry_initial(true).reconnection(false);
    let error = soon("the only error", once.connect()).await.unwrap_err();
    assert_eq!(error.to_string(), "xhr poll error");

    let _server = Server::at(address, SocketIo::builder()).await;
    let socket = soon("the connection", connecting).await.unwrap().unwrap();
    assert!(socket.is_connected());
}

#[tokio::test]
async fn options_are_checked_when_the_client_is_built() {
    let build = |builder: socketio_client::ClientBuilder| builder.build().unwrap_err();
    let url = "http://localhost:1/";
    assert!(matches!(
        build(Client::builder("localhost")),
        BuildError::Url { .. }
    ));
    assert!(matches!(
        build(Client::builder("http://a/b,c")),
        BuildError::Url { .. }
    ));
    let proxy = Client::builder(url).proxy("socks5://localhost");
    assert!(matches!(build(proxy), BuildError::Proxy(_)));
    for header in [("a b", "x"), ("a", "x\ny")] {
        let builder = Client::builder(url).header(header.0, header.1);
        assert!(matches!(build(builder), BuildError::Header(_)));
    }
}

#[test]
fn a_client_needs_a_runtime() {
    let error = Client::builder("http://localhost/").build().unwrap_err();
    assert!(matches!(error, BuildError::NoRuntime));
}

#[tokio::test]
async fn whatever_transport_works_is_used() {
    let builder = SocketIo::builder().transports([Transport::WebSocket]);
    let server = Server::start(builder).await;
    let polling = server.client("/").connect();
    let error = soon("the refusal", polling).await.unwrap_err();
    assert_eq!(error.to_string(), "xhr poll error");
    let all = server.client("/").try_all_transports(true).connect();
    let socket = soon("the connection", all).await.unwrap();
    assert_eq!(socket.transport(), Some(Transport::WebSocket));
}

#[tokio::test]
async fn an_upgrade_is_remembered() {
    let server = server().await;
    let socket = server
        .client("/")
        .remember_upgrade(true)
        .connect()
        .await
        .unwrap();
    settled(&socket, WAYS[2]).await;
    socket.disconnect().await;
    socket.connect().await.unwrap();
    assert_eq!(socket.transport(), Some(Transport::WebSocket));
}

#[tokio::test]
async fn servers_of_version_2_are_served_when_asked_for() {
    let builder: SocketIoBuilder = SocketIo::builder().allow_eio3(true);
    let server = Server::start(builder).await;
    server.io.on("echo", async |peer: Peer, text: String| {
        peer.emit("echo", text)
    });
    for way in WAYS {
        let (log, mut lines) = Log::new();
        let socket = server
            .client("/")
            .protocol(socketio_client::Version::V3)
            .transports(way.iter().copied())
            .on("echo", move |text: String| {
                log.add(text);
                async {}
            })
            .connect();
        let socket = soon("the connection", socket).await.unwrap();
        settled(&socket, way).await;
        socket.emit("echo", "hé").unwrap();
        assert_eq!(lines.next().await, "hé");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let silent = support::silent().await;
    for way in WAYS {
        let builder = client(&silent.url())
            .transports(way.iter().copied())
            .timeout(Some(Duration::from_millis(20)));
        let error = soon("the time limit", builder.connect()).await.unwrap_err();
        assert_eq!(error.to_string(), "timeout");
    }
}
