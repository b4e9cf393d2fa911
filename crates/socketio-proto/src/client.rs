//! The client's side: one connection to a server that is kept up, and the namespaces on it.
//!
//! ```text
//!             connect, open                 the engine opens
//!     idle ──────────────────► opening ──────────────────────► open
//!      ▲ ▲                      │    ▲                         │  │
//!      │ │ no attempt is left   │    │ the time has come       │  │ close, or the last
//!      │ └────────────────┐     ▼    │                 is lost │  │ active socket leaves
//!      │                  └──── waiting ◄──────────────────────┘  │
//!      │                                                          ▼
//!      └─────────────────────────────────────────────────────── closing
//!                     what was sent has gone out
//! ```
//!
//! A [`Manager`] has at most one engine session at a time. If it fails, or cannot be opened, the
//! next one follows after a [`Backoff`]; numbers that go on from session to session keep what
//! comes late of the last one apart from this one. Its sockets outlive connections: what they
//! could not send waits, and they ask for their namespaces again each time.
//!
//! | connection | what happens | becomes |
//! | --- | --- | --- |
//! | idle | [`connect`](Manager::connect), [`open`](Manager::open) | opening |
//! | opening | the engine opens: [`Opened`](ClientEvent::Opened), and each active socket says CONNECT | open |
//! | opening | it fails, or [`connect_timeout`](Config::connect_timeout): [`Error`](ClientEvent::Error), and [`Event::ConnectError`] for each | waiting |
//! | open | it is lost: [`Event::Disconnected`] for each, [`Closed`](ClientEvent::Closed) | waiting |
//! | waiting | the time has come: [`ReconnectAttempt`](ClientEvent::ReconnectAttempt) | opening |
//! | instead of waiting | no attempt is left: [`ReconnectFailed`](ClientEvent::ReconnectFailed); or none is wanted | idle |
//! | opening, open | [`close`](Manager::close), or the last active socket leaves: [`Closed`](ClientEvent::Closed) | closing |
//! | closing | what was sent has gone out, and the server knows | idle, or opening if that was wanted meanwhile |
//!
//! # Delivery
//!
//! | event | arrives |
//! | --- | --- |
//! | emitted while there is no connection | once, in order, with the next connection |
//! | emitted while connected | at most once: what is under way when the connection is lost is lost |
//! | [volatile](Emit::volatile) | at most once, and only if the transport is ready |
//! | with [retries](Emit::retries) | at least once, in order, unless it is given up |
//!
//! An acknowledgement that is waited for ends exactly once: with the answer, when its time is up,
//! or when the connection is lost after the event was sent.
//!
//! # Run loop
//!
//! 1. **Input.** Give what the network brings to the session through [`Manager::drive`], and time
//!    to [`Manager::handle_timeout`]. Call what the application wants.
//! 2. **Events.** Pull [`Manager::poll_event`] until `None`, and act on each after giving back
//!    the locks. Answer [`Event::AuthWanted`] by [`Manager::authorize`].
//! 3. **Commands.** Pull [`Manager::poll_command`] until `None`: start requests and links, and
//!    break them off.
//! 4. **Output.** Pull [`Manager::poll_transmit`] for each link, as fast as it can be written and
//!    no faster.
//! 5. If any of the three gave something, begin again with 2.
//! 6. **Time.** Sleep until input comes or [`Manager::poll_timeout`] is reached, and go on with
//!    1.
//!
//! A client over WebSocket, with a server that reads from a script:
//!
//! ```
//! use std::sync::Arc;
//! use engineio_proto::client::{ClientConfig, Command, Transmit};
//! use engineio_proto::{Frame, Transport};
//! use socketio_proto::client::{Auth, Config, Emit, Event, Manager, SocketOptions};
//! use socketio_proto::{Format, Instant, Json, Namespace, Payload, Text};
//!
//! let now = Instant::ZERO;
//! let engine = ClientConfig::default().path("/socket.io").transports([Transport::WebSocket]);
//! let config = Arc::new(Config::default());
//! let mut manager = Manager::new(config, Arc::new(engine), Arc::new(Json), 42);
//! let socket = manager.add(Namespace::root(), Auth::None, SocketOptions::default())?;
//! manager.connect(socket, now);
//!
//! // Before there is a connection: it waits.
//! let greeting = Payload::new(Format::Json, Some("hello"), &"you")?;
//! manager.emit(socket, greeting, Emit::default().ack(true), now)?;
//!
//! let mut script = [
//!     r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}"#,
//!     r#"40{"sid":"abc"}"#,
//!     r#"430["welcome"]"#,
//! ]
//! .into_iter();
//! let (mut link, mut log) = (None, Vec::new());
//! loop {
//!     while let Some(event) = manager.poll_event() {
//!         match event {
//!             Event::Connected { socket, .. } => {
//!                 log.push(format!("connected as {}", manager.id(socket).expect("connected")));
//!             }
//!             Event::Acked { result, .. } => {
//!                 log.push(format!("acked: {}", result?.decode::<&str>()?));
//!             }
//!             _ => {}
//!         }
//!     }
//!     while let Some(command) = manager.poll_command() {
//!         if let Command::OpenLink { link: wanted, .. } = command {
//!             link = Some(wanted);
//!             manager.drive(now, |session| session.handle_link_open(wanted, now));
//!         }
//!     }
//!     let Some(link) = link else { break };
//!     while let Some(transmit) = manager.poll_transmit(link) {
//!         if let Transmit::Frame(Frame::Text(text)) = transmit {
//!             log.push(format!("sent {text}"));
//!         }
//!     }
//!     let Some(line) = script.next() else { break };
//!     let frame = Frame::Text(Text::from(line));
//!     manager.drive(now, |session| session.handle_frame(link, frame, now));
//! }
//! assert_eq!(log, ["sent 40", "connected as abc", r#"sent 420["hello","you"]"#, "acked: welcome"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! What a server says is checked and limited by [`Config`] and the engine's `ClientConfig`; each
//! field says what happens on reaching it. A server that stays silent is given up at every stage:
//! while the engine opens ([`Config::connect_timeout`]), while a CONNECT is unanswered
//! ([`Config::namespace_timeout`]), between the parts of a packet
//! ([`Config::attachments_timeout`]), and later by the heartbeat.
//!
//! # Unlike the reference
//!
//! * Whoever waits for an acknowledgement is always told, where the reference forgets callbacks
//!   without a time limit.
//! * [`Event::Disconnected`] comes only to sockets that were connected; to others
//!   [`Event::ConnectError`] tells that the connection is lost.
//! * A new connection waits for the farewell of the one before, and a new CONNECT for the answer
//!   to one that was taken back: the reference sends both at once, and the server closes.
//! * Of a recovered session the offset is kept, of a new one none; and the name of an event is
//!   never taken for one.

mod answers;
mod backoff;
mod config;
mod connect;
mod early;
mod engine;
mod error;
mod event;
mod manager;
mod membership;
mod outbox;
mod recovery;
mod retry;

pub use backoff::Backoff;
pub use config::{Config, SocketOptions};
pub use error::{AddError, ConnectError, ConnectFailure, DisconnectReason};
pub use event::{AckToken, Auth, ClientEvent, Emit, Event, Socket};
pub use manager::Manager;
