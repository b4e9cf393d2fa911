//! Engine.IO as a state machine without IO.
//!
//! Engine.IO carries messages between a browser and a server, over long-polling HTTP requests, over
//! WebSocket, or over the first until the second works. This crate knows all of that and does none
//! of it: it opens no socket, reads no clock, draws no random number, and needs neither `std` nor a
//! runtime. What happened goes in, what is to be done comes out, and an adapter stands between.
//!
//! ```text
//!        HTTP request                 frame            time             application
//!             │                         │                │                   │
//!   http::matches, route                │                │                   │
//!   (Reject ► response)                 │                │                   │
//!             ▼                         ▼                ▼                   ▼
//!   ┌ handle_poll, handle_push, ── handle_link, ── handle_timeout ── send, close ┐
//!   │ handle_abort                 handle_frame                                  │
//!   │                          server::Session                                   │
//!   │                                                                            │
//!   └ poll_response ────────────── poll_transmit ── poll_timeout ─── poll_event ─┘
//!             │                         │                │                   │
//!             ▼                         ▼                ▼                   ▼
//!       HTTP response                 frame           wake me           application
//! ```
//!
//! The client's side is the mirror of it. There the session makes the requests:
//!
//! ```text
//!        HTTP response            frame, or its link      time             application
//!             ▼                         ▼                  ▼                   ▼
//!   ┌ handle_response, ──────── handle_link_open, ── handle_timeout ─ send, close, abort ┐
//!   │ handle_failed             handle_frame                                             │
//!   │                          client::Session                                           │
//!   │                                                                                    │
//!   └ poll_command ──────────── poll_transmit ────── poll_timeout ──── poll_event ───────┘
//!             ▼                         ▼                  ▼                   ▼
//!   HTTP request, new link            frame             wake me           application
//! ```
//!
//! | layer | module | what it is |
//! | --- | --- | --- |
//! | codec | [`packet`], [`frame`], [`payload`], [`stream`] | bytes to packets and back; borrowed views first |
//! | HTTP | [`http`] | requests to routes, refusals, responses, CORS: pure functions |
//! | session | [`server`] | one client's life: polling, upgrade, heartbeat, buffer, close |
//! | session | [`client`] | the same on the other side: handshake, requests, probes, one attempt |
//! | door | [`admission`] | who may come in: sessions and handshakes, in all and by address |
//! | settings | [`config`] | defaults of the reference, and every limit |
//!
//! # Rules
//!
//! * **Inputs never fail.** Whatever a peer sends becomes an answer, a state and
//!   [`Event::Closed`](server::Event::Closed). Only calls of the application return errors.
//! * **Outputs wait.** Each `poll_*` may be called at any time; nothing is lost by waiting and
//!   nothing changes by asking twice. A message leaves the buffer when it is pulled, so a slow
//!   socket pulls less and the buffer is the back-pressure.
//! * **Secrets are inputs.** Session ids come from the caller, who has a source of randomness.
//! * **Time is an input.** Every input carries `now`; [`poll_timeout`](server::Session::poll_timeout)
//!   says when to call again.
//!
//! # The run loop
//!
//! That of a server; the client's is on the page of [its module](client#run-loop). After every
//! input:
//!
//! 1. `poll_event` until `None`, and let the application act: it may `send` and `close`.
//! 2. `poll_response` until `None`, and write each to its HTTP request.
//! 3. `poll_transmit` for each link while its socket takes more; after
//!    [`Finish`](server::Transmit::Finish) close that link.
//! 4. If `is_closed`, drop the session.
//! 5. Otherwise sleep until `poll_timeout`, a request, a frame, or a wish of the application.
//! 6. Hand in what woke you, with the time it is, and go on with 1.
//!
//! A whole server for one client, with requests and frames from a script instead of a network:
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use engineio_proto::{
//!     Frame, Instant, Message, Outgoing, Sid, Text, Transport,
//!     config::ServerConfig,
//!     http::{Method, Request, Route, route},
//!     payload::Encoding,
//!     server::{Event, Exchange, Session, Transmit},
//! };
//!
//! enum Input {
//!     Get(Exchange),
//!     Post(Exchange, &'static str),
//!     WebSocket,
//!     Frame(&'static str),
//!     Nothing,
//! }
//!
//! let config = Arc::new(ServerConfig::default());
//! let mut now = Instant::ZERO;
//!
//! // A request came; is it a handshake?
//! let request = Request {
//!     method: Method::Get,
//!     query: "EIO=4&transport=polling",
//!     content_type: None,
//!     origin: None,
//!     user_agent: None,
//!     is_upgrade: false,
//! };
//! let Ok(Route::Handshake(handshake)) = route(&config, &request) else { panic!("refused") };
//! handshake.check(&config).expect("protocol 4");
//! let sid = Sid::new(Text::from("from-a-random-source")).expect("legal characters");
//! let mut session = Session::accept(config, sid, &handshake, now);
//!
//! let mut log = Vec::new();
//! let mut link = None;
//! for input in [
//!     Input::Get(Exchange(1)),               // the handshake itself
//!     Input::Get(Exchange(2)),               // a poll that waits
//!     Input::Post(Exchange(3), "4hello"),    // a message, whose echo answers the poll
//!     Input::WebSocket,                      // the client tries something better
//!     Input::Frame("2probe"),
//!     Input::Frame("5"),
//!     Input::Frame("4again"),
//!     Input::Nothing,                        // until the first ping is due
//! ] {
//!     match input {
//!         Input::Get(exchange) => session.handle_poll(exchange, now),
//!         Input::Post(exchange, body) => {
//!             session.handle_push_begin(exchange, Some(Encoding::V4), now);
//!             session.handle_push(exchange, body.into(), now);
//!         }
//!         Input::WebSocket => link = session.handle_link(Transport::WebSocket, now),
//!         Input::Frame(text) => {
//!             session.handle_frame(link.unwrap(), Frame::Text(text.into()), now);
//!         }
//!         Input::Nothing => {
//!             now = session.poll_timeout().expect("a heartbeat");
//!             session.handle_timeout(now);
//!         }
//!     }
//!     while let Some(event) = session.poll_event() {
//!         if let Event::Message(Message::Text(text)) = event {
//!             session.send([Outgoing::text(&text)]).expect("there is room"); // echo
//!         }
//!     }
//!     while let Some((Exchange(number), response)) = session.poll_response() {
//!         let body = String::from_utf8_lossy(&response.body);
//!         log.push(format!("{number}: {}", body.split('{').next().unwrap()));
//!     }
//!     while let Some(transmit) = link.and_then(|link| session.poll_transmit(link)) {
//!         if let Transmit::Frame(Frame::Text(text)) = transmit {
//!             log.push(text.to_string());
//!         }
//!     }
//! }
//! assert_eq!(log, ["1: 0", "3: ok", "2: 4hello", "3probe", "4again", "2"]);
//! assert_eq!(now, Instant::ZERO + Duration::from_secs(25));
//! ```
//!
//! # Protocol revisions
//!
//! A session speaks the revision of its handshake: 4, or 3 where
//! [`allow_eio3`](config::ServerConfig::allow_eio3) lets it in. The same calls drive both
//! ([Protocol 3](server#protocol-3)); in the codecs the names of functions and encodings say `v3`.
//! Where a rule has a reason in the protocol its module says which;
//! "the reference" is the JavaScript implementation, whose observed behaviour decides.
//!
//! # Features
//!
//! * `std`, on by default, looks for the machine's best instructions for base64, UTF-8 and searches
//!   while the program runs. Without it the crate needs `alloc` only.
//! * `turbo` has another engine for base64, which is several times faster where there is AVX-512.
//!   It is young, and needs Rust 1.93.
//!
//! Either changes the speed and nothing else.
#![no_std]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::string_slice))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod admission;
pub mod client;
pub mod config;
pub mod error;
pub mod frame;
pub mod http;
pub mod packet;
pub mod payload;
pub mod server;
pub mod stream;
pub mod time;

mod outbox;
mod queue;
mod rate;
mod sid;
mod text;
mod timers;
mod transmit;
mod unicode;

pub use error::{CloseReason, DecodeError, SendError};
pub use frame::Frame;
pub use packet::{Message, Open, Outgoing, Packet, PacketRef};
pub use rate::Rate;
pub use sid::Sid;
pub use text::Text;
pub use time::Instant;

/// Protocol revision, as carried by the `EIO` query parameter.
///
/// Exactly `4` means [`V4`](Self::V4); any other value, and no value at all, means
/// [`V3`](Self::V3), which is refused by name ([`Handshake::check`](http::Handshake::check)) unless
/// [`allow_eio3`](config::ServerConfig::allow_eio3) is set.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Version {
    /// Engine.IO 3, spoken by Socket.IO 1 and 2 clients.
    V3,
    /// Engine.IO 4, spoken by Socket.IO 3 and 4 clients.
    V4,
}

/// A transport, by its name on the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Transport {
    /// `polling`: one GET that waits for packets, one POST at a time that brings them.
    Polling,
    /// `websocket`: one frame per packet.
    WebSocket,
    /// `webtransport`: length-prefixed packets on one stream ([`stream`]).
    WebTransport,
}

impl Transport {
    /// The transport with this name, compared exactly.
    ///
    /// ```
    /// use engineio_proto::Transport;
    /// assert_eq!(Transport::from_name("polling"), Some(Transport::Polling));
    /// assert_eq!(Transport::from_name("Polling"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "polling" => Some(Self::Polling),
            "websocket" => Some(Self::WebSocket),
            "webtransport" => Some(Self::WebTransport),
            _ => None,
        }
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Polling => "polling",
            Self::WebSocket => "websocket",
            Self::WebTransport => "webtransport",
        }
    }
}
