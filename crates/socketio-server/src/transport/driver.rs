//! One task per WebSocket: moves frames between the socket and its client.

use super::client::Reader;
use super::{App, Client, Origin};
use crate::telemetry::{self, Direction};
use engineio_proto::server::{Link, Transmit};
use engineio_proto::{DecodeError, Frame, Text, Transport};
use futures_util::{Sink, SinkExt, Stream};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

/// Bytes handed to the socket before it must have taken them: what bounds its own buffer, one frame
/// aside.
const BATCH: usize = 64 * 1024;

/// Frames read before the replies that they caused are written.
const READS: usize = 64;

/// How long a peer may take to answer a close frame.
const CLOSING: Duration = Duration::from_secs(5);

/// Drives one link until it ends.
///
/// Frames are pulled only while the socket takes them, so what a slow reader leaves behind stays in
/// the session's outbox, under the session's limit.
pub(super) struct Driver<A: App, S> {
    client: Arc<Client<A>>,
    link: Link,
    socket: WebSocketStream<S>,
    stage: Stage,
    /// Bytes handed to the socket since it was last flushed.
    unflushed: usize,
}

#[derive(Debug, PartialEq)]
enum Stage {
    Open,
    /// The session is done with the link, or the link broke its rules: say so and go.
    Closing(Option<CloseCode>),
    Ended,
}

impl<A: App, S: AsyncRead + AsyncWrite + Unpin> Driver<A, S> {
    /// Runs until the link has ended, close handshake included.
    pub(super) async fn run(client: Arc<Client<A>>, link: Link, socket: WebSocketStream<S>) {
        let mut driver = Self {
            client,
            link,
            socket,
            stage: Stage::Open,
            unflushed: 0,
        };
        (&mut driver).await;
        if let Stage::Closing(code) = driver.stage {
            driver.stage = Stage::Ended;
            close(&mut driver.socket, code).await;
            driver.report_closed(false);
        }
    }

    /// Hands frames to the socket until there is none, or the socket takes no more. `Ready` when
    /// nothing is left.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        loop {
            if self.unflushed >= BATCH {
                ready!(self.poll_flush(cx))?;
            }
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            match self.client.pull(self.link, cx) {
                Some(Transmit::Frame(frame)) => {
                    let message = message(frame);
                    telemetry::carried(Direction::Out, Transport::WebSocket, 1, message.len());
                    self.unflushed += message.len().max(1);
                    Pin::new(&mut self.socket).start_send(message)?;
                }
                Some(Transmit::Finish) => {
                    self.stage = Stage::Closing(None);
                    return Poll::Ready(Ok(()));
                }
                None => return self.poll_flush(cx),
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.unflushed > 0 {
            ready!(Pin::new(&mut self.socket).poll_flush(cx))?;
            self.unflushed = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads what there is, up to [`READS`] frames. `Ready` if there may be more.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.client.is_held_up(cx) {
            return Poll::Pending;
        }
        for _ in 0..READS {
            ready!(self.client.poll_not_busy(cx, Reader::Link));
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(message)) => self.take(message),
                Some(Err(error)) => self.fail(&error),
                None => self.end(false),
            }
            if self.stage != Stage::Open {
                break;
            }
        }
        Poll::Ready(())
    }

    fn take(&mut self, message: Message) {
        let frame = match message {
            // The library has checked the encoding already.
            Message::Text(text) => match Text::try_from(Bytes::from(text)) {
                Ok(text) => Frame::Text(text),
                Err(_) => return self.refuse(DecodeError::Utf8, CloseCode::Invalid),
            },
            Message::Binary(bytes) => Frame::Binary(bytes),
            // The library answers pings and close frames; after a close frame it ends the stream.
            Message::Ping(bytes) | Message::Pong(bytes) => {
                let link = self.link;
                return self.client.drive(Origin::Driver, |session, now| {
                    session.handle_control(link, bytes.len(), now)
                });
            }
            Message::Close(_) | Message::Frame(_) => return,
        };
        telemetry::carried(Direction::In, Transport::WebSocket, 1, frame.len());
        let link = self.link;
        self.client.drive(Origin::Driver, |session, now| {
            session.handle_frame(link, frame, now)
        });
    }

    fn fail(&mut self, error: &Error) {
        match error {
            Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
                telemetry::limit_hit("max_payload");
                let error = DecodeError::TooLarge {
                    len: *size as u64,
                    max: *max_size as u64,
                };
                self.refuse(error, CloseCode::Size);
            }
            Error::Utf8(_) => self.refuse(DecodeError::Utf8, CloseCode::Invalid),
            // A connection that is cut is one that is closed, as in the reference.
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => self.end(false),
            Error::Protocol(_) => {
                self.end(true);
                self.stage = Stage::Closing(Some(CloseCode::Protocol));
            }
            _ => self.end(false),
        }
    }

    /// The link broke a rule that the session knows about.
    fn refuse(&mut self, error: DecodeError, code: CloseCode) {
        let link = self.link;
        self.client.drive(Origin::Driver, |session, now| {
            session.handle_link_error(link, error, now)
        });
        self.stage = Stage::Closing(Some(code));
    }

    fn end(&mut self, error: bool) {
        self.report_closed(error);
        self.stage = Stage::Ended;
    }

    fn report_closed(&self, error: bool) {
        let link = self.link;
        self.client.drive(Origin::Driver, |session, now| {
            session.handle_link_closed(link, error, now)
        });
    }
}

impl<A: App, S: AsyncRead + AsyncWrite + Unpin> Future for Driver<A, S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            let read = this.poll_read(cx);
            if this.stage == Stage::Open {
                match this.poll_write(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => this.end(false),
                    // A peer that reads nothing must not outlive its session.
                    Poll::Pending if this.client.park(cx) => this.end(false),
                    Poll::Pending => {}
                }
            }
            if this.stage != Stage::Open {
                return Poll::Ready(());
            }
            ready!(read);
        }
    }
}

/// If the task is dropped, with its runtime say, the session hears of it.
impl<A: App, S> Drop for Driver<A, S> {
    fn drop(&mut self) {
        if self.stage != Stage::Ended {
            let link = self.link;
            self.client.drive(Origin::Elsewhere, |session, now| {
                session.handle_link_closed(link, true, now);
            });
        }
    }
}

/// Closes a connection that no session wants.
pub(super) async fn dismiss<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) {
    close(&mut socket, None).await;
}

/// Sends a close frame, without a status if there is no `code`, and waits a while for the peer's.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    code: Option<CloseCode>,
) {
    let frame = code.map(|code| CloseFrame {
        code,
        reason: Utf8Bytes::default(),
    });
    let handshake = async {
        socket.send(Message::Close(frame)).await?;
        while let Some(message) = futures_util::StreamExt::next(socket).await {
            message?;
        }
        Ok::<(), Error>(())
    };
    let _ = tokio::time::timeout(CLOSING, handshake).await;
}

fn message(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => {
            let bytes = text.into_bytes();
            Message::Text(Utf8Bytes::try_from(bytes).unwrap_or_default())
        }
        Frame::Binary(bytes) => Message::Binary(bytes),
    }
}
