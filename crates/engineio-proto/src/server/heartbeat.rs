//! Heartbeat, in which the versions are opposites: in protocol 4 the server pings and the client
//! answers, in protocol 3 the client pings and the server answers.
//!
//! | when | protocol 4 | protocol 3 |
//! | --- | --- | --- |
//! | open | a ping is due in one interval | a ping must come within interval and timeout |
//! | a ping is due | send it; its pong must come within the timeout | |
//! | ping | the session ends: wrong direction | answer it; the next must come within interval and timeout |
//! | pong, asked for or not | a ping is due in one interval from now; no pong is | the session ends: wrong direction |
//! | any other packet | the timeout of a pong that is due begins anew, once for each ping | |
//! | what must come is overdue | the session ends | the session ends |
//!
//! Deadlines belong to the session, not to a transport: they stand across an upgrade, where the
//! reference forgets them. All of them count from `now`, so a clock that jumps gives one ping or one
//! timeout, never a burst.

use super::timers::{Timer, Timers};
use crate::{Instant, Version, config::ServerConfig};

#[derive(Debug)]
pub(super) struct Heartbeat {
    /// The deadline of the outstanding pong was moved already, or may not move at all.
    extended: bool,
}

impl Heartbeat {
    pub(super) fn start(
        version: Version,
        timers: &mut Timers,
        config: &ServerConfig,
        now: Instant,
    ) -> Self {
        match version {
            Version::V4 => timers.set(Timer::Ping, now + config.ping_interval),
            Version::V3 => Self::ping_came(timers, config, now),
        }
        Self {
            extended: version == Version::V3,
        }
    }

    /// A ping leaves.
    pub(super) fn pinged(&mut self, timers: &mut Timers, config: &ServerConfig, now: Instant) {
        self.extended = false;
        timers.set(Timer::Pong, now + config.ping_timeout);
    }

    /// A pong came.
    pub(super) fn ponged(timers: &mut Timers, config: &ServerConfig, now: Instant) {
        timers.clear(Timer::Pong);
        timers.set(Timer::Ping, now + config.ping_interval);
    }

    /// A ping came, in protocol 3.
    pub(super) fn ping_came(timers: &mut Timers, config: &ServerConfig, now: Instant) {
        timers.set(
            Timer::Pong,
            now + config.ping_interval + config.ping_timeout,
        );
    }

    /// Any other packet came.
    pub(super) fn heard(&mut self, timers: &mut Timers, config: &ServerConfig, now: Instant) {
        if timers.is_set(Timer::Pong) && !self.extended {
            self.extended = true;
            timers.set(Timer::Pong, now + config.ping_timeout);
        }
    }
}
