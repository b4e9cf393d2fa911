//! Clients that lose their connection and come back: what they get, and what they are told.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use client::{Client, event, millis, namespace, secs};
use engineio_proto::CloseReason;
use engineio_proto::config::ServerConfig;
use proptest::prelude::*;
use socketio_proto::broadcast::{Draft, Flags};
use socketio_proto::recovery::{Claim, Config, Failure, PrivateId, Store};
use socketio_proto::rooms::{Member, Room, Target};
use socketio_proto::server::{
    Claimed, Config as ServerLimits, Delivery, Directed, Event, NamespaceCore, NamespaceLimits,
    Revision, Socket,
};
use socketio_proto::{DisconnectReason, EmitError, Instant, Json, Payload, SocketId, Text, Value};
use std::sync::Arc;
use std::time::Duration;

/// The namespace `/` with its clients: a small adapter.
struct World {
    core: NamespaceCore,
    seats: Vec<Option<Seat>>,
    now: Instant,
    ids: u32,
    engine: ServerConfig,
}

/// A client in the namespace.
struct Seat {
    client: Client,
    socket: Socket,
    member: Member,
    id: SocketId,
}

/// What a client keeps of its session.
#[derive(Clone, Debug)]
struct Memory {
    pid: String,
    offset: Option<String>,
}

/// What happened when a client asked for the namespace.
#[derive(Debug)]
struct Welcome {
    seat: usize,
    outcome: Outcome,
    /// Frames before the reply.
    missed: Vec<String>,
    sid: String,
    memory: Memory,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Fresh,
    Recovered(Value),
    Failed(Failure),
}

impl World {
    fn new() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        let core = NamespaceCore::new(namespace("/"), Arc::new(Json), NamespaceLimits::default());
        Self {
            core: core.with_recovery(Store::new(config, 7)),
            seats: Vec::new(),
            now: Instant::ZERO,
            ids: 0,
            engine: ServerConfig::default(),
        }
    }

    fn store(&self) -> &Store {
        self.core.recovery().unwrap()
    }

    /// A client comes that has not been here.
    fn meet(&mut self) -> Welcome {
        let welcome = self.connect("40");
        assert_eq!(welcome.outcome, Outcome::Fresh);
        welcome
    }

    /// A client comes back.
    fn again(&mut self, memory: &Memory) -> Welcome {
        let mut auth = serde_json::json!({ "pid": memory.pid });
        if let Some(offset) = &memory.offset {
            auth["offset"] = offset.as_str().into();
        }
        let mut welcome = self.connect(&format!("40{auth}"));
        if welcome.memory.pid == memory.pid {
            let offset = welcome.missed.iter().rev().find_map(|frame| offset(frame));
            welcome.memory.offset = offset.or_else(|| memory.offset.clone());
        }
        welcome
    }

    fn connect(&mut self, connect: &str) -> Welcome {
        let seat = self.knock(connect);
        self.let_in(seat)
    }

    /// A client asks; its middlewares have yet to run.
    fn knock(&mut self, connect: &str) -> (Client, Socket, Admission) {
        let (limits, engine) = (ServerLimits::default(), self.engine.clone());
        let mut client = Client::with_revision(limits, engine, Revision::V5);
        client.send(connect);
        let Event::Connect { socket, auth, .. } = client.events().remove(0) else {
            panic!("not a CONNECT")
        };
        let admission = self.admit(&client, auth.as_ref().and_then(Claim::of));
        (client, socket, admission)
    }

    fn admit(&mut self, client: &Client, claim: Option<Claim>) -> Admission {
        let credit = client.peer.credit();
        let claimed = claim
            .as_ref()
            .map(|claim| self.core.recover(claim, credit, self.now));
        let outcome = match claimed {
            Some(Claimed::Restored(restored)) => {
                return Admission {
                    member: restored.member,
                    id: restored.id,
                    private: restored.private,
                    outcome: Outcome::Recovered(restored.data),
                };
            }
            Some(Claimed::Occupied(member)) => {
                let old = self.seat_of(member).unwrap();
                self.lose(old);
                return self.admit(client, claim);
            }
            Some(Claimed::Failed(why)) => Outcome::Failed(why),
            _ => Outcome::Fresh,
        };
        self.ids += 1;
        let id = SocketId(Text::from(format!("id{}", self.ids)));
        let private = PrivateId(Text::from(format!("pid{}", self.ids)));
        let member = self.core.admit(&id);
        self.core.protect(member, private.clone());
        Admission {
            member,
            id,
            private,
            outcome,
        }
    }

    fn let_in(&mut self, (mut client, socket, admission): (Client, Socket, Admission)) -> Welcome {
        let Admission {
            member,
            id,
            private,
            outcome,
        } = admission;
        let missed = self.core.enter(member).expect("the log reaches back");
        assert!(
            client.apply(|connection, _| connection.accept_session(socket, &id, &private, missed))
        );
        let mut frames = client.received();
        let reply = frames.pop().unwrap();
        let reply: serde_json::Value =
            serde_json::from_str(reply.strip_prefix("40").expect("CONNECT comes last")).unwrap();
        self.seats.push(Some(Seat {
            client,
            socket,
            member,
            id,
        }));
        Welcome {
            seat: self.seats.len() - 1,
            outcome,
            missed: frames,
            sid: reply["sid"].as_str().unwrap().to_owned(),
            memory: Memory {
                pid: reply["pid"].as_str().unwrap().to_owned(),
                offset: None,
            },
        }
    }

    fn seat_of(&self, member: Member) -> Option<usize> {
        let is_it = |seat: &Option<Seat>| seat.as_ref().is_some_and(|it| it.member == member);
        self.seats.iter().position(is_it)
    }

    fn join(&mut self, seat: usize, room: &str) {
        let member = self.seats[seat].as_ref().unwrap().member;
        self.core
            .rooms_mut()
            .join(member, Room::from(room))
            .unwrap();
    }

    /// The connection breaks, and what was on its way is lost.
    fn lose(&mut self, seat: usize) {
        self.lose_with(seat, Value::Null);
    }

    fn lose_with(&mut self, seat: usize, data: Value) {
        let mut seat = self.seats[seat].take().unwrap();
        seat.client.cut();
        let events = seat.client.events();
        let reason = events.into_iter().find_map(|event| match event {
            Event::Disconnected { reason, .. } => Some(reason),
            _ => None,
        });
        self.core
            .retire(seat.member, &reason.unwrap(), data, self.now);
    }

    fn say(&mut self, name: &str) {
        self.broadcast(event(name, ()), &[], &[], Flags::default());
    }

    fn say_to(&mut self, rooms: &[&str], except: &[&str], name: &str) {
        self.broadcast(event(name, ()), rooms, except, Flags::default());
    }

    fn broadcast(&mut self, payload: Payload, rooms: &[&str], except: &[&str], flags: Flags) {
        let mut target = Target::default();
        target.rooms.extend(rooms.iter().copied().map(Room::from));
        target.except.extend(except.iter().copied().map(Room::from));
        let draft = Draft {
            payload,
            target,
            flags,
        };
        self.core.broadcast(draft, self.now).unwrap();
        while let Some((member, delivery)) = self.core.poll_delivery() {
            let seat = self.seat_of(member).unwrap();
            let Seat { client, socket, .. } = self.seats[seat].as_mut().unwrap();
            let Delivery::Encoded {
                encoded,
                volatile,
                ack,
            } = delivery
            else {
                unreachable!()
            };
            let _ = client
                .apply(|connection, _| connection.emit_encoded(*socket, encoded, volatile, ack));
        }
    }

    /// An emit to one socket.
    fn emit(&mut self, id: &str, payload: Payload) -> Result<bool, EmitError> {
        let id = SocketId(Text::new(id));
        match self.core.direct(&id, payload, self.now).unwrap() {
            Directed::Send(member, encoded) => {
                let seat = self.seat_of(member).unwrap();
                let Seat { client, socket, .. } = self.seats[seat].as_mut().unwrap();
                let sent = client.apply(|connection, _| connection.emit_recorded(*socket, encoded));
                if sent.is_err() {
                    self.core.retract();
                }
                sent.map(|()| true)
            }
            Directed::Kept => Ok(false),
            _ => Err(EmitError::NotConnected),
        }
    }

    fn received(&mut self, seat: usize) -> Vec<String> {
        self.seats[seat].as_mut().unwrap().client.received()
    }

    /// The names of the events that have arrived; the last offset is remembered.
    fn hear(&mut self, seat: usize, memory: &mut Memory) -> Vec<String> {
        let frames = self.received(seat);
        if let Some(offset) = frames.iter().rev().find_map(|frame| offset(frame)) {
            memory.offset = Some(offset);
        }
        names(&frames)
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.core.poll_timeout().filter(|&at| at <= until) {
            self.now = at;
            self.core.handle_timeout(at);
            assert!(self.core.poll_timeout().is_none_or(|next| next > at));
        }
        self.now = until;
    }
}

#[derive(Debug)]
struct Admission {
    member: Member,
    id: SocketId,
    private: PrivateId,
    outcome: Outcome,
}

fn arguments(frame: &str) -> Option<Vec<serde_json::Value>> {
    let list = frame.get(frame.find('[')?..)?;
    serde_json::from_str(list).ok()
}

/// What the reference's client takes for the offset.
fn offset(frame: &str) -> Option<String> {
    let arguments = arguments(frame)?;
    let last = arguments.get(1..)?.last()?;
    last.as_str().map(str::to_owned)
}

fn names(frames: &[String]) -> Vec<String> {
    let name = |frame: &String| Some(arguments(frame)?.first()?.as_str()?.to_owned());
    frames.iter().filter_map(name).collect()
}

fn recovered() -> Outcome {
    Outcome::Recovered(Value::Null)
}

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
fn cr_01_after_expiry_by_a_millisecond() {
    for (late, outcome) in [
        (0, recovered()),
        (1, Outcome::Failed(Failure::Expired)),
        (3_600_000, Outcome::Failed(Failure::Expired)),
    ] {
        let mut world = World::new();
        let Welcome { seat, memory, .. } = world.meet();
        world.lose(seat);
        world.wait(secs(120) + millis(late));
        let welcome = world.again(&memory);
        assert_eq!(welcome.outcome, outcome, "{late} ms late");
        assert_eq!(welcome.sid == "id1", late == 0);
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
fn a_session_expires_while_it_is_tried_in_vain() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    world.lose(seat);
    world.wait(secs(100));
    let (_, _, admission) = world.knock(&format!(r#"40{{"pid":"{}"}}"#, memory.pid));
    world.core.remove(admission.member, world.now);
    assert_eq!(world.store().sessions(), 1);
    world.wait(secs(21));
    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::Expired));
}

#[test]
fn cr_03_the_log_is_bounded_by_number() {
    let mut world = World::with(Config::default().max_packets(3));
    let Welcome {
        seat, mut memory, ..
    } = world.meet();
    let [early, late] = [world.meet(), world.meet()];
    world.lose(early.seat);
    world.say("0");
    world.hear(seat, &mut memory);
    world.lose(seat);
    world.say("1");
    world.lose(late.seat);
    world.say("2");
    world.say("3");
    assert_eq!(world.store().packets(), 3);
    let welcome = world.again(&memory);
    assert_eq!(
        names(&welcome.missed),
        ["1", "2", "3"],
        "from its offset on"
    );
    let welcome = world.again(&early.memory);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::LogTrimmed));
    let welcome = world.again(&late.memory);
    let trimmed = Outcome::Failed(Failure::LogTrimmed);
    assert_eq!(welcome.outcome, trimmed, "`0` may not have arrived");
}

#[test]
fn cr_03_the_log_is_bounded_by_bytes() {
    let mut world = World::with(Config::default().max_packet_bytes(10_000));
    for _ in 0..100 {
        let text = "x".repeat(900);
        world.broadcast(event("e", text), &["room"], &[], Flags::default());
        assert!(world.store().packet_bytes() <= 10_000);
    }
    assert!(world.store().packets() >= 5);
    // One that is too large alone.
    world.broadcast(event("e", "x".repeat(20_000)), &[], &[], Flags::default());
    assert_eq!(
        (world.store().packets(), world.store().packet_bytes()),
        (0, 0)
    );
}

#[test]
fn cr_03_the_log_is_bounded_by_age() {
    let mut world = World::new();
    let Welcome { seat, memory, .. } = world.meet();
    world.say("a");
    world.wait(secs(120 + 45));
    assert_eq!(world.store().packets(), 1);
    world.wait(secs(11));
    assert_eq!(world.store().packets(), 0, "nothing else has to happen");
    world.lose(seat);
    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::LogTrimmed));
}

#[test]
fn who_was_silent_for_long_can_be_recovered() {
    let mut world = World::new();
    let Welcome {
        seat, mut memory, ..
    } = world.meet();
    world.say("a");
    world.hear(seat, &mut memory);
    world.wait(secs(3600));
    for _ in 0..10 {
        world.say_to(&["others"], &[], "x");
    }
    assert_eq!(world.store().packets(), 10, "`a` is forgotten");
    world.lose(seat);
    world.say("b");
    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, recovered());
    assert_eq!(names(&welcome.missed), ["b"]);
}

#[test]
fn cr_03_sessions_are_bounded_by_number() {
    let mut world = World::with(Config::default().max_sessions(2));
    let seats: Vec<_> = (0..3).map(|_| world.meet()).collect();
    for welcome in &seats {
        world.lose(welcome.seat);
    }
    assert_eq!(world.store().sessions(), 2);
    let welcome = world.again(&seats[0].memory);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::Evicted));
    let welcome = world.again(&seats[1].memory);
    assert_eq!(welcome.outcome, recovered());
}

#[test]
fn cr_03_sessions_are_bounded_by_bytes() {
    let mut world = World::with(Config::default().max_session_bytes(10_000));
    let seats: Vec<_> = (0..20).map(|_| world.meet()).collect();
    for welcome in &seats {
        world.lose_with(welcome.seat, Value::from("x".repeat(1000)));
        assert!(world.store().session_bytes() <= 10_000);
    }
    assert!((5..10).contains(&world.store().sessions()));
    let welcome = world.again(&seats[19].memory);
    assert_eq!(welcome.outcome, Outcome::Recovered("x".repeat(1000).into()));
    let huge = world.meet();
    world.lose_with(huge.seat, Value::from("x".repeat(10_000)));
    assert_eq!(
        (world.store().sessions(), world.store().session_bytes()),
        (0, 0)
    );
}

#[test]
fn more_than_the_send_buffer_takes_is_not_recovered() {
    let mut world = World::new();
    world.engine = ServerConfig::default().max_buffered(2000);
    let Welcome { seat, memory, .. } = world.meet();
    world.lose(seat);
    for _ in 0..3 {
        world.broadcast(event("e", "x".repeat(900)), &[], &[], Flags::default());
    }
    let welcome = world.again(&memory);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::TooMuch));
    assert!(welcome.missed.is_empty());
}

#[test]
fn who_reads_too_slowly_gets_the_rest_after_coming_back() {
    let mut world = World::new();
    world.engine = ServerConfig::default().max_buffered(2000);
    let Welcome {
        seat, mut memory, ..
    } = world.meet();
    world.say("a");
    world.hear(seat, &mut memory);
    for name in ["b", "c", "d"] {
        let text = "x".repeat(900);
        world.broadcast(event(name, text), &[], &[], Flags::default());
    }
    // `d` did not fit: the connection is closed, and what waited is lost.
    world.lose(seat);
    world.engine = ServerConfig::default();
    let welcome = world.again(&memory);
    assert_eq!(names(&welcome.missed), ["b", "c", "d"]);
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
fn an_emit_that_does_not_fit_was_never_made() {
    let mut world = World::new();
    world.engine = ServerConfig::default().max_buffered(1000);
    let Welcome {
        seat, mut memory, ..
    } = world.meet();
    let large = event("large", "x".repeat(2000));
    assert_eq!(world.emit("id1", large), Err(EmitError::Full));
    assert_eq!(world.store().packets(), 0);
    world.emit("id1", event("small", ())).unwrap();
    assert_eq!(world.hear(seat, &mut memory), ["small"]);
    assert_eq!(
        memory.offset.as_deref(),
        Some("0.7"),
        "its place is free again"
    );
    assert_eq!(
        world.emit("id9", event("e", ())),
        Err(EmitError::NotConnected)
    );
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

#[test]
fn everything_is_forgotten_in_the_end() {
    let mut world = World::new();
    for name in ["a", "b"] {
        let Welcome { seat, .. } = world.meet();
        world.join(seat, "room");
        world.say(name);
        world.lose(seat);
    }
    world.wait(secs(200));
    let store = world.store();
    assert_eq!((store.packets(), store.packet_bytes()), (0, 0));
    assert_eq!((store.sessions(), store.session_bytes()), (0, 0));
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
