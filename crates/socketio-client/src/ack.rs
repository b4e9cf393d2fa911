//! Answering an event.

use crate::error::EmitError;
use crate::socket_ref::SocketRef;
use serde::Serialize;
use socketio_proto::{AckId, Payload};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Answers the event, if the server asked for an acknowledgement.
///
/// Handlers of the same event share it: the first answer goes out, later ones are dropped, as is
/// one after the connection was lost. Dropping it unused sends nothing; the server's own time limit
/// decides then.
#[derive(Clone, Debug, Default)]
pub struct Ack(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    socket: SocketRef,
    id: AckId,
    sent: AtomicBool,
}

impl Ack {
    pub(crate) fn new(socket: &SocketRef, id: Option<AckId>) -> Self {
        Self(id.map(|id| {
            Arc::new(Inner {
                socket: socket.clone(),
                id,
                sent: AtomicBool::new(false),
            })
        }))
    }

    /// Whether the server asked for an acknowledgement.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Sends the acknowledgement: a tuple gives several arguments, anything else one, `()` none.
    ///
    /// Does nothing if the server did not ask for one, or got one already.
    ///
    /// # Errors
    /// When the arguments can't be written, or the buffer is full.
    pub fn send(self, arguments: impl Serialize) -> Result<(), EmitError> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let payload = Payload::new(inner.socket.format(), None, &arguments)?;
        if inner.sent.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let (core, id) = (inner.socket.core(), inner.socket.inner.id);
        match core.step(|state, now| state.manager.ack(id, inner.id, payload, now)) {
            // The connection was lost: so is whoever waits.
            Err(socketio_proto::EmitError::NotConnected) => Ok(()),
            other => Ok(other?),
        }
    }
}
