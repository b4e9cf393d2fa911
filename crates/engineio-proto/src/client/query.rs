//! Query strings of requests.

use super::Session;
use crate::{Sid, Transport, Version};
use alloc::string::String;
use core::fmt::Write as _;

/// A query string of these pairs, without the leading `?`, percent-encoded as `encodeURIComponent`
/// does.
///
/// ```
/// use engineio_proto::client::encode_query;
///
/// assert_eq!(encode_query([("a", "x y"), ("b", "é&=+")]), "a=x%20y&b=%C3%A9%26%3D%2B");
/// ```
#[must_use]
pub fn encode_query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        push(&mut query, name, value);
    }
    query
}

/// Appends a pair.
fn push(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    encode(query, name);
    query.push('=');
    encode(query, value);
}

fn encode(query: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            query.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(query, "%{byte:02X}");
        }
    }
}

/// Parameters that keep caches away: unlike each other, no more. (SplitMix64)
#[derive(Debug)]
pub(super) struct Stamps(u64);

impl Stamps {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Eight characters of base 36.
    fn next(&mut self) -> String {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let digit = |place: u32| {
            let digit = mixed / 36_u64.pow(place) % 36;
            char::from_digit(digit as u32, 36).unwrap_or('0')
        };
        (0..8).map(digit).collect()
    }
}

impl Session {
    /// The query of a request of polling, or of the request that opens a WebSocket. `t` stands in
    /// front of `sid`, as in the reference, which adds it earlier.
    pub(super) fn query(&mut self, transport: Transport) -> String {
        let is_polling = transport == Transport::Polling;
        let sid = self.sid.as_ref().map(Sid::as_str);
        let config = &self.config;
        let mut query = String::new();
        for (name, value) in &config.query {
            let is_own = matches!(name.as_str(), "EIO" | "transport" | "sid" | "b64");
            if !is_own && *name != config.timestamp_param {
                push(&mut query, name, value);
            }
        }
        let version = match config.version {
            Version::V3 => "3",
            Version::V4 => "4",
        };
        push(&mut query, "EIO", version);
        push(&mut query, "transport", transport.name());
        if is_polling && config.timestamp_requests {
            push(&mut query, &config.timestamp_param, &self.stamps.next());
        }
        if let Some(sid) = sid {
            push(&mut query, "sid", sid);
        }
        // A server asks for it once per transport.
        if config.force_base64 && !(is_polling && sid.is_some()) {
            push(&mut query, "b64", "1");
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_eight_characters_of_base_36_and_differ() {
        let mut stamps = Stamps::new(1);
        let (first, second) = (stamps.next(), stamps.next());
        for stamp in [&first, &second] {
            assert_eq!(stamp.len(), 8);
            assert!(stamp.chars().all(|c| c.is_digit(36) && !c.is_uppercase()));
        }
        assert_ne!(first, second);
        assert_eq!(Stamps::new(1).next(), first, "a function of the seed");
    }
}
