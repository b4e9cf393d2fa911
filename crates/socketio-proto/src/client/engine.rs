//! The engine below: one session at a time, its attempts, and what is known of it.

use super::backoff::Jitter;
use super::{Backoff, Config, Event};
use crate::{Body, EmitError, Encoded, Instant, Namespace, Packet, Parser, PayloadError, Revision};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use engineio_proto::client::{self, ClientConfig, Command, Session, Start};
use engineio_proto::{CloseReason, SendError};

/// How far the connection is. There is a picture on the [module's page](super).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Life {
    /// There is none, and there will be none by itself.
    Idle,
    /// The next attempt comes at this time.
    Waiting { until: Instant },
    /// The session is opening.
    Opening {
        deadline: Option<Instant>,
        /// Whether it is an attempt to reconnect.
        is_attempt: bool,
    },
    /// The session is open.
    Open,
    /// The connection was closed from here; the session sends what is left, and takes its leave.
    /// The next one waits for that, so that a server never sees two.
    Closing {
        /// Whether the next one is wanted already.
        reopen: bool,
    },
}

/// Who joins the namespace `/`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Root {
    /// Revision 4: the server, in a moment.
    Awaited,
    /// Revision 4: the server has, and no socket of ours has wanted it so far.
    Granted,
    /// As any other: who wants it says CONNECT.
    Asked,
}

/// At most one session is alive. One that has ended stays until its last outputs were pulled, or
/// until the next one begins.
#[derive(Debug)]
pub(super) struct Engine {
    config: Arc<ClientConfig>,
    pub(super) life: Life,
    session: Option<Session>,
    /// What a session that is gone wants to be cancelled.
    commands: VecDeque<Command>,
    /// Numbers of exchanges and links go on from session to session, so that what comes late of
    /// an old one is known as such.
    next_number: u64,
    is_remembered: bool,
    jitter: Jitter,
    /// Attempts to reconnect since the last connection.
    pub(super) attempts: u32,
    /// There was no room for a packet that has to be sent.
    is_overflowing: bool,
    pub(super) root: Root,
    /// Namespaces whose CONNECT is unanswered, and not wanted any more.
    pub(super) withdrawn: Vec<Namespace>,
}

/// What comes after a connection that failed or was lost.
pub(super) enum Next {
    Attempt,
    GivenUp,
    Nothing,
}

impl Engine {
    pub(super) fn new(config: Arc<ClientConfig>, seed: u64) -> Self {
        Self {
            config,
            life: Life::Idle,
            session: None,
            commands: VecDeque::new(),
            next_number: 0,
            is_remembered: false,
            jitter: Jitter::new(seed),
            attempts: 0,
            is_overflowing: false,
            root: Root::Asked,
            withdrawn: Vec::new(),
        }
    }

    /// A new session. The one before has ended.
    pub(super) fn begin(&mut self, config: &Config, is_attempt: bool, now: Instant) {
        self.retire(now);
        let start = Start {
            seed: self.jitter.next_u64(),
            remembered: config.remember_upgrade && self.is_remembered,
            first_number: self.next_number,
        };
        self.session = Some(Session::connect(self.config.clone(), start, now));
        self.is_overflowing = false;
        self.withdrawn.clear();
        self.root = match config.revision {
            Revision::V4 => Root::Awaited,
            Revision::V5 => Root::Asked,
        };
        self.life = Life::Opening {
            deadline: config.connect_timeout.map(|timeout| now + timeout),
            is_attempt,
        };
    }

    /// The connection is over: what comes next?
    pub(super) fn wait(&mut self, backoff: Option<&Backoff>, now: Instant) -> Next {
        self.life = Life::Idle;
        let Some(backoff) = backoff else {
            return Next::Nothing;
        };
        if backoff.attempts.is_some_and(|max| self.attempts >= max) {
            self.attempts = 0;
            return Next::GivenUp;
        }
        let delay = backoff.duration(self.attempts, self.jitter.next());
        self.attempts = self.attempts.saturating_add(1);
        self.life = Life::Waiting { until: now + delay };
        Next::Attempt
    }

    /// Ends the session at once. The peer sees a connection that breaks.
    pub(super) fn abort(&mut self, reason: CloseReason, now: Instant) {
        self.life = Life::Idle;
        if let Some(session) = &mut self.session {
            session.abort(reason, now);
        }
    }

    /// Lets the session send what is left, and close. It says when it has.
    pub(super) fn close_session(&mut self, now: Instant) {
        if let Some(session) = &mut self.session {
            session.close(now);
        }
    }

    /// All messages of a packet, or none.
    pub(super) fn send(&mut self, encoded: &Encoded) -> Result<(), SendError> {
        match &mut self.session {
            Some(session) if self.life == Life::Open => {
                session.send(encoded.messages().iter().cloned())
            }
            _ => Err(SendError::Closed),
        }
    }

    /// A packet without which the protocol does not go on.
    pub(super) fn send_control(&mut self, encoded: &Encoded) {
        self.is_overflowing |= self.send(encoded) == Err(SendError::Full);
    }

    /// A CONNECT is not wanted any more. What the server answers is not for whoever asks next.
    pub(super) fn withdraw(&mut self, namespace: &Namespace) {
        if !self.withdrawn.contains(namespace) {
            self.withdrawn.push(namespace.clone());
        }
    }

    pub(super) fn take_overflow(&mut self) -> bool {
        core::mem::take(&mut self.is_overflowing)
    }

    pub(super) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    pub(super) fn session_mut(&mut self) -> Option<&mut Session> {
        self.session.as_mut()
    }

    /// The session, if it is open.
    pub(super) fn open_session(&self) -> Option<&Session> {
        self.session.as_ref().filter(|_| self.life == Life::Open)
    }

    pub(super) fn is_writable(&self) -> bool {
        self.open_session().is_some_and(Session::is_writable)
    }

    /// Whether the ping of the server is overdue although no timer has told so: the machine was
    /// asleep.
    pub(super) fn is_expired(&self, now: Instant) -> bool {
        self.open_session()
            .is_some_and(|session| session.is_expired(now))
    }

    /// Whether a packet can be sent at all.
    pub(super) fn is_sendable(&self, encoded: &Encoded, size: usize) -> bool {
        size <= self.config.max_buffered && encoded.messages().len() <= self.config.max_queued
    }

    /// What has happened to the session that is alive. Of one that is not, nothing is heard any
    /// more.
    pub(super) fn poll_event(&mut self) -> Option<client::Event> {
        let session = self.session.as_mut()?;
        match self.life {
            Life::Opening { .. } | Life::Open => session.poll_event(),
            Life::Idle | Life::Waiting { .. } | Life::Closing { .. } => {
                while session.poll_event().is_some() {}
                None
            }
        }
    }

    /// Whether no session is left, or only one that has nothing more to say.
    pub(super) fn is_over(&self) -> bool {
        self.session.as_ref().is_none_or(Session::is_closed)
    }

    pub(super) fn poll_command(&mut self) -> Option<Command> {
        self.commands
            .pop_front()
            .or_else(|| self.session.as_mut()?.poll_command())
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let own = match self.life {
            Life::Waiting { until } => Some(until),
            Life::Opening { deadline, .. } => deadline,
            Life::Idle | Life::Open | Life::Closing { .. } => None,
        };
        let session = self.session.as_ref().and_then(Session::poll_timeout);
        own.into_iter().chain(session).min()
    }

    /// Drops the session, and keeps of its outputs what ends something. If it still tries to tell
    /// the server of its end it gives up.
    pub(super) fn retire(&mut self, now: Instant) {
        let Some(mut session) = self.session.take() else {
            return;
        };
        session.abort(CloseReason::Forced, now);
        self.next_number = session.next_number();
        self.is_remembered = session.has_websocket_worked();
        while let Some(command) = session.poll_command() {
            if matches!(command, Command::Cancel { .. } | Command::CancelLink { .. }) {
                self.commands.push_back(command);
            }
        }
    }
}

/// What a socket needs of its manager to do something.
pub(super) struct Context<'a> {
    pub(super) config: &'a Config,
    pub(super) parser: &'a dyn Parser,
    pub(super) engine: &'a mut Engine,
    pub(super) events: &'a mut VecDeque<Event>,
    pub(super) now: Instant,
}

impl Context<'_> {
    pub(super) fn encode(&self, namespace: &Namespace, body: Body) -> Result<Encoded, EmitError> {
        let namespace = namespace.clone();
        self.parser
            .encode_owned(Packet { namespace, body })
            .map_err(|error| match error {
                PayloadError::Unfit(packet) => EmitError::Unfit(packet),
                _ => EmitError::Unfit("the parser"),
            })
    }

    /// Tells the application.
    pub(super) fn tell(&mut self, event: Event) {
        self.events.push_back(event);
    }
}
