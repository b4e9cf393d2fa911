//! Operations on a namespace, and on a list of members with a set of rooms each: selections are
//! the same, limits hold, and each broadcast that asks for answers ends once, with each receiver
//! counted once.
//!
//! Rooms and ids of members are digits, so that they meet.
//!
//! | record | operation |
//! | --- | --- |
//! | `e` id | a member is admitted |
//! | `r` n, `x` n | the n-th member is registered, removed |
//! | `j` n room, `l` n room | it joins, leaves |
//! | `b` rooms, then `-` rooms, then `k` ms | a broadcast to rooms, but not to those, with answers within that time |
//! | `p` n | pull n deliveries |
//! | `a` n, `u` n | the n-th delivery that asks for it is answered, or did not reach its member |
//! | `t` ms | time passes |
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{Args, records};
use socketio_proto::{
    Format, Instant, Json, Namespace, Payload, SocketId, Text,
    acks::RequestId,
    broadcast::{Draft, Flags},
    rooms::{Member, Room, RoomError, Target},
    server::{Delivery, NamespaceCore, NamespaceEvent, NamespaceLimits},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

const MAX_ROOMS: usize = 3;
const MAX_NAME: usize = 1;
const MAX_PENDING: usize = 2;

fuzz_target!(|data: &[u8]| {
    let mut world = World::new();
    for (letter, args) in records(data).filter_map(Args::of) {
        world.apply(letter, args);
        world.poll_events();
        world.check();
    }
    world.end();
});

#[derive(Default)]
struct Presence {
    id: usize,
    is_registered: bool,
    rooms: BTreeSet<usize>,
}

struct Request {
    expires: Instant,
    outstanding: BTreeSet<Member>,
    answered: usize,
    missing: usize,
}

struct World {
    core: NamespaceCore,
    now: Instant,
    /// Everybody that ever was, for operations.
    seen: Vec<Member>,
    present: BTreeMap<Member, Presence>,
    requests: BTreeMap<RequestId, Request>,
    /// Deliveries that were pulled and ask for an answer.
    asked: Vec<(RequestId, Member)>,
}

impl World {
    fn new() -> Self {
        let limits = NamespaceLimits::default()
            .max_rooms_per_socket(MAX_ROOMS)
            .max_room_name(MAX_NAME)
            .max_pending_broadcasts(MAX_PENDING);
        Self {
            core: NamespaceCore::new(Namespace::root(), Arc::new(Json), limits),
            now: Instant::ZERO,
            seen: Vec::new(),
            present: BTreeMap::new(),
            requests: BTreeMap::new(),
            asked: Vec::new(),
        }
    }

    fn apply(&mut self, letter: u8, mut args: Args<'_>) {
        match letter {
            b'e' => {
                let id = args.digit() % 10;
                let member = self.core.admit(&SocketId(Text::from(id.to_string())));
                assert!(!self.seen.contains(&member), "nobody twice");
                self.seen.push(member);
                let presence = Presence {
                    id,
                    ..Presence::default()
                };
                self.present.insert(member, presence);
            }
            b'b' => self.broadcast(args),
            b'p' => self.pull(args.digit()),
            b'a' | b'u' => {
                let n = args.digit();
                if n < self.asked.len() {
                    self.settle(n, letter == b'a');
                }
            }
            b't' => {
                self.now += Duration::from_millis(args.number());
                self.core.handle_timeout(self.now);
                let next = self.core.poll_timeout();
                assert!(next.is_none_or(|at| at > self.now), "a busy loop");
            }
            _ => {
                if let Some(&member) = self.seen.get(args.digit()) {
                    self.apply_to(member, letter, args);
                }
            }
        }
    }

    fn apply_to(&mut self, member: Member, letter: u8, mut args: Args<'_>) {
        let presence = self.present.get_mut(&member);
        match letter {
            b'r' => {
                self.core.register(member);
                if let Some(presence) = presence.filter(|it| !it.is_registered) {
                    presence.is_registered = true;
                    presence.rooms.insert(presence.id);
                }
            }
            b'x' => self.remove(member),
            b'j' => {
                let number = args.digit() % 12;
                let expected = match presence {
                    None => Err(RoomError::Gone),
                    Some(_) if number >= 10 => Err(RoomError::TooLong { max: MAX_NAME }),
                    Some(presence) if presence.rooms.contains(&number) => Ok(false),
                    Some(presence) => {
                        let max = MAX_ROOMS + usize::from(presence.is_registered);
                        if presence.rooms.len() < max {
                            presence.rooms.insert(number);
                            Ok(true)
                        } else {
                            Err(RoomError::TooMany { max: MAX_ROOMS })
                        }
                    }
                };
                assert_eq!(self.core.join(member, room(number)), expected);
            }
            b'l' => {
                let number = args.digit() % 10;
                let was_there = presence.is_some_and(|it| it.rooms.remove(&number));
                assert_eq!(self.core.leave(member, &room(number)), was_there);
            }
            _ => {}
        }
    }

    fn remove(&mut self, member: Member) {
        self.core.remove(member, self.now);
        if self.present.remove(&member).is_none() {
            return;
        }
        for request in self.requests.values_mut() {
            // What is overdue has ended before.
            if request.expires > self.now && request.outstanding.remove(&member) {
                request.missing += 1;
            }
        }
    }

    fn broadcast(&mut self, mut args: Args<'_>) {
        let (mut rooms, mut except, mut within) = (Vec::new(), Vec::new(), None);
        let mut to = &mut rooms;
        while !args.rest().is_empty() {
            if args.flag(b'-') {
                to = &mut except;
            } else if args.flag(b'k') {
                within = Some(Duration::from_millis(args.number()));
            } else {
                to.push(args.digit() % 10);
            }
        }
        let mut target = Target::default();
        target.rooms.extend(rooms.iter().copied().map(room));
        target.except.extend(except.iter().copied().map(room));
        let is_in = |presence: &Presence, rooms: &[usize]| {
            rooms.iter().any(|room| presence.rooms.contains(room))
        };
        let members = self.present.iter().filter(|(_, it)| {
            it.is_registered && (rooms.is_empty() || is_in(it, &rooms)) && !is_in(it, &except)
        });
        let members: Vec<Member> = members.map(|(member, _)| *member).collect();
        assert_eq!(self.core.select(&target), members);

        let payload = Payload::new(Format::Json, Some("e"), &()).expect("an event");
        let flags = Flags::default().ack(within);
        let draft = Draft {
            payload,
            target,
            flags,
        };
        let request = self.core.broadcast(draft, self.now).expect("an event");
        assert_eq!(request.is_some(), within.is_some());
        if let (Some(request), Some(within)) = (request, within) {
            let expected = Request {
                expires: self.now + within,
                outstanding: members.into_iter().collect(),
                answered: 0,
                missing: 0,
            };
            assert!(self.requests.insert(request, expected).is_none());
        }
    }

    fn pull(&mut self, max: usize) {
        for _ in 0..max {
            let Some((member, delivery)) = self.core.poll_delivery() else {
                break;
            };
            assert!(self.present.contains_key(&member), "gone");
            if let Delivery::Encoded { how, .. } = delivery
                && let Some((_, request)) = how.ack
            {
                self.asked.push((request, member));
            }
        }
    }

    fn settle(&mut self, n: usize, answer: bool) {
        let (request, member) = self.asked[n];
        if answer {
            let payload = Payload::new(Format::Json, None, &()).expect("a list");
            self.core.handle_ack(request, member, payload, self.now);
        } else {
            self.core.handle_undelivered(request, member);
        }
        let Some(pending) = self.requests.get_mut(&request) else {
            return;
        };
        // An answer has the time looked at first.
        let is_late = answer && pending.expires <= self.now;
        if !is_late && pending.outstanding.remove(&member) {
            pending.answered += usize::from(answer);
            pending.missing += usize::from(!answer);
        }
    }

    fn poll_events(&mut self) {
        while let Some(event) = self.core.poll_event() {
            let NamespaceEvent::Responses {
                request,
                responses,
                missing,
            } = event
            else {
                continue;
            };
            let expected = self
                .requests
                .remove(&request)
                .expect("asked, and ends once");
            assert_eq!(responses.len(), expected.answered);
            assert_eq!(missing, expected.missing + expected.outstanding.len());
        }
    }

    fn check(&self) {
        assert!(
            self.requests.values().all(|it| !it.outstanding.is_empty()),
            "over"
        );
        assert_eq!(self.core.pending_broadcasts(), self.requests.len());
        assert!(self.requests.len() <= MAX_PENDING);
        let rooms = self.core.rooms();
        assert_eq!(rooms.members(), self.present.len());
        for (member, presence) in &self.present {
            assert!(rooms.rooms_of(*member).count() == presence.rooms.len());
            let mut numbers = presence.rooms.iter();
            assert!(numbers.all(|number| rooms.is_in(*member, &room(*number))));
        }
        let existing: BTreeSet<_> = self.present.values().flat_map(|it| &it.rooms).collect();
        assert_eq!(rooms.len(), existing.len());
    }

    /// Everybody goes, and nothing is left.
    fn end(mut self) {
        for member in self.seen.clone() {
            self.remove(member);
        }
        self.poll_events();
        self.check();
        assert_eq!(self.requests.len(), 0);
        assert!(self.core.poll_delivery().is_none());
        assert_eq!(self.core.poll_timeout(), None);
        assert!(self.core.rooms().is_empty());
    }
}

/// From ten on the names are too long.
fn room(number: usize) -> Room {
    Room(Text::from(number.to_string()))
}
