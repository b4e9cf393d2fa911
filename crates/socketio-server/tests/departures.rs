//! Whoever is sent away is gone at once, for those who look and for those who are told.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use futures_util::FutureExt;
use socketio_server::{Socket, SocketIo, State};
use std::sync::mpsc;
use std::time::Duration;
use support::{Log, Server, WebSocket, soon};

fn send_away(socket: &Socket) {
    socket.disconnect(false);
}

fn close(socket: &Socket) {
    socket.disconnect(true);
}

fn hang_up(socket: &Socket) {
    socket.close_connection();
}

#[tokio::test(start_paused = true)]
async fn whoever_is_sent_away_is_found_no_more() {
    for (way, others) in [(send_away as fn(&Socket), 1), (close, 0), (hang_up, 0)] {
        let (log, mut lines) = Log::new();
        let server = Server::new(SocketIo::builder().state(log));
        let _ = server.of("/other");
        server.on_disconnecting(async |socket: Socket, State(log): State<Log>| {
            log.add(format!("{} rooms", socket.rooms().len()));
        });
        let mut client = server.client().await;
        client.join("/other").await;
        let _second = server.client().await;
        let socket = server.sockets().remove(0);
        socket.join("room").unwrap();
        way(&socket);
        // Nothing has run in between.
        assert!(!socket.is_connected());
        assert!(!server.sockets().iter().any(|it| it.id() == socket.id()));
        assert!(server.to("room").fetch_sockets().is_empty());
        assert_eq!(server.of("/other").sockets().len(), others);
        // Its handlers find it in its rooms still.
        assert_eq!(lines.next().await, "2 rooms");
        assert_eq!(server.socket_count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_sent_away_before_it_is_in_is_refused_by_nobody() {
    let (log, mut lines) = Log::new();
    let server = Server::new(SocketIo::builder().state(log));
    server.middleware(async |socket: Socket| -> Result<(), &str> {
        socket.disconnect(false);
        Ok(())
    });
    server.on_connection(async |State(log): State<Log>| log.add("in"));
    server.on_disconnect(async |State(log): State<Log>| log.add("out"));
    let mut client = server.websocket().await;
    client.send("40").await;
    assert_eq!(client.text().await, "41");
    assert_eq!(server.socket_count(), 0);
    assert!(lines.rest().is_empty());
}

/// The handler of the end holds the dispatcher up; nothing of it may be on the wire until it has done.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_has_learned_of_an_end_finds_it_done() {
    let builder = SocketIo::builder().ping_interval(Duration::from_secs(600));
    let server = Server::new(builder);
    let (entered, has_entered) = mpsc::channel();
    let (gate, opened) = mpsc::channel::<()>();
    let opened = std::sync::Mutex::new(opened);
    server.on_disconnecting(move || {
        entered.send(()).unwrap();
        opened.lock().unwrap().recv().unwrap();
        async {}
    });
    server.on("echo", async |ack: socketio_server::Ack| ack.send(()));
    let mut client = server.client().await;
    server.sockets()[0].disconnect(false);
    let entered = tokio::task::spawn_blocking(move || has_entered.recv());
    soon("the handler", entered).await.unwrap().unwrap();
    // Others go on meanwhile, so there is time enough for it to go out.
    let mut other: WebSocket = server.client().await;
    for _ in 0..20 {
        other.send(r#"421["echo"]"#).await;
        assert_eq!(other.text().await, "431[]");
    }
    assert_eq!(client.text().now_or_never(), None);
    gate.send(()).unwrap();
    assert_eq!(client.text().await, "41");
    assert_eq!(server.socket_count(), 1);
}
