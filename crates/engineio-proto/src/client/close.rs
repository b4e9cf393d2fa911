//! The end of a session: who is told what, and when it is over.

use super::{Command, Event, Exchange, Session, State, Timer, TransportError};
use crate::{CloseReason, Outgoing, Transport};

impl Session {
    /// The regular close by this side.
    pub(super) fn close_gracefully(&mut self) {
        match self.state {
            State::Opening => self.end(CloseReason::Forced, None),
            State::Open => {
                self.state = State::Draining;
                self.timers
                    .set(Timer::Close, self.now + self.config.close_timeout);
                if !self.links.is_upgrading() {
                    self.drop_candidates();
                }
                self.progress();
            }
            State::Draining | State::Leaving | State::Closed => {}
        }
    }

    /// Ends the session, and tells the application. What waits is dropped; the server is told, if
    /// it knows of the session and can be reached.
    pub(super) fn end(&mut self, reason: CloseReason, error: Option<TransportError>) {
        if matches!(self.state, State::Leaving | State::Closed) {
            return;
        }
        let is_reachable = self.state != State::Opening
            && reason != CloseReason::TransportClose
            && matches!(error, None | Some(TransportError::Server(_)));
        self.events.push(Event::Closed { reason, error });
        self.state = State::Leaving;
        self.timers.clear_all();
        self.timers
            .set(Timer::Close, self.now + self.config.close_timeout);
        self.outbox.clear();
        self.drop_candidates();
        self.finish_current();
        if self.transport == Transport::Polling {
            if is_reachable {
                self.outbox.push(Outgoing::packet("1"));
            } else {
                self.cancel_requests();
            }
        }
        self.progress();
    }

    /// Does whatever the last input has made possible: an upgrade whose requests have ended, a
    /// close for which nothing waits any more, the very end.
    pub(super) fn progress(&mut self) {
        self.try_switch();
        let is_empty = self.outbox.is_empty() && !self.polling.is_posting();
        match self.state {
            State::Draining
                if is_empty && !self.links.is_upgrading() && !self.links.has_first() =>
            {
                self.end(CloseReason::Forced, None);
            }
            State::Leaving if is_empty && !self.links.are_finishing() => self.finish(),
            _ => {}
        }
    }

    /// The close timeout has come, or nobody wants to wait for it.
    pub(super) fn give_up(&mut self) {
        self.end(CloseReason::Forced, None);
        self.finish();
    }

    /// Breaks off all that runs.
    pub(super) fn cancel_all(&mut self) {
        self.cancel_requests();
        self.cancel_links();
    }

    pub(super) fn cancel(&mut self, exchange: Exchange) {
        // If it was not even begun, it need not be.
        let begins_it = |command: &Command| matches!(command, Command::Request { exchange: other, .. } if *other == exchange);
        if self.commands.iter().any(begins_it) {
            self.commands.remove_if(begins_it);
        } else {
            self.commands.push(Command::Cancel { exchange });
        }
    }

    fn finish(&mut self) {
        self.state = State::Closed;
        self.outbox.clear();
        self.timers.clear_all();
        self.cancel_all();
    }
}
