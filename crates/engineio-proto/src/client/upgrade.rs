//! From polling to a framed transport.
//!
//! ```text
//!  session                                            server
//!  open: a link with its sid, for each transport  ──►
//!        that is offered and wanted
//!  "2probe" on it, once it is open                ──►
//!                                                 ◄── "3probe"
//!  no GET and no POST begins any more
//!                                                 ◄── answers the GET, with a noop if with nothing
//!  "5" on it; the link carries the session,       ──►
//!  what waits goes there
//! ```
//!
//! If both are offered, WebTransport has a head start of 200 ms. The first that answers its probe
//! wins, the others are closed. Any other answer than `3probe`, the loss of the link, and
//! [`upgrade_timeout`](super::ClientConfig::upgrade_timeout) end an attempt; it is not made again, and
//! polling goes on.

use super::{Event, Link, Session, Timer, TransportError};
use crate::{Frame, PacketRef, Text, Transport};
use core::time::Duration;

/// Time that WebTransport has alone.
const HEAD_START: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) link: Link,
    pub(super) transport: Transport,
    pub(super) stage: Stage,
    /// WebTransport: the packet that says which session it is.
    hello: Option<Text>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// The link is not open yet.
    Opening,
    /// The probe waits to be pulled.
    Open,
    /// The probe was sent.
    Probing,
    /// The probe was answered; requests are still to end.
    Upgrading,
}

impl Candidate {
    /// What is to be written to it.
    pub(super) fn next_frame(&mut self) -> Option<Frame> {
        if self.stage != Stage::Open {
            return None;
        }
        let text = self.hello.take().unwrap_or_else(|| {
            self.stage = Stage::Probing;
            Text::from("2probe")
        });
        Some(Frame::Text(text))
    }
}

impl Session {
    /// Probes what the server offers and the settings allow.
    pub(super) fn probe_all(&mut self, offered: &[Transport]) {
        let is_wanted = |transport| offered.contains(&transport) && self.attempts.has(transport);
        if !self.config.upgrade || self.transport != Transport::Polling {
            return;
        }
        let (websocket, webtransport) = (
            is_wanted(Transport::WebSocket),
            is_wanted(Transport::WebTransport),
        );
        if websocket || webtransport {
            self.timers
                .set(Timer::Upgrade, self.now + self.config.upgrade_timeout);
        }
        if webtransport {
            self.open_candidate(Transport::WebTransport);
        }
        if websocket && webtransport {
            self.timers.set(Timer::Probe, self.now + HEAD_START);
        } else if websocket {
            self.open_candidate(Transport::WebSocket);
        }
    }

    pub(super) fn open_candidate(&mut self, transport: Transport) {
        let hello = self
            .sid
            .as_ref()
            .filter(|_| transport == Transport::WebTransport)
            .map(|sid| Text::from(alloc::format!(r#"0{{"sid":"{sid}"}}"#)));
        let link = self.open_link(transport);
        self.links.candidates.push(Candidate {
            link,
            transport,
            stage: Stage::Opening,
            hello,
        });
    }

    pub(super) fn candidate_opened(&mut self, link: Link) {
        if let Some(candidate) = self.links.find(link)
            && candidate.stage == Stage::Opening
        {
            candidate.stage = Stage::Open;
        }
    }

    /// A frame on a candidate.
    pub(super) fn probe_frame(&mut self, link: Link, frame: &Frame) {
        let Some(candidate) = self.links.find(link) else {
            return;
        };
        let transport = candidate.transport;
        match (candidate.stage, frame.packet()) {
            // Not open: the adapter's mistake.
            (Stage::Opening, _) => {}
            (Stage::Probing, Ok(PacketRef::Pong("probe"))) => {
                candidate.stage = Stage::Upgrading;
                self.websocket_worked = transport == Transport::WebSocket;
                self.drop_others(link);
                self.progress();
            }
            _ => self.drop_candidate(link, TransportError::Probe),
        }
    }

    /// Closes a candidate that failed.
    pub(super) fn drop_candidate(&mut self, link: Link, error: TransportError) {
        if let Some(transport) = self.close_candidate(link) {
            self.candidate_failed(transport, error);
        }
    }

    /// A candidate is gone.
    pub(super) fn candidate_failed(&mut self, transport: Transport, error: TransportError) {
        if self.links.candidates.is_empty() && !self.timers.is_set(Timer::Probe) {
            self.timers.clear(Timer::Upgrade);
        }
        if transport == Transport::WebSocket {
            self.websocket_worked = false;
        }
        if self.is_live() {
            self.events.push(Event::UpgradeFailed { transport, error });
            self.progress();
        }
    }

    /// The upgrade timeout.
    pub(super) fn give_up_upgrades(&mut self) {
        self.timers.clear(Timer::Probe);
        while let Some(candidate) = self.links.candidates.first() {
            let link = candidate.link;
            self.drop_candidate(link, TransportError::Timeout);
        }
    }

    /// Closes all candidates, without a word to the application.
    pub(super) fn drop_candidates(&mut self) {
        self.timers.clear(Timer::Upgrade);
        self.timers.clear(Timer::Probe);
        while let Some(candidate) = self.links.candidates.first() {
            let link = candidate.link;
            self.close_candidate(link);
        }
    }

    /// Moves to the candidate that has answered its probe, if there is one and polling is at rest.
    pub(super) fn try_switch(&mut self) {
        if !self.is_live() || !self.links.is_upgrading() || !self.polling.is_quiet() {
            return;
        }
        let Some(Candidate {
            link, transport, ..
        }) = self.links.candidates.pop()
        else {
            return;
        };
        for timer in [Timer::Upgrade, Timer::Rest] {
            self.timers.clear(timer);
        }
        let from = core::mem::replace(&mut self.transport, transport);
        self.links.switch_to(link);
        self.outbox.set_busy();
        self.events.push(Event::Upgraded {
            from,
            to: transport,
        });
    }

    /// Closes all candidates but this one.
    fn drop_others(&mut self, winner: Link) {
        self.timers.clear(Timer::Probe);
        let is_other = |candidate: &&Candidate| candidate.link != winner;
        while let Some(other) = self.links.candidates.iter().find(is_other) {
            let link = other.link;
            self.close_candidate(link);
        }
    }

    fn close_candidate(&mut self, link: Link) -> Option<Transport> {
        let candidate = self.links.take(link)?;
        if candidate.stage == Stage::Opening {
            self.cancel_link(link);
        } else {
            self.links.finish(link);
        }
        Some(candidate.transport)
    }
}
