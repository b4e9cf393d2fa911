//! What a session does by itself, in one table.

use crate::Instant;

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

const ALL: [Timer; 5] = [
    Timer::Ping,
    Timer::Pong,
    Timer::Upgrade,
    Timer::Noop,
    Timer::Close,
];

/// "Not set". A deadline that saturates here is 584,000 years away: the same thing.
const NEVER: Instant = Instant::MAX;

/// A deadline for each timer.
#[derive(Debug)]
pub(super) struct Timers {
    ping: Instant,
    pong: Instant,
    upgrade: Instant,
    noop: Instant,
    close: Instant,
}

impl Timers {
    pub(super) fn new() -> Self {
        Self {
            ping: NEVER,
            pong: NEVER,
            upgrade: NEVER,
            noop: NEVER,
            close: NEVER,
        }
    }

    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        *self.slot(timer) = at;
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        *self.slot(timer) = NEVER;
    }

    /// Takes one timer that is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let due = ALL
            .into_iter()
            .find(|timer| self.is_set(*timer) && self.at(*timer) <= now)?;
        self.clear(due);
        Some(due)
    }

    pub(super) fn is_set(&self, timer: Timer) -> bool {
        self.at(timer) != NEVER
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        ALL.into_iter()
            .map(|timer| self.at(timer))
            .min()
            .filter(|at| *at != NEVER)
    }

    fn at(&self, timer: Timer) -> Instant {
        match timer {
            Timer::Ping => self.ping,
            Timer::Pong => self.pong,
            Timer::Upgrade => self.upgrade,
            Timer::Noop => self.noop,
            Timer::Close => self.close,
        }
    }

    fn slot(&mut self, timer: Timer) -> &mut Instant {
        match timer {
            Timer::Ping => &mut self.ping,
            Timer::Pong => &mut self.pong,
            Timer::Upgrade => &mut self.upgrade,
            Timer::Noop => &mut self.noop,
            Timer::Close => &mut self.close,
        }
    }
}
