//! An engine session and its namespaces as one machine.

use super::{Connection, Credit, Event, Outbound};
use crate::Instant;
use engineio_proto::http::Response;
use engineio_proto::{CloseReason, SendError, server as engine};

/// An engine session with the [`Connection`] over it: what an adapter holds per client.
///
/// Inputs of the network go through [`drive`](Self::drive), calls of the application through
/// [`apply`](Self::apply). Both take a closure, so that no input can forget what has to follow:
/// messages are carried up, packets down, a close both ways, until neither half has anything left
/// for the other.
#[derive(Debug)]
pub struct Peer {
    engine: engine::Session,
    connection: Connection,
    /// The latest time it was told. Polling takes no time.
    now: Instant,
}

impl Peer {
    /// Puts a connection over a session that was just accepted.
    pub fn new(engine: engine::Session, connection: Connection) -> Self {
        Self {
            engine,
            connection,
            now: Instant::ZERO,
        }
    }

    /// Runs one input of the engine: a request, a frame, the end of a link.
    pub fn drive<R>(&mut self, now: Instant, input: impl FnOnce(&mut engine::Session) -> R) -> R {
        let result = input(&mut self.engine);
        self.settle(now);
        result
    }

    /// Runs one call, or several that belong together, on the connection.
    pub fn apply<R>(&mut self, now: Instant, call: impl FnOnce(&mut Connection) -> R) -> R {
        self.connection.set_credit(self.credit());
        let result = call(&mut self.connection);
        self.settle(now);
        result
    }

    /// Does what is due in both halves.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.engine.handle_timeout(now);
        self.connection.handle_timeout(now);
        self.settle(now);
    }

    /// The session, to ask it something.
    pub fn engine(&self) -> &engine::Session {
        &self.engine
    }

    /// The connection, to ask it something.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What has happened, in order. Poll until `None`, after each input and after pulling.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        // Pulling, too, can have caused something: the last packet of a closing session has left.
        self.settle(self.now);
        self.connection.poll_event()
    }

    /// What is to be written to a framed link, as of
    /// [`Session::poll_transmit`](engine::Session::poll_transmit).
    #[must_use]
    pub fn poll_transmit(&mut self, link: engine::Link) -> Option<engine::Transmit> {
        self.engine.poll_transmit(link)
    }

    /// An answer to an HTTP request, as of
    /// [`Session::poll_response`](engine::Session::poll_response).
    #[must_use]
    pub fn poll_response(&mut self) -> Option<(engine::Exchange, Response)> {
        self.engine.poll_response()
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.engine.poll_timeout(), self.connection.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Carries up and down until both halves are quiet.
    fn settle(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.connection.watches() {
            self.connection.set_credit(self.credit());
        }
        self.carry_down();
        while let Some(event) = self.engine.poll_event() {
            match event {
                engine::Event::Message(message) => {
                    self.connection.set_credit(self.credit());
                    self.connection.handle_message(message, self.now);
                }
                engine::Event::Upgraded { to, .. } => {
                    self.connection.surface(Event::Upgraded { to });
                }
                engine::Event::Drained => self.connection.surface(Event::Drained),
                engine::Event::Closed(reason) => self.connection.handle_closed(reason, self.now),
                // The connection begins with it.
                _ => {}
            }
            self.carry_down();
        }
    }

    fn carry_down(&mut self) {
        while let Some(mark) = self.connection.poll_taken_back() {
            self.engine.take_back(mark);
        }
        while let Some(Outbound { encoded, mark, .. }) = self.connection.poll_encoded() {
            let batch = encoded.into_messages();
            let sent = match mark {
                Some(mark) => self.engine.send_marked(batch, mark),
                None => self.engine.send(batch),
            };
            // The credit has made sure of the room; a session that has closed takes nothing.
            if sent == Err(SendError::Full) {
                self.engine.close(CloseReason::Overflow, self.now);
            }
        }
        if self.connection.poll_pressed() {
            self.engine.expect_drained();
        }
        if let Some(reason) = self.connection.poll_close() {
            self.engine.close(reason, self.now);
        }
    }

    /// What the session can take at the moment.
    pub fn credit(&self) -> Credit {
        let (capacity_bytes, capacity_packets) = self.engine.capacity();
        Credit {
            writable: self.engine.is_writable(),
            capacity_bytes,
            capacity_packets,
            last_pulled: self.engine.last_pulled(),
            room_bytes: self.engine.room_bytes(),
            room_packets: self.engine.room_messages(),
        }
    }
}
