//! The seam to the WebSocket library, with [`frames`]: nothing else of the adapter
//! knows it.

use super::dial::{Stream, dial};
use super::tls::Connector;
use crate::core::Core;
use crate::frames::{self, Ended};
use engineio_proto::Frame;
use futures_util::{Sink, SinkExt, Stream as _, StreamExt};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// One connection.
pub(crate) struct WebSocket(WebSocketStream<Stream>);

/// Connects and shakes hands. Time limits are the caller's, who drops the future.
pub(crate) fn open(
    core: Arc<Core>,
    connector: Connector,
    query: &str,
) -> impl Future<Output = io::Result<WebSocket>> + Send + use<> {
    let request = frames::request(&core.settings, query);
    async move {
        let request = request?;
        let stream = dial(&core.settings, &connector).await?;
        let config = frames::config(&core.settings);
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
                Some(Err(error)) => return Poll::Ready(Err(error.into())),
                None => return Poll::Ready(Err(Ended::Closed)),
            };
            if let Some(frame) = frames::frame(message) {
                return Poll::Ready(frame);
            }
        }
    }

    /// Whether it takes another message.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_ready(cx)
    }

    /// Takes a message, and tells its length.
    pub(crate) fn start_send(&mut self, frame: Frame) -> Result<usize, Error> {
        let message = frames::message(frame);
        let len = message.len();
        Pin::new(&mut self.0).start_send(message)?;
        Ok(len)
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    /// Sends a close frame, without a status if there is none, and waits for the server's.
    pub(crate) async fn close(mut self, status: Option<CloseFrame>) {
        if self.0.send(Message::Close(status)).await.is_ok() {
            while let Some(Ok(_)) = self.0.next().await {}
        }
    }
}
