//! What clients that come back get, and what they and the application are told.

use crate::client::{Client, event, namespace, secs};
use crate::world::{Memory, Outcome, Welcome, World, names, recovered};
use engineio_proto::CloseReason;
use proptest::prelude::*;
use socketio_proto::broadcast::Flags;
use socketio_proto::recovery::{Claim, Failure, PrivateId};
use socketio_proto::rooms::Room;
use socketio_proto::server::{Claimed, NamespaceCore, NamespaceLimits, RoomEvent};
use socketio_proto::{DisconnectReason, EmitError, Json, SocketId, Text, Value};
use std::sync::Arc;

#[test]
fn cr_04_missed_events_come_first_then_connect_then_new_ones() {
    let mut world = World::new();
    let Welcome {
        seat,
        sid,
        mut memory,
        ..
    } = world.meet();
    world.say("a");
    assert_eq!(world.hear(seat, &mut memory), ["a"]);
    world.lose(seat);
    world.say("b");
    world.say("c");

    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, recovered());
    assert_eq!((&welcome.sid, &welcome.memory.pid), (&sid, &memory.pid));
    assert_eq!(names(&welcome.missed), ["b", "c"]);
    world.say("d");
    let mut memory = welcome.memory;
    assert_eq!(world.hear(welcome.seat, &mut memory), ["d"]);
}

#[test]
fn a_socket_that_comes_back_is_told_to_join_its_rooms() {
    let mut world = World::new();
    let Welcome {
        seat, sid, memory, ..
    } = world.meet();
    world.join(seat, "r");
    world.lose(seat);
    world.core.watch_rooms();
    world.again(&memory);
    let told: Vec<_> = std::iter::from_fn(|| world.core.poll_room_event()).collect();
    let both = |room: &str| {
        let (room, socket) = (Room::from(room), SocketId(Text::new(&sid)));
        let created = RoomEvent::Created { room: room.clone() };
        [created, RoomEvent::Joined { room, socket }]
    };
    assert_eq!(told, [both("r"), both(&sid)].concat());
}

#[test]
fn the_wire_is_that_of_the_reference() {
    let mut world = World::new();
    let Welcome { seat, .. } = world.meet();
    world.say("none");
    let bytes = serde_bytes::Bytes::new(&[1]);
    world.broadcast(event("bin", (bytes, 1)), &[], &[], Flags::default());
    world.emit("id1", event("one", ("x", 2))).unwrap();
    let frames = world.received(seat);
    assert_eq!(
        frames,
        [
            r#"42["none","0.7"]"#,
            r#"451-["bin",{"_placeholder":true,"num":0},1,"1.7"]"#,
            "<bin 01>",
            r#"42["one","x",2,"2.7"]"#,
        ]
    );
}

#[test]
fn what_is_volatile_or_wants_an_answer_is_not_recorded_and_has_no_offset() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    world.broadcast(event("v", ()), &[], &[], Flags::default().volatile(true));
    let ask = Flags::default().ack(Some(secs(1)));
    world.broadcast(event("a", ()), &[], &[], ask);
    assert_eq!(world.received(seat), [r#"42["v"]"#, r#"420["a"]"#]);
    assert_eq!(world.store().packets(), 0);
    world.lose(seat);
    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, recovered());
    assert!(welcome.missed.is_empty());
}

#[test]
fn cr_01_before_any_event_was_received() {
    let mut world = World::new();
    world.say("before its time");
    let Welcome { seat, memory, .. } = world.meet();
    world.say("on its way");
    world.lose(seat);
    world.say("while it was away");

    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, recovered());
    assert_eq!(names(&welcome.missed), ["on its way", "while it was away"]);
}

#[test]
fn cr_01_twice_and_again() {
    let mut world = World::new();
    let mut welcome = world.meet();
    for round in 0..5 {
        world.lose(welcome.seat);
        world.say(&format!("{round}"));
        welcome = world.again(&welcome.memory.clone());
        assert_eq!(welcome.outcome, recovered(), "round {round}");
        assert_eq!(names(&welcome.missed), [format!("{round}")]);
        assert_eq!(welcome.sid, "id1");
    }
}

#[test]
fn a_replay_that_is_lost_on_its_way_is_repeated() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    world.lose(seat);
    world.say("a");
    for _ in 0..3 {
        // The client hears nothing of it, so its memory stays the same.
        let welcome = world.again(&memory);
        assert_eq!(names(&welcome.missed), ["a"]);
        world.lose(welcome.seat);
    }
}

#[test]
fn cr_01_unknown_foreign_and_forged_claims() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    world.say("a");
    world.lose(seat);
    let unknown = Memory {
        pid: "id1".to_owned(),
        offset: None,
    };
    let welcome = world.again(&unknown);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::Unknown));

    for offset in ["", "0", "0.8", "1.7", "zz.7", "hello", "0.7 ", "é"] {
        let Welcome {
            seat, mut memory, ..
        } = world.meet();
        world.lose(seat);
        memory.offset = Some(offset.to_owned());
        // The log has `0.7` alone.
        let welcome = world.again(&memory);
        let failed = Outcome::Failed(Failure::UnknownOffset);
        assert_eq!(welcome.outcome, failed, "{offset:?}");
    }
    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, recovered(), "the others did no harm");

    for connect in [r#"40{"pid":1}"#, r#"40{"pid":"pid1","offset":1}"#, "40{}"] {
        let welcome = world.connect(connect);
        assert_eq!(welcome.outcome, Outcome::Fresh, "{connect}: no claim");
    }
}

#[test]
fn an_offset_of_an_earlier_session_brings_nothing_twice() {
    let mut world = World::new();
    let first = world.meet();
    world.say("a");
    let mut memory = first.memory;
    world.hear(first.seat, &mut memory);
    world.say("b");
    world.lose(first.seat);
    world.wait(secs(121));
    // As the reference's client does it: a new private id, and still the old offset.
    let mut welcome = world.again(&memory);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::Expired));
    welcome.memory.offset = memory.offset;
    world.say("c");
    world.lose(welcome.seat);
    let welcome = world.again(&welcome.memory);
    assert_eq!(welcome.outcome, recovered());
    assert_eq!(names(&welcome.missed), ["c"], "and neither `a` nor `b`");
}

#[test]
fn cr_02_a_session_whose_socket_is_still_here_is_taken_over() {
    let mut world = World::new();
    let Welcome { memory, .. } = world.meet();
    world.say("on its way");
    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, recovered());
    assert_eq!(welcome.sid, "id1");
    assert_eq!(names(&welcome.missed), ["on its way"]);
    assert_eq!(world.core.rooms().registered(), 1, "one owner");
}

#[test]
fn cr_02_also_while_middlewares_run() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    world.lose(seat);
    world.say("a");
    let connect = format!(r#"40{{"pid":"{}"}}"#, memory.pid);
    let (mut half, _, admission) = world.knock(&connect);
    let claim = Claim {
        private: admission.private.clone(),
        offset: None,
    };
    let credit = half.peer.credit();
    let occupied = Claimed::Occupied(admission.member);
    assert_eq!(world.core.recover(&claim, credit, world.now), occupied);
    // It goes before it is let in: the session waits on as it was.
    half.cut();
    world.core.remove(admission.member, world.now);
    let welcome = world.again(&memory);
    assert_eq!(names(&welcome.missed), ["a"]);
}

#[test]
fn events_while_middlewares_run_are_missed_ones() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    world.lose(seat);
    world.say("a");
    let half = world.knock(&format!(r#"40{{"pid":"{}"}}"#, memory.pid));
    world.say("b");
    assert_eq!(world.emit("id1", event("from a middleware", ())), Ok(false));
    world.say("c");
    let welcome = world.let_in(half);
    assert_eq!(names(&welcome.missed), ["a", "b", "from a middleware", "c"]);
}

#[test]
fn cr_05_rooms_and_exceptions_are_those_at_the_disconnection() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    let other = world.meet();
    world.join(seat, "in");
    world.join(other.seat, "out");
    world.lose_with(seat, Value::from(vec![1, 2]));

    world.say_to(&["in"], &[], "room");
    world.say_to(&["out"], &[], "other room");
    world.say_to(&["out", "in"], &[], "either");
    world.say_to(&[], &["in"], "not for the room");
    world.say_to(&["in"], &["id1"], "not for itself");
    world.say_to(&["id1"], &[], "its own room");
    world.say_to(&[], &["out"], "all but others");
    world.emit("id2", event("for another", ())).unwrap();
    assert_eq!(world.emit("id1", event("for it alone", ())), Ok(false));

    let welcome = world.again(&memory);
    let expected = [
        "room",
        "either",
        "its own room",
        "all but others",
        "for it alone",
    ];
    assert_eq!(names(&welcome.missed), expected);
    assert_eq!(welcome.outcome, Outcome::Recovered(Value::from(vec![1, 2])));
    let member = world.seats[welcome.seat].as_ref().unwrap().member;
    let rooms: Vec<_> = world
        .core
        .rooms()
        .rooms_of(member)
        .map(Room::as_str)
        .collect();
    assert_eq!(rooms, ["in", "id1"]);
}

#[test]
fn cr_05_missed_binary_events() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    world.lose(seat);
    let bytes = (
        serde_bytes::Bytes::new(&[1, 2]),
        serde_bytes::Bytes::new(&[3]),
    );
    world.broadcast(event("bin", bytes), &[], &[], Flags::default());
    let placeholders = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;
    let header = format!(r#"452-["bin",{placeholders},"0.7"]"#);
    let welcome = world.again(&memory);
    assert_eq!(welcome.missed, [&header, "<bin 0102>", "<bin 03>"]);
}

#[test]
fn an_emit_to_one_socket_is_not_for_others_in_the_room_of_its_id() {
    let mut world = World::new();
    let [one, spy] = [world.meet(), world.meet()];
    world.join(spy.seat, "id1");
    world.lose(spy.seat);
    world.emit("id1", event("secret", ())).unwrap();
    assert_eq!(world.received(one.seat).len(), 1);
    let welcome = world.again(&spy.memory);
    assert_eq!(welcome.outcome, recovered());
    assert!(welcome.missed.is_empty());
}

#[test]
fn who_leaves_on_purpose_does_not_come_back() {
    let parse = CloseReason::Parse(engineio_proto::DecodeError::Empty);
    let ended = [
        DisconnectReason::ClientNamespace,
        DisconnectReason::ServerNamespace,
        DisconnectReason::Transport(parse),
    ];
    for reason in ended {
        let mut world = World::new();
        let Welcome { seat, memory, .. } = world.meet();
        let member = world.seats[seat].take().unwrap().member;
        world.core.retire(member, &reason, Value::Null, world.now);
        let welcome = world.again(&memory);
        assert_eq!(welcome.outcome, Outcome::Failed(Failure::Ended), "{reason}");
    }
    for reason in [
        CloseReason::TransportClose,
        CloseReason::TransportError,
        CloseReason::PingTimeout,
        CloseReason::Forced,
        CloseReason::ForcedServer,
        CloseReason::ShuttingDown,
        CloseReason::Overflow,
    ] {
        let mut world = World::new();
        let Welcome { seat, memory, .. } = world.meet();
        let member = world.seats[seat].take().unwrap().member;
        let reason = DisconnectReason::Transport(reason);
        world.core.retire(member, &reason, Value::Null, world.now);
        assert_eq!(world.again(&memory).outcome, recovered(), "{reason}");
    }
}

#[test]
fn a_socket_that_was_never_let_in_has_no_session() {
    let mut world = World::new();
    let (_, _, admission) = world.knock("40");
    let gone = DisconnectReason::Transport(CloseReason::TransportClose);
    world
        .core
        .retire(admission.member, &gone, Value::Null, world.now);
    assert_eq!(world.store().sessions(), 0);
    let memory = Memory {
        pid: "pid1".to_owned(),
        offset: None,
    };
    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::Unknown));
}

#[test]
fn without_a_store_nothing_is_different() {
    let core = NamespaceCore::new(namespace("/"), Arc::new(Json), NamespaceLimits::default());
    let mut world = World {
        core,
        ..World::new()
    };
    let claim = Claim {
        private: PrivateId(Text::from("pid1")),
        offset: None,
    };
    let credit = Client::new().peer.credit();
    let failed = Claimed::Failed(Failure::Unknown);
    assert_eq!(world.core.recover(&claim, credit, world.now), failed);
    let Welcome { seat, .. } = world.meet();
    world.say("a");
    assert_eq!(world.received(seat), [r#"42["a"]"#]);
    assert_eq!(
        world.emit("id1", event("a", ())),
        Err(EmitError::NotConnected)
    );
    world.lose(seat);
    assert_eq!(world.core.poll_timeout(), None);
}

/// What can happen to a client.
#[derive(Clone, Debug)]
enum Step {
    Say,
    Emit,
    /// What the server has sent so far arrives.
    Hear,
    Lose,
    Return,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever breaks and when, the client hears every event, in order and once.
    #[test]
    fn nothing_is_missed_and_nothing_doubled(
        steps in prop::collection::vec(
            prop_oneof![
                Just(Step::Say),
                Just(Step::Emit),
                Just(Step::Hear),
                Just(Step::Lose),
                Just(Step::Return),
            ],
            0..60,
        ),
    ) {
        let mut world = World::new();
        let Welcome { seat, mut memory, .. } = world.meet();
        let mut seat = Some(seat);
        let (mut said, mut heard) = (Vec::new(), Vec::new());
        for step in steps.into_iter().chain([Step::Return, Step::Hear]) {
            match step {
                Step::Say => {
                    said.push(said.len().to_string());
                    world.say(said.last().unwrap());
                }
                Step::Emit => {
                    said.push(said.len().to_string());
                    let payload = event(said.last().unwrap(), ());
                    prop_assert_eq!(world.emit("id1", payload), Ok(seat.is_some()));
                }
                Step::Hear => {
                    if let Some(seat) = seat {
                        heard.extend(world.hear(seat, &mut memory));
                    }
                }
                Step::Lose => {
                    if let Some(seat) = seat.take() {
                        world.lose(seat);
                    }
                }
                // Also while the old connection seems to live.
                Step::Return => {
                    let welcome = world.again(&memory);
                    prop_assert_eq!(&welcome.outcome, &recovered());
                    heard.extend(names(&welcome.missed));
                    memory = welcome.memory;
                    seat = Some(welcome.seat);
                }
            }
        }
        prop_assert_eq!(heard, said);
        prop_assert!(world.seats.iter().flatten().all(|it| it.id.as_str() == "id1"));
    }
}
