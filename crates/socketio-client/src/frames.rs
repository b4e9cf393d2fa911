//! What both adapters say to the WebSocket library, and what they make of its answers. With
//! the two `websocket.rs` it is the seam to that library.
//!
//! The library has no extensions, so nothing is compressed (no `permessage-deflate`).

use crate::settings::Settings;
use engineio_proto::{DecodeError, Frame, Text};
use std::io;
use tungstenite::client::IntoClientRequest;
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::handshake::client::Request;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Bytes, Message, Utf8Bytes};

/// Bytes of small messages that are written at once. Nothing is allocated for more than there is.
const WRITE_BUFFER: usize = 16 * 1024;

/// Why nothing more can be read.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The server has closed it, or was cut off.
    Closed,
    /// The library can't go on.
    Failed,
    /// A message breaks a rule that the machine knows about.
    Violation(DecodeError),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                Self::Violation(DecodeError::TooLarge {
                    len: size as u64,
                    max: max_size as u64,
                })
            }
            Error::Utf8(_) => Self::Violation(DecodeError::Utf8),
            // A connection that is cut is one that is closed, as in the reference.
            Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_) => Self::Closed,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Closed,
            _ => Self::Failed,
        }
    }
}

/// The request for a WebSocket.
pub(crate) fn request(settings: &Settings, query: &str) -> io::Result<Request> {
    let uri = settings.websocket_uri(query).map_err(io::Error::other)?;
    let mut request = uri.into_client_request().map_err(io::Error::other)?;
    let headers = settings.headers();
    for name in headers.keys() {
        request.headers_mut().remove(name);
    }
    request.headers_mut().extend(headers);
    Ok(request)
}

/// How the library is to read and write.
pub(crate) fn config(settings: &Settings) -> WebSocketConfig {
    let max = settings.engine.max_payload;
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(max))
        .max_frame_size(Some(max))
}

/// The frame in a message; `None` for what is the library's own.
pub(crate) fn frame(message: Message) -> Option<Result<Frame, Ended>> {
    match message {
        // The library has checked the encoding already.
        Message::Text(text) => {
            let text = Text::try_from(Bytes::from(text)).map(Frame::Text);
            Some(text.map_err(|_| Ended::Violation(DecodeError::Utf8)))
        }
        Message::Binary(bytes) => Some(Ok(Frame::Binary(bytes))),
        // The library answers pings and close frames; after these it ends the connection.
        _ => None,
    }
}

/// The message for a frame.
pub(crate) fn message(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => {
            Message::Text(Utf8Bytes::try_from(text.into_bytes()).unwrap_or_default())
        }
        Frame::Binary(bytes) => Message::Binary(bytes),
    }
}

/// What a close frame says of a broken rule (RFC 6455, section 7.4.1).
pub(crate) fn close(error: &DecodeError) -> Option<CloseFrame> {
    let code: u16 = match error {
        DecodeError::TooLarge { .. } => 1009,
        DecodeError::Utf8 => 1007,
        _ => return None,
    };
    Some(CloseFrame {
        code: code.into(),
        reason: Utf8Bytes::default(),
    })
}
