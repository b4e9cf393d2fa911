//! The server's side: what an adapter holds per client, and per namespace.
//!
//! ```text
//!              one per client                                  one per namespace
//!  ┌─────────────────── Peer ───────────────────┐         ┌────── NamespaceCore ──────┐
//!  │                                            │  admit  │                           │
//!  │  Connection      joining ─► joined ─► left │ ──────► │  Rooms      who is where  │
//!  │   │  ▲           acks with deadlines       │ register│                           │
//!  │   │  │ messages                            │ remove  │  broadcast  encoded once  │
//!  │   ▼  │                                     │ ◄────── │             acks of many  │
//!  │  engine Session  polling, WebSocket        │ delivery│                           │
//!  └───▲──┬─────────────────────────────────────┘         └───────────────────────────┘
//!      │  ▼
//!    network
//! ```
//!
//! A [`Peer`] is an engine session and the [`Connection`] over it. It knows the sockets of one
//! client: which namespaces it has joined, what is a packet for whom, which acknowledgements are
//! outstanding. A [`NamespaceCore`] knows the members of one namespace. The two never call each
//! other: the adapter carries small values between them, under whatever locks it likes.
//!
//! # Run loop
//!
//! For each client:
//!
//! 1. **Input.** Give what the network brings to the engine through [`Peer::drive`], what the
//!    application wants to the connection through [`Peer::apply`], and time to
//!    [`Peer::handle_timeout`].
//! 2. **Events.** Pull [`Peer::poll_event`] until `None` and act on each, after giving back the
//!    locks. Answer [`Event::Connect`] by [`Connection::accept`] or [`Connection::reject`].
//! 3. **Output.** Pull [`Peer::poll_response`] for waiting HTTP requests and
//!    [`Peer::poll_transmit`] for the links, as fast as they can be written and no faster: what is
//!    not pulled counts against the send buffer.
//! 4. **Time.** Sleep until input comes or [`Peer::poll_timeout`] is reached.
//! 5. After [`Event::Closed`], once nothing is left to pull, drop the peer.
//!
//! For each namespace: [the five steps](NamespaceCore) at `NamespaceCore`.
//!
//! ```
//! use engineio_proto::server::Session;
//! use socketio_proto::server::{Event, Peer};
//! use socketio_proto::{Instant, SocketId, Text};
//!
//! /// Lets everybody in, and answers every event that wants an answer with its own arguments.
//! fn react(peer: &mut Peer, now: Instant, mut fresh_id: impl FnMut() -> Text) {
//!     while let Some(event) = peer.poll_event() {
//!         match event {
//!             Event::Connect { socket, .. } => {
//!                 let id = SocketId(fresh_id());
//!                 peer.apply(now, |connection| connection.accept(socket, id));
//!             }
//!             Event::Message { socket, payload, ack: Some(id) } => {
//!                 let Ok(arguments) = payload.values() else { continue };
//!                 let format = socketio_proto::Format::Json;
//!                 if let Ok(answer) = socketio_proto::Payload::from_values(format, None, &arguments) {
//!                     let _ = peer.apply(now, |connection| connection.ack(socket, id, answer));
//!                 }
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//! # let _ = react as fn(&mut Peer, Instant, fn() -> Text);
//! # let _ = Session::accept;
//! ```

mod config;
mod connection;
mod event;
mod namespace;
mod overflow;
mod peer;
mod requests;

pub use crate::packet::Revision;
pub use config::Config;
pub use connection::Connection;
pub use event::{ConnectLimit, Credit, Emit, Event, Outbound, Share, Socket};
pub use namespace::{
    Claimed, Delivery, Directed, NamespaceCore, NamespaceEvent, NamespaceLimits, Restored,
    RoomEvent,
};
pub use overflow::Overflow;
pub use peer::Peer;
