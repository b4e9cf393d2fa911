//! Events both ways, their acknowledgements, and those who listen.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value as Json, json};
use socketio_client::{
    Ack, AckError, Attachments, EmitError, Event, Rest, Socket, SocketEvent, Transport, Values,
};
use socketio_server::{Ack as ServerAck, Socket as Peer, SocketIo, Values as Arguments};
use std::time::Duration;
use support::{Log, Server, WAYS, settled, soon};

/// A server that echoes, and asks.
async fn server() -> Server {
    let server = Server::start(SocketIo::builder()).await;
    let io = &server.io;
    io.on(
        "echo",
        async |peer: Peer, all: Arguments, ack: ServerAck| match ack.is_wanted() {
            true => ack.send(all),
            false => peer.emit("echo", all),
        },
    );
    io.on("silence", async || ());
    io.on("ask", async |peer: Peer, question: String| {
        let answer: Result<(String, u32), _> = peer
            .timeout(Duration::from_secs(10))
            .emit_with_ack("question", question)
            .await;
        peer.emit("answer", answer.map_err(|error| error.to_string()))
    });
    io.on("leave", async |peer: Peer| peer.disconnect(false));
    server
}

/// A handler that writes what it got into the log.
fn into(log: &Log, name: &'static str) -> impl Fn(Values) -> std::future::Ready<()> + use<> {
    let log = log.clone();
    move |Values(values)| {
        let values: Vec<Json> = values
            .iter()
            .map(|value| serde_json::to_value(value).unwrap())
            .collect();
        log.add(format!("{name} {}", Json::from(values)));
        std::future::ready(())
    }
}

#[tokio::test]
async fn events_come_back_in_order_by_every_transport() {
    let server = server().await;
    for way in WAYS {
        let (log, mut lines) = Log::new();
        let client = server.client("/").transports(way.iter().copied());
        let socket = client
            .on("echo", into(&log, "echo"))
            .connect()
            .await
            .unwrap();
        // During the upgrade, too.
        for number in 0..200 {
            socket.emit("echo", (number, "text")).unwrap();
            if number % 50 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let expected: Vec<_> = (0..200)
            .map(|number| format!("echo [{number},\"text\"]"))
            .collect();
        assert_eq!(lines.take(200).await, expected);
        settled(&socket, way).await;
    }
}

#[tokio::test]
async fn acknowledgements_come_back_to_the_caller() {
    let server = server().await;
    for way in WAYS {
        let client = server.client("/").transports(way.iter().copied());
        let socket = client.connect().await.unwrap();
        let one: String = soon("an answer", socket.emit_with_ack("echo", "a"))
            .await
            .unwrap();
        assert_eq!(one, "a");
        let (a, b): (u8, Json) = soon(
            "an answer",
            socket.emit_with_ack("echo", (1, json!({ "b": [null] }))),
        )
        .await
        .unwrap();
        assert_eq!((a, b), (1, json!({ "b": [null] })));
        let () = soon("an answer", socket.emit_with_ack("echo", ()))
            .await
            .unwrap();
        let wrong = soon("an answer", socket.emit_with_ack::<u32>("echo", "a")).await;
        assert!(matches!(wrong, Err(AckError::Decode(_))));
    }
}

#[tokio::test]
async fn an_acknowledgement_that_does_not_come_is_an_error() {
    let server = server().await;
    let socket = server.client("/").connect().await.unwrap();
    let limit = Duration::from_millis(20);
    let late = socket
        .timeout(limit)
        .emit_with_ack::<()>("silence", ())
        .await;
    assert!(matches!(late, Err(AckError::Timeout)));

    let lost = socket.emit_with_ack::<()>("silence", ());
    let leave = async {
        socket.emit("leave", ()).unwrap();
    };
    let (lost, ()) = soon("the disconnection", futures_util::future::join(lost, leave)).await;
    assert!(matches!(lost, Err(AckError::Disconnected)));
}

#[tokio::test]
async fn the_server_asks_and_a_handler_answers() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let socket = server
        .client("/")
        .on(
            "question",
            async |text: String, ack: Ack| -> Result<(), EmitError> {
                assert!(ack.is_wanted());
                // Not at once, as one that looks something up does not.
                tokio::task::yield_now().await;
                ack.clone().send((format!("{text}?"), 42))?;
                ack.send("twice")
            },
        )
        .on("answer", into(&log, "answer"))
        .connect()
        .await
        .unwrap();
    socket.emit("ask", "what").unwrap();
    assert_eq!(lines.next().await, r#"answer [{"Ok":["what?",42]}]"#);
}

#[tokio::test]
async fn binary_data_travels_at_any_depth() {
    let server = server().await;
    let bytes = socketio_client::Value::from(bytes::Bytes::from(vec![7; 100_000]));
    for way in WAYS {
        let (log, mut lines) = Log::new();
        let seen = log.clone();
        let client = server.client("/").transports(way.iter().copied());
        let socket = client
            .on(
                "echo",
                move |name: String, Attachments(all): Attachments| {
                    let sizes: Vec<_> = all.iter().map(|bytes| bytes.len()).collect();
                    seen.add(format!("{name} {sizes:?}"));
                    async {}
                },
            )
            .connect()
            .await
            .unwrap();
        let all = Values(vec![
            "two".into(),
            bytes.clone(),
            vec![bytes.clone()].into(),
        ]);
        socket.emit("echo", &all).unwrap();
        assert_eq!(lines.next().await, "two [100000, 100000]");
        let answer = soon(
            "the answer",
            socket
                .timeout(support::PATIENCE)
                .emit_with_ack_raw("echo", &all),
        );
        assert_eq!(answer.await.unwrap().values().unwrap(), all.0);
    }
}

#[tokio::test]
async fn listeners_come_and_go() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let socket = server.client("/").connect().await.unwrap();
    let on = socket.on("echo", into(&log, "on"));
    socket.once("echo", into(&log, "once"));
    let any = socket.on_any({
        let log = log.clone();
        move |Event(name), Rest(first): Rest<(u32,)>| {
            log.add(format!("any {name} {}", first.0));
            async {}
        }
    });
    socket.on_any_outgoing({
        let log = log.clone();
        move |Event(name), number: u32| {
            log.add(format!("out {name} {number}"));
            async {}
        }
    });
    socket.emit("echo", 1).unwrap();
    assert_eq!(
        lines.take(4).await,
        ["out echo 1", "any echo 1", "on [1]", "once [1]"]
    );
    assert!(socket.off(any) && !socket.off(any));
    socket.emit("echo", 2).unwrap();
    assert_eq!(lines.take(2).await, ["out echo 2", "on [2]"]);
    assert!(socket.off(on));
    socket.on("echo", into(&log, "late"));
    socket.emit("echo", 3).unwrap();
    assert_eq!(lines.take(2).await, ["out echo 3", "late [3]"]);
    socket.off_event("echo");
    socket.emit("echo", 4).unwrap();
    let () = socket.emit_with_ack("echo", 5).await.unwrap();
    assert_eq!(lines.rest(), ["out echo 4", "out echo 5"]);
}

#[tokio::test]
async fn a_handler_that_fails_is_reported_and_the_socket_lives() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let socket = server
        .client("/")
        .on(
            "echo",
            async |what: String| -> Result<(), std::fmt::Error> {
                match what.as_str() {
                    "fail" => Err(std::fmt::Error),
                    "panic later" => {
                        tokio::task::yield_now().await;
                        panic!("later")
                    }
                    what => panic!("{}", what.to_owned()),
                }
            },
        )
        .on_error(move |socket, event, error| {
            assert!(socket.is_connected());
            log.add(format!("{event}: {error}"));
        })
        .connect()
        .await
        .unwrap();
    for (sent, reported) in [
        (json!("fail"), "echo: the handler failed"),
        (json!("now"), "echo: the handler panicked: now"),
        (json!("panic later"), "echo: the handler panicked: later"),
        (
            json!(1),
            "echo: argument 0 of the event is not what its handler expects",
        ),
    ] {
        socket.emit("echo", sent).unwrap();
        assert_eq!(lines.next().await, reported);
    }
    let () = soon("an answer", socket.emit_with_ack("echo", ()))
        .await
        .unwrap();
}

#[tokio::test]
async fn handlers_start_in_order_and_a_slow_one_holds_up_nobody() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let (release, held) = tokio::sync::watch::channel(false);
    let socket = server
        .client("/")
        .on("echo", move |number: u32| {
            let (log, mut held) = (log.clone(), held.clone());
            async move {
                log.add(format!("begin {number}"));
                if number == 0 {
                    held.wait_for(|open| *open).await.unwrap();
                }
                log.add(format!("end {number}"));
            }
        })
        .connect()
        .await
        .unwrap();
    socket.emit("echo", 0).unwrap();
    socket.emit("echo", 1).unwrap();
    assert_eq!(lines.take(3).await, ["begin 0", "begin 1", "end 1"]);
    release.send(true).unwrap();
    assert_eq!(lines.next().await, "end 0");
}

#[tokio::test]
async fn as_many_handlers_may_be_suspended_as_the_builder_says() {
    let server = server().await;
    let (log, mut lines) = Log::new();
    let (release, held) = tokio::sync::watch::channel(0);
    let socket = server
        .client("/")
        .transports([Transport::WebSocket])
        .max_pending_handlers(2)
        .on("echo", move |number: u32| {
            let (log, mut held) = (log.clone(), held.clone());
            async move {
                log.add(format!("begin {number}"));
                held.wait_for(|open| *open > number).await.unwrap();
            }
        })
        .connect()
        .await
        .unwrap();
    for number in 0..4 {
        socket.emit("echo", number).unwrap();
    }
    assert_eq!(lines.take(2).await, ["begin 0", "begin 1"]);
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(lines.rest(), [""; 0], "the others are not even read");
    release.send(4).unwrap();
    assert_eq!(lines.take(2).await, ["begin 2", "begin 3"]);
}

#[tokio::test]
async fn events_can_be_pulled() {
    let server = server().await;
    let socket = server.client("/").build().unwrap();
    let mut events = socket.events();
    socket.connect();
    let mut next = async || loop {
        // The connection's own events are not the point here.
        match soon("an event", events.next()).await {
            SocketEvent::Connection(_) => {}
            event => return event,
        }
    };
    let connected = next().await;
    assert!(
        matches!(connected, SocketEvent::Connected { recovered: false }),
        "{connected:?}"
    );
    socket.emit("echo", ("a", 1)).unwrap();
    let SocketEvent::Message(message) = next().await else {
        panic!("no message")
    };
    assert_eq!(message.event(), "echo");
    assert_eq!(message.decode::<(String, u32)>().unwrap(), ("a".into(), 1));
    socket.emit("ask", "what").unwrap();
    let SocketEvent::Message(question) = next().await else {
        panic!("no message")
    };
    question.ack().send(("this", 1)).unwrap();
    let SocketEvent::Message(answer) = next().await else {
        panic!("no message")
    };
    assert_eq!(
        answer.values().unwrap().0,
        [json!({ "Ok": ["this", 1] }).into()]
    );
    socket.emit("leave", ()).unwrap();
    let left = next().await;
    assert!(
        matches!(&left, SocketEvent::Disconnected(reason) if reason.to_string() == "io server disconnect")
    );
}

#[tokio::test]
async fn reserved_names_are_refused_at_the_emit() {
    let server = server().await;
    let socket: Socket = server.client("/").connect().await.unwrap();
    for name in ["connect", "connect_error", "disconnect", "newListener"] {
        assert!(
            matches!(socket.emit(name, ()), Err(EmitError::Payload(_))),
            "{name}"
        );
    }
}

#[cfg(feature = "msgpack")]
#[tokio::test]
async fn both_sides_may_speak_messagepack() {
    let builder = SocketIo::builder().parser(socketio_proto::MsgPack);
    let server = Server::start(builder).await;
    server
        .io
        .on("echo", async |all: Arguments, ack: ServerAck| ack.send(all));
    for way in WAYS {
        let client = server
            .client("/")
            .auth(json!({ "a": 1 }))
            .parser(socketio_client::MsgPack);
        let socket = soon(
            "the connection",
            client.transports(way.iter().copied()).connect(),
        )
        .await;
        let answer: Json = socket
            .unwrap()
            .emit_with_ack("echo", json!({ "b": 2 }))
            .await
            .unwrap();
        assert_eq!(answer, json!({ "b": 2 }));
    }
}
