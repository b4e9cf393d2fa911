//! The polling transport: one GET that waits for packets, one POST at a time that brings them.
//!
//! | | leaves when | its response |
//! | --- | --- | --- |
//! | GET | the session polls, none runs, no upgrade waits for its end | packets; only noops: the next one rests a while |
//! | POST | something waits, none runs, no upgrade waits for its end | ignored |
//!
//! Any other status than 200, and a request that comes to nothing, end the session.

use super::{Command, Exchange, Session, State, Timer, TransportError};
use crate::{Outgoing, Transport, Version, http::Method, payload};
use bytes::{Bytes, BytesMut};

#[derive(Debug, Default)]
pub(super) struct Polling {
    get: Option<Exchange>,
    post: Option<Exchange>,
}

impl Polling {
    pub(super) fn is_posting(&self) -> bool {
        self.post.is_some()
    }

    /// Does nothing run?
    pub(super) fn is_quiet(&self) -> bool {
        self.get.is_none() && self.post.is_none()
    }
}

impl Session {
    /// A request that can leave now.
    pub(super) fn next_request(&mut self) -> Option<Command> {
        if self.state == State::Leaving {
            let is_due = !self.polling.is_posting() && !self.outbox.is_empty();
            return is_due.then(|| self.post_batch());
        }
        if !self.is_live() || self.transport != Transport::Polling || self.links.is_upgrading() {
            return None;
        }
        if !self.polling.is_posting() && !self.outbox.is_empty() {
            return Some(self.post_batch());
        }
        if self.polling.get.is_some() || self.timers.is_set(Timer::Rest) {
            return None;
        }
        let exchange = Exchange(self.number());
        Some(self.get(exchange))
    }

    pub(super) fn get(&mut self, exchange: Exchange) -> Command {
        self.polling.get = Some(exchange);
        Command::Request {
            exchange,
            method: Method::Get,
            query: self.query(Transport::Polling),
            content_type: None,
            body: Bytes::new(),
        }
    }

    pub(super) fn response(&mut self, exchange: Exchange, status: u16, body: &Bytes) {
        if status != 200 {
            self.failed(exchange, Some(status));
        } else if self.polling.get == Some(exchange) {
            self.polling.get = None;
            if matches!(self.state, State::Opening | State::Open | State::Draining) {
                self.receive_body(body);
            }
            self.progress();
        } else if self.polling.post == Some(exchange) {
            self.polling.post = None;
            self.timers.clear(Timer::Request);
            self.progress();
        }
    }

    pub(super) fn failed(&mut self, exchange: Exchange, status: Option<u16>) {
        let error = if self.polling.get == Some(exchange) {
            self.polling.get = None;
            TransportError::Poll { status }
        } else if self.polling.post == Some(exchange) {
            self.polling.post = None;
            TransportError::Post { status }
        } else {
            return;
        };
        if self.state == State::Leaving {
            self.progress();
        } else {
            self.fail(error);
        }
    }

    /// Breaks off what runs.
    pub(super) fn cancel_requests(&mut self) {
        let running = [self.polling.get.take(), self.polling.post.take()];
        for exchange in running.into_iter().flatten() {
            self.cancel(exchange);
        }
    }

    /// A POST with as much of what waits as the server takes at once.
    fn post_batch(&mut self) -> Command {
        let count = self.batch_len();
        let encoding = match self.config.version {
            Version::V4 => payload::Encoding::V4,
            Version::V3 => {
                payload::Encoding::v3(!self.config.force_base64, self.outbox.iter().take(count))
            }
        };
        let len = self
            .outbox
            .iter()
            .take(count)
            .map(|packet| self.room_of(packet));
        let mut body = BytesMut::with_capacity(len.sum());
        payload::encode(encoding, self.outbox.iter().take(count), &mut body);
        self.outbox.drop_front(count);
        self.report_drained();
        self.post(encoding, body.freeze())
    }

    fn post(&mut self, encoding: payload::Encoding, body: Bytes) -> Command {
        let exchange = Exchange(self.number());
        self.polling.post = Some(exchange);
        Command::Request {
            exchange,
            method: Method::Post,
            query: self.query(Transport::Polling),
            content_type: Some(match encoding {
                payload::Encoding::V3Binary => "application/octet-stream",
                _ => "text/plain;charset=UTF-8",
            }),
            body,
        }
    }

    /// How many of the packets that wait fit into one POST. The first always leaves, even if it is
    /// too large on its own.
    fn batch_len(&self) -> usize {
        let mut len = 0_u64;
        let fits = |packet: &&Outgoing| {
            len = len.saturating_add(self.room_of(packet) as u64);
            // Nothing separates the last one.
            len - 1 <= self.max_payload
        };
        self.outbox.iter().take_while(fits).count().max(1)
    }

    /// Bytes of a body that this packet takes: exactly so many in protocol 4, with its separator,
    /// and no more in protocol 3.
    ///
    /// The reference estimates 1.33 bytes for each of a binary message, which is a little less than
    /// base64 needs, and may so be refused.
    fn room_of(&self, packet: &Outgoing) -> usize {
        let len = packet.text_len();
        match self.config.version {
            Version::V4 => len + 1,
            // The digits of the length, what is around them, and the type of a binary message.
            Version::V3 => len + len.max(1).ilog10() as usize + 4,
        }
    }
}
