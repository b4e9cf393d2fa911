//! A client that reads too slowly, and what becomes of the events for it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use client::{Client, disconnected, event};
use engineio_proto::CloseReason;
use engineio_proto::config::ServerConfig;
use proptest::prelude::*;
use socketio_proto::server::{Config, Emit, Event, Overflow, Socket};
use socketio_proto::{AckId, DisconnectReason, EmitError, Text};
use std::collections::BTreeMap;

/// Bytes of an event of [`Slow`] in the send buffer.
const EVENT: usize = r#"42["n",1]"#.len();

/// A client with room for so many small events, which reads only when it is told to.
struct Slow {
    client: Client,
    socket: Socket,
}

impl Slow {
    fn with_room_for(events: usize) -> Self {
        let engine = ServerConfig::default().max_buffered(events * EVENT);
        let mut client = Client::with_engine(Config::default(), engine);
        let socket = client.join("/");
        Self { client, socket }
    }

    fn emit(&mut self, number: u8, overflow: Overflow) -> Result<(), EmitError> {
        self.emit_as(number, Emit::default().overflow(overflow))
    }

    fn keep(&mut self, number: u8, key: &str) -> Result<(), EmitError> {
        let how = Emit::default().overflow(Overflow::KeepLatest);
        self.emit_as(number, how.key(Text::new(key)))
    }

    fn emit_as(&mut self, number: u8, how: Emit) -> Result<(), EmitError> {
        let socket = self.socket;
        let sent = self
            .client
            .apply(|connection, now| connection.emit(socket, event("n", number), how, now));
        sent.map(drop)
    }

    /// The numbers of the events that come once it reads.
    fn read(&mut self) -> Vec<u8> {
        let received = self.client.received();
        received.iter().map(|it| number_of(it)).collect()
    }
}

fn number_of(frame: &str) -> u8 {
    let number = frame.strip_prefix(r#"42["n","#).unwrap();
    number.strip_suffix(']').unwrap().parse().unwrap()
}

#[test]
fn refuse_tells_whoever_emits() {
    let mut slow = Slow::with_room_for(6);
    for number in 1..=6 {
        slow.emit(number, Overflow::Refuse).unwrap();
    }
    assert_eq!(slow.emit(7, Overflow::Refuse), Err(EmitError::Full));
    assert_eq!(slow.read(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(slow.client.events(), [Event::Drained]);
    slow.emit(8, Overflow::Refuse).unwrap();
    assert_eq!(slow.read(), [8]);
}

#[test]
fn drop_newest_leaves_what_waits_alone() {
    let mut slow = Slow::with_room_for(6);
    for number in 1..=6 {
        slow.emit(number, Overflow::DropNewest).unwrap();
    }
    assert_eq!(slow.emit(7, Overflow::DropNewest), Err(EmitError::Dropped));
    assert_eq!(slow.read(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn drop_oldest_takes_back_only_its_like() {
    let mut slow = Slow::with_room_for(6);
    slow.emit(1, Overflow::Refuse).unwrap();
    for number in 2..=9 {
        slow.emit(number, Overflow::DropOldest).unwrap();
    }
    assert_eq!(slow.read(), [1, 5, 6, 7, 8, 9]);
}

#[test]
fn what_may_not_be_dropped_stays_and_the_new_event_goes() {
    let mut slow = Slow::with_room_for(6);
    for number in 1..=5 {
        slow.emit(number, Overflow::Refuse).unwrap();
    }
    slow.emit(6, Overflow::DropOldest).unwrap();
    let two = event("n", [0; 5]);
    let how = Emit::default().overflow(Overflow::DropOldest);
    let socket = slow.socket;
    let sent = slow
        .client
        .apply(|connection, now| connection.emit(socket, two, how, now));
    assert_eq!(sent, Err(EmitError::Dropped), "the sixth is not enough");
    assert_eq!(slow.read(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn keep_latest_replaces_by_key_even_where_there_is_room() {
    let mut slow = Slow::with_room_for(6);
    slow.keep(1, "a").unwrap();
    slow.keep(2, "b").unwrap();
    slow.keep(3, "a").unwrap();
    slow.emit(4, Overflow::Refuse).unwrap();
    slow.keep(5, "b").unwrap();
    assert_eq!(slow.read(), [3, 4, 5], "each where it was emitted last");
    slow.keep(6, "a").unwrap();
    assert_eq!(slow.read(), [6], "what was read before is not missed");
}

#[test]
fn keep_latest_makes_room_if_it_has_to() {
    let mut slow = Slow::with_room_for(6);
    for (number, key) in [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e"), (6, "f")] {
        slow.keep(number, key).unwrap();
    }
    slow.keep(7, "g").unwrap();
    assert_eq!(slow.read(), [2, 3, 4, 5, 6, 7]);
}

#[test]
fn keys_belong_to_one_socket() {
    let mut slow = Slow::with_room_for(100);
    let other = slow.client.join("/other");
    slow.keep(1, "a").unwrap();
    let first = std::mem::replace(&mut slow.socket, other);
    slow.keep(2, "a").unwrap();
    slow.socket = first;
    slow.keep(3, "a").unwrap();
    let received = slow.client.received();
    assert_eq!(received, [r#"42/other,["n",2]"#, r#"42["n",3]"#]);
}

#[test]
fn close_ends_the_connection() {
    let mut slow = Slow::with_room_for(6);
    for number in 1..=6 {
        slow.emit(number, Overflow::Close).unwrap();
    }
    assert_eq!(slow.emit(7, Overflow::Close), Err(EmitError::Full));
    let reason = CloseReason::Overflow;
    assert_eq!(
        slow.client.events(),
        [
            disconnected(slow.socket, DisconnectReason::Transport(reason.clone())),
            Event::Closed(reason)
        ]
    );
}

#[test]
fn sb_11_what_has_begun_to_leave_is_never_torn() {
    let mut slow = Slow::with_room_for(6);
    let socket = slow.socket;
    let how = || Emit::default().overflow(Overflow::DropOldest);
    let file = event("f", serde_bytes::Bytes::new(&[7; 8]));
    let client = &mut slow.client;
    client
        .apply(|connection, now| connection.emit(socket, file, how(), now))
        .unwrap();
    let header = r#"451-["f",{"_placeholder":true,"num":0}]"#;
    assert_eq!(client.read().unwrap(), header);
    for number in 1..=9 {
        let _ = slow.emit(number, Overflow::DropOldest);
    }
    let received = slow.client.received();
    assert_eq!(received[0], "<bin 0707070707070707>");
    assert_eq!(received.last().unwrap(), r#"42["n",9]"#);
}

#[test]
fn whoever_waits_for_an_answer_waits_for_something_that_was_sent() {
    let mut slow = Slow::with_room_for(6);
    let asking = |id| {
        let how = Emit::default().overflow(Overflow::DropOldest);
        how.ack(AckId(id))
    };
    slow.emit_as(1, asking(0)).unwrap();
    for number in 2..=9 {
        slow.emit(number, Overflow::DropOldest).unwrap();
    }
    let received = slow.client.received();
    assert_eq!(received[0], r#"420["n",1]"#);
    assert_eq!(received.len(), 5);

    for number in 1..=6 {
        slow.emit(number, Overflow::Refuse).unwrap();
    }
    assert_eq!(slow.emit_as(7, asking(1)), Err(EmitError::Dropped));
    assert_eq!(slow.client.peer.connection().pending_acks(), 1);
}

#[test]
fn what_never_fits_is_an_error_of_its_own() {
    let mut slow = Slow::with_room_for(6);
    let socket = slow.socket;
    for overflow in [
        Overflow::Refuse,
        Overflow::DropNewest,
        Overflow::DropOldest,
        Overflow::KeepLatest,
        Overflow::Close,
    ] {
        let large = event("n", "x".repeat(6 * EVENT));
        let how = Emit::default().overflow(overflow);
        let sent = slow
            .client
            .apply(|connection, now| connection.emit(socket, large, how, now));
        assert_eq!(sent, Err(EmitError::TooLarge), "{overflow:?}");
    }
    slow.emit(1, Overflow::Refuse).unwrap();
    assert_eq!(slow.read(), [1], "and no reason to close");
}

#[test]
fn several_emits_of_one_call_know_each_other() {
    let mut slow = Slow::with_room_for(6);
    let socket = slow.socket;
    slow.client.apply(|connection, now| {
        for number in 1..=9 {
            let how = Emit::default().overflow(Overflow::DropOldest);
            connection
                .emit(socket, event("n", number), how, now)
                .unwrap();
        }
    });
    assert_eq!(slow.read(), [4, 5, 6, 7, 8, 9]);
}

#[derive(Clone, Debug)]
enum Op {
    Emit(Overflow, u8),
    Read,
}

fn op() -> impl Strategy<Value = Op> {
    let overflow = prop_oneof![
        Just(Overflow::Refuse),
        Just(Overflow::DropNewest),
        Just(Overflow::DropOldest),
        Just(Overflow::KeepLatest),
    ];
    prop_oneof![
        4 => (overflow, 0..3u8).prop_map(|(overflow, key)| Op::Emit(overflow, key)),
        1 => Just(Op::Read),
    ]
}

/// What a list would do that knows everything.
#[derive(Default)]
struct Model {
    waiting: Vec<(u8, Overflow, u8)>,
}

impl Model {
    const ROOM: usize = 6;

    fn emit(&mut self, number: u8, overflow: Overflow, key: u8) -> Result<(), EmitError> {
        let takes_back = |it: Overflow| matches!(it, Overflow::DropOldest | Overflow::KeepLatest);
        let is_loose = |it: &(u8, Overflow, u8)| takes_back(it.1);
        if takes_back(overflow) && self.waiting.iter().any(is_loose) {
            if overflow == Overflow::KeepLatest {
                self.waiting
                    .retain(|it| (it.1, it.2) != (Overflow::KeepLatest, key));
            }
            while self.waiting.len() >= Self::ROOM {
                let oldest = self.waiting.iter().position(is_loose).unwrap();
                self.waiting.remove(oldest);
            }
        }
        if self.waiting.len() < Self::ROOM {
            self.waiting.push((number, overflow, key));
            return Ok(());
        }
        Err(if overflow == Overflow::Refuse {
            EmitError::Full
        } else {
            EmitError::Dropped
        })
    }
}

proptest! {
    #[test]
    fn it_does_what_a_list_would_do(ops in proptest::collection::vec(op(), 0..80)) {
        let mut slow = Slow::with_room_for(Model::ROOM);
        let mut model = Model::default();
        let keys = BTreeMap::from([(0, "a"), (1, "b"), (2, "c")]);
        for (number, op) in ops.into_iter().enumerate() {
            match op {
                Op::Emit(overflow, key) => {
                    let number = u8::try_from(number % 10).unwrap();
                    let how = Emit::default().overflow(overflow).key(Text::new(keys[&key]));
                    prop_assert_eq!(slow.emit_as(number, how), model.emit(number, overflow, key));
                }
                Op::Read => {
                    let read = slow.client.read().map(|frame| number_of(&frame));
                    let expected = (!model.waiting.is_empty()).then(|| model.waiting.remove(0).0);
                    prop_assert_eq!(read, expected);
                    let _ = slow.client.events();
                }
            }
            prop_assert!(slow.client.peer.engine().buffered() <= Model::ROOM * EVENT);
        }
        let expected: Vec<u8> = model.waiting.iter().map(|it| it.0).collect();
        prop_assert_eq!(slow.read(), expected);
    }
}
