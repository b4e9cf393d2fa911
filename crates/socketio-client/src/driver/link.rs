//! The framed connections of a client: one in use, and perhaps one that is tried.

use super::tls::Connector;
use super::websocket::{self, WebSocket};
use crate::core::Core;
use crate::dispatch::dispatch;
use crate::frames::{self, Ended};
use engineio_proto::DecodeError;
use engineio_proto::client::{Link, Transmit};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Bytes handed to a socket before it must have taken them: what bounds its own buffer, one frame
/// aside.
const BATCH: usize = 64 * 1024;

/// Frames read before the replies that they caused are written.
const READS: usize = 64;

/// How long a server may take to answer a close frame.
const CLOSING: Duration = Duration::from_secs(2);

type Opening = Pin<Box<dyn Future<Output = io::Result<WebSocket>> + Send>>;

/// The links of one client.
pub(crate) struct Links {
    core: Arc<Core>,
    connector: Connector,
    all: Vec<One>,
}

struct One {
    link: Link,
    stage: Stage,
    /// Bytes handed to the socket since it was last flushed.
    unflushed: usize,
}

enum Stage {
    Opening(Opening),
    Open(Box<WebSocket>),
    /// The machine is done with it.
    Closing(Pin<Box<dyn Future<Output = ()> + Send>>),
    Ended,
}

impl Links {
    pub(crate) fn new(core: &Arc<Core>, connector: &Connector) -> Self {
        Self {
            core: Arc::clone(core),
            connector: connector.clone(),
            all: Vec::new(),
        }
    }

    pub(crate) fn open(&mut self, link: Link, query: &str) {
        let opening = websocket::open(Arc::clone(&self.core), self.connector.clone(), query);
        self.all.push(One {
            link,
            stage: Stage::Opening(Box::pin(opening)),
            unflushed: 0,
        });
    }

    pub(crate) fn cancel(&mut self, link: Link) {
        self.all.retain(|one| one.link != link);
    }

    /// Whether there are any, those that are being closed included.
    pub(crate) fn are_any(&self) -> bool {
        !self.all.is_empty()
    }

    /// Takes the links as far as they go; what they bring only `with_reads`. True if there was
    /// anything.
    pub(crate) fn poll_read(&mut self, with_reads: bool, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        for one in &mut self.all {
            if with_reads || !matches!(one.stage, Stage::Open(_)) {
                any |= one.poll_read(&self.core, cx);
            }
        }
        self.all.retain(|one| !matches!(one.stage, Stage::Ended));
        any
    }

    /// Hands frames over as long as they are taken. True if there was anything.
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        for one in &mut self.all {
            any |= one.poll_write(&self.core, cx);
        }
        self.all.retain(|one| !matches!(one.stage, Stage::Ended));
        any
    }
}

impl One {
    fn poll_read(&mut self, core: &Arc<Core>, cx: &mut Context<'_>) -> bool {
        let link = self.link;
        match &mut self.stage {
            Stage::Opening(opening) => match opening.as_mut().poll(cx) {
                Poll::Pending => false,
                Poll::Ready(Ok(socket)) => {
                    self.stage = Stage::Open(Box::new(socket));
                    core.drive(|session, now| session.handle_link_open(link, now));
                    true
                }
                Poll::Ready(Err(_)) => {
                    self.end(core, true);
                    true
                }
            },
            Stage::Open(socket) => {
                for count in 0..READS {
                    match socket.poll_read(cx) {
                        Poll::Pending => return count > 0,
                        Poll::Ready(Ok(frame)) => {
                            core.drive(|session, now| session.handle_frame(link, frame, now));
                            dispatch(core);
                            if core.is_stalled() {
                                return true;
                            }
                        }
                        Poll::Ready(Err(Ended::Violation(error))) => {
                            self.refuse(core, error);
                            return true;
                        }
                        Poll::Ready(Err(Ended::Closed)) => {
                            self.end(core, false);
                            return true;
                        }
                        Poll::Ready(Err(Ended::Failed)) => {
                            self.end(core, true);
                            return true;
                        }
                    }
                }
                true
            }
            Stage::Closing(closing) => {
                let is_ready = closing.as_mut().poll(cx).is_ready();
                if is_ready {
                    self.end(core, false);
                }
                is_ready
            }
            Stage::Ended => false,
        }
    }

    fn poll_write(&mut self, core: &Core, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        loop {
            let Stage::Open(socket) = &mut self.stage else {
                return any;
            };
            if self.unflushed >= BATCH {
                match socket.poll_flush(cx) {
                    Poll::Ready(Ok(())) => self.unflushed = 0,
                    Poll::Ready(Err(_)) => {
                        self.end(core, true);
                        return true;
                    }
                    Poll::Pending => return any,
                }
            }
            match socket.poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => {
                    self.end(core, true);
                    return true;
                }
                Poll::Pending => return any,
            }
            let link = self.link;
            match core.with_manager(|manager, _| manager.poll_transmit(link)) {
                Some(Transmit::Frame(frame)) => {
                    any = true;
                    match socket.start_send(frame) {
                        Ok(len) => self.unflushed += len.max(1),
                        Err(_) => {
                            self.end(core, true);
                            return true;
                        }
                    }
                }
                Some(Transmit::Finish) => {
                    let open = std::mem::replace(&mut self.stage, Stage::Ended);
                    if let Stage::Open(socket) = open {
                        self.stage = closing(*socket, None);
                    }
                    return true;
                }
                None if self.unflushed > 0 => match socket.poll_flush(cx) {
                    Poll::Ready(Ok(())) => {
                        self.unflushed = 0;
                        return any;
                    }
                    Poll::Ready(Err(_)) => {
                        self.end(core, true);
                        return true;
                    }
                    Poll::Pending => return any,
                },
                None => return any,
            }
        }
    }

    /// The link broke a rule that the machine knows about.
    fn refuse(&mut self, core: &Core, error: DecodeError) {
        let link = self.link;
        let status = frames::close(&error);
        core.drive(|session, now| session.handle_link_error(link, error, now));
        let open = std::mem::replace(&mut self.stage, Stage::Ended);
        if let Stage::Open(socket) = open {
            self.stage = closing(*socket, status);
        }
    }

    fn end(&mut self, core: &Core, error: bool) {
        let link = self.link;
        core.drive(|session, now| session.handle_link_closed(link, error, now));
        self.stage = Stage::Ended;
    }
}

/// Closes with this status, or without one.
fn closing(socket: WebSocket, status: Option<CloseFrame>) -> Stage {
    let close = tokio::time::timeout(CLOSING, socket.close(status));
    Stage::Closing(Box::pin(async { drop(close.await) }))
}
