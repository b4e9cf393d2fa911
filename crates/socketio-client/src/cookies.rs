//! The cookies of one connection.

use crate::clock;
use http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use std::time::{Duration, SystemTime};

/// Cookies that a server may have us keep. One more is ignored.
const MAX_COOKIES: usize = 64;

/// Bytes of one cookie, name and value; a longer one is ignored. What browsers allow.
const MAX_LEN: usize = 4096;

/// What the server has set by `Set-Cookie`, until it expires.
///
/// There is one server, so domain, path and the like decide nothing. `Max-Age` goes before
/// `Expires` (RFC 6265, section 5.3).
#[derive(Debug, Default)]
pub(crate) struct Cookies(Vec<Cookie>);

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    expires: Option<SystemTime>,
}

impl Cookies {
    /// Keeps what a response sets.
    pub(crate) fn store(&mut self, headers: &HeaderMap) {
        let now = clock::wall();
        for header in headers.get_all(SET_COOKIE) {
            if let Ok(text) = header.to_str() {
                self.set(text, now);
            }
        }
    }

    /// The value of `Cookie`; `None` without any.
    pub(crate) fn header(&mut self) -> Option<HeaderValue> {
        self.text(clock::wall())
            .and_then(|text| HeaderValue::from_str(&text).ok())
    }

    /// Forgets everything, with the session that it belongs to.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    fn set(&mut self, text: &str, now: SystemTime) {
        let mut parts = text.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.len() + value.len() > MAX_LEN {
            return;
        }
        let expires = expiry(parts, now);
        self.0.retain(|cookie| cookie.name != name);
        if self.0.len() < MAX_COOKIES && expires.is_none_or(|expires| expires > now) {
            self.0.push(Cookie {
                name: name.to_owned(),
                value: value.to_owned(),
                expires,
            });
        }
    }

    fn text(&mut self, now: SystemTime) -> Option<String> {
        self.0
            .retain(|cookie| cookie.expires.is_none_or(|expires| expires > now));
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// When a cookie with these attributes ends; `None`: with the session.
fn expiry<'a>(attributes: impl Iterator<Item = &'a str>, now: SystemTime) -> Option<SystemTime> {
    let (mut expires, mut max_age) = (None, None);
    for attribute in attributes {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "expires" => expires = httpdate::parse_http_date(value).ok().or(expires),
            "max-age" => max_age = value.parse::<i64>().ok().or(max_age),
            _ => {}
        }
    }
    match max_age {
        // An age beyond what the clock can say is for ever.
        Some(seconds) => match u64::try_from(seconds) {
            Ok(seconds) => now.checked_add(Duration::from_secs(seconds)),
            Err(_) => Some(SystemTime::UNIX_EPOCH),
        },
        None => expires,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn jar(lines: &[&str]) -> Cookies {
        let mut jar = Cookies::default();
        for line in lines {
            jar.set(line, at(1_000));
        }
        jar
    }

    #[test]
    fn cookies_go_back_in_the_order_in_which_they_came() {
        let mut jar = jar(&["io=abc; Path=/; HttpOnly", "lb = node=2 ;SameSite=Lax"]);
        assert_eq!(jar.text(at(1_000)).as_deref(), Some("io=abc; lb=node=2"));
    }

    #[test]
    fn a_new_value_replaces_the_old_one_and_a_past_expiry_removes_it() {
        let mut jar = jar(&["a=1", "a=2", "b=1", "b=; Max-Age=0"]);
        assert_eq!(jar.text(at(1_000)).as_deref(), Some("a=2"));
        jar.set("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", at(1_000));
        assert_eq!(jar.text(at(1_000)), None);
    }

    #[test]
    fn the_maximum_age_goes_before_the_expiry_date() {
        let mut jar = jar(&["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=10"]);
        assert_eq!(jar.text(at(1_009)).as_deref(), Some("a=1"));
        assert_eq!(jar.text(at(1_010)), None);
    }

    #[test]
    fn an_expiry_that_cannot_be_read_is_none() {
        let mut jar = jar(&["a=1; Expires=soon", "b=1; Max-Age=99999999999999999999"]);
        assert_eq!(jar.text(at(u32::MAX.into())).as_deref(), Some("a=1; b=1"));
    }

    #[test]
    fn what_is_no_cookie_is_ignored() {
        let mut jar = jar(&["", "x", "=1", ";;;", &format!("a={}", "x".repeat(MAX_LEN))]);
        assert_eq!(jar.text(at(1_000)), None);
    }

    #[test]
    fn their_number_is_limited() {
        let lines: Vec<_> = (0..100).map(|n| format!("c{n}=1")).collect();
        let mut jar = Cookies::default();
        for line in &lines {
            jar.set(line, at(1_000));
        }
        assert_eq!(jar.0.len(), MAX_COOKIES);
        jar.set("c0=2", at(1_000));
        assert!(
            jar.text(at(1_000)).unwrap().ends_with("; c0=2"),
            "known ones may change"
        );
    }
}
