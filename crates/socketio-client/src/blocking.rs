//! The client for plain threads: the same names, without any async runtime.
//!
//! ```no_run
//! use socketio_client::blocking::{Client, Socket};
//! use socketio_client::{Ack, AckError};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let socket = Client::builder("http://localhost:3000/chat")
//!         .on("said", |from: String, text: String| println!("{from}: {text}"))
//!         .on("question", |text: String, ack: Ack| {
//!             ack.send(format!("{text} I don't know."))
//!         })
//!         .on("welcome", |socket: Socket| -> Result<(), AckError> {
//!             // A handler may wait.
//!             let members: u32 = socket.emit_with_ack("count", "lobby")?;
//!             println!("{members} people are here");
//!             Ok(())
//!         })
//!         .connect()?;
//!
//!     socket.emit("say", ("lobby", "hello"))?;
//!     socket.disconnect();
//!     Ok(())
//! }
//! ```
//!
//! Whatever is not said here is as for the [client for tokio](crate): handlers ask for what they
//! want by the types of their parameters, options and limits are the same, a connection that is
//! lost is made again, and what is emitted meanwhile waits for it.
//!
//! # Threads
//!
//! ```text
//!  your threads     emit, emit_with_ack, connect, disconnect
//!       │ changes                    ▲ answers, "connected", "closed"
//!       ▼                            │
//!   Manager, behind a mutex ◀──▶ thread `socketio`            all connections, all deadlines
//!                                    │ events, in order
//!                                    ▼
//!                                thread `socketio-handlers`   one handler at a time
//! ```
//!
//! A client that is connected, or on its way there, has these two threads, whatever its number of
//! namespaces; one that is not has none. The first waits for all of its connections at once, so
//! that an emit leaves without delay, and that ends without delay which is to end; no thread sits
//! in a read that can't be called off. There is a third for as long as the system looks up the
//! server's name, one at a time, since it offers no other way.
//!
//! Handlers have a thread to themselves, so one may wait for anything: an answer, another
//! namespace, its own disconnection. Meanwhile the others wait, in order, and with
//! [`max_pending_handlers`](ClientBuilder::max_pending_handlers) events or 16 MiB of them waiting no
//! more input is read. What is emitted still leaves; but an answer that a handler waits for comes
//! only if it was not behind so many events, and otherwise ends as an error when the server is
//! taken for dead. A handler that has much to do gives it to a thread of its own.
//!
//! # Waiting
//!
//! * [`Socket::connect`] and [`Socket::disconnect`] end after the handlers for what they waited for
//!   have run; in a handler, before. Whoever calls them holds no lock that a handler needs.
//! * [`Socket::emit_with_ack`] ends with the answer, the end of the connection, or the
//!   [`timeout`](Socket::timeout).
//! * [`Events`] is an iterator, for a thread of one's own.
//! * Nothing else waits: [`Socket::emit`] only writes down what is to leave.
//!
//! Both threads end when the client is disconnected, or when its last handle is dropped: after the
//! farewell to the server, which has its time limits, and the handlers that have begun.
//!
//! # TLS
//!
//! By rustls with the feature `blocking`, by the platform's library with `blocking-native-tls`;
//! with both, [`ClientBuilder::native_tls`] chooses the latter.

mod client;
mod dispatcher;
mod driver;
mod emitter;
mod events;
mod handler;
mod socket;
mod typed;
mod wait;

pub use self::client::{Client, ClientBuilder};
pub(crate) use self::dispatcher::Dispatcher;
pub use self::emitter::Emitter;
pub use self::events::Events;
pub use self::handler::{Handler, TypedHandler};
pub use self::socket::Socket;
