//! What a namespace does about clients that read too slowly.

use crate::sync::{read, write};
use socketio_proto::Text;
use socketio_proto::server::Overflow;
use std::collections::BTreeMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The policies of a namespace. Most have none, and pay one load per emit.
#[derive(Default)]
pub(crate) struct Policies {
    is_set: AtomicBool,
    rules: RwLock<Rules>,
}

#[derive(Clone, Default)]
struct Rules {
    general: Overflow,
    of_events: BTreeMap<String, Overflow>,
}

impl Policies {
    pub(crate) fn set(&self, policy: Overflow) {
        self.change(|rules| rules.general = policy);
    }

    pub(crate) fn set_of(&self, event: &str, policy: Overflow) {
        self.change(|rules| {
            rules.of_events.insert(event.to_owned(), policy);
        });
    }

    /// Another namespace starts with these.
    pub(crate) fn copy_to(&self, other: &Self) {
        if self.is_set.load(Ordering::Acquire) {
            let rules = read(&self.rules).clone();
            other.change(|it| *it = rules);
        }
    }

    /// The policy of one emit, which may have asked for another, and its key if it needs one.
    pub(crate) fn of(
        &self,
        event: &str,
        asked: Option<Overflow>,
        key: Option<&str>,
    ) -> (Overflow, Option<Text>) {
        let policy = asked.unwrap_or_else(|| self.general_of(event));
        let key = (policy == Overflow::KeepLatest).then(|| Text::new(key.unwrap_or(event)));
        (policy, key)
    }

    fn general_of(&self, event: &str) -> Overflow {
        if !self.is_set.load(Ordering::Acquire) {
            return Overflow::default();
        }
        let rules = read(&self.rules);
        let own = rules.of_events.get(event).copied();
        own.unwrap_or(rules.general)
    }

    fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut write(&self.rules));
        self.is_set.store(true, Ordering::Release);
    }
}
