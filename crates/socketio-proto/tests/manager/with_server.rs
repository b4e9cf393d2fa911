//! A client and our own server: whole conversations, and networks that fail at random.

use crate::support::{millis, namespace, plain, secs, with_ack};
use crate::world::World;
use engineio_proto::Transport;
use engineio_proto::client::ClientConfig;
use proptest::prelude::*;
use socketio_proto::client::{Auth, ClientEvent, Config, Event, Socket, SocketOptions};
use socketio_proto::{AckError, Format, Payload, Revision};

fn over(transports: &[Transport]) -> ClientConfig {
    ClientConfig::default().transports(transports.iter().copied())
}

fn connected(config: Config, engine: ClientConfig) -> (World, Socket) {
    let mut world = World::new(config, engine, 3);
    let socket = add(&mut world, "/");
    world.manager.connect(socket, world.now);
    world.run();
    assert!(world.manager.is_connected(socket));
    (world, socket)
}

fn add(world: &mut World, name: &str) -> Socket {
    world
        .manager
        .add(namespace(name), Auth::None, SocketOptions::default())
        .unwrap()
}

fn number(number: u64) -> Payload {
    Payload::new(Format::Json, Some("n"), &number).unwrap()
}

fn emit(world: &mut World, socket: Socket, value: u64) {
    let now = world.now;
    world
        .manager
        .emit(socket, number(value), plain(), now)
        .unwrap();
}

/// The first arguments of the events that the client got.
fn heard(world: &World) -> Vec<u64> {
    let messages = world.events.iter().filter_map(|event| match event {
        Event::Message { payload, .. } => payload.decode().ok(),
        _ => None,
    });
    messages.collect()
}

const BOTH: [Transport; 2] = [Transport::Polling, Transport::WebSocket];

#[test]
fn a_session_begins_with_polling_and_moves_on() {
    let (mut world, socket) = connected(Config::default(), over(&BOTH));
    world.advance(secs(1));
    assert_eq!(
        world.log[..4],
        [
            "Get polling",
            "Post polling",
            "Get polling",
            "open websocket"
        ],
        "the handshake, the CONNECT, a poll, the probe"
    );
    let to = Transport::WebSocket;
    let upgraded = Event::Connection(ClientEvent::Upgraded { to });
    assert!(world.events.contains(&upgraded));
    assert_eq!(world.manager.transport(), Some(Transport::WebSocket));
    emit(&mut world, socket, 1);
    world.broadcast(&number(2));
    world.run();
    assert_eq!(world.received, [1]);
    assert_eq!(heard(&world), [2]);
    // Heartbeats keep it alive.
    world.advance(secs(600));
    assert!(world.manager.is_connected(socket));
    assert_eq!(world.sessions(), 1);
}

#[test]
fn an_upgrade_can_be_remembered() {
    let config = Config::default().remember_upgrade(true);
    let (mut world, socket) = connected(config, over(&BOTH));
    world.advance(secs(1));
    world.log.clear();
    world.manager.close_engine(world.now);
    world.advance(secs(10));
    assert!(world.manager.is_connected(socket));
    assert_eq!(world.log, ["open websocket"]);

    // Until it fails.
    world.log.clear();
    world.cut();
    world.advance(secs(10));
    assert!(world.manager.is_connected(socket));
    assert_eq!(world.log[0], "Get polling");
}

#[test]
fn each_transport_carries_a_whole_life() {
    for transports in [&BOTH[..1], &BOTH[1..], &BOTH[..]] {
        let (mut world, root) = connected(Config::default(), over(transports));
        let chat = add(&mut world, "/chat");
        world.manager.connect(chat, world.now);
        for value in 0..50 {
            emit(&mut world, root, value);
            world.broadcast(&number(value));
            world.advance(millis(10));
        }
        let all: Vec<u64> = (0..50).collect();
        assert_eq!(world.received, all);
        assert_eq!(
            heard(&world).len(),
            99,
            "the first one came too early for one"
        );
        emit(&mut world, chat, 50);
        world.manager.disconnect(root, world.now);
        world.manager.disconnect(chat, world.now);
        world.advance(secs(60));
        assert_eq!(world.received.last(), Some(&50), "the last one went out");
        assert_eq!(world.sessions(), 0, "the server knows");
        assert_eq!(world.manager.poll_timeout(), None);
    }
}

#[test]
fn a_server_of_revision_4_is_spoken_to_as_it_expects() {
    let config = Config::default().revision(Revision::V4);
    for transports in [&BOTH[..1], &BOTH[1..], &BOTH[..]] {
        let (mut world, root) = connected(config.clone(), over(transports));
        let chat = add(&mut world, "/chat?token=x");
        world.manager.connect(chat, world.now);
        world.advance(secs(1));
        assert_eq!(world.manager.id(root).unwrap().as_str(), "sid0");
        assert_eq!(world.manager.id(chat).unwrap().as_str(), "/chat#sid0");
        emit(&mut world, root, 1);
        emit(&mut world, chat, 2);
        world.broadcast(&number(3));
        world.advance(secs(600));
        assert_eq!(world.received, [1, 2]);
        assert_eq!(heard(&world), [3, 3]);
        assert!(world.manager.is_connected(root));
    }
}

#[test]
fn leaving_and_coming_back_is_one_session_after_the_other() {
    for transports in [&BOTH[..1], &BOTH[1..], &BOTH[..]] {
        let (mut world, socket) = connected(Config::default(), over(transports));
        for value in 0..10 {
            emit(&mut world, socket, value);
            world.manager.disconnect(socket, world.now);
            world.manager.connect(socket, world.now);
            while world.step() {
                assert!(world.sessions() <= 1, "two live connections");
            }
            world.advance(millis(300));
        }
        assert!(world.manager.is_connected(socket));
        assert_eq!(world.received, (0..10).collect::<Vec<_>>());
    }
}

/// What may happen between the two.
#[derive(Clone, Debug)]
enum Op {
    Emit,
    Deliver(usize),
    Advance(u64),
    /// Everything under way is lost.
    Cut,
    /// The server as well.
    Restart,
    Down,
    Up,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => Just(Op::Emit),
        8 => (1_usize..6).prop_map(Op::Deliver),
        4 => (1_u64..4000).prop_map(Op::Advance),
        1 => (30_000_u64..100_000).prop_map(Op::Advance),
        2 => Just(Op::Cut),
        1 => Just(Op::Restart),
        1 => Just(Op::Down),
        2 => Just(Op::Up),
        1 => Just(Op::Reopen),
    ]
}

fn transports() -> impl Strategy<Value = Vec<Transport>> {
    prop_oneof![
        Just(BOTH[..1].to_vec()),
        Just(BOTH[1..].to_vec()),
        Just(BOTH.to_vec())
    ]
}

/// Runs the operations, then lets the network be and waits until it is quiet.
/// With `is_gentle` nothing is cut before it has arrived.
fn live(world: &mut World, socket: Socket, ops: &[Op], is_gentle: bool) -> Vec<u64> {
    let mut emitted = Vec::new();
    for op in ops {
        if is_gentle && matches!(op, Op::Cut | Op::Restart | Op::Down) {
            arrive(world, socket);
        }
        match op {
            Op::Emit => {
                let value = emitted.len() as u64;
                let now = world.now;
                let how = with_ack();
                if world.manager.emit(socket, number(value), how, now).is_ok() {
                    emitted.push(value);
                }
            }
            Op::Deliver(count) => {
                for _ in 0..*count {
                    world.step();
                }
            }
            Op::Advance(by) => world.advance(millis(*by)),
            Op::Cut => world.cut(),
            Op::Restart => world.restart(),
            Op::Down => {
                world.is_down = true;
                world.cut();
            }
            Op::Up => world.is_down = false,
            Op::Reopen => world.manager.open(world.now),
        }
    }
    world.is_down = false;
    world.advance(secs(300));
    emitted
}

/// Waits until nothing is under way, or held back while the transport changes.
fn arrive(world: &mut World, socket: Socket) {
    world.run();
    while world.manager.is_connected(socket) && world.manager.pending_acks(socket) > 0 {
        world.advance(millis(50));
    }
}

fn outcomes(world: &World) -> Vec<Result<u64, AckError>> {
    let acked = world.events.iter().filter_map(|event| match event {
        Event::Acked { result, .. } => Some(result.clone().map(|it| it.decode().unwrap())),
        _ => None,
    });
    acked.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever is not under way when the network breaks arrives once and in order.
    #[test]
    fn what_waits_is_neither_lost_nor_doubled(
        ops in prop::collection::vec(op(), 1..60),
        transports in transports(),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(Config::default(), over(&transports), seed);
        let socket = add(&mut world, "/");
        world.manager.connect(socket, world.now);
        let emitted = live(&mut world, socket, &ops, true);
        prop_assert_eq!(&world.received, &emitted);
        let all: Vec<_> = emitted.iter().copied().map(Ok).collect();
        prop_assert_eq!(outcomes(&world), all);
        prop_assert!(world.manager.is_connected(socket));
        prop_assert_eq!(world.sessions(), 1);
    }

    /// Whatever is lost under way: nothing arrives twice or out of order, and whoever waits for
    /// an answer gets an answer or an error.
    #[test]
    fn nothing_is_doubled_or_reordered(
        ops in prop::collection::vec(op(), 1..60),
        transports in transports(),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(Config::default(), over(&transports), seed);
        let socket = add(&mut world, "/");
        world.manager.connect(socket, world.now);
        let emitted = live(&mut world, socket, &ops, false);
        prop_assert!(world.received.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert_eq!(outcomes(&world).len(), emitted.len());
        prop_assert_eq!(world.manager.pending_acks(socket), 0);
    }

    /// With retries everything arrives, in order, and is acknowledged once.
    #[test]
    fn retries_lose_nothing(
        ops in prop::collection::vec(op(), 1..60),
        transports in transports(),
        seed in any::<u64>(),
    ) {
        let config = Config::default()
            .retries(Some(1000))
            .ack_timeout(Some(secs(2)));
        let mut world = World::new(config, over(&transports), seed);
        let socket = add(&mut world, "/");
        world.manager.connect(socket, world.now);
        let emitted = live(&mut world, socket, &ops, false);
        let mut first_seen = world.received.clone();
        first_seen.dedup();
        prop_assert_eq!(&first_seen, &emitted);
        let all: Vec<_> = emitted.iter().copied().map(Ok).collect();
        prop_assert_eq!(outcomes(&world), all);
    }
}
