//! Engine.IO over HTTP and WebSocket, for whatever runs on top: Socket.IO, or an application's own
//! protocol.
//!
//! ```text
//!  HTTP request ─► service ─► route ─► table ─► Client::step ─► machine      (one lock, one step)
//!                                                   │
//!                            replies, wake-ups ◄────┴────► dispatch ─► App::handle   (no lock)
//!  WebSocket ────► driver ───────────────────► Client::step
//!  deadline  ────► timers ───────────────────► Client::step
//! ```

mod body;
mod client;
#[cfg(feature = "http-compression")]
mod compression;
mod door;
mod driver;
mod host;
mod request;
mod service;
mod upgrade;

pub(crate) use client::{Client, Origin, State, Suspended};
pub(crate) use door::{Door, Seat};
pub(crate) use host::{Host, HostOptions};

pub use body::ResponseBody;
pub use request::{ConnectionInfo, HandshakeRequest};
pub(crate) use service::respond;

use engineio_proto::Instant;
use engineio_proto::http::Response;
use engineio_proto::server::{Exchange, Link, Session, Transmit};
use std::sync::Arc;

/// A session with whatever the application runs on it: what a [`Client`] locks, steps and pulls.
pub(crate) trait Machine: Send + 'static {
    fn drive<R>(&mut self, now: Instant, input: impl FnOnce(&mut Session) -> R) -> R;
    fn engine(&self) -> &Session;
    fn handle_timeout(&mut self, now: Instant);
    fn poll_transmit(&mut self, link: Link) -> Option<Transmit>;
    fn poll_response(&mut self) -> Option<(Exchange, Response)>;
    fn poll_timeout(&self) -> Option<Instant>;
}

/// The side of the application: makes machines, and gets what comes out of them.
pub(crate) trait App: Send + Sync + Sized + 'static {
    type Machine: Machine;
    /// What the machine reports, or what the application leaves for itself with
    /// [`Client::enqueue`].
    type Event: Send;
    /// The application's own state of one client, under the same lock as the machine.
    type Data: Default + Send;

    fn machine(&self, session: Session, now: Instant) -> Self::Machine;
    fn poll_event(machine: &mut Self::Machine) -> Option<Self::Event>;
    /// Called for one event of a client at a time, in order, with no lock held.
    fn handle(&self, client: &Arc<Client<Self>>, event: Self::Event);
}
