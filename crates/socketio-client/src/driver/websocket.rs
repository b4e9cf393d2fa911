//! The seam to the WebSocket library: nothing else of this crate knows it.
//!
//! The library has no extensions, so nothing is compressed (no `permessage-deflate`).

use super::dial::{Stream, dial};
use super::tls::Connector;
use crate::core::Core;
use engineio_proto::{DecodeError, Frame, Text};
use futures_util::{Sink, SinkExt, Stream as _, StreamExt};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

/// Bytes of small messages that are written at once. Nothing is allocated for more than there is.
const WRITE_BUFFER: usize = 16 * 1024;

/// One connection.
pub(crate) struct WebSocket(WebSocketStream<Stream>);

/// Why nothing more can be read.
pub(crate) enum Ended {
    /// The server has closed it, or was cut off.
    Closed,
    /// The library can't go on.
    Failed,
    /// A message breaks a rule that the machine knows about.
    Violation(DecodeError),
}

/// Connects and shakes hands. Time limits are the caller's, who drops the future.
pub(crate) fn open(
    core: Arc<Core>,
    connector: Connector,
    query: &str,
) -> impl Future<Output = io::Result<WebSocket>> + Send + use<> {
    let uri = core.settings.websocket_uri(query);
    async move {
        let uri = uri.map_err(io::Error::other)?;
        let mut request = uri.into_client_request().map_err(io::Error::other)?;
        let headers = core.settings.headers();
        for name in headers.keys() {
            request.headers_mut().remove(name);
        }
        request.headers_mut().extend(headers);
        let stream = dial(&core.settings, &connector).await?;
        let max = core.settings.engine.max_payload;
        let config = WebSocketConfig::default()
            .read_buffer_size(4096)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(max))
            .max_frame_size(Some(max));
        let shaken = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let (socket, response) = shaken.await.map_err(io::Error::other)?;
        core.settings.take_cookies(response.headers());
        Ok(WebSocket(socket))
    }
}

impl WebSocket {
    /// The next message.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Frame, Ended>> {
        loop {
            let message = match ready!(Pin::new(&mut self.0).poll_next(cx)) {
                Some(Ok(message)) => message,
                Some(Err(error)) => return Poll::Ready(Err(ended(&error))),
                None => return Poll::Ready(Err(Ended::Closed)),
            };
            return Poll::Ready(match message {
                // The library has checked the encoding already.
                Message::Text(text) => Text::try_from(Bytes::from(text))
                    .map(Frame::Text)
                    .map_err(|_| Ended::Violation(DecodeError::Utf8)),
                Message::Binary(bytes) => Ok(Frame::Binary(bytes)),
                // The library answers pings and close frames; after these it ends the stream.
                _ => continue,
            });
        }
    }

    /// Whether it takes another message.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_ready(cx)
    }

    /// Takes a message, and tells its length.
    pub(crate) fn start_send(&mut self, frame: Frame) -> Result<usize, Error> {
        let message = match frame {
            Frame::Text(text) => {
                Message::Text(Utf8Bytes::try_from(text.into_bytes()).unwrap_or_default())
            }
            Frame::Binary(bytes) => Message::Binary(bytes),
        };
        let len = message.len();
        Pin::new(&mut self.0).start_send(message)?;
        Ok(len)
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    /// Sends a close frame, without a status if there is none, and waits for the server's.
    pub(crate) async fn close(mut self, status: Option<u16>) {
        let frame = status.map(|status| CloseFrame {
            code: status.into(),
            reason: Utf8Bytes::default(),
        });
        if self.0.send(Message::Close(frame)).await.is_ok() {
            while let Some(Ok(_)) = self.0.next().await {}
        }
    }
}

/// The status that tells the server of a broken rule (RFC 6455, section 7.4.1).
pub(crate) fn status(error: &DecodeError) -> Option<u16> {
    match error {
        DecodeError::TooLarge { .. } => Some(1009),
        DecodeError::Utf8 => Some(1007),
        _ => None,
    }
}

fn ended(error: &Error) -> Ended {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            Ended::Violation(DecodeError::TooLarge {
                len: *size as u64,
                max: *max_size as u64,
            })
        }
        Error::Utf8(_) => Ended::Violation(DecodeError::Utf8),
        // A connection that is cut is one that is closed, as in the reference.
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_) => Ended::Closed,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ended::Closed,
        _ => Ended::Failed,
    }
}
