//! The one place where this crate reads a clock.

use engineio_proto::Instant;
use std::time::SystemTime;

/// Time since the server was built, as the protocol core wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    base: tokio::time::Instant,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's only reading of the clock"
    )]
    pub(crate) fn start() -> Self {
        Self {
            base: tokio::time::Instant::now(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's only reading of the clock"
    )]
    pub(crate) fn now(&self) -> Instant {
        let elapsed = tokio::time::Instant::now().saturating_duration_since(self.base);
        Instant::ZERO + elapsed
    }

    /// The moment of the runtime's clock that stands for `deadline`.
    pub(crate) fn when(&self, deadline: Instant) -> tokio::time::Instant {
        self.base + (deadline - Instant::ZERO)
    }
}

/// Wall-clock time, for the handshake data only: no deadline is ever computed from it.
#[expect(
    clippy::disallowed_methods,
    reason = "the adapter's only reading of the wall clock"
)]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}
