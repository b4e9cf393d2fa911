//! Time as a value: the machines are told what time it is and say when they want to be woken.

use core::ops::{Add, AddAssign, Sub};
use core::time::Duration;

/// Microseconds since an epoch that the caller picks.
///
/// Only differences matter: an adapter counts from its start, a test from [`ZERO`](Self::ZERO).
/// Arithmetic saturates, so a clock that goes backwards reads as one that stands still.
///
/// ```
/// use core::time::Duration;
/// use engineio_proto::Instant;
///
/// let later = Instant::ZERO + Duration::from_millis(25);
/// assert_eq!(later.as_micros(), 25_000);
/// assert_eq!(later - Instant::ZERO, Duration::from_millis(25));
/// assert_eq!(Instant::ZERO - later, Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Instant(u64);

impl Instant {
    /// The epoch itself.
    pub const ZERO: Self = Self(0);
    /// The last instant there is, some 584,000 years after the epoch.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant this many microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        let micros = u64::try_from(rhs.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, rhs: Duration) {
        *self = *self + rhs;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, rhs: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(rhs.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_time_is_not_passed() {
        assert_eq!(Instant::MAX + Duration::MAX, Instant::MAX);
        assert_eq!(Instant::ZERO + Duration::MAX, Instant::MAX);
    }
}
