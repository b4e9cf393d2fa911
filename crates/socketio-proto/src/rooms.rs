//! Who is in which room: an index that is read both ways.
//!
//! ```text
//!   names   "a" ─► 0    "b" ─► 1                          names in order
//!   rooms    0: m0 m2 m5       1: m2                      members ascending
//!   slots   m0: [0]   m2: [0, 1]   m5: [0]                rooms in the order of joining
//! ```
//!
//! A [`Member`] is a place in a dense table, so a selection is a copy of numbers, and whoever
//! keeps something per member can keep it in a plain `Vec`. Places are reused, members are not:
//! what a member that has gone asks for is [`RoomError::Gone`], never done to its successor.
//!
//! Nothing here depends on hash order. The same calls give the same selections.

use crate::Text;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use smallvec::SmallVec;
use thiserror::Error;

/// The name of a room: any text, also the empty one. A socket's id names its own room.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Room(pub Text);

impl Room {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&str> for Room {
    fn from(name: &str) -> Self {
        Self(Text::new(name))
    }
}

/// One socket in one namespace on this server.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Member {
    index: u32,
    /// Tells members apart that have had the same place one after the other.
    generation: u32,
}

impl Member {
    /// Its place, dense from 0: free to become an index into a table of one's own. The place is
    /// given to another member after this one was removed.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// Whom a broadcast, or another operation on many sockets, is meant for.
///
/// As in the reference, an empty list of rooms means everybody, while a list of rooms that are
/// all unknown means nobody.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Target {
    /// Members of any of these. Empty: everybody.
    pub rooms: SmallVec<[Room; 2]>,
    /// But nobody who is in one of these.
    pub except: SmallVec<[Room; 2]>,
}

/// A room that was not joined.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum RoomError {
    /// The member is in as many rooms as it may.
    #[error("a socket may be in at most {max} rooms")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// The name is too long.
    #[error("a room's name has at most {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// The member was removed.
    #[error("the socket is not a member any more")]
    Gone,
}

/// The members of a namespace and their rooms.
///
/// A member *enters* hidden, can join rooms, and is selected from its *registration* on: so a
/// socket whose middlewares still run has rooms but gets no broadcast.
///
/// ```
/// use socketio_proto::rooms::{Room, Rooms, Target};
///
/// let mut rooms = Rooms::default();
/// let [ann, ben] = [rooms.enter(), rooms.enter()];
/// rooms.join(ann, Room::from("lobby"))?;
/// rooms.join(ben, Room::from("lobby"))?;
/// rooms.register(ann, Room::from("ann's id"));
/// rooms.register(ben, Room::from("ben's id"));
///
/// let mut target = Target::default();
/// target.rooms.push(Room::from("lobby"));
/// assert_eq!(rooms.select(&target), [ann, ben]);
/// target.except.push(Room::from("ben's id"));
/// assert_eq!(rooms.select(&target), [ann]);
/// # Ok::<(), socketio_proto::rooms::RoomError>(())
/// ```
#[derive(Debug)]
pub struct Rooms {
    max_rooms: usize,
    max_name: usize,
    names: BTreeMap<Room, RoomIndex>,
    rooms: Vec<Entry>,
    free_rooms: Vec<RoomIndex>,
    slots: Vec<Slot>,
    free_slots: Vec<u32>,
    registered: usize,
}

type RoomIndex = u32;

/// A room; the place of one that was deleted has an empty name and no members.
#[derive(Debug)]
struct Entry {
    name: Room,
    /// Places of members, ascending. The room of one socket allocates nothing.
    members: SmallVec<[u32; 4]>,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    presence: Presence,
    /// In the order of joining. Three or four rooms allocate nothing.
    joined: SmallVec<[RoomIndex; 4]>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Presence {
    Free,
    Hidden,
    Registered,
}

impl Rooms {
    /// Rooms that a member may be in, unless told otherwise: 1024.
    pub const MAX_ROOMS: usize = 1024;
    /// Bytes of a room's name, unless told otherwise: 1024.
    pub const MAX_NAME: usize = 1024;

    /// An empty index, with the most rooms that a member may be in (its own room apart) and the
    /// most bytes of a room's name.
    pub fn new(max_rooms: usize, max_name: usize) -> Self {
        Self {
            max_rooms,
            max_name,
            names: BTreeMap::new(),
            rooms: Vec::new(),
            free_rooms: Vec::new(),
            slots: Vec::new(),
            free_slots: Vec::new(),
            registered: 0,
        }
    }

    /// A new member: in no room, and not selected before it is [registered](Self::register).
    pub fn enter(&mut self) -> Member {
        if let Some(index) = self.free_slots.pop()
            && let Some(slot) = self.slots.get_mut(index as usize)
        {
            slot.presence = Presence::Hidden;
            return Member {
                index,
                generation: slot.generation,
            };
        }
        let index = self.slots.len() as u32;
        let joined = SmallVec::new();
        self.slots.push(Slot {
            generation: 0,
            presence: Presence::Hidden,
            joined,
        });
        Member {
            index,
            generation: 0,
        }
    }

    /// From now on the member is selected. It joins its own room, which no limit stands against.
    ///
    /// False if it is gone or was registered before.
    pub fn register(&mut self, member: Member, own: Room) -> bool {
        match self.slot_mut(member) {
            Some(slot) if slot.presence == Presence::Hidden => slot.presence = Presence::Registered,
            _ => return false,
        }
        self.registered += 1;
        self.link(member, own);
        true
    }

    /// The member leaves all its rooms and is gone. False if it was gone before.
    pub fn remove(&mut self, member: Member) -> bool {
        let Some(slot) = self.slot_mut(member) else {
            return false;
        };
        let was_registered = slot.presence == Presence::Registered;
        slot.presence = Presence::Free;
        slot.generation = slot.generation.wrapping_add(1);
        for room in core::mem::take(&mut slot.joined) {
            self.unlink(member, room);
        }
        self.registered -= usize::from(was_registered);
        self.free_slots.push(member.index);
        true
    }

    /// Puts a member into a room, which begins to exist with its first member. `Ok(false)`: it
    /// was there already.
    ///
    /// The room of another socket's id may be joined, too; who does gets what is sent to it.
    ///
    /// # Errors
    ///
    /// The member is gone, or over a limit.
    pub fn join(&mut self, member: Member, room: Room) -> Result<bool, RoomError> {
        let slot = self.slot(member).ok_or(RoomError::Gone)?;
        if room.as_str().len() > self.max_name {
            return Err(RoomError::TooLong { max: self.max_name });
        }
        if self.is_in(member, &room) {
            return Ok(false);
        }
        let own = usize::from(slot.presence == Presence::Registered);
        if slot.joined.len() >= self.max_rooms.saturating_add(own) {
            return Err(RoomError::TooMany {
                max: self.max_rooms,
            });
        }
        self.link(member, room);
        Ok(true)
    }

    /// Takes a member out of a room, which ceases to exist with its last member. False if it was
    /// not there.
    pub fn leave(&mut self, member: Member, room: &Room) -> bool {
        let Some(&index) = self.names.get(room) else {
            return false;
        };
        let Some(slot) = self.slot_mut(member) else {
            return false;
        };
        let Some(place) = slot.joined.iter().position(|&joined| joined == index) else {
            return false;
        };
        slot.joined.remove(place);
        self.unlink(member, index);
        true
    }

    /// Every registered member that `target` names, once, in ascending order.
    pub fn select(&self, target: &Target) -> Vec<Member> {
        let mut selected = Vec::new();
        self.select_into(target, &mut selected);
        selected
    }

    /// As [`select`](Self::select), into a buffer that is cleared first. Where the buffer is large
    /// enough nothing is allocated (with up to four excepted rooms).
    pub fn select_into(&self, target: &Target, selected: &mut Vec<Member>) {
        selected.clear();
        match target.rooms.as_slice() {
            [] => {
                selected.reserve(self.registered);
                selected
                    .extend((0..self.slots.len() as u32).filter_map(|place| self.visible(place)));
            }
            [room] => self.append_members(room, selected),
            rooms => {
                for room in rooms {
                    self.append_members(room, selected);
                }
                selected.sort_unstable();
                selected.dedup();
            }
        }
        let except: SmallVec<[&[u32]; 4]> = target
            .except
            .iter()
            .map(|room| self.places(room))
            .filter(|it| !it.is_empty())
            .collect();
        if !except.is_empty() {
            selected.retain(|member| {
                except
                    .iter()
                    .all(|places| places.binary_search(&member.index).is_err())
            });
        }
    }

    /// Whether the member has not been removed.
    pub fn contains(&self, member: Member) -> bool {
        self.slot(member).is_some()
    }

    /// Whether the room exists: whether anybody is in it.
    pub fn contains_room(&self, room: &Room) -> bool {
        self.names.contains_key(room)
    }

    /// Whether the member is in the room.
    pub fn is_in(&self, member: Member, room: &Room) -> bool {
        self.contains(member) && self.places(room).binary_search(&member.index).is_ok()
    }

    /// The rooms of a member, in the order in which it joined them.
    pub fn rooms_of(&self, member: Member) -> impl Iterator<Item = &Room> {
        let joined = self
            .slot(member)
            .map_or(&[][..], |slot| slot.joined.as_slice());
        joined
            .iter()
            .filter_map(|&room| self.rooms.get(room as usize))
            .map(|entry| &entry.name)
    }

    /// All rooms with the number of their members, registered or not, ascending by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Room, usize)> {
        self.names.iter().map(|(name, &index)| {
            (
                name,
                self.rooms
                    .get(index as usize)
                    .map_or(0, |entry| entry.members.len()),
            )
        })
    }

    /// Number of rooms.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no room, which is so when there is no registered member.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Number of registered members.
    pub fn registered(&self) -> usize {
        self.registered
    }

    /// Number of members, those included that are not registered yet.
    pub fn members(&self) -> usize {
        self.slots.len() - self.free_slots.len()
    }

    fn link(&mut self, member: Member, room: Room) {
        let index = match self.names.get(&room) {
            Some(&index) => index,
            None => self.create(room),
        };
        let Some(entry) = self.rooms.get_mut(index as usize) else {
            return;
        };
        if let Err(place) = entry.members.binary_search(&member.index) {
            entry.members.insert(place, member.index);
            if let Some(slot) = self.slot_mut(member) {
                slot.joined.push(index);
            }
        }
    }

    fn create(&mut self, name: Room) -> RoomIndex {
        let entry = Entry {
            name: name.clone(),
            members: SmallVec::new(),
        };
        let index = match self.free_rooms.pop() {
            Some(index) => {
                if let Some(place) = self.rooms.get_mut(index as usize) {
                    *place = entry;
                }
                index
            }
            None => {
                self.rooms.push(entry);
                self.rooms.len() as u32 - 1
            }
        };
        self.names.insert(name, index);
        index
    }

    /// The half of leaving that concerns the room.
    fn unlink(&mut self, member: Member, room: RoomIndex) {
        let Some(entry) = self.rooms.get_mut(room as usize) else {
            return;
        };
        if let Ok(place) = entry.members.binary_search(&member.index) {
            entry.members.remove(place);
        }
        if entry.members.is_empty() {
            let nameless = Entry {
                name: Room(Text::default()),
                members: SmallVec::new(),
            };
            let entry = core::mem::replace(entry, nameless);
            self.names.remove(&entry.name);
            self.free_rooms.push(room);
        }
    }

    fn append_members(&self, room: &Room, selected: &mut Vec<Member>) {
        let places = self.places(room);
        selected.reserve(places.len());
        selected.extend(places.iter().filter_map(|&place| self.visible(place)));
    }

    fn places(&self, room: &Room) -> &[u32] {
        let entry = self
            .names
            .get(room)
            .and_then(|&index| self.rooms.get(index as usize));
        entry.map_or(&[], |entry| entry.members.as_slice())
    }

    fn visible(&self, index: u32) -> Option<Member> {
        let slot = self.slots.get(index as usize)?;
        (slot.presence == Presence::Registered).then_some(Member {
            index,
            generation: slot.generation,
        })
    }

    fn slot(&self, member: Member) -> Option<&Slot> {
        self.slots
            .get(member.index())
            .filter(|slot| slot.holds(member))
    }

    fn slot_mut(&mut self, member: Member) -> Option<&mut Slot> {
        self.slots
            .get_mut(member.index())
            .filter(|slot| slot.holds(member))
    }
}

impl Slot {
    fn holds(&self, member: Member) -> bool {
        self.generation == member.generation && self.presence != Presence::Free
    }
}

impl Default for Rooms {
    fn default() -> Self {
        Self::new(Self::MAX_ROOMS, Self::MAX_NAME)
    }
}
