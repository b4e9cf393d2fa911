//! Refused requests: the six codes of the reference, their statuses and bodies.

use super::Response;
use crate::{Text, admission::AdmissionError};
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
    /// The server takes no new sessions, since it is about to end. The reference has closed its
    /// listener by then.
    #[error("Server is shutting down")]
    ShuttingDown,
    /// Too many sessions or handshakes, in these words. The reference has no such limit.
    #[error(transparent)]
    Admission(#[from] AdmissionError),
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
            // What any client takes for a refusal.
            Self::Forbidden(_) | Self::ShuttingDown | Self::Admission(_) => 4,
            Self::UnsupportedVersion => 5,
        }
    }

    /// The answer to an ordinary request: `{"code":0,"message":"Transport unknown"}` with status
    /// 400, or 403 for [`Forbidden`](Self::Forbidden). It may be cached: so says the reference.
    ///
    /// What has to do with load has a status of its own, here and for upgrades: 503 for
    /// [`ShuttingDown`](Self::ShuttingDown) and [`Sessions`](AdmissionError::Sessions), which
    /// another server may take, 429 for the other [admissions](Self::Admission), with `retry-after`
    /// if that is known.
    #[must_use]
    pub fn response(&self) -> Response {
        let mut body = format!(r#"{{"code":{},"message":"#, self.code());
        put_json_string(&mut body, &format!("{self}"));
        body.push('}');
        let status = match self {
            Self::Forbidden(_) => 403,
            _ => self.load_status().unwrap_or(400),
        };
        Response {
            content_type: Some("application/json"),
            retry_after: self.retry_after(),
            ..Response::new(status, Bytes::from(body))
        }
    }

    /// The answer to a refused upgrade: the bare message with status 400, unless it has to do with
    /// load, after which the connection closes.
    #[must_use]
    pub fn upgrade_response(&self) -> Response {
        let status = self.load_status().unwrap_or(400);
        Response {
            content_type: Some("text/html"),
            retry_after: self.retry_after(),
            close: true,
            ..Response::new(status, Bytes::from(format!("{self}")))
        }
    }

    fn load_status(&self) -> Option<u16> {
        match self {
            Self::ShuttingDown | Self::Admission(AdmissionError::Sessions) => Some(503),
            Self::Admission(_) => Some(429),
            _ => None,
        }
    }

    /// In whole seconds, begun ones included.
    fn retry_after(&self) -> Option<u64> {
        let (Self::Admission(AdmissionError::Rate { retry_after })
        | Self::Admission(AdmissionError::AddressRate { retry_after })) = self
        else {
            return None;
        };
        retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
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
    use core::time::Duration;

    #[test]
    fn the_words_of_the_application_are_escaped() {
        let reject = Reject::Forbidden(Some(Text::from("no \"way\"\\\n\u{1}€")));
        let body = r#"{"code":4,"message":"no \"way\"\\\n\u0001€"}"#;
        assert_eq!(reject.response().body, body);
        assert_eq!(reject.response().status, 403);
    }

    #[test]
    fn load_has_statuses_of_its_own() {
        let retry_after = Some(Duration::from_millis(1001));
        for (reject, status, seconds) in [
            (AdmissionError::Sessions.into(), 503, None),
            (AdmissionError::AddressSessions.into(), 429, None),
            (AdmissionError::Rate { retry_after }.into(), 429, Some("2")),
            (
                AdmissionError::AddressRate { retry_after }.into(),
                429,
                Some("2"),
            ),
            (AdmissionError::Rate { retry_after: None }.into(), 429, None),
            (Reject::ShuttingDown, 503, None),
        ] {
            let body = format!(r#"{{"code":4,"message":"{reject}"}}"#);
            assert_eq!(reject.response().body, body);
            assert_eq!(reject.upgrade_response().body, format!("{reject}"));
            for response in [reject.response(), reject.upgrade_response()] {
                assert_eq!(response.status, status);
                let mut headers = response.headers();
                let header = headers.find(|(name, _)| *name == "retry-after");
                assert_eq!(header.as_ref().map(|(_, value)| &**value), seconds);
            }
        }
    }

    #[test]
    fn a_refused_upgrade_is_text_and_400() {
        let response = Reject::Forbidden(None).upgrade_response();
        assert_eq!(
            (response.status, &response.body[..]),
            (400, &b"Forbidden"[..])
        );
        assert_eq!(response.content_type, Some("text/html"));
        assert!(response.close);
    }
}
