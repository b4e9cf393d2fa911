//! What is kept, how much of it, for how long, and what happens where it ends.

use crate::client::{event, millis, secs};
use crate::world::{Outcome, Welcome, World, names, recovered};
use engineio_proto::config::ServerConfig;
use socketio_proto::broadcast::{Draft, Flags};
use socketio_proto::recovery::{Config, Failure};
use socketio_proto::rooms::{Room, Target};
use socketio_proto::server::{Directed, NamespaceLimits};
use socketio_proto::{BroadcastError, EmitError, SocketId, Text, Value};

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
fn cr_03_attachments_and_names_of_rooms_count() {
    let mut world = World::new();
    let bytes = serde_bytes::ByteBuf::from(vec![0; 5_000]);
    world.broadcast(event("e", (bytes,)), &[], &[], Flags::default());
    let one = world.store().packet_bytes();
    assert!(one > 5_000);
    let rooms: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
    world.say_to(&rooms, &[], "e");
    assert!(world.store().packet_bytes() - one > 100 * size_of::<Room>());
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
    world.wait(secs(3600));
    world.say_to(&["others"], &[], "y");
    assert_eq!(world.store().packets(), 1, "so is what came behind it");
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
    // One that is too large alone is nobody else's loss.
    let before = (world.store().sessions(), world.store().session_bytes());
    let huge = world.meet();
    world.lose_with(huge.seat, Value::from("x".repeat(10_000)));
    let after = (world.store().sessions(), world.store().session_bytes());
    assert_eq!(after, before);
    let welcome = world.again(&huge.memory);
    assert_eq!(welcome.outcome, Outcome::Failed(Failure::Evicted));
}

#[test]
fn cr_03_the_memory_of_those_that_are_over_is_bounded_too() {
    let mut world = World::with(Config::default().max_sessions(2));
    let seats: Vec<_> = (0..5).map(|_| world.meet()).collect();
    for welcome in &seats {
        world.lose(welcome.seat);
    }
    let mut outcome = |index: usize| world.again(&seats[index].memory).outcome;
    assert_eq!(outcome(0), Outcome::Failed(Failure::Unknown));
    assert_eq!(outcome(1), Outcome::Failed(Failure::Evicted));
    assert_eq!(outcome(2), Outcome::Failed(Failure::Evicted));
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

/// Else the client would come again and again, and be closed each time.
#[test]
fn what_was_missed_has_to_leave_room_for_the_reply() {
    for len in 700..1000 {
        let mut world = World::new();
        world.engine = ServerConfig::default().max_buffered(1000);
        let Welcome { seat, memory, .. } = world.meet();
        world.lose(seat);
        world.broadcast(event("e", "x".repeat(len)), &[], &[], Flags::default());
        // To be let in is all that is asked here: it would panic.
        let welcome = world.again(&memory);
        let failed = Outcome::Failed(Failure::TooMuch);
        assert!(welcome.outcome == recovered() || welcome.outcome == failed);
    }
}

/// What did not fit, and what waited before it, is more than fits.
#[test]
fn who_reads_too_slowly_begins_anew_unless_there_is_more_room() {
    for (room, outcome) in [
        (2000, Outcome::Failed(Failure::TooMuch)),
        (5000, recovered()),
    ] {
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
        world.engine = ServerConfig::default().max_buffered(room);
        let welcome = world.again(&memory);
        let is_recovered = outcome == recovered();
        assert_eq!(welcome.outcome, outcome);
        let missed: &[&str] = if is_recovered { &["b", "c", "d"] } else { &[] };
        assert_eq!(names(&welcome.missed), missed);
    }
}

#[test]
fn an_emit_that_does_not_fit_was_never_made() {
    let mut world = World::new();
    world.engine = ServerConfig::default().max_buffered(1000);
    let Welcome {
        seat, mut memory, ..
    } = world.meet();
    let large = || event("large", "x".repeat(2000));
    assert_eq!(world.emit("id1", large()), Err(EmitError::TooLarge));
    assert_eq!(world.store().packets(), 0);
    assert_eq!(world.store().packet_bytes(), 0);
    world.emit("id1", event("small", ())).unwrap();
    let before = world.store().packet_bytes();
    assert_eq!(world.emit("id1", large()), Err(EmitError::TooLarge));
    assert_eq!(world.store().packet_bytes(), before);
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

/// Between an emit that does not fit and its end others may leave.
#[test]
fn cr_04_an_emit_that_does_not_fit_hides_no_event_behind_it() {
    let mut world = World::new();
    let [full, other] = [world.meet(), world.meet()];
    let id = SocketId(Text::new(&full.sid));
    let Ok(Directed::Send(..)) = world.core.direct(&id, event("x", ()), world.now) else {
        panic!("it is here");
    };
    world.lose(other.seat);
    world.core.retract();
    assert_eq!(
        world.store().packets(),
        1,
        "the place that was told is left"
    );
    world.say("a");
    let welcome = world.again(&other.memory);
    assert_eq!(welcome.outcome, recovered());
    assert_eq!(names(&welcome.missed), ["a"]);
    // The one to whom it did not go has missed nothing else, and never hears of it.
    world.lose(full.seat);
    let welcome = world.again(&full.memory);
    assert_eq!(names(&welcome.missed), ["a"]);
}

#[test]
fn what_does_not_fit_costs_no_other_its_history() {
    let mut world = World::with(Config::default().max_packets(3));
    world.engine = ServerConfig::default().max_buffered(1000);
    let [full, away] = [world.meet(), world.meet()];
    world.lose(away.seat);
    for name in ["a", "b", "c"] {
        world.say(name);
    }
    let large = || event("large", "x".repeat(950));
    for _ in 0..10 {
        assert_eq!(world.emit(&full.sid, large()), Err(EmitError::Full));
    }
    let welcome = world.again(&away.memory);
    assert_eq!(names(&welcome.missed), ["a", "b", "c"]);
}

#[test]
fn a_quiet_client_is_not_held_to_have_got_what_did_not_go_out() {
    let mut world = World::with(Config::default().max_packets(2));
    world.engine = ServerConfig::default().max_buffered(1000);
    let Welcome { seat, memory, .. } = world.meet();
    let large = event("large", "x".repeat(2000));
    assert_eq!(world.emit("id1", large), Err(EmitError::TooLarge));
    for _ in 0..5 {
        world.say_to(&["others"], &[], "x");
    }
    world.lose(seat);
    assert_eq!(world.again(&memory).outcome, recovered());
}

#[test]
fn an_event_that_would_reach_nobody_is_not_recorded() {
    let limits = NamespaceLimits::default().max_buffered(1000);
    let mut world = World::within(Config::default(), limits);
    let Welcome { seat, memory, .. } = world.meet();
    let large = || event("large", "x".repeat(1000));
    let draft = Draft {
        payload: large(),
        target: Target::default(),
        flags: Flags::default(),
    };
    let refused = world.core.broadcast(draft, world.now);
    assert!(matches!(
        refused,
        Err(BroadcastError::Emit(EmitError::TooLarge))
    ));
    assert_eq!(world.core.poll_delivery(), None);
    assert_eq!(world.emit("id1", large()), Err(EmitError::TooLarge));
    world.lose(seat);
    assert_eq!(world.emit("id1", large()), Err(EmitError::TooLarge));
    assert_eq!(world.store().packets(), 0);
    assert_eq!(world.again(&memory).outcome, recovered());
}

/// One that is away can't make the log its own.
#[test]
fn for_one_socket_alone_no_more_is_kept_than_its_buffer_takes() {
    let limits = NamespaceLimits::default().max_buffered(1000);
    let mut world = World::within(Config::default(), limits);
    let Welcome { seat, memory, .. } = world.meet();
    world.lose(seat);
    let kept = (0..100)
        .take_while(|_| world.emit("id1", event("e", ())) == Ok(false))
        .count();
    assert!((3..20).contains(&kept), "{kept}");
    let full = world.emit("id1", event("e", ()));
    assert_eq!(full, Err(EmitError::Full));
    // Events for all are kept once for all.
    world.say("all");
    // Also while its middlewares run.
    let half = world.knock(&format!(r#"40{{"pid":"{}"}}"#, memory.pid));
    assert_eq!(world.emit("id1", event("e", ())), Err(EmitError::Full));
    let welcome = world.let_in(half);
    assert_eq!(welcome.missed.len(), kept + 1);
    // It is counted anew the next time.
    world.lose(welcome.seat);
    assert_eq!(world.emit("id1", event("e", ())), Ok(false));
}

#[test]
fn cr_04_what_is_forgotten_while_middlewares_run_lets_nobody_in() {
    let mut world = World::with(Config::default().max_packets(2));
    let Welcome { seat, memory, .. } = world.meet();
    world.lose(seat);
    world.say("a");
    let (_, _, admission) = world.knock(&format!(r#"40{{"pid":"{}"}}"#, memory.pid));
    assert_eq!(admission.outcome, recovered());
    world.say("b");
    world.say("c");
    assert_eq!(world.core.enter(admission.member), None);
    assert_eq!(world.core.rooms().registered(), 0);
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
