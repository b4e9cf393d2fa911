//! Events for those who would rather pull them than have handlers called.

#[cfg(feature = "tokio")]
mod stream;

#[cfg(feature = "tokio")]
pub use self::stream::Events;

use crate::error::ConnectError;
use crate::sync::lock;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use socketio_handler::{Ack, Values};
use socketio_proto::client::{ClientEvent, DisconnectReason};
use socketio_proto::{Payload, PayloadError};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

/// Events that wait to be pulled, at most.
const CAPACITY: usize = 1024;

/// Bytes of them, at most, one event aside.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What happens to a socket, in order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SocketEvent {
    /// It is connected.
    Connected {
        /// Whether the server has restored the session from before: see
        /// [`Socket::recovered`](crate::Socket::recovered).
        recovered: bool,
    },
    /// An event of the server.
    Message(Incoming),
    /// It could not be connected, for now or for good: see
    /// [`Socket::is_active`](crate::Socket::is_active).
    ConnectError(ConnectError),
    /// It was connected, and is no more.
    Disconnected(DisconnectReason),
    /// What happens to the connection that it shares with the client's other sockets.
    Connection(ClientEvent),
    /// So many events came while nobody pulled that these are lost. Handlers are called for them
    /// nevertheless.
    Lagged(u64),
}

/// An event of the server.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub(crate) payload: Payload,
    pub(crate) ack: Ack,
}

impl Incoming {
    /// Its name.
    #[must_use]
    pub fn event(&self) -> &str {
        self.payload.event().unwrap_or_default()
    }

    /// Its arguments: a tuple takes several, anything else the first.
    ///
    /// # Errors
    /// When they are of other types.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        self.payload.decode()
    }

    /// Its arguments as dynamic values.
    ///
    /// # Errors
    /// When there are numbers that no Rust type holds.
    pub fn values(&self) -> Result<Values, PayloadError> {
        self.payload.values().map(Values)
    }

    /// Its arguments as they came, with their attachments.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Answers it, if the server asked for that.
    #[must_use]
    pub fn ack(&self) -> Ack {
        self.ack.clone()
    }
}

/// Events that wait to be pulled.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<SocketEvent>,
    bytes: usize,
    waker: Option<Waker>,
}

impl Queue {
    pub(crate) fn push(&self, event: SocketEvent) {
        let waker = {
            let mut waiting = lock(&self.0);
            waiting.push(event);
            waiting.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn pop(&self) -> Option<SocketEvent> {
        lock(&self.0).pop()
    }

    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<SocketEvent> {
        let mut waiting = lock(&self.0);
        match waiting.pop() {
            Some(event) => Poll::Ready(event),
            None => {
                waiting.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Waiting {
    fn push(&mut self, event: SocketEvent) {
        if self.events.len() < CAPACITY && self.bytes < MAX_BYTES {
            self.bytes += weight(&event);
            self.events.push_back(event);
        } else if let Some(SocketEvent::Lagged(count)) = self.events.back_mut() {
            *count += 1;
        } else {
            self.events.push_back(SocketEvent::Lagged(1));
        }
    }

    fn pop(&mut self) -> Option<SocketEvent> {
        let event = self.events.pop_front()?;
        self.bytes -= weight(&event);
        Some(event)
    }
}

fn weight(event: &SocketEvent) -> usize {
    match event {
        SocketEvent::Message(message) => size(&message.payload),
        _ => 0,
    }
}

/// Bytes of a payload, attachments included.
pub(crate) fn size(payload: &Payload) -> usize {
    #[cfg(feature = "msgpack")]
    if let Some(bytes) = payload.as_msgpack() {
        return bytes.len();
    }
    let attachments = payload.attachments().iter().map(Bytes::len).sum::<usize>();
    payload.as_json().map_or(0, str::len) + attachments
}

#[cfg(test)]
mod tests {
    use super::*;
    use socketio_proto::Format;

    fn message(text: &str) -> SocketEvent {
        SocketEvent::Message(Incoming {
            payload: Payload::new(Format::Json, Some("e"), text).unwrap(),
            ack: Ack::default(),
        })
    }

    fn drain(waiting: &mut Waiting) -> (usize, Vec<u64>) {
        let (mut messages, mut lost) = (0, Vec::new());
        while let Some(event) = waiting.pop() {
            match event {
                SocketEvent::Lagged(count) => lost.push(count),
                _ => messages += 1,
            }
        }
        (messages, lost)
    }

    #[test]
    fn what_is_lost_is_counted_where_it_would_have_been() {
        let mut waiting = Waiting::default();
        for _ in 0..CAPACITY + 3 {
            waiting.push(message("x"));
        }
        assert!(waiting.pop().is_some());
        assert!(waiting.pop().is_some());
        waiting.push(message("x"));
        assert_eq!(drain(&mut waiting), (CAPACITY - 1, vec![3]));
        assert_eq!(waiting.bytes, 0);
    }

    #[test]
    fn large_events_are_limited_by_their_bytes() {
        let mut waiting = Waiting::default();
        let large = "x".repeat(MAX_BYTES / 4);
        for _ in 0..6 {
            waiting.push(message(&large));
        }
        assert_eq!(drain(&mut waiting), (4, vec![2]));
    }
}
