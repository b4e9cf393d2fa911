//! Which events of the server may still be answered.

use crate::AckId;
use alloc::collections::BTreeSet;

/// The ids of events that came with one, on this connection, until they are answered.
///
/// So an event is answered once, and an answer that comes late, on another connection, is not
/// taken for that to an event of the new one.
#[derive(Debug, Default)]
pub(super) struct Answers(BTreeSet<AckId>);

impl Answers {
    /// An event wants an answer. At the limit the oldest one is given up.
    pub(super) fn owe(&mut self, id: AckId, max: usize) {
        while self.0.len() >= max.max(1) {
            self.0.pop_first();
        }
        self.0.insert(id);
    }

    pub(super) fn is_owed(&self, id: AckId) -> bool {
        self.0.contains(&id)
    }

    pub(super) fn settle(&mut self, id: AckId) {
        self.0.remove(&id);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
