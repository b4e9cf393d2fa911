//! What handlers are given, what they may do, and what happens when they fail.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::json;
use socketio_server::{
    Ack, AckError, Attachments, Auth, Event, EventContext, FromEvent, HandlerError, Handshake,
    Limits, Reason, Refusal, Rest, Socket, SocketIo, SocketIoBuilder, State, Values,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Frame, Lines, Log, Server};
use tokio_tungstenite::tungstenite::Message;

fn server() -> (Server, Lines) {
    server_with(SocketIo::builder())
}

/// A server with a log, into which failures go as well.
fn server_with(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let errors = log.clone();
    let builder = builder.state(log).on_error(move |socket, event, error| {
        assert!(!socket.id().is_empty());
        errors.add(format!("error of {event}: {error}"));
    });
    (Server::new(builder), lines)
}

async fn note(State(log): State<Log>, Event(event): Event, n: Option<u32>) {
    log.add(format!("{event} {n:?}"));
}

#[derive(Debug, Deserialize)]
struct Point {
    x: i32,
    #[serde(default)]
    y: i32,
}

/// A parameter of one's own: the event's second argument, in upper case.
struct Loud(String);

// A type that serde knows nothing of may be one.
impl FromEvent for Loud {
    fn from_event(context: &mut EventContext<'_>) -> Result<Self, HandlerError> {
        assert_eq!(context.event(), "own");
        context.next_argument::<String>()?;
        let text: String = context.next_argument()?;
        Ok(Self(text.to_uppercase()))
    }
}

#[tokio::test(start_paused = true)]
async fn parameters_come_from_the_event_and_its_surroundings() {
    let (server, mut lines) = server_with(SocketIo::builder().state(42u8));
    server.on(
        "typed",
        async |point: Point, State(log): State<Log>, text: String, State(n): State<u8>| {
            log.add(format!("{} {} {text} {n}", point.x, point.y));
        },
    );
    server.on(
        "rest",
        async |State(log): State<Log>, n: u32, Rest(rest): Rest<(String, bool)>| {
            log.add(format!("{n} {rest:?}"));
        },
    );
    server.on("values", async |socket: Socket, values: Values| {
        socket.emit("back", values)
    });
    server.on("own", async |State(log): State<Log>, Loud(text): Loud| {
        log.add(text)
    });
    server.on(
        "around",
        async |State(log): State<Log>,
               Event(event): Event,
               Handshake(request): Handshake,
               Auth(auth): Auth<serde_json::Value>,
               Attachments(attachments): Attachments| {
            let query = request.query();
            log.add(format!(
                "{event} {} {auth} {}",
                query["transport"],
                attachments.len()
            ));
        },
    );
    let mut client = server.websocket().await;
    client.send(r#"40{"token":1}"#).await;
    client.text().await;

    client.send(r#"42["typed",{"x":1},"hello"]"#).await;
    assert_eq!(lines.next().await, "1 0 hello 42");
    client.send(r#"42["rest",1,"a",true]"#).await;
    assert_eq!(lines.next().await, r#"1 ("a", true)"#);
    client.send(r#"42["values",1,[2],{"three":null}]"#).await;
    assert_eq!(client.text().await, r#"42["back",1,[2],{"three":null}]"#);
    client.send(r#"42["own","a","b"]"#).await;
    assert_eq!(lines.next().await, "B");
    client.send(r#"42["around"]"#).await;
    assert_eq!(lines.next().await, r#"around websocket {"token":1} 0"#);
}

#[tokio::test(start_paused = true)]
async fn binary_arguments_come_and_go_without_loss() {
    let (server, _) = server();
    server.on(
        "echo",
        async |ack: Ack, values: Values, Attachments(all): Attachments| {
            assert_eq!(all.len(), 2);
            ack.send(values)
        },
    );
    let mut client = server.client().await;
    let parts = [&b"first"[..], &b""[..]];
    client
        .send(r#"452-7["echo",{"b":{"_placeholder":true,"num":1}},{"_placeholder":true,"num":0}]"#)
        .await;
    for part in parts {
        client.send_frame(Message::binary(part.to_vec())).await;
    }
    let header = client.text().await;
    assert!(header.starts_with("462-7["), "{header}");
    // The order is that of the placeholders as they are written.
    assert_eq!(client.next().await, Frame::Binary((&b""[..]).into()));
    assert_eq!(client.next().await, Frame::Binary((&b"first"[..]).into()));
}

#[tokio::test(start_paused = true)]
async fn a_missing_argument_reads_as_null() {
    let (server, mut lines) = server();
    server.on("optional", note);
    server.on("required", async |_: u32| ());
    let mut client = server.client().await;
    client.send(r#"42["optional"]"#).await;
    assert_eq!(lines.next().await, "optional None");
    client.send(r#"42["required"]"#).await;
    assert!(
        lines
            .next()
            .await
            .starts_with("error of required: argument 0 ")
    );
}

#[tokio::test(start_paused = true)]
async fn handlers_come_and_go() {
    let (server, mut lines) = server();
    let first = server.on("a", async |State(log): State<Log>| log.add("first"));
    server.on("a", async |State(log): State<Log>| log.add("second"));
    server.once("a", async |State(log): State<Log>| log.add("once"));
    server.on_any(
        async |State(log): State<Log>, Event(event): Event, Rest(all): Rest<Vec<u32>>| {
            log.add(format!("any {event} {all:?}"));
        },
    );
    let mut client = server.client().await;
    client.send(r#"42["a",1]"#).await;
    assert_eq!(
        lines.take(4).await,
        ["any a [1]", "first", "second", "once"]
    );
    client.send(r#"42["a"]"#).await;
    assert_eq!(lines.take(3).await, ["any a []", "first", "second"]);
    assert!(server.off(first));
    assert!(!server.off(first));
    client.send(r#"42["a"]"#).await;
    assert_eq!(lines.take(2).await, ["any a []", "second"]);
    server.off_event("a");
    client.send(r#"42["a"]"#).await;
    client.send(r#"42["b"]"#).await;
    assert_eq!(lines.take(2).await, ["any a []", "any b []"]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_has_handlers_of_its_own_behind_those_of_the_namespace() {
    let (server, mut lines) = server();
    server.on("a", async |State(log): State<Log>| log.add("shared"));
    server.on_connection(async |socket: Socket| {
        if socket.rooms().len() == 1 && socket.namespace().socket_count() == 1 {
            socket.on_any(async |State(log): State<Log>| log.add("own any"));
            let own = socket.on("a", async |State(log): State<Log>| log.add("own"));
            socket.once("a", async |State(log): State<Log>| log.add("own once"));
            socket.on(
                "off",
                move |socket: Socket, State(log): State<Log>| async move {
                    log.add(format!("off {} {}", socket.off(own), socket.off(own)));
                },
            );
            socket.on_disconnecting(async |State(log): State<Log>, socket: Socket| {
                log.add(format!("leaving {} rooms", socket.rooms().len()));
            });
            socket.on_disconnect(
                async |State(log): State<Log>, socket: Socket, reason: Reason| {
                    log.add(format!("left {} rooms: {reason}", socket.rooms().len()));
                },
            );
        }
    });
    let mut client = server.client().await;
    let mut other = server.client().await;
    client.send(r#"42["a"]"#).await;
    assert_eq!(
        lines.take(4).await,
        ["own any", "shared", "own", "own once"]
    );
    other.send(r#"42["a"]"#).await;
    assert_eq!(lines.next().await, "shared");
    client.send(r#"42["off"]"#).await;
    assert_eq!(lines.take(2).await, ["own any", "off true false"]);
    client.send(r#"42["a"]"#).await;
    assert_eq!(lines.take(2).await, ["own any", "shared"]);
    client.send("41").await;
    assert_eq!(
        lines.take(2).await,
        [
            "leaving 1 rooms",
            "left 0 rooms: client namespace disconnect"
        ]
    );
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn se_01_handlers_may_be_taken_off_by_handlers() {
    let (server, mut lines) = server();
    let io = (*server).clone();
    server.on("a", move |State(log): State<Log>| {
        // Itself and all others, and another one for the next time.
        io.off_event("a");
        io.on("a", note);
        async move { log.add("first") }
    });
    server.on("a", async |State(log): State<Log>| log.add("second"));
    let mut client = server.client().await;
    client.send(r#"42["a",1]"#).await;
    assert_eq!(lines.take(2).await, ["first", "second"]);
    client.send(r#"42["a",2]"#).await;
    assert_eq!(lines.next().await, "a Some(2)");
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_event_middleware_lets_pass_or_reports() {
    let (server, mut lines) = server();
    server.event_middleware(
        async |State(log): State<Log>, Event(event): Event, n: u32| {
            log.add(format!("asked about {event} {n}"));
            if n == 13 {
                return Err(Refusal::new("unlucky"));
            }
            assert_ne!(n, 14);
            Ok(())
        },
    );
    server.on_any(async |State(log): State<Log>| log.add("any"));
    server.on("n", note);
    let mut client = server.client().await;
    client.send(r#"42["n",1]"#).await;
    assert_eq!(lines.take(3).await, ["any", "asked about n 1", "n Some(1)"]);
    client.send(r#"42["n",13]"#).await;
    assert_eq!(
        lines.take(3).await,
        [
            "any",
            "asked about n 13",
            "error of n: a middleware refused the event: unlucky"
        ]
    );
    client.send(r#"42["n",14]"#).await;
    let seen = lines.take(3).await;
    let panicked = "error of n: the handler panicked: assertion";
    assert!(seen[2].starts_with(panicked), "{seen:?}");
    client.send(r#"42["n",2]"#).await;
    assert_eq!(lines.take(3).await[2], "n Some(2)");
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_is_told_why() {
    let (server, mut lines) = server();
    server.middleware(
        async |Auth(auth): Auth<serde_json::Value>| match auth["token"].as_str() {
            Some("panic") => panic!("in a middleware"),
            Some("secret") => Ok(()),
            Some(_) => Err(Refusal::new("wrong").with_data("try again")),
            None => Err(Refusal::from("no token")),
        },
    );
    server.on_connection(async |State(log): State<Log>| log.add("connected"));
    server.on_disconnect(async |State(log): State<Log>| log.add("left"));
    let mut client = server.websocket().await;
    for (auth, expected) in [
        ("", r#"44{"message":"no token"}"#),
        (
            r#"{"token":"x"}"#,
            r#"44{"message":"wrong","data":"try again"}"#,
        ),
        (
            r#"{"token":"panic"}"#,
            r#"44{"message":"Internal server error"}"#,
        ),
    ] {
        client.send(&format!("40{auth}")).await;
        assert_eq!(client.text().await, expected);
        assert_eq!(server.socket_count(), 0);
    }
    // A refusal is no failure, a panic is one.
    let panicked = "error of connect: the handler panicked: in a middleware";
    assert_eq!(lines.next().await, panicked);
    // It may try again, over the same connection.
    client.send(r#"40{"token":"secret"}"#).await;
    assert!(client.text().await.starts_with("40{"));
    assert_eq!(lines.next().await, "connected");
    client.cut();
    assert_eq!(lines.next().await, "left");
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sn_03_a_middleware_that_never_answers_ends_with_the_connect_timeout() {
    let (server, mut lines) = server();
    server.middleware(async |State(log): State<Log>| {
        log.add("asked");
        std::future::pending::<Result<(), Refusal>>().await
    });
    server.on_connection(async |State(log): State<Log>| log.add("connected"));
    server.on_disconnect(async |State(log): State<Log>| log.add("left"));
    let mut client = server.websocket().await;
    client.send("40").await;
    assert_eq!(lines.next().await, "asked");
    // The heartbeat comes at 25 s and is answered; the end at 45 s.
    assert_eq!(client.closed().await, None);
    server.deserted().await;
    assert!(lines.rest().is_empty());
    assert!(server.rooms().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sn_03_a_middleware_that_answers_too_late_is_cancelled() {
    struct Cancelled(Log);
    impl Drop for Cancelled {
        fn drop(&mut self) {
            self.0.add("cancelled");
        }
    }
    let (server, mut lines) = server();
    server.middleware(async |State(log): State<Log>| {
        log.add("asked");
        let _guard = Cancelled(log);
        std::future::pending::<Result<(), Refusal>>().await
    });
    server.on_connection(async |State(log): State<Log>| log.add("connected"));
    server.on_disconnect(async |State(log): State<Log>| log.add("left"));
    let mut client = server.websocket().await;
    client.send("40").await;
    assert_eq!(lines.next().await, "asked");
    client.cut();
    server.deserted().await;
    assert_eq!(lines.next().await, "cancelled");
    let _other = server.websocket().await;
    assert!(lines.rest().is_empty());
    assert_eq!((server.socket_count(), server.rooms().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn sa_06_an_answer_that_never_comes_times_out() {
    let (server, mut lines) = server();
    server.on("ask", async |_ack: Ack| ());
    server.on_connection(async |State(log): State<Log>, socket: Socket| {
        let within = socket.timeout(Duration::from_secs(5));
        let answer = within.emit_with_ack::<u32>("question", ()).await;
        log.add(format!("{answer:?}"));
    });
    let mut client = server.client().await;
    assert_eq!(client.text().await, r#"420["question"]"#);
    // The handler of `ask` drops its acknowledgement, the client ignores the server's question.
    client.send(r#"427["ask"]"#).await;
    assert_eq!(lines.next().await, "Err(Timeout)");
    client.send(r#"430["too late"]"#).await;
    assert!(server.client_count() == 1, "nobody minds");
}

#[tokio::test(start_paused = true)]
async fn sa_01_the_first_acknowledgement_wins() {
    let (server, mut lines) = server();
    server.on("ask", async |ack: Ack, n: u32| ack.send(("first", n)));
    server.on("ask", async |State(log): State<Log>, ack: Ack| {
        log.add(format!("wanted: {}", ack.is_wanted()));
        ack.send("second")
    });
    let mut client = server.client().await;
    client.send(r#"421["ask",5]"#).await;
    assert_eq!(client.text().await, r#"431["first",5]"#);
    assert_eq!(lines.next().await, "wanted: true");
    client.send(r#"42["ask",6]"#).await;
    assert_eq!(lines.next().await, "wanted: false");
    // None of the second handler's answers went out.
    client.send(r#"422["ask",7]"#).await;
    assert_eq!(client.text().await, r#"432["first",7]"#);
}

#[tokio::test(start_paused = true)]
async fn the_server_asks_and_the_client_answers() {
    let (server, _) = server();
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();

    let asking = socket.clone();
    let asked = tokio::spawn(async move { asking.emit_with_ack::<(u32, String)>("q", 1).await });
    assert_eq!(client.text().await, r#"420["q",1]"#);
    client.send(r#"430[7,"x"]"#).await;
    assert_eq!(asked.await.unwrap().unwrap(), (7, "x".to_owned()));

    // Of another type.
    let asking = socket.clone();
    let asked = tokio::spawn(async move { asking.emit_with_ack::<u32>("q", 2).await });
    assert_eq!(client.text().await, r#"421["q",2]"#);
    // Answers that nobody waits for are ignored.
    client.send(r#"4399["stray"]"#).await;
    client.send(r#"431["x"]"#).await;
    assert!(matches!(asked.await.unwrap(), Err(AckError::Decode(_))));

    // Too late.
    let timed = socket.timeout(Duration::from_millis(10));
    assert!(matches!(
        timed.emit_with_ack::<u32>("q", 3).await,
        Err(AckError::Timeout)
    ));
    assert_eq!(client.text().await, r#"422["q",3]"#);
    client.send("432[1]").await;

    // Given up: the answer goes to nobody.
    let mut waiting = Box::pin(socket.emit_with_ack::<u32>("q", 4));
    assert!((&mut waiting).now_or_never().is_none());
    drop(waiting);
    assert_eq!(client.text().await, r#"423["q",4]"#);
    client.send("433[1]").await;

    // Gone.
    let asking = socket.clone();
    let asked = tokio::spawn(async move { asking.emit_with_ack::<u32>("q", 5).await });
    assert_eq!(client.text().await, r#"424["q",5]"#);
    client.cut();
    assert!(matches!(asked.await.unwrap(), Err(AckError::Disconnected)));
    assert!(matches!(
        socket.emit_with_ack::<u32>("q", 6).await,
        Err(AckError::Emit(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn sa_03_an_answer_that_is_there_at_once_is_not_lost() {
    let (server, mut lines) = server();
    server.on("go", async |State(log): State<Log>, socket: Socket| {
        // The emit leaves before anybody has polled for the answer.
        let answer = socket.emit_with_ack::<u32>("q", ());
        tokio::pin!(answer);
        assert!((&mut answer).now_or_never().is_none());
        while socket.data() != "answered".into() {
            tokio::task::yield_now().await;
        }
        log.add(format!("{:?}", answer.await.unwrap()));
    });
    server.on("answered", async |socket: Socket| {
        socket.set_data("answered")
    });
    let mut client = server.client().await;
    client.send(r#"42["go"]"#).await;
    assert_eq!(client.text().await, r#"420["q"]"#);
    client.feed("430[5]").await;
    client.send(r#"42["answered"]"#).await;
    assert_eq!(lines.next().await, "5");
}

#[tokio::test(start_paused = true)]
async fn sa_05_a_broadcast_collects_what_answers_there_are() {
    let (server, _) = server();
    let nobody = server.emit_with_ack::<u32>("q", ()).await.unwrap();
    assert_eq!((nobody.answers.len(), nobody.missing), (0, 0));

    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(server.client().await);
    }
    let io = (*server).clone();
    let asked = tokio::spawn(async move { io.emit_with_ack::<u32>("q", 1).await });
    let mut id = String::new();
    for client in &mut clients {
        id = client
            .text()
            .await
            .replace(r#"["q",1]"#, "")
            .replace("42", "");
    }
    // Only the first argument of an answer counts.
    clients[0].send(&format!(r#"43{id}[10,"x"]"#)).await;
    clients.pop().unwrap().cut();
    // The second never answers.
    let responses = asked.await.unwrap().unwrap();
    assert_eq!((responses.answers, responses.missing), (vec![10], 2));
}

#[tokio::test(start_paused = true)]
async fn sa_05_without_a_limit_of_its_own_a_broadcast_waits_for_5_seconds() {
    let (server, _) = server();
    let _client = server.client().await;
    #[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
    let start = tokio::time::Instant::now();
    let silent = server.emit_with_ack::<u32>("q", ()).await.unwrap();
    assert_eq!(silent.missing, 1);
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn sa_05_an_answer_of_another_type_spoils_no_others() {
    let (server, _) = server();
    let mut clients = [
        server.client().await,
        server.client().await,
        server.client().await,
    ];
    let asking = server.broadcast().emit_with_ack::<u32>("q", ());
    let asked = tokio::spawn(asking);
    for (client, answer) in clients.iter_mut().zip(["1", r#""evil""#, "3"]) {
        assert_eq!(client.text().await, r#"420["q"]"#);
        client.send(&format!("430[{answer}]")).await;
    }
    let mut responses = asked.await.unwrap().unwrap();
    responses.answers.sort_unstable();
    assert_eq!(responses.answers, [1, 3]);
    assert_eq!((responses.missing, responses.invalid), (0, 1));
}

/// Whoever gives up waiting gives the places back, on both sides: in the namespace, and at each receiver.
#[tokio::test(start_paused = true)]
async fn ad_02_a_broadcast_that_nobody_waits_for_keeps_no_place() {
    let limits = Limits::default()
        .max_pending_acks(1)
        .max_pending_broadcasts(1);
    let server = Server::new(SocketIo::builder().limits(limits));
    let mut client = server.client().await;
    for n in 0..5 {
        let asking = server.broadcast().timeout(Duration::from_secs(60));
        let asked = tokio::spawn(asking.emit_with_ack::<u32>("q", ()));
        assert_eq!(client.text().await, format!(r#"42{n}["q"]"#));
        asked.abort();
        assert!(asked.await.unwrap_err().is_cancelled());
    }
    let asked = tokio::spawn(server.broadcast().emit_with_ack::<u32>("q", ()));
    assert_eq!(client.text().await, r#"425["q"]"#);
    // Nobody waits for that one.
    client.send("434[4]").await;
    client.send("435[5]").await;
    assert_eq!(asked.await.unwrap().unwrap().answers, [5]);
}

#[tokio::test(start_paused = true)]
async fn a_socket_keeps_what_it_is_given() {
    let (server, mut lines) = server();
    let shared = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&shared);
    server.on("keep", move |socket: Socket, n: u32| {
        let seen = Arc::clone(&seen);
        async move {
            socket.update_data(|data| *data = n.into());
            socket.extensions().insert(n);
            seen.lock().unwrap().push(socket.id().to_owned());
        }
    });
    server.on("tell", async |State(log): State<Log>, socket: Socket| {
        let own: Option<u32> = socket.extensions().get();
        let data = serde_json::to_value(socket.data()).unwrap();
        log.add(format!("{data} {own:?}"));
    });
    let (mut one, mut two) = (server.client().await, server.client().await);
    one.send(r#"42["keep",1]"#).await;
    one.send(r#"42["tell"]"#).await;
    assert_eq!(lines.next().await, "1 Some(1)");
    two.send(r#"42["tell"]"#).await;
    assert_eq!(lines.next().await, format!("{} None", json!(null)));
    assert_eq!(shared.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn sn_07_a_pattern_is_code_and_sees_the_name_as_it_came() {
    let (server, _) = server();
    let _ = server.of_matching(|name, _| name == "/two\nlines");
    let mut client = server.websocket().await;
    for (name, welcome) in [
        ("/two\nlines", "0"),
        ("/two\nline", "4"),
        ("/two lines", "4"),
    ] {
        client.send(&format!("40{name},")).await;
        let answer = client.text().await;
        assert!(
            answer.starts_with(&format!("4{welcome}{name},")),
            "{answer}"
        );
    }
}
