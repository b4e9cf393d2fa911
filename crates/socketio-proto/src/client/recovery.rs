//! Connection state recovery: what a client tells a server to get its session back.

use crate::Payload;
use alloc::borrow::Cow;
use alloc::string::String;
use serde::de::IgnoredAny;

/// What is known of the session at the server.
///
/// The server grants a private id with its answer to CONNECT if it offers recovery at all. From
/// then on the last argument of an event is an offset if it is a string: the place of the event
/// in the server's log. With both the server restores the session, and sends what was missed.
///
/// Two faults of the reference are avoided. It takes the name of an event without arguments for
/// an offset; and it keeps an offset for a session other than the one that it comes from, which
/// would bring events a second time.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    private: Option<String>,
    offset: Option<String>,
}

/// Bytes of a string that may be an offset. Those of the known servers have some 20.
const MAX_OFFSET: usize = 256;

impl Recovery {
    /// The answer to CONNECT, with a private id if recovery is offered. True if this is the
    /// session from before.
    pub(super) fn granted(&mut self, private: Option<String>) -> bool {
        if private.is_some() && private == self.private {
            return true;
        }
        *self = Self {
            private,
            offset: None,
        };
        false
    }

    /// An event without acknowledgement is delivered.
    pub(super) fn delivered(&mut self, payload: &Payload) {
        if self.private.is_some()
            && let Some(last) = last_string(payload)
        {
            self.offset = Some(last.into_owned());
        }
    }

    /// Private id and offset, to be given with CONNECT.
    pub(super) fn claim(&self) -> Option<(&str, Option<&str>)> {
        Some((self.private.as_deref()?, self.offset.as_deref()))
    }
}

fn last_string(payload: &Payload) -> Option<Cow<'_, str>> {
    // One look at the end spares most events two passes.
    if let Some(text) = payload.as_json()
        && !text.trim_end_matches([']', ' ']).ends_with('"')
    {
        return None;
    }
    let mut arguments = payload.arguments();
    for _ in 1..arguments.len() {
        arguments.next::<IgnoredAny>().ok()?;
    }
    if arguments.is_empty() {
        return None;
    }
    let last: Cow<'_, str> = arguments.next::<String>().ok()?.into();
    (last.len() <= MAX_OFFSET).then_some(last)
}
