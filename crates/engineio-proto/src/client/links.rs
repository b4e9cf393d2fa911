//! Framed connections: the one that carries the session or is to open it, candidates for an
//! upgrade, and those that are to be closed.

use super::{
    Command, Link, Session, State, Transmit, TransportError,
    upgrade::{Candidate, Stage},
};
use crate::{CloseReason, DecodeError, Frame, Outgoing, Text, Transport, Version};
use smallvec::SmallVec;

#[derive(Debug, Default)]
pub(super) struct Links {
    current: Option<Current>,
    pub(super) candidates: SmallVec<[Candidate; 1]>,
    /// Dropped; [`Transmit::Finish`] waits to be pulled. One for each transport at most: none is
    /// tried again.
    finishing: SmallVec<[Link; 1]>,
}

#[derive(Debug)]
struct Current {
    link: Link,
    is_open: bool,
    /// A packet that leaves before any other.
    first: Option<Text>,
}

impl Links {
    /// This link is to open the session.
    pub(super) fn set_current(&mut self, link: Link, transport: Transport) {
        self.current = Some(Current {
            link,
            is_open: false,
            first: (transport == Transport::WebTransport).then(|| Text::from("0")),
        });
    }

    /// This link takes over from polling.
    pub(super) fn switch_to(&mut self, link: Link) {
        self.current = Some(Current {
            link,
            is_open: true,
            first: Some(Text::from("5")),
        });
    }

    /// Has a candidate answered its probe, so that polling comes to its end?
    pub(super) fn is_upgrading(&self) -> bool {
        let mut stages = self.candidates.iter().map(|candidate| candidate.stage);
        stages.any(|stage| stage == Stage::Upgrading)
    }

    pub(super) fn has_first(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.first.is_some())
    }

    pub(super) fn are_finishing(&self) -> bool {
        !self.finishing.is_empty()
    }

    pub(super) fn finish(&mut self, link: Link) {
        self.finishing.push(link);
    }

    pub(super) fn find(&mut self, link: Link) -> Option<&mut Candidate> {
        let mut candidates = self.candidates.iter_mut();
        candidates.find(|candidate| candidate.link == link)
    }

    /// Takes a candidate out.
    pub(super) fn take(&mut self, link: Link) -> Option<Candidate> {
        let is_it = |candidate: &Candidate| candidate.link == link;
        let index = self.candidates.iter().position(is_it)?;
        Some(self.candidates.swap_remove(index))
    }

    fn current(&mut self, link: Link) -> Option<&mut Current> {
        self.current.as_mut().filter(|current| current.link == link)
    }

    fn take_finishing(&mut self, link: Link) -> bool {
        let before = self.finishing.len();
        self.finishing.retain(|finishing| *finishing != link);
        self.finishing.len() < before
    }
}

impl Session {
    pub(super) fn link_opened(&mut self, link: Link) {
        if let Some(current) = self.links.current(link) {
            current.is_open = true;
        } else {
            self.candidate_opened(link);
        }
    }

    pub(super) fn frame(&mut self, link: Link, frame: Frame) {
        if self.links.find(link).is_some() {
            self.probe_frame(link, &frame);
        } else if self
            .links
            .current(link)
            .is_some_and(|current| current.is_open)
        {
            self.receive_frame(frame);
        }
    }

    pub(super) fn link_error(&mut self, link: Link, error: DecodeError) {
        let error = TransportError::Server(error);
        if self.links.find(link).is_some() {
            self.drop_candidate(link, error);
        } else if self.links.current(link).is_some() {
            self.fail(error);
        }
    }

    pub(super) fn link_closed(&mut self, link: Link, error: bool) {
        if let Some(candidate) = self.links.take(link) {
            self.candidate_failed(candidate.transport, lost(candidate.transport));
        } else if self.links.current(link).is_some() {
            self.links.current = None;
            if error || self.state == State::Opening {
                self.fail(lost(self.transport));
            } else {
                self.end(CloseReason::TransportClose, None);
            }
        } else if self.links.take_finishing(link) {
            self.progress();
        }
    }

    pub(super) fn transmit(&mut self, link: Link) -> Option<Transmit> {
        if let Some(candidate) = self.links.find(link) {
            return candidate.next_frame().map(Transmit::Frame);
        }
        if let Some(current) = self.links.current(link).filter(|current| current.is_open) {
            if let Some(first) = current.first.take() {
                return Some(Transmit::Frame(Frame::Text(first)));
            }
            // What was sent waits for the open packet.
            if self.is_live() {
                if let Some(packet) = self.outbox.pop() {
                    return Some(Transmit::Frame(self.frame_of(packet)));
                }
                self.report_drained();
                self.progress();
            }
        }
        let finishing = self.links.take_finishing(link);
        self.progress();
        finishing.then_some(Transmit::Finish)
    }

    /// The end of the current link: with a farewell if it is open, at once if it is not.
    pub(super) fn finish_current(&mut self) {
        if let Some(current) = self.links.current.take() {
            if current.is_open {
                self.links.finish(current.link);
            } else {
                self.cancel_link(current.link);
            }
        }
    }

    /// Breaks off every link.
    pub(super) fn cancel_links(&mut self) {
        let current = self.links.current.take().map(|current| current.link);
        let candidates = core::mem::take(&mut self.links.candidates);
        let candidates = candidates.into_iter().map(|candidate| candidate.link);
        let finishing = core::mem::take(&mut self.links.finishing);
        for link in current.into_iter().chain(candidates).chain(finishing) {
            self.cancel_link(link);
        }
    }

    pub(super) fn cancel_link(&mut self, link: Link) {
        // If it was not even begun, it need not be.
        let opens_it = |command: &Command| matches!(command, Command::OpenLink { link: other, .. } if *other == link);
        if self.commands.iter().any(opens_it) {
            self.commands.remove_if(opens_it);
        } else {
            self.commands.push(Command::CancelLink { link });
        }
    }

    fn frame_of(&self, packet: Outgoing) -> Frame {
        match (self.config.version, self.config.force_base64) {
            (Version::V4, false) => packet.into_frame(),
            (Version::V4, true) => packet.into_text_frame(),
            (Version::V3, false) => packet.into_frame_v3(),
            (Version::V3, true) => packet.into_text_frame_v3(),
        }
    }
}

/// What is said of a link that is gone.
fn lost(transport: Transport) -> TransportError {
    if transport == Transport::WebTransport {
        TransportError::WebTransport
    } else {
        TransportError::WebSocket
    }
}
