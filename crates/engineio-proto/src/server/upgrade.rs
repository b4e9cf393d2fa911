//! From polling to a framed transport.
//!
//! ```text
//!  client                                        session
//!  opens a link with its sid          ────────►  candidate; upgrade timer
//!  "2probe" on it                     ────────►  "3probe"; the waiting GET is released by a noop
//!  GETs go on meanwhile               ────────►  what waits at once, else a noop after noop_delay
//!  "5" on it                          ────────►  the link carries the session; what waits goes there
//! ```
//!
//! | on the candidate | before the probe | after it |
//! | --- | --- | --- |
//! | `2probe` | answer `3probe` | drop the candidate |
//! | `5` | switch | switch |
//! | anything else | drop the candidate | drop the candidate |
//! | upgrade timeout | drop the candidate | drop the candidate |
//!
//! Dropping a candidate leaves the session as it was, and another may try. The reference releases
//! the waiting GET from a timer of 100 ms; here that happens at once, and the timer serves only
//! GETs that come later: neither a stall of a whole ping interval nor a busy loop of polls.

use super::{Link, Session, timers::Timer};
use crate::{Frame, Instant, PacketRef, Text, Transport};

#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) link: Link,
    pub(super) transport: Transport,
    /// It cannot take binary frames.
    pub(super) b64: bool,
    probe: Probe,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Probe {
    Awaited,
    /// The answer waits to be pulled.
    Received,
    Answered,
}

impl Candidate {
    pub(super) fn is_probed(&self) -> bool {
        self.probe != Probe::Awaited
    }
}

impl Session {
    pub(super) fn begin_upgrade(
        &mut self,
        link: Link,
        transport: Transport,
        b64: bool,
        now: Instant,
    ) {
        self.links.candidate = Some(Candidate {
            link,
            transport,
            b64,
            probe: Probe::Awaited,
        });
        self.timers
            .set(Timer::Upgrade, now + self.config.upgrade_timeout);
    }

    /// A frame on the candidate.
    pub(super) fn probe_frame(&mut self, frame: &Frame) {
        let Some(candidate) = &mut self.links.candidate else {
            return;
        };
        match self.dialect.view(frame) {
            Ok(PacketRef::Ping("probe")) if !candidate.is_probed() => {
                candidate.probe = Probe::Received;
                self.answer_noop();
            }
            Ok(PacketRef::Upgrade) => self.complete_upgrade(),
            _ => self.drop_candidate(),
        }
    }

    /// What is to be written to the candidate.
    pub(super) fn probe_answer(&mut self) -> Option<Frame> {
        let candidate = self.links.candidate.as_mut()?;
        (candidate.probe == Probe::Received).then(|| {
            candidate.probe = Probe::Answered;
            Frame::Text(Text::from("3probe"))
        })
    }

    /// Closes the candidate, if there is one.
    pub(super) fn drop_candidate(&mut self) {
        if let Some(candidate) = self.forget_candidate() {
            self.links.finish(candidate.link);
        }
    }

    /// The candidate is gone by itself.
    pub(super) fn forget_candidate(&mut self) -> Option<Candidate> {
        self.timers.clear(Timer::Upgrade);
        self.timers.clear(Timer::Noop);
        self.links.candidate.take()
    }

    fn complete_upgrade(&mut self) {
        if let Some(candidate) = self.forget_candidate() {
            self.discard_poll();
            self.switch_to(&candidate);
        }
    }
}
