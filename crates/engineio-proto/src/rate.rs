//! So much per second, and what may come at once: a token bucket in integers.

use crate::Instant;
use core::time::Duration;

/// How fast something may come: so much per second on the long run, and a burst after a pause.
///
/// A bucket holds `burst` tokens at first and at most; each thing that comes takes as many as it
/// is worth, and `per_second` come back. What finds too few is over the rate.
///
/// ```
/// use engineio_proto::Rate;
///
/// // A hundred packets per second; up to five hundred at once.
/// let rate = Rate::per_second(100).burst(500);
/// assert_eq!((rate.per_second, rate.burst), (100, 500));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rate {
    /// Tokens that come back per second. With none the burst is all there ever is.
    pub per_second: u32,
    /// Tokens at most. What is worth more than that is over the rate whenever it comes.
    pub burst: u32,
}

impl Rate {
    /// So much per second, and as much at once.
    #[must_use]
    pub const fn per_second(per_second: u32) -> Self {
        Self {
            per_second,
            burst: per_second,
        }
    }

    /// Sets [`burst`](Self::burst).
    #[must_use]
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = burst;
        self
    }
}

/// Parts of a token. A token comes back in a million microseconds divided by the rate, so with
/// millionths each microsecond brings a whole number of them.
const PARTS: u64 = 1_000_000;

/// What is left of one [`Rate`], which is the caller's to keep.
///
/// No sum here overflows: a full bucket is less than 2^52 parts, and what time brings stops at
/// full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    parts: u64,
    /// As of then.
    at: Instant,
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self {
            parts: capacity(rate),
            at: now,
        }
    }

    /// Takes so many tokens, or nothing if there are fewer.
    pub(crate) fn take(&mut self, rate: Rate, tokens: u64, now: Instant) -> bool {
        self.refill(rate, now);
        match self.parts.checked_sub(tokens.saturating_mul(PARTS)) {
            Some(left) => {
                self.parts = left;
                true
            }
            None => false,
        }
    }

    /// When so many tokens will be there, from now. `None`: never.
    pub(crate) fn wait(&mut self, rate: Rate, tokens: u64, now: Instant) -> Option<Duration> {
        self.refill(rate, now);
        let wanted = tokens.saturating_mul(PARTS);
        if wanted > capacity(rate) {
            return None;
        }
        let missing = wanted.saturating_sub(self.parts);
        if missing == 0 {
            return Some(Duration::ZERO);
        }
        let parts_per_micro = u64::from(rate.per_second);
        (parts_per_micro > 0).then(|| Duration::from_micros(missing.div_ceil(parts_per_micro)))
    }

    /// Is it as good as new?
    pub(crate) fn is_full(&mut self, rate: Rate, now: Instant) -> bool {
        self.refill(rate, now);
        self.parts == capacity(rate)
    }

    /// A clock that goes backwards stands still.
    fn refill(&mut self, rate: Rate, now: Instant) {
        let micros = now.as_micros().saturating_sub(self.at.as_micros());
        let gained = micros.saturating_mul(u64::from(rate.per_second));
        self.parts = self.parts.saturating_add(gained).min(capacity(rate));
        self.at = self.at.max(now);
    }
}

fn capacity(rate: Rate) -> u64 {
    u64::from(rate.burst) * PARTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Tokens as fractions of which no part is ever lost.
    struct Naive {
        parts: u128,
        at: u64,
    }

    impl Naive {
        fn take(&mut self, rate: Rate, tokens: u64, now: u64) -> bool {
            if now > self.at {
                self.parts += u128::from(now - self.at) * u128::from(rate.per_second);
                self.parts = self.parts.min(u128::from(rate.burst) * 1_000_000);
                self.at = now;
            }
            let wanted = u128::from(tokens) * 1_000_000;
            let fits = self.parts >= wanted;
            if fits {
                self.parts -= wanted;
            }
            fits
        }
    }

    /// Mostly what happens, and sometimes the ends of the types.
    fn number(usual: u64, max: u64) -> impl Strategy<Value = u64> {
        prop_oneof![4 => 0..usual, 1 => 0..=max, 1 => Just(max)]
    }

    fn rate() -> impl Strategy<Value = Rate> {
        let max = u64::from(u32::MAX);
        (number(20, max), number(20, max)).prop_map(|(per_second, burst)| {
            Rate::per_second(u32::try_from(per_second).unwrap())
                .burst(u32::try_from(burst).unwrap())
        })
    }

    fn steps() -> impl Strategy<Value = Vec<(u64, u64)>> {
        // Instants, not differences: some go backwards.
        let step = (number(3_000_000, u64::MAX), number(10, u64::MAX));
        prop::collection::vec(step, 0..40)
    }

    proptest! {
        #[test]
        fn it_agrees_with_one_that_counts_in_wide_numbers(rate in rate(), steps in steps()) {
            let start = 1_000_000;
            let mut bucket = Bucket::full(rate, Instant::from_micros(start));
            let mut naive = Naive { parts: u128::from(rate.burst) * 1_000_000, at: start };
            for (now, tokens) in steps {
                let expected = naive.take(rate, tokens, now);
                prop_assert_eq!(bucket.take(rate, tokens, Instant::from_micros(now)), expected);
            }
        }

        #[test]
        fn what_is_waited_for_is_there_then_and_not_before(
            rate in rate(), taken in number(30, u64::MAX), tokens in number(30, u64::MAX)
        ) {
            let now = Instant::from_micros(5);
            let mut bucket = Bucket::full(rate, now);
            bucket.take(rate, taken, now);
            match bucket.wait(rate, tokens, now) {
                Some(Duration::ZERO) => prop_assert!(bucket.take(rate, tokens, now)),
                Some(wait) => {
                    let (mut early, mut late) = (bucket, bucket);
                    let just_before = now + (wait - Duration::from_micros(1));
                    prop_assert!(!early.take(rate, tokens, just_before));
                    prop_assert!(late.take(rate, tokens, now + wait));
                }
                None => prop_assert!(!bucket.take(rate, tokens, Instant::MAX)),
            }
        }
    }

    #[test]
    fn a_burst_and_then_the_pace() {
        let rate = Rate::per_second(2).burst(3);
        let at = |millis: u64| Instant::from_micros(millis * 1000);
        let mut bucket = Bucket::full(rate, at(0));
        assert!(bucket.is_full(rate, at(0)));
        let taken = [0, 0, 0, 0, 499, 500, 500, 1000].map(|now| bucket.take(rate, 1, at(now)));
        assert_eq!(taken, [true, true, true, false, false, true, false, true]);
        assert!(!bucket.is_full(rate, at(2499)));
        assert!(bucket.is_full(rate, at(2500)));
    }

    #[test]
    fn time_that_goes_backwards_stands_still() {
        let rate = Rate::per_second(1);
        let mut bucket = Bucket::full(rate, Instant::from_micros(5_000_000));
        assert!(bucket.take(rate, 1, Instant::from_micros(5_000_000)));
        assert!(!bucket.take(rate, 1, Instant::ZERO));
        assert!(!bucket.take(rate, 1, Instant::from_micros(5_000_000)));
        assert!(bucket.take(rate, 1, Instant::from_micros(6_000_000)));
    }
}
