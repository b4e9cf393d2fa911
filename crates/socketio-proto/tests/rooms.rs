//! The room index against the obvious one.

use proptest::prelude::*;
use socketio_proto::rooms::{Member, Room, RoomError, Rooms, Target};
use std::collections::{BTreeMap, BTreeSet};

fn target(rooms: &[&str], except: &[&str]) -> Target {
    let rooms = rooms.iter().map(|&room| Room::from(room)).collect();
    Target {
        rooms,
        except: except.iter().map(|&room| Room::from(room)).collect(),
    }
}

fn registered(rooms: &mut Rooms, own: &str) -> Member {
    let member = rooms.enter();
    assert!(rooms.register(member, Room::from(own)));
    member
}

fn names(rooms: &Rooms, member: Member) -> Vec<&str> {
    rooms.rooms_of(member).map(Room::as_str).collect()
}

#[test]
fn a_selection_is_a_union_without_the_excepted() {
    let mut rooms = Rooms::default();
    let [a, b, c] = ["a", "b", "c"].map(|own| registered(&mut rooms, own));
    for (member, room) in [(a, "x"), (b, "x"), (b, "y"), (c, "y")] {
        assert_eq!(rooms.join(member, Room::from(room)), Ok(true));
    }
    assert_eq!(
        rooms.select(&target(&[], &[])),
        [a, b, c],
        "no room: everybody"
    );
    assert_eq!(rooms.select(&target(&["x"], &[])), [a, b]);
    assert_eq!(
        rooms.select(&target(&["y", "x"], &[])),
        [a, b, c],
        "b only once"
    );
    assert_eq!(
        rooms.select(&target(&["y", "x"], &["b"])),
        [a, c],
        "an id is a room"
    );
    assert_eq!(rooms.select(&target(&[], &["x"])), [c]);
    assert_eq!(
        rooms.select(&target(&["nobody"], &[])),
        [],
        "unknown is not everybody"
    );
    assert_eq!(rooms.select(&target(&["nobody", "x"], &["nobody"])), [a, b]);
}

#[test]
fn rooms_begin_and_end_with_their_members() {
    let mut rooms = Rooms::default();
    let a = registered(&mut rooms, "a");
    assert_eq!(rooms.join(a, Room::from("r")), Ok(true));
    assert_eq!(rooms.join(a, Room::from("r")), Ok(false));
    rooms.join(a, Room::from("")).unwrap();
    assert_eq!(names(&rooms, a), ["a", "r", ""], "in the order of joining");
    let all: Vec<_> = rooms
        .iter()
        .map(|(room, members)| (room.as_str(), members))
        .collect();
    assert_eq!(all, [("", 1), ("a", 1), ("r", 1)]);

    assert!(rooms.leave(a, &Room::from("r")));
    assert!(!rooms.leave(a, &Room::from("r")));
    assert!(!rooms.leave(a, &Room::from("never")));
    assert_eq!(names(&rooms, a), ["a", ""]);
    assert!(rooms.remove(a));
    assert!(rooms.is_empty());
    assert_eq!((rooms.members(), rooms.registered()), (0, 0));
}

#[test]
fn who_is_not_registered_has_rooms_but_is_not_selected() {
    let mut rooms = Rooms::default();
    let member = rooms.enter();
    rooms.join(member, Room::from("r")).unwrap();
    assert_eq!(rooms.select(&target(&["r"], &[])), []);
    assert_eq!(rooms.select(&target(&[], &[])), []);
    assert_eq!((rooms.members(), rooms.registered()), (1, 0));

    assert!(rooms.register(member, Room::from("own")));
    assert!(!rooms.register(member, Room::from("other")), "once");
    assert_eq!(rooms.select(&target(&["r"], &[])), [member]);
    assert_eq!(names(&rooms, member), ["r", "own"]);
}

#[test]
fn sr_01_what_is_asked_after_the_end_is_not_done_to_the_successor() {
    let mut rooms = Rooms::default();
    let gone = registered(&mut rooms, "gone");
    rooms.join(gone, Room::from("r")).unwrap();
    assert!(rooms.remove(gone));
    let heir = registered(&mut rooms, "heir");
    assert_eq!(heir.index(), gone.index(), "the place is used again");
    assert_ne!(heir, gone);

    assert_eq!(rooms.join(gone, Room::from("r")), Err(RoomError::Gone));
    assert!(!rooms.leave(gone, &Room::from("heir")));
    assert!(!rooms.register(gone, Room::from("again")));
    assert!(!rooms.remove(gone));
    assert_eq!(names(&rooms, gone), [""; 0]);
    assert_eq!(names(&rooms, heir), ["heir"]);
    assert_eq!(rooms.len(), 1, "no leak");
}

#[test]
fn sr_01_rooms_and_their_names_are_limited() {
    let mut rooms = Rooms::new(2, 4);
    let member = rooms.enter();
    assert_eq!(
        rooms.join(member, Room::from("fives")),
        Err(RoomError::TooLong { max: 4 })
    );
    rooms.join(member, Room::from("a")).unwrap();
    rooms.join(member, Room::from("b")).unwrap();
    let too_many = Err(RoomError::TooMany { max: 2 });
    assert_eq!(rooms.join(member, Room::from("c")), too_many);
    assert!(
        rooms.register(member, Room::from("its own id, which is longer")),
        "no limit for that"
    );
    assert_eq!(rooms.join(member, Room::from("c")), too_many);
    assert_eq!(
        rooms.join(member, Room::from("a")),
        Ok(false),
        "in it already"
    );
    rooms.leave(member, &Room::from("a"));
    assert_eq!(rooms.join(member, Room::from("c")), Ok(true));
}

#[test]
fn sr_01_the_room_of_another_socket_may_be_joined() {
    let mut rooms = Rooms::default();
    let [a, b] = ["a", "b"].map(|own| registered(&mut rooms, own));
    rooms.join(b, Room::from("a")).unwrap();
    assert_eq!(rooms.select(&target(&["a"], &[])), [a, b]);
}

#[derive(Clone, Debug)]
enum Op {
    Enter,
    Register(usize),
    Remove(usize),
    Join(usize, u8),
    Leave(usize, u8),
}

fn op() -> impl Strategy<Value = Op> {
    let member = 0_usize..12;
    let room = 0_u8..5;
    prop_oneof![
        3 => Just(Op::Enter),
        3 => member.clone().prop_map(Op::Register),
        1 => member.clone().prop_map(Op::Remove),
        6 => (member.clone(), room.clone()).prop_map(|(member, room)| Op::Join(member, room)),
        2 => (member, room).prop_map(|(member, room)| Op::Leave(member, room)),
    ]
}

/// Sets of members by room, and rooms by member in the order of joining.
#[derive(Default)]
struct Naive {
    joined: BTreeMap<Member, Vec<Room>>,
    registered: BTreeSet<Member>,
}

impl Naive {
    fn select(&self, target: &Target) -> Vec<Member> {
        let is_in =
            |member, rooms: &[Room]| rooms.iter().any(|room| self.joined[member].contains(room));
        self.registered
            .iter()
            .filter(|member| target.rooms.is_empty() || is_in(member, &target.rooms))
            .filter(|member| !is_in(member, &target.except))
            .copied()
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_index_agrees_with_plain_sets(
        ops in prop::collection::vec(op(), 1..80),
        rooms in prop::collection::vec(0_u8..5, 0..4),
        except in prop::collection::vec(0_u8..5, 0..3),
    ) {
        let name = |room: u8| Room::from(format!("r{room}").as_str());
        let (mut index, mut naive) = (Rooms::default(), Naive::default());
        let mut members = Vec::new();
        for op in ops {
            match op {
                Op::Enter => {
                    let member = index.enter();
                    prop_assert!(naive.joined.insert(member, Vec::new()).is_none(), "never twice");
                    members.push(member);
                }
                Op::Register(n) => if let Some(&member) = members.get(n) {
                    let own = Room::from(format!("own{n}").as_str());
                    let expected = naive.joined.contains_key(&member)
                        && naive.registered.insert(member);
                    prop_assert_eq!(index.register(member, own.clone()), expected);
                    if expected {
                        naive.joined.get_mut(&member).unwrap().push(own);
                    }
                },
                Op::Remove(n) => if let Some(member) = members.get(n) {
                    naive.registered.remove(member);
                    prop_assert_eq!(index.remove(*member), naive.joined.remove(member).is_some());
                },
                Op::Join(n, room) => if let Some(&member) = members.get(n) {
                    let expected = naive.joined.get_mut(&member).map(|joined| {
                        let is_new = !joined.contains(&name(room));
                        joined.extend(is_new.then(|| name(room)));
                        is_new
                    });
                    prop_assert_eq!(index.join(member, name(room)).ok(), expected);
                },
                Op::Leave(n, room) => if let Some(&member) = members.get(n) {
                    let joined = naive.joined.get_mut(&member);
                    let place = joined.as_ref().and_then(|it| it.iter().position(|it| *it == name(room)));
                    prop_assert_eq!(index.leave(member, &name(room)), place.is_some());
                    if let (Some(joined), Some(place)) = (joined, place) {
                        joined.remove(place);
                    }
                },
            }
        }
        let target = Target {
            rooms: rooms.into_iter().map(name).collect(),
            except: except.into_iter().map(name).collect(),
        };
        prop_assert_eq!(index.select(&target), naive.select(&target));
        prop_assert_eq!(index.registered(), naive.registered.len());
        prop_assert_eq!(index.members(), naive.joined.len());
        let mut counts: BTreeMap<&Room, usize> = BTreeMap::new();
        for (member, joined) in &naive.joined {
            prop_assert!(index.rooms_of(*member).eq(joined));
            for room in joined {
                *counts.entry(room).or_default() += 1;
            }
        }
        prop_assert!(index.iter().eq(counts));
    }
}
