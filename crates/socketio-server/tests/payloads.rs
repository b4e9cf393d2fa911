//! What the application cannot send, and what clients nest too deeply.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_bytes::Bytes;
use socketio_server::{Ack, Attachments, Limits, Reason, SocketIo, SocketIoBuilder, State, Values};
use std::collections::BTreeMap;
use support::{Frame, Lines, Log, Server};
use tokio_tungstenite::tungstenite::Message;

/// A server that tells of failures, and why its sockets go.
fn server(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let failures = log.clone();
    let builder = builder.state(log).on_error(move |_, event, error| {
        failures.add(format!("error of {event}: {error}"));
    });
    let server = Server::new(builder);
    server.on_disconnect(async |State(log): State<Log>, reason: Reason| {
        log.add(reason.to_string());
    });
    (server, lines)
}

/// Keys that are neither text nor numbers, behind something that could be sent.
fn unfit() -> impl serde::Serialize + Clone {
    let whole = Bytes::new(b"whole");
    (1, whole, BTreeMap::from([((1, 2), 3)]), whole)
}

#[tokio::test(start_paused = true)]
async fn sp_16_what_cannot_be_written_is_an_error_and_not_half_sent() {
    let limits = Limits::default().max_pending_acks(1);
    let (server, mut lines) = server(SocketIo::builder().limits(limits));
    server.on("ask", async |ack: Ack| ack.send(unfit()));
    server.on("ask again", async |ack: Ack| {
        assert!(ack.clone().send(unfit()).is_err());
        ack.send(7)
    });
    let mut client = server.client().await;
    let mut other = server.polling().await;
    other.join("/").await;
    let socket = server.sockets().pop().unwrap();
    for name in ["x", "connect", "disconnecting"] {
        let bad = || (name == "x").then(unfit);
        assert!(socket.emit(name, bad()).is_err());
        assert!(socket.volatile().emit(name, bad()).is_err());
        assert!(socket.emit_paced(name, bad()).await.is_err());
        assert!(socket.emit_with_ack::<u32>(name, bad()).await.is_err());
        assert!(socket.broadcast().emit(name, bad()).is_err());
        assert!(server.emit(name, bad()).is_err());
        assert!(server.emit_with_ack::<u32>(name, bad()).await.is_err());
        assert!(server.to("nowhere").emit(name, bad()).is_err());
    }
    client.send(r#"421["ask"]"#).await;
    let failure = lines.next().await;
    assert!(failure.starts_with("error of ask: "), "{failure}");
    client.send(r#"422["ask again"]"#).await;
    assert_eq!(client.text().await, "432[7]");

    server.emit("fine", Bytes::new(b"one")).unwrap();
    let fine = r#"451-["fine",{"_placeholder":true,"num":0}]"#;
    assert_eq!(client.text().await, fine);
    assert_eq!(client.next().await, Frame::Binary((&b"one"[..]).into()));
    assert_eq!(other.text().await, fine);
    assert_eq!(other.text().await, "bb25l");
    // None of those that could not be asked holds the one place.
    let asked = tokio::spawn(async move { socket.emit_with_ack::<u32>("fine", ()).await });
    let question = other.text().await;
    other
        .send(&question.replace("42", "43").replace(r#""fine""#, "7"))
        .await;
    assert_eq!(asked.await.unwrap().unwrap(), 7);
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sp_07_a_placeholder_in_the_depth_closes_and_costs_no_stack() {
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"451-8["deep",{open}{{"_placeholder":true,"num":0}}{close}]"#)
    };
    let (server, mut lines) = server(SocketIo::builder());
    server.on("deep", async |ack: Ack, data: Attachments| {
        ack.send(data.0.len())
    });
    let mut client = server.client().await;
    client.send(&deep(100)).await;
    client.send_frame(Message::binary(vec![7; 10])).await;
    assert_eq!(client.text().await, "438[1]");
    for depth in [1_000, 100_000] {
        let packet = deep(depth);
        let mut framed = server.client().await;
        framed.send(&packet).await;
        framed.send_frame(Message::binary(vec![7; 10])).await;
        assert_eq!(framed.closed().await, None, "{depth}");
        assert_eq!(lines.next().await, "forced close", "{depth}");
        let mut polling = server.polling().await;
        polling.join("/").await;
        polling.send(&format!("{packet}\u{1e}bAAAA")).await;
        assert_eq!(lines.next().await, "forced server close", "{depth}");
    }
    // It was somebody else's stack.
    client.send(&deep(1).replace("8[", "9[")).await;
    client.send_frame(Message::binary(vec![7; 10])).await;
    assert_eq!(client.text().await, "439[1]");
}

#[tokio::test(start_paused = true)]
async fn sp_07_without_a_limit_of_depth_only_the_reading_ends() {
    let limits = Limits::default().max_depth(usize::MAX);
    let (server, mut lines) = server(SocketIo::builder().limits(limits));
    server.on("relay", async |ack: Ack, data: Attachments| {
        ack.send(data.0.len())
    });
    server.on("read", async |values: Values| drop(values));
    let mut client = server.client().await;
    let argument = format!(
        r#"{}{{"_placeholder":true,"num":0}}{}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    client.send(&format!(r#"451-1["relay",{argument}]"#)).await;
    client.send_frame(Message::binary(vec![7; 10])).await;
    assert_eq!(client.text().await, "431[1]");
    client.send(&format!(r#"451-2["read",{argument}]"#)).await;
    client.send_frame(Message::binary(vec![7; 10])).await;
    let failure = lines.next().await;
    assert!(failure.starts_with("error of read: "), "{failure}");
}
