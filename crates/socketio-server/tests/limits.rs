//! What one client, or all of them, can make grow; and how everything ends.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{
    Ack, EmitError, Limits, Reason, Refusal, RoomError, Socket, SocketIo, SocketIoBuilder, State,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Frame, Http, Lines, Log, Server, WebSocket, soon, until};

fn server(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let server = Server::with_pipes(builder.state(log), 4096);
    server.on_disconnect(async |State(log): State<Log>, reason: Reason| {
        log.add(format!("left: {reason}"));
    });
    (server, lines)
}

const PATH: &str = "/socket.io/?EIO=4";

#[tokio::test(start_paused = true)]
async fn sr_05_a_slow_reader_is_closed_and_holds_up_nobody() {
    let (server, mut lines) =
        server(SocketIo::builder().limits(Limits::default().max_buffered(64 * 1024)));
    let mut fast = server.client().await;
    let slow = server.client().await;
    let mut polling = server.polling().await;
    polling.join("/").await;
    let text = "x".repeat(1000);
    // Twice as much as one may have waiting, socket buffers included.
    for n in 0..400 {
        server.emit("news", (n, &text)).unwrap();
        assert_eq!(fast.text().await, format!(r#"42["news",{n},"{text}"]"#));
        if n % 50 == 0 {
            let news = polling.text().await;
            assert!(news.starts_with(r#"42["news""#));
        }
        while polling.take_rest().pop_front().is_some() {}
    }
    assert_eq!(lines.next().await, "left: send buffer overflow");
    until("the end of the slow", || server.client_count() == 2).await;
    assert_eq!(server.socket_count(), 2);
    assert!(lines.rest().is_empty());
    slow.cut();
}

#[tokio::test(start_paused = true)]
async fn an_emit_beyond_the_buffer_is_refused_where_it_is_made() {
    let (server, _) = server(SocketIo::builder().limits(Limits::default().max_buffered(10_000)));
    let mut client = server.polling().await;
    client.join("/").await;
    let socket = server.sockets().pop().unwrap();
    let text = "x".repeat(1000);
    let mut sent = 0;
    let refused = loop {
        match socket.emit("n", (sent, &text)) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(sent, 9);
    let full = socketio_proto::EmitError::Full;
    assert!(matches!(refused, EmitError::Socket(it) if it == full));
    // It goes on where it was, without a gap.
    for n in 0..sent {
        assert!(client.text().await.starts_with(&format!(r#"42["n",{n},"#)));
    }
    socket.emit("n", sent).unwrap();
    assert_eq!(client.text().await, r#"42["n",9]"#);
}

#[tokio::test(start_paused = true)]
async fn sn_02_namespaces_of_a_client_are_limited() {
    let (server, _) = server(SocketIo::builder().limits(Limits::default().max_namespaces(3)));
    for name in ["/a", "/b", "/c"] {
        let _ = server.of(name);
    }
    let mut client = server.client().await;
    client.join("/a").await;
    client.join("/b").await;
    for _ in 0..1000 {
        client.send("40/c,").await;
        assert_eq!(
            client.text().await,
            r#"44/c,{"message":"too many namespaces"}"#
        );
    }
    // There is room again once it has left one.
    client.send("41/a,").await;
    client.join("/c").await;
    assert_eq!(server.of("/a").socket_count(), 0);
    assert_eq!(server.of("/c").socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn sn_02_dynamic_namespaces_are_limited() {
    let (server, _) =
        server(SocketIo::builder().limits(Limits::default().max_dynamic_namespaces(10)));
    let parent = server.of_matching(|name, _| name.starts_with("/room-"));
    parent.on("echo", async |ack: Ack, socket: Socket| {
        ack.send(socket.namespace().name())
    });
    let mut client = server.client().await;
    for n in 0..10 {
        client.join(&format!("/room-{n}")).await;
    }
    for n in 10..500 {
        let refused = format!(r#"44/room-{n},{{"message":"Invalid namespace"}}"#);
        client.send(&format!("40/room-{n},")).await;
        assert_eq!(client.text().await, refused);
    }
    assert_eq!(server.namespaces().len(), 11);
    // Those that exist go on, for others as well.
    let mut other = server.client().await;
    other.join("/room-9").await;
    other.send(r#"42/room-9,1["echo"]"#).await;
    assert_eq!(other.text().await, r#"43/room-9,1["/room-9"]"#);
}

#[tokio::test(start_paused = true)]
async fn sr_01_rooms_of_a_socket_are_limited() {
    let limits = Limits::default().max_rooms(5);
    let (server, _) = server(SocketIo::builder().limits(limits));
    server.on("join", async |socket: Socket, room: String, ack: Ack| {
        ack.send(match socket.join(room.as_str()) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        })
    });
    let mut client = server.client().await;
    let mut refused = 0;
    for n in 0..100 {
        client.send(&format!(r#"42{n}["join","room {n}"]"#)).await;
        refused += usize::from(!client.text().await.ends_with(r#"["ok"]"#));
    }
    let rooms = server.rooms().len();
    assert!(rooms <= 6, "{rooms}");
    assert_eq!(rooms - 1 + refused, 100);
    // Names have a limit as well; an empty one is one like others.
    client.send(r#"42["leave"]"#).await;
    let socket = server.sockets().pop().unwrap();
    socket.leave("room 0");
    assert!(matches!(
        socket.join("x".repeat(100_000)),
        Err(RoomError::TooLong { .. })
    ));
    socket.join("").unwrap();
}

#[tokio::test(start_paused = true)]
async fn sr_01_nothing_is_joined_after_the_disconnect() {
    let (server, mut lines) = server(SocketIo::builder());
    let client = server.client().await;
    let socket = server.sockets().pop().unwrap();
    socket.join("lobby").unwrap();
    client.cut();
    assert_eq!(lines.next().await, "left: transport close");
    for _ in 0..100 {
        let _ = socket.join(["lobby", "other"]);
        socket.leave("lobby");
    }
    assert!(!socket.is_connected());
    assert!(socket.rooms().is_empty());
    assert!(server.rooms().is_empty());
    assert!(socket.emit("n", 1).is_err());
    // The next socket gets the place in the index, but none of the rooms.
    let _next = server.client().await;
    assert_eq!(server.sockets().pop().unwrap().rooms().len(), 1);
    let _ = socket.join("lobby");
    socket.leave(server.sockets().pop().unwrap().id());
    socket.disconnect(true);
    assert_eq!(server.rooms().len(), 1);
    assert_eq!(server.socket_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn sr_02_whoever_leaves_during_a_broadcast_does_not_disturb_it() {
    let (server, _) = server(SocketIo::builder());
    server.on("hop", async |socket: Socket| {
        socket.join("room").unwrap();
        socket.namespace().to("room").emit("in", ()).unwrap();
        socket.leave("room");
        socket.namespace().to("room").emit("out", ()).unwrap();
        socket.emit("done", ()).unwrap();
    });
    let mut client = server.client().await;
    client.send(r#"42["hop"]"#).await;
    assert_eq!(client.text().await, r#"42["in"]"#);
    assert_eq!(client.text().await, r#"42["done"]"#);
}

#[tokio::test(start_paused = true)]
async fn sr_03_a_disconnect_from_anywhere_is_told_once() {
    for place in [
        "handler",
        "any",
        "connection",
        "twice",
        "disconnecting",
        "outgoing",
        "close",
    ] {
        let (server, mut lines) = server(SocketIo::builder());
        server.on_connection(move |socket: Socket| async move {
            match place {
                "connection" => socket.disconnect(false),
                "any" => drop(socket.on_any(async |socket: Socket| socket.disconnect(false))),
                "outgoing" => drop(socket.on_any_outgoing(async |socket: Socket| {
                    socket.disconnect(false);
                })),
                "disconnecting" => drop(socket.on_disconnecting(async |socket: Socket| {
                    socket.disconnect(true);
                    socket.disconnect(false);
                })),
                _ => {}
            }
        });
        server.on("go", move |socket: Socket| async move {
            match place {
                "close" => socket.close_connection(),
                "any" => {}
                // The event is on its way to nobody by then.
                "outgoing" => assert!(socket.emit("x", ()).is_err()),
                _ => socket.disconnect(place == "twice"),
            }
            if place == "twice" {
                socket.disconnect(true);
                socket.disconnect(false);
            }
        });
        let mut client = server.client().await;
        if place != "connection" {
            client.send(r#"42["go"]"#).await;
        }
        let reason = lines.next().await;
        let expected = match place {
            "close" => "left: forced close",
            _ => "left: server namespace disconnect",
        };
        assert_eq!(reason, expected, "{place}");
        client.cut();
        server.deserted().await;
        assert!(lines.rest().is_empty(), "{place}");
        assert_eq!((server.socket_count(), server.rooms().len()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn sr_03_a_disconnect_inside_a_middleware_lets_nobody_in() {
    for close in [false, true] {
        let (server, mut lines) = server(SocketIo::builder());
        server.middleware(move |socket: Socket| async move {
            socket.disconnect(close);
            Ok::<_, Refusal>(())
        });
        server.on_connection(async |State(log): State<Log>| log.add("connected"));
        let mut client = server.websocket().await;
        client.send("40").await;
        if close {
            assert_eq!(client.closed().await, None);
        } else {
            assert_eq!(client.text().await, "41");
            client.cut();
        }
        server.deserted().await;
        assert!(lines.rest().is_empty());
        assert_eq!((server.socket_count(), server.rooms().len()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn sn_06_handlers_may_do_anything_to_their_namespace() {
    let (server, mut lines) = server(SocketIo::builder());
    let everything = async |socket: Socket| {
        let namespace = socket.namespace();
        namespace.off_event("go");
        namespace.on("go", async || ());
        namespace.middleware(async || Ok::<_, Refusal>(()));
        namespace.broadcast().sockets_join("all").unwrap();
        namespace.broadcast().sockets_leave("all");
        let _ = namespace.rooms();
        let _ = namespace.sockets();
        namespace.serial();
        let _ = namespace.emit("news", ());
        namespace.broadcast().disconnect_sockets(false);
    };
    server.on_connection(async |socket: Socket| {
        socket.on_disconnect(async |State(log): State<Log>| log.add("own"));
    });
    server.on("go", everything);
    server.on_disconnecting(everything);
    server.on_disconnect(everything);
    let mut client = server.client().await;
    client.send(r#"42["go"]"#).await;
    let mut seen = lines.take(2).await;
    seen.sort();
    assert_eq!(seen, ["left: server namespace disconnect", "own"]);
    // The news that it was told first.
    while client.text().await != "41" {}
    client.join("/").await;
    client.cut();
    server.deserted().await;
    assert_eq!(server.socket_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn max_sessions_refuses_one_more() {
    let (server, _) = server(SocketIo::builder().limits(Limits::default().max_sessions(2)));
    let _one = server.client().await;
    let two = server.polling().await;
    let mut three = server.http().await;
    let refused = three.get(&format!("{PATH}&transport=polling")).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.body, r#"{"code":4,"message":"Too many sessions"}"#);
    // An upgrade is no new session.
    let mut websocket = WebSocket::beside(&server, &two).await;
    websocket.send("2probe").await;
    assert_eq!(websocket.text().await, "3probe");
    websocket.send("5").await;
    websocket.cut();
    until("the end of the second", || server.client_count() == 1).await;
    server.client().await;
}

#[tokio::test(start_paused = true)]
async fn sr_04_a_shutdown_ends_whatever_is_in_flight() {
    let (server, mut lines) = server(SocketIo::builder());
    let started = Arc::new(AtomicUsize::new(0));
    let starts = Arc::clone(&started);
    server.of("/slow").middleware(move || {
        starts.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<Result<(), Refusal>>()
    });
    server.on("slow", async || std::future::pending::<()>().await);
    // One that reads, with a handler that never ends; one in a middleware; one that polls; one that is silent; one
    // in the middle of an upgrade; one that has only just been asked for.
    let mut reading = server.client().await;
    reading.send(r#"42["slow"]"#).await;
    let mut joining = server.websocket().await;
    joining.send("40/slow,").await;
    until("the middleware", || started.load(Ordering::SeqCst) == 1).await;
    let mut waiting = server.polling().await;
    waiting.join("/").await;
    waiting.begin_poll().await;
    let mut silent = server.polling().await;
    silent.join("/").await;
    let mut upgrading = server.polling().await;
    upgrading.join("/").await;
    let mut candidate = WebSocket::beside(&server, &upgrading).await;
    candidate.send("2probe").await;
    assert_eq!(candidate.text().await, "3probe");
    let mut fresh: Http = server.http().await;
    fresh.begin_get(&format!("{PATH}&transport=polling")).await;
    let asking = (*server).clone();
    let asked = tokio::spawn(async move { asking.emit_with_ack::<u32>("q", ()).await });
    assert_eq!(reading.text().await, r#"420["q"]"#);

    tokio::time::timeout(std::time::Duration::from_secs(3), server.shutdown())
        .await
        .unwrap();
    assert_eq!(server.client_count(), 0);
    assert_eq!(reading.next().await, Frame::Close(None));
    assert_eq!(joining.next().await, Frame::Close(None));
    assert_eq!(candidate.closed().await, None);
    let responses = soon("the answers", asked).await.unwrap().unwrap();
    assert!(responses.answers.is_empty());
    for line in lines.take(4).await {
        assert_eq!(line, "left: server shutting down");
    }
    assert_eq!(server.socket_count(), 0);
    let mut late = server.http().await;
    assert_eq!(
        late.get(&format!("{PATH}&transport=polling")).await.status,
        503
    );
}
