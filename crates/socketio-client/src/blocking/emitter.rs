//! Emitting one event with flags, and waiting for its acknowledgement.

use super::socket::Socket;
use crate::calls::emitter_calls;
use crate::error::{AckError, EmitError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::Payload;
use socketio_proto::client::Emit;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// How to emit one event.
#[derive(Clone, Copy, Debug)]
#[must_use = "it does nothing until something is emitted"]
pub struct Emitter<'a> {
    socket: &'a Socket,
    how: Emit,
}

impl<'a> Emitter<'a> {
    emitter_calls!();

    /// See [`Socket::emit_with_ack`].
    ///
    /// # Errors
    /// As [`Socket::emit_with_ack`], and [`AckError::Timeout`].
    pub fn emit_with_ack<T: DeserializeOwned>(
        self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<T, AckError> {
        let answer = self.emit_with_ack_raw(event, arguments)?;
        answer.decode().map_err(AckError::Decode)
    }

    /// As [`emit_with_ack`](Self::emit_with_ack), with the acknowledgement as it came: all its
    /// arguments, and its attachments without a copy.
    ///
    /// # Errors
    /// As [`emit_with_ack`](Self::emit_with_ack), but for [`AckError::Decode`].
    pub fn emit_with_ack_raw(
        self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<Payload, AckError> {
        let (sender, receiver) = sync_channel(1);
        let waiter = Box::new(move |answer| drop(sender.send(answer)));
        self.socket.inner.ask(event, &arguments, self.how, waiter)?;
        match receiver.recv() {
            Ok(answer) => answer.map_err(AckError::from),
            Err(_) => Err(AckError::Disconnected),
        }
    }
}
