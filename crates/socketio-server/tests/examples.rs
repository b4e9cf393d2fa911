//! The examples serve: each by polling and by WebSocket, beside whatever else they have.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

#[cfg(feature = "metrics")]
#[allow(dead_code, unreachable_pub, reason = "a program of its own")]
#[path = "../examples/prometheus.rs"]
mod prometheus;
#[allow(dead_code, unreachable_pub, reason = "a program of its own")]
#[path = "../examples/standalone.rs"]
mod standalone;
#[allow(dead_code, unreachable_pub, reason = "a program of its own")]
#[path = "../examples/with_axum.rs"]
mod with_axum;
#[allow(dead_code, unreachable_pub, reason = "a program of its own")]
#[path = "../examples/with_hyper.rs"]
mod with_hyper;
#[allow(dead_code, unreachable_pub, reason = "a program of its own")]
#[path = "../examples/with_tls.rs"]
mod with_tls;
#[allow(dead_code, unreachable_pub, reason = "a program of its own")]
#[path = "../examples/with_warp.rs"]
mod with_warp;

use rcgen::generate_simple_self_signed;
use socketio_server::{Ack, Socket, SocketIo};
use std::net::SocketAddr;
use std::sync::Arc;
use support::{Http, Polling, WebSocket, Wire};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn dial(address: SocketAddr) -> Http {
    let wire: Wire = Box::new(TcpStream::connect(address).await.unwrap());
    Http::new(wire)
}

/// Sends an event and gets its answer, by either transport.
async fn echoes(poll: Http, push: Http, upgraded: Http) {
    let mut client = Polling::over(poll, push).await;
    client.join("/").await;
    client.send(r#"421["echo","x"]"#).await;
    assert_eq!(client.text().await, r#"431["x"]"#);

    let mut client = WebSocket(upgraded.upgrade(WEBSOCKET).await);
    assert!(client.text().await.starts_with("0{"));
    client.join("/").await;
    client.send(r#"421["echo","y"]"#).await;
    assert_eq!(client.text().await, r#"431["y"]"#);
}

async fn serves_beside(address: SocketAddr, home: (u16, &str)) {
    let mut http = dial(address).await;
    let got = http.get("/").await;
    assert_eq!((got.status, got.body.as_str()), home);
    echoes(http, dial(address).await, dial(address).await).await;
}

#[tokio::test]
async fn without_a_framework() {
    let (listener, address) = listen().await;
    let (_, io) = SocketIo::new();
    let task = tokio::spawn(standalone::serve(listener, io.clone()));
    serves_beside(address, (404, "")).await;
    io.shutdown().await;
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn in_plain_hyper() {
    let (listener, address) = listen().await;
    tokio::spawn(with_hyper::serve(listener, SocketIo::new().1));
    serves_beside(address, (200, "home")).await;
}

#[tokio::test]
async fn in_warp_by_tower() {
    let (listener, address) = listen().await;
    tokio::spawn(with_warp::serve(listener, SocketIo::new().1));
    serves_beside(address, (200, "home")).await;
}

#[tokio::test]
async fn in_axum_as_a_layer_and_as_a_route() {
    let (_, io) = SocketIo::new();
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    for app in [with_axum::layered(&io), with_axum::routed(&io)] {
        let (listener, address) = listen().await;
        tokio::spawn(with_axum::serve(listener, app));
        serves_beside(address, (200, "home")).await;
        // Whatever is below the path is the endpoint's, the bundle of the client for one.
        let below = "/socket.io/more?EIO=4&transport=polling";
        assert_eq!(dial(address).await.get(below).await.status, 200);
        assert_eq!(dial(address).await.get("/socket.io").await.status, 404);
    }
}

/// As Prometheus reads it: figures with their kinds, histograms in buckets.
#[cfg(feature = "metrics")]
#[tokio::test]
async fn with_figures_for_prometheus() {
    let handle = prometheus::record().unwrap();
    let (_, io) = SocketIo::new();
    let (listener, address) = listen().await;
    let app = prometheus::app(&io, handle);
    tokio::spawn(with_axum::serve(listener, app));
    let mut client = Polling::over(dial(address).await, dial(address).await).await;
    client.join("/").await;
    let socket = io.sockets().pop().unwrap();
    let asked = tokio::spawn(async move { socket.emit_with_ack::<u8>("?", ()).await });
    assert_eq!(client.text().await, r#"420["?"]"#);
    client.send("430[1]").await;
    assert_eq!(asked.await.unwrap().unwrap(), 1);

    let figures = dial(address).await.get("/metrics").await;
    assert_eq!(figures.status, 200);
    for line in [
        "# HELP engineio_sessions sessions that live",
        "# TYPE engineio_sessions gauge",
        "# TYPE engineio_sessions_opened_total counter",
        "# TYPE socketio_ack_seconds histogram",
        r#"socketio_ack_seconds_bucket{le="+Inf"} 1"#,
        "socketio_ack_seconds_count 1",
        "# TYPE engineio_queue_bytes histogram",
    ] {
        assert!(
            figures.body.lines().any(|it| it == line),
            "{line}: {}",
            figures.body
        );
    }
}

#[tokio::test]
async fn over_tls_and_the_handshake_says_so() {
    let certified = generate_simple_self_signed(["localhost".into()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let config = with_tls::config(vec![certificate.clone()], key.into()).unwrap();
    let (listener, address) = listen().await;
    let (_, io) = SocketIo::new();
    io.on("secure", async |socket: Socket, ack: Ack| {
        ack.send(socket.request().secure)
    });
    tokio::spawn(with_tls::serve(listener, config, io));

    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let dial = async || {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let wire: Wire = Box::new(connector.connect(name, stream).await.unwrap());
        Http::new(wire)
    };
    echoes(dial().await, dial().await, dial().await).await;
    let mut client = Polling::over(dial().await, dial().await).await;
    client.join("/").await;
    client.send(r#"421["secure"]"#).await;
    assert_eq!(client.text().await, "431[true]");
}
