//! Socket.IO server for tokio, over the sans-IO core in [`socketio_proto`].
//!
//! It is a layer in axum, a service in hyper or tower, or a server of its own; the official clients
//! talk to it over long-polling, WebSocket, and the upgrade between them.
//!
//! ```no_run
//! use socketio_server::{Ack, EmitError, Socket, SocketIo};
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     let (layer, io) = SocketIo::new();
//!
//!     io.on_connection(async |socket: Socket| -> Result<(), EmitError> {
//!         socket.emit("welcome", socket.id())
//!     });
//!     io.on("join", async |socket: Socket, room: String, ack: Ack| -> Result<(), EmitError> {
//!         match socket.join(&room) {
//!             Ok(()) => ack.send("ok"),
//!             Err(error) => ack.send(error.to_string()),
//!         }
//!     });
//!     io.on("say", async |socket: Socket, room: String, text: String| {
//!         socket.to(&room).emit("said", (socket.id(), text))
//!     });
//!
//!     let app = axum::Router::new().route("/", axum::routing::get(async || "hello")).layer(layer);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).await
//! }
//! ```
//!
//! # Handlers
//!
//! A handler is an async function, or closure, whose parameters say what it wants: [`Socket`],
//! [`Ack`], [`State`], [`Auth`], [`Rest`] and their like come from the surroundings, and **every
//! other parameter is the next argument of the event**, decoded by serde. Register it on the
//! [`Namespace`] (or on the [`SocketIo`], which stands for the main one) and it serves all sockets
//! at no cost for each; [`Socket::on`] adds one for a single socket.
//!
//! | parameter | what it is |
//! | --- | --- |
//! | `T: DeserializeOwned` | the next argument; one that is missing reads as `null` |
//! | [`Rest<T>`], [`Values`] | all arguments that are left |
//! | [`Ack`] | answers the event |
//! | [`Socket`] | who sent it |
//! | [`State<T>`] | what the application gave to the builder |
//! | [`Auth<T>`], [`Handshake`] | what the client connected with |
//! | [`Event`], [`Attachments`] | the event's name, its binary attachments |
//! | [`Reason`] | why the socket leaves; for `on_disconnecting` and `on_disconnect` |
//!
//! State is captured with `move |m: Msg| { let db = db.clone(); async move { .. } }`, or taken as
//! `State<Db>`.
//!
//! # Typed events
//!
//! [`events!`] declares events once for both sides: names, arguments, acknowledgements. What is
//! emitted by [`emit_typed`](Namespace::emit_typed) and handled by
//! [`on_typed`](Namespace::on_typed) is then checked by the compiler; see [`TypedHandler`]. On the
//! wire, and beside other handlers, they are events like all others.
//!
//! # What runs where
//!
//! 1. A request or a frame steps the client's machine, under the client's lock.
//! 2. Whoever stepped it takes out what that caused: answers, wake-ups, events.
//! 3. With the lock free, it starts the handlers of the events in order of arrival, in place. Each
//!    runs up to its first suspension there; what is left of it becomes a task. So handlers *start*
//!    in order, and a slow one holds up nobody. [`Namespace::serial`] runs those of a socket
//!    strictly one after another instead.
//! 4. What handlers emitted so far leaves in one write.
//!
//! There is one task per WebSocket, none per polling client, and one timer for all. No lock is held
//! while user code runs, so handlers may call anything on any socket.
//!
//! A handler that fails, panics or gets an argument of another type is reported to
//! [`on_error`](SocketIoBuilder::on_error). The socket stays connected.
//!
//! # Limits
//!
//! Whatever a client can make grow has a limit, and [`Limits`] has them all, each with its default
//! and with what happens when it is reached. The memory that one client can hold is bounded by
//! [`max_buffered`](Limits::max_buffered) (what waits to be sent),
//! [`max_packet_bytes`](Limits::max_packet_bytes) (what is being received) and
//! [`max_pending_handlers`](Limits::max_pending_handlers). How fast clients may send, and how many
//! may come, from one address or in all, is open until it is set.
//!
//! # Operations
//!
//! [`SocketIo::shutdown_with`] sends clients away gently. With the feature `metrics` the server
//! counts through the facade of that name, with `tracing` it tells what happens and runs handlers in
//! spans; names are in `docs/operations.md` of the repository. The `axum` feature reads the peer's
//! address from `ConnectInfo`, `msgpack` brings the parser `MsgPack`. The only default feature,
//! `http-compression`, compresses what polling clients get, as far as they accept it.

mod ack;
mod broadcast;
mod bundle;
mod clock;
mod dispatch;
mod drain;
mod emitter;
mod env;
mod error;
mod extensions;
mod extract;
mod handler;
mod ids;
mod limits;
mod middleware;
mod namespace;
mod namespaces;
mod options;
mod pressure;
mod run;
mod service;
mod socket;
mod socket_io;
mod stall;
mod telemetry;
mod timers;
mod transport;
mod typed;

pub mod engine;

use socketio_handler::sync;

pub use broadcast::{Broadcast, IntoRooms, Responses};
pub use drain::DrainPolicy;
pub use emitter::Emitter;
#[cfg(feature = "http-compression")]
pub use engineio_proto::config::HttpCompression;
pub use engineio_proto::config::{Cookie, Cors, CorsOrigin, SameSite};
pub use engineio_proto::http::Reject;
pub use engineio_proto::{CloseReason, Rate, Transport, Version};
pub use extensions::Extensions;
pub use extract::{Auth, EventContext, FromEvent, Handshake, State, Surroundings};
pub use handler::{Handler, TypedHandler};
pub use limits::Limits;
pub use namespace::Namespace;
pub use namespaces::ConnectAuth;
pub use options::Forbidden;
pub use service::NotFound;
pub use socket::{Reason, Recovery, Socket};
pub use socket_io::{SocketIo, SocketIoBuilder, SocketIoLayer, SocketIoService};
#[doc(inline)]
pub use socketio_handler::{
    Ack, AckError, Attachments, EmitError, Event, HandlerError, Outcome, Refusal, Rest, Values,
};
pub use socketio_observer::ListenerId;
#[cfg(feature = "msgpack")]
pub use socketio_proto::MsgPack;
pub use socketio_proto::recovery::{Config as RecoveryConfig, Failure as RecoveryFailure};
pub use socketio_proto::rooms::{Room, RoomError};
pub use socketio_proto::server::{Overflow, RoomEvent};
pub use socketio_proto::{
    Attachment, DecodeError, DisconnectReason, EmitError as EmitFailure, Format, Json, Parser,
    Payload, PayloadError, SocketId, TypedEvent, Value, events,
};
pub use transport::{ConnectionInfo, HandshakeRequest, ResponseBody};
