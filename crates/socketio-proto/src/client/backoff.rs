//! How long to wait before the next attempt to connect.

use core::time::Duration;

/// Exponential backoff with jitter: `delay * 2^attempt`, moved by up to `randomization` of itself
/// either way, and at most `max`.
///
/// The jitter spreads the clients that one restart of a server has thrown off. As in the reference
/// one random number decides on its size and its sign, and `max` is applied last, so that late
/// attempts are often exactly `max`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Backoff {
    /// Before the first attempt, without jitter: 1 s. In whole milliseconds.
    pub delay: Duration,
    /// The longest wait: 5 s. In whole milliseconds.
    pub max: Duration,
    /// Which part of the wait is random, from 0 (none) to 1: 0.5.
    pub randomization: f64,
    /// After how many attempts in a row to give up: never, `None`.
    pub attempts: Option<u32>,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(1),
            max: Duration::from_secs(5),
            randomization: 0.5,
            attempts: None,
        }
    }
}

impl Backoff {
    /// Sets [`delay`](Self::delay).
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sets [`max`](Self::max).
    pub fn max(mut self, max: Duration) -> Self {
        self.max = max;
        self
    }

    /// Sets [`randomization`](Self::randomization).
    pub fn randomization(mut self, part: f64) -> Self {
        self.randomization = part;
        self
    }

    /// Sets [`attempts`](Self::attempts).
    pub fn attempts(mut self, attempts: Option<u32>) -> Self {
        self.attempts = attempts;
        self
    }

    /// The wait before an attempt, counted from 0, for a random number of `0.0..1.0`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use socketio_proto::client::Backoff;
    ///
    /// let backoff = Backoff::default();
    /// let millis = |attempt| backoff.duration(attempt, 0.25).as_millis();
    /// assert_eq!([0, 1, 2, 3].map(millis), [875, 1750, 3500, 5000]);
    /// ```
    #[must_use]
    pub fn duration(&self, attempt: u32, random: f64) -> Duration {
        let max = whole_millis(self.max);
        let mut millis = whole_millis(self.delay);
        for _ in 0..attempt.min(64) {
            millis = (millis * 2.0).min(LARGEST);
        }
        if self.randomization > 0.0 {
            let deviation = floor(random * self.randomization * millis);
            let is_even = ((random * 10.0) as u64).is_multiple_of(2);
            millis += if is_even { -deviation } else { deviation };
        }
        Duration::from_millis(millis.clamp(0.0, max) as u64)
    }
}

/// Milliseconds of 35,000 years: larger than any wait, and still exact as a float.
const LARGEST: f64 = (1_u64 << 50) as f64;

fn whole_millis(duration: Duration) -> f64 {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    (millis as f64).min(LARGEST)
}

/// Of numbers that are not negative: `core` has none.
fn floor(number: f64) -> f64 {
    number as u64 as f64
}

/// The random numbers of one client's jitter (SplitMix64). They need to differ from client to
/// client, which is up to the seed, and to be nothing else.
#[derive(Clone, Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number of `0.0..1.0`.
    pub(super) fn next(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// All of its bits.
    pub(super) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
