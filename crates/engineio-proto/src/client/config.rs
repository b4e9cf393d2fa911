//! Settings of a client, with the defaults of the reference.

use crate::{Transport, Version};
use alloc::{string::String, vec::Vec};
use core::time::Duration;
use smallvec::{SmallVec, smallvec};

/// Settings of a client, shared by its sessions, one after the other.
///
/// Every limit on what a server can say, or can make this side hold, stands here, with what happens
/// on reaching it. Where the reference has none it says so.
///
/// ```
/// use engineio_proto::{Transport, client::ClientConfig};
///
/// let config = ClientConfig::default()
///     .path("/live")
///     .query([("token", "a b")])
///     .transports([Transport::WebSocket]);
/// assert_eq!(config.max_queued, 65_536);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Protocol revision to speak. Default 4; revision 3 is for servers of Socket.IO 1 and 2.
    pub version: Version,
    /// Path of the endpoint, for the adapter. Default `/engine.io`.
    pub path: String,
    /// Does a slash follow the path in requests? Default true.
    pub add_trailing_slash: bool,
    /// Parameters that stand in front of the protocol's own in each request. Names of those (`EIO`,
    /// `transport`, `sid`, `b64` and [`timestamp_param`](Self::timestamp_param)) are left out.
    /// Default none.
    pub query: Vec<(String, String)>,
    /// Transports to use: the first opens the session, the others may take over. Default polling
    /// and WebSocket. Without any the session fails at once.
    pub transports: SmallVec<[Transport; 3]>,
    /// May a session that polls move to another transport, if the server offers it? Default true.
    pub upgrade: bool,
    /// If a transport fails while the session opens, is the next one tried? Default false.
    pub try_all_transports: bool,
    /// Take and send no binary frames and bodies: base64 instead. Default false.
    pub force_base64: bool,
    /// Does each request of polling carry a fresh random parameter, which keeps caches away?
    /// Default true. The opening of a link is never cached.
    pub timestamp_requests: bool,
    /// Name of that parameter. Default `t`.
    pub timestamp_param: String,
    /// Time for each of these: to open the session on one transport; a POST to be answered (from
    /// the first input after it was pulled on). Then the transport has failed, with
    /// [`Timeout`](super::TransportError::Timeout). Default 30 s. The reference has none; a manager
    /// on top usually bounds the whole opening more tightly.
    pub request_timeout: Duration,
    /// Time for an upgrade, from the opening of its link until the session has moved; then it is
    /// given up and the session stays on polling. Default 10 s, as servers give it. The reference
    /// has none.
    pub upgrade_timeout: Duration,
    /// Time for a closing session to get rid of what waits, and for the server to take the
    /// farewell; then everything is cancelled. Default 10 s. The reference has none.
    pub close_timeout: Duration,
    /// Time until the next GET after one that brought nothing but noops. Default 100 ms: a server
    /// that answers every GET with a noop is not asked in a busy loop. The reference has none.
    pub noop_delay: Duration,
    /// Largest body of a response, and largest frame, in bytes. Default 64 MiB, inclusive; a larger
    /// one closes the session with [`TooLarge`](crate::DecodeError::TooLarge). The adapter stops
    /// reading at one byte more. The reference has none.
    pub max_payload: usize,
    /// Packets in the body of one response. Default 100,000: a server may answer a GET with
    /// everything that waited. One more closes the session with
    /// [`TooMany`](crate::DecodeError::TooMany). The reference has none.
    pub max_packets: usize,
    /// Bytes of messages that wait to be pulled. Default 64 MiB. What does not fit is refused with
    /// [`SendError::Full`](crate::SendError::Full). The reference has none.
    pub max_buffered: usize,
    /// Messages that wait to be pulled. Default 65,536. What does not fit is refused with
    /// [`SendError::Full`](crate::SendError::Full). The reference has none.
    pub max_queued: usize,
    /// Least `pingInterval` and `pingTimeout` that is taken from a server. Default 10 ms. Less
    /// closes the session with [`Heartbeat`](crate::DecodeError::Heartbeat): it would end at once,
    /// or ping without a pause.
    pub min_heartbeat: Duration,
    /// Largest `pingInterval` and `pingTimeout` that is taken from a server. Default 2^31 - 1 ms,
    /// some 25 days, the longest that a timer of the reference takes. More closes the session with
    /// [`Heartbeat`](crate::DecodeError::Heartbeat): it would never find out that the server is gone.
    pub max_heartbeat: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            version: Version::V4,
            path: String::from("/engine.io"),
            add_trailing_slash: true,
            query: Vec::new(),
            transports: smallvec![Transport::Polling, Transport::WebSocket],
            upgrade: true,
            try_all_transports: false,
            force_base64: false,
            timestamp_requests: true,
            timestamp_param: String::from("t"),
            request_timeout: Duration::from_millis(30_000),
            upgrade_timeout: Duration::from_millis(10_000),
            close_timeout: Duration::from_millis(10_000),
            noop_delay: Duration::from_millis(100),
            max_payload: 64 * 1024 * 1024,
            max_packets: 100_000,
            max_buffered: 64 * 1024 * 1024,
            max_queued: 65_536,
            min_heartbeat: Duration::from_millis(10),
            max_heartbeat: Duration::from_millis((1 << 31) - 1),
        }
    }
}

/// By-value setters, one for each field.
impl ClientConfig {
    /// Sets [`version`](Self::version).
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

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

    /// Sets [`query`](Self::query).
    #[must_use]
    pub fn query<N: Into<String>, V: Into<String>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        self.query = pairs
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        self
    }

    /// Sets [`transports`](Self::transports).
    #[must_use]
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Sets [`upgrade`](Self::upgrade).
    #[must_use]
    pub fn upgrade(mut self, upgrade: bool) -> Self {
        self.upgrade = upgrade;
        self
    }

    /// Sets [`try_all_transports`](Self::try_all_transports).
    #[must_use]
    pub fn try_all_transports(mut self, try_all: bool) -> Self {
        self.try_all_transports = try_all;
        self
    }

    /// Sets [`force_base64`](Self::force_base64).
    #[must_use]
    pub fn force_base64(mut self, force: bool) -> Self {
        self.force_base64 = force;
        self
    }

    /// Sets [`timestamp_requests`](Self::timestamp_requests).
    #[must_use]
    pub fn timestamp_requests(mut self, timestamp: bool) -> Self {
        self.timestamp_requests = timestamp;
        self
    }

    /// Sets [`timestamp_param`](Self::timestamp_param).
    #[must_use]
    pub fn timestamp_param(mut self, name: impl Into<String>) -> Self {
        self.timestamp_param = name.into();
        self
    }

    /// Sets [`request_timeout`](Self::request_timeout).
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
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

    /// Sets [`min_heartbeat`](Self::min_heartbeat).
    #[must_use]
    pub fn min_heartbeat(mut self, least: Duration) -> Self {
        self.min_heartbeat = least;
        self
    }

    /// Sets [`max_heartbeat`](Self::max_heartbeat).
    #[must_use]
    pub fn max_heartbeat(mut self, most: Duration) -> Self {
        self.max_heartbeat = most;
        self
    }
}
