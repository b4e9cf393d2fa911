//! Clients that read too slowly, or are away, on a server whose clients may come back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use socketio_server::{
    EmitFailure, Limits, Overflow, Recovery, RecoveryConfig, Socket, SocketIo, SocketIoBuilder,
    State,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Log, Polling, Server, WebSocket, soon, until};

/// Bytes that may wait for a client.
const MARK: usize = 10_000;

fn builder() -> SocketIoBuilder {
    SocketIo::builder()
        .connection_state_recovery(RecoveryConfig::default())
        .limits(Limits::default().max_buffered(MARK))
}

fn kilobyte() -> String {
    "x".repeat(1_000)
}

fn pid(reply: &str) -> String {
    let reply: Value = serde_json::from_str(reply.strip_prefix("40").unwrap()).unwrap();
    reply["pid"].as_str().unwrap().to_owned()
}

/// A client that polls only when it is told to, its socket, and what it comes back with.
async fn slow(server: &Server) -> (Polling, Socket, String) {
    let mut client = server.polling().await;
    client.send("40").await;
    let pid = pid(&client.text().await);
    (client, server.sockets().pop().unwrap(), pid)
}

/// A client comes back; what it has missed.
async fn again(server: &Server, pid: &str, offset: Option<&str>) -> (WebSocket, Vec<String>) {
    let (client, missed, _) = WebSocket::come_back(server, pid, offset).await;
    (client, missed)
}

async fn lose(server: &Server, socket: &Socket) {
    socket.close_connection();
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn a_paced_emit_follows_its_client_to_another_connection() {
    let server = Server::with_pipes(builder(), 4096);
    let (_client, socket, pid) = slow(&server).await;
    lose(&server, &socket).await;
    let (mut client, missed) = again(&server, &pid, None).await;
    assert!(missed.is_empty());
    // By the handle of the old connection.
    let emitting = tokio::spawn(async move {
        for n in 0..50 {
            socket.emit_paced("n", (n, kilobyte())).await.unwrap();
        }
    });
    for n in 0..50 {
        let event = client.text().await;
        assert!(event.starts_with(&format!(r#"42["n",{n},"#)), "{event}");
    }
    soon("the last emit", emitting).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn for_a_client_that_is_away_a_paced_emit_waits_and_another_is_refused() {
    let server = Server::new(builder());
    let (_client, socket, pid) = slow(&server).await;
    lose(&server, &socket).await;
    let mut kept = 0;
    let refused = loop {
        match socket.emit("n", (kept, kilobyte())) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(refused.is_full());
    assert!((5..10).contains(&kept), "{kept}");
    // What may be dropped is.
    for policy in [Overflow::DropNewest, Overflow::DropOldest] {
        socket.overflow(policy).emit("n", kilobyte()).unwrap();
    }
    let paced = socket.clone();
    let waiting = tokio::spawn(async move { paced.emit_paced("last", ()).await });
    let paced = socket.clone();
    let large = tokio::spawn(async move { paced.emit_paced("large", kilobyte()).await });
    let (mut client, missed) = again(&server, &pid, None).await;
    assert_eq!(missed.len(), kept + 1);
    assert!(missed[kept].starts_with(r#"42["last","#));
    assert!(client.text().await.starts_with(r#"42["large","#));
    waiting.await.unwrap().unwrap();
    large.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_paced_emit_waits_for_no_client_that_is_not_awaited() {
    let server = Server::new(builder());
    let (_client, socket, _) = slow(&server).await;
    #[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
    let start = tokio::time::Instant::now();
    lose(&server, &socket).await;
    while socket.emit("n", kilobyte()).is_ok() {}
    let waited = socket.emit_paced("n", kilobyte()).await.unwrap_err();
    let gone = EmitFailure::NotConnected;
    assert!(matches!(waited, socketio_server::EmitError::Socket(it) if it == gone));
    let after = start.elapsed().as_secs();
    assert!((120..180).contains(&after), "{after} s");
}

#[tokio::test(start_paused = true)]
async fn what_is_larger_than_the_buffer_closes_nobody_who_has_something_waiting() {
    for builder in [
        builder(),
        SocketIo::builder().limits(Limits::default().max_buffered(MARK)),
    ] {
        let server = Server::new(builder);
        let mut client = server.polling().await;
        client.send("40").await;
        client.text().await;
        let socket = server.sockets().pop().unwrap();
        socket.emit("small", ()).unwrap();
        let large = "x".repeat(2 * MARK);
        let too_large = |result: Result<(), socketio_server::EmitError>| {
            let expected = EmitFailure::TooLarge;
            matches!(result, Err(socketio_server::EmitError::Socket(it)) if it == expected)
        };
        for policy in [
            Overflow::Refuse,
            Overflow::DropNewest,
            Overflow::DropOldest,
            Overflow::KeepLatest,
            Overflow::Close,
        ] {
            assert!(too_large(socket.overflow(policy).emit("large", &large)));
            assert!(too_large(
                server.broadcast().overflow(policy).emit("large", &large)
            ));
        }
        assert!(too_large(socket.emit_paced("large", &large).await));
        assert!(client.text().await.starts_with(r#"42["small""#));
        assert!(socket.is_connected());
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_made_to_leave_gets_no_more_and_whoever_emits_is_told() {
    let server = Server::new(builder());
    let mut client = server.websocket().await;
    client.send("40").await;
    let pid = pid(&client.text().await);
    let socket = server.sockets().pop().unwrap();
    socket.disconnect(false);
    let gone = socket.emit("late", ());
    assert!(
        matches!(gone, Err(socketio_server::EmitError::Socket(it)) if it == EmitFailure::NotConnected)
    );
    assert_eq!(client.text().await, "41");
    let (_client, missed) = again(&server, &pid, None).await;
    assert!(missed.is_empty());
}

/// Those that are on their way in have no handlers yet.
#[tokio::test(start_paused = true)]
async fn nobody_hears_of_room_before_it_is_let_in() {
    let (log, mut lines) = Log::new();
    let server = Server::new(builder().state(log));
    let _ = server.of("/open");
    server.on_drain(async |State(log): State<Log>| log.add("drain"));
    server.of("/open").on_drain(async |State(log): State<Log>| {
        log.add("drain of one who is in");
    });
    server.middleware(async || -> Result<(), socketio_server::Refusal> {
        std::future::pending().await
    });
    let mut client = server.polling().await;
    client.send("40").await;
    client.send("40/open,").await;
    assert!(client.text().await.starts_with("40/open,"));
    let socket = server.of("/open").sockets().pop().unwrap();
    while socket.emit("n", kilobyte()).is_ok() {}
    // All of it comes with one answer.
    assert!(client.text().await.starts_with("42/open,"));
    assert!(client.take_rest().len() > 3);
    assert_eq!(lines.next().await, "drain of one who is in");
    assert!(lines.rest().is_empty());
}

/// The old connection seems to live, and the namespace goes with its last socket.
#[tokio::test(start_paused = true)]
async fn cr_02_a_lone_client_takes_over_in_a_namespace_that_is_cleaned_up() {
    let server = Server::new(builder().cleanup_empty_namespaces(true));
    let _ = server.of_matching(|name, _| name == "/lone");
    let join = |auth: &str| format!("40/lone,{auth}");
    let mut old = server.websocket().await;
    old.send(&join("")).await;
    let reply = old.text().await;
    let pid = pid(&reply.replace("/lone,", ""));
    server.of("/lone").emit("missed", ()).unwrap();
    let mut client = server.websocket().await;
    client.send(&join(&json!({ "pid": pid }).to_string())).await;
    assert!(client.text().await.starts_with(r#"42/lone,["missed","#));
    assert_eq!(client.text().await, reply);
    let socket = server.of("/lone").sockets().pop().unwrap();
    assert_eq!(socket.recovery(), Recovery::Recovered);
}

/// User code runs under no lock, not even that which drops what the application has left with a socket.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_left_with_a_socket_may_emit_when_it_is_dropped() {
    struct Farewell(SocketIo);
    impl Drop for Farewell {
        fn drop(&mut self) {
            let _ = self.0.emit("farewell", ());
        }
    }
    for builder in [builder(), SocketIo::builder()] {
        let server = Arc::new(Server::new(
            builder.limits(Limits::default().max_buffered(16 << 20)),
        ));
        let io = SocketIo::clone(&server);
        server.on_connection(move |socket: Socket| {
            let farewell = Farewell(io.clone());
            socket.extensions().insert(Arc::new(farewell));
            async {}
        });
        let done = Arc::new(AtomicBool::new(false));
        let (emitting, stop) = (Arc::clone(&server), Arc::clone(&done));
        let emitter = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                emitting.emit("n", ()).unwrap();
                if let Some(socket) = emitting.sockets().pop() {
                    let _ = socket.emit("n", ());
                }
            }
        });
        for _ in 0..100 {
            let clients = [server.websocket().await, server.websocket().await];
            for mut client in clients {
                client.send("40").await;
                while !client.text().await.starts_with("40") {}
                client.cut();
            }
        }
        server.deserted().await;
        done.store(true, Ordering::Relaxed);
        let joined = tokio::task::spawn_blocking(move || emitter.join());
        soon("the emitter", joined).await.unwrap().unwrap();
    }
}

/// One client is emitted to all the time and takes nothing; another comes and goes, and misses none of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cr_04_emits_that_are_refused_hide_no_event_of_others() {
    let builder = builder().ping_interval(Duration::from_secs(600));
    let server = Arc::new(Server::new(builder));
    let (_full, full, _) = slow(&server).await;
    while full.emit("fill", kilobyte()).is_ok() {}
    let done = Arc::new(AtomicBool::new(false));
    let refused: Vec<_> = (0..2)
        .map(|_| {
            let (full, done) = (full.clone(), Arc::clone(&done));
            std::thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    assert!(full.emit("no", kilobyte()).unwrap_err().is_full());
                }
            })
        })
        .collect();

    let mut client = server.websocket().await;
    client.send("40").await;
    let pid = pid(&client.text().await);
    let restless = |socket: &Socket| socket.id() != full.id();
    let socket = server.sockets().into_iter().find(restless).unwrap();
    socket.join("restless").unwrap();
    let (mut next, mut offset) = (0, None);
    let mut said = 0;
    let mut say = || {
        server.to("restless").emit("n", said).unwrap();
        socket.emit("n", said + 1).unwrap();
        said += 2;
    };
    let mut heard = |packet: &str| {
        let event = packet.strip_prefix("42").unwrap();
        let (_, number, place): (String, u32, String) = serde_json::from_str(event).unwrap();
        assert_eq!(number, next);
        next += 1;
        offset = Some(place);
        offset.clone()
    };
    let mut place = None;
    for _ in 0..150 {
        say();
        for _ in 0..2 {
            place = heard(&client.text().await);
        }
        client.cut();
        until("the end of its connection", || server.socket_count() == 1).await;
        say();
        let (back, missed) = again(&server, &pid, place.as_deref()).await;
        assert_eq!(missed.len(), 2);
        for packet in &missed {
            place = heard(packet);
        }
        client = back;
    }
    done.store(true, Ordering::Relaxed);
    for thread in refused {
        tokio::task::spawn_blocking(move || thread.join())
            .await
            .unwrap()
            .unwrap();
    }
}
