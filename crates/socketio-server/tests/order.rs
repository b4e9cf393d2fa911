//! In which order things start, and what goes out before what.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{Ack, Limits, Reason, Refusal, Socket, SocketIo, State};
use std::sync::Arc;
use support::{Lines, Log, Server, WebSocket, until};
use tokio::sync::{Notify, Semaphore};

/// A server with a log, and a gate at which handlers can be held up.
fn server() -> (Server, Lines, Gate) {
    server_with(SocketIo::builder())
}

fn server_with(builder: socketio_server::SocketIoBuilder) -> (Server, Lines, Gate) {
    let (log, lines) = Log::new();
    let gate = Gate(Arc::new(Semaphore::new(0)));
    let server = Server::new(builder.state(log).state(gate.clone()));
    (server, lines, gate)
}

/// Lets one handler pass for each time that it is opened.
#[derive(Clone)]
struct Gate(Arc<Semaphore>);

impl Gate {
    fn open(&self) {
        self.0.add_permits(1);
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

/// Logs where it starts and where it ends, and waits at the gate in between.
async fn slow(State(log): State<Log>, State(gate): State<Gate>, n: u32) {
    log.add(format!("start {n}"));
    gate.pass().await;
    log.add(format!("end {n}"));
}

async fn quick(State(log): State<Log>, n: u32) {
    log.add(format!("quick {n}"));
}

#[tokio::test(start_paused = true)]
async fn handlers_of_a_socket_start_in_the_order_of_arrival() {
    let (server, mut lines, gate) = server();
    server.on("slow", slow);
    server.on("quick", quick);
    let mut client = server.client().await;

    client.send(r#"42["slow",1]"#).await;
    client.send(r#"42["quick",2]"#).await;
    client.send(r#"42["slow",3]"#).await;
    assert_eq!(lines.take(3).await, ["start 1", "quick 2", "start 3"]);

    // Both are suspended at the gate; whoever came first passes first.
    gate.open();
    gate.open();
    assert_eq!(lines.take(2).await, ["end 1", "end 3"]);
}

#[tokio::test(start_paused = true)]
async fn sr_06_the_order_holds_under_load() {
    let (log, mut lines) = Log::new();
    let server = Server::new(SocketIo::builder().state(log));
    server.on("n", async |State(log): State<Log>, n: u32, ack: Ack| {
        log.add(n.to_string());
        ack.send(n)
    });
    let mut client = server.client().await;
    for n in 0..2000 {
        client.feed(&format!(r#"42{n}["n",{n}]"#)).await;
    }
    client.send(r#"42["n",2000]"#).await;
    for n in 0..2000 {
        assert_eq!(lines.next().await, n.to_string());
        assert_eq!(client.text().await, format!("43{n}[{n}]"));
    }
}

#[tokio::test(start_paused = true)]
async fn serial_handlers_run_one_after_the_other() {
    let (server, mut lines, gate) = server();
    server.serial();
    server.on("slow", slow);
    server.on("quick", quick);
    let mut client = server.client().await;
    let mut other = server.client().await;

    client.send(r#"42["slow",1]"#).await;
    client.send(r#"42["quick",2]"#).await;
    client.send(r#"42["slow",3]"#).await;
    client.send(r#"42["quick",4]"#).await;
    assert_eq!(lines.next().await, "start 1");
    // Other sockets are not held up, which also shows that nobody else has started.
    other.send(r#"42["quick",10]"#).await;
    assert_eq!(lines.next().await, "quick 10");

    gate.open();
    assert_eq!(lines.take(3).await, ["end 1", "quick 2", "start 3"]);
    gate.open();
    assert_eq!(lines.take(2).await, ["end 3", "quick 4"]);
    // The queue starts again after it was empty.
    client.send(r#"42["quick",5]"#).await;
    assert_eq!(lines.next().await, "quick 5");
}

#[tokio::test(start_paused = true)]
async fn a_failure_does_not_stall_a_serial_namespace() {
    let (log, mut lines) = Log::new();
    let errors = log.clone();
    let builder = SocketIo::builder()
        .state(log)
        .on_error(move |_, event, error| errors.add(format!("{event}: {error}")));
    let server = Server::new(builder);
    server.serial();
    server.on("panic", async |late: bool| -> () {
        if late {
            tokio::task::yield_now().await;
        }
        panic!("oh");
    });
    server.on("fail", async |late: bool| -> Result<(), &'static str> {
        if late {
            tokio::task::yield_now().await;
        }
        Err("no")
    });
    server.on("quick", quick);
    let mut client = server.client().await;
    for event in ["panic", "fail"] {
        for late in [true, false] {
            client.feed(&format!(r#"42["{event}",{late}]"#)).await;
            // Of another type.
            client.feed(&format!(r#"42["{event}","x"]"#)).await;
        }
    }
    client.send(r#"42["quick",1]"#).await;
    let mut all = Vec::new();
    while all.last().is_none_or(|last| last != "quick 1") {
        all.push(lines.next().await);
    }
    let count = |what: &str| all.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!(count("panic: the handler panicked: oh"), 2);
    assert_eq!(count("fail: the handler failed"), 2);
    assert_eq!(count("panic: argument 0") + count("fail: argument 0"), 4);
}

#[tokio::test(start_paused = true)]
async fn an_event_middleware_keeps_the_order_of_a_serial_namespace() {
    let (server, mut lines, gate) = server();
    server.serial();
    server.event_middleware(async |State(gate): State<Gate>, n: u32| {
        if n == 1 {
            gate.pass().await;
        }
        Ok::<_, Refusal>(())
    });
    server.on("quick", quick);
    let mut client = server.client().await;
    client.send(r#"42["quick",1]"#).await;
    client.send(r#"42["quick",2]"#).await;
    // Behind it the server has seen both.
    let mut other = server.client().await;
    other.send(r#"42["quick",3]"#).await;
    assert_eq!(lines.next().await, "quick 3");
    gate.open();
    assert_eq!(lines.take(2).await, ["quick 1", "quick 2"]);
}

#[tokio::test(start_paused = true)]
async fn a_post_and_a_fresh_websocket_cannot_change_places() {
    let (server, mut lines, gate) = server();
    server.on("slow", slow);
    server.on("quick", quick);
    for round in 0..20 {
        let mut polling = server.polling().await;
        polling.join("/").await;
        polling.begin_poll().await;
        let mut websocket = WebSocket::beside(&server, &polling).await;
        websocket.send("2probe").await;
        assert_eq!(websocket.text().await, "3probe");
        // The POST is on its way; the WebSocket takes over behind its answer, as a client does it.
        polling.send("42[\"slow\",1]\u{1e}42[\"quick\",2]").await;
        websocket.feed("5").await;
        websocket.feed(r#"42["quick",3]"#).await;
        websocket.send(r#"42["quick",4]"#).await;
        let seen = lines.take(4).await;
        assert_eq!(
            seen,
            ["start 1", "quick 2", "quick 3", "quick 4"],
            "in round {round}"
        );
        gate.open();
        assert_eq!(lines.next().await, "end 1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_of_a_post_holds_back_what_comes_by_the_new_websocket() {
    // While the first handler runs, in the task of the POST, the WebSocket brings the next event: it waits its turn.
    let (server, mut lines, _) = server();
    server.on(
        "reenter",
        async |State(log): State<Log>, socket: Socket, n: u32| {
            log.add(format!("start {n}"));
            // Emits of its own go through the same lock; they must not start anything in here.
            for _ in 0..10 {
                socket.emit("echo", n).unwrap();
            }
            log.add(format!("end {n}"));
        },
    );
    let mut client = server.client().await;
    for n in 0..10 {
        client.feed(&format!(r#"42["reenter",{n}]"#)).await;
    }
    client.send(r#"42["reenter",10]"#).await;
    for n in 0..=10 {
        assert_eq!(
            lines.take(2).await,
            [format!("start {n}"), format!("end {n}")]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_precedes_what_is_emitted_later() {
    let (server, ..) = server();
    server.on("question", async |socket: Socket, ack: Ack| {
        socket.emit("before", ()).unwrap();
        ack.send("answer").unwrap();
        socket.emit("after", ()).unwrap();
    });
    let mut websocket = server.client().await;
    websocket.send(r#"427["question"]"#).await;
    for expected in [r#"42["before"]"#, r#"437["answer"]"#, r#"42["after"]"#] {
        assert_eq!(websocket.text().await, expected);
    }

    let mut polling = server.polling().await;
    polling.join("/").await;
    polling.send(r#"428["question"]"#).await;
    for expected in [r#"42["before"]"#, r#"438["answer"]"#, r#"42["after"]"#] {
        assert_eq!(polling.text().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_connect_reply_precedes_whatever_user_code_emits() {
    let (server, ..) = server();
    server.on_connection(async |socket: Socket| {
        socket.emit("own", ()).unwrap();
        socket
            .namespace()
            .emit("everybody", socket.id().len())
            .unwrap();
    });
    for _ in 0..2 {
        let mut client = server.websocket().await;
        // An event right behind the CONNECT does not overtake anything either: the reference closes for it.
        client.join("/").await;
        assert_eq!(client.text().await, r#"42["own"]"#);
        assert_eq!(client.text().await, r#"42["everybody",20]"#);
        client.cut();
        server.deserted().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sp_15_an_event_in_one_body_with_its_connect_closes() {
    let (server, mut lines, _) = server();
    server.on_connection(async |State(log): State<Log>| log.add("connected"));
    server.on("quick", quick);
    let mut client = server.polling().await;
    client.send("40\u{1e}42[\"quick\",1]").await;
    assert_eq!(client.text().await, "6");
    assert_eq!(client.text().await, "1");
    server.deserted().await;
    // Also while a middleware decides.
    server.middleware(async || {
        std::future::pending::<()>().await;
        Ok::<_, Refusal>(())
    });
    let mut client = server.websocket().await;
    client.feed("40").await;
    client.send(r#"42["quick",2]"#).await;
    assert_eq!(client.closed().await, None);
    server.deserted().await;
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_middleware_emits_comes_before_the_connect_reply() {
    let (server, ..) = server();
    server.middleware(async |socket: Socket| {
        socket.emit("early", 1).unwrap();
        tokio::task::yield_now().await;
        socket.emit("early", 2).unwrap();
        Ok::<_, Refusal>(())
    });
    server.on_connection(async |socket: Socket| socket.emit("late", ()));
    let mut client = server.websocket().await;
    client.send("40").await;
    assert_eq!(client.text().await, r#"42["early",1]"#);
    assert_eq!(client.text().await, r#"42["early",2]"#);
    assert!(client.text().await.starts_with("40{"));
    assert_eq!(client.text().await, r#"42["late"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_nobody_who_is_still_in_a_middleware() {
    let (server, mut lines, gate) = server();
    server.middleware(async |State(log): State<Log>, State(gate): State<Gate>| {
        log.add("asked");
        gate.pass().await;
        Ok::<_, Refusal>(())
    });
    let mut client = server.websocket().await;
    client.send("40").await;
    assert_eq!(lines.next().await, "asked");
    server.emit("news", 1).unwrap();
    assert_eq!(server.socket_count(), 0);
    gate.open();
    assert!(client.text().await.starts_with("40{"));
    server.emit("news", 2).unwrap();
    assert_eq!(client.text().await, r#"42["news",2]"#);
}

#[tokio::test(start_paused = true)]
async fn no_handler_starts_after_the_disconnect() {
    let (server, mut lines, _) = server();
    server.on("quick", quick);
    server.on("leave", async |State(log): State<Log>, socket: Socket| {
        log.add("leave");
        socket.disconnect(false);
    });
    server.on_disconnect(async |State(log): State<Log>, reason: Reason| {
        log.add(format!("left: {reason}"));
    });

    // By the server, with more events in the same payload.
    let mut client = server.polling().await;
    client.join("/").await;
    client
        .send("42[\"quick\",1]\u{1e}42[\"leave\"]\u{1e}42[\"quick\",2]\u{1e}42[\"quick\",3]")
        .await;
    assert_eq!(client.text().await, "41");
    let seen = lines.take(3).await;
    assert_eq!(
        seen,
        ["quick 1", "leave", "left: server namespace disconnect"]
    );
    client.send("1").await;
    server.deserted().await;
    assert!(lines.rest().is_empty());

    // By the client, which may come back over the same session.
    let mut client = server.client().await;
    client.feed(r#"42["quick",4]"#).await;
    client.send("41").await;
    assert_eq!(
        lines.take(2).await,
        ["quick 4", "left: client namespace disconnect"]
    );
    client.join("/").await;
    client.send(r#"42["quick",5]"#).await;
    assert_eq!(lines.next().await, "quick 5");

    // By cutting the line right behind an event.
    client.send(r#"42["quick",6]"#).await;
    client.cut();
    let rest = lines.take(2).await;
    assert_eq!(rest, ["quick 6", "left: transport close"]);
    server.deserted().await;
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_goodbye_of_a_serial_socket_is_its_last_turn() {
    let (server, mut lines, gate) = server();
    server.serial();
    server.on("slow", slow);
    server.on("quick", quick);
    server.on_disconnect(async |State(log): State<Log>| log.add("left"));
    let mut client = server.client().await;
    client.feed(r#"42["slow",1]"#).await;
    client.send(r#"42["quick",2]"#).await;
    assert_eq!(lines.next().await, "start 1");
    client.cut();
    server.deserted().await;
    assert!(lines.rest().is_empty());
    gate.open();
    let rest = lines.take(3).await;
    assert_eq!(rest, ["end 1", "quick 2", "left"]);
}

#[tokio::test(start_paused = true)]
async fn too_many_pending_handlers_stop_the_reading_until_one_ends() {
    let (server, mut lines, gate) =
        server_with(SocketIo::builder().limits(Limits::default().max_pending_handlers(3)));
    server.on("slow", slow);
    server.on("quick", quick);
    let mut client = server.client().await;
    for n in 1..=5 {
        client.send(&format!(r#"42["slow",{n}]"#)).await;
    }
    client.send(r#"42["quick",6]"#).await;
    assert_eq!(lines.take(3).await, ["start 1", "start 2", "start 3"]);
    // Another client goes on, and shows that nothing else has started meanwhile.
    let mut other = server.client().await;
    other.send(r#"42["quick",10]"#).await;
    assert_eq!(lines.next().await, "quick 10");
    // Nor is the client cut off from what the server has to say.
    server.emit("news", ()).unwrap();
    assert_eq!(client.text().await, r#"42["news"]"#);

    gate.open();
    assert_eq!(lines.take(2).await, ["end 1", "start 4"]);
    gate.open();
    assert_eq!(lines.take(2).await, ["end 2", "start 5"]);
    gate.open();
    assert_eq!(lines.take(2).await, ["end 3", "quick 6"]);
}

#[tokio::test(start_paused = true)]
async fn too_many_pending_handlers_hold_up_a_post() {
    let (server, mut lines, gate) =
        server_with(SocketIo::builder().limits(Limits::default().max_pending_handlers(2)));
    server.on("slow", slow);
    let mut client = server.polling().await;
    client.join("/").await;
    client.send("42[\"slow\",1]\u{1e}42[\"slow\",2]").await;
    assert_eq!(lines.take(2).await, ["start 1", "start 2"]);

    let target = client.target();
    client.push.begin_post(&target, r#"42["slow",3]"#).await;
    server.emit("news", ()).unwrap();
    assert_eq!(client.text().await, r#"42["news"]"#);
    assert!(lines.rest().is_empty());

    gate.open();
    assert_eq!(lines.take(2).await, ["end 1", "start 3"]);
    assert_eq!(client.push.response().await.body, "ok");
}

#[tokio::test(start_paused = true)]
async fn events_in_front_of_a_middleware_count_as_pending() {
    let (server, mut lines, gate) =
        server_with(SocketIo::builder().limits(Limits::default().max_pending_handlers(2)));
    let asked = Arc::new(Notify::new());
    let told = Arc::clone(&asked);
    server.event_middleware(
        move |State(log): State<Log>, State(gate): State<Gate>, n: u32| {
            let told = Arc::clone(&told);
            async move {
                log.add(format!("asked {n}"));
                told.notify_one();
                gate.pass().await;
                Ok::<_, Refusal>(())
            }
        },
    );
    server.on("quick", quick);
    let mut client = server.client().await;
    for n in 1..=3 {
        client.send(&format!(r#"42["quick",{n}]"#)).await;
    }
    assert_eq!(lines.take(2).await, ["asked 1", "asked 2"]);
    let _other = server.client().await;
    assert!(lines.rest().is_empty());
    gate.open();
    let seen = lines.take(2).await;
    assert!(seen.contains(&"quick 1".to_owned()), "{seen:?}");
    assert!(seen.contains(&"asked 3".to_owned()), "{seen:?}");
    until("nothing more", || lines.rest().is_empty()).await;
}
