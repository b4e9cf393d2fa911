//! The one place where this crate reads a clock.

use engineio_proto::Instant;
use std::time::SystemTime;

/// Time since the client was built, as the protocol core wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    base: std::time::Instant,
    read: fn() -> std::time::Instant,
}

impl Clock {
    /// The runtime's clock, which stands still where a test has paused it.
    #[cfg(feature = "tokio")]
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's only reading of the clock"
    )]
    pub(crate) fn tokio() -> Self {
        Self::start(|| tokio::time::Instant::now().into_std())
    }

    /// The system's clock.
    #[cfg(feature = "_blocking")]
    #[expect(
        clippy::disallowed_methods,
        reason = "the adapter's only reading of the clock"
    )]
    pub(crate) fn system() -> Self {
        Self::start(std::time::Instant::now)
    }

    #[cfg_attr(not(any(feature = "tokio", feature = "_blocking")), expect(dead_code))]
    fn start(read: fn() -> std::time::Instant) -> Self {
        Self { base: read(), read }
    }

    pub(crate) fn now(&self) -> Instant {
        let elapsed = (self.read)().saturating_duration_since(self.base);
        Instant::ZERO + elapsed
    }

    /// The moment of the clock that stands for `deadline`.
    #[cfg(feature = "tokio")]
    pub(crate) fn when(&self, deadline: Instant) -> std::time::Instant {
        self.base + (deadline - Instant::ZERO)
    }
}

/// Wall-clock time, for the expiry of cookies only: no deadline is ever computed from it.
#[expect(
    clippy::disallowed_methods,
    reason = "the adapter's only reading of the wall clock"
)]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}
