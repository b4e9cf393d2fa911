//! Sessions whose sockets have gone, and why those ended that are there no more.

use super::{Config, Failure, PrivateId};
use crate::rooms::Room;
use crate::{Instant, SocketId, Value};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::mem::size_of;

/// What a session is while it waits for its client.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    pub(super) id: SocketId,
    /// All of them, that of its id included, in order.
    pub(super) rooms: Vec<Room>,
    pub(super) data: Value,
    pub(super) places: Places,
    /// When the socket went, and the end of the log at that time.
    pub(super) at: Instant,
    pub(super) left: u64,
    /// Tells which session went first.
    pub(super) ticket: u64,
    /// What waits for it alone, as the log counts it.
    pub(super) kept: usize,
}

/// Where in the log a session is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Places {
    /// The end of the log when the socket was let in for the first time.
    pub(super) since: u64,
    /// The place behind the last event that went out to it.
    pub(super) sent: u64,
}

/// The sessions that wait, in bounds.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    saved: BTreeMap<PrivateId, Saved>,
    /// In the order in which they went, which is that in which they expire.
    order: BTreeMap<u64, PrivateId>,
    by_id: BTreeMap<SocketId, PrivateId>,
    bytes: usize,
    next_ticket: u64,
    over: BTreeMap<PrivateId, Failure>,
    over_order: VecDeque<PrivateId>,
}

impl Sessions {
    pub(super) fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    /// Puts a session in, and drops those that went first if there is no room. One for which there
    /// would be none alone is over, and no other's loss.
    pub(super) fn insert(&mut self, private: PrivateId, session: Saved, config: &Config) {
        if session.bytes() > config.max_session_bytes || config.max_sessions == 0 {
            return self.end(private, Failure::Evicted, config);
        }
        self.bytes += session.bytes();
        self.order.insert(session.ticket, private.clone());
        self.by_id.insert(session.id.clone(), private.clone());
        self.saved.insert(private, session);
        while self.saved.len() > config.max_sessions || self.bytes > config.max_session_bytes {
            self.drop_first(Failure::Evicted, config);
        }
    }

    pub(super) fn take(&mut self, private: &PrivateId) -> Option<Saved> {
        let session = self.saved.remove(private)?;
        self.bytes -= session.bytes();
        self.order.remove(&session.ticket);
        self.by_id.remove(&session.id);
        Some(session)
    }

    pub(super) fn contains(&self, id: &SocketId) -> bool {
        self.by_id.contains_key(id)
    }

    pub(super) fn of(&mut self, id: &SocketId) -> Option<&mut Saved> {
        self.saved.get_mut(self.by_id.get(id)?)
    }

    /// Drops the sessions whose clients are too late.
    pub(super) fn expire(&mut self, now: Instant, config: &Config) {
        while self.oldest().is_some_and(|at| is_late(at, now, config)) {
            self.drop_first(Failure::Expired, config);
        }
    }

    /// When the session went that went first.
    pub(super) fn oldest(&self) -> Option<Instant> {
        let (_, private) = self.order.first_key_value()?;
        Some(self.saved.get(private)?.at)
    }

    /// Remembers why a session is over.
    pub(super) fn end(&mut self, private: PrivateId, why: Failure, config: &Config) {
        if self.over.insert(private.clone(), why).is_none() {
            self.over_order.push_back(private);
        }
        while self.over_order.len() > config.max_sessions {
            if let Some(oldest) = self.over_order.pop_front() {
                self.over.remove(&oldest);
            }
        }
    }

    pub(super) fn why_over(&self, private: &PrivateId) -> Failure {
        let why = self.over.get(private).copied();
        why.unwrap_or(Failure::Unknown)
    }

    pub(super) fn len(&self) -> usize {
        self.saved.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn drop_first(&mut self, why: Failure, config: &Config) {
        if let Some((_, private)) = self.order.pop_first() {
            self.take(&private);
            self.end(private, why, config);
        }
    }
}

/// Whether a session that waits since then waits no longer.
pub(super) fn is_late(at: Instant, now: Instant, config: &Config) -> bool {
    at + config.max_disconnection_duration < now
}

impl Saved {
    fn bytes(&self) -> usize {
        let rooms = self.rooms.iter();
        let rooms: usize = rooms
            .map(|room| size_of::<Room>() + room.as_str().len())
            .sum();
        size_of::<Self>() + rooms + weight(&self.data)
    }
}

/// About the memory that a value takes.
fn weight(value: &Value) -> usize {
    let inner = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Binary(bytes) => bytes.len(),
        Value::Array(elements) => elements.iter().map(weight).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
    };
    size_of::<Value>() + inner
}
