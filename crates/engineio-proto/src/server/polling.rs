//! The polling transport: one GET that waits, one POST that is read.
//!
//! | request | while another of its kind is under way | otherwise |
//! | --- | --- | --- |
//! | GET | 400, the other gets `1`, closed | waits until there is something to say |
//! | POST | 400 to both, a waiting GET gets `1`, closed | `ok` when its packets were handled |

use super::{Exchange, Session, State, timers::Timer};
use crate::{
    CloseReason, Instant, Outgoing, Transport,
    http::{Handshake, Reject, Response},
    payload::Encoding,
    queue::Queue,
};
use bytes::Bytes;

#[derive(Debug)]
pub(super) struct Polling {
    get: Option<Exchange>,
    post: Option<(Exchange, Encoding)>,
    xss_protection: bool,
    /// The next response is that of the handshake.
    is_fresh: bool,
}

impl Polling {
    pub(super) fn new(handshake: &Handshake) -> Self {
        Self {
            get: None,
            post: None,
            xss_protection: handshake.xss_protection,
            is_fresh: handshake.transport == Transport::Polling,
        }
    }

    /// Is there a GET to answer?
    pub(super) fn is_waiting(&self) -> bool {
        self.get.is_some()
    }
}

impl Session {
    pub(super) fn poll_request(&mut self, exchange: Exchange, now: Instant) {
        if !self.can_take(exchange) {
            return;
        }
        if self.polling.is_waiting() {
            self.respond(exchange, Response::bad_request());
            self.terminate(CloseReason::TransportError, now);
            return;
        }
        self.polling.get = Some(exchange);
        if self.state == State::Closing {
            self.close_by_poll();
        } else if self.links.is_probing() && self.outbox.is_empty() {
            self.timers.set(Timer::Noop, now + self.config.noop_delay);
        }
    }

    pub(super) fn push_request(
        &mut self,
        exchange: Exchange,
        encoding: Option<Encoding>,
        now: Instant,
    ) {
        if !self.can_take(exchange) {
            return;
        }
        let Some(encoding) = encoding.filter(|encoding| self.dialect.reads(*encoding)) else {
            self.respond(exchange, Response::bad_request());
            self.terminate(CloseReason::TransportError, now);
            return;
        };
        if let Some((first, _)) = self.polling.post.take() {
            self.respond(first, Response::bad_request());
            self.respond(exchange, Response::bad_request());
            self.terminate(CloseReason::TransportError, now);
        } else {
            self.polling.post = Some((exchange, encoding));
        }
    }

    pub(super) fn push_body(&mut self, exchange: Exchange, body: Bytes, now: Instant) {
        if body.len() > self.config.max_payload {
            self.push_too_large(exchange, now);
        } else if let Some(encoding) = self.end_push(exchange) {
            // The packets come first: what they cause may reach the GET before the POST is answered.
            self.receive_body(encoding, body, now);
            self.respond_to_push(exchange);
        }
    }

    pub(super) fn push_too_large(&mut self, exchange: Exchange, now: Instant) {
        if self.end_push(exchange).is_some() {
            self.respond(exchange, Response::too_large());
            self.keeps_pace(self.config.max_payload, now);
        }
    }

    pub(super) fn abort(&mut self, exchange: Exchange, now: Instant) {
        self.responses.remove_if(|response| response.0 == exchange);
        if self.polling.get == Some(exchange) {
            self.polling.get = None;
            self.terminate(CloseReason::TransportError, now);
        } else if self.end_push(exchange).is_some() {
            self.terminate(CloseReason::TransportError, now);
        }
    }

    /// Answers a waiting GET if there is something to say.
    pub(super) fn answer_if_due(&mut self) {
        if self.state == State::Open && !self.outbox.is_empty() {
            self.answer_poll();
        }
    }

    /// Answers a waiting GET with all that waits. Does nothing if there is none, or no packet.
    pub(super) fn answer_poll(&mut self) {
        if self.outbox.is_empty() || self.transport != Transport::Polling {
            return;
        }
        let Some(get) = self.polling.get.take() else {
            return;
        };
        self.timers.clear(Timer::Noop);
        let dialect = &self.dialect;
        let response = self.outbox.take_all(|packets| dialect.response(packets));
        self.respond_to_poll(get, response);
        self.report_drained();
    }

    /// Releases a waiting GET: with what waits, else with a noop.
    pub(super) fn answer_noop(&mut self) {
        if self.polling.is_waiting() && self.outbox.is_empty() {
            self.outbox.push(Outgoing::packet("6"));
        }
        self.answer_poll();
    }

    /// Polling is over: a GET that still waits is answered `1`, as the reference does, and the
    /// messages stay for the next transport.
    pub(super) fn discard_poll(&mut self) {
        self.timers.clear(Timer::Noop);
        if let Some(get) = self.polling.get.take() {
            let mut farewell = Queue::new();
            farewell.push(Outgoing::packet("1"));
            let response = self.dialect.response(&farewell);
            self.respond_to_poll(get, response);
        }
    }

    /// Answers a POST whose body does not matter any more.
    pub(super) fn discard_push(&mut self) {
        if let Some((post, _)) = self.polling.post.take() {
            self.respond_to_push(post);
        }
    }

    /// Takes the POST out of its place, if it is there, for what its body is to be read as.
    fn end_push(&mut self, exchange: Exchange) -> Option<Encoding> {
        let post = self.polling.post.take_if(|(post, _)| *post == exchange);
        post.map(|(_, encoding)| encoding)
    }

    fn respond_to_push(&mut self, post: Exchange) {
        let response = Response {
            xss_protection: self.polling.xss_protection,
            ..Response::ok()
        };
        self.respond(post, response);
    }

    fn respond_to_poll(&mut self, get: Exchange, response: Response) {
        let fresh = core::mem::take(&mut self.polling.is_fresh);
        let cookie = self.config.cookie.as_ref().filter(|_| fresh);
        let response = Response {
            set_cookie: cookie.map(|cookie| cookie.header(&self.sid)),
            xss_protection: self.polling.xss_protection,
            ..response
        };
        self.respond(get, response);
    }

    /// Answers requests that [`Session::check`] would have stopped.
    fn can_take(&mut self, exchange: Exchange) -> bool {
        let reject = if self.state == State::Closed {
            Reject::UnknownSid
        } else if self.transport != Transport::Polling {
            Reject::BadRequest
        } else {
            return true;
        };
        self.respond(exchange, reject.response());
        false
    }
}
