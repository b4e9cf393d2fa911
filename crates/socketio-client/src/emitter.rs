//! Emitting one event with flags, and waiting for its acknowledgement.

use crate::calls::emitter_calls;
use crate::error::{AckError, EmitError};
use crate::socket::Socket;
use crate::socket_ref::SocketRef;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::Payload;
use socketio_proto::client::{AckToken, Emit};
use std::time::Duration;
use tokio::sync::oneshot;

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
    pub async fn emit_with_ack<T: DeserializeOwned>(
        self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<T, AckError> {
        let answer = self.emit_with_ack_raw(event, arguments).await?;
        answer.decode().map_err(AckError::Decode)
    }

    /// As [`emit_with_ack`](Self::emit_with_ack), with the acknowledgement as it came: all its
    /// arguments, and its attachments without a copy.
    ///
    /// # Errors
    /// As [`emit_with_ack`](Self::emit_with_ack), but for [`AckError::Decode`].
    pub async fn emit_with_ack_raw(
        self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<Payload, AckError> {
        let (sender, receiver) = oneshot::channel();
        let waiter = Box::new(|answer| drop(sender.send(answer)));
        let token = self.socket.inner.ask(event, &arguments, self.how, waiter)?;
        let _waiting = Waiting {
            socket: &self.socket.inner,
            token,
        };
        match receiver.await {
            Ok(answer) => answer.map_err(AckError::from),
            Err(_) => Err(AckError::Disconnected),
        }
    }
}

/// One who waits for an acknowledgement. Gives up when dropped.
struct Waiting<'a> {
    socket: &'a SocketRef,
    token: AckToken,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.socket.forget_ack(self.token);
    }
}
