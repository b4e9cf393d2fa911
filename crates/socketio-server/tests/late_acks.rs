//! Answers that come when one of the two has left.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use socketio_server::{Ack, AckError, RecoveryConfig, Socket, SocketIo, State};
use std::sync::Arc;
use support::{Frame, Log, Server};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

type Asked = JoinHandle<Result<String, AckError>>;

/// Asks the only socket of a namespace.
fn ask(server: &Server, namespace: &str) -> Asked {
    let socket = server.of(namespace).sockets().pop().unwrap();
    tokio::spawn(async move { socket.emit_with_ack::<String>("q", ()).await })
}

/// The answer to a question.
fn answer(question: &str, with: &str) -> String {
    let (head, _) = question.split_once('[').unwrap();
    format!(r#"{}["{with}"]"#, head.replacen("42", "43", 1))
}

fn echoing(server: &Server) {
    server.on("echo", async |ack: Ack, text: String| ack.send(text));
}

#[tokio::test(start_paused = true)]
async fn sa_01_an_answer_to_a_socket_that_has_left_reaches_nobody() {
    for by_client in [true, false] {
        let server = Server::new(SocketIo::builder());
        echoing(&server);
        let mut client = server.client().await;
        let asked = ask(&server, "/");
        let question = client.text().await;
        let old = server.sockets().pop().unwrap();
        if by_client {
            client.send("41").await;
        } else {
            old.disconnect(false);
            assert_eq!(client.text().await, "41");
        }
        // Whoever asked knows at once, and once.
        assert!(matches!(asked.await.unwrap(), Err(AckError::Disconnected)));
        // The next socket of the same connection asks, and is answered under its own id only.
        client.join("/").await;
        let asked = ask(&server, "/");
        let next = client.text().await;
        assert_ne!(next, question);
        client.send(&answer(&question, "late")).await;
        client.send(r#"421["echo","x"]"#).await;
        assert_eq!(client.text().await, r#"431["x"]"#);
        assert!(!asked.is_finished());
        client.send(&answer(&next, "right")).await;
        assert_eq!(asked.await.unwrap().unwrap(), "right");
        assert!(matches!(
            old.emit_with_ack::<String>("q", ()).await,
            Err(AckError::Emit(_))
        ));
    }
}

/// As any packet for a namespace that was left.
#[tokio::test(start_paused = true)]
async fn sa_01_an_answer_to_a_namespace_that_was_left_closes() {
    let server = Server::new(SocketIo::builder());
    let _ = server.of("/other");
    let mut client = server.client().await;
    client.join("/other").await;
    let (here, there) = (ask(&server, "/"), ask(&server, "/other"));
    let question = client.text().await;
    client.text().await;
    client.send("41").await;
    assert!(matches!(here.await.unwrap(), Err(AckError::Disconnected)));
    client.send(&answer(&question, "late")).await;
    assert_eq!(client.next().await, Frame::Close(None));
    assert!(matches!(there.await.unwrap(), Err(AckError::Disconnected)));
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn sa_01_a_recovered_socket_is_not_answered_for_what_it_asked_before() {
    let builder = SocketIo::builder().connection_state_recovery(RecoveryConfig::default());
    let server = Server::new(builder);
    echoing(&server);
    let mut client = server.websocket().await;
    client.send("40").await;
    let reply: serde_json::Value = serde_json::from_str(&client.text().await[2..]).unwrap();
    let asked = ask(&server, "/");
    let question = client.text().await;
    client.cut();
    assert!(matches!(asked.await.unwrap(), Err(AckError::Disconnected)));
    server.deserted().await;
    let mut client = server.websocket().await;
    client
        .send(&format!("40{}", json!({ "pid": reply["pid"] })))
        .await;
    assert!(client.text().await.contains(reply["sid"].as_str().unwrap()));
    let asked = ask(&server, "/");
    let next = client.text().await;
    client.send(&answer(&question, "late")).await;
    client.send(&answer(&next, "right")).await;
    assert_eq!(asked.await.unwrap().unwrap(), "right");
}

#[tokio::test(start_paused = true)]
async fn sa_01_an_answer_of_a_handler_whose_client_has_left_goes_to_nobody() {
    for way in ["client", "server", "cut"] {
        let (log, mut lines) = Log::new();
        let server = Server::new(SocketIo::builder().state(log));
        echoing(&server);
        let gate = Arc::new(Semaphore::new(0));
        let opened = Arc::clone(&gate);
        server.on(
            "slow",
            move |ack: Ack, socket: Socket, State(log): State<Log>| {
                let gate = Arc::clone(&gate);
                async move {
                    log.add("asked");
                    gate.acquire().await.unwrap().forget();
                    let connected = socket.is_connected();
                    log.add(format!("{connected} {}", ack.send("late").is_ok()));
                }
            },
        );
        let mut client = server.client().await;
        client.send(r#"427["slow"]"#).await;
        assert_eq!(lines.next().await, "asked");
        match way {
            "client" => client.send("41").await,
            "server" => {
                server.sockets().pop().unwrap().disconnect(false);
                assert_eq!(client.text().await, "41");
            }
            _ => {
                client.cut();
                server.deserted().await;
                client = server.websocket().await;
            }
        }
        // The next socket has asked under the same number.
        client.join("/").await;
        client.send(r#"427["slow"]"#).await;
        assert_eq!(lines.next().await, "asked");
        opened.add_permits(1);
        assert_eq!(lines.next().await, "false true", "{way}");
        client.send(r#"428["echo","x"]"#).await;
        assert_eq!(client.text().await, r#"438["x"]"#, "{way}");
        opened.add_permits(1);
        assert_eq!(lines.next().await, "true true", "{way}");
        assert_eq!(client.text().await, r#"437["late"]"#, "{way}");
    }
}
