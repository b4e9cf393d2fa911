//! Events of the server that come before its answer to the CONNECT: what its middlewares send,
//! and what was missed while the client was away.

use super::Config;
use crate::{AckId, DecodeError, Payload};
use alloc::collections::VecDeque;

/// They are delivered behind the answer, in order.
#[derive(Debug, Default)]
pub(super) struct Early {
    events: VecDeque<(Payload, Option<AckId>)>,
    bytes: usize,
}

impl Early {
    /// Keeps an event.
    ///
    /// # Errors
    ///
    /// The limits of the configuration are reached.
    pub(super) fn push(
        &mut self,
        payload: Payload,
        ack: Option<AckId>,
        config: &Config,
    ) -> Result<(), DecodeError> {
        self.bytes += size(&payload);
        if self.events.len() >= config.max_early_events || self.bytes > config.max_early_bytes {
            return Err(DecodeError::Limit {
                what: "events before CONNECT",
            });
        }
        self.events.push_back((payload, ack));
        Ok(())
    }

    /// All of them; none are left.
    pub(super) fn take(&mut self) -> VecDeque<(Payload, Option<AckId>)> {
        core::mem::take(self).events
    }
}

fn size(payload: &Payload) -> usize {
    let text = payload.as_json().map_or(0, str::len);
    #[cfg(feature = "msgpack")]
    let text = text + payload.as_msgpack().map_or(0, <[u8]>::len);
    let binary = payload.attachments().iter().map(bytes::Bytes::len);
    text + binary.sum::<usize>()
}
