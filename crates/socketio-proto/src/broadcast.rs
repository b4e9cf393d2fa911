//! What a broadcast is before it is encoded.

use crate::{Payload, Text, rooms::Target, server::Overflow};
use core::time::Duration;

/// How a broadcast is to be delivered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Flags {
    /// Receivers whose transport is not ready at that moment miss it.
    pub volatile: bool,
    /// Only receivers on this server. So far there is one server, and the flag changes nothing.
    pub local: bool,
    /// Every receiver is asked to acknowledge; what has not come within this time is missing.
    pub ack: Option<Duration>,
    /// What becomes of it where a receiver has no room for it.
    pub overflow: Overflow,
    /// What it is the latest of, for [`Overflow::KeepLatest`].
    pub key: Option<Text>,
}

impl Flags {
    /// Sets [`volatile`](Self::volatile).
    pub fn volatile(mut self, volatile: bool) -> Self {
        self.volatile = volatile;
        self
    }

    /// Sets [`local`](Self::local).
    pub fn local(mut self, local: bool) -> Self {
        self.local = local;
        self
    }

    /// Sets [`ack`](Self::ack).
    pub fn ack(mut self, within: Option<Duration>) -> Self {
        self.ack = within;
        self
    }

    /// Sets [`overflow`](Self::overflow).
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Sets [`key`](Self::key).
    pub fn key(mut self, key: Option<Text>) -> Self {
        self.key = key;
        self
    }
}

/// A broadcast that is not yet encoded, because the namespace may have to add an ack id.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The event, in the format of the namespace's parser.
    pub payload: Payload,
    /// Who gets it.
    pub target: Target,
    /// How they get it.
    pub flags: Flags,
}
