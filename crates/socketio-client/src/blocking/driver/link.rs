//! The framed connections of a client: one in use, and perhaps one that is tried.

use super::Hub;
use super::dial::Dial;
use super::websocket::{Shaking, WebSocket, shake_hands};
use crate::frames::Ended;
use engineio_proto::client::{Link, Transmit};
use engineio_proto::{DecodeError, Instant};
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Bytes handed to a socket before it must have taken them: what bounds its own buffer, one frame
/// aside.
const BATCH: usize = 64 * 1024;

/// Frames read before the replies that they caused are written.
const READS: usize = 64;

/// How long a server may take to answer a close frame.
const CLOSING: Duration = Duration::from_secs(2);

/// The links of one client.
pub(crate) struct Links {
    hub: Arc<Hub>,
    all: Vec<One>,
}

struct One {
    link: Link,
    stage: Stage,
    /// Bytes handed to the socket since it was last flushed.
    unflushed: usize,
}

enum Stage {
    /// With the query of the request to come.
    Dialling(Dial, String),
    Shaking(Box<Shaking>),
    Open(Box<WebSocket>),
    /// The machine is done with it.
    Closing(Box<WebSocket>, Instant),
    Ended,
}

impl Links {
    pub(crate) fn new(hub: &Arc<Hub>) -> Self {
        Self {
            hub: Arc::clone(hub),
            all: Vec::new(),
        }
    }

    pub(crate) fn open(&mut self, link: Link, query: &str) {
        self.all.push(One {
            link,
            stage: Stage::Dialling(Dial::new(&self.hub), query.to_owned()),
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

    /// When the next of those that are being closed is given up.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let deadlines = self.all.iter().filter_map(|one| match &one.stage {
            Stage::Closing(_, deadline) => Some(*deadline),
            _ => None,
        });
        deadlines.min()
    }

    /// Takes the links as far as they go; what they bring only `with_reads`. True if there was
    /// anything.
    pub(crate) fn read(&mut self, with_reads: bool) -> bool {
        let mut any = false;
        for one in &mut self.all {
            if with_reads || !matches!(one.stage, Stage::Open(_)) {
                any |= one.read(&self.hub);
            }
        }
        self.all.retain(|one| !matches!(one.stage, Stage::Ended));
        any
    }

    /// Hands frames over as long as they are taken. True if there was anything.
    pub(crate) fn write(&mut self) -> bool {
        let mut any = false;
        for one in &mut self.all {
            any |= one.write(&self.hub);
        }
        self.all.retain(|one| !matches!(one.stage, Stage::Ended));
        any
    }
}

impl One {
    fn read(&mut self, hub: &Hub) -> bool {
        match &mut self.stage {
            Stage::Dialling(dial, query) => match dial.advance(hub) {
                Poll::Pending => false,
                Poll::Ready(stream) => {
                    let begun = stream.and_then(|stream| shake_hands(hub, query, stream));
                    self.shaken(hub, begun);
                    true
                }
            },
            Stage::Shaking(_) => {
                let stage = std::mem::replace(&mut self.stage, Stage::Ended);
                let Stage::Shaking(shaking) = stage else {
                    return false;
                };
                self.shaken(hub, shaking.advance(hub));
                !matches!(self.stage, Stage::Shaking(_)) || self.is_spent()
            }
            Stage::Open(_) => self.read_frames(hub),
            Stage::Closing(socket, deadline) => {
                socket.refill();
                let step = socket.finish();
                let is_late = hub.core.clock().now() >= *deadline;
                if is_late || step == Poll::Ready(true) {
                    self.end(hub, false);
                }
                is_late || step.is_ready() || self.is_spent()
            }
            Stage::Ended => false,
        }
    }

    /// Whether there may be more to read, though there was nothing.
    fn is_spent(&self) -> bool {
        match &self.stage {
            Stage::Shaking(shaking) => shaking.is_spent(),
            Stage::Open(socket) | Stage::Closing(socket, _) => socket.is_spent(),
            _ => false,
        }
    }

    fn shaken(&mut self, hub: &Hub, result: io::Result<Shaking>) {
        let link = self.link;
        match result {
            Ok(Shaking::Done(socket)) => {
                self.stage = Stage::Open(Box::new(socket));
                hub.core
                    .drive(|session, now| session.handle_link_open(link, now));
            }
            Ok(waiting) => self.stage = Stage::Shaking(Box::new(waiting)),
            Err(_) => self.end(hub, true),
        }
    }

    fn read_frames(&mut self, hub: &Hub) -> bool {
        let link = self.link;
        for count in 0..READS {
            let Stage::Open(socket) = &mut self.stage else {
                return true;
            };
            if count == 0 {
                socket.refill();
            }
            match socket.read() {
                Ok(None) => return count > 0 || self.is_spent(),
                Ok(Some(frame)) => {
                    hub.core
                        .drive(|session, now| session.handle_frame(link, frame, now));
                    hub.hand_out();
                    if hub.dispatcher.is_full() {
                        return true;
                    }
                }
                Err(Ended::Violation(error)) => {
                    self.refuse(hub, error);
                    return true;
                }
                Err(ended) => {
                    self.end(hub, matches!(ended, Ended::Failed));
                    return true;
                }
            }
        }
        true
    }

    fn write(&mut self, hub: &Hub) -> bool {
        let mut any = false;
        while let Stage::Open(socket) = &mut self.stage {
            if self.unflushed >= BATCH {
                match socket.flush() {
                    Ok(true) => self.unflushed = 0,
                    Ok(false) => return any,
                    Err(_) => {
                        self.end(hub, true);
                        return true;
                    }
                }
            }
            let link = self.link;
            match hub
                .core
                .with_manager(|manager, _| manager.poll_transmit(link))
            {
                Some(Transmit::Frame(frame)) => {
                    any = true;
                    match socket.write(frame) {
                        Ok(len) => self.unflushed += len.max(1),
                        Err(_) => self.end(hub, true),
                    }
                }
                Some(Transmit::Finish) => {
                    self.close(hub, None);
                    return true;
                }
                None if self.unflushed > 0 => {
                    match socket.flush() {
                        Ok(true) => self.unflushed = 0,
                        Ok(false) => {}
                        Err(_) => {
                            self.end(hub, true);
                            return true;
                        }
                    }
                    return any;
                }
                None => return any,
            }
        }
        any
    }

    /// The link broke a rule that the machine knows about.
    fn refuse(&mut self, hub: &Hub, error: DecodeError) {
        let link = self.link;
        self.close(hub, Some(&error));
        hub.core
            .drive(|session, now| session.handle_link_error(link, error, now));
    }

    fn close(&mut self, hub: &Hub, error: Option<&DecodeError>) {
        let open = std::mem::replace(&mut self.stage, Stage::Ended);
        if let Stage::Open(mut socket) = open {
            socket.close(error);
            self.stage = Stage::Closing(socket, hub.core.clock().now() + CLOSING);
        }
    }

    fn end(&mut self, hub: &Hub, error: bool) {
        let link = self.link;
        hub.core
            .drive(|session, now| session.handle_link_closed(link, error, now));
        self.stage = Stage::Ended;
    }
}
