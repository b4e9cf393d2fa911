//! How connections come and go, and what that means for the sockets.

use super::Manager;
use crate::client::engine::{Life, Next, Root};
use crate::client::membership::{Membership, State};
use crate::client::{
    ClientEvent, Config, ConnectError, ConnectFailure, DisconnectReason, Event, Socket,
};
use crate::{DecodeError, Instant};
use engineio_proto::CloseReason;
use engineio_proto::client::{self as engine, Session};

impl Manager {
    /// Time goes on. After a sleep of the machine, what it has missed is known before the call
    /// is carried out: the event of a connection that is gone is not lost with it.
    pub(super) fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.engine.is_expired(self.now)
            && let Some(session) = self.engine.session_mut()
        {
            session.handle_timeout(self.now);
            self.settle();
        }
    }

    /// Carries up and down until engine and sockets are quiet.
    pub(super) fn settle(&mut self) {
        loop {
            while let Some(event) = self.engine.poll_event() {
                self.handle_engine(event);
            }
            self.with_all(Membership::flush);
            if self.engine.take_overflow() {
                self.engine.abort(CloseReason::Overflow, self.now);
                self.lost(&DisconnectReason::Overflow, None);
            } else if !self.finish() {
                break;
            }
        }
        if self.owes_drained && self.is_drained() {
            self.owes_drained = false;
            self.tell(ClientEvent::Drained);
        }
    }

    /// The connection is opened once more.
    pub(super) fn attempt(&mut self) {
        let attempt = self.engine.attempts;
        self.tell(ClientEvent::ReconnectAttempt { attempt });
        self.engine.begin(&self.config, true, self.now);
    }

    /// Does what is due, apart from the engine's own.
    pub(super) fn expire(&mut self) {
        let now = self.now;
        match self.engine.life {
            Life::Waiting { until } if until <= now => self.attempt(),
            Life::Opening {
                deadline: Some(deadline),
                is_attempt,
            } if deadline <= now => {
                self.engine.abort(CloseReason::TransportError, self.now);
                self.failed(&ConnectFailure::Timeout, is_attempt);
            }
            _ => {}
        }
        if self.attachments_deadline.is_some_and(|it| it <= now) {
            self.refuse(DecodeError::AttachmentsTimeout);
        }
        self.with_all(Membership::handle_timeout);
        self.expire_connects();
    }

    /// The connection is closed from here, and stays closed. Of sockets that are still active the
    /// connection is taken away.
    pub(super) fn shut(&mut self) {
        self.engine.attempts = 0;
        let reason = DisconnectReason::ForcedClose;
        match self.engine.life {
            Life::Idle => return,
            Life::Closing { .. } => {
                self.engine.life = Life::Closing { reopen: false };
                return;
            }
            Life::Waiting { .. } => self.engine.life = Life::Idle,
            Life::Opening { .. } | Life::Open => {
                self.engine.close_session(self.now);
                self.engine.life = Life::Closing { reopen: false };
            }
        }
        self.forget_session();
        self.take_away(&reason, &closed(&reason));
        self.tell(ClientEvent::Closed { reason });
    }

    /// A socket leaves because the application wants it to.
    pub(super) fn leave(&mut self, socket: Socket) {
        if !self.find(socket).is_some_and(Membership::is_active) {
            return;
        }
        self.events
            .retain(|event| !matches!(event, Event::Message { socket: of, .. } if *of == socket));
        let mut was_connected = false;
        self.with(socket, |membership, cx| match membership.deactivate() {
            State::Connected { .. } => {
                membership.say_disconnect(cx);
                was_connected = true;
            }
            // In revision 4 there was no CONNECT for the root.
            State::Connecting { .. }
                if membership.namespace().is_root() && cx.engine.root == Root::Awaited => {}
            State::Connecting { .. } => cx.engine.withdraw(membership.namespace()),
            State::Inactive | State::Waiting | State::Authorizing => {}
        });
        self.shut_if_unused();
        if was_connected {
            let reason = DisconnectReason::ClientDisconnect;
            self.with(socket, |membership, cx| membership.disconnected(reason, cx));
        }
    }

    /// Without an active socket there is no use for the connection.
    pub(super) fn shut_if_unused(&mut self) {
        if !self.sockets.values().any(Membership::is_active) {
            self.shut();
        }
    }

    /// The server has sent what is no packet, or too much.
    pub(super) fn refuse(&mut self, error: DecodeError) {
        self.engine.abort(CloseReason::Forced, self.now);
        self.lost(&DisconnectReason::Parse(error), None);
    }

    /// A session that has nothing more to say makes room. True if another one has begun.
    fn finish(&mut self) -> bool {
        if !self.engine.is_over() {
            return false;
        }
        match self.engine.life {
            Life::Opening { .. } | Life::Open => false,
            Life::Closing { reopen: true } => {
                self.engine.begin(&self.config, false, self.now);
                true
            }
            Life::Closing { reopen: false } => {
                self.engine.retire(self.now);
                self.engine.life = Life::Idle;
                false
            }
            Life::Idle | Life::Waiting { .. } => {
                self.engine.retire(self.now);
                false
            }
        }
    }

    fn is_drained(&self) -> bool {
        let is_waiting = |it: &Membership| it.buffered() > 0;
        let buffered = self.engine.open_session().map_or(0, Session::buffered);
        buffered == 0 && !self.sockets.values().any(is_waiting)
    }

    fn handle_engine(&mut self, event: engine::Event) {
        match event {
            engine::Event::Closed { reason, error } => self.handle_closed(reason, error),
            engine::Event::Opened(_) => self.opened(),
            engine::Event::Message(message) => self.handle_message(message),
            engine::Event::Upgraded { to, .. } => self.tell(ClientEvent::Upgraded { to }),
            engine::Event::UpgradeFailed { transport, .. } => {
                self.tell(ClientEvent::UpgradeFailed { transport });
            }
            engine::Event::Ping => self.tell(ClientEvent::Ping),
            _ => {}
        }
    }

    fn opened(&mut self) {
        let Life::Opening { is_attempt, .. } = self.engine.life else {
            return;
        };
        self.engine.life = Life::Open;
        self.tell(ClientEvent::Opened);
        self.with_all(Membership::ask);
        let attempt = core::mem::take(&mut self.engine.attempts);
        if is_attempt {
            self.tell(ClientEvent::Reconnected { attempt });
        }
    }

    fn handle_closed(&mut self, reason: CloseReason, error: Option<engine::TransportError>) {
        let failure = error.map(ConnectFailure::Transport);
        match self.engine.life {
            Life::Opening { is_attempt, .. } => {
                let failure = failure.unwrap_or_else(|| ConnectFailure::Closed(reason.into()));
                self.failed(&failure, is_attempt);
            }
            Life::Open => self.lost(&reason.into(), failure),
            Life::Idle | Life::Waiting { .. } | Life::Closing { .. } => {}
        }
    }

    /// The connection could not be made.
    fn failed(&mut self, failure: &ConnectFailure, was_attempt: bool) {
        self.forget_session();
        self.tell(ClientEvent::Error(failure.clone()));
        let error = ConnectError::Connection(failure.clone());
        self.take_away(&DisconnectReason::TransportError, &error);
        self.reconnect();
        if was_attempt {
            self.tell(ClientEvent::ReconnectError(failure.clone()));
        }
    }

    /// The connection was there, and is no more.
    fn lost(&mut self, reason: &DisconnectReason, failure: Option<ConnectFailure>) {
        let error = match failure {
            Some(failure) => {
                self.tell(ClientEvent::Error(failure.clone()));
                ConnectError::Connection(failure)
            }
            None => closed(reason),
        };
        self.lost_with(reason, &error);
    }

    fn lost_with(&mut self, reason: &DisconnectReason, error: &ConnectError) {
        self.forget_session();
        self.take_away(reason, error);
        let reason = reason.clone();
        self.tell(ClientEvent::Closed { reason });
        self.engine.attempts = 0;
        self.reconnect();
    }

    fn tell(&mut self, event: ClientEvent) {
        self.events.push_back(Event::Connection(event));
    }

    fn take_away(&mut self, reason: &DisconnectReason, error: &ConnectError) {
        self.with_all(|membership, cx| membership.handle_lost(reason, error, cx));
    }

    fn reconnect(&mut self) {
        match self
            .engine
            .wait(self.config.reconnection.as_ref(), self.now)
        {
            Next::GivenUp => self.tell(ClientEvent::ReconnectFailed),
            Next::Attempt | Next::Nothing => {}
        }
    }

    /// The next session begins with its first packet.
    fn forget_session(&mut self) {
        let Config {
            revision, limits, ..
        } = *self.config;
        self.decoder = self.parser.decoder_for(revision, limits);
        self.attachments_deadline = None;
    }

    /// A server that does not answer CONNECT. If there is nothing else on the connection another
    /// one may be better.
    fn expire_connects(&mut self) {
        let now = self.now;
        let has_connected = self.sockets.values().any(Membership::is_connected);
        let mut is_silent = false;
        self.with_all(|membership, cx| {
            if membership.take_unanswered(now) {
                is_silent = true;
                if has_connected {
                    membership.fail(ConnectError::Unanswered, cx);
                }
            }
        });
        if is_silent && !has_connected {
            self.engine.abort(CloseReason::Forced, now);
            self.lost_with(&DisconnectReason::ForcedClose, &ConnectError::Unanswered);
        }
    }
}

fn closed(reason: &DisconnectReason) -> ConnectError {
    ConnectError::Connection(ConnectFailure::Closed(reason.clone()))
}
