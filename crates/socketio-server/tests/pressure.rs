//! Clients that read too slowly: what is refused, dropped, replaced, or waits.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use allocation_counter::measure;
use futures_util::FutureExt;
use serde_json::Value;
use socketio_server::{
    Ack, AckError, EmitError, Limits, Overflow, Reason, RecoveryConfig, Socket, SocketIo,
    SocketIoBuilder, State,
};
use std::time::Duration;
use support::{Lines, Log, Polling, Server, soon};
use tokio::runtime::Builder;

/// Bytes that may wait for a client.
const MARK: usize = 10_000;

fn limits() -> Limits {
    Limits::default().max_buffered(MARK)
}

/// An argument of which nine events fit.
fn kilobyte() -> String {
    "x".repeat(1_000)
}

/// A server that logs why its sockets go.
fn server(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let server = Server::with_pipes(builder.limits(limits()).state(log), 4096);
    server
        .on_disconnect(async |State(log): State<Log>, reason: Reason| log.add(reason.to_string()));
    (server, lines)
}

/// A client that polls only when it is told to, and its socket.
async fn slow(server: &Server) -> (Polling, Socket) {
    let mut client = server.polling().await;
    let id = client.join("/").await;
    (client, server.socket(&id).unwrap())
}

/// The numbers of the events that wait, up to one named `end`.
async fn read(client: &mut Polling, socket: &Socket) -> Vec<u64> {
    // The first answer has all that waits, and makes room.
    let mut packets = vec![client.text().await];
    socket.emit("end", ()).unwrap();
    loop {
        let packet = packets.pop().unwrap();
        let event: Value = serde_json::from_str(packet.strip_prefix("42").unwrap()).unwrap();
        if event[0] == "end" {
            return packets_of(packets);
        }
        packets.push(event[1].to_string());
        packets.push(client.text().await);
    }
}

fn packets_of(numbers: Vec<String>) -> Vec<u64> {
    numbers.iter().map(|it| it.parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_emit_may_say_what_becomes_of_it() {
    let (server, _) = server(SocketIo::builder());
    let (mut client, socket) = slow(&server).await;
    let text = kilobyte();
    for n in 0..12 {
        let emitter = socket.overflow(Overflow::DropNewest);
        emitter.emit("n", (n, &text)).unwrap();
    }
    assert_eq!(read(&mut client, &socket).await, Vec::from_iter(0..9));
    for n in 0..12 {
        let emitter = socket.overflow(Overflow::DropOldest);
        emitter.emit("n", (n, &text)).unwrap();
    }
    assert_eq!(read(&mut client, &socket).await, Vec::from_iter(3..12));
    for n in 0..12 {
        let key = if n % 2 == 0 { "even" } else { "odd" };
        socket.latest(key).emit("n", (n, &text)).unwrap();
    }
    assert_eq!(read(&mut client, &socket).await, [10, 11]);
}

#[tokio::test(start_paused = true)]
async fn a_namespace_may_say_it_for_all_and_for_events_by_name() {
    let (server, _) = server(SocketIo::builder());
    let parent = server.of_matching(|name, _| name == "/child");
    parent
        .set_overflow(Overflow::DropNewest)
        .set_overflow_of("position", Overflow::KeepLatest);
    let mut client = server.polling().await;
    let id = client.join("/child").await;
    let socket = server.of("/child").socket(&id).unwrap();
    let text = kilobyte();
    for n in 0..3 {
        socket.emit("position", n).unwrap();
    }
    for n in 0..12 {
        socket.emit("log", (n, &text)).unwrap();
    }
    assert_eq!(client.text().await, r#"42/child,["position",2]"#);
    for n in 0..9 {
        let packet = client.text().await;
        assert!(packet.starts_with(&format!(r#"42/child,["log",{n},"#)));
    }
    // An emit knows better.
    for n in 0..9 {
        socket.emit("log", (n, &text)).unwrap();
    }
    let refused = socket.overflow(Overflow::Refuse).emit("log", (9, &text));
    let full = socketio_proto::EmitError::Full;
    assert!(matches!(refused, Err(EmitError::Socket(it)) if it == full));
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_goes_on_where_its_policy_is_to_drop() {
    let (server, mut lines) = server(SocketIo::builder());
    let (mut slow, socket) = slow(&server).await;
    let mut fast = server.client().await;
    let text = kilobyte();
    for n in 0..30 {
        let everybody = server.broadcast().overflow(Overflow::DropOldest);
        everybody.emit("n", (n, &text)).unwrap();
        assert_eq!(fast.text().await, format!(r#"42["n",{n},"{text}"]"#));
    }
    assert_eq!(read(&mut slow, &socket).await, Vec::from_iter(21..30));
    for n in 0..30 {
        let everybody = server.broadcast().latest("now");
        everybody.emit("n", (n, &text)).unwrap();
    }
    assert_eq!(read(&mut slow, &socket).await, [29]);
    assert!(lines.rest().is_empty(), "nobody was closed");
}

#[tokio::test(start_paused = true)]
async fn close_closes() {
    let (server, mut lines) = server(SocketIo::builder());
    let (_client, socket) = slow(&server).await;
    let text = kilobyte();
    while socket.overflow(Overflow::Close).emit("n", &text).is_ok() {}
    assert_eq!(lines.next().await, "send buffer overflow");
}

#[tokio::test(start_paused = true)]
async fn what_is_larger_than_the_buffer_closes_nobody() {
    let (server, mut lines) = server(SocketIo::builder());
    let (_client, socket) = slow(&server).await;
    let text = "x".repeat(MARK);
    let too_large = |sent| {
        let reason = socketio_proto::EmitError::TooLarge;
        matches!(sent, Err(EmitError::Socket(it)) if it == reason)
    };
    assert!(too_large(socket.emit("n", &text)));
    assert!(too_large(server.emit("n", &text)));
    assert!(too_large(
        soon("an end", socket.emit_paced("n", &text)).await
    ));
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_emit_that_is_dropped_waits_for_no_answer() {
    let (server, _) = server(SocketIo::builder());
    let (_client, socket) = slow(&server).await;
    let text = kilobyte();
    while socket.emit("n", &text).is_ok() {}
    let asking = socket.overflow(Overflow::DropNewest);
    let answer = soon("an answer", asking.emit_with_ack::<u8>("n", &text)).await;
    let dropped = socketio_proto::EmitError::Dropped;
    assert!(matches!(answer, Err(AckError::Emit(EmitError::Socket(it))) if it == dropped));
}

#[tokio::test(start_paused = true)]
async fn an_answer_for_which_there_was_no_room_may_be_tried_again() {
    let (server, mut lines) = server(SocketIo::builder());
    server.on(
        "ask",
        async |ack: Ack, socket: Socket, State(log): State<Log>| {
            while socket.emit("n", kilobyte()).is_ok() {}
            let again = ack.clone();
            let full = ack.send(kilobyte()).unwrap_err();
            log.add(format!("full {}", full.is_full()));
            socket.on_drain(move || {
                let again = again.clone();
                async { again.send("late") }
            });
        },
    );
    let (mut client, _socket) = slow(&server).await;
    client.send(r#"427["ask"]"#).await;
    assert_eq!(lines.next().await, "full true");
    assert!(client.text().await.starts_with("42"));
    assert!(client.take_rest().iter().all(|it| it.starts_with("42")));
    assert_eq!(client.text().await, r#"437["late"]"#);
}

#[tokio::test(start_paused = true)]
async fn a_paced_emit_goes_as_fast_as_the_client_reads() {
    const EVENTS: u64 = 500;
    let (server, _) = server(SocketIo::builder());
    let id = |packet: &str| server.socket(packet).unwrap();
    let mut polling = server.polling().await;
    let polled = id(&polling.join("/").await);
    let mut websocket = server.websocket().await;
    let framed = id(&websocket.join("/").await);
    let producers = [polled, framed].map(|socket| {
        tokio::spawn(async move {
            for n in 0..EVENTS {
                socket.emit_paced("n", (n, kilobyte())).await.unwrap();
            }
        })
    });
    for n in 0..EVENTS {
        let begin = format!(r#"42["n",{n},"#);
        assert!(polling.text().await.starts_with(&begin));
        assert!(websocket.text().await.starts_with(&begin));
    }
    for producer in producers {
        soon("the producer", producer).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_paced_emit_waits_no_longer_than_its_client_lives() {
    let second = Duration::from_secs(1);
    let builder = SocketIo::builder()
        .ping_interval(second)
        .ping_timeout(second);
    let (server, mut lines) = server(builder);
    let (_client, socket) = slow(&server).await;
    let producer = tokio::spawn(async move {
        loop {
            if let Err(error) = socket.emit_paced("n", kilobyte()).await {
                return error;
            }
        }
    });
    let error = soon("the end", producer).await.unwrap();
    let gone = socketio_proto::EmitError::NotConnected;
    assert!(matches!(error, EmitError::Socket(it) if it == gone));
    assert_eq!(lines.next().await, "ping timeout");
}

#[tokio::test(start_paused = true)]
async fn ad_02_a_paced_emit_that_is_given_up_sends_nothing() {
    let (server, _) = server(SocketIo::builder());
    let (mut client, socket) = slow(&server).await;
    let text = kilobyte();
    for n in 0..9 {
        socket.emit("n", (n, &text)).unwrap();
    }
    let waiting = socket.emit_paced("n", (9, &text));
    let given_up = tokio::time::timeout(Duration::from_millis(1), waiting).await;
    assert!(given_up.is_err());
    assert_eq!(read(&mut client, &socket).await, Vec::from_iter(0..9));
}

#[tokio::test(start_paused = true)]
async fn ad_02_a_paced_emit_may_be_given_up_at_any_point() {
    let (server, _) = server(SocketIo::builder());
    let (mut client, socket) = slow(&server).await;
    let text = kilobyte();
    for n in 0..9 {
        socket.emit("n", (n, &text)).unwrap();
    }
    let paced = |n: u32| Box::pin(socket.emit_paced("n", (n, &text)));
    drop(paced(90));
    let mut waiting = paced(91);
    let mut woken = paced(92);
    let mut refused_again = paced(93);
    let mut patient = paced(18);
    for emit in [&mut waiting, &mut woken, &mut refused_again, &mut patient] {
        assert!(emit.now_or_never().is_none());
    }
    drop(waiting);
    for n in 0..9 {
        assert!(client.text().await.starts_with(&format!(r#"42["n",{n},"#)));
    }
    drop(woken);
    // Others were quicker to fill the room.
    for n in 9..18 {
        socket.emit("n", (n, &text)).unwrap();
    }
    assert!((&mut refused_again).now_or_never().is_none());
    assert!((&mut patient).now_or_never().is_none());
    drop(refused_again);
    for n in 9..18 {
        assert!(client.text().await.starts_with(&format!(r#"42["n",{n},"#)));
    }
    // Nobody who gave up has taken the room that was meant for it.
    soon("room", patient).await.unwrap();
    assert_eq!(read(&mut client, &socket).await, [18]);
}

#[tokio::test(start_paused = true)]
async fn policies_hold_for_sockets_that_may_be_recovered() {
    let recovery = RecoveryConfig::default();
    let (server, _) = server(SocketIo::builder().connection_state_recovery(recovery));
    let mut client = server.polling().await;
    client.send("40").await;
    let reply = client.text().await;
    let reply: Value = serde_json::from_str(reply.strip_prefix("40").unwrap()).unwrap();
    let socket = server.socket(reply["sid"].as_str().unwrap()).unwrap();
    let text = kilobyte();
    for n in 0..12 {
        let emitter = socket.overflow(Overflow::DropOldest);
        emitter.emit("n", (n, &text)).unwrap();
    }
    assert_eq!(read(&mut client, &socket).await, Vec::from_iter(3..12));
    for n in 0..12 {
        let emitter = socket.overflow(Overflow::DropNewest);
        emitter.emit("n", (n, &text)).unwrap();
    }
    assert_eq!(read(&mut client, &socket).await, Vec::from_iter(0..9));
    let producer = tokio::spawn(async move {
        for n in 0..20 {
            socket.emit_paced("n", (n, kilobyte())).await.unwrap();
        }
    });
    for n in 0..20 {
        assert!(client.text().await.starts_with(&format!(r#"42["n",{n},"#)));
    }
    soon("the producer", producer).await.unwrap();
}

/// Whatever the policy, a client that never reads costs what may wait for it, what the sockets on
/// the way hold, and the bookkeeping.
#[test]
fn rs_02_a_reader_that_never_reads_costs_at_most_the_mark() {
    const MARK: usize = 512 * 1024;
    /// A batch of frames that the socket was given, the buffer that it writes from, and the pipe.
    const ON_THE_WAY: usize = 64 * 1024 + 16 * 1024 + 4096;
    const EVENT: usize = 500;
    /// For each event an entry in the queue, which has room for twice as many at most, and one of
    /// its policy, with its key.
    const BOOKKEEPING: usize = MARK / EVENT * (2 * 48 + 300);
    let policies = [
        Overflow::Refuse,
        Overflow::DropNewest,
        Overflow::DropOldest,
        Overflow::KeepLatest,
    ];
    for policy in policies {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let limits = Limits::default().max_buffered(MARK);
        let server = Server::with_pipes(SocketIo::builder().limits(limits), 4096);
        let _client = runtime.block_on(server.client());
        let socket = server.sockets().pop().unwrap();
        let cost = measure(|| {
            runtime.block_on(async {
                for n in 0..4_000 {
                    let key = format!("key {}", n % 2_000);
                    let mut emitter = socket.overflow(policy);
                    if policy == Overflow::KeepLatest {
                        emitter = emitter.latest(&key);
                    }
                    let _ = emitter.emit("n", (n, "x".repeat(EVENT)));
                    tokio::task::yield_now().await;
                }
            });
        });
        assert_eq!(server.client_count(), 1, "{policy:?}");
        let bytes = cost.bytes_current;
        let ceiling = MARK + ON_THE_WAY + BOOKKEEPING;
        let waits = MARK as i64 * 9 / 10;
        assert!(
            (waits..ceiling as i64).contains(&bytes),
            "{policy:?}: {bytes} of {ceiling}"
        );
    }
}
