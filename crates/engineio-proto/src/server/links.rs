//! Framed connections: the current one, a candidate, and those that are to be closed.

use super::{Event, Link, Session, State, Transmit, upgrade::Candidate};
use crate::{CloseReason, DecodeError, Frame, Instant, Transport};
use smallvec::SmallVec;

/// Candidates that were dropped and not closed yet. With so many of them the next is refused: each
/// waits for its adapter, and a client can make more at will.
const MAX_FINISHING: usize = 4;

#[derive(Debug)]
pub(super) struct Links {
    /// Number of the next link.
    next: u32,
    /// Carries the session.
    current: Option<Link>,
    /// May carry it soon.
    pub(super) candidate: Option<Candidate>,
    /// Dropped; [`Transmit::Finish`] waits to be pulled.
    finishing: SmallVec<[Link; MAX_FINISHING]>,
}

impl Links {
    pub(super) fn new() -> Self {
        Self {
            next: 0,
            current: None,
            candidate: None,
            finishing: SmallVec::new(),
        }
    }

    pub(super) fn has_current(&self) -> bool {
        self.current.is_some()
    }

    pub(super) fn set_current(&mut self, link: Link) {
        self.current = Some(link);
    }

    pub(super) fn are_finishing(&self) -> bool {
        !self.finishing.is_empty()
    }

    /// Has the candidate sent its probe?
    pub(super) fn is_probing(&self) -> bool {
        self.candidate.as_ref().is_some_and(Candidate::is_probed)
    }

    /// The link is to be closed.
    pub(super) fn finish(&mut self, link: Link) {
        self.finishing.push(link);
    }

    /// Nobody asks for the links that are to be closed.
    pub(super) fn forget(&mut self) {
        self.current = None;
        self.finishing.clear();
    }

    fn allocate(&mut self) -> Link {
        let link = Link(self.next);
        self.next = self.next.wrapping_add(1);
        link
    }

    fn is_candidate(&self, link: Link) -> bool {
        self.candidate
            .as_ref()
            .is_some_and(|candidate| candidate.link == link)
    }

    pub(super) fn is_live(&self, link: Link) -> bool {
        self.current == Some(link) || self.is_candidate(link)
    }

    fn take_finishing(&mut self, link: Link) -> bool {
        let before = self.finishing.len();
        self.finishing.retain(|finishing| *finishing != link);
        self.finishing.len() < before
    }
}

impl Session {
    pub(super) fn link_opened(
        &mut self,
        transport: Transport,
        b64: bool,
        now: Instant,
    ) -> Option<Link> {
        if self.state != State::Open || self.links.finishing.len() >= MAX_FINISHING {
            return None;
        }
        if self.transport == transport && transport != Transport::Polling {
            // The numbers start at zero: this is the handshake's own link, or one too many.
            let is_first = self.links.next == 0;
            return is_first.then(|| {
                let link = self.links.allocate();
                self.links.current = Some(link);
                link
            });
        }
        let offered = self.config.upgrades(self.transport).contains(&transport);
        (offered && self.links.candidate.is_none()).then(|| {
            let link = self.links.allocate();
            self.begin_upgrade(link, transport, b64, now);
            link
        })
    }

    pub(super) fn frame(&mut self, link: Link, frame: Frame, now: Instant) {
        if frame.len() > self.config.max_payload {
            let (len, max) = (frame.len() as u64, self.config.max_payload as u64);
            self.link_error(link, DecodeError::TooLarge { len, max }, now);
        } else if self.links.is_candidate(link) {
            if self.keeps_pace(frame.len(), now) {
                self.probe_frame(&frame);
            }
        } else if self.links.current == Some(link)
            && self.state == State::Open
            && self.keeps_pace(frame.len(), now)
        {
            self.receive_frame(frame, now);
        }
    }

    pub(super) fn link_error(&mut self, link: Link, error: DecodeError, now: Instant) {
        if self.links.is_candidate(link) {
            self.drop_candidate();
        } else if self.links.current == Some(link) {
            let reason = match error {
                DecodeError::TooLarge { .. } | DecodeError::Utf8 => CloseReason::Frame(error),
                _ => CloseReason::Parse(error),
            };
            self.terminate(reason, now);
        }
    }

    pub(super) fn link_closed(&mut self, link: Link, error: bool, now: Instant) {
        if self.links.is_candidate(link) {
            self.forget_candidate();
        } else if self.links.current == Some(link) {
            self.links.current = None;
            let reason = if error {
                CloseReason::TransportError
            } else {
                CloseReason::TransportClose
            };
            match self.state {
                State::Open => self.terminate(reason, now),
                State::Closing | State::Closed => self.finish(),
            }
        } else if self.links.take_finishing(link) {
            self.settle();
        }
    }

    pub(super) fn transmit(&mut self, link: Link) -> Option<Transmit> {
        if self.links.is_candidate(link) {
            return self.probe_answer().map(Transmit::Frame);
        }
        if self.links.current == Some(link) {
            if let Some(packet) = self.outbox.pop() {
                return Some(Transmit::Frame(self.dialect.frame(packet)));
            }
            if self.state == State::Open {
                self.report_drained();
                return None;
            }
            self.links.current = None;
            self.finish();
            return Some(Transmit::Finish);
        }
        let finishing = self.links.take_finishing(link);
        self.settle();
        finishing.then_some(Transmit::Finish)
    }

    /// The candidate becomes the current link.
    pub(super) fn switch_to(&mut self, candidate: &Candidate) {
        let to = candidate.transport;
        let from = core::mem::replace(&mut self.transport, to);
        self.dialect.set_b64(candidate.b64);
        self.links.set_current(candidate.link);
        self.outbox.set_busy();
        if self.state == State::Open {
            self.events.push(Event::Upgraded { from, to });
        }
    }
}
