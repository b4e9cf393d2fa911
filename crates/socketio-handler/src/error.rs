//! What can go wrong on the application's side.

use serde::Serialize;
use socketio_proto::{PayloadError, Value};
use std::fmt;
use thiserror::Error;

/// An event that was not sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmitError {
    /// The arguments can't be written, or the event's name is reserved.
    #[error("the payload can't be written")]
    Payload(#[from] PayloadError),
    /// The socket can't take it: see [`socketio_proto::EmitError`].
    #[error(transparent)]
    Socket(#[from] socketio_proto::EmitError),
}

impl From<socketio_proto::BroadcastError> for EmitError {
    fn from(error: socketio_proto::BroadcastError) -> Self {
        match error {
            socketio_proto::BroadcastError::Payload(error) => Self::Payload(error),
            socketio_proto::BroadcastError::Emit(error) => Self::Socket(error),
        }
    }
}

impl EmitError {
    /// Whether there was no room for the event. There will be some when the peer has read.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Socket(socketio_proto::EmitError::Full))
    }
}

/// An acknowledgement that did not come.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AckError {
    /// The event was not sent.
    #[error("the event was not sent")]
    Emit(#[from] EmitError),
    /// It did not come in time.
    #[error("operation has timed out")]
    Timeout,
    /// The connection was lost first.
    #[error("socket has been disconnected")]
    Disconnected,
    /// It came with other arguments than expected.
    #[error("the acknowledgement has unexpected arguments")]
    Decode(#[source] PayloadError),
}

impl From<socketio_proto::AckError> for AckError {
    fn from(error: socketio_proto::AckError) -> Self {
        match error {
            socketio_proto::AckError::Timeout => Self::Timeout,
            _ => Self::Disconnected,
        }
    }
}

/// A handler that failed; the argument of `on_error`.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HandlerError {
    /// An argument of the event is not what the handler asks for.
    #[error("argument {index} of the event is not what its handler expects")]
    Argument {
        /// Which one, counted from zero.
        index: usize,
        /// What the decoder says.
        source: PayloadError,
    },
    /// The handler asks for something that this side, or this kind of event, doesn't have.
    #[error("{0} is not available to this handler")]
    Unavailable(&'static str),
    /// An event middleware dropped the event: on servers, since clients have none.
    #[error("a middleware refused the event: {0}")]
    Refused(Refusal),
    /// The handler returned an error.
    #[error("the handler failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The handler panicked.
    #[error("the handler panicked: {0}")]
    Panicked(String),
}

/// What a middleware refuses a client with: the client gets it in its `connect_error`.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl Refusal {
    /// Refuses with a message.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            data: None,
        }
    }

    /// Adds data for the client, any JSON: it gets them as `error.data`.
    ///
    /// ```
    /// use socketio_handler::Refusal;
    /// use socketio_proto::Value;
    ///
    /// let refusal = Refusal::new("too early").with_data(serde_json::json!({ "retry": 5 }));
    /// assert_eq!(refusal.message(), "too early");
    /// let plain = Refusal::new("no").with_data(Value::from("and that's that"));
    /// # let _ = plain;
    /// ```
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Value>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// What the client gets as `error.message`.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl From<&str> for Refusal {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}
