//! What a session does by itself, in one table.

use crate::timers::{self, Kind};

/// What can be due. At most one of each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Timer {
    /// The server gave no sign of life: the session ends.
    Deadline,
    /// Protocol 3: a ping is to be sent.
    Ping,
    /// The opening of the session, or a POST, took too long: the transport has failed.
    Request,
    /// An upgrade took too long: its links are dropped, the session stays on polling.
    Upgrade,
    /// WebTransport had its head start: WebSocket is probed as well.
    Probe,
    /// A GET brought nothing but noops; the next may leave now.
    Rest,
    /// What was left to say was not taken in time: everything is cancelled.
    Close,
}

pub(super) type Timers = timers::Timers<Timer, 7>;

impl Kind<7> for Timer {
    const ALL: [Self; 7] = [
        Self::Deadline,
        Self::Ping,
        Self::Request,
        Self::Upgrade,
        Self::Probe,
        Self::Rest,
        Self::Close,
    ];
}
