//! What is kept of the request that opened a session.

use super::host::ClientAddress;
use crate::clock;
use engineio_proto::http::query_pairs;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{Extensions, HeaderMap, HeaderValue, Uri, header};
use hyper::upgrade::OnUpgrade;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

/// Put into a request's extensions by whoever accepted the connection, to tell what HTTP itself
/// doesn't.
///
/// [`SocketIo::serve`](crate::SocketIo::serve) does so. With the feature `axum` the address is also
/// taken from `axum::extract::ConnectInfo<SocketAddr>`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Address of the other side.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub secure: bool,
}

impl ConnectionInfo {
    /// A connection from `address`, in plain text.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            secure: false,
        }
    }

    /// Says whether the connection is encrypted.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }
}

/// The request that opened an Engine.IO session. All namespaces of a client share it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HandshakeRequest {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its path and query, as received.
    pub uri: Uri,
    /// What layers in front of this one have put there: an id of the request, the context of a
    /// trace, who has signed in.
    pub extensions: Extensions,
    /// Address of the peer, if whoever accepted the connection told it (see [`ConnectionInfo`]).
    pub address: Option<SocketAddr>,
    /// Address of the client: what
    /// [`client_address`](crate::SocketIoBuilder::client_address) makes of the request, or that of
    /// the peer without such a function.
    pub client_address: Option<IpAddr>,
    /// Whether the connection is encrypted, as told by [`ConnectionInfo`].
    pub secure: bool,
    /// When it came.
    pub issued: SystemTime,
}

impl HandshakeRequest {
    pub(super) fn new(parts: &Parts, client_address: Option<IpAddr>) -> Self {
        let info = parts.extensions.get::<ConnectionInfo>();
        Self {
            headers: detached(&parts.headers),
            uri: detached_uri(&parts.uri),
            extensions: detached_extensions(&parts.extensions),
            address: peer_address(parts),
            client_address,
            secure: info.is_some_and(|info| info.secure),
            issued: clock::wall(),
        }
    }

    /// The decoded query parameters; of a repeated one the last value counts.
    #[must_use]
    pub fn query(&self) -> BTreeMap<String, String> {
        query_pairs(self.uri.query().unwrap_or_default())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    /// Whether the request has an `Origin` header, as the reference's `xdomain` tells: browsers send
    /// one with WebSockets and with requests to other origins, and with some to their own.
    #[must_use]
    pub fn has_origin(&self) -> bool {
        self.headers.contains_key(header::ORIGIN)
    }
}

/// Who is to be taken for the client of a request.
pub(super) fn client_address(parts: &Parts, hook: Option<&ClientAddress>) -> Option<IpAddr> {
    match hook {
        Some(hook) => hook(parts),
        None => peer_address(parts).map(|address| address.ip()),
    }
}

/// The other side of the connection.
fn peer_address(parts: &Parts) -> Option<SocketAddr> {
    let info = parts.extensions.get::<ConnectionInfo>();
    info.map(|info| info.address)
        .or_else(|| framework_address(parts))
}

/// Copies them, but for what is known otherwise, and for the connection itself, which belongs to who
/// upgrades it.
fn detached_extensions(extensions: &Extensions) -> Extensions {
    let mut copy = extensions.clone();
    copy.remove::<ConnectionInfo>();
    copy.remove::<OnUpgrade>();
    if copy.is_empty() {
        Extensions::new()
    } else {
        copy
    }
}

/// Copies the values: those of hyper are slices of its read buffer, which they would keep alive as
/// long as the session.
fn detached(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .map(|(name, value)| {
            let mut copy =
                HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
            copy.set_sensitive(value.is_sensitive());
            (name.clone(), copy)
        })
        .collect()
}

/// Copies the URI, for the same reason.
fn detached_uri(uri: &Uri) -> Uri {
    let mut parts = uri.clone().into_parts();
    let copied = parts
        .path_and_query
        .and_then(|it| PathAndQuery::try_from(it.as_str()).ok());
    parts.path_and_query = copied;
    parts.authority = parts
        .authority
        .and_then(|it| Authority::try_from(it.as_str()).ok());
    Uri::from_parts(parts).unwrap_or_default()
}

#[cfg(feature = "axum")]
fn framework_address(parts: &Parts) -> Option<SocketAddr> {
    parts
        .extensions
        .get::<axum::extract::ConnectInfo<SocketAddr>>()
        .map(|info| info.0)
}

#[cfg(not(feature = "axum"))]
fn framework_address(_: &Parts) -> Option<SocketAddr> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    /// Else each session would keep the read buffer of its first request, of 8 KiB or more.
    #[test]
    fn a_kept_uri_and_kept_headers_have_memory_of_their_own() {
        for text in [
            "/socket.io/?EIO=4&x=%20y",
            "http://localhost:80/socket.io/?EIO=4",
            "*",
        ] {
            let buffer = Bytes::from(text.to_owned() + " and the rest of a request");
            let uri = Uri::from_maybe_shared(buffer.slice(..text.len())).expect("a URI");
            let value = HeaderValue::from_maybe_shared(buffer.slice(..text.len())).expect("legal");
            let headers = HeaderMap::from_iter([(header::HOST, value)]);
            let kept = (detached_uri(&uri), detached(&headers));
            assert_eq!(kept, (uri, headers));
            assert!(buffer.is_unique(), "{text}");
        }
    }
}
