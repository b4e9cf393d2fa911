//! The seam to the WebSocket library, with [`frames`]: nothing else of the adapter
//! knows it.

use super::Hub;
use super::stream::Stream;
use crate::frames::{self, Ended};
use engineio_proto::{DecodeError, Frame};
use std::io::{self, ErrorKind};
use std::task::Poll;
use tungstenite::WebSocket as Inner;
use tungstenite::error::Error;
use tungstenite::handshake::HandshakeError;
use tungstenite::handshake::MidHandshake;
use tungstenite::handshake::client::{ClientHandshake, Response};

/// One connection.
pub(crate) struct WebSocket(Inner<Stream>);

/// A handshake that goes on.
pub(crate) enum Shaking {
    Done(WebSocket),
    Waiting(MidHandshake<ClientHandshake<Stream>>),
}

/// Begins the handshake.
pub(crate) fn shake_hands(hub: &Hub, query: &str, stream: Stream) -> io::Result<Shaking> {
    let settings = &hub.core.settings;
    let request = frames::request(settings, query)?;
    let config = frames::config(settings);
    let begun = tungstenite::client::client_with_config(request, stream, Some(config));
    shaken(hub, begun)
}

impl Shaking {
    /// Takes the handshake as far as it goes.
    pub(crate) fn advance(self, hub: &Hub) -> io::Result<Self> {
        match self {
            Self::Waiting(mut middle) => {
                middle.get_mut().get_mut().refill();
                shaken(hub, middle.handshake())
            }
            done => Ok(done),
        }
    }

    /// Whether it has to be asked again, though it waits.
    pub(crate) fn is_spent(&self) -> bool {
        match self {
            Self::Waiting(middle) => middle.get_ref().get_ref().is_spent(),
            Self::Done(_) => false,
        }
    }
}

type Shaken = Result<(Inner<Stream>, Response), HandshakeError<ClientHandshake<Stream>>>;

fn shaken(hub: &Hub, result: Shaken) -> io::Result<Shaking> {
    match result {
        Ok((socket, response)) => {
            hub.core.settings.take_cookies(response.headers());
            Ok(Shaking::Done(WebSocket(socket)))
        }
        Err(HandshakeError::Interrupted(middle)) => Ok(Shaking::Waiting(middle)),
        Err(HandshakeError::Failure(error)) => Err(io::Error::other(error)),
    }
}

impl WebSocket {
    /// Its turn begins.
    pub(crate) fn refill(&mut self) {
        self.0.get_mut().refill();
    }

    /// The next message; `None` if there is none for now.
    pub(crate) fn read(&mut self) -> Result<Option<Frame>, Ended> {
        loop {
            match self.0.read() {
                Ok(message) => {
                    if let Some(frame) = frames::frame(message) {
                        return frame.map(Some);
                    }
                }
                Err(error) if would_block(&error) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether there may be more to read, though there was nothing.
    pub(crate) fn is_spent(&self) -> bool {
        self.0.get_ref().is_spent()
    }

    /// Takes a message, and tells its length. It need not have left before [`flush`](Self::flush).
    pub(crate) fn write(&mut self, frame: Frame) -> Result<usize, Error> {
        let message = frames::message(frame);
        let len = message.len();
        match self.0.write(message) {
            // It was taken nevertheless.
            Err(error) if !would_block(&error) => Err(error),
            _ => Ok(len),
        }
    }

    /// Writes what has not left. True if all has.
    pub(crate) fn flush(&mut self) -> Result<bool, Error> {
        match self.0.flush() {
            Ok(()) => Ok(true),
            Err(error) if would_block(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins to close, with a status that tells of a broken rule, if there is one.
    pub(crate) fn close(&mut self, error: Option<&DecodeError>) {
        // What comes of it shows in `finish`.
        let _ = self.0.close(error.and_then(frames::close));
    }

    /// Goes on with closing, by one message at most, which is read for nobody. Ready with `true` at
    /// the end.
    pub(crate) fn finish(&mut self) -> Poll<bool> {
        match self.0.flush().and_then(|()| self.0.read()) {
            Ok(_) => Poll::Ready(false),
            Err(error) if would_block(&error) => Poll::Pending,
            Err(_) => Poll::Ready(true),
        }
    }
}

fn would_block(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == ErrorKind::WouldBlock)
}
