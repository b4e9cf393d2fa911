//! What HTTP means to Engine.IO, as pure functions.
//!
//! An adapter turns its request into a [`Request`], asks [`route()`] what it is, and writes the
//! [`Response`]s that it gets, here or from a session:
//!
//! ```text
//!  matches(path)? ──no──► not ours
//!    │ yes
//!  route ──Err(Reject)──► reject.response(), or upgrade_response() if an upgrade was asked for
//!    ├─ Preflight ──────► Response::preflight()
//!    ├─ Handshake ──────► own checks (origin, token …), Handshake::check, Session::accept
//!    └─ with a sid ─────► look it up, or Reject::UnknownSid; Session::check; handle_*
//! ```
//!
//! That is the order of the reference: transport, characters of `Origin`, sid, transport and
//! protocol of the session, method, WebSocket without an upgrade, the application's own check, and
//! last of all the protocol version. [`cors_headers`] go on every response. Which of them may be
//! compressed, and in which [`Coding`], says
//! [`HttpCompression`](crate::config::HttpCompression::coding).

pub(crate) mod compression;
pub(crate) mod cookie;
pub(crate) mod cors;
pub mod jsonp;
mod query;
mod reject;
mod response;
mod route;

pub use compression::Coding;
pub use cors::cors_headers;
pub use query::query_pairs;
pub use reject::Reject;
pub use response::Response;
pub use route::{Handshake, Method, Request, Route, matches, route};
