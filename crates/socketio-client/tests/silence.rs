//! Servers that accept and then say nothing, at each stage. The clock is paused: it jumps to the
//! next deadline whenever nobody has anything to do.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "tells how long the paused clock ran"
)]

mod support;

use socketio_client::{ConnectError, Reason, Transport};
use std::time::Duration;
use support::{Log, Raw, Wire, client, silent};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The error of an attempt, and how many seconds it took.
async fn attempt(builder: socketio_client::ClientBuilder) -> (String, u64) {
    let begin = Instant::now();
    let error = builder.connect().await.unwrap_err();
    (error.to_string(), begin.elapsed().as_secs())
}

/// Answers 101 to the request.
async fn switch(wire: &mut Wire) {
    let request = wire.request().await.unwrap();
    let key = request.header("sec-websocket-key").unwrap();
    let accept = derive_accept_key(key.as_bytes());
    wire.write(&format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
    ))
    .await;
}

const OPEN: &str =
    r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

/// Sends a text frame.
async fn frame(wire: &mut Wire, text: &str) {
    use tokio::io::AsyncWriteExt;
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126, "a longer frame has another head");
    let bytes = [&[0x81, length], text.as_bytes()].concat();
    wire.0.get_mut().write_all(&bytes).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn cl_03_a_server_that_only_accepts() {
    let server = silent().await;
    for transport in [Transport::Polling, Transport::WebSocket] {
        let builder = client(&server.url()).transports([transport]);
        assert_eq!(attempt(builder).await, ("timeout".into(), 20));
    }
    let quick = client(&server.url()).timeout(Some(Duration::from_secs(3)));
    assert_eq!(attempt(quick).await, ("timeout".into(), 3));
}

#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn cl_03_a_server_without_tls() {
    let server = silent().await;
    let url = server.url().replace("http:", "https:");
    assert_eq!(attempt(client(&url)).await, ("timeout".into(), 20));
}

#[tokio::test(start_paused = true)]
async fn cl_03_a_proxy_that_only_accepts() {
    let proxy = silent().await;
    let builder = client("http://localhost:1/").proxy(format!("http://{}", proxy.address()));
    assert_eq!(attempt(builder).await, ("timeout".into(), 20));
}

#[tokio::test(start_paused = true)]
async fn cl_03_a_server_that_only_switches() {
    let server = Raw::start(|mut wire| async move {
        switch(&mut wire).await;
        std::future::pending::<()>().await;
    })
    .await;
    let builder = client(&server.url()).transports([Transport::WebSocket]);
    assert_eq!(attempt(builder).await, ("timeout".into(), 20));
}

#[tokio::test(start_paused = true)]
async fn cl_03_a_server_that_does_not_answer_connect() {
    let (log, mut lines) = Log::new();
    let server = Raw::start(move |mut wire| {
        let log = log.clone();
        async move {
            switch(&mut wire).await;
            frame(&mut wire, OPEN).await;
            log.add("open");
            std::future::pending::<()>().await;
        }
    })
    .await;
    let socket = client(&server.url())
        .transports([Transport::WebSocket])
        .client_config(|config| config.namespace_timeout(Some(Duration::from_secs(5))))
        .build()
        .unwrap();
    let error = socket.connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Unanswered), "{error:?}");
    assert!(socket.is_active());
    // It is given up, and made again.
    assert_eq!(lines.take(2).await, ["open", "open"]);
}

#[tokio::test(start_paused = true)]
async fn a_connected_server_falls_silent() {
    let server = Raw::start(|mut wire| async move {
        switch(&mut wire).await;
        frame(&mut wire, OPEN).await;
        frame(&mut wire, r#"40{"sid":"s"}"#).await;
        std::future::pending::<()>().await;
    })
    .await;
    let (log, mut lines) = Log::new();
    let socket = client(&server.url())
        .transports([Transport::WebSocket])
        .on_disconnect(move |reason: Reason| {
            log.add(reason.to_string());
            async {}
        })
        .connect()
        .await
        .unwrap();
    let begin = Instant::now();
    assert_eq!(lines.next().await, "ping timeout");
    assert_eq!(begin.elapsed().as_secs(), 45, "interval and timeout");

    // It does not answer the close frame of the next connection either.
    support::until("the next connection", || socket.is_connected()).await;
    let begin = Instant::now();
    socket.disconnect().await;
    assert!(begin.elapsed() <= Duration::from_secs(2));
}
