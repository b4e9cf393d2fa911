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

fn frame() -> impl Strategy<Value = String> {
    let likely = [
        "40",
        "40/a,",
        "40/b,{}",
        "41",
        "41/a,",
        r#"42["x"]"#,
        r#"42/a,["x",1]"#,
        r#"427["x"]"#,
        "430[1]",
        "43/a,0[]",
        "431[]",
        r#"451-["b",{"_placeholder":true,"num":0}]"#,
        r#"461-0[{"_placeholder":true,"num":0}]"#,
        "3",
        r#"44{"message":"x"}"#,
        "47",
        "1",
        "42[",
    ];
    prop_oneof![9 => select(likely.to_vec()).prop_map(str::to_owned), 1 => "[0-6b]{0,3}.{0,8}"]
}

fn op() -> impl Strategy<Value = Op> {
    let socket = 0_usize..4;
    prop_oneof![
        8 => frame().prop_map(Op::Frame),
        2 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Op::Binary),
        2 => (0_u64..30_000).prop_map(Op::Advance),
        6 => socket.clone().prop_map(Op::Accept),
        1 => socket.clone().prop_map(Op::Reject),
        4 => (socket.clone(), prop::option::of(0_u64..3), any::<bool>(), prop::option::of(0_u64..9000))
            .prop_map(|(socket, ack, volatile, timeout)| Op::Emit { socket, ack, volatile, timeout }),
        1 => (0_usize..4).prop_map(Op::Cancel),
        1 => (socket.clone(), 0_u64..9).prop_map(|(socket, id)| Op::Answer(socket, id)),
        1 => (socket, prop::bool::weighted(0.2)).prop_map(|(socket, close)| Op::Disconnect(socket, close)),
        3 => Just(Op::Write),
        6 => Just(Op::Look),
        1 => prop_oneof![Just(Op::Close), Just(Op::Cut)],
    ]
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
    let pick = |n: usize| app.socket(n);
    match op {
        Op::Frame(text) => {
            client.send(&text);
        }
        Op::Binary(bytes) => {
            client.send_binary(&bytes);
        }
        Op::Advance(by) => client.advance(millis(by)),
        Op::Accept(n) => {
            if let Some(socket) = pick(n) {
                client.accept(socket);
            }
        }
        Op::Reject(n) => {
            if let Some(socket) = pick(n) {
                client.apply(|it, _| it.reject(socket, refusal("no")));
            }
        }
        Op::Emit {
            socket,
            ack,
            volatile,
            timeout,
        } => {
            let Some(socket) = pick(socket) else { return };
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
            if let Some(socket) = pick(n) {
                let _ = client.apply(|it, _| it.ack(socket, AckId(id), answer(1)));
            }
        }
        Op::Disconnect(n, close) => {
            if let Some(socket) = pick(n) {
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
    fn any_operations_leave_nothing_behind(ops in prop::collection::vec(op(), 1..60)) {
        let config = Config::default().max_namespaces(2).max_pending_acks(3);
        let engine = ServerConfig::default().with_max_buffered(400);
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
