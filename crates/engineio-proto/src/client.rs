//! One session on the client's side, over whatever transport.
//!
//! ```text
//!             connect                open packet                  close
//!   (none) ────────────► Opening ────────────────► Open ────────────────────► Draining
//!                         │    │ ▲                  │  polling, probing,          │
//!                         │    └─┘                  │  upgrading, on one link     │ everything left,
//!                         │  try_all_transports:    │                             │ no upgrade runs
//!                         │  the next one           │ errors, ping timeout,       │ (or close timeout)
//!          errors, close, │                         │ closed by the server, abort │
//!          abort          ▼                         ▼                             ▼
//!                       ╔══════════════════ Event::Closed ═════════════════════════╗
//!                         │                         │ the server is still to be told │
//!                         ▼                         ▼                                │
//!                       Closed ◄───────────────── Leaving ◄──────────────────────────┘
//!                                it was told, or close timeout
//! ```
//!
//! # Run loop
//!
//! After [`connect`](Session::connect) and after every input:
//!
//! 1. `poll_event` until `None`; the application may `send` and `close`.
//! 2. `poll_command` until `None`: start each HTTP request, open each link, and cancel what is to
//!    be cancelled.
//! 3. `poll_transmit` for each open link while its socket takes more; after
//!    [`Finish`](Transmit::Finish) close that link. The last pulls may have made events: if there
//!    were any, begin again with 1.
//! 4. If `is_closed`, drop the session. Nothing that it began is under way.
//! 5. Otherwise sleep until `poll_timeout`, the end of a request, something of a link, or a wish of
//!    the application.
//! 6. Hand in what woke you, with the time it is, and go on with 1.
//!
//! Every [`Request`](Command::Request) ends with `handle_response` or `handle_failed`, every
//! [`OpenLink`](Command::OpenLink) with `handle_link_closed`, whether it was ever open or not; those
//! that were cancelled need not. What comes late is recognised by its number and ignored.
//!
//! A whole client, with a server that reads from a script:
//!
//! ```
//! use std::sync::Arc;
//! use engineio_proto::{
//!     CloseReason, Frame, Instant, Message, Outgoing, Text, http::Method,
//!     client::{ClientConfig, Command, Event, Session, Start, Transmit},
//! };
//!
//! let now = Instant::ZERO;
//! let mut client = Session::connect(Arc::new(ClientConfig::default()), Start::default(), now);
//! let mut log = Vec::new();
//! let (mut link, mut get) = (None, None);
//!
//! while !client.is_closed() {
//!     while let Some(event) = client.poll_event() {
//!         match event {
//!             Event::Opened(open) => {
//!                 log.push(format!("opened {}", open.sid));
//!                 client.send([Outgoing::text("hello")]).expect("there is room");
//!             }
//!             Event::Upgraded { to, .. } => log.push(format!("now on {}", to.name())),
//!             Event::Message(Message::Text(text)) => {
//!                 log.push(format!("received {text}"));
//!                 client.close(now);
//!             }
//!             Event::Closed { reason, .. } => log.push(reason.to_string()),
//!             _ => {}
//!         }
//!     }
//!     // One at a time, since this server answers at once.
//!     if let Some(command) = client.poll_command() {
//!         match command {
//!             // The handshake, and a GET that waits.
//!             Command::Request { exchange, method: Method::Get, query, .. } => {
//!                 if query.contains("sid=") {
//!                     get = Some(exchange);
//!                 } else {
//!                     let open = r#"0{"sid":"x","upgrades":["websocket"],
//!                         "pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
//!                     client.handle_response(exchange, 200, open.into(), now);
//!                 }
//!             }
//!             Command::Request { exchange, body, .. } => {
//!                 log.push(format!("POST {}", String::from_utf8_lossy(&body)));
//!                 client.handle_response(exchange, 200, "ok".into(), now);
//!             }
//!             Command::OpenLink { link: opened, .. } => {
//!                 link = Some(opened);
//!                 client.handle_link_open(opened, now);
//!             }
//!             _ => {}
//!         }
//!     }
//!     while let Some(transmit) = link.and_then(|link| client.poll_transmit(link)) {
//!         let Transmit::Frame(Frame::Text(text)) = transmit else { continue };
//!         log.push(format!("frame {text}"));
//!         let reply = |reply| Frame::Text(Text::from(reply));
//!         if text == "2probe" {
//!             client.handle_frame(link.unwrap(), reply("3probe"), now);
//!             client.handle_response(get.take().unwrap(), 200, "6".into(), now);
//!         } else if text == "5" {
//!             client.handle_frame(link.unwrap(), reply("4welcome"), now);
//!         }
//!     }
//! }
//! assert_eq!(log, [
//!     "opened x", "POST 4hello", "frame 2probe", "frame 5", "now on websocket",
//!     "received welcome", "forced close",
//! ]);
//! ```
//!
//! # Closing
//!
//! [`Event::Closed`] is the last event.
//!
//! | how it ends | reason | error | what the server gets |
//! | --- | --- | --- | --- |
//! | [`close`](Session::close), polling | `Forced` | | what waits, then a POST of `1` |
//! | … framed | `Forced` | | what waits, then the end of the link |
//! | … while opening | `Forced` | | nothing: the attempt is cancelled |
//! | [`abort`](Session::abort) | as given | | polling: a POST of `1`; framed: the end of the link |
//! | no ping in time | `PingTimeout` | | the same |
//! | something that cannot be read, over a limit, no handshake | `TransportError` | [`Server`](TransportError::Server) | the same |
//! | `1` in the answer to a GET | `TransportClose` | | nothing more |
//! | a request fails or is not answered | `TransportError` | [`Poll`](TransportError::Poll), [`Post`](TransportError::Post), [`Timeout`](TransportError::Timeout) | nothing more |
//! | the link is lost | `TransportError` | [`WebSocket`](TransportError::WebSocket), [`WebTransport`](TransportError::WebTransport) | |
//! | the link is closed, after the session was open | `TransportClose` | | |

mod close;
mod command;
mod config;
mod error;
mod event;
mod heartbeat;
mod inbound;
mod links;
mod opening;
mod polling;
mod query;
mod timers;
mod upgrade;

pub use crate::transmit::Transmit;
pub use command::{Command, Exchange, Link};
pub use config::ClientConfig;
pub use error::TransportError;
pub use event::Event;
pub use query::encode_query;

use crate::{
    CloseReason, DecodeError, Frame, Instant, Outgoing, SendError, Sid, Transport, outbox::Outbox,
    queue::Queue,
};
use alloc::sync::Arc;
use bytes::Bytes;
use heartbeat::Heartbeat;
use links::Links;
use opening::Attempts;
use polling::Polling;
use query::Stamps;
use timers::{Timer, Timers};

/// What a session begins with.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Start {
    /// For the parameter that keeps caches away: to differ from session to session, no more.
    pub seed: u64,
    /// Begin with WebSocket, if it is among the transports, wherever it stands: it has worked
    /// before, says [`has_websocket_worked`](Session::has_websocket_worked).
    pub remembered: bool,
    /// Number of the first exchange or link. With the
    /// [`next_number`](Session::next_number) of the session before, what comes late of that one is
    /// recognised and ignored.
    pub first_number: u64,
}

/// How far a session has come. See the picture in the [module's page](self).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// The open packet has not come yet.
    Opening,
    Open,
    /// Closed by the application; what waits is still to leave.
    Draining,
    /// Over for the application; the server is still to be told.
    Leaving,
    Closed,
}

/// A session with a server, from the first request to the last.
///
/// `handle_*` takes in what happened and never fails. `poll_*` takes out what is to be done; each
/// may be called at any time, and what is not pulled waits. A message leaves the buffer when it is
/// pulled: into a POST with everything that waits by then, or into a frame.
///
/// Nothing in it is random but the parameter that keeps caches away, and nothing in it looks at a
/// clock. It never begins again by itself: reconnection is for a layer above, with a new session.
#[derive(Debug)]
pub struct Session {
    config: Arc<ClientConfig>,
    state: State,
    /// The latest time it was told.
    now: Instant,
    /// Transport in use; while opening, the one that is tried.
    transport: Transport,
    /// Known once the session is open.
    sid: Option<Sid>,
    /// What the server takes in one POST.
    max_payload: u64,
    websocket_worked: bool,
    next_number: u64,
    stamps: Stamps,
    attempts: Attempts,
    timers: Timers,
    heartbeat: Heartbeat,
    outbox: Outbox,
    polling: Polling,
    links: Links,
    events: Queue<Event>,
    commands: Queue<Command>,
}

impl Session {
    /// Begins to open a session: the first command is there at once.
    #[must_use]
    pub fn connect(config: Arc<ClientConfig>, start: Start, now: Instant) -> Self {
        let mut session = Self {
            attempts: Attempts::new(&config, start.remembered),
            config,
            state: State::Opening,
            now,
            transport: Transport::Polling,
            sid: None,
            max_payload: u64::MAX,
            websocket_worked: start.remembered,
            next_number: start.first_number,
            stamps: Stamps::new(start.seed),
            timers: Timers::new(),
            heartbeat: Heartbeat::default(),
            outbox: Outbox::new(),
            polling: Polling::default(),
            links: Links::default(),
            events: Queue::new(),
            commands: Queue::new(),
        };
        session.try_next();
        session
    }

    /// A request was answered, with this status and this body, of which the adapter reads at most
    /// one byte more than [`max_payload`](ClientConfig::max_payload).
    ///
    /// The adapter follows no redirection. Any status but 200 ends the session.
    pub fn handle_response(&mut self, exchange: Exchange, status: u16, body: Bytes, now: Instant) {
        self.tick(now);
        self.response(exchange, status, &body);
    }

    /// A request came to nothing: no connection, no response, or half of one.
    pub fn handle_failed(&mut self, exchange: Exchange, now: Instant) {
        self.tick(now);
        self.failed(exchange, None);
    }

    /// A link is open.
    pub fn handle_link_open(&mut self, link: Link, now: Instant) {
        self.tick(now);
        self.link_opened(link);
    }

    /// A frame came. Frames of links that are not open, or gone, are ignored.
    pub fn handle_frame(&mut self, link: Link, frame: Frame, now: Instant) {
        self.tick(now);
        self.frame(link, frame);
    }

    /// A link broke its framing: the adapter closes it with the fitting status (1009 for a frame
    /// over the limit, 1007 for bad UTF-8). A candidate is dropped; otherwise the session closes
    /// with [`TransportError::Server`].
    pub fn handle_link_error(&mut self, link: Link, error: DecodeError, now: Instant) {
        self.tick(now);
        self.link_error(link, error);
    }

    /// A link is gone, or could not be opened: closed by its peer, or lost (`error`). A candidate
    /// is forgotten, otherwise the session closes.
    ///
    /// To be called for each link once, also after [`Transmit::Finish`] was carried out, when it
    /// changes nothing.
    pub fn handle_link_closed(&mut self, link: Link, error: bool, now: Instant) {
        self.tick(now);
        self.link_closed(link, error);
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) named has come. Too early or twice does
    /// no harm; late is late for everything once, without a burst.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.tick(now);
        while let Some(timer) = self.timers.take_due(self.now) {
            match timer {
                Timer::Deadline => self.end(CloseReason::PingTimeout, None),
                Timer::Ping => self.send_ping(),
                Timer::Request => self.fail(TransportError::Timeout),
                Timer::Upgrade => self.give_up_upgrades(),
                Timer::Probe => self.open_candidate(Transport::WebSocket),
                // `next_request` sees that it is not set.
                Timer::Rest => {}
                Timer::Close => self.give_up(),
            }
        }
    }

    /// Sends messages, in order and with nothing in between. On an error none is sent. While the
    /// session opens they wait.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] after [`close`](Self::close) or the end, [`SendError::Full`] if the
    /// batch does not fit into what [`max_buffered`](ClientConfig::max_buffered) and
    /// [`max_queued`](ClientConfig::max_queued) leave.
    pub fn send(&mut self, batch: impl IntoIterator<Item = Outgoing>) -> Result<(), SendError> {
        if !matches!(self.state, State::Opening | State::Open) {
            return Err(SendError::Closed);
        }
        let (bytes, messages) = (self.config.max_buffered, self.config.max_queued);
        self.outbox.push_batch(batch, bytes, messages)
    }

    /// Ends the session, once what waits has left and an upgrade that is past its probe has
    /// succeeded or failed, at the latest after
    /// [`close_timeout`](ClientConfig::close_timeout). Until then messages still come.
    ///
    /// While the session opens it ends at once, and what waits is dropped.
    pub fn close(&mut self, now: Instant) {
        self.tick(now);
        self.close_gracefully();
    }

    /// Ends the session at once, for this reason; what waits is dropped. After
    /// [`Event::Closed`] it gives up to tell the server as well: nothing is under way any more once
    /// the commands were pulled.
    pub fn abort(&mut self, reason: CloseReason, now: Instant) {
        self.tick(now);
        if self.state == State::Leaving {
            self.give_up();
        } else {
            self.end(reason, None);
        }
    }

    /// The next event.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// What is to be done next. A POST takes everything that was sent until this call, up to what
    /// the server takes at once.
    #[must_use]
    pub fn poll_command(&mut self) -> Option<Command> {
        self.next_request().or_else(|| self.commands.pop())
    }

    /// What is to be written to this link next. `None`: nothing now, or ever again for a link that
    /// is gone.
    #[must_use]
    pub fn poll_transmit(&mut self, link: Link) -> Option<Transmit> {
        self.transmit(link)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called. The answer changes with
    /// every input; `None`: nothing happens by itself.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Has the server opened it, and was it not closed since?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Is it over, and was every output pulled? Then it may be dropped.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed && self.events.is_empty() && self.commands.is_empty()
    }

    /// Could a message leave right now? That is what *volatile* asks.
    ///
    /// Framed: nothing waits, and the last pull found nothing. Polling: no POST runs, and nothing
    /// waits for the next. False before the session is open and after `close`.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.state == State::Open
            && match self.transport {
                Transport::Polling => !self.polling.is_posting() && self.outbox.is_empty(),
                Transport::WebSocket | Transport::WebTransport => self.outbox.is_idle(),
            }
    }

    /// Has the deadline of the server's ping passed, though nobody called
    /// [`handle_timeout`](Self::handle_timeout)? So it is after the machine was suspended: what is
    /// sent now is lost.
    #[must_use]
    pub fn is_expired(&self, now: Instant) -> bool {
        self.timers.at(Timer::Deadline).is_some_and(|at| at <= now)
    }

    /// Bytes of messages that wait to be pulled.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.outbox.bytes()
    }

    /// Bytes that [`send`](Self::send) has room for.
    #[must_use]
    pub fn room_bytes(&self) -> usize {
        self.config.max_buffered.saturating_sub(self.outbox.bytes())
    }

    /// Messages that [`send`](Self::send) has room for.
    #[must_use]
    pub fn room_messages(&self) -> usize {
        self.config.max_queued.saturating_sub(self.outbox.len())
    }

    /// Its id, once it is open.
    #[must_use]
    pub fn sid(&self) -> Option<&Sid> {
        self.sid.as_ref()
    }

    /// The transport in use; while the session opens, the one that is tried.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Has WebSocket carried this session, or answered a probe, since the last failure? If the
    /// session was [`remembered`](Start::remembered), that counts until something else happens.
    #[must_use]
    pub fn has_websocket_worked(&self) -> bool {
        self.websocket_worked
    }

    /// The number of the next exchange or link, for the [`Start`] of the next session.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.next_number
    }

    /// It is at least so late. A POST that was pulled since the last input has its time from now.
    fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if self.is_live() && self.polling.is_posting() && !self.timers.is_set(Timer::Request) {
            self.timers
                .set(Timer::Request, self.now + self.config.request_timeout);
        }
    }

    fn number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        number
    }

    /// Does the server have a session that the application still wants?
    fn is_live(&self) -> bool {
        matches!(self.state, State::Open | State::Draining)
    }

    /// Tells the application of pressure that is gone.
    fn report_drained(&mut self) {
        if self.state == State::Open && self.outbox.take_drained() {
            self.events.push(Event::Drained);
        }
    }
}
