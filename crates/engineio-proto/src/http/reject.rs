//! Refused requests: the six codes, their statuses and bodies.

use super::Response;
use crate::Text;
use alloc::{format, string::String};
use bytes::Bytes;
use core::fmt::Write as _;

/// Why a request is refused. `Display` gives the message of the reference.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reject {
    /// `transport` is missing, not enabled, or not one that HTTP carries.
    #[error("Transport unknown")]
    UnknownTransport,
    /// No session has this `sid`; also after it closed.
    #[error("Session ID unknown")]
    UnknownSid,
    /// A handshake is a GET.
    #[error("Bad handshake method")]
    BadHandshakeMethod,
    /// An illegal `Origin`; another transport or protocol than the session's; `websocket` without
    /// an upgrade.
    #[error("Bad request")]
    BadRequest,
    /// The application said no, with these words or the standard one.
    #[error("{}", .0.as_ref().map_or("Forbidden", Text::as_str))]
    Forbidden(Option<Text>),
    /// A handshake of a protocol version that is not spoken here.
    #[error("Unsupported protocol version")]
    UnsupportedVersion,
}

impl Reject {
    /// The number in the body, 0 to 5.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::UnknownTransport => 0,
            Self::UnknownSid => 1,
            Self::BadHandshakeMethod => 2,
            Self::BadRequest => 3,
            Self::Forbidden(_) => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    /// The answer to an ordinary request: `{"code":0,"message":"Transport unknown"}` with status
    /// 400, or 403 for [`Forbidden`](Self::Forbidden). It may be cached: so says the reference.
    #[must_use]
    pub fn response(&self) -> Response {
        let mut body = format!(r#"{{"code":{},"message":"#, self.code());
        put_json_string(&mut body, &format!("{self}"));
        body.push('}');
        Response {
            status: if matches!(self, Self::Forbidden(_)) {
                403
            } else {
                400
            },
            content_type: Some("application/json"),
            ..Response::new(400, Bytes::from(body))
        }
    }

    /// The answer to a refused upgrade: the bare message, always with status 400, after which the
    /// connection closes.
    #[must_use]
    pub fn upgrade_response(&self) -> Response {
        Response {
            content_type: Some("text/html"),
            close: true,
            ..Response::new(400, Bytes::from(format!("{self}")))
        }
    }
}

fn put_json_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_application_are_escaped() {
        let reject = Reject::Forbidden(Some(Text::from("no \"way\"\\\n\u{1}€")));
        let body = r#"{"code":4,"message":"no \"way\"\\\n\u0001€"}"#;
        assert_eq!(reject.response().body, body);
        assert_eq!(reject.response().status, 403);
    }

    #[test]
    fn a_refused_upgrade_is_text_and_always_400() {
        let response = Reject::Forbidden(None).upgrade_response();
        assert_eq!(
            (response.status, &response.body[..]),
            (400, &b"Forbidden"[..])
        );
        assert_eq!(response.content_type, Some("text/html"));
        assert!(response.close);
    }
}
