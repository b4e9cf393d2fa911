//! Emitting one event to one socket, and waiting for its acknowledgement.

use crate::broadcast::{Broadcast, IntoRooms};
use crate::dispatch::Sio;
use crate::error::{AckError, EmitError};
use crate::namespace::Undelivered;
use crate::socket::Socket;
use crate::telemetry;
use crate::transport::{Client, Origin};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::acks::AckToken;
use socketio_proto::server::{Emit, Overflow, Share};
use socketio_proto::{AckId, Instant, Payload};
use std::pin::pin;
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
    overflow: Option<Overflow>,
    key: Option<&'a str>,
}

impl<'a> Emitter<'a> {
    pub(crate) fn new(socket: &'a Socket) -> Self {
        Self {
            socket,
            volatile: false,
            timeout: None,
            overflow: None,
            key: None,
        }
    }

    /// Dropped, instead of waiting, if the client's transport is busy.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// Waits that long for the acknowledgement. Default: for as long as the client is connected.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What becomes of the event if the client reads too slowly for it. Default: what its
    /// [namespace](crate::Namespace::set_overflow) says.
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = Some(policy);
        self
    }

    /// Takes back the event before it under this key, if that still waits:
    /// [`Overflow::KeepLatest`] with another key than the event's name.
    ///
    /// ```
    /// # use socketio_server::{EmitError, Socket};
    /// fn moved(socket: &Socket, ship: &str, x: f64, y: f64) -> Result<(), EmitError> {
    ///     socket.latest(ship).emit("position", (ship, x, y))
    /// }
    /// ```
    pub fn latest(mut self, key: &'a str) -> Self {
        self.overflow = Some(Overflow::KeepLatest);
        self.key = Some(key);
        self
    }

    /// Everybody in the namespace but this socket, with the flags so far.
    pub fn broadcast(self) -> Broadcast {
        let mut broadcast = self.socket.broadcast();
        if self.volatile {
            broadcast = broadcast.volatile();
        }
        if let Some(policy) = self.overflow {
            broadcast = broadcast.overflow(policy);
        }
        if let Some(key) = self.key {
            broadcast = broadcast.latest(key);
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

    /// See [`Socket::emit`]. An event that was dropped because it may be is no error.
    ///
    /// # Errors
    /// As [`Socket::emit`].
    pub fn emit(self, event: &str, arguments: impl Serialize) -> Result<(), EmitError> {
        let payload = Payload::new(self.socket.format(), Some(event), &arguments)?;
        self.socket.announce(event, &payload);
        self.send(event, payload).map_err(|it| it.error)
    }

    /// See [`Socket::emit_paced`]. Policies make no difference to an event that waits.
    ///
    /// # Errors
    /// As [`Socket::emit_paced`].
    pub async fn emit_paced(self, event: &str, arguments: impl Serialize) -> Result<(), EmitError> {
        let payload = Payload::new(self.socket.format(), Some(event), &arguments)?;
        drop(arguments);
        self.socket.announce(event, &payload);
        let socket = self.socket.inner();
        let patient = self.overflow(Overflow::Refuse);
        // Whose room is waited for. A client that was away may be back by another connection.
        let mut client = Some(Arc::clone(socket.client()));
        loop {
            client = {
                let mut relief = pin!(match &client {
                    Some(client) => client.relief(),
                    None => socket.namespace().returned(),
                });
                // From here on, so that what is read while the event is refused counts.
                relief.as_mut().enable();
                let Err(Undelivered { error, by }) = patient.send(event, payload.clone()) else {
                    return Ok(());
                };
                if !error.is_full() {
                    return Err(error);
                }
                if by.as_ref().map(Arc::as_ptr) == client.as_ref().map(Arc::as_ptr) {
                    relief.await;
                }
                by
            };
        }
    }

    fn send(self, event: &str, payload: Payload) -> Result<(), Undelivered> {
        let socket = self.socket.inner();
        let mut how = self.how(event, None);
        if socket.is_protected() && !self.volatile {
            let mut share = Share::default();
            (share.overflow, share.key) = (how.overflow, how.key.take());
            return socket.namespace().direct(socket, payload, &share);
        }
        let client = socket.client();
        let emitted = client.step(Origin::Elsewhere, |state, now| {
            state.machine.apply(now, |connection| {
                connection.emit(socket.handle(), payload, how, now)
            })
        });
        telemetry::delivered(&emitted);
        match emitted {
            Ok(_) | Err(socketio_proto::EmitError::Dropped) => Ok(()),
            Err(error) => Err(Undelivered {
                error: error.into(),
                by: Some(Arc::clone(client)),
            }),
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
        let how = self.how(event, Some(self.socket.inner().namespace().next_ack()));
        let (sender, receiver) = oneshot::channel();
        let client = Arc::clone(self.socket.inner().client());
        let asked = client.step(Origin::Elsewhere, |state, now| {
            let token = state.machine.apply(now, |connection| {
                connection.emit(self.socket.inner().handle(), payload, how, now)
            })?;
            let token = token.ok_or(socketio_proto::EmitError::Dropped)?;
            state.data.acks.insert(token, sender);
            Ok::<_, socketio_proto::EmitError>((token, now))
        });
        telemetry::delivered(&asked);
        let (token, asked) = asked?;
        Ok(Waiting {
            client,
            token,
            asked,
            receiver,
        })
    }

    fn how(&self, event: &str, ack: Option<AckId>) -> Emit {
        let policies = self.socket.inner().namespace().policies();
        let mut how = Emit::default();
        how.volatile = self.volatile;
        how.ack = ack;
        how.timeout = self.timeout;
        (how.overflow, how.key) = policies.of(event, self.overflow, self.key);
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
