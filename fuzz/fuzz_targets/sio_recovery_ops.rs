//! Clients of a namespace that come and go, and events for some of them: who is recovered has got
//! each of its events once and in order, and the bounds of the store hold.
//!
//! Each client has a room of its own number, which it joins when it is fresh.
//!
//! | record | operation |
//! | --- | --- |
//! | `c` n | the n-th client comes, with what it remembers; `-`: it refuses its memory |
//! | `h` n | what was sent to it arrives |
//! | `l` n, `q` n | its connection breaks, it leaves on purpose |
//! | `b` rooms, then `-` rooms, then `x` | an event for rooms, but not for those; with `x` a large one |
//! | `d` n | an event for the n-th client alone |
//! | `r` n m | one that does not go out; before that is known the m-th client loses its connection, if there is an m |
//! | `t` ms | time passes |
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{Args, messages, records};
use socketio_proto::{
    Body, DisconnectReason, Encoded, Format, Instant, Json, Limits, Namespace, Parser, Payload,
    SocketId, Text, Value,
    broadcast::{Draft, Flags},
    recovery::{Claim, Config, Failure, PrivateId, Store},
    rooms::{Member, Room, Target},
    server::{Claimed, Credit, Delivery, Directed, NamespaceCore, NamespaceLimits},
};
use std::{sync::Arc, time::Duration};

const CLIENTS: usize = 4;
const MAX_PACKETS: usize = 6;
const MAX_BYTES: usize = 4000;
/// Bytes of an event for one client, as the log counts them, at most.
const SMALL: usize = 250;
const MAX_SESSIONS: usize = 2;
const KEPT: Duration = Duration::from_millis(50_000);

fuzz_target!(|data: &[u8]| {
    let mut world = World::new();
    for (letter, args) in records(data).filter_map(Args::of) {
        world.apply(letter, args);
        world.check();
    }
});

#[derive(Default)]
struct Client {
    member: Option<Member>,
    id: Option<SocketId>,
    pid: Option<PrivateId>,
    offset: Option<Text>,
    left: Option<Instant>,
    /// All of its events, by number, since it was fresh.
    expected: Vec<u64>,
    /// How many of them it has got.
    heard: usize,
    on_its_way: Vec<(u64, Text)>,
}

struct World {
    core: NamespaceCore,
    now: Instant,
    clients: [Client; CLIENTS],
    events: u64,
    ids: u32,
}

impl World {
    fn new() -> Self {
        let config = Config::default()
            .max_disconnection_duration(KEPT)
            .max_packets(MAX_PACKETS)
            .max_packet_bytes(MAX_BYTES)
            .max_sessions(MAX_SESSIONS);
        let core = NamespaceCore::new(
            Namespace::root(),
            Arc::new(Json),
            NamespaceLimits::default(),
        );
        Self {
            core: core.with_recovery(Store::new(config, 7)),
            now: Instant::ZERO,
            clients: Default::default(),
            events: 0,
            ids: 0,
        }
    }

    fn apply(&mut self, letter: u8, mut args: Args<'_>) {
        if letter == b't' {
            self.now += Duration::from_millis(args.number());
            self.core.handle_timeout(self.now);
            let next = self.core.poll_timeout();
            assert!(next.is_none_or(|at| at > self.now), "a busy loop");
            return;
        }
        if letter == b'b' {
            return self.broadcast(args);
        }
        let n = args.digit() % CLIENTS;
        match letter {
            b'c' => self.connect(n, args.flag(b'-')),
            b'h' => {
                let client = &mut self.clients[n];
                let arrived = std::mem::take(&mut client.on_its_way);
                client.hear(arrived);
            }
            b'l' => self.leave(n, true),
            b'q' => self.leave(n, false),
            b'd' => self.direct(n),
            b'r' => {
                let loser = (!args.rest().is_empty()).then(|| args.digit() % CLIENTS);
                self.direct_in_vain(n, loser);
            }
            _ => {}
        }
    }

    fn connect(&mut self, n: usize, as_fresh: bool) {
        let client = &self.clients[n];
        let claim = client
            .pid
            .clone()
            .filter(|_| !as_fresh)
            .map(|private| Claim {
                private,
                offset: client.offset.clone(),
            });
        if as_fresh {
            self.leave(n, false);
        }
        let room = Credit::UNLIMITED;
        let mut claimed = claim
            .as_ref()
            .map(|it| self.core.recover(it, room, self.now));
        if let Some(Claimed::Occupied(member)) = claimed {
            assert_eq!(self.clients[n].member, Some(member));
            self.leave(n, true);
            claimed = claim
                .as_ref()
                .map(|it| self.core.recover(it, room, self.now));
        }
        let left = self.clients[n].left;
        let is_late = left.is_some_and(|left| left + KEPT < self.now);
        match claimed {
            Some(Claimed::Restored(restored)) => {
                assert!(!is_late);
                let missed = self.core.enter(restored.member).expect("at once");
                let missed: Vec<_> = missed.iter().map(read).collect();
                let client = &mut self.clients[n];
                assert_eq!(client.id.as_ref(), Some(&restored.id));
                let numbers: Vec<u64> = missed.iter().map(|(number, _)| *number).collect();
                assert_eq!(numbers, client.expected[client.heard..]);
                client.member = Some(restored.member);
                client.on_its_way = missed;
                client.left = None;
            }
            Some(Claimed::Failed(why)) => {
                assert!(why != Failure::Expired || is_late);
                assert!(!matches!(why, Failure::UnknownOffset | Failure::TooMuch));
                self.enter_fresh(n);
            }
            _ => {
                self.leave(n, false);
                self.enter_fresh(n);
            }
        }
    }

    fn enter_fresh(&mut self, n: usize) {
        self.ids += 1;
        let id = SocketId(Text::from(format!("id{}", self.ids)));
        let pid = PrivateId(Text::from(format!("pid{}", self.ids)));
        let member = self.core.admit(&id);
        self.core.protect(member, pid.clone());
        let joined = self.core.join(member, room(n));
        assert_eq!(joined, Ok(true));
        assert_eq!(self.core.enter(member), Some(Vec::new()));
        // Some clients keep the offset of another session.
        let offset = self.clients[n].offset.take();
        self.clients[n] = Client {
            member: Some(member),
            id: Some(id),
            pid: Some(pid),
            offset,
            ..Client::default()
        };
    }

    fn leave(&mut self, n: usize, may_return: bool) {
        let client = &mut self.clients[n];
        let Some(member) = client.member.take() else {
            return;
        };
        client.on_its_way.clear();
        client.left = Some(self.now);
        let reason = if may_return {
            DisconnectReason::Transport(engineio_proto::CloseReason::TransportClose)
        } else {
            DisconnectReason::ClientNamespace
        };
        self.core.retire(member, &reason, Value::Null, self.now);
    }

    fn broadcast(&mut self, mut args: Args<'_>) {
        let (mut rooms, mut except, mut large) = (Vec::new(), Vec::new(), false);
        let mut to = &mut rooms;
        while !args.rest().is_empty() {
            if args.flag(b'-') {
                to = &mut except;
            } else if args.flag(b'x') {
                large = true;
            } else {
                to.push(args.digit() % CLIENTS);
            }
        }
        for (n, client) in self.clients.iter_mut().enumerate() {
            if (rooms.is_empty() || rooms.contains(&n)) && !except.contains(&n) {
                client.expected.push(self.events);
            }
        }
        let mut target = Target::default();
        target.rooms.extend(rooms.into_iter().map(room));
        target.except.extend(except.into_iter().map(room));
        let draft = Draft {
            payload: self.event(large),
            target,
            flags: Flags::default(),
        };
        let _ = self.core.broadcast(draft, self.now).expect("an event");
        while let Some((member, delivery)) = self.core.poll_delivery() {
            if let Delivery::Encoded { encoded, .. } = delivery {
                self.deliver(member, &encoded);
            }
        }
    }

    fn direct(&mut self, n: usize) {
        let Some(id) = self.clients[n].id.clone() else {
            return;
        };
        let number = self.events;
        let payload = self.event(false);
        match self.core.direct(&id, payload, self.now).expect("an event") {
            Directed::Send(member, encoded) => {
                assert_eq!(self.clients[n].member, Some(member));
                self.clients[n].expected.push(number);
                self.deliver(member, &encoded);
            }
            Directed::Kept => {
                assert_eq!(self.clients[n].member, None);
                self.clients[n].expected.push(number);
            }
            _ => assert_eq!(self.clients[n].member, None),
        }
    }

    fn direct_in_vain(&mut self, n: usize, loser: Option<usize>) {
        let client = &self.clients[n];
        let (Some(_), Some(id)) = (client.member, client.id.clone()) else {
            return;
        };
        let payload = self.event(false);
        let directed = self.core.direct(&id, payload, self.now).expect("an event");
        assert!(matches!(directed, Directed::Send(..)));
        if let Some(loser) = loser {
            self.leave(loser, true);
        }
        self.core.retract();
    }

    fn event(&mut self, large: bool) -> Payload {
        let text = if large {
            "x".repeat(1500)
        } else {
            String::new()
        };
        let payload = Payload::new(Format::Json, Some("e"), &(self.events, text));
        self.events += 1;
        payload.expect("an event")
    }

    fn deliver(&mut self, member: Member, encoded: &Encoded) {
        let mut clients = self.clients.iter_mut();
        let client = clients.find(|it| it.member == Some(member));
        client.expect("it is here").on_its_way.push(read(encoded));
    }

    fn check(&self) {
        let store = self.core.recovery().expect("it has one");
        // The newest may come on top, if it is for one client alone.
        assert!(store.packets() <= MAX_PACKETS + 1);
        assert!(store.packet_bytes() <= MAX_BYTES + SMALL);
        assert!(store.sessions() <= MAX_SESSIONS);
        let here = self.clients.iter().filter(|it| it.member.is_some());
        assert_eq!(self.core.rooms().registered(), here.count());
    }
}

impl Client {
    fn hear(&mut self, events: Vec<(u64, Text)>) {
        for (number, offset) in events {
            assert_eq!(self.expected.get(self.heard), Some(&number), "in order");
            self.heard += 1;
            self.offset = Some(offset);
        }
    }
}

/// Number and offset of an event.
fn read(encoded: &Encoded) -> (u64, Text) {
    let mut decoder = Json.decoder(Limits::default());
    let mut packets = messages(encoded.messages())
        .into_iter()
        .filter_map(|message| decoder.push(message).expect("a packet"));
    let Some(Body::Event { payload, .. }) = packets.next().map(|it| it.body) else {
        panic!("not an event");
    };
    let (number, _, offset): (u64, String, String) = payload.decode().expect("as it was written");
    (number, Text::from(offset))
}

fn room(number: usize) -> Room {
    Room(Text::from(format!("room{number}")))
}
