//! How connecting and being connected end, as a client sees it. `Display` gives the words of the
//! reference.

use crate::{DecodeError, Value};
use alloc::string::String;
use engineio_proto::CloseReason;
use engineio_proto::client::TransportError;
use thiserror::Error;

/// A socket that was not [added](super::Manager::add).
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AddError {
    /// The manager has a socket for this namespace. Another one needs another connection.
    #[error("the namespace has a socket already")]
    NamespaceInUse,
    /// The manager has as many sockets as [`Config::max_sockets`](super::Config::max_sockets)
    /// says.
    #[error("too many sockets")]
    TooMany,
    /// The credentials are not an object of the parser's format: see
    /// [`Payload::value`](crate::Payload::value).
    #[error("the credentials are not an object")]
    Auth,
}

/// A connection, with all of its sockets, that could not be made.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The transport has failed, or the server has refused it.
    #[error("{0}")]
    Transport(#[from] TransportError),
    /// The engine did not open within
    /// [`Config::connect_timeout`](super::Config::connect_timeout).
    #[error("timeout")]
    Timeout,
    /// The server has closed before the engine was open.
    #[error("{0}")]
    Closed(DisconnectReason),
}

/// A socket that is not connected to its namespace.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server has refused with CONNECT_ERROR. There is no further attempt before
    /// [`connect`](super::Manager::connect) is called.
    #[error("{message}")]
    Refused {
        /// What the server says.
        message: String,
        /// What else it says, in `data`.
        data: Option<Value>,
    },
    /// The connection below could not be made, or was lost before the server had answered.
    /// Whether there are further attempts is [`is_active`](super::Manager::is_active).
    #[error("{0}")]
    Connection(#[from] ConnectFailure),
    /// The CONNECT was not answered within
    /// [`Config::namespace_timeout`](super::Config::namespace_timeout). The socket stays active;
    /// an answer is still welcome.
    #[error("the server did not answer in time")]
    Unanswered,
    /// The server has answered without an id: it speaks revision 4 of the protocol, as
    /// socket.io 2 does. The socket stays active, to no avail.
    #[error(
        "It seems you are trying to reach a Socket.IO server in v2.x with a v3.x client, but they are not compatible (more information here: https://socket.io/docs/v3/migrating-from-2-x-to-3-0/)"
    )]
    OldServer,
    /// The credentials cannot be written into a CONNECT together with what a session is
    /// recovered by: they have a number that no Rust type holds. The socket stays active, and
    /// asks again at the next connection.
    #[error("the credentials cannot be sent")]
    Auth,
}

/// Why a connection or a socket is no longer there.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum DisconnectReason {
    /// The server has sent DISCONNECT. There is no reconnection.
    #[error("io server disconnect")]
    ServerDisconnect,
    /// [`disconnect`](super::Manager::disconnect) was called. There is no reconnection.
    #[error("io client disconnect")]
    ClientDisconnect,
    /// The server has not sent a ping in time.
    #[error("ping timeout")]
    PingTimeout,
    /// The connection was lost, or the server has closed it.
    #[error("transport close")]
    TransportClose,
    /// A request or a link has failed, or the server broke the rules of Engine.IO.
    #[error("transport error")]
    TransportError,
    /// The server has sent something that is no packet of Socket.IO, or too much of it.
    #[error("parse error")]
    Parse(#[source] DecodeError),
    /// The connection was closed by this side: [`close`](super::Manager::close),
    /// [`close_engine`](super::Manager::close_engine), or the last socket has left.
    #[error("forced close")]
    ForcedClose,
    /// The engine had no room for a packet without which the protocol does not go on.
    #[error("send buffer overflow")]
    Overflow,
}

impl From<CloseReason> for DisconnectReason {
    /// The engine's words; what only a server says of itself is a close to the client.
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::PingTimeout => Self::PingTimeout,
            CloseReason::TransportError | CloseReason::Frame(_) | CloseReason::Parse(_) => {
                Self::TransportError
            }
            CloseReason::Forced | CloseReason::ForcedServer => Self::ForcedClose,
            CloseReason::Overflow => Self::Overflow,
            _ => Self::TransportClose,
        }
    }
}
