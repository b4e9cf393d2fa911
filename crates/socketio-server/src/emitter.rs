//! Emitting one event to one socket, and waiting for its acknowledgement.

use crate::broadcast::{Broadcast, IntoRooms};
use crate::dispatch::Sio;
use crate::error::{AckError, EmitError};
use crate::socket::Socket;
use crate::telemetry;
use crate::transport::{Client, Origin};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::acks::AckToken;
use socketio_proto::server::Emit;
use socketio_proto::{AckId, Instant, Payload};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How to emit one event to one socket.
#[derive(Clone, Copy, Debug)]
#[must_use = "it does nothing until something is emitted"]
pub struct Emitter<'a> {
    socket: &'a Socket,
    volatile: bool,
    timeout: Option<Duration>,
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(socket: &'a Socket) -> Self {
        Self {
            socket,
            volatile: false,
            timeout: None,
        }
    }

    /// Dropped, instead of waiting, if the client's transport is busy.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Waits that long for the acknowledgement.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Everybody in the namespace but this socket, with the flags so far.
    pub fn broadcast(self) -> Broadcast {
        let mut broadcast = self.socket.broadcast();
        if self.volatile {
            broadcast = broadcast.volatile();
        }
        match self.timeout {
            Some(timeout) => broadcast.timeout(timeout),
            None => broadcast,
        }
    }

    /// Whoever is in these rooms, but not this socket, with the flags so far.
    pub fn to(self, rooms: impl IntoRooms) -> Broadcast {
        self.broadcast().to(rooms)
    }

    /// See [`Socket::emit`]. A volatile event that was dropped is no error.
    ///
    /// # Errors
    /// As [`Socket::emit`].
    pub fn emit(self, event: &str, arguments: impl Serialize) -> Result<(), EmitError> {
        let payload = Payload::new(self.socket.format(), Some(event), &arguments)?;
        self.socket.announce(event, &payload);
        let socket = self.socket.inner();
        if socket.is_protected() && !self.volatile {
            return socket.namespace().direct(socket, payload);
        }
        let how = self.how(None);
        let client = socket.client();
        let emitted = client.step(Origin::Elsewhere, |state, now| {
            state.machine.apply(now, |connection| {
                connection.emit(socket.handle(), payload, how, now)
            })
        });
        match emitted {
            Ok(_) | Err(socketio_proto::EmitError::Dropped) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// See [`Socket::emit_with_ack`].
    ///
    /// # Errors
    /// As [`Socket::emit_with_ack`], and [`AckError::Timeout`].
    pub async fn emit_with_ack<T: DeserializeOwned>(
        self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<T, AckError> {
        self.emit_with_ack_raw(event, arguments)
            .await?
            .decode()
            .map_err(AckError::Decode)
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
        let waiting = self.ask(event, arguments)?;
        waiting.answer().await
    }

    /// Emits and enters the one who waits, in one step: an answer can't come in between.
    fn ask(self, event: &str, arguments: impl Serialize) -> Result<Waiting, EmitError> {
        let payload = Payload::new(self.socket.format(), Some(event), &arguments)?;
        self.socket.announce(event, &payload);
        let how = self.how(Some(self.socket.inner().namespace().next_ack()));
        let (sender, receiver) = oneshot::channel();
        let client = Arc::clone(self.socket.inner().client());
        let (token, asked) = client.step(Origin::Elsewhere, |state, now| {
            let token = state.machine.apply(now, |connection| {
                connection.emit(self.socket.inner().handle(), payload, how, now)
            })?;
            let token = token.ok_or(socketio_proto::EmitError::Dropped)?;
            state.data.acks.insert(token, sender);
            Ok::<_, socketio_proto::EmitError>((token, now))
        })?;
        Ok(Waiting {
            client,
            token,
            asked,
            receiver,
        })
    }

    fn how(&self, ack: Option<AckId>) -> Emit {
        let mut how = Emit::default();
        how.volatile = self.volatile;
        how.ack = ack;
        how.timeout = self.timeout;
        how
    }
}

/// One who waits for an acknowledgement. Gives up when dropped.
struct Waiting {
    client: Arc<Client<Sio>>,
    token: AckToken,
    asked: Instant,
    receiver: oneshot::Receiver<Result<Payload, socketio_proto::AckError>>,
}

impl Waiting {
    async fn answer(mut self) -> Result<Payload, AckError> {
        match (&mut self.receiver).await {
            Ok(Ok(answer)) => {
                let now = self.client.host().env().clock.now();
                telemetry::acknowledged(now - self.asked);
                Ok(answer)
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(AckError::Disconnected),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.client.step(Origin::Elsewhere, |state, now| {
            if state.data.acks.remove(&self.token).is_some() {
                state
                    .machine
                    .apply(now, |connection| connection.cancel_ack(self.token));
            }
        });
    }
}
