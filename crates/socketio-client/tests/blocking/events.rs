//! Events both ways, their acknowledgements, and those who listen.

use crate::support::{Log, Server, WAYS, connect, settled, soon};
use serde_json::{Value as Json, json};
use socketio_client::blocking::Socket;
use socketio_client::{
    Ack, AckError, Attachments, EmitError, Event, SocketEvent, Transport, Value, Values,
};
use socketio_server::{Ack as ServerAck, Socket as Peer, SocketIo, Values as Arguments};
use std::time::Duration;

/// A server that echoes, and asks.
fn server() -> Server {
    let server = Server::start(SocketIo::builder());
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
fn into(log: &Log, name: &'static str) -> impl Fn(Values) + use<> {
    let log = log.clone();
    move |Values(values)| {
        let values: Vec<Json> = values
            .iter()
            .map(|value| serde_json::to_value(value).unwrap())
            .collect();
        log.add(format!("{name} {}", Json::from(values)));
    }
}

#[test]
fn events_come_back_in_order_by_every_transport() {
    let server = server();
    for way in WAYS {
        let (log, lines) = Log::new();
        let client = server.client("/").transports(way.iter().copied());
        let socket = connect(client.on("echo", into(&log, "echo")));
        // During the upgrade, too.
        for number in 0..200 {
            socket.emit("echo", (number, "text")).unwrap();
        }
        let expected: Vec<_> = (0..200)
            .map(|number| format!("echo [{number},\"text\"]"))
            .collect();
        assert_eq!(lines.take(200), expected);
        settled(&socket, way);
    }
}

#[test]
fn acknowledgements_come_back_to_the_caller() {
    let server = server();
    for way in WAYS {
        let socket = connect(server.client("/").transports(way.iter().copied()));
        soon("the answers", move || {
            let one: String = socket.emit_with_ack("echo", "a").unwrap();
            assert_eq!(one, "a");
            let (a, b): (u8, Json) = socket
                .emit_with_ack("echo", (1, json!({ "b": [null] })))
                .unwrap();
            assert_eq!((a, b), (1, json!({ "b": [null] })));
            let () = socket.emit_with_ack("echo", ()).unwrap();
            let wrong = socket.emit_with_ack::<u32>("echo", "a");
            assert!(matches!(wrong, Err(AckError::Decode(_))));
        });
    }
}

#[test]
fn an_acknowledgement_that_does_not_come_is_an_error() {
    let server = server();
    let socket = connect(server.client("/"));
    soon("the errors", move || {
        let short = socket.timeout(Duration::from_millis(20));
        let late = short.emit_with_ack::<()>("silence", ());
        assert!(matches!(late, Err(AckError::Timeout)));
        socket.emit("leave", ()).unwrap();
        let lost = socket.emit_with_ack::<()>("silence", ());
        assert!(matches!(lost, Err(AckError::Disconnected)), "{lost:?}");
    });
}

#[test]
fn the_server_gets_answers() {
    let server = server();
    for way in WAYS {
        let (log, lines) = Log::new();
        let socket = connect(
            server
                .client("/")
                .transports(way.iter().copied())
                .on("question", |text: String, ack: Ack| {
                    ack.send((format!("{text}!"), 7))
                })
                .on("answer", into(&log, "answer")),
        );
        socket.emit("ask", "why").unwrap();
        assert_eq!(lines.next(), r#"answer [{"Ok":["why!",7]}]"#);
    }
}

#[test]
fn binary_data_comes_back_by_every_transport() {
    let server = server();
    for way in WAYS {
        let (log, lines) = Log::new();
        let socket = connect(server.client("/").transports(way.iter().copied()).on(
            "echo",
            move |Attachments(all): Attachments| {
                let sum: usize = all.iter().flatten().map(|byte| usize::from(*byte)).sum();
                log.add(format!("{} {sum}", all.len()));
            },
        ));
        let large = Value::from(bytes::Bytes::from(vec![2; 300_000]));
        socket.emit("echo", (large, "text")).unwrap();
        assert_eq!(lines.next(), "1 600000");
    }
}

#[test]
fn a_handler_may_wait_for_an_answer() {
    let server = server();
    for way in WAYS {
        let (log, lines) = Log::new();
        let socket = connect(server.client("/").transports(way.iter().copied()).on(
            "echo",
            move |socket: Socket, text: String| {
                let answer: String = socket.emit_with_ack("echo", format!("{text}?"))?;
                log.add(answer);
                Ok::<_, AckError>(())
            },
        ));
        settled(&socket, way);
        socket.emit("echo", "one").unwrap();
        socket.emit("echo", "two").unwrap();
        assert_eq!(lines.take(2), ["one?", "two?"]);
    }
}

#[test]
fn a_slow_handler_holds_up_neither_answers_nor_the_connection() {
    let server = server();
    let (log, lines) = Log::new();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let socket = connect(server.client("/").max_pending_handlers(2).on(
        "echo",
        move |number: u32| {
            wait.lock().unwrap().recv().unwrap();
            log.add(number.to_string());
        },
    ));
    for number in 0..50 {
        socket.emit("echo", number).unwrap();
    }
    for _ in 0..50 {
        go.send(()).unwrap();
    }
    let expected: Vec<_> = (0..50).map(|number| number.to_string()).collect();
    assert_eq!(lines.take(50), expected);
    assert!(socket.is_connected());
}

#[test]
fn listeners_see_what_they_are_for() {
    let server = server();
    let (log, lines) = Log::new();
    let (any, out, once) = (log.clone(), log.clone(), log.clone());
    let socket = connect(
        server
            .client("/")
            .on_any(move |Event(name): Event| any.add(format!("any {name}")))
            .on_any_outgoing(move |Event(name): Event| out.add(format!("out {name}")))
            .once("echo", move || once.add("once")),
    );
    let id = socket.on("echo", into(&log, "on"));
    socket.emit("echo", 1).unwrap();
    // What goes out is shown when it has gone; the answer may be quicker.
    let is_out = |line: &String| line == "out echo";
    let (out, others): (Vec<_>, Vec<_>) = lines.take(4).into_iter().partition(is_out);
    assert_eq!(others, ["any echo", "once", "on [1]"]);
    assert_eq!(out.len(), 1);
    assert!(socket.off(id) && !socket.off(id));
    socket.emit("echo", 2).unwrap();
    let mut both = lines.take(2);
    both.sort();
    assert_eq!(both, ["any echo", "out echo"]);
}

#[test]
fn handlers_that_fail_are_reported() {
    let server = server();
    let (log, lines) = Log::new();
    let socket = connect(
        server
            .client("/")
            .on("echo", |number: u32| match number {
                0 => panic!("zero"),
                _ => Err(std::fmt::Error),
            })
            .on_error(move |socket, event, error| {
                log.add(format!("{} {event}: {error}", socket.namespace()));
            }),
    );
    for wrong in [json!(0), json!(1), json!("x")] {
        socket.emit("echo", wrong).unwrap();
    }
    assert_eq!(
        lines.take(3),
        [
            "/ echo: the handler panicked: zero",
            "/ echo: the handler failed",
            "/ echo: argument 0 of the event is not what its handler expects",
        ]
    );
    assert!(socket.is_connected());
}

#[test]
fn events_can_be_pulled() {
    let server = server();
    let socket = server.client("/").build().unwrap();
    let mut events = socket.events();
    assert!(events.try_next().is_none());
    socket.start_connecting();
    let mut seen = Vec::new();
    for event in events.by_ref() {
        match event {
            SocketEvent::Connected { .. } => socket.emit("echo", (1, "a")).unwrap(),
            SocketEvent::Message(message) => {
                let (number, text): (u32, String) = message.decode().unwrap();
                seen.push(format!("{} {number} {text}", message.event()));
                socket.emit("leave", ()).unwrap();
            }
            SocketEvent::Disconnected(reason) => {
                seen.push(reason.to_string());
                break;
            }
            _ => {}
        }
    }
    assert_eq!(seen, ["echo 1 a", "io server disconnect"]);
    let mut rest = std::iter::from_fn(|| events.next_timeout(Duration::from_millis(20)));
    assert!(!rest.any(|event| matches!(event, SocketEvent::Message(_))));
}

#[test]
fn a_volatile_event_does_not_wait_for_a_connection() {
    let server = server();
    let (log, lines) = Log::new();
    let socket = server
        .client("/")
        .transports([Transport::WebSocket])
        .on("echo", into(&log, "echo"))
        .build()
        .unwrap();
    socket.volatile().emit("echo", 1).unwrap();
    socket.emit("echo", 2).unwrap();
    let dropped = socket.volatile().emit_with_ack::<()>("echo", 3);
    assert!(matches!(dropped, Err(AckError::Emit(EmitError::Socket(_)))));
    let connecting = socket.clone();
    soon("the connection", move || connecting.connect()).unwrap();
    assert_eq!(lines.next(), "echo [2]");
    socket.volatile().emit("echo", 4).unwrap();
    assert_eq!(lines.next(), "echo [4]");
}
