//! A namespace, its clients, and what these keep of their sessions.

use crate::client::{Client, event, namespace};
use engineio_proto::config::ServerConfig;
use socketio_proto::broadcast::{Draft, Flags};
use socketio_proto::recovery::{Claim, Config, Failure, PrivateId, Store};
use socketio_proto::rooms::{Member, Room, Target};
use socketio_proto::server::{
    Claimed, Config as ServerLimits, Delivery, Directed, Event, NamespaceCore, NamespaceLimits,
    Revision, Share, Socket,
};
use socketio_proto::{BroadcastError, EmitError, Instant, Json, Payload, SocketId, Text, Value};
use std::sync::Arc;
use std::time::Duration;

/// The namespace `/` with its clients: a small adapter.
pub(crate) struct World {
    pub(crate) core: NamespaceCore,
    pub(crate) seats: Vec<Option<Seat>>,
    pub(crate) now: Instant,
    pub(crate) ids: u32,
    pub(crate) engine: ServerConfig,
}

/// A client in the namespace.
pub(crate) struct Seat {
    pub(crate) client: Client,
    pub(crate) socket: Socket,
    pub(crate) member: Member,
    pub(crate) id: SocketId,
}

/// What a client keeps of its session.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) pid: String,
    pub(crate) offset: Option<String>,
}

/// What happened when a client asked for the namespace.
#[derive(Debug)]
pub(crate) struct Welcome {
    pub(crate) seat: usize,
    pub(crate) outcome: Outcome,
    /// Frames before the reply.
    pub(crate) missed: Vec<String>,
    pub(crate) sid: String,
    pub(crate) memory: Memory,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Fresh,
    Recovered(Value),
    Failed(Failure),
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::within(config, NamespaceLimits::default())
    }

    pub(crate) fn within(config: Config, limits: NamespaceLimits) -> Self {
        let core = NamespaceCore::new(namespace("/"), Arc::new(Json), limits);
        Self {
            core: core.with_recovery(Store::new(config, 7)),
            seats: Vec::new(),
            now: Instant::ZERO,
            ids: 0,
            engine: ServerConfig::default(),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        self.core.recovery().unwrap()
    }

    /// A client comes that has not been here.
    pub(crate) fn meet(&mut self) -> Welcome {
        let welcome = self.connect("40");
        assert_eq!(welcome.outcome, Outcome::Fresh);
        welcome
    }

    /// A client comes back.
    pub(crate) fn again(&mut self, memory: &Memory) -> Welcome {
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

    pub(crate) fn connect(&mut self, connect: &str) -> Welcome {
        let seat = self.knock(connect);
        self.let_in(seat)
    }

    /// A client asks; its middlewares have yet to run.
    pub(crate) fn knock(&mut self, connect: &str) -> (Client, Socket, Admission) {
        let (limits, engine) = (ServerLimits::default(), self.engine.clone());
        let mut client = Client::with_revision(limits, engine, Revision::V5);
        client.send(connect);
        let Event::Connect { socket, auth, .. } = client.events().remove(0) else {
            panic!("not a CONNECT")
        };
        let admission = self.admit(&client, auth.as_ref().and_then(Claim::of));
        (client, socket, admission)
    }

    pub(crate) fn admit(&mut self, client: &Client, claim: Option<Claim>) -> Admission {
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

    pub(crate) fn let_in(
        &mut self,
        (mut client, socket, admission): (Client, Socket, Admission),
    ) -> Welcome {
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

    pub(crate) fn seat_of(&self, member: Member) -> Option<usize> {
        let is_it = |seat: &Option<Seat>| seat.as_ref().is_some_and(|it| it.member == member);
        self.seats.iter().position(is_it)
    }

    pub(crate) fn join(&mut self, seat: usize, room: &str) {
        let member = self.seats[seat].as_ref().unwrap().member;
        self.core.join(member, Room::from(room)).unwrap();
    }

    /// The connection breaks, and what was on its way is lost.
    pub(crate) fn lose(&mut self, seat: usize) {
        self.lose_with(seat, Value::Null);
    }

    pub(crate) fn lose_with(&mut self, seat: usize, data: Value) {
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

    pub(crate) fn say(&mut self, name: &str) {
        self.broadcast(event(name, ()), &[], &[], Flags::default());
    }

    pub(crate) fn say_to(&mut self, rooms: &[&str], except: &[&str], name: &str) {
        self.broadcast(event(name, ()), rooms, except, Flags::default());
    }

    pub(crate) fn broadcast(
        &mut self,
        payload: Payload,
        rooms: &[&str],
        except: &[&str],
        flags: Flags,
    ) {
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
            let Delivery::Encoded { encoded, how } = delivery else {
                unreachable!()
            };
            let _ = client.apply(|connection, _| connection.emit_encoded(*socket, encoded, &how));
        }
    }

    /// An emit to one socket.
    pub(crate) fn emit(&mut self, id: &str, payload: Payload) -> Result<bool, EmitError> {
        let id = SocketId(Text::new(id));
        let directed = match self.core.direct(&id, payload, self.now) {
            Ok(directed) => directed,
            Err(BroadcastError::Emit(error)) => return Err(error),
            Err(error) => panic!("{error}"),
        };
        match directed {
            Directed::Send(member, encoded) => {
                let seat = self.seat_of(member).unwrap();
                let Seat { client, socket, .. } = self.seats[seat].as_mut().unwrap();
                let sent = client.apply(|connection, _| {
                    connection.emit_encoded(*socket, encoded, &Share::default())
                });
                if sent.is_err() {
                    self.core.retract();
                }
                sent.map(|()| true)
            }
            Directed::Kept => Ok(false),
            _ => Err(EmitError::NotConnected),
        }
    }

    pub(crate) fn received(&mut self, seat: usize) -> Vec<String> {
        self.seats[seat].as_mut().unwrap().client.received()
    }

    /// The names of the events that have arrived; the last offset is remembered.
    pub(crate) fn hear(&mut self, seat: usize, memory: &mut Memory) -> Vec<String> {
        let frames = self.received(seat);
        if let Some(offset) = frames.iter().rev().find_map(|frame| offset(frame)) {
            memory.offset = Some(offset);
        }
        names(&frames)
    }

    pub(crate) fn wait(&mut self, time: Duration) {
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
pub(crate) struct Admission {
    pub(crate) member: Member,
    pub(crate) id: SocketId,
    pub(crate) private: PrivateId,
    pub(crate) outcome: Outcome,
}

pub(crate) fn arguments(frame: &str) -> Option<Vec<serde_json::Value>> {
    let list = frame.get(frame.find('[')?..)?;
    serde_json::from_str(list).ok()
}

/// What the reference's client takes for the offset.
pub(crate) fn offset(frame: &str) -> Option<String> {
    let arguments = arguments(frame)?;
    let last = arguments.get(1..)?.last()?;
    last.as_str().map(str::to_owned)
}

pub(crate) fn names(frames: &[String]) -> Vec<String> {
    let name = |frame: &String| Some(arguments(frame)?.first()?.as_str()?.to_owned());
    frames.iter().filter_map(name).collect()
}

pub(crate) fn recovered() -> Outcome {
    Outcome::Recovered(Value::Null)
}
