//! Whatever a client, the clock and the application do to a peer: nothing panics, nothing is
//! promised twice, nothing is left behind.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use client::{Client, PollingClient, answer, event, millis, refusal};
use engineio_proto::CloseReason;
use engineio_proto::config::ServerConfig;
use proptest::prelude::*;
use proptest::sample::select;
use socketio_proto::acks::AckToken;
use socketio_proto::server::{Config, Emit, Event, Socket};
use socketio_proto::{AckId, SocketId, Text};
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Op {
    Frame(String),
    Binary(Vec<u8>),
    Advance(u64),
    Accept(usize),
    Reject(usize),
    Emit {
        socket: usize,
        ack: Option<u64>,
        volatile: bool,
        timeout: Option<u64>,
    },
    Cancel(usize),
    Answer(usize, u64),
    Disconnect(usize, bool),
    /// The server reads what there is to write.
    Write,
    /// The application looks what has happened.
    Look,
    Close,
    Cut,
}

/// Mostly what a client with two namespaces would send: one slip ends the conversation.
fn frame() -> impl Strategy<Value = String> {
    let fitting = [
        r#"42["x"]"#,
        r#"427["x"]"#,
        r#"430["yes"]"#,
        r#"431[]"#,
        r#"42/a,["x",1]"#,
        r#"43/a,0[]"#,
        "3",
    ];
    let slips = [
        "40",
        "40/b,{}",
        "41",
        "41/a,",
        r#"451-["b",{"_placeholder":true,"num":0}]"#,
        r#"44{"message":"x"}"#,
        "47",
        "1",
        "42[",
    ];
    prop_oneof![
        40 => select(fitting.to_vec()).prop_map(str::to_owned),
        2 => select(slips.to_vec()).prop_map(str::to_owned),
        1 => "[0-6b]{0,3}.{0,8}",
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let socket = 0_usize..3;
    let emit = (
        socket.clone(),
        prop::option::of(0..3_u64),
        any::<bool>(),
        prop::option::of(0..9000_u64),
    );
    let emit = emit.prop_map(|(socket, ack, volatile, timeout)| Op::Emit {
        socket,
        ack,
        volatile,
        timeout,
    });
    prop_oneof![
        20 => frame().prop_map(Op::Frame),
        1 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Op::Binary),
        4 => (0..9_000_u64).prop_map(Op::Advance),
        6 => socket.clone().prop_map(Op::Accept),
        2 => socket.clone().prop_map(Op::Reject),
        20 => emit,
        2 => (0..4_usize).prop_map(Op::Cancel),
        3 => (socket.clone(), 0..9_u64).prop_map(|(socket, id)| Op::Answer(socket, id)),
        2 => (socket, prop::bool::weighted(0.1)).prop_map(|(it, close)| Op::Disconnect(it, close)),
        15 => Just(Op::Write),
        15 => Just(Op::Look),
        1 => prop_oneof![Just(Op::Close), Just(Op::Cut)],
    ]
}

/// A client that asks for two namespaces, and whatever follows.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let beginning = ["40", "40/a,"].map(|frame| Op::Frame(frame.to_owned()));
    let accepted = prop::collection::vec((0..2_usize).prop_map(Op::Accept), 0..3);
    (accepted, prop::collection::vec(op(), 1..80)).prop_map(move |(accepted, ops)| {
        beginning
            .iter()
            .cloned()
            .chain([Op::Look])
            .chain(accepted)
            .chain(ops)
            .collect()
    })
}

/// An application that checks what it is told.
#[derive(Default)]
struct App {
    seen: Vec<Socket>,
    alive: BTreeSet<Socket>,
    waiting: Vec<AckToken>,
    is_closed: bool,
}

impl App {
    fn look(&mut self, events: Vec<Event>) {
        for event in events {
            assert!(!self.is_closed, "nothing follows the end: {event:?}");
            match event {
                Event::Connect { socket, .. } => {
                    assert!(!self.seen.contains(&socket), "announced once");
                    self.seen.push(socket);
                    self.alive.insert(socket);
                }
                Event::Message { socket, .. } | Event::BroadcastAcked { socket, .. } => {
                    assert!(self.alive.contains(&socket), "from who is there");
                }
                Event::Disconnected { socket, .. } => {
                    assert!(self.alive.remove(&socket), "gone once");
                }
                Event::Acked { token, .. } => {
                    let place = self.waiting.iter().position(|waiting| *waiting == token);
                    self.waiting
                        .swap_remove(place.expect("asked for, and once"));
                }
                Event::Closed(_) => {
                    assert!(self.alive.is_empty(), "every socket has ended");
                    assert!(self.waiting.is_empty(), "every acknowledgement has");
                    self.is_closed = true;
                }
                _ => {}
            }
        }
    }

    fn socket(&self, n: usize) -> Option<Socket> {
        self.seen.iter().rev().nth(n).copied()
    }
}

fn perform(op: Op, client: &mut Client, app: &mut App) {
    match op {
        Op::Frame(text) => {
            client.send(&text);
        }
        Op::Binary(bytes) => {
            client.send_binary(&bytes);
        }
        Op::Advance(by) => client.advance(millis(by)),
        Op::Accept(n) => {
            if let Some(socket) = app.socket(n) {
                client.accept(socket);
            }
        }
        Op::Reject(n) => {
            if let Some(socket) = app.socket(n)
                && client.apply(|it, _| it.reject(socket, refusal("no")))
            {
                assert!(app.alive.remove(&socket), "it was waiting");
            }
        }
        Op::Emit {
            socket,
            ack,
            volatile,
            timeout,
        } => {
            let Some(socket) = app.socket(socket) else {
                return;
            };
            let mut how = Emit::default().volatile(volatile);
            how.ack = ack.map(AckId);
            how.timeout = timeout.map(millis);
            let result = client.apply(|it, now| it.emit(socket, event("e", "text"), how, now));
            app.waiting.extend(result.ok().flatten());
        }
        Op::Cancel(n) => {
            // What has ended is told at the next look, so a cancelled one may be over already.
            app.look(client.events());
            if n < app.waiting.len() {
                let token = app.waiting.swap_remove(n);
                client.apply(|it, _| it.cancel_ack(token));
            }
        }
        Op::Answer(n, id) => {
            if let Some(socket) = app.socket(n) {
                let _ = client.apply(|it, _| it.ack(socket, AckId(id), answer(1)));
            }
        }
        Op::Disconnect(n, close) => {
            if let Some(socket) = app.socket(n) {
                client.apply(|it, _| it.disconnect(socket, close));
            }
        }
        Op::Write => {
            client.received();
        }
        Op::Look => app.look(client.events()),
        Op::Close => client.apply(|it, _| it.close(CloseReason::ShuttingDown)),
        Op::Cut => client.cut(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_operations_leave_nothing_behind(ops in ops()) {
        let config = Config::default().max_namespaces(2).max_pending_acks(3);
        let engine = ServerConfig::default().max_buffered(400);
        let mut client = Client::with_engine(config, engine);
        let mut app = App::default();
        for op in ops {
            perform(op, &mut client, &mut app);
            let connection = client.peer.connection();
            prop_assert!(connection.sockets() <= 2 && connection.pending_acks() <= 3);
        }
        client.cut();
        app.look(client.events());
        prop_assert!(app.is_closed);
        client.assert_gone();
    }

    #[test]
    fn any_body_of_a_post_is_survived(
        bodies in prop::collection::vec(prop::collection::vec(frame(), 1..6), 1..8),
        polls in any::<u8>(),
    ) {
        let mut client = PollingClient::new();
        let mut app = App::default();
        client.push("40");
        app.look(client.events());
        let id = SocketId(Text::from("id"));
        prop_assert!(client.apply(|connection, _| connection.accept(app.seen[0], id)));
        for (n, body) in bodies.into_iter().enumerate() {
            if polls >> n & 1 == 1 {
                client.poll();
            }
            client.push(&body.join("\u{1e}"));
            app.look(client.events());
            if let Some(socket) = app.socket(0) {
                let id = SocketId(Text::from("id"));
                client.apply(|connection, _| connection.accept(socket, id));
            }
            client.answers();
        }
        client.apply(|connection, _| connection.close(CloseReason::ShuttingDown));
        app.look(client.events());
        prop_assert!(app.is_closed);
        prop_assert_eq!(client.peer.connection().sockets(), 0);
    }
}
