//! The cookie that carries the session id, for load balancers that route by it.

use crate::Sid;
use alloc::string::{String, ToString as _};
use core::{fmt::Write as _, time::Duration};

/// Shape of the cookie. Default: `io=<sid>; Path=/; HttpOnly; SameSite=Lax`.
///
/// Only the response to a polling handshake sets it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Cookie {
    /// Default `io`.
    pub name: String,
    /// Default `/`.
    pub path: Option<String>,
    /// Default none.
    pub domain: Option<String>,
    /// Hidden from scripts? Default true.
    pub http_only: bool,
    /// Default [`SameSite::Lax`].
    pub same_site: Option<SameSite>,
    /// Over TLS only? Default false.
    pub secure: bool,
    /// Whole seconds until it expires. Default none: with the browser's session.
    pub max_age: Option<Duration>,
}

/// Value of the `SameSite` attribute.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SameSite {
    /// `Strict`
    Strict,
    /// `Lax`
    Lax,
    /// `None`; browsers want `secure` with it.
    None,
}

impl Default for Cookie {
    fn default() -> Self {
        Self::new("io")
    }
}

impl Cookie {
    /// A cookie with this name and the defaults otherwise.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: Some("/".to_string()),
            domain: None,
            http_only: true,
            same_site: Some(SameSite::Lax),
            secure: false,
            max_age: None,
        }
    }

    /// Sets [`path`](Self::path).
    #[must_use]
    pub fn path(mut self, path: Option<String>) -> Self {
        self.path = path;
        self
    }

    /// Sets [`domain`](Self::domain).
    #[must_use]
    pub fn domain(mut self, domain: Option<String>) -> Self {
        self.domain = domain;
        self
    }

    /// Sets [`http_only`](Self::http_only).
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Sets [`same_site`](Self::same_site).
    #[must_use]
    pub fn same_site(mut self, same_site: impl Into<Option<SameSite>>) -> Self {
        self.same_site = same_site.into();
        self
    }

    /// Sets [`secure`](Self::secure).
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Sets [`max_age`](Self::max_age).
    #[must_use]
    pub fn max_age(mut self, max_age: impl Into<Option<Duration>>) -> Self {
        self.max_age = max_age.into();
        self
    }

    /// Value of the `Set-Cookie` header, attributes in the order of the reference.
    ///
    /// ```
    /// use engineio_proto::{Sid, Text, config::Cookie};
    ///
    /// let sid = Sid::new(Text::from("abc")).unwrap();
    /// assert_eq!(Cookie::default().header(&sid), "io=abc; Path=/; HttpOnly; SameSite=Lax");
    /// ```
    #[must_use]
    pub fn header(&self, sid: &Sid) -> String {
        let mut out = String::new();
        let _ = write!(out, "{}={sid}", self.name);
        if let Some(age) = self.max_age {
            let _ = write!(out, "; Max-Age={}", age.as_secs());
        }
        if let Some(domain) = &self.domain {
            let _ = write!(out, "; Domain={domain}");
        }
        if let Some(path) = &self.path {
            let _ = write!(out, "; Path={path}");
        }
        if self.http_only {
            out.push_str("; HttpOnly");
        }
        if self.secure {
            out.push_str("; Secure");
        }
        match self.same_site {
            Some(SameSite::Strict) => out.push_str("; SameSite=Strict"),
            Some(SameSite::Lax) => out.push_str("; SameSite=Lax"),
            Some(SameSite::None) => out.push_str("; SameSite=None"),
            None => {}
        }
        out
    }
}
