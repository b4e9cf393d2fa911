//! Events for those who would rather pull them than have handlers called.

use super::wait::wait;
use crate::events::{Queue, SocketEvent};
use crate::socket_ref::SocketRef;
use std::sync::Arc;
use std::time::Duration;

/// The events of a socket, from the call of [`Socket::events`](super::Socket::events) on.
///
/// As an iterator it waits for each, and does not end, as a socket can be connected again. Like a
/// socket it keeps its client. Up to 1,024 events, and 16 MiB of them, wait to be pulled; what
/// comes while there is no room is lost to this iterator, and a [`SocketEvent::Lagged`] says so at
/// the place where it would have been.
///
/// It is for a thread of one's own: in a handler nothing new comes until that returns.
#[derive(Debug)]
pub struct Events {
    queue: Arc<Queue>,
    socket: SocketRef,
}

impl Events {
    pub(crate) fn new(socket: &SocketRef) -> Self {
        let queue = Arc::new(Queue::default());
        socket.pull(&queue);
        Self {
            queue,
            socket: socket.clone(),
        }
    }

    /// The next event, if there is one.
    pub fn try_next(&mut self) -> Option<SocketEvent> {
        self.queue.pop()
    }

    /// The next event, if there is one within this time.
    pub fn next_timeout(&mut self, timeout: Duration) -> Option<SocketEvent> {
        let clock = self.socket.core().clock();
        let deadline = clock.now() + timeout;
        wait(Some((clock, deadline)), |cx| self.queue.poll(cx))
    }
}

impl Iterator for Events {
    type Item = SocketEvent;

    fn next(&mut self) -> Option<SocketEvent> {
        wait(None, |cx| self.queue.poll(cx))
    }
}
