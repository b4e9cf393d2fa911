//! The end of a session: who is told what, and when it is over.

use super::{Event, Session, State, timers::Timer};
use crate::{CloseReason, Instant, Outgoing, Transport};

impl Session {
    /// Ends the session at once. A waiting GET is answered with what waits and `1`; a framed link
    /// gets what waits and is finished; a polling client that does not wait hears nothing.
    pub(super) fn terminate(&mut self, reason: CloseReason, now: Instant) {
        self.terminate_with(reason, "1", now);
    }

    /// As [`terminate`](Self::terminate), with this packet to a waiting GET.
    pub(super) fn terminate_with(
        &mut self,
        reason: CloseReason,
        farewell: &'static str,
        now: Instant,
    ) {
        match self.state {
            State::Open => {
                // Nobody reads any more, or not fast enough.
                if matches!(reason, CloseReason::PingTimeout | CloseReason::Overflow) {
                    self.outbox.clear();
                }
                self.events.push(Event::Closed(reason));
                self.hang_up(farewell, now);
            }
            State::Closing if self.transport == Transport::Polling => self.hang_up(farewell, now),
            State::Closing | State::Closed => {}
        }
    }

    /// The regular close by this side.
    pub(super) fn close_gracefully(&mut self, now: Instant) {
        // What was sent before belongs to the GET that waits, not behind the close.
        self.answer_poll();
        if self.transport != Transport::Polling || self.polling.is_waiting() {
            self.terminate(CloseReason::Forced, now);
            return;
        }
        self.events.push(Event::Closed(CloseReason::ForcedServer));
        self.state = State::Closing;
        self.timers.clear(Timer::Ping);
        self.timers.clear(Timer::Pong);
        // A candidate keeps its timer: its `5` may carry out the close.
        self.timers
            .set(Timer::Close, now + self.config.close_timeout);
    }

    /// A GET came while the session waits for one to say goodbye: first what waits, alone; then a
    /// noop and the close, in this order, as the reference sends them.
    pub(super) fn close_by_poll(&mut self) {
        if self.outbox.is_empty() {
            self.outbox.push(Outgoing::packet("6"));
            self.outbox.push(Outgoing::packet("1"));
            self.answer_poll();
            self.finish();
        } else {
            self.answer_poll();
        }
    }

    /// Ends a close that waits for a polling client. Links are left to finish.
    pub(super) fn stop_waiting(&mut self, now: Instant) {
        if self.transport == Transport::Polling {
            self.hang_up("1", now);
        }
    }

    /// The close timeout has come: whoever was to pull something does not.
    pub(super) fn give_up(&mut self, now: Instant) {
        self.links.forget();
        self.finish();
        if self.links.are_finishing() {
            // A candidate that learns only now; it gets its own time.
            self.timers
                .set(Timer::Close, now + self.config.close_timeout);
        }
    }

    /// Everything was said.
    pub(super) fn finish(&mut self) {
        self.state = State::Closed;
        self.outbox.clear();
        self.drop_candidate();
        self.discard_push();
        self.timers.clear(Timer::Noop);
        self.settle();
    }

    /// The close timer is of no more use once nothing waits.
    pub(super) fn settle(&mut self) {
        if self.state == State::Closed && !self.links.are_finishing() {
            self.timers.clear(Timer::Close);
        }
    }

    /// May a request of this session still come? If not, its id is as good as unknown, though its
    /// link may have something left to pull.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        match self.state {
            State::Open => true,
            State::Closing => self.transport == Transport::Polling,
            State::Closed => false,
        }
    }

    fn hang_up(&mut self, farewell: &'static str, now: Instant) {
        for timer in [Timer::Ping, Timer::Pong] {
            self.timers.clear(timer);
        }
        self.timers
            .set(Timer::Close, now + self.config.close_timeout);
        self.state = State::Closing;
        if self.polling.is_waiting() {
            self.outbox.push(Outgoing::packet(farewell));
            self.answer_poll();
        }
        self.discard_push();
        if self.links.has_current() {
            self.drop_candidate();
        } else {
            self.finish();
        }
    }
}
