//! Socket.IO client for tokio, and for plain threads (module [`blocking`]), over the sans-IO core in
//! [`socketio_proto`].
//!
//! It speaks with every server of the protocol's current revision, and with servers of Socket.IO 2,
//! over long-polling, WebSocket, and the upgrade between them; it reconnects by itself, and keeps
//! what is emitted meanwhile.
//!
//! ```no_run
//! use socketio_client::{Ack, Client, EmitError, Socket};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let socket = Client::builder("http://localhost:3000/chat")
//!         .on("said", async |from: String, text: String| println!("{from}: {text}"))
//!         .on("question", async |text: String, ack: Ack| -> Result<(), EmitError> {
//!             ack.send(format!("{text} I don't know."))
//!         })
//!         .on_connect(async |socket: Socket| socket.emit("join", "lobby"))
//!         .connect()
//!         .await?;
//!
//!     socket.emit("say", ("lobby", "hello"))?;
//!     let members: u32 = socket.emit_with_ack("count", "lobby").await?;
//!     println!("{members} people are here");
//!     socket.disconnect().await;
//!     Ok(())
//! }
//! ```
//!
//! # The model
//!
//! ```text
//!  Socket "/"  Socket "/admin"     handles: emit, on, connect, disconnect; clones share them
//!       └────┬────┘
//!         Client                   one connection; the last handle that goes disconnects it
//!            │ emits, connects                     ▲ handlers, events(), answers
//!            ▼                                     │
//!   socketio_proto::client::Manager                │ no IO, no clock: what to send, when to retry
//!            │ requests, links, frames             │
//!            ▼                                     │
//!         driver ──────────────────────────────────┘
//!            one task: HTTP, WebSocket, TLS, one timer; none while the client is not connected
//! ```
//!
//! # Handlers
//!
//! A handler is an async function, or closure, whose parameters say what it wants: [`Socket`],
//! [`Ack`], [`Rest`] and their like come from the surroundings, and **every other parameter is the
//! next argument of the event**, decoded by serde.
//!
//! | parameter | what it is |
//! | --- | --- |
//! | `T: DeserializeOwned` | the next argument; one that is missing reads as `null` |
//! | [`Rest<T>`], [`Values`] | all arguments that are left |
//! | [`Ack`] | answers the event |
//! | [`Socket`] | where it came in |
//! | [`Event`], [`Attachments`] | the event's name, its binary attachments |
//! | [`Reason`], [`ConnectError`] | for `on_disconnect` and `on_connect_error` |
//!
//! State is captured with `move |m: Msg| { let db = db.clone(); async move { .. } }`.
//!
//! Handlers start in the order in which their events came, in the client's task. Each runs up to
//! its first suspension there; what is left of it becomes a task of its own, so a slow one holds up
//! nobody. No lock is held meanwhile: a handler may call anything. One that fails, panics or gets
//! an argument of another type is reported to [`on_error`](ClientBuilder::on_error); the socket
//! stays connected.
//!
//! Register handlers with the builder: one that is added to a socket that is connected already
//! misses what came before. Who would rather have a stream takes [`Socket::events`].
//!
//! # Typed events
//!
//! [`events!`] declares events once for both sides: names, arguments, acknowledgements. What is
//! emitted by [`Socket::emit_typed`] and handled by [`Socket::on_typed`] is then checked by the
//! compiler; see [`TypedHandler`]. On the wire, and beside other handlers, they are events like all
//! others.
//!
//! # Connecting
//!
//! [`ClientBuilder::connect`] returns a socket that is connected, or why it could not be. From then
//! on a connection that is lost is made again, with a growing delay, and the server is asked to
//! recover the session. The server's refusal of a namespace and a disconnection by either side are
//! final: only [`Socket::connect`] comes back from these.
//!
//! [`ClientBuilder::build`] returns a socket that is not connected, for other handlers and other
//! times.
//!
//! # Cancellation
//!
//! Futures only wait. Whatever [`Socket::connect`], [`Socket::disconnect`] and
//! [`Socket::emit_with_ack`] begin has begun with the call, or with the first poll of
//! `emit_with_ack`, and is neither undone nor done twice if the future is dropped; an event that
//! [`Events::next`] has not returned is returned by the next one.
//!
//! # Limits
//!
//! Whatever a server or being offline can make grow has a limit, in
//! [`ClientConfig`](engineio_proto::client::ClientConfig) (bodies, frames, what waits in the
//! engine), in [`Config`](socketio_proto::client::Config) (packets, what waits for a connection,
//! acknowledgements) and in [`max_pending_handlers`](ClientBuilder::max_pending_handlers).
//! Redirects are not followed. A server that accepts and then is silent is given up after
//! [`timeout`](ClientBuilder::timeout), at whatever stage.
//!
//! # Features
//!
//! * `tokio`, by default: all of the above.
//! * `rustls`, by default: TLS with the cryptography of ring, which builds with a C compiler alone,
//!   and Mozilla's root certificates, which are part of the program: it reads no file and needs
//!   none. Others by [`ClientBuilder::rustls`].
//! * `native-tls`: TLS by the platform's library, which trusts what the platform trusts. It is used
//!   without `rustls`, or where [`ClientBuilder::native_tls`] asks for it.
//! * `blocking`: the client for plain threads, module [`blocking`], with TLS by rustls. Without the
//!   default features there is no async runtime among the dependencies.
//! * `blocking-native-tls`: the same, with TLS by the platform's library.
//! * `msgpack`: the parser `MsgPack`.
//!
//! Messages are not compressed: the WebSocket library has no `permessage-deflate`.
#![cfg_attr(
    not(any(feature = "tokio", feature = "_blocking")),
    allow(
        dead_code,
        unused_imports,
        unused_macros,
        rustdoc::broken_intra_doc_links
    )
)]

mod ack;
#[cfg(feature = "_blocking")]
pub mod blocking;
mod calls;
mod clock;
mod cookies;
mod core;
mod dispatch;
mod error;
mod events;
mod extract;
#[cfg(feature = "_websocket")]
mod frames;
mod handler;
mod options;
mod run;
mod settings;
mod socket_ref;
mod status;
mod target;
#[cfg(any(feature = "tokio", feature = "_blocking"))]
mod tls;
mod typed;
mod waiters;

#[cfg(feature = "tokio")]
mod client;
#[cfg(feature = "tokio")]
mod driver;
#[cfg(feature = "tokio")]
mod emitter;
#[cfg(feature = "tokio")]
mod socket;

use socketio_handler::sync;

#[cfg(feature = "tokio")]
pub use client::{Client, ClientBuilder};
#[cfg(feature = "tokio")]
pub use emitter::Emitter;
pub use engineio_proto::{Transport, Version};
pub use error::{BuildError, ConnectError, SocketError};
#[cfg(feature = "tokio")]
pub use events::Events;
pub use events::{Incoming, SocketEvent};
pub use extract::{EventContext, FromEvent, Reason, Surroundings};
#[cfg(feature = "tokio")]
pub use handler::{Handler, TypedHandler};
#[cfg(feature = "tokio")]
pub use socket::{Connecting, Disconnecting, Socket};
pub use socket_ref::SocketRef;
#[doc(inline)]
pub use socketio_handler::{
    Ack, AckError, Attachments, EmitError, Event, HandlerError, Outcome, Rest, Values,
};
pub use socketio_observer::ListenerId;
#[cfg(feature = "msgpack")]
pub use socketio_proto::MsgPack;
#[doc(inline)]
pub use socketio_proto::client::ClientEvent;
pub use socketio_proto::client::{ConnectFailure, DisconnectReason, SocketOptions};
pub use socketio_proto::{Attachment, Payload, TypedEvent, Value, events};
