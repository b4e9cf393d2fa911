//! Responses: what the reference puts into each.

use super::Coding;
use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
};
use bytes::Bytes;
use smallvec::SmallVec;

/// The answer to an HTTP request, for an adapter to write.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Body, complete.
    pub body: Bytes,
    /// `Content-Type`.
    pub content_type: Option<&'static str>,
    /// `Cache-Control: no-store`: on all that succeeds, and on nothing else.
    pub no_store: bool,
    /// `Connection: close`: the connection is of no more use.
    pub close: bool,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// `X-XSS-Protection: 0`, for Internet Explorer.
    pub xss_protection: bool,
    /// `Set-Cookie`.
    pub set_cookie: Option<String>,
    /// `Content-Encoding`: how the body is compressed.
    pub coding: Option<Coding>,
    /// It carries packets, as they are, so it [may be compressed](crate::config::HttpCompression).
    pub may_compress: bool,
}

impl Response {
    /// The headers, `content-length` included. Those of CORS are apart:
    /// [`cors_headers`](super::cors_headers).
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let mut headers: SmallVec<[(&'static str, Cow<'_, str>); 7]> = SmallVec::new();
        headers.extend(
            self.content_type
                .map(|value| ("content-type", Cow::from(value))),
        );
        headers.extend(
            self.coding
                .map(|coding| ("content-encoding", Cow::from(coding.name()))),
        );
        headers.push(("content-length", Cow::from(self.body.len().to_string())));
        if self.no_store {
            headers.push(("cache-control", Cow::from("no-store")));
        }
        if self.close {
            headers.push(("connection", Cow::from("close")));
        }
        if let Some(seconds) = self.retry_after {
            headers.push(("retry-after", Cow::from(seconds.to_string())));
        }
        if self.xss_protection {
            headers.push(("x-xss-protection", Cow::from("0")));
        }
        headers.extend(
            self.set_cookie
                .as_deref()
                .map(|value| ("set-cookie", Cow::from(value))),
        );
        headers.into_iter()
    }

    /// The response with its body compressed, or as it is if the body gets no shorter by it.
    #[must_use]
    pub fn compressed(self, coding: Coding, body: Bytes) -> Self {
        if body.len() >= self.body.len() {
            return self;
        }
        Self {
            body,
            coding: Some(coding),
            may_compress: false,
            ..self
        }
    }

    /// 204: the answer to a preflight, which carries CORS headers only.
    #[must_use]
    pub fn preflight() -> Self {
        Self::new(204, Bytes::new())
    }

    /// Empty 400: requests of a session that overlap, or a body of a forbidden type.
    #[must_use]
    pub fn bad_request() -> Self {
        Self::new(400, Bytes::new())
    }

    /// Empty 413: the body of a POST is over the limit. The session goes on.
    #[must_use]
    pub fn too_large() -> Self {
        Self::new(413, Bytes::new())
    }

    /// Empty 500: a session knows GET and POST only. The status is the reference's.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(500, Bytes::new())
    }

    /// 200 `ok`: the answer to every POST that was read.
    pub(crate) fn ok() -> Self {
        Self {
            content_type: Some("text/html"),
            no_store: true,
            ..Self::new(200, Bytes::from_static(b"ok"))
        }
    }

    /// 200 with packets: the answer to a GET.
    pub(crate) fn packets(body: Bytes, content_type: &'static str) -> Self {
        Self {
            content_type: Some(content_type),
            no_store: true,
            may_compress: true,
            ..Self::new(200, body)
        }
    }

    pub(super) fn new(status: u16, body: Bytes) -> Self {
        Self {
            status,
            body,
            ..Self::default()
        }
    }
}
