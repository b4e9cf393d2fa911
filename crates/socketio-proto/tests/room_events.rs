//! What is told of rooms: each change once, in order, as by the adapter of the reference.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use socketio_proto::rooms::{Member, Room};
use socketio_proto::server::{NamespaceCore, NamespaceLimits, RoomEvent};
use socketio_proto::{Instant, Json, Namespace, SocketId, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn core(limits: NamespaceLimits) -> NamespaceCore {
    NamespaceCore::new(Namespace::root(), Arc::new(Json), limits)
}

/// A namespace whose rooms are watched.
fn watched() -> NamespaceCore {
    let mut core = core(NamespaceLimits::default());
    core.watch_rooms();
    core
}

fn id(id: &str) -> SocketId {
    SocketId(Text::new(id))
}

fn enter(core: &mut NamespaceCore, name: &str) -> Member {
    let member = core.admit(&id(name));
    core.register(member);
    member
}

/// All that is to be told, in the words of the reference.
fn told(core: &mut NamespaceCore) -> Vec<String> {
    std::iter::from_fn(|| core.poll_room_event())
        .map(|event| match event {
            RoomEvent::Created { room } => format!("create {room}"),
            RoomEvent::Joined { room, socket } => format!("join {room} {socket}"),
            RoomEvent::Left { room, socket } => format!("leave {room} {socket}"),
            RoomEvent::Deleted { room } => format!("delete {room}"),
            RoomEvent::Missed { count } => format!("missed {count}"),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn the_life_of_a_socket_is_told_as_by_the_reference() {
    let mut core = watched();
    let ann = enter(&mut core, "ann");
    assert_eq!(told(&mut core), ["create ann", "join ann ann"]);

    assert_eq!(core.join(ann, Room::from("r")), Ok(true));
    assert_eq!(core.join(ann, Room::from("r")), Ok(false));
    assert_eq!(core.join(ann, Room::from("s")), Ok(true));
    assert_eq!(
        told(&mut core),
        ["create r", "join r ann", "create s", "join s ann"]
    );
    assert!(core.leave(ann, &Room::from("r")));
    assert!(!core.leave(ann, &Room::from("r")));
    assert!(!core.leave(ann, &Room::from("unknown")));
    assert_eq!(told(&mut core), ["leave r ann", "delete r"]);

    core.remove(ann, Instant::ZERO);
    core.remove(ann, Instant::ZERO);
    assert_eq!(
        told(&mut core),
        ["leave ann ann", "delete ann", "leave s ann", "delete s"]
    );
}

#[test]
fn a_room_lives_from_its_first_member_to_its_last() {
    let mut core = watched();
    let [ann, ben] = ["ann", "ben"].map(|name| enter(&mut core, name));
    told(&mut core);
    core.join(ann, Room::from("r")).unwrap();
    core.join(ben, Room::from("r")).unwrap();
    // That of another's id is a room like others.
    core.join(ben, Room::from("ann")).unwrap();
    core.remove(ann, Instant::ZERO);
    core.leave(ben, &Room::from("r"));
    assert_eq!(
        told(&mut core),
        [
            "create r",
            "join r ann",
            "join r ben",
            "join ann ben",
            "leave ann ann",
            "leave r ann",
            "leave r ben",
            "delete r"
        ]
    );
}

#[test]
fn rooms_of_a_socket_that_is_refused_are_told_as_well() {
    let mut core = watched();
    let hidden = core.admit(&id("ann"));
    core.join(hidden, Room::from("r")).unwrap();
    // It has joined the room of its id before it is its own.
    core.join(hidden, Room::from("ann")).unwrap();
    assert_eq!(
        told(&mut core),
        ["create r", "join r ann", "create ann", "join ann ann"]
    );
    core.register(hidden);
    assert_eq!(told(&mut core), [""; 0]);
    core.remove(hidden, Instant::ZERO);
    assert_eq!(
        told(&mut core),
        ["leave r ann", "delete r", "leave ann ann", "delete ann"]
    );
}

#[test]
fn who_takes_the_place_of_another_is_not_taken_for_it() {
    let mut core = watched();
    let ann = enter(&mut core, "ann");
    core.remove(ann, Instant::ZERO);
    let ben = enter(&mut core, "ben");
    assert_eq!(ann.index(), ben.index());
    assert!(core.join(ann, Room::from("r")).is_err());
    assert!(!core.leave(ann, &Room::from("ben")));
    assert_eq!(
        told(&mut core),
        [
            "create ann",
            "join ann ann",
            "leave ann ann",
            "delete ann",
            "create ben",
            "join ben ben"
        ]
    );
}

#[test]
fn nothing_is_told_from_before_it_was_asked_for() {
    let mut core = core(NamespaceLimits::default());
    let ann = enter(&mut core, "ann");
    core.join(ann, Room::from("r")).unwrap();
    assert_eq!(told(&mut core), [""; 0]);
    core.watch_rooms();
    assert_eq!(told(&mut core), [""; 0]);
    core.leave(ann, &Room::from("r"));
    // Once more makes no difference.
    core.watch_rooms();
    assert_eq!(told(&mut core), ["leave r ann", "delete r"]);
}

#[test]
fn beyond_the_limit_events_are_counted_where_they_would_have_been() {
    let mut core = core(NamespaceLimits::default().max_room_events(2));
    core.watch_rooms();
    let ann = enter(&mut core, "ann");
    core.join(ann, Room::from("r")).unwrap();
    core.leave(ann, &Room::from("r"));
    assert_eq!(
        told(&mut core),
        ["create ann", "join ann ann", "missed 4"],
        "create, join, leave, delete"
    );
    core.join(ann, Room::from("s")).unwrap();
    assert_eq!(told(&mut core), ["create s", "join s ann"]);
}

#[derive(Clone, Debug)]
enum Step {
    Admit,
    Register(usize),
    Join(usize, u8),
    Leave(usize, u8),
    Remove(usize),
    Poll,
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..6_usize;
    prop_oneof![
        Just(Step::Admit),
        who.clone().prop_map(Step::Register),
        (who.clone(), 0..4_u8).prop_map(|(who, room)| Step::Join(who, room)),
        (who.clone(), 0..4_u8).prop_map(|(who, room)| Step::Leave(who, room)),
        who.prop_map(Step::Remove),
        Just(Step::Poll),
    ]
}

/// The rooms, as who has only heard of them knows them.
#[derive(Default)]
struct Hearsay(BTreeMap<Room, BTreeSet<SocketId>>);

impl Hearsay {
    fn hear(&mut self, core: &mut NamespaceCore) {
        while let Some(event) = core.poll_room_event() {
            match event {
                RoomEvent::Created { room } => {
                    assert!(self.0.insert(room, BTreeSet::new()).is_none());
                }
                RoomEvent::Joined { room, socket } => {
                    assert!(self.0.get_mut(&room).unwrap().insert(socket));
                }
                RoomEvent::Left { room, socket } => {
                    assert!(self.0.get_mut(&room).unwrap().remove(&socket));
                }
                RoomEvent::Deleted { room } => {
                    assert_eq!(self.0.remove(&room), Some(BTreeSet::new()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn who_hears_all_events_knows_all_rooms(steps in prop::collection::vec(step(), 0..60)) {
        let mut core = watched();
        let mut hearsay = Hearsay::default();
        let mut members = Vec::new();
        let room = |number: u8| Room::from(["a", "b", "c", "0"][usize::from(number)]);
        for step in steps {
            let member = |who: usize| members.get(who).copied();
            match step {
                Step::Admit => {
                    let name = members.len().to_string();
                    members.push(core.admit(&id(&name)));
                }
                Step::Register(who) => member(who).into_iter().for_each(|it| core.register(it)),
                Step::Join(who, number) => {
                    let _ = member(who).map(|it| core.join(it, room(number)));
                }
                Step::Leave(who, number) => {
                    let _ = member(who).map(|it| core.leave(it, &room(number)));
                }
                Step::Remove(who) => {
                    member(who).into_iter().for_each(|it| core.remove(it, Instant::ZERO));
                }
                Step::Poll => hearsay.hear(&mut core),
            }
        }
        hearsay.hear(&mut core);
        let known: Vec<_> = hearsay.0.iter().map(|(room, who)| (room, who.len())).collect();
        prop_assert_eq!(known, core.rooms().iter().collect::<Vec<_>>());
        for member in members {
            for room in core.rooms().rooms_of(member) {
                prop_assert!(hearsay.0[room].contains(core.id(member).unwrap()));
            }
        }
    }
}
