//! The monitor tells what comes, and what happens to the connection.

#[allow(dead_code, unreachable_pub, reason = "a program of its own")]
#[path = "../../examples/monitor-blocking.rs"]
mod monitor;

use crate::support::{Server, soon};
use socketio_server::{Socket as Peer, SocketIo};

#[test]
fn the_monitor_tells_of_events_and_of_the_connection() {
    let server = Server::start(SocketIo::builder());
    server.io.on_connection(async |peer: Peer| {
        let _ = peer.emit("news", "hello");
        peer.disconnect(false);
    });
    let url = format!("http://{}/", server.address());
    let mut told = soon("the end", move || {
        let mut told = Vec::new();
        let watched = monitor::watch(&url, |line| {
            let is_last = line.starts_with("disconnected");
            told.push(line);
            !is_last
        });
        watched.unwrap();
        told
    });
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
