//! From the head of a request to what it is: checks in the order of the reference.

use super::{Reject, jsonp::Callback, query_pairs};
use crate::{Sid, Text, Transport, Version, config::ServerConfig, payload::Encoding};
use alloc::borrow::Cow;

/// Method of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// OPTIONS
    Options,
    /// Any other, HEAD included.
    Other,
}

/// The parts of a request that Engine.IO looks at, borrowed from the adapter's own.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Method.
    pub method: Method,
    /// Query string as it was sent, without the `?`.
    pub query: &'a str,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Origin`, in bytes, since a bad one is to be refused here.
    pub origin: Option<&'a [u8]>,
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// Does it ask for an upgrade to WebSocket?
    pub is_upgrade: bool,
}

/// A request for a new session.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Handshake {
    /// Protocol version.
    pub version: Version,
    /// Transport to begin with.
    pub transport: Transport,
    /// The client cannot take bytes on this transport: it gets base64 in text.
    pub b64: bool,
    /// The client polls with scripts, and this function takes what they bring.
    pub jsonp: Option<Callback>,
    /// The client is an old Internet Explorer, whose filter must be told to leave responses alone.
    pub xss_protection: bool,
}

impl Handshake {
    /// The last check of a handshake: is its protocol version spoken here?
    ///
    /// Apart from [`route`], because the application's own check comes before it. To be asked
    /// before [`Session::accept`](crate::server::Session::accept).
    ///
    /// # Errors
    ///
    /// [`Reject::UnsupportedVersion`] for [`Version::V3`], unless
    /// [`allow_eio3`](ServerConfig::allow_eio3) says otherwise.
    pub fn check(&self, config: &ServerConfig) -> Result<(), Reject> {
        if config.speaks(self.version) {
            Ok(())
        } else {
            Err(Reject::UnsupportedVersion)
        }
    }
}

/// What a request is. Those with a `sid` still need its session:
/// [`Reject::UnknownSid`] if there is none, else
/// [`Session::check`](crate::server::Session::check).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Route {
    /// A new session.
    Handshake(Handshake),
    /// GET of a polling session, for [`handle_poll`](crate::server::Session::handle_poll).
    Poll {
        /// Session.
        sid: Sid,
        /// Protocol version of the request.
        version: Version,
        /// Transport that the request names.
        transport: Transport,
    },
    /// POST of a polling session, for
    /// [`handle_push_begin`](crate::server::Session::handle_push_begin).
    Push {
        /// Session.
        sid: Sid,
        /// Protocol version of the request.
        version: Version,
        /// Transport that the request names.
        transport: Transport,
        /// How the body is to be read, JSONP aside. `None`: not at all,
        /// `application/octet-stream` has no meaning in protocol 4.
        encoding: Option<Encoding>,
    },
    /// A framed connection for a session that polls, for
    /// [`handle_upgrade`](crate::server::Session::handle_upgrade).
    Upgrade {
        /// Session.
        sid: Sid,
        /// Protocol version of the request.
        version: Version,
        /// Transport that the request names.
        transport: Transport,
        /// The client cannot take binary frames.
        b64: bool,
    },
    /// OPTIONS while CORS is configured: answered by [`Response::preflight`](super::Response) at
    /// once.
    Preflight,
    /// PUT, DELETE and the like on a session, which survives: answered by
    /// [`Response::method_not_allowed`](super::Response::method_not_allowed).
    MethodNotAllowed {
        /// Session.
        sid: Sid,
        /// Protocol version of the request.
        version: Version,
        /// Transport that the request names.
        transport: Transport,
    },
}

impl Route {
    /// The session that the request names.
    #[must_use]
    pub fn sid(&self) -> Option<&Sid> {
        match self {
            Self::Poll { sid, .. }
            | Self::Push { sid, .. }
            | Self::Upgrade { sid, .. }
            | Self::MethodNotAllowed { sid, .. } => Some(sid),
            Self::Handshake(_) | Self::Preflight => None,
        }
    }
}

/// Does this raw path belong to the endpoint? By prefix, as in the reference: with the default
/// path, `/engine.io/` and `/engine.io/any/thing` do, `/engine.io` does not.
///
/// ```
/// use engineio_proto::{config::ServerConfig, http::matches};
///
/// let config = ServerConfig::default().path("/live");
/// assert!(matches(&config, "/live/"));
/// assert!(!matches(&config, "/live") && !matches(&config, "/lively/"));
/// ```
#[must_use]
pub fn matches(config: &ServerConfig, path: &str) -> bool {
    let base = config.path.strip_suffix('/').unwrap_or(&config.path);
    path.strip_prefix(base)
        .is_some_and(|rest| !config.add_trailing_slash || rest.starts_with('/'))
}

/// What a request to the endpoint is.
///
/// # Errors
///
/// The first check that fails decides.
///
/// An upgrade request that names `polling` passes, as on the reference, which lets it become a
/// WebSocket and closes that at once; the adapter knows that it was one.
pub fn route(config: &ServerConfig, request: &Request<'_>) -> Result<Route, Reject> {
    if request.method == Method::Options && config.cors.is_some() {
        return Ok(Route::Preflight);
    }
    let query = Query::parse(request.query);
    let transport = Transport::from_name(&query.transport)
        .filter(|transport| {
            *transport != Transport::WebTransport && config.transports.contains(transport)
        })
        .ok_or(Reject::UnknownTransport)?;
    if !request
        .origin
        .unwrap_or_default()
        .iter()
        .all(|byte| is_header_byte(*byte))
    {
        return Err(Reject::BadRequest);
    }
    if query.sid.is_empty() {
        handshake(config, request, query, transport)
    } else {
        with_session(request, &query, transport)
    }
}

fn handshake(
    config: &ServerConfig,
    request: &Request<'_>,
    query: Query<'_>,
    transport: Transport,
) -> Result<Route, Reject> {
    if request.method != Method::Get {
        return Err(Reject::BadHandshakeMethod);
    }
    if transport == Transport::WebSocket && !request.is_upgrade {
        return Err(Reject::BadRequest);
    }
    let agent = request.user_agent.unwrap_or_default();
    Ok(Route::Handshake(Handshake {
        version: query.version,
        transport,
        b64: query.b64,
        jsonp: query
            .j
            .filter(|_| config.jsonp && transport == Transport::Polling)
            .map(|j| Callback::new(&j)),
        xss_protection: agent.contains(";MSIE") || agent.contains("Trident/"),
    }))
}

fn with_session(
    request: &Request<'_>,
    query: &Query<'_>,
    transport: Transport,
) -> Result<Route, Reject> {
    if !Sid::is_valid(&query.sid) {
        return Err(Reject::UnknownSid);
    }
    let sid = Sid::new(Text::new(&query.sid)).ok_or(Reject::UnknownSid)?;
    let version = query.version;
    Ok(match request.method {
        _ if request.is_upgrade => Route::Upgrade {
            sid,
            version,
            transport,
            b64: query.b64,
        },
        Method::Get => Route::Poll {
            sid,
            version,
            transport,
        },
        Method::Post => Route::Push {
            sid,
            version,
            transport,
            encoding: encoding(version, request),
        },
        Method::Options | Method::Other => Route::MethodNotAllowed {
            sid,
            version,
            transport,
        },
    })
}

/// The content type is compared exactly; every other one, and none, is text.
fn encoding(version: Version, request: &Request<'_>) -> Option<Encoding> {
    let is_text = request.content_type != Some("application/octet-stream");
    match (version, is_text) {
        (Version::V4, true) => Some(Encoding::V4),
        (Version::V4, false) => None,
        (Version::V3, true) => Some(Encoding::V3Text),
        (Version::V3, false) => Some(Encoding::V3Binary),
    }
}

/// The reference's rule for the characters of a header value.
fn is_header_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..)
}

/// The parameters that have a meaning; of a repeated one the last counts.
struct Query<'a> {
    version: Version,
    transport: Cow<'a, str>,
    sid: Cow<'a, str>,
    b64: bool,
    j: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    fn parse(query: &'a str) -> Self {
        let mut found = Self {
            version: Version::V3,
            transport: Cow::default(),
            sid: Cow::default(),
            b64: false,
            j: None,
        };
        for (name, value) in query_pairs(query) {
            match &*name {
                "EIO" => {
                    found.version = if value == "4" {
                        Version::V4
                    } else {
                        Version::V3
                    }
                }
                "transport" => found.transport = value,
                "sid" => found.sid = value,
                "b64" => found.b64 = !value.is_empty(),
                "j" => found.j = Some(value),
                _ => {}
            }
        }
        found
    }
}
