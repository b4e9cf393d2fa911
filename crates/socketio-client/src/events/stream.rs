//! Events as a stream.

use super::{Queue, SocketEvent};
use crate::socket_ref::SocketRef;
use futures_util::Stream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The events of a socket, from the call of [`Socket::events`](crate::Socket::events) on.
///
/// It is a [`Stream`] that does not end, as a socket can be connected again. Like a socket it keeps
/// its client. Up to 1,024 events, and 16 MiB of them, wait to be pulled; what comes while there is
/// no room is lost to this stream, and a [`SocketEvent::Lagged`] says so at the place where it would
/// have been.
///
/// Dropping the future of [`next`](Self::next) loses nothing.
#[derive(Debug)]
pub struct Events {
    queue: Arc<Queue>,
    _socket: SocketRef,
}

impl Events {
    pub(crate) fn new(socket: &SocketRef) -> Self {
        let queue = Arc::new(Queue::default());
        socket.pull(&queue);
        Self {
            queue,
            _socket: socket.clone(),
        }
    }

    /// The next event, once there is one.
    pub async fn next(&mut self) -> SocketEvent {
        std::future::poll_fn(|cx| self.queue.poll(cx)).await
    }

    /// The next event, if there is one.
    pub fn try_next(&mut self) -> Option<SocketEvent> {
        self.queue.pop()
    }
}

impl Stream for Events {
    type Item = SocketEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SocketEvent>> {
        self.queue.poll(cx).map(Some)
    }
}
