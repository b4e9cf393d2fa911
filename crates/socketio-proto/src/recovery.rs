//! Connection state recovery, the server's half: a client whose connection broke comes back as the
//! same socket, and gets what it has missed.
//!
//! ```text
//!                      Store, one per namespace
//!          ┌──────────────────────────────────────────────┐
//!  event ─►│ log        0   1   2   3   4   5             │  every event that is neither volatile
//!          │            ▲           ▲       ▲             │  nor wants an answer, with its target
//!          │          since       offset   left           │
//!          │                                              │
//!          │ sessions   private id ─► id, rooms, data     │  of sockets that are here, and of those
//!          └──────────────────────────────────────────────┘  that went a short while ago
//! ```
//!
//! 1. A socket that is let in gets a [`PrivateId`] beside its id, in the reply to its CONNECT. It
//!    is a secret between the client and the server.
//! 2. Events that are recorded carry an *offset*, as one more argument at the end: their place in
//!    the log. It means nothing to the client, which keeps the last one that it has seen.
//! 3. When its connection breaks, the [`Store`] saves the session: id, rooms and data.
//! 4. The client comes back and says its private id and offset, a [`Claim`], in its CONNECT. If
//!    the session is there and the log reaches back far enough, it is the same socket again, and
//!    all that it has missed is sent before the CONNECT reply, in order and exactly once. If not,
//!    it is a fresh socket, and the application is told why ([`Failure`]).
//!
//! [`NamespaceCore`](crate::server::NamespaceCore) has the calls.
//!
//! # What is recorded
//!
//! Broadcasts and emits to one socket; not what is volatile or wants an acknowledgement, as in the
//! reference. These carry no offset either: a client takes whatever text is the last argument of
//! an event for one, so a volatile event that ends with a text spoils its offset until the next
//! recorded event. Such a client is a [`Failure::UnknownOffset`].
//!
//! An event is missed if its target has one of the rooms of the socket, or none at all, and
//! excepts none of them. As in the reference the rooms are those at the disconnection.
//!
//! # Beyond the reference
//!
//! * A session can be recovered before any event was received: the log is read from where the
//!   socket joined.
//! * A client that has heard nothing for long can be recovered although the log has forgotten its
//!   offset, as nothing was sent to it since.
//! * An offset of an earlier session, which clients keep by mistake, brings nothing twice.
//! * Every session has one socket at a time. One that is claimed while its socket is still here is
//!   [taken over](crate::server::Claimed::Occupied).
//! * All is bounded, by age, number and size: see [`Config`].

mod claim;
mod config;
mod log;
mod offset;
mod sessions;
mod store;

pub use claim::{Claim, Failure, PrivateId};
pub use config::Config;
pub use store::Store;

pub(crate) use log::Audience;
pub(crate) use store::Granted;
