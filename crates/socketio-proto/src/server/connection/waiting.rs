//! The events in the send buffer that may be taken back for newer ones.

use crate::Text;
use crate::server::Socket;
use crate::server::event::Size;
use alloc::collections::{BTreeMap, VecDeque};
use engineio_proto::server::Mark;

/// What an event is the latest of.
pub(super) type Key = (Socket, Text);

/// Each of these events has a place in the engine's send buffer, whose limits are theirs: entries
/// go when the engine says how far it has got.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    events: BTreeMap<Mark, Entry>,
    latest: BTreeMap<Key, Mark>,
    total: Size,
    /// Those that the engine has, to be taken back there.
    pub(super) taken_back: VecDeque<Mark>,
}

#[derive(Debug)]
struct Entry {
    size: Size,
    key: Option<Key>,
}

impl Waiting {
    pub(super) fn add(&mut self, mark: Mark, size: Size, key: Option<Key>) {
        if let Some(key) = key.clone() {
            self.latest.insert(key, mark);
        }
        self.total.bytes += size.bytes;
        self.total.messages += size.messages;
        self.events.insert(mark, Entry { size, key });
    }

    /// Takes out one, and tells what room it leaves.
    pub(super) fn remove(&mut self, mark: Mark) -> Option<Size> {
        let Entry { size, key } = self.events.remove(&mark)?;
        if let Some(key) = key
            && self.latest.get(&key) == Some(&mark)
        {
            self.latest.remove(&key);
        }
        self.total.bytes -= size.bytes;
        self.total.messages -= size.messages;
        Some(size)
    }

    /// Those up to this mark have left.
    pub(super) fn have_left(&mut self, up_to: Mark) {
        while let Some(oldest) = self.oldest().filter(|oldest| *oldest <= up_to) {
            self.remove(oldest);
        }
    }

    pub(super) fn oldest(&self) -> Option<Mark> {
        self.events.keys().next().copied()
    }

    pub(super) fn latest(&self, key: &Key) -> Option<Mark> {
        self.latest.get(key).copied()
    }

    /// All of them together.
    pub(super) fn total(&self) -> Size {
        self.total
    }
}
