//! The monitor tells what comes, and what happens to the connection.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

#[allow(dead_code, unreachable_pub, reason = "a program of its own")]
#[path = "../examples/monitor.rs"]
mod monitor;

use socketio_server::{Socket as Peer, SocketIo};
use support::{Server, soon};

#[tokio::test]
async fn the_monitor_tells_of_events_and_of_the_connection() {
    let server = Server::start(SocketIo::builder()).await;
    server.io.on_connection(async |peer: Peer| {
        let _ = peer.emit("news", "hello");
        peer.disconnect(false);
    });
    let mut told = Vec::new();
    let url = server.url("/");
    let watching = monitor::watch(&url, |line| {
        let is_last = line.starts_with("disconnected");
        told.push(line);
        !is_last
    });
    soon("the end", watching).await.unwrap();
    told.retain(|line| !line.starts_with("Connection("));
    assert_eq!(
        told,
        [
            "Connected { recovered: false }",
            r#"news [String("hello")]"#,
            "disconnected: io server disconnect",
        ]
    );
}
