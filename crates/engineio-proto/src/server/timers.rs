//! What a session does by itself, in one table.

use crate::timers::{self, Kind};

/// What can be due. At most one of each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Timer {
    /// A ping is to be sent: one interval after the handshake or the last pong.
    Ping,
    /// The pong did not come: the session ends.
    Pong,
    /// The candidate did not finish its upgrade: it is dropped, the session goes on.
    Upgrade,
    /// A GET waited long enough while an upgrade is under way: a noop answers it.
    Noop,
    /// What was left to say was not taken in time: the session is over without it.
    Close,
}

pub(super) type Timers = timers::Timers<Timer, 5>;

impl Kind<5> for Timer {
    const ALL: [Self; 5] = [
        Self::Ping,
        Self::Pong,
        Self::Upgrade,
        Self::Noop,
        Self::Close,
    ];
}
