//! Losing connections, coming back, and going for good.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_client::{ClientEvent, ConnectError, Reason, Socket, Transport};
use socketio_server::{Socket as Peer, SocketIo, State};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Lines, Log, Server, WAYS, client, settled, soon, until};

/// A server that writes down what it gets.
async fn server(address: Option<SocketAddr>) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let any = "127.0.0.1:0".parse().unwrap();
    let server = Server::at(address.unwrap_or(any), SocketIo::builder().state(log)).await;
    server
        .io
        .on("note", async |State(log): State<Log>, number: u32| {
            log.add(number.to_string())
        });
    server
        .io
        .on("leave", async |peer: Peer| peer.disconnect(false));
    server
        .io
        .on("cut", async |peer: Peer| peer.close_connection());
    server
        .io
        .on("hello", async |peer: Peer| peer.emit("hello", ()));
    (server, lines)
}

fn reason(log: &Log) -> impl Fn(Reason) -> std::future::Ready<()> + use<> {
    let log = log.clone();
    move |reason: Reason| {
        log.add(reason.to_string());
        std::future::ready(())
    }
}

#[tokio::test]
async fn what_is_emitted_while_the_server_is_away_arrives_once_and_in_order() {
    for way in WAYS {
        let (first, mut before) = server(None).await;
        let (log, mut lines) = Log::new();
        let socket = first
            .client("/")
            .transports(way.iter().copied())
            .on_disconnect(reason(&log))
            .connect()
            .await
            .unwrap();
        settled(&socket, way).await;
        for number in 0..10 {
            socket.emit("note", number).unwrap();
        }
        let expected: Vec<_> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(before.take(10).await, expected);

        let address = first.stop().await;
        assert_eq!(lines.next().await, "transport close");
        assert!(!socket.is_connected() && socket.is_active());
        for number in 10..20 {
            socket.emit("note", number).unwrap();
        }
        let (second, mut after) = server(Some(address)).await;
        let expected: Vec<_> = (10..20).map(|number| number.to_string()).collect();
        assert_eq!(after.take(10).await, expected);
        until("the connection", || socket.is_connected()).await;
        assert_eq!(second.io.client_count(), 1, "there is one live connection");
        assert!(before.rest().is_empty() && after.rest().is_empty());
    }
}

#[tokio::test]
async fn what_is_emitted_before_connecting_arrives_first() {
    let (server, mut lines) = server(None).await;
    let socket = server
        .client("/")
        .on_connect(async |socket: Socket| socket.emit("note", 2))
        .build()
        .unwrap();
    socket.emit("note", 0).unwrap();
    socket.emit("note", 1).unwrap();
    socket.volatile().emit("note", 9).unwrap();
    soon("the connection", socket.connect()).await.unwrap();
    socket.emit("note", 3).unwrap();
    assert_eq!(lines.take(4).await, ["0", "1", "2", "3"]);
}

#[tokio::test]
async fn the_connections_events_tell_of_the_attempts() {
    let (server, _) = server(None).await;
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let socket = server
        .client("/")
        .transports([Transport::WebSocket])
        .reconnection_attempts(Some(2))
        .on_event(move |event| seen.lock().unwrap().push(event.clone()))
        .connect()
        .await
        .unwrap();
    server.stop().await;
    until("the end of attempts", || {
        events.lock().unwrap().last() == Some(&ClientEvent::ReconnectFailed)
            || matches!(
                events.lock().unwrap().last(),
                Some(ClientEvent::ReconnectError(_))
            ) && events
                .lock()
                .unwrap()
                .contains(&ClientEvent::ReconnectFailed)
    })
    .await;
    let events = events.lock().unwrap();
    assert_eq!(events[0], ClientEvent::Opened);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, ClientEvent::Closed { .. }))
    );
    for attempt in [1, 2] {
        assert!(
            events.contains(&ClientEvent::ReconnectAttempt { attempt }),
            "{events:?}"
        );
    }
    let failed = |event: &&ClientEvent| matches!(event, ClientEvent::ReconnectError(_));
    assert_eq!(events.iter().filter(failed).count(), 2);
    assert!(!socket.is_connected());
}

#[tokio::test]
async fn the_server_disconnects_and_that_is_final() {
    let (server, _) = server(None).await;
    let (log, mut lines) = Log::new();
    let socket = server
        .client("/")
        .on_disconnect(reason(&log))
        .connect()
        .await
        .unwrap();
    socket.emit("leave", ()).unwrap();
    assert_eq!(lines.next().await, "io server disconnect");
    assert!(!socket.is_active());
    soon("coming back", socket.connect()).await.unwrap();
    socket.emit("cut", ()).unwrap();
    assert_eq!(lines.next().await, "transport close");
    until("coming back", || socket.is_connected()).await;
    soon("the end", socket.disconnect()).await;
    assert_eq!(lines.next().await, "io client disconnect");
    assert_eq!(lines.rest(), [""; 0]);
}

#[tokio::test]
async fn the_connection_can_be_closed_under_the_sockets() {
    let (server, _) = server(None).await;
    let (log, mut lines) = Log::new();
    let socket = server
        .client("/")
        .on_disconnect(reason(&log))
        .connect()
        .await
        .unwrap();
    let first = socket.id();
    socket.client().close_engine();
    assert_eq!(lines.next().await, "forced close");
    until("coming back", || socket.is_connected()).await;
    assert_ne!(socket.id(), first);
}

/// Disconnects wherever it can be done, and waits until nothing is left.
#[tokio::test]
async fn cl_07_disconnect_at_any_place_ends_everything() {
    let (server, _) = server(None).await;
    let away = server.address();

    // While connecting, right away and a little later.
    for way in WAYS {
        for turns in 0..20 {
            let builder = server.client("/").transports(way.iter().copied());
            let socket = builder.build().unwrap();
            let connecting = socket.connect();
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            soon("the end", socket.disconnect()).await;
            let result = soon("the end of connecting", connecting).await;
            assert!(matches!(result, Ok(()) | Err(ConnectError::Disconnected)));
            assert!(!socket.is_connected() && !socket.is_active());
        }
    }

    // In each listener.
    for event in [
        "connect",
        "hello",
        "newListener",
        "removeListener",
        "disconnect",
    ] {
        let (log, mut lines) = Log::new();
        let socket = server
            .client("/")
            .on(event, move |socket: Socket| {
                let log = log.clone();
                async move {
                    soon("the end", socket.disconnect()).await;
                    log.add("done");
                }
            })
            .build()
            .unwrap();
        let connected = soon("the connection", socket.connect()).await;
        if connected.is_ok() && event != "connect" {
            socket.emit("hello", ()).unwrap();
        }
        if event == "disconnect" {
            socket.client().close_engine();
        }
        assert_eq!(lines.next().await, "done", "{event}");
        assert!(!socket.is_active(), "{event}");
    }

    // In backoff, and in the listener of a failure.
    let socket = server.client("/").connect().await.unwrap();
    let (log, mut lines) = Log::new();
    let url = format!("http://{away}/");
    server.stop().await;
    until("the loss", || !socket.is_connected()).await;
    assert!(socket.is_active());
    soon("the end", socket.disconnect()).await;
    assert!(!socket.is_active());
    let failing = client(&url)
        .on_connect_error(move |socket: Socket| {
            log.add("failed");
            drop(socket.disconnect());
            async {}
        })
        .build()
        .unwrap();
    failing.connect();
    assert_eq!(lines.next().await, "failed");
    assert!(!failing.is_active());
}

#[tokio::test]
async fn the_last_handle_takes_the_connection_along() {
    let (server, _) = server(None).await;
    for way in WAYS {
        let builder = server.client("/").transports(way.iter().copied());
        let socket = builder.connect().await.unwrap();
        settled(&socket, way).await;
        let client = socket.client();
        drop(socket);
        tokio::task::yield_now().await;
        assert_eq!(server.io.client_count(), 1);
        drop(client);
        until("the end", || server.io.client_count() == 0).await;
    }
}

#[tokio::test]
async fn retries_deliver_at_least_once_and_in_order() {
    let (log, mut lines) = Log::new();
    let server = Server::start(SocketIo::builder().state(log)).await;
    // The first answer to each is lost with its connection.
    let seen = Arc::new(Mutex::new(Vec::new()));
    server.io.on(
        "note",
        move |peer: Peer, State(log): State<Log>, number: u32, ack: socketio_server::Ack| {
            log.add(number.to_string());
            let mut seen = seen.lock().unwrap();
            if seen.contains(&number) {
                ack.send(()).unwrap();
            } else {
                seen.push(number);
                peer.close_connection();
            }
            async {}
        },
    );
    let socket = server
        .client("/")
        .retries(5)
        .ack_timeout(Duration::from_secs(5))
        .connect()
        .await
        .unwrap();
    for number in 0..3 {
        socket.emit("note", number).unwrap();
    }
    assert_eq!(lines.take(6).await, ["0", "0", "1", "1", "2", "2"]);
}

#[tokio::test]
async fn disconnecting_waits_for_no_acknowledgement() {
    let (server, _) = server(None).await;
    let socket = server.client("/").build().unwrap();
    // It stays in the buffer, with its time limit, for the next connection.
    let waiting = socket.clone();
    let asked = tokio::spawn(async move {
        let limit = Duration::from_secs(1_000);
        waiting.timeout(limit).emit_with_ack::<()>("note", 1).await
    });
    tokio::task::yield_now().await;
    soon("the end of nothing", socket.disconnect()).await;
    drop(asked);
}

#[tokio::test]
async fn a_single_handler_may_wait_for_what_it_asks_for() {
    let (server, _) = server(None).await;
    for way in WAYS {
        let (log, mut lines) = Log::new();
        let socket = server
            .client("/")
            .transports(way.iter().copied())
            .max_pending_handlers(1)
            .on("hello", move |socket: Socket| {
                let log = log.clone();
                async move {
                    socket.emit("note", 1).unwrap();
                    socket.disconnect().await;
                    log.add("disconnected");
                }
            })
            .connect()
            .await
            .unwrap();
        settled(&socket, way).await;
        socket.emit("hello", ()).unwrap();
        assert_eq!(lines.next().await, "disconnected");
    }
}
