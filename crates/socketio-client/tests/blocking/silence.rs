//! Servers that accept and then say nothing, at each stage.

use crate::support::{Log, Wire, client, raw, silent, soon};
use socketio_client::blocking::ClientBuilder;
use socketio_client::{ConnectError, Reason, Transport};
use std::time::Duration;

const LIMIT: Duration = Duration::from_millis(100);

const OPEN: &str =
    r#"0{"sid":"x","upgrades":[],"pingInterval":50,"pingTimeout":50,"maxPayload":1000000}"#;

/// The error of an attempt with a short time limit.
fn attempt(builder: ClientBuilder) -> String {
    let builder = builder.timeout(Some(LIMIT));
    let error = soon("the error", || builder.connect()).unwrap_err();
    error.to_string()
}

/// Disconnects, which has to end although nobody answers.
fn leave(socket: socketio_client::blocking::Socket) {
    soon("the end", move || socket.disconnect());
}

#[test]
fn cl_03_a_server_that_only_accepts() {
    let url = format!("http://{}/", silent());
    for transport in [Transport::Polling, Transport::WebSocket] {
        let builder = client(&url).transports([transport]);
        assert_eq!(attempt(builder), "timeout");
    }
}

#[cfg(feature = "blocking")]
#[test]
fn cl_03_a_server_without_tls() {
    assert_eq!(
        attempt(client(&format!("https://{}/", silent()))),
        "timeout"
    );
}

#[test]
fn cl_03_a_proxy_that_only_accepts() {
    let builder = client("http://localhost:1/").proxy(format!("http://{}", silent()));
    assert_eq!(attempt(builder), "timeout");
}

#[test]
fn cl_03_a_server_that_only_switches() {
    let address = raw(|mut wire| {
        wire.switch();
        wire.drain();
    });
    let builder = client(&format!("http://{address}/")).transports([Transport::WebSocket]);
    assert_eq!(attempt(builder), "timeout");
}

#[test]
fn cl_03_a_server_that_does_not_answer_connect() {
    let address = raw(|mut wire| {
        wire.switch();
        wire.frame(&OPEN.replace("50", "50000"));
        wire.drain();
    });
    let builder = client(&format!("http://{address}/"))
        .transports([Transport::WebSocket])
        .client_config(|config| config.namespace_timeout(Some(LIMIT)));
    let socket = builder.build().unwrap();
    let connecting = socket.clone();
    let error = soon("the error", move || connecting.connect()).unwrap_err();
    assert!(matches!(error, ConnectError::Unanswered), "{error:?}");
    leave(socket);
}

#[test]
fn a_connected_server_falls_silent() {
    let serve = |mut wire: Wire| {
        wire.switch();
        wire.frame(OPEN);
        wire.frame(r#"40{"sid":"s"}"#);
        // It answers no close frame either.
        wire.drain();
    };
    let url = format!("http://{}/", raw(serve));
    let (log, lines) = Log::new();
    let builder = client(&url)
        .transports([Transport::WebSocket])
        .on_disconnect(move |reason: Reason| log.add(reason.to_string()));
    let socket = soon("the connection", || builder.connect()).unwrap();
    assert_eq!(lines.next(), "ping timeout");
    leave(socket);
}
