use crate::{Transport, http::Method};
use alloc::string::String;
use bytes::Bytes;

/// One HTTP request of a session.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Exchange(pub(super) u64);

/// One framed connection of a session.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Link(pub(super) u64);

/// What the adapter is to do.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Command {
    /// Make an HTTP request to [`path`](super::ClientConfig::path), and hand in its response. Two run at
    /// the same time, one GET and one POST.
    Request {
        /// Its number.
        exchange: Exchange,
        /// GET or POST.
        method: Method,
        /// Query string without `?`, encoded.
        query: String,
        /// `Content-Type`, of a POST.
        content_type: Option<&'static str>,
        /// Body, of a POST.
        body: Bytes,
    },
    /// Break off this request, if it still runs.
    Cancel {
        /// Its number.
        exchange: Exchange,
    },
    /// Open a framed connection to [`path`](super::ClientConfig::path), and say when it is open or that
    /// it failed.
    OpenLink {
        /// Its number.
        link: Link,
        /// WebSocket, or WebTransport.
        transport: Transport,
        /// Query string without `?`, encoded; empty for WebTransport, which has none.
        query: String,
    },
    /// Break off this link, open or not. Frames that were not written yet are lost.
    CancelLink {
        /// Its number.
        link: Link,
    },
}
