//! Typed events, as a client sees them that knows of no types.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{AckError, Responses, Socket, SocketIo, State, events};
use std::time::Duration;
use support::{Log, Server};

events! {
    Said = "said"(from: String, text: String);
    Say = "say"(room: String, text: Option<String>) -> usize;
    Where = "where"() -> (String, u32);
}

fn server() -> Server {
    Server::new(SocketIo::builder())
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_returns_is_the_acknowledgement() {
    let server = server();
    server.on_typed(async |say: Say| say.room.len() + say.text.map_or(0, |text| text.len()));
    server.on_typed(async |Where {}| ("here".to_owned(), 1));
    server.on_typed(async |socket: Socket, said: Said| socket.emit("heard", said.text).unwrap());
    let mut client = server.client().await;

    client.send(r#"421["say","lobby","hi"]"#).await;
    assert_eq!(client.text().await, "431[7]");
    client.send(r#"422["say","lobby"]"#).await;
    assert_eq!(client.text().await, "432[5]");
    client.send(r#"423["where"]"#).await;
    assert_eq!(client.text().await, r#"433["here",1]"#);

    // One who does not ask is told nothing.
    client.send(r#"42["say","lobby","hi"]"#).await;
    // An event without an acknowledgement tells one who asks that it was handled.
    client.send(r#"424["said","ann","hi"]"#).await;
    assert_eq!(client.text().await, r#"42["heard","hi"]"#);
    assert_eq!(client.text().await, "434[]");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_reported_and_not_sent() {
    let (log, mut lines) = Log::new();
    let errors = log.clone();
    let builder = SocketIo::builder().state(log);
    let server = Server::new(builder.on_error(move |_, event, error| {
        errors.add(format!("{event}: {error}"));
    }));
    server.on_typed(async |State(log): State<Log>, say: Say| {
        log.add("called");
        Err::<usize, _>(say.room)
    });
    let mut client = server.client().await;

    client.send(r#"421["say","lobby"]"#).await;
    assert_eq!(lines.next().await, "called");
    assert_eq!(lines.next().await, "say: the handler failed");
    client.send(r#"422["say",{}]"#).await;
    let refused = "say: argument 0 of the event is not what its handler expects";
    assert_eq!(lines.next().await, refused);

    let panicking = server.on_typed(async |Where {}| -> (String, u32) { panic!("oh") });
    client.send(r#"423["where"]"#).await;
    let panicked = "where: the handler panicked: oh";
    assert_eq!(lines.next().await, panicked);
    assert!(server.off(panicking));

    server.on_typed(async |Where {}| ("still there".to_owned(), 2));
    client.send(r#"423["where"]"#).await;
    assert_eq!(client.text().await, r#"433["still there",2]"#);
}

#[tokio::test(start_paused = true)]
async fn typed_and_untyped_handlers_serve_the_same_event() {
    let (server, mut lines) = {
        let (log, lines) = Log::new();
        (Server::new(SocketIo::builder().state(log)), lines)
    };
    let typed = server.on_typed(async |State(log): State<Log>, said: Said| {
        log.add(format!("typed {}", said.text));
    });
    server.on(
        "said",
        async |State(log): State<Log>, _from: String, text: String| {
            log.add(format!("untyped {text}"));
        },
    );
    server.on_connection(async |socket: Socket| {
        socket.on_typed(async |State(log): State<Log>, said: Said| {
            log.add(format!("own {}", said.text));
        });
    });
    let mut client = server.client().await;
    client.send(r#"42["said","ann","1"]"#).await;
    assert_eq!(lines.take(3).await, ["typed 1", "untyped 1", "own 1"]);

    assert!(server.off(typed));
    client.send(r#"42["said","ann","2"]"#).await;
    assert_eq!(lines.take(2).await, ["untyped 2", "own 2"]);
}

#[tokio::test(start_paused = true)]
async fn typed_events_go_to_one_to_many_and_to_all() {
    let server = server();
    let said = |text: &str| Said {
        from: "server".into(),
        text: text.into(),
    };
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();
    socket.join("a").unwrap();
    socket.emit_typed(&said("one")).unwrap();
    server.to("a").emit_typed(&said("room")).unwrap();
    server.to("b").emit_typed(&said("nobody")).unwrap();
    server.emit_typed(&said("all")).unwrap();
    for text in ["one", "room", "all"] {
        let expected = format!(r#"42["said","server","{text}"]"#);
        assert_eq!(client.text().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_have_the_declared_types() {
    let server = server();
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();

    let asking = tokio::spawn({
        let socket = socket.clone();
        async move { socket.emit_typed_with_ack(&Where {}).await }
    });
    assert_eq!(client.text().await, r#"420["where"]"#);
    client.send(r#"430["there",3]"#).await;
    assert_eq!(asking.await.unwrap().unwrap(), ("there".to_owned(), 3));

    let asking = tokio::spawn(async move {
        let brief = socket.timeout(Duration::from_secs(1));
        brief.emit_typed_with_ack(&Where {}).await
    });
    assert_eq!(client.text().await, r#"421["where"]"#);
    assert!(matches!(asking.await.unwrap(), Err(AckError::Timeout)));

    // Of a tuple each receiver's answer has all arguments.
    let all = (*server).clone();
    let asking = tokio::spawn(async move { all.emit_typed_with_ack(&Where {}).await });
    assert_eq!(client.text().await, r#"422["where"]"#);
    client.send(r#"432["everywhere",4]"#).await;
    let Responses { answers, .. } = asking.await.unwrap().unwrap();
    assert_eq!(answers, [("everywhere".to_owned(), 4)]);
}
