//! What the server remembers: who is in which room, and what was said there last.

use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

const ALWAYS: [&str; 3] = ["general", "random", "rust"];
const HISTORY: usize = 50;

/// A client's place, kept with its socket.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) nick: String,
    pub(crate) room: String,
}

/// A text message, as clients get it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) from: String,
    pub(crate) nick: String,
    pub(crate) text: String,
    pub(crate) at: u64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Person {
    id: String,
    nick: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Count {
    name: String,
    count: usize,
}

#[derive(Default)]
struct Room {
    members: BTreeMap<String, String>,
    history: VecDeque<Message>,
}

#[derive(Default)]
struct Inner {
    rooms: BTreeMap<String, Room>,
    last_id: u64,
}

/// All rooms.
pub(crate) struct Rooms(Mutex<Inner>);

impl Default for Rooms {
    fn default() -> Self {
        let rooms = ALWAYS.map(|name| (name.to_owned(), Room::default()));
        Self(Mutex::new(Inner {
            rooms: BTreeMap::from(rooms),
            last_id: 0,
        }))
    }
}

impl Rooms {
    /// Lets somebody in, and returns what was said before.
    pub(crate) fn enter(&self, room: &str, id: &str, nick: &str) -> Vec<Message> {
        let mut inner = self.lock();
        let room = inner.rooms.entry(room.to_owned()).or_default();
        room.members.insert(id.to_owned(), nick.to_owned());
        room.history.iter().cloned().collect()
    }

    pub(crate) fn leave(&self, name: &str, id: &str) {
        let mut inner = self.lock();
        let Some(room) = inner.rooms.get_mut(name) else {
            return;
        };
        room.members.remove(id);
        if room.members.is_empty() && !ALWAYS.contains(&name) {
            inner.rooms.remove(name);
        }
    }

    pub(crate) fn say(&self, member: &Member, from: &str, text: String) -> Message {
        let (id, at) = self.stamp();
        let message = Message {
            id,
            from: from.to_owned(),
            nick: member.nick.clone(),
            text,
            at,
        };
        if let Some(room) = self.lock().rooms.get_mut(&member.room) {
            if room.history.len() == HISTORY {
                room.history.pop_front();
            }
            room.history.push_back(message.clone());
        }
        message
    }

    /// An id for a message, and the time in milliseconds since 1970.
    #[expect(
        clippy::disallowed_methods,
        reason = "an example has no clock of its own"
    )]
    pub(crate) fn stamp(&self) -> (u64, u64) {
        let mut inner = self.lock();
        inner.last_id += 1;
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        (inner.last_id, at.as_millis() as u64)
    }

    pub(crate) fn members(&self, room: &str) -> Vec<Person> {
        let inner = self.lock();
        let members = inner
            .rooms
            .get(room)
            .into_iter()
            .flat_map(|room| &room.members);
        members
            .map(|(id, nick)| Person {
                id: id.clone(),
                nick: nick.clone(),
            })
            .collect()
    }

    pub(crate) fn list(&self) -> Vec<Count> {
        let inner = self.lock();
        let rooms = inner.rooms.iter();
        rooms
            .map(|(name, room)| Count {
                name: name.clone(),
                count: room.members.len(),
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
