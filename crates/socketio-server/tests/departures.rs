//! Whoever is sent away is gone at once, for those who look and for those who are told.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use futures_util::FutureExt;
use socketio_server::{Ack, Socket, SocketIo, State};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use support::{Log, PATIENCE, Server, WebSocket, soon};

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

/// A handler that holds up whoever handles the events of a client.
struct Gate {
    entered: mpsc::Receiver<()>,
    open: mpsc::Sender<()>,
}

/// Handlers of the end wait for a gate.
fn held_up(server: &Server) -> Gate {
    let (enter, entered) = mpsc::channel();
    let (open, opened) = mpsc::channel::<()>();
    let opened = Mutex::new(opened);
    server.on_disconnecting(move || {
        enter.send(()).unwrap();
        opened.lock().unwrap().recv().unwrap();
        async {}
    });
    Gate { entered, open }
}

impl Gate {
    /// Waits until somebody stands before it.
    fn entered(&self) {
        tokio::task::block_in_place(|| self.entered.recv_timeout(PATIENCE).unwrap());
    }

    fn open(&self) {
        self.open.send(()).unwrap();
    }
}

/// Others are served meanwhile, so there is time enough for what should not happen.
async fn others_go_on(server: &Server) {
    server.on("echo", async |ack: Ack| ack.send(()));
    let mut other: WebSocket = server.client().await;
    for _ in 0..20 {
        other.send(r#"421["echo"]"#).await;
        assert_eq!(other.text().await, "431[]");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_has_learned_of_an_end_finds_it_done() {
    let builder = SocketIo::builder().ping_interval(Duration::from_secs(600));
    let server = Server::new(builder);
    let gate = held_up(&server);
    let mut client = server.client().await;
    server.sockets()[0].disconnect(false);
    gate.entered();
    others_go_on(&server).await;
    assert_eq!(client.text().now_or_never(), None);
    gate.open();
    assert_eq!(client.text().await, "41");
    assert_eq!(server.socket_count(), 1);
}

/// What is read is to be handled, and what waits for that has no other bound.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_read_while_events_are_handled() {
    let builder = SocketIo::builder().ping_interval(Duration::from_secs(600));
    let server = Server::with_pipes(builder, 4096);
    let gate = held_up(&server);
    let _ = server.of("/other");
    let mut client = server.client().await;
    client.join("/other").await;
    server.sockets()[0].disconnect(false);
    gate.entered();
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let flood = tokio::spawn(async move {
        for _ in 0..1_000 {
            client
                .send(&format!(r#"42/other,["{}"]"#, "x".repeat(1_000)))
                .await;
            counter.fetch_add(1, Ordering::Relaxed);
        }
        client
    });
    others_go_on(&server).await;
    let taken = sent.load(Ordering::Relaxed);
    assert!(taken < 100, "{taken} were taken");
    gate.open();
    soon("all to be taken", flood).await.unwrap();
}
