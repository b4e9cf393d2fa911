//! Futures that are dropped half-way: nothing is lost, nothing is done twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use futures_util::FutureExt;
use socketio_client::{SocketEvent, Transport};
use socketio_server::{Socket as Peer, SocketIo, State};
use std::future::Future;
use std::pin::pin;
use support::{Lines, Log, Server, soon, until};

async fn server() -> (Server, Lines) {
    let (log, lines) = Log::new();
    let server = Server::start(SocketIo::builder().state(log)).await;
    server.io.on(
        "note",
        async |State(log): State<Log>, number: u32, ack: socketio_server::Ack| {
            log.add(number.to_string());
            ack.send(())
        },
    );
    server.io.on("count", async |peer: Peer, to: u32| {
        for number in 0..to {
            peer.emit("n", number)?;
        }
        Ok::<_, socketio_server::EmitError>(())
    });
    (server, lines)
}

/// Polls a future so many times, letting others run in between, and drops it. True if it ended.
async fn polls(times: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    for _ in 0..times {
        if future.as_mut().now_or_never().is_some() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn connecting_can_be_given_up_at_any_point() {
    let (server, _) = server().await;
    let mut ended = 0;
    for times in 0..200 {
        let builder = server.client("/").transports([Transport::WebSocket]);
        ended += usize::from(polls(times, builder.connect()).await);
        until("the end", || server.io.client_count() == 0).await;
    }
    assert!(ended > 0, "the last ones were not given up");
}

#[tokio::test]
async fn who_does_not_wait_for_a_connection_gets_it_nevertheless() {
    let (server, _) = server().await;
    for times in 0..20 {
        let socket = server.client("/").build().unwrap();
        polls(times, socket.connect()).await;
        until("the connection", || socket.is_connected()).await;
        polls(times, socket.disconnect()).await;
        until("the end", || server.io.client_count() == 0).await;
        assert!(!socket.is_active());
    }
}

#[tokio::test]
async fn an_event_whose_answer_nobody_waits_for_arrives_once() {
    let (server, mut lines) = server().await;
    for way in support::WAYS {
        let socket = server
            .client("/")
            .transports(way.iter().copied())
            .connect()
            .await
            .unwrap();
        for number in 0..60_usize {
            polls(number % 20 + 1, socket.emit_with_ack::<()>("note", number)).await;
        }
        let expected: Vec<_> = (0..60).map(|number| number.to_string()).collect();
        assert_eq!(lines.take(60).await, expected);
        // One that was never polled was never emitted.
        drop(socket.emit_with_ack::<()>("note", 99));
        let () = soon("an answer", socket.emit_with_ack("note", 100))
            .await
            .unwrap();
        assert_eq!(lines.take(1).await, ["100"]);
    }
    assert_eq!(lines.rest(), [""; 0]);
}

#[tokio::test]
async fn a_pulled_event_is_never_lost() {
    let (server, _) = server().await;
    let socket = server.client("/").connect().await.unwrap();
    let mut events = socket.events();
    socket.emit("count", 500).unwrap();
    let mut numbers = Vec::new();
    while numbers.len() < 500 {
        // Given up and begun again, all the time.
        let Some(event) = events.next().now_or_never() else {
            tokio::task::yield_now().await;
            continue;
        };
        if let SocketEvent::Message(message) = event {
            numbers.push(message.decode::<u32>().unwrap());
        }
    }
    assert_eq!(numbers, (0..500).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_emitted_before_disconnecting_arrives() {
    let (server, mut lines) = server().await;
    for way in support::WAYS {
        for times in 0..5 {
            let socket = server
                .client("/")
                .transports(way.iter().copied())
                .connect()
                .await
                .unwrap();
            for number in 0..10 {
                socket.emit("note", number).unwrap();
            }
            match times {
                // The last handle goes.
                0 => drop(socket),
                _ => drop(polls(times, socket.disconnect()).await),
            }
            let expected: Vec<_> = (0..10).map(|number| number.to_string()).collect();
            assert_eq!(lines.take(10).await, expected, "{way:?}");
        }
    }
}
