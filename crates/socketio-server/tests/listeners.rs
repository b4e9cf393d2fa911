//! Catch-all handlers in both directions, middlewares of one socket, and small conveniences.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{
    Ack, EmitError, Event, Limits, Refusal, Rest, Socket, SocketIo, SocketIoBuilder, State, Values,
};
use support::{Lines, Log, Server};

fn server() -> (Server, Lines) {
    server_with(SocketIo::builder())
}

fn server_with(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let errors = log.clone();
    let builder = builder.state(log).on_error(move |socket, event, error| {
        errors.add(format!(
            "error of {event} from {}: {error}",
            socket.id().len()
        ));
    });
    (Server::new(builder), lines)
}

#[tokio::test(start_paused = true)]
async fn catch_all_handlers_may_come_before_the_others() {
    let (server, mut lines) = server();
    server.on_any(async |State(log): State<Log>| log.add("any"));
    let first = server.prepend_any(async |State(log): State<Log>, Event(event): Event| {
        log.add(format!("first any: {event}"));
    });
    server.on("a", async |State(log): State<Log>| log.add("a"));
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();
    socket.on_any(async |State(log): State<Log>| log.add("own any"));
    socket.prepend_any(async |State(log): State<Log>| log.add("own first any"));
    client.send(r#"42["a"]"#).await;
    let expected = ["first any: a", "any", "own first any", "own any", "a"];
    assert_eq!(lines.take(5).await, expected);
    assert!(server.off(first));
    client.send(r#"42["a"]"#).await;
    assert_eq!(lines.take(4).await, expected[1..]);
}

/// Some are other names for what has a method of its own, the others are heard never; and none takes off what was
/// registered otherwise.
#[tokio::test(start_paused = true)]
async fn reserved_names_are_no_back_door_to_other_handlers() {
    let (server, mut lines) = server();
    for name in ["connect", "disconnecting", "disconnect"] {
        server.on(name, async |State(log): State<Log>| log.add("known"));
    }
    for name in ["newListener", "removeListener", "connect_error"] {
        let heard = async |State(log): State<Log>| log.add("never");
        let id = server.on(name, heard);
        assert!(!server.off(id));
        server.once(name, heard);
    }
    server.on_any(async |State(log): State<Log>| log.add("any"));
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();
    socket.on("newListener", async |State(log): State<Log>| {
        log.add("never")
    });
    server.off_event("newListener");
    socket.off_event("removeListener");
    client.send(r#"42["connection"]"#).await;
    assert_eq!(lines.take(2).await, ["known", "any"]);
    server.emit("out", ()).unwrap();
    assert_eq!(client.text().await, r#"42["out"]"#);
    client.cut();
    assert_eq!(lines.take(2).await, ["known", "known"]);
    server.deserted().await;
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_goes_out_is_heard_once_for_each_receiver() {
    let (server, mut lines) = server();
    let mut one = server.client().await;
    let mut two = server.client().await;
    let [socket, other] = &server.sockets()[..] else {
        panic!("two sockets");
    };
    // Nobody listens yet.
    socket.emit("early", ()).unwrap();
    socket.on_any_outgoing(
        async |State(log): State<Log>, Event(event): Event, Rest((n,)): Rest<(u32,)>| {
            log.add(format!("out {event} {n}"));
        },
    );
    socket.prepend_any_outgoing(async |State(log): State<Log>| log.add("first"));
    socket.emit("alone", 1).unwrap();
    assert_eq!(lines.take(2).await, ["first", "out alone 1"]);
    server.emit("all", 2).unwrap();
    assert_eq!(lines.take(2).await, ["first", "out all 2"]);
    server.except(socket.id()).emit("others", 3).unwrap();
    other.emit("other", 4).unwrap();
    assert!(lines.rest().is_empty());

    server.on_any_outgoing(async |State(log): State<Log>, socket: Socket| {
        log.add(format!("to {}", socket.id()));
    });
    server.prepend_any_outgoing(async |State(log): State<Log>, Event(event): Event| log.add(event));
    other.volatile().emit("other", 5).unwrap();
    let to_other = format!("to {}", other.id());
    assert_eq!(lines.take(2).await, ["other", &to_other]);
    // It sees questions, too.
    socket.on("ask", async |socket: Socket| {
        let _ = socket.emit_with_ack::<u32>("question", 6).await;
    });
    one.send(r#"42["ask"]"#).await;
    two.send(r#"42["ask"]"#).await;
    let seen = lines.take(4).await;
    assert_eq!([&seen[0], &seen[3]], ["question", "out question 6"]);
}

#[tokio::test(start_paused = true)]
async fn ad_03_a_listener_of_what_goes_out_that_panics_stops_nothing() {
    let (server, mut lines) = server();
    server.on_any_outgoing(|| -> std::future::Ready<()> { panic!("outgoing") });
    let mut client = server.client().await;
    server.emit("hello", ()).unwrap();
    assert_eq!(client.text().await, r#"42["hello"]"#);
    assert!(lines.next().await.starts_with("error of hello"));
}

#[tokio::test(start_paused = true)]
async fn a_socket_has_middlewares_of_its_own_behind_those_of_the_namespace() {
    let (server, mut lines) = server();
    server.event_middleware(async |State(log): State<Log>| -> Result<(), Refusal> {
        log.add("shared");
        Ok(())
    });
    server.on("a", async |State(log): State<Log>, ack: Ack| {
        log.add("a");
        ack.send("done")
    });
    let mut client = server.client().await;
    let mut other = server.client().await;
    let socket = server.sockets().remove(0);
    socket.event_middleware(async |State(log): State<Log>, n: u32| {
        log.add(format!("own {n}"));
        if n == 13 { Err("unlucky") } else { Ok(()) }
    });
    client.send(r#"421["a",1]"#).await;
    assert_eq!(lines.take(3).await, ["shared", "own 1", "a"]);
    assert_eq!(client.text().await, r#"431["done"]"#);
    client.send(r#"422["a",13]"#).await;
    let seen = lines.take(3).await;
    assert_eq!(seen[..2], ["shared", "own 13"]);
    assert_eq!(
        seen[2],
        "error of a from 20: a middleware refused the event: unlucky"
    );
    // The client hears nothing of it, and goes on.
    other.send(r#"423["a",13]"#).await;
    assert_eq!(lines.take(2).await, ["shared", "a"]);
    client.send(r#"424["a",2]"#).await;
    assert_eq!(client.text().await, r#"434["done"]"#);
}

#[tokio::test(start_paused = true)]
async fn sockets_are_found_by_id_and_messages_have_a_short_form() {
    let (server, _) = server();
    let mut client = server.client().await;
    let mut other = server.client().await;
    let [one, two] = &server.sockets()[..] else {
        panic!("two sockets");
    };
    one.join(two.id()).unwrap();
    assert_eq!(server.socket(two.id()).unwrap().id(), two.id());
    assert!(server.socket("nobody").is_none());
    server.socket(one.id()).unwrap().send(("hello", 1)).unwrap();
    assert_eq!(client.text().await, r#"42["message","hello",1]"#);
    server.send("all").unwrap();
    one.broadcast().send("others").unwrap();
    assert_eq!(client.text().await, r#"42["message","all"]"#);
    assert_eq!(other.text().await, r#"42["message","all"]"#);
    assert_eq!(other.text().await, r#"42["message","others"]"#);
}

#[tokio::test(start_paused = true)]
async fn reserved_names_are_refused_wherever_they_are_emitted() {
    let (server, _) = server();
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();
    for name in [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ] {
        for refused in [
            socket.emit(name, ()),
            socket.volatile().emit(name, ()),
            server.emit(name, ()),
            server.to("room").emit(name, ()),
        ] {
            assert!(matches!(refused, Err(EmitError::Payload(_))), "{name}");
        }
        assert!(socket.emit_with_ack::<u32>(name, ()).await.is_err());
    }
    socket.emit("error", Values(Vec::new())).unwrap();
    assert_eq!(client.text().await, r#"42["error"]"#);
}

#[tokio::test(start_paused = true)]
async fn whoever_was_refused_for_want_of_room_hears_when_there_is_some() {
    let (server, mut lines) =
        server_with(SocketIo::builder().limits(Limits::default().max_buffered(10_000)));
    server.on_drain(async |State(log): State<Log>| log.add("drain"));
    let mut client = server.polling().await;
    client.join("/").await;
    let socket = server.sockets().pop().unwrap();
    lines.rest();
    while socket.emit("x", "x".repeat(1_000)).is_ok() {}
    assert!(lines.rest().is_empty());
    client.text().await;
    assert_eq!(lines.next().await, "drain");
    socket.emit("x", 1).unwrap();
}
