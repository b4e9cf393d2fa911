//! Who may come in at all: sessions and handshakes, in all and by address.
//!
//! One [`Admission`] stands before all sessions of a server. It is asked once for each handshake,
//! before anything is spent on it, and told when the session is gone:
//!
//! ```
//! use engineio_proto::{Instant, Rate};
//! use engineio_proto::admission::{Admission, AdmissionError, Config};
//!
//! let mut admission = Admission::new(Config::default().max_sessions_per_address(1));
//! let address = Some("192.0.2.7".parse().expect("an address"));
//! let now = Instant::ZERO;
//!
//! let place = admission.admit(address, now).expect("the first of its address");
//! let refused = admission.admit(address, now).expect_err("one at a time");
//! assert_eq!(refused, AdmissionError::AddressSessions);
//!
//! admission.leave(place, now);
//! assert!(admission.admit(address, now).is_ok());
//! ```
//!
//! # Addresses
//!
//! * An IPv6 address counts by its first 64 bits: that is what one customer has at least, and may
//!   pick the rest of.
//! * An IPv4 address that is written as IPv6 (`::ffff:192.0.2.7`) counts as IPv4.
//! * Whoever has no known address shares one place with all others who have none. So a server that
//!   forgets to find out refuses too much, which shows, and not too little, which does not.
//!
//! # What it costs
//!
//! An address is remembered while it has sessions, or a rate that it has not made up for: some 60
//! bytes each, and none at all without a limit by address. Each call looks at two others in turn
//! and forgets them if it can, so the work does not pile up. At
//! [`max_addresses`](Config::max_addresses) a new one is let in without being remembered: the
//! limits by address do not hold for it, those in all do.

use crate::rate::Bucket;
use crate::{Instant, Rate};
use alloc::collections::BTreeMap;
use core::net::IpAddr;
use core::ops::Bound::{Excluded, Unbounded};
use core::time::Duration;
use thiserror::Error;

/// How many may come in. By default everybody may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// Sessions at a time, those included whose handshake is still being decided upon. Default
    /// none. One more is refused with [`AdmissionError::Sessions`].
    pub max_sessions: Option<usize>,
    /// The same for each address. Default none. One more is refused with
    /// [`AdmissionError::AddressSessions`].
    pub max_sessions_per_address: Option<usize>,
    /// Handshakes per second, and at once. Default none. One too many is refused with
    /// [`AdmissionError::Rate`].
    pub handshake_rate: Option<Rate>,
    /// The same for each address. Default none. One too many is refused with
    /// [`AdmissionError::AddressRate`].
    pub handshake_rate_per_address: Option<Rate>,
    /// Addresses that are remembered: 100,000. What happens beyond is
    /// [told above](self#what-it-costs).
    pub max_addresses: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_sessions: None,
            max_sessions_per_address: None,
            handshake_rate: None,
            handshake_rate_per_address: None,
            max_addresses: 100_000,
        }
    }
}

/// By-value setters, one for each field.
impl Config {
    /// Sets [`max_sessions`](Self::max_sessions).
    #[must_use]
    pub fn max_sessions(mut self, max: impl Into<Option<usize>>) -> Self {
        self.max_sessions = max.into();
        self
    }

    /// Sets [`max_sessions_per_address`](Self::max_sessions_per_address).
    #[must_use]
    pub fn max_sessions_per_address(mut self, max: impl Into<Option<usize>>) -> Self {
        self.max_sessions_per_address = max.into();
        self
    }

    /// Sets [`handshake_rate`](Self::handshake_rate).
    #[must_use]
    pub fn handshake_rate(mut self, rate: impl Into<Option<Rate>>) -> Self {
        self.handshake_rate = rate.into();
        self
    }

    /// Sets [`handshake_rate_per_address`](Self::handshake_rate_per_address).
    #[must_use]
    pub fn handshake_rate_per_address(mut self, rate: impl Into<Option<Rate>>) -> Self {
        self.handshake_rate_per_address = rate.into();
        self
    }

    /// Sets [`max_addresses`](Self::max_addresses).
    #[must_use]
    pub fn max_addresses(mut self, max: usize) -> Self {
        self.max_addresses = max;
        self
    }

    fn knows_addresses(&self) -> bool {
        self.max_sessions_per_address.is_some() || self.handshake_rate_per_address.is_some()
    }
}

/// Why somebody was not let in. `Display` gives the words for the client.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AdmissionError {
    /// [`Config::max_sessions`].
    #[error("Too many sessions")]
    Sessions,
    /// [`Config::max_sessions_per_address`].
    #[error("Too many sessions from this address")]
    AddressSessions,
    /// [`Config::handshake_rate`].
    #[error("Too many handshakes")]
    Rate {
        /// When the next one may come, if nobody else does before. `None`: never.
        retry_after: Option<Duration>,
    },
    /// [`Config::handshake_rate_per_address`].
    #[error("Too many handshakes from this address")]
    AddressRate {
        /// When the next one may come. `None`: never.
        retry_after: Option<Duration>,
    },
}

/// The place of one session, from its handshake to its end. To be given back by
/// [`Admission::leave`], whatever became of it.
#[derive(Debug, Eq, PartialEq)]
#[must_use = "a place that is not given back is taken for ever"]
pub struct Place {
    /// Under which its address is remembered, if it is.
    origin: Option<Origin>,
    is_overlooked: bool,
}

impl Place {
    /// Do the limits by address not hold for it, since
    /// [as many as may be](Config::max_addresses) are remembered already?
    #[must_use]
    pub fn is_overlooked(&self) -> bool {
        self.is_overlooked
    }
}

/// Who counts as one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Origin {
    Unknown,
    V4([u8; 4]),
    /// The first half of the address.
    V6(u64),
}

impl Origin {
    fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::Unknown,
            Some(IpAddr::V4(address)) => Self::V4(address.octets()),
            Some(IpAddr::V6(address)) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// What is remembered of an address.
#[derive(Debug)]
struct Visitor {
    sessions: usize,
    /// There if handshakes are limited by address.
    handshakes: Option<Bucket>,
}

/// Counts sessions and handshakes. See the [module's page](self).
#[derive(Debug)]
pub struct Admission {
    config: Config,
    sessions: usize,
    handshakes: Option<Bucket>,
    visitors: BTreeMap<Origin, Visitor>,
    /// The last that was looked at, to see whether it can be forgotten.
    swept: Origin,
}

/// How many are looked at whenever one more may be remembered: more than one, so that they become
/// fewer.
const SWEPT: usize = 2;

impl Admission {
    /// Nobody has come yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let full = |rate| Bucket::full(rate, Instant::ZERO);
        Self {
            config,
            sessions: 0,
            handshakes: config.handshake_rate.map(full),
            visitors: BTreeMap::new(),
            swept: Origin::Unknown,
        }
    }

    /// Takes a place for a handshake from this address.
    ///
    /// Whoever is refused takes nothing: neither a place nor a part of a rate, so those who come
    /// too often do not use up what others need.
    ///
    /// # Errors
    ///
    /// The first limit in the order of [`AdmissionError`] that has been reached.
    pub fn admit(
        &mut self,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<Place, AdmissionError> {
        self.sweep(now);
        let origin = Origin::of(address);
        self.check(origin, now)?;
        if let (Some(bucket), Some(rate)) = (&mut self.handshakes, self.config.handshake_rate) {
            bucket.take(rate, 1, now);
        }
        self.sessions += 1;
        let by_address = self.config.knows_addresses();
        let is_remembered = by_address && self.remember(origin, now);
        Ok(Place {
            origin: is_remembered.then_some(origin),
            is_overlooked: by_address && !is_remembered,
        })
    }

    /// Gives a place back: the session is gone, or did not come to be.
    pub fn leave(&mut self, place: Place, now: Instant) {
        self.sessions = self.sessions.saturating_sub(1);
        if let Some(origin) = place.origin
            && let Some(visitor) = self.visitors.get_mut(&origin)
        {
            visitor.sessions = visitor.sessions.saturating_sub(1);
            self.forget(origin, now);
        }
    }

    /// Places that are taken.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions
    }

    /// Addresses that are remembered.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.visitors.len()
    }

    /// Takes nothing.
    fn check(&mut self, origin: Origin, now: Instant) -> Result<(), AdmissionError> {
        let reached = |max: Option<usize>, sessions| max.is_some_and(|max| sessions >= max);
        if reached(self.config.max_sessions, self.sessions) {
            return Err(AdmissionError::Sessions);
        }
        let mut visitor = self.visitors.get_mut(&origin);
        let sessions = visitor.as_ref().map_or(0, |visitor| visitor.sessions);
        if reached(self.config.max_sessions_per_address, sessions) {
            return Err(AdmissionError::AddressSessions);
        }
        check_rate(self.handshakes.as_mut(), self.config.handshake_rate, now)
            .map_err(|retry_after| AdmissionError::Rate { retry_after })?;
        // Who is not remembered has a whole burst, which may be none.
        let rate = self.config.handshake_rate_per_address;
        let mut fresh = rate.map(|rate| Bucket::full(rate, now));
        let bucket = match &mut visitor {
            Some(visitor) => visitor.handshakes.as_mut(),
            None => fresh.as_mut(),
        };
        check_rate(bucket, rate, now)
            .map_err(|retry_after| AdmissionError::AddressRate { retry_after })
    }

    /// False if there is no room for one more.
    fn remember(&mut self, origin: Origin, now: Instant) -> bool {
        let rate = self.config.handshake_rate_per_address;
        let is_full = self.visitors.len() >= self.config.max_addresses;
        if is_full && !self.visitors.contains_key(&origin) {
            return false;
        }
        let visitor = self.visitors.entry(origin).or_insert_with(|| Visitor {
            sessions: 0,
            handshakes: rate.map(|rate| Bucket::full(rate, now)),
        });
        visitor.sessions += 1;
        if let (Some(bucket), Some(rate)) = (&mut visitor.handshakes, rate) {
            bucket.take(rate, 1, now);
        }
        true
    }

    /// Goes on from where it stopped, and from the beginning behind the last.
    fn sweep(&mut self, now: Instant) {
        for _ in 0..SWEPT {
            let mut rest = self.visitors.range((Excluded(self.swept), Unbounded));
            let next = rest.next().or_else(|| self.visitors.iter().next());
            let Some((&origin, _)) = next else { return };
            self.swept = origin;
            self.forget(origin, now);
        }
    }

    /// Forgets an address about which there is nothing to know.
    fn forget(&mut self, origin: Origin, now: Instant) {
        let rate = self.config.handshake_rate_per_address;
        if let Some(visitor) = self.visitors.get_mut(&origin)
            && visitor.sessions == 0
            && match (&mut visitor.handshakes, rate) {
                (Some(bucket), Some(rate)) => bucket.is_full(rate, now),
                _ => true,
            }
        {
            self.visitors.remove(&origin);
        }
    }
}

/// Is there a token? Otherwise when, if ever, there will be one.
fn check_rate(
    bucket: Option<&mut Bucket>,
    rate: Option<Rate>,
    now: Instant,
) -> Result<(), Option<Duration>> {
    let (Some(bucket), Some(rate)) = (bucket, rate) else {
        return Ok(());
    };
    match bucket.wait(rate, 1, now) {
        Some(Duration::ZERO) => Ok(()),
        wait => Err(wait),
    }
}
