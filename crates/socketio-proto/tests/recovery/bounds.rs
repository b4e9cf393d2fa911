//! What is kept, how much of it, for how long, and what happens where it ends.

use crate::client::{event, millis, secs};
use crate::world::{Outcome, Welcome, World, names, recovered};
use engineio_proto::config::ServerConfig;
use socketio_proto::broadcast::Flags;
use socketio_proto::recovery::{Config, Failure};
use socketio_proto::{EmitError, Value};

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
fn an_emit_that_does_not_fit_was_never_made() {
    let mut world = World::new();
    world.engine = ServerConfig::default().max_buffered(1000);
    let Welcome {
        seat, mut memory, ..
    } = world.meet();
    let large = event("large", "x".repeat(2000));
    assert_eq!(world.emit("id1", large), Err(EmitError::TooLarge));
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
