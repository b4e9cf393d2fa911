//! The events of a namespace, as they went out, for those that were away.

use super::offset;
use crate::rooms::{Room, Target};
use crate::{Encoded, Instant, SocketId};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::size_of;
use core::time::Duration;
use engineio_proto::Outgoing;

/// Whom an event was meant for.
#[derive(Debug)]
pub(crate) enum Audience {
    Target(Target),
    /// One socket, and not whoever else is in the room of its id.
    Only(SocketId),
}

/// What an entry costs beside its bytes.
const OVERHEAD: usize = 128;

/// Events by their place, the number of events before them. The oldest are forgotten.
#[derive(Debug)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    /// The place of the next event.
    end: u64,
    bytes: usize,
    tag: u64,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    /// `None`: taken back, and only the place is left.
    event: Option<(Audience, Encoded)>,
    bytes: usize,
}

/// Bounds of the log.
pub(super) struct Bounds {
    pub(super) packets: usize,
    pub(super) bytes: usize,
    pub(super) age: Duration,
}

impl Log {
    pub(super) fn new(tag: u64) -> Self {
        Self {
            entries: VecDeque::new(),
            end: 0,
            bytes: 0,
            tag,
        }
    }

    /// The offset that the next event has to carry.
    pub(super) fn next_offset(&self) -> String {
        offset::write(self.end, self.tag)
    }

    /// The place behind the event with this offset, if there can have been one.
    pub(super) fn place_behind(&self, offset: &str) -> Option<u64> {
        offset::read(offset, self.tag)
            .filter(|&place| place < self.end)
            .map(|place| place + 1)
    }

    pub(super) fn push(&mut self, audience: Audience, encoded: Encoded, now: Instant) {
        let bytes = weight(&audience, &encoded);
        self.bytes += bytes;
        self.end += 1;
        self.entries.push_back(Entry {
            at: now,
            event: Some((audience, encoded)),
            bytes,
        });
    }

    /// Takes the newest event back. Its place is given to the next, unless it is to be left.
    pub(super) fn retract(&mut self, leaves_place: bool) {
        let Some(newest) = self.entries.back_mut() else {
            return;
        };
        if leaves_place && newest.event.take().is_some() {
            self.bytes -= newest.bytes - OVERHEAD;
            newest.bytes = OVERHEAD;
        } else if let Some(entry) = self.entries.pop_back() {
            self.bytes -= entry.bytes;
            self.end -= 1;
        }
    }

    /// Forgets the oldest until all is within bounds.
    pub(super) fn trim(&mut self, bounds: &Bounds, now: Instant) {
        while let Some(oldest) = self.entries.front() {
            let is_over = self.entries.len() > bounds.packets || self.bytes > bounds.bytes;
            if !is_over && oldest.at + bounds.age >= now {
                break;
            }
            self.bytes -= oldest.bytes;
            self.entries.pop_front();
        }
    }

    /// The events from a place on that are for this socket, in these rooms, each with the place
    /// behind it.
    ///
    /// The rooms are in order: a socket may be in many, and the log is long.
    pub(super) fn missed<'a>(
        &'a self,
        from: u64,
        id: &'a SocketId,
        rooms: &'a [Room],
    ) -> impl Iterator<Item = (u64, &'a Encoded)> {
        let start = self.start();
        let skipped = usize::try_from(from.saturating_sub(start)).unwrap_or(usize::MAX);
        let skipped = skipped.min(self.entries.len());
        (start + skipped as u64 + 1..)
            .zip(self.entries.range(skipped..))
            .filter_map(|(place, entry)| Some((place, entry.event.as_ref()?)))
            .filter(|(_, (audience, _))| audience.includes(id, rooms))
            .map(|(place, (_, encoded))| (place, encoded))
    }

    /// The place of the oldest event that is left.
    pub(super) fn start(&self) -> u64 {
        self.end - self.entries.len() as u64
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn oldest(&self) -> Option<Instant> {
        self.entries.front().map(|entry| entry.at)
    }
}

impl Audience {
    /// Whether a socket with this id, in these rooms, its own among them, is meant.
    fn includes(&self, id: &SocketId, rooms: &[Room]) -> bool {
        let is_in = |room: &Room| rooms.binary_search(room).is_ok();
        match self {
            Self::Only(only) => only == id,
            Self::Target(Target { rooms: to, except }) => {
                (to.is_empty() || to.iter().any(is_in)) && !except.iter().any(is_in)
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Only(SocketId(id)) => id.len(),
            Self::Target(Target { rooms, except }) => rooms
                .iter()
                .chain(except)
                .map(|room| size_of::<Room>() + room.as_str().len())
                .sum(),
        }
    }
}

/// What an event takes in the log.
pub(super) fn weight(audience: &Audience, encoded: &Encoded) -> usize {
    audience.bytes() + size(encoded) + OVERHEAD
}

/// Bytes and messages of packets.
pub(super) fn total<'a>(packets: impl Iterator<Item = &'a Encoded>) -> (usize, usize) {
    packets.fold((0, 0), |(bytes, messages), it| {
        (bytes + size(it), messages + it.messages().len())
    })
}

fn size(encoded: &Encoded) -> usize {
    encoded.messages().iter().map(Outgoing::len).sum()
}

/// Clones share the bytes.
pub(super) fn cloned<'a>(
    missed: impl Iterator<Item = (u64, &'a Encoded)>,
) -> (Option<u64>, Vec<Encoded>) {
    let mut behind = None;
    let packets = missed
        .map(|(place, encoded)| {
            behind = Some(place);
            encoded.clone()
        })
        .collect();
    (behind, packets)
}
