//! One session on the server's side, whatever carries it.
//!
//! ```text
//!            accept               "2probe" on the candidate          "5" on the candidate
//!  (none) ──────────► Open ─────────────────────────────► Open, ─────────────────────────► Open
//!                    polling ◄──────────────────────────  probing                        websocket
//!                      │        upgrade timeout, wrong       │                               │
//!                      │        frame, candidate lost        │                               │
//!     close, errors,   ▼                                     ▼                               ▼
//!     ping timeout  Closing: Event::Closed was handed out, the peer is still to be told
//!                      │
//!                      ▼  everything was pulled, the peer is gone, or close timeout
//!                   Closed: nothing more happens; is_closed() once the last output was pulled
//! ```
//!
//! # Closing
//!
//! The application hears of the end at once, by [`Event::Closed`], the last event; what is left to
//! do concerns only the peer.
//!
//! | how it ends | reason | what the peer gets |
//! | --- | --- | --- |
//! | [`close`](Session::close)`(Forced)`, framed | `Forced` | what waits, then the end of the link |
//! | … polling, a GET waits | `Forced` | the GET is answered `1` |
//! | … polling, no GET waits | `ForcedServer` | next GETs: what waits, then `6` and `1`; within [`close_timeout`](crate::config::ServerConfig::close_timeout) |
//! | `close` with any other reason | that one | as above, but a polling client that does not wait hears nothing |
//! | `1` in a POST | `TransportClose` | a waiting GET is answered `6`, the POST `ok` |
//! | a packet that cannot be read | `Parse` | a waiting GET is answered `1`, the POST `ok`; framed: the end of the link |
//! | requests overlap, a GET or POST is aborted, a ping (protocol 3: a pong) | `TransportError` | a waiting GET is answered `1` |
//! | more packets or bytes per second than [may come](crate::config::ServerConfig::packet_rate) | `PacketRate`, `ByteRate` | a waiting GET is answered `1`, the POST `ok`; framed: the end of the link |
//! | no pong (protocol 3: no ping) | `PingTimeout` | a waiting GET is answered `1`; framed: the end of the link |
//! | a frame over the limit, or text that is not UTF-8 | `Frame` | the end of the link |
//! | the link goes away | `TransportClose` or `TransportError` | |
//!
//! # Protocol 3
//!
//! A session speaks the version of its handshake, and the same calls drive either: `1` above is
//! `1:1` in a polling body of protocol 3, and so on. What differs is told where it belongs: the
//! packets in [`packet`](crate::packet), the bodies in [`payload`](crate::payload), and one rule
//! here: in protocol 3 the client pings. The session answers, pings never, and ends with
//! `PingTimeout` when no ping came for [`ping_interval`](crate::config::ServerConfig::ping_interval)
//! and [`ping_timeout`](crate::config::ServerConfig::ping_timeout) together.
//!
//! # JSONP
//!
//! A polling session whose handshake has a `j` answers each GET with a script that calls the
//! function of this number, and takes the field `d` of a form as the body of a POST, whatever later
//! requests carry: see [`jsonp`](crate::http::jsonp). Both versions may poll so.

mod close;
mod dialect;
mod heartbeat;
mod inbound;
mod links;
mod pace;
mod polling;
mod timers;
mod upgrade;

pub use crate::outbox::Mark;
pub use crate::transmit::Transmit;

use crate::{
    CloseReason, DecodeError, Frame, Instant, Message, Open, Outgoing, Packet, SendError, Sid,
    Text, Transport, Version,
    config::ServerConfig,
    http::{Handshake, Reject, Response, Route},
    outbox::Outbox,
    payload::Encoding,
    queue::Queue,
};
use alloc::{boxed::Box, sync::Arc};
use bytes::{Bytes, BytesMut};
use dialect::Dialect;
use heartbeat::Heartbeat;
use links::Links;
use pace::Pace;
use polling::Polling;
use timers::{Timer, Timers};

/// One HTTP request in flight, numbered by the caller, who never uses a number twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Exchange(pub u64);

/// One framed connection, numbered by the session. A late frame of a link that is gone is
/// recognised by its number and ignored.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Link(u32);

/// What the application hears of, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The first event: the session may send.
    Opened,
    /// A message came.
    Message(Message),
    /// Another transport took over.
    Upgraded {
        /// The transport before.
        from: Transport,
        /// The transport now.
        to: Transport,
    },
    /// Nothing waits any more, after more than half of
    /// [`max_buffered`](crate::config::ServerConfig::max_buffered) did, after a batch was refused
    /// as [`Full`](SendError::Full), or if it was [expected](Session::expect_drained).
    Drained,
    /// The last event: the session ended. See [Closing](self#closing).
    Closed(CloseReason),
}

/// How far a session has come. See the picture in the [module's page](self).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Open,
    Closing,
    Closed,
}

/// A client's session, from its handshake to its end.
///
/// `handle_*` takes in what happened and never fails: what a peer does wrong becomes an answer, a
/// state and an event. `poll_*` takes out what is to be done; each may be called at any time and
/// as often as one likes, and whatever is not pulled waits. Pulling is the only sign that there is
/// room further down, so a slow reader simply pulls less.
///
/// After any `handle_*`, [`send`](Self::send) or [`close`](Self::close), ask all four: events,
/// frames of each link, responses, and the time of the next [`handle_timeout`](Self::handle_timeout).
#[derive(Debug)]
pub struct Session {
    config: Arc<ServerConfig>,
    sid: Sid,
    transport: Transport,
    state: State,
    dialect: Dialect,
    timers: Timers,
    heartbeat: Heartbeat,
    outbox: Outbox,
    polling: Polling,
    links: Links,
    /// Only if the rate of the client is limited.
    pace: Option<Box<Pace>>,
    events: Queue<Event>,
    /// Boxed: seldom more than one, and none in a session that left polling.
    responses: Queue<Box<(Exchange, Response)>>,
}

impl Session {
    /// Opens a session. `handshake` has passed its [check](Handshake::check); `sid` is unguessable
    /// and new.
    ///
    /// On polling [`handle_poll`](Self::handle_poll) comes next, with the exchange of the
    /// handshake, whose response is the open packet; on WebSocket
    /// [`handle_link`](Self::handle_link), and the open packet is the first frame.
    #[must_use]
    pub fn accept(
        config: Arc<ServerConfig>,
        sid: Sid,
        handshake: &Handshake,
        now: Instant,
    ) -> Self {
        let open = Open {
            sid: sid.clone(),
            upgrades: config.upgrades(handshake.transport),
            ping_interval: config.ping_interval,
            ping_timeout: config.ping_timeout,
            max_payload: config.max_payload as u64,
        };
        let mut packet = BytesMut::new();
        Packet::Open(Box::new(open)).encode_text(&mut packet);
        let mut outbox = Outbox::new();
        // Ids and names of transports are ASCII: the default is never taken.
        outbox.push(Outgoing::packet(Text::try_from(packet).unwrap_or_default()));
        if let Some(initial) = &config.initial_packet {
            outbox.push(initial.clone());
        }
        let mut timers = Timers::new();
        let heartbeat = Heartbeat::start(handshake.version, &mut timers, &config, now);
        let pace = Pace::start(&config, now);
        let mut events = Queue::new();
        events.push(Event::Opened);
        Self {
            config,
            sid,
            transport: handshake.transport,
            state: State::Open,
            dialect: Dialect::new(handshake),
            timers,
            heartbeat,
            outbox,
            polling: Polling::new(handshake),
            links: Links::new(),
            pace,
            events,
            responses: Queue::new(),
        }
    }

    /// A GET came. Its response follows when there is something to say.
    ///
    /// While another GET waits, both are answered (400 to this one, `1` to the other) and the
    /// session closes with [`TransportError`](CloseReason::TransportError).
    pub fn handle_poll(&mut self, exchange: Exchange, now: Instant) {
        self.poll_request(exchange, now);
    }

    /// A POST has begun: its head was read. One of [`handle_push`](Self::handle_push),
    /// [`handle_push_too_large`](Self::handle_push_too_large) and
    /// [`handle_abort`](Self::handle_abort) ends it.
    ///
    /// While another POST is being read, or without an `encoding` of its protocol version, it is
    /// answered 400 and the session closes with [`TransportError`](CloseReason::TransportError); the other
    /// POST is answered 400 as well.
    pub fn handle_push_begin(
        &mut self,
        exchange: Exchange,
        encoding: Option<Encoding>,
        now: Instant,
    ) {
        self.push_request(exchange, encoding, now);
    }

    /// The body of the POST, whole. Ignored for an exchange that was answered meanwhile.
    pub fn handle_push(&mut self, exchange: Exchange, body: Bytes, now: Instant) {
        self.push_body(exchange, body, now);
    }

    /// The body of the POST is over [`max_payload`](ServerConfig::max_payload): 413, and the
    /// session stays open. The adapter counts while it reads and stops there.
    pub fn handle_push_too_large(&mut self, exchange: Exchange, now: Instant) {
        self.push_too_large(exchange, now);
    }

    /// The HTTP peer went away before it was answered, and the session closes with
    /// [`TransportError`](CloseReason::TransportError). If the answer was ready but not pulled yet,
    /// it is dropped and the session goes on, as when a response is lost on its way.
    pub fn handle_abort(&mut self, exchange: Exchange, now: Instant) {
        self.abort(exchange, now);
    }

    /// A framed connection was opened: the one that this session began with, or a candidate for an
    /// upgrade. `None`: it is to be closed at once, which does not concern the session (a second
    /// candidate, a session that was upgraded or is closing, a transport that is not offered).
    #[must_use]
    pub fn handle_link(&mut self, transport: Transport, now: Instant) -> Option<Link> {
        self.link_opened(transport, false, now)
    }

    /// As [`handle_link`](Self::handle_link), for a [`Route::Upgrade`] with its `b64`: true if the
    /// candidate cannot take binary frames. Whether the handshake said so makes no difference, as
    /// that was about its own transport.
    #[must_use]
    pub fn handle_upgrade(
        &mut self,
        transport: Transport,
        b64: bool,
        now: Instant,
    ) -> Option<Link> {
        self.link_opened(transport, b64, now)
    }

    /// A frame came. Frames of links that are gone are ignored.
    pub fn handle_frame(&mut self, link: Link, frame: Frame, now: Instant) {
        self.frame(link, frame, now);
    }

    /// A control frame of the framing below came, with so many bytes: a ping or pong of a WebSocket,
    /// of which the adapter takes care. It counts against the rates of the client, and that is all.
    pub fn handle_control(&mut self, link: Link, bytes: usize, now: Instant) {
        if self.state == State::Open && self.links.is_live(link) {
            self.keeps_pace(bytes, now);
        }
    }

    /// A link broke its framing: the adapter closes it with the fitting status (1009 for a frame
    /// over the limit, 1007 for bad UTF-8). A candidate is dropped; otherwise the session closes,
    /// with [`Frame`](CloseReason::Frame) for these two and [`Parse`](CloseReason::Parse) for any
    /// other error.
    pub fn handle_link_error(&mut self, link: Link, error: DecodeError, now: Instant) {
        self.link_error(link, error, now);
    }

    /// A link is gone: closed by its peer, or lost (`error`). A candidate is forgotten, otherwise
    /// the session closes with [`TransportClose`](CloseReason::TransportClose) or
    /// [`TransportError`](CloseReason::TransportError). To be called for each link once, also
    /// after [`Transmit::Finish`] was carried out, when it changes nothing.
    pub fn handle_link_closed(&mut self, link: Link, error: bool, now: Instant) {
        self.link_closed(link, error, now);
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) named has come. Too early or twice does
    /// no harm; late is late for everything once, without a burst.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                Timer::Ping => {
                    self.outbox.push(Outgoing::packet("2"));
                    self.heartbeat.pinged(&mut self.timers, &self.config, now);
                }
                Timer::Pong => self.terminate(CloseReason::PingTimeout, now),
                Timer::Upgrade => self.drop_candidate(),
                Timer::Noop => self.answer_noop(),
                Timer::Close => self.give_up(now),
            }
        }
    }

    /// Sends messages, in order and with nothing in between. On an error none is sent.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] after the end, [`SendError::Full`] if the batch does not fit into what
    /// [`max_buffered`](ServerConfig::max_buffered) and [`max_queued`](ServerConfig::max_queued)
    /// leave.
    pub fn send(&mut self, batch: impl IntoIterator<Item = Outgoing>) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Closed);
        }
        let (bytes, messages) = (self.config.max_buffered, self.config.max_queued);
        self.outbox.push_batch(batch, bytes, messages)
    }

    /// As [`send`](Self::send), for a batch that may be [taken back](Self::take_back) under this
    /// mark. One that is not above those before it marks nothing.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_marked(
        &mut self,
        batch: impl IntoIterator<Item = Outgoing>,
        mark: Mark,
    ) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Closed);
        }
        let (bytes, messages) = (self.config.max_buffered, self.config.max_queued);
        self.outbox.push_marked(batch, mark, bytes, messages)
    }

    /// Takes a batch back, so that something newer gets its room. True: nothing of it will leave.
    /// False: some of it has left already, or there is none with this mark.
    pub fn take_back(&mut self, mark: Mark) -> bool {
        self.outbox.take_back(mark)
    }

    /// The last mark of which anything has left, 0 if none has: the batches with greater ones wait
    /// whole, and can be taken back.
    #[must_use]
    pub fn last_pulled(&self) -> Mark {
        self.outbox.last_pulled()
    }

    /// Asks for [`Event::Drained`] once nothing waits any more. For whoever has found out without
    /// [`send`](Self::send) that there is too little room. If nothing waits already, nothing
    /// happens.
    pub fn expect_drained(&mut self) {
        self.outbox.press();
    }

    /// Ends the session from this side. [`Event::Closed`] follows at once; what the peer gets
    /// depends on the transport: see [Closing](self#closing).
    ///
    /// [`CloseReason::Forced`] is the regular way, and is reported as
    /// [`CloseReason::ForcedServer`] if the peer can only be told later. Any other reason is
    /// reported as given, and does not wait for a polling client that is not there.
    pub fn close(&mut self, reason: CloseReason, now: Instant) {
        match (self.state, reason) {
            (State::Closed, _) => {}
            (State::Open, CloseReason::Forced | CloseReason::ForcedServer) => {
                self.close_gracefully(now);
            }
            (State::Open, reason) => self.terminate(reason, now),
            (State::Closing, CloseReason::Forced | CloseReason::ForcedServer) => {}
            (State::Closing, _) => self.stop_waiting(now),
        }
    }

    /// The next event.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// What is to be written to this link next. `None`: nothing now, or ever again for a link that
    /// is gone.
    #[must_use]
    pub fn poll_transmit(&mut self, link: Link) -> Option<Transmit> {
        self.transmit(link)
    }

    /// The next response. Each exchange gets one, unless it was aborted.
    ///
    /// A waiting GET takes everything that was sent until this call.
    #[must_use]
    pub fn poll_response(&mut self) -> Option<(Exchange, Response)> {
        self.answer_if_due();
        self.responses.pop().map(|response| *response)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called. The answer changes with
    /// every input; `None`: nothing happens by itself.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Do transport and protocol of a routed request fit this session?
    ///
    /// # Errors
    ///
    /// [`Reject::UnknownSid`] if the session is over and its peer need not be told any more (as if
    /// it were gone already), [`Reject::BadRequest`] for a request on another transport, such as a
    /// poll after the upgrade, or of another protocol version.
    pub fn check(&self, route: &Route) -> Result<(), Reject> {
        let (version, transport, is_upgrade) = match route {
            Route::Handshake(_) | Route::Preflight => return Ok(()),
            Route::Poll {
                version, transport, ..
            }
            | Route::Push {
                version, transport, ..
            }
            | Route::MethodNotAllowed {
                version, transport, ..
            } => (version, transport, false),
            Route::Upgrade {
                version, transport, ..
            } => (version, transport, true),
        };
        if !self.is_reachable() {
            return Err(Reject::UnknownSid);
        }
        // A request without an upgrade can only be a poll, whatever it and the session are named.
        let fits =
            is_upgrade || (*transport == self.transport && self.transport == Transport::Polling);
        if fits && *version == self.version() {
            Ok(())
        } else {
            Err(Reject::BadRequest)
        }
    }

    /// Could a message leave right now? That is what *volatile* asks.
    ///
    /// Framed: nothing waits, and the last pull found nothing. Polling: a GET waits, and nothing
    /// else does. False before the open packet left and from [`Event::Closed`] on.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.state == State::Open
            && match self.transport {
                Transport::Polling => self.polling.is_waiting() && self.outbox.is_empty(),
                Transport::WebSocket | Transport::WebTransport => self.outbox.is_idle(),
            }
    }

    /// Is it over, and was every output pulled? Then it may be dropped.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
            && self.events.is_empty()
            && self.responses.is_empty()
            && !self.links.are_finishing()
    }

    /// Is it neither closing nor closed?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whoever waits for room may go on: at most half of what may wait does, or the session is not
    /// open any more.
    #[must_use]
    pub fn is_relieved(&self) -> bool {
        !self.is_open()
            || self.outbox.bytes() <= self.config.max_buffered / 2
                && self.outbox.len() <= self.config.max_queued / 2
    }

    /// Bytes of messages that wait to be pulled.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.outbox.bytes()
    }

    /// Messages and other packets that wait to be pulled.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.outbox.len()
    }

    /// Bytes and messages of the whole send buffer: what is larger never fits.
    #[must_use]
    pub fn capacity(&self) -> (usize, usize) {
        (self.config.max_buffered, self.config.max_queued)
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

    /// Its id.
    #[must_use]
    pub fn sid(&self) -> &Sid {
        &self.sid
    }

    /// Protocol version of its handshake.
    #[must_use]
    pub fn version(&self) -> Version {
        self.dialect.version()
    }

    /// The transport in use.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    fn respond(&mut self, exchange: Exchange, response: Response) {
        self.responses.push(Box::new((exchange, response)));
    }

    /// Tells the application of pressure that is gone.
    fn report_drained(&mut self) {
        if self.state == State::Open && self.outbox.take_drained() {
            self.events.push(Event::Drained);
        }
    }
}
