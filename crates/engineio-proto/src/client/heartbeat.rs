//! Signs of life.
//!
//! | | protocol 4 | protocol 3 |
//! | --- | --- | --- |
//! | who pings | the server; a pong answers at once | this side, one interval after the handshake or the last pong |
//! | deadline | one interval and one timeout after the last ping, or the handshake | the same after any packet; one timeout after a ping of this side |
//!
//! In protocol 4 only pings count: a server that talks and does not ping is taken for gone, as in
//! the reference. Deadlines belong to the session and stand across an upgrade.

use super::{Event, Session, Timer};
use crate::{Open, Outgoing, Version};
use core::time::Duration;

/// What the server said in its handshake.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
}

impl Session {
    pub(super) fn start_heartbeat(&mut self, open: &Open) {
        self.heartbeat = Heartbeat {
            interval: open.ping_interval,
            timeout: open.ping_timeout,
        };
        self.extend_deadline();
        if self.config.version == Version::V3 {
            self.timers
                .set(Timer::Ping, self.now + self.heartbeat.interval);
        }
    }

    /// Protocol 3: the next ping is due.
    pub(super) fn send_ping(&mut self) {
        self.outbox.push(Outgoing::packet("2"));
        self.timers
            .set(Timer::Deadline, self.now + self.heartbeat.timeout);
    }

    /// Any packet came.
    pub(super) fn heard(&mut self) {
        if self.config.version == Version::V3 {
            self.extend_deadline();
        }
    }

    /// A ping came. Servers of protocol 3 have none.
    pub(super) fn pinged(&mut self) {
        if self.config.version == Version::V4 {
            self.outbox.push_pong();
            self.extend_deadline();
            self.events.push(Event::Ping);
        }
    }

    /// A pong came. Servers of protocol 4 have none outside of an upgrade.
    pub(super) fn ponged(&mut self) {
        if self.config.version == Version::V3 {
            self.timers
                .set(Timer::Ping, self.now + self.heartbeat.interval);
            self.events.push(Event::Ping);
        }
    }

    fn extend_deadline(&mut self) {
        let Heartbeat { interval, timeout } = self.heartbeat;
        self.timers
            .set(Timer::Deadline, self.now + interval + timeout);
    }
}
