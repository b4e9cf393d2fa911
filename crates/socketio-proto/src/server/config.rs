//! What the connections of a server have in common.

use crate::parser::Limits;
use core::time::Duration;

/// Limits and times of a [`Connection`](super::Connection), shared by all of a server.
///
/// Everything that a client can make grow is limited here, in [`Limits`] (one packet), in the
/// engine's `ServerConfig` (messages, send buffer) or in
/// [`NamespaceLimits`](super::NamespaceLimits) (rooms, broadcasts).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// How long a client may stay without having joined any namespace: 45 s, as in the
    /// reference. `None`: for ever.
    ///
    /// Refused and unanswered requests do not count as joined. Afterwards the connection is
    /// closed. Once a namespace was joined the time no longer matters, even if the client leaves
    /// them all.
    pub connect_timeout: Option<Duration>,
    /// What a packet may look like. Beyond it the connection is closed.
    pub limits: Limits,
    /// Bytes of the query behind the namespace in which a client of
    /// [revision 4](super::Revision) gives its credentials: 8192. Beyond it the connection is
    /// closed with [`DecodeError::Limit`](crate::DecodeError::Limit) of `query`.
    pub max_query: usize,
    /// Bytes of the credentials that come with a CONNECT: 65,536. With more it is refused with
    /// CONNECT_ERROR and the message `credentials too large`; the connection stays. They are kept
    /// as long as the socket, in memory of their own.
    pub max_auth: usize,
    /// Namespaces joined or being joined on one connection: 64. The next one is refused with
    /// CONNECT_ERROR and the message `too many namespaces`; the connection stays.
    pub max_namespaces: usize,
    /// Acknowledgements that one connection waits for, broadcasts included: 1024. Beyond it
    /// emits with acknowledgement fail with
    /// [`EmitError::TooManyAcks`](crate::EmitError::TooManyAcks).
    pub max_pending_acks: usize,
    /// The time from the header of a binary packet to its last attachment: 30 s. Then the
    /// connection is closed, so that half a packet is not kept for ever. The reference waits
    /// without end.
    pub attachments_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            connect_timeout: Some(Duration::from_secs(45)),
            limits: Limits::default(),
            max_query: 8192,
            max_auth: 65_536,
            max_namespaces: 64,
            max_pending_acks: 1024,
            attachments_timeout: Duration::from_secs(30),
        }
    }
}

impl Config {
    /// Sets [`connect_timeout`](Self::connect_timeout).
    pub fn connect_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets [`limits`](Self::limits).
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`max_query`](Self::max_query).
    pub fn max_query(mut self, max: usize) -> Self {
        self.max_query = max;
        self
    }

    /// Sets [`max_auth`](Self::max_auth).
    pub fn max_auth(mut self, max: usize) -> Self {
        self.max_auth = max;
        self
    }

    /// Sets [`max_namespaces`](Self::max_namespaces).
    pub fn max_namespaces(mut self, max: usize) -> Self {
        self.max_namespaces = max;
        self
    }

    /// Sets [`max_pending_acks`](Self::max_pending_acks).
    pub fn max_pending_acks(mut self, max: usize) -> Self {
        self.max_pending_acks = max;
        self
    }

    /// Sets [`attachments_timeout`](Self::attachments_timeout).
    pub fn attachments_timeout(mut self, timeout: Duration) -> Self {
        self.attachments_timeout = timeout;
        self
    }
}
