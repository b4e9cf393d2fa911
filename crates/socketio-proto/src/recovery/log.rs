//! The events of a namespace, as they went out, for those that were away.

use super::offset;
use crate::rooms::{Room, Target};
use crate::{Encoded, Instant, SocketId};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
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
    audience: Audience,
    encoded: Encoded,
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
        let bytes = audience.bytes() + size(&encoded) + OVERHEAD;
        self.bytes += bytes;
        self.end += 1;
        self.entries.push_back(Entry {
            at: now,
            audience,
            encoded,
            bytes,
        });
    }

    /// Takes the newest event back; its place is given to the next.
    pub(super) fn retract(&mut self) {
        if let Some(entry) = self.entries.pop_back() {
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
    pub(super) fn missed<'a>(
        &'a self,
        from: u64,
        id: &'a SocketId,
        rooms: &'a [Room],
    ) -> impl Iterator<Item = (u64, &'a Encoded)> {
        let start = self.start();
        let skipped = usize::try_from(from.saturating_sub(start)).unwrap_or(usize::MAX);
        (start + 1..)
            .zip(&self.entries)
            .skip(skipped)
            .filter(|(_, entry)| entry.audience.includes(id, rooms))
            .map(|(place, entry)| (place, &entry.encoded))
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
        match self {
            Self::Only(only) => only == id,
            Self::Target(Target { rooms: to, except }) => {
                (to.is_empty() || to.iter().any(|room| rooms.contains(room)))
                    && !except.iter().any(|room| rooms.contains(room))
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Only(SocketId(id)) => id.len(),
            Self::Target(Target { rooms, except }) => rooms
                .iter()
                .chain(except)
                .map(|room| room.as_str().len())
                .sum(),
        }
    }
}

pub(super) fn total(packets: &[Encoded]) -> (usize, usize) {
    let messages = packets.iter().map(|it| it.messages().len()).sum();
    (packets.iter().map(size).sum(), messages)
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
