//! What can go wrong.

pub(crate) use socketio_handler::{AckError, EmitError, HandlerError};

use socketio_proto::Value;
use socketio_proto::client::ConnectFailure;
use std::sync::Arc;
use thiserror::Error;

/// Options that make no client.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL is not of the form `http://host:port/namespace`; or `https`, `ws`, `wss`.
    #[error("{url:?} is not the URL of a server: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The proxy's URL is not of the form `http://user:password@host:port`.
    #[error("{0:?} is not the URL of an HTTP proxy")]
    Proxy(String),
    /// The URL asks for TLS, and none is compiled in: see the features.
    #[error("this client was built without TLS")]
    NoTls,
    /// The platform's TLS library, or what it has to say about the given certificates.
    #[error("TLS can't be set up")]
    Tls(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A header's name or value has characters that it must not have.
    #[error("{0:?} is not a header")]
    Header(String),
    /// The credentials can't be written, or are not an object.
    #[error("the credentials can't be written")]
    Auth(#[source] Arc<EmitError>),
    /// The client is for tokio, and this thread is in none of its runtimes.
    #[error("there is no tokio runtime here")]
    NoRuntime,
    /// The operating system has no randomness to give.
    #[error("the operating system gives no randomness")]
    Randomness,
}

/// A socket that could not be made.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
#[non_exhaustive]
pub enum SocketError {
    /// The name has a comma or a question mark in it, or is too long.
    #[error("{0:?} is not the name of a namespace")]
    Namespace(String),
    /// This client has as many namespaces as it may.
    #[error("too many namespaces")]
    TooMany,
}

/// A socket that is not connected. `Display` gives the words of the reference.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The options make no client.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The server has refused. There is no further attempt before
    /// `connect()` is called again.
    #[error("{message}")]
    Refused {
        /// What the server says.
        message: String,
        /// What else it says.
        data: Option<Value>,
    },
    /// The connection could not be made, or was lost before the server had answered.
    #[error("{0}")]
    Connection(ConnectFailure),
    /// The server has accepted the connection, and says nothing about the namespace.
    #[error("the server did not answer in time")]
    Unanswered,
    /// The server is of version 2: see
    /// [`ClientBuilder::protocol`](crate::ClientBuilder::protocol).
    #[error("{}", socketio_proto::client::ConnectError::OldServer)]
    OldServer,
    /// `disconnect()` was called before the server had answered, or the runtime has gone.
    #[error("the client has been disconnected")]
    Disconnected,
}

impl From<socketio_proto::client::ConnectError> for ConnectError {
    fn from(error: socketio_proto::client::ConnectError) -> Self {
        use socketio_proto::client::ConnectError as Core;
        match error {
            Core::Refused { message, data } => Self::Refused { message, data },
            Core::Connection(failure) => Self::Connection(failure),
            Core::OldServer => Self::OldServer,
            _ => Self::Unanswered,
        }
    }
}
