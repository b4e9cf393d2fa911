use crate::DecodeError;
use thiserror::Error;

/// What failed, where [`CloseReason`](crate::CloseReason) only says that a transport did. `Display`
/// gives the words of the reference.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TransportError {
    /// A GET failed.
    #[error("xhr poll error")]
    Poll {
        /// Status of the response, which is not 200. `None`: there was no response.
        status: Option<u16>,
    },
    /// A POST failed.
    #[error("xhr post error")]
    Post {
        /// Status of the response, which is not 200. `None`: there was no response.
        status: Option<u16>,
    },
    /// A WebSocket could not be opened, or was lost.
    #[error("websocket error")]
    WebSocket,
    /// A WebTransport session could not be opened, or was lost.
    #[error("webtransport error")]
    WebTransport,
    /// The server sent something that cannot be read, or that is over a limit.
    #[error("server error")]
    Server(#[source] DecodeError),
    /// The server answered a probe with something else.
    #[error("probe error")]
    Probe,
    /// The server did not answer in time.
    #[error("timeout")]
    Timeout,
    /// There is none to use: [`transports`](super::ClientConfig::transports) is empty.
    #[error("no transports available")]
    NoTransport,
}
