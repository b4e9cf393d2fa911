//! Events that wait for their socket to be connected, or for room in the engine.

use crate::Encoded;
use alloc::collections::BTreeMap;
use engineio_proto::Outgoing;

/// An event's place in the order in which the application emitted.
pub(super) type Place = u64;

/// The send buffer of one socket: in order, and with a way to take one out of the middle when
/// nobody waits for its answer any longer.
///
/// It survives the loss of a connection. What has left it for the engine does not.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: BTreeMap<Place, Encoded>,
    bytes: usize,
}

impl Outbox {
    /// Behind all others: places only grow.
    pub(super) fn push(&mut self, place: Place, encoded: Encoded) {
        self.bytes += size(&encoded);
        self.waiting.insert(place, encoded);
    }

    /// The event is not to be sent any more. Nothing happens to one that has been.
    pub(super) fn remove(&mut self, place: Place) {
        if let Some(encoded) = self.waiting.remove(&place) {
            self.bytes -= size(&encoded);
        }
    }

    /// Takes the first one out if `send` has taken it. False when there was none, or it stays.
    pub(super) fn pass_first(&mut self, send: impl FnOnce(&Encoded) -> bool) -> bool {
        match self.waiting.first_entry() {
            Some(first) if send(first.get()) => {
                self.bytes -= size(&first.remove());
                true
            }
            _ => false,
        }
    }

    pub(super) fn contains(&self, place: Place) -> bool {
        self.waiting.contains_key(&place)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Bytes of all messages of a packet.
pub(super) fn size(encoded: &Encoded) -> usize {
    encoded.messages().iter().map(Outgoing::len).sum()
}
