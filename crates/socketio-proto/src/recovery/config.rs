//! What recovery may cost.

use core::time::Duration;

/// Limits and times of a [`Store`](super::Store). Each namespace has a store of its own.
///
/// What is kept for one socket alone while it is away has one limit more,
/// [`NamespaceLimits::max_buffered`](crate::server::NamespaceLimits::max_buffered).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// How long a session waits for its client: 2 minutes, as in the reference. Who comes later is
    /// told [`Expired`](super::Failure::Expired).
    pub max_disconnection_duration: Duration,
    /// How long a client may have been silent before it counts as disconnected: 45 s, the engine's
    /// default ping interval and timeout together. Events are kept for that much longer than
    /// sessions, as the last ones before a disconnection were sent to a client that was gone.
    pub max_silence: Duration,
    /// Whether a recovered socket passes the namespace's middlewares by: yes, as in the reference.
    /// This is the adapter's to obey; a store takes no notice.
    pub skip_middlewares: bool,
    /// Events in the log: 100 000. Beyond it the oldest are forgotten; whoever may have missed
    /// one of them is told [`LogTrimmed`](super::Failure::LogTrimmed). If the newest is for one
    /// socket alone it may be one more: it may yet turn out not to go out, and must have cost no
    /// other its place then.
    pub max_packets: usize,
    /// Bytes of the events in the log, with the names of their rooms: 32 MiB. Beyond it as with
    /// [`max_packets`](Self::max_packets).
    pub max_packet_bytes: usize,
    /// Sessions that wait for their clients: 10 000. Beyond it those are dropped that went first;
    /// their clients are told [`Evicted`](super::Failure::Evicted). Of as many sessions that are
    /// over the store remembers why.
    pub max_sessions: usize,
    /// Bytes of the rooms and data of the sessions that wait: 16 MiB. Beyond it as with
    /// [`max_sessions`](Self::max_sessions).
    pub max_session_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_disconnection_duration: Duration::from_secs(120),
            max_silence: Duration::from_secs(45),
            skip_middlewares: true,
            max_packets: 100_000,
            max_packet_bytes: 32 << 20,
            max_sessions: 10_000,
            max_session_bytes: 16 << 20,
        }
    }
}

impl Config {
    /// Sets [`max_disconnection_duration`](Self::max_disconnection_duration).
    pub fn max_disconnection_duration(mut self, duration: Duration) -> Self {
        self.max_disconnection_duration = duration;
        self
    }

    /// Sets [`max_silence`](Self::max_silence).
    pub fn max_silence(mut self, duration: Duration) -> Self {
        self.max_silence = duration;
        self
    }

    /// Sets [`skip_middlewares`](Self::skip_middlewares).
    pub fn skip_middlewares(mut self, skip: bool) -> Self {
        self.skip_middlewares = skip;
        self
    }

    /// Sets [`max_packets`](Self::max_packets).
    pub fn max_packets(mut self, max: usize) -> Self {
        self.max_packets = max;
        self
    }

    /// Sets [`max_packet_bytes`](Self::max_packet_bytes).
    pub fn max_packet_bytes(mut self, max: usize) -> Self {
        self.max_packet_bytes = max;
        self
    }

    /// Sets [`max_sessions`](Self::max_sessions).
    pub fn max_sessions(mut self, max: usize) -> Self {
        self.max_sessions = max;
        self
    }

    /// Sets [`max_session_bytes`](Self::max_session_bytes).
    pub fn max_session_bytes(mut self, max: usize) -> Self {
        self.max_session_bytes = max;
        self
    }

    /// How long an event stays in the log.
    pub(super) fn packet_age(&self) -> Duration {
        self.max_disconnection_duration
            .saturating_add(self.max_silence)
    }
}
