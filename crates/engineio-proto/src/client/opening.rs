//! The handshake: over which transport it is tried, and what it may say.
//!
//! | transport | request | the session is open with |
//! | --- | --- | --- |
//! | polling | GET without `sid` | the open packet, first in the response |
//! | WebSocket | a link without `sid` | the open packet, in the first frame |
//! | WebTransport | a link, and `0` on it | the same |

use super::{Command, Event, Exchange, Link, Session, State, Timer, TransportError};
use crate::{CloseReason, DecodeError, Open, Transport, config::ClientConfig};
use alloc::{boxed::Box, string::String};
use smallvec::SmallVec;

/// The transports that were not tried yet.
#[derive(Debug)]
pub(super) struct Attempts {
    /// Last one first.
    left: SmallVec<[Transport; 3]>,
}

impl Attempts {
    pub(super) fn new(config: &ClientConfig, remembered: bool) -> Self {
        let mut left = config.transports.clone();
        if remembered && left.contains(&Transport::WebSocket) {
            left.retain(|transport| *transport != Transport::WebSocket);
            left.insert(0, Transport::WebSocket);
        }
        left.reverse();
        Self { left }
    }

    /// Was this transport neither tried nor given up?
    pub(super) fn has(&self, transport: Transport) -> bool {
        self.left.contains(&transport)
    }
}

impl Session {
    /// Begins to open the session over the next transport.
    pub(super) fn try_next(&mut self) {
        let Some(transport) = self.attempts.left.pop() else {
            self.end(
                CloseReason::TransportError,
                Some(TransportError::NoTransport),
            );
            return;
        };
        self.transport = transport;
        self.timers
            .set(Timer::Request, self.now + self.config.request_timeout);
        if transport == Transport::Polling {
            let exchange = Exchange(self.number());
            let command = self.get(exchange);
            self.commands.push(command);
        } else {
            let link = self.open_link(transport);
            self.links.set_current(link, transport);
        }
    }

    /// The transport failed. While the session opens, another may be tried; otherwise it is over.
    pub(super) fn fail(&mut self, error: TransportError) {
        self.websocket_worked = false;
        let has_more = !self.attempts.left.is_empty();
        if self.state == State::Opening && self.config.try_all_transports && has_more {
            self.cancel_all();
            self.try_next();
        } else {
            self.end(CloseReason::TransportError, Some(error));
        }
    }

    /// The open packet came.
    pub(super) fn opened(&mut self, open: Box<Open>) -> Result<(), DecodeError> {
        let allowed = self.config.min_heartbeat..=self.config.max_heartbeat;
        for time in [open.ping_interval, open.ping_timeout] {
            if !allowed.contains(&time) {
                return Err(DecodeError::Heartbeat(time));
            }
        }
        self.state = State::Open;
        self.sid = Some(open.sid.clone());
        // As in the reference, where nothing is no limit.
        self.max_payload = if open.max_payload == 0 {
            u64::MAX
        } else {
            open.max_payload
        };
        self.websocket_worked = self.transport == Transport::WebSocket;
        self.timers.clear(Timer::Request);
        self.start_heartbeat(&open);
        let offered = open.upgrades.clone();
        self.events.push(Event::Opened(open));
        self.probe_all(&offered);
        Ok(())
    }

    /// The command that opens a link, and its number.
    pub(super) fn open_link(&mut self, transport: Transport) -> Link {
        let link = Link(self.number());
        let query = if transport == Transport::WebTransport {
            String::new()
        } else {
            self.query(transport)
        };
        self.commands.push(Command::OpenLink {
            link,
            transport,
            query,
        });
        link
    }
}
