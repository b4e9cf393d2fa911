//! What happens to rooms, for whoever wants to be told.
//!
//! | what | events, in this order |
//! | --- | --- |
//! | a member joins a room that was empty | [`Created`](RoomEvent::Created), [`Joined`](RoomEvent::Joined) |
//! | … that was not | `Joined` |
//! | … in which it is | none |
//! | a member leaves a room, and others stay | [`Left`](RoomEvent::Left) |
//! | … as the last | `Left`, [`Deleted`](RoomEvent::Deleted) |
//! | a member is registered | as if it joined the room of its id |
//! | a member is removed | as if it left its rooms, in the order in which it joined them |
//!
//! These are the events of the reference's adapter. A socket that is recovered joins its rooms again.

use super::NamespaceCore;
use crate::SocketId;
use crate::rooms::{Member, Room, RoomError};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// One thing that has happened to a room.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RoomEvent {
    /// The room has begun to exist: `create-room`. The first socket joins it next.
    Created {
        /// Which one.
        room: Room,
    },
    /// A socket has joined the room: `join-room`.
    Joined {
        /// Which one.
        room: Room,
        /// Who.
        socket: SocketId,
    },
    /// A socket has left the room, or the namespace: `leave-room`.
    Left {
        /// Which one.
        room: Room,
        /// Who.
        socket: SocketId,
    },
    /// The room has ceased to exist, with the socket that left it last: `delete-room`.
    Deleted {
        /// Which one.
        room: Room,
    },
    /// Here some events were not kept, as
    /// [`max_room_events`](super::NamespaceLimits::max_room_events) waited to be polled.
    Missed {
        /// How many.
        count: usize,
    },
}

/// Events that wait to be polled.
#[derive(Debug)]
pub(super) struct Journal {
    /// `None`: nobody wants to know.
    events: Option<VecDeque<RoomEvent>>,
    max: usize,
}

impl Journal {
    pub(super) fn new(max: usize) -> Self {
        Self { events: None, max }
    }

    fn is_kept(&self) -> bool {
        self.events.is_some()
    }

    fn push(&mut self, event: RoomEvent) {
        let Some(events) = &mut self.events else {
            return;
        };
        if events.len() < self.max {
            events.push_back(event);
        } else if let Some(RoomEvent::Missed { count }) = events.back_mut() {
            *count = count.saturating_add(1);
        } else {
            events.push_back(RoomEvent::Missed { count: 1 });
        }
    }
}

/// Rooms: joining, leaving, and being told of it.
impl NamespaceCore {
    /// Has [`poll_room_event`](Self::poll_room_event) tell what happens to rooms from now on.
    /// Without this call nothing is kept for it.
    pub fn watch_rooms(&mut self) {
        self.journal.events.get_or_insert_default();
    }

    /// What happened to a room, in the order in which it did. Poll until `None` after whatever
    /// changes rooms: [`join`](Self::join), [`leave`](Self::leave), [`register`](Self::register),
    /// [`remove`](Self::remove), and [what stands for them](NamespaceCore#recovery) with recovery.
    #[must_use]
    pub fn poll_room_event(&mut self) -> Option<RoomEvent> {
        self.journal.events.as_mut()?.pop_front()
    }

    /// Puts a member into a room, as [`Rooms::join`](crate::rooms::Rooms::join) does. `Ok(false)`:
    /// it was there already.
    ///
    /// # Errors
    ///
    /// The member is gone, or over a limit.
    pub fn join(&mut self, member: Member, room: Room) -> Result<bool, RoomError> {
        if !self.journal.is_kept() {
            return self.rooms.join(member, room);
        }
        let is_new = !self.rooms.contains_room(&room);
        let joined = self.rooms.join(member, room.clone())?;
        if joined {
            self.tell_joined(member, room, is_new);
        }
        Ok(joined)
    }

    /// Takes a member out of a room. False if it was not there.
    pub fn leave(&mut self, member: Member, room: &Room) -> bool {
        let left = self.rooms.leave(member, room);
        if left && self.journal.is_kept() {
            let socket = self.id(member).cloned();
            self.tell_left(socket.as_ref(), room.clone());
        }
        left
    }

    pub(super) fn register_in(&mut self, member: Member, own: Room) {
        if !self.journal.is_kept() {
            self.rooms.register(member, own);
            return;
        }
        let is_new = !self.rooms.contains_room(&own);
        let was_in = self.rooms.is_in(member, &own);
        if self.rooms.register(member, own.clone()) && !was_in {
            self.tell_joined(member, own, is_new);
        }
    }

    /// False if it was gone before.
    pub(super) fn remove_from_rooms(&mut self, member: Member) -> bool {
        if !self.journal.is_kept() {
            return self.rooms.remove(member);
        }
        let socket = self.id(member).cloned();
        let joined: Vec<Room> = self.rooms.rooms_of(member).cloned().collect();
        let removed = self.rooms.remove(member);
        for room in joined {
            self.tell_left(socket.as_ref(), room);
        }
        removed
    }

    fn tell_joined(&mut self, member: Member, room: Room, is_new: bool) {
        let Some(socket) = self.id(member).cloned() else {
            return;
        };
        if is_new {
            self.journal.push(RoomEvent::Created { room: room.clone() });
        }
        self.journal.push(RoomEvent::Joined { room, socket });
    }

    fn tell_left(&mut self, socket: Option<&SocketId>, room: Room) {
        let Some(socket) = socket.cloned() else {
            return;
        };
        let left = room.clone();
        self.journal.push(RoomEvent::Left { room: left, socket });
        if !self.rooms.contains_room(&room) {
            self.journal.push(RoomEvent::Deleted { room });
        }
    }
}
