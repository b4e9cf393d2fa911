//! Protocol 4: the server pings, the client answers.
//!
//! | when | then |
//! | --- | --- |
//! | open | a ping is due in one interval |
//! | a ping is due | send it; its pong is due in one timeout |
//! | pong, asked for or not | a ping is due in one interval from now; no pong is |
//! | any other packet while a pong is due | the timeout begins anew, once for each ping |
//! | the pong is overdue | the session ends |
//!
//! Deadlines belong to the session, not to a transport: they stand across an upgrade. All of them
//! count from `now`, so a clock that jumps gives one ping or one timeout, never a burst.

use super::timers::{Timer, Timers};
use crate::{Instant, config::ServerConfig};

#[derive(Debug)]
pub(super) struct Heartbeat {
    /// The deadline of the outstanding pong was moved already.
    extended: bool,
}

impl Heartbeat {
    pub(super) fn start(timers: &mut Timers, config: &ServerConfig, now: Instant) -> Self {
        timers.set(Timer::Ping, now + config.ping_interval);
        Self { extended: false }
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

    /// Any other packet came.
    pub(super) fn heard(&mut self, timers: &mut Timers, config: &ServerConfig, now: Instant) {
        if timers.is_set(Timer::Pong) && !self.extended {
            self.extended = true;
            timers.set(Timer::Pong, now + config.ping_timeout);
        }
    }
}
