//! Settings of a server, with the defaults of the reference; those of a client are [here](ClientConfig).

use crate::{Outgoing, Rate, Transport, Version};
use alloc::string::String;
use core::time::Duration;
use smallvec::{SmallVec, smallvec};

pub use crate::client::ClientConfig;
pub use crate::http::compression::HttpCompression;
pub use crate::http::cookie::{Cookie, SameSite};
pub use crate::http::cors::{Cors, CorsOrigin};

/// Settings of a server, shared by its sessions.
///
/// Every limit on what a peer can make grow stands here, with what happens on reaching it.
///
/// ```
/// use core::time::Duration;
/// use engineio_proto::config::ServerConfig;
///
/// let config = ServerConfig::default()
///     .path("/live")
///     .ping_interval(Duration::from_secs(10));
/// assert_eq!(config.max_payload, 1_000_000);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Path of the endpoint. Default `/engine.io`; a trailing slash makes no difference.
    pub path: String,
    /// Must a slash follow the path in requests? Default true; without it, `/engine.iozzz`
    /// belongs to the endpoint as well.
    pub add_trailing_slash: bool,
    /// Transports that requests may name. Default polling and WebSocket.
    pub transports: SmallVec<[Transport; 3]>,
    /// May clients of protocol 3 come in, those of Socket.IO 1 and 2? Default false: they are
    /// refused with [`UnsupportedVersion`](crate::http::Reject::UnsupportedVersion).
    pub allow_eio3: bool,
    /// May clients poll with scripts ([JSONP](crate::http::jsonp))? Default true, as in the
    /// reference. Otherwise the `j` of a handshake makes no difference.
    ///
    /// A page of any origin may read by a script what [`cors`](Self::cors) keeps from it, with the
    /// cookies of its visitor. Switch it off where cookies let clients in and no browser without
    /// CORS is expected; an `Origin`, which a script does not send, tells nothing.
    pub jsonp: bool,
    /// May a polling session move to another transport? Default true. Otherwise none is offered
    /// and [`handle_link`](crate::server::Session::handle_link) takes no candidate.
    pub allow_upgrades: bool,
    /// Time between a pong, or the handshake, and the next ping. Default 25 s. In protocol 3 the
    /// client pings, as often as this.
    pub ping_interval: Duration,
    /// Time for a pong to arrive; then the session closes with
    /// [`PingTimeout`](crate::CloseReason::PingTimeout). Default 20 s. In protocol 3 a ping may be
    /// late by as much.
    pub ping_timeout: Duration,
    /// Time from the opening of a candidate to its `5` packet; then the candidate is dropped and
    /// the session goes on. Default 10 s.
    pub upgrade_timeout: Duration,
    /// Time for a closing session to get rid of what waits (a polling client must send another
    /// GET, a framed link must take its frames); then it is dropped. Default 30 s.
    pub close_timeout: Duration,
    /// Time that a GET waits while an upgrade is under way before a noop answers it. Default
    /// 100 ms, so that a client which polls during its upgrade neither stalls nor spins.
    pub noop_delay: Duration,
    /// Largest body of a POST, and largest frame, in bytes. Default 1,000,000, inclusive. A larger
    /// body is answered 413 and the session goes on; a larger frame closes it.
    pub max_payload: usize,
    /// Packets in the body of one POST. Default 10,000: a client's honest burst after a pause, at
    /// most some 600 kB of events. One more closes the session with
    /// [`TooMany`](crate::DecodeError::TooMany).
    pub max_packets: usize,
    /// Bytes of messages that wait to be pulled. Default 4 MiB. What does not fit is refused with
    /// [`SendError::Full`](crate::SendError::Full).
    pub max_buffered: usize,
    /// Messages that wait to be pulled, so that tiny ones cannot outgrow `max_buffered` by their
    /// bookkeeping (40 bytes each). Default 65,536. What does not fit is refused with
    /// [`SendError::Full`](crate::SendError::Full).
    pub max_queued: usize,
    /// Packets that a client may send per second, and at once: see [`Rate`]. Default `None`, no
    /// limit. Each frame is one, and each packet in the body of a POST, heartbeats and probes
    /// included. One too many closes the session with
    /// [`PacketRate`](crate::CloseReason::PacketRate).
    pub packet_rate: Option<Rate>,
    /// Bytes of frames and bodies that a client may send per second, and at once. Default `None`,
    /// no limit. The burst should not be below `max_payload`, as it is the largest message that can
    /// pass. Going over closes the session with [`ByteRate`](crate::CloseReason::ByteRate).
    pub byte_rate: Option<Rate>,
    /// A message sent to each client right behind the open packet. Default none.
    pub initial_packet: Option<Outgoing>,
    /// Cookie with the session id, set by the response to a polling handshake. Default none.
    pub cookie: Option<Cookie>,
    /// Headers for requests from other origins. Default none: no header, and OPTIONS is an error.
    pub cors: Option<Cors>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            path: String::from("/engine.io"),
            add_trailing_slash: true,
            transports: smallvec![Transport::Polling, Transport::WebSocket],
            allow_eio3: false,
            jsonp: true,
            allow_upgrades: true,
            ping_interval: Duration::from_millis(25_000),
            ping_timeout: Duration::from_millis(20_000),
            upgrade_timeout: Duration::from_millis(10_000),
            close_timeout: Duration::from_millis(30_000),
            noop_delay: Duration::from_millis(100),
            max_payload: 1_000_000,
            max_packets: 10_000,
            max_buffered: 4 * 1024 * 1024,
            max_queued: 65_536,
            packet_rate: None,
            byte_rate: None,
            initial_packet: None,
            cookie: None,
            cors: None,
        }
    }
}

/// By-value setters, one for each field.
impl ServerConfig {
    /// Sets [`path`](Self::path).
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets [`add_trailing_slash`](Self::add_trailing_slash).
    #[must_use]
    pub fn add_trailing_slash(mut self, add: bool) -> Self {
        self.add_trailing_slash = add;
        self
    }

    /// Sets [`transports`](Self::transports).
    #[must_use]
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Sets [`allow_eio3`](Self::allow_eio3).
    #[must_use]
    pub fn allow_eio3(mut self, allow: bool) -> Self {
        self.allow_eio3 = allow;
        self
    }

    /// Sets [`jsonp`](Self::jsonp).
    #[must_use]
    pub fn jsonp(mut self, allow: bool) -> Self {
        self.jsonp = allow;
        self
    }

    /// Sets [`allow_upgrades`](Self::allow_upgrades).
    #[must_use]
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.allow_upgrades = allow;
        self
    }

    /// Sets [`ping_interval`](Self::ping_interval).
    #[must_use]
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// Sets [`ping_timeout`](Self::ping_timeout).
    #[must_use]
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// Sets [`upgrade_timeout`](Self::upgrade_timeout).
    #[must_use]
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.upgrade_timeout = timeout;
        self
    }

    /// Sets [`close_timeout`](Self::close_timeout).
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Sets [`noop_delay`](Self::noop_delay).
    #[must_use]
    pub fn noop_delay(mut self, delay: Duration) -> Self {
        self.noop_delay = delay;
        self
    }

    /// Sets [`max_payload`](Self::max_payload).
    #[must_use]
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }

    /// Sets [`max_packets`](Self::max_packets).
    #[must_use]
    pub fn max_packets(mut self, packets: usize) -> Self {
        self.max_packets = packets;
        self
    }

    /// Sets [`max_buffered`](Self::max_buffered).
    #[must_use]
    pub fn max_buffered(mut self, bytes: usize) -> Self {
        self.max_buffered = bytes;
        self
    }

    /// Sets [`max_queued`](Self::max_queued).
    #[must_use]
    pub fn max_queued(mut self, messages: usize) -> Self {
        self.max_queued = messages;
        self
    }

    /// Sets [`packet_rate`](Self::packet_rate).
    #[must_use]
    pub fn packet_rate(mut self, rate: impl Into<Option<Rate>>) -> Self {
        self.packet_rate = rate.into();
        self
    }

    /// Sets [`byte_rate`](Self::byte_rate).
    #[must_use]
    pub fn byte_rate(mut self, rate: impl Into<Option<Rate>>) -> Self {
        self.byte_rate = rate.into();
        self
    }

    /// Sets [`initial_packet`](Self::initial_packet).
    #[must_use]
    pub fn initial_packet(mut self, packet: impl Into<Option<Outgoing>>) -> Self {
        self.initial_packet = packet.into();
        self
    }

    /// Sets [`cookie`](Self::cookie).
    #[must_use]
    pub fn cookie(mut self, cookie: impl Into<Option<Cookie>>) -> Self {
        self.cookie = cookie.into();
        self
    }

    /// Sets [`cors`](Self::cors).
    #[must_use]
    pub fn cors(mut self, cors: impl Into<Option<Cors>>) -> Self {
        self.cors = cors.into();
        self
    }

    /// Is this protocol version spoken here? Version 4 is, and version 3 with
    /// [`allow_eio3`](Self::allow_eio3).
    #[must_use]
    pub fn speaks(&self, version: Version) -> bool {
        match version {
            Version::V4 => true,
            Version::V3 => self.allow_eio3,
        }
    }

    /// What a session on `current` may be upgraded to, in the reference's order.
    pub(crate) fn upgrades(&self, current: Transport) -> SmallVec<[Transport; 2]> {
        if current != Transport::Polling || !self.allow_upgrades {
            return SmallVec::new();
        }
        [Transport::WebSocket, Transport::WebTransport]
            .into_iter()
            .filter(|transport| self.transports.contains(transport))
            .collect()
    }
}
