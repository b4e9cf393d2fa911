//! What CONNECT says, and what the server answers.

use super::recovery::Recovery;
use super::{Auth, ConnectError};
use crate::value::Map;
use crate::{Format, Payload, PayloadError, Value};
use alloc::string::String;
use serde::Deserialize;

/// Whether these credentials can go out: an object, written for this parser.
pub(super) fn is_fit(auth: Option<&Payload>, format: Format) -> bool {
    auth.is_none_or(|auth| auth.is_object() && auth.format() == format)
}

/// As [`is_fit`], for credentials that are set beforehand.
pub(super) fn is_auth_fit(auth: &Auth, format: Format) -> bool {
    match auth {
        Auth::None | Auth::Ask => true,
        Auth::Value(auth) => is_fit(Some(auth), format),
    }
}

/// The payload of CONNECT: what the session is to be recovered by, then the credentials, whose
/// members win where they are named alike.
pub(super) fn request(
    auth: Option<Payload>,
    recovery: &Recovery,
    format: Format,
) -> Result<Option<Payload>, PayloadError> {
    let Some((private, offset)) = recovery.claim() else {
        return Ok(auth);
    };
    let mut members = Map::new();
    members.insert("pid", private);
    if let Some(offset) = offset {
        members.insert("offset", offset);
    }
    if let Some(auth) = auth {
        let Value::Object(given) = auth.arguments().next_value()? else {
            return Err(PayloadError::Unfit("CONNECT"));
        };
        for (name, value) in given {
            members.insert(name, value);
        }
    }
    Payload::value(format, &Value::Object(members)).map(Some)
}

/// What a server grants a socket: its public id and, if recovery is offered, a private one, which
/// is for this client alone.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Granted {
    pub(super) sid: Option<String>,
    pub(super) pid: Option<String>,
}

/// Reads a CONNECT_ERROR: an object with `message` and perhaps `data`, or from older servers any
/// value at all.
pub(super) fn refusal(payload: &Payload) -> ConnectError {
    let (message, data) = match payload.arguments().next_value().unwrap_or_default() {
        Value::String(message) => (message, None),
        Value::Object(mut members) if members.get("message").is_some_and(is_string) => {
            let message = match members.remove("message") {
                Some(Value::String(message)) => message,
                _ => String::new(),
            };
            (message, members.remove("data"))
        }
        Value::Null => (String::new(), None),
        other => (String::new(), Some(other)),
    };
    ConnectError::Refused { message, data }
}

fn is_string(value: &Value) -> bool {
    matches!(value, Value::String(_))
}
