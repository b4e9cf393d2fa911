//! Answering an event.

use crate::error::{EmitError, HandlerError};
use serde::Serialize;
use socketio_proto::typed::{Answer, TypedEvent};
use socketio_proto::{AckId, Format, Payload};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sends acknowledgements: the adapter's part of an [`Ack`].
pub trait Acknowledge: fmt::Debug + Send + Sync + 'static {
    /// How arguments are written for this peer.
    fn format(&self) -> Format;

    /// Sends an acknowledgement.
    ///
    /// # Errors
    /// The machine's.
    fn acknowledge(&self, id: AckId, payload: Payload) -> Result<(), socketio_proto::EmitError>;
}

/// Answers the event, if its sender asked for an acknowledgement.
///
/// Handlers of the same event share it: the first answer goes out, later ones are dropped, as is
/// one after the connection was lost. Dropping it unused sends nothing; the sender's own time limit
/// decides then.
#[derive(Clone, Debug, Default)]
pub struct Ack(Option<Arc<Inner<dyn Acknowledge>>>);

#[derive(Debug)]
struct Inner<A: ?Sized> {
    id: AckId,
    sent: AtomicBool,
    socket: A,
}

impl Ack {
    /// The answer to an event that came from this socket, with an id if one is wanted.
    pub fn new<A: Acknowledge + Clone>(socket: &A, id: Option<AckId>) -> Self {
        Self(id.map(|id| {
            let (socket, sent) = (socket.clone(), AtomicBool::new(false));
            Arc::new(Inner { id, sent, socket }) as Arc<Inner<dyn Acknowledge>>
        }))
    }

    /// Whether the sender asked for an acknowledgement.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Sends the acknowledgement: a tuple gives several arguments, anything else one, `()` none.
    ///
    /// Does nothing if the sender did not ask for one, got one already, or has left.
    ///
    /// # Errors
    /// When the arguments can't be written; or when the buffer is full, as no policy makes room for an
    /// answer. Nothing has gone out then, and a clone of this may try again.
    pub fn send(self, arguments: impl Serialize) -> Result<(), EmitError> {
        let Some(inner) = &self.0 else { return Ok(()) };
        let payload = Payload::new(inner.socket.format(), None, &arguments)?;
        if inner.sent.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        match inner.socket.acknowledge(inner.id, payload) {
            // The connection was lost: so is whoever waits.
            Err(socketio_proto::EmitError::NotConnected) => Ok(()),
            Err(error) => {
                inner.sent.store(false, Ordering::Release);
                Err(error.into())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Sends what the handler of a typed event has returned, unless that is an error.
    ///
    /// # Errors
    /// [`HandlerError::Failed`], by what the handler returned or by [`send`](Self::send).
    pub fn answer<E>(self, answer: impl Answer<E::Ack>) -> Result<(), HandlerError>
    where
        E: TypedEvent<Ack: Serialize>,
    {
        let answer = answer.into_answer().map_err(HandlerError::Failed)?;
        let sent = self.send(answer);
        sent.map_err(|error| HandlerError::Failed(error.into()))
    }
}
