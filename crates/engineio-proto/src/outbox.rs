//! What waits to be pulled: the buffer, its limits, and who is told that it is empty again.

mod marks;

pub use marks::Mark;

use crate::{Outgoing, SendError, packet::Repr, queue::Queue};
use alloc::boxed::Box;
use marks::Marks;

/// Packets in the order in which they leave.
///
/// The limits hold for messages. The session's own packets (the open packet and the initial one, a
/// ping or pong, a farewell) are few and small, and pass them: at most one ping waits, since the
/// next is due after its pong, and one pong, however often a client of protocol 3 pings.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Queue<Outgoing>,
    /// Bytes of the messages in the queue.
    bytes: usize,
    /// The last pull of a framed link found nothing.
    idle: bool,
    /// More than half of the limit waited, or a batch was refused: someone may wait for room.
    pressed: bool,
    /// A pong is in the queue.
    has_pong: bool,
    /// Made with the first batch that may be taken back: most sessions never have one.
    marks: Option<Box<Marks>>,
}

const PONG: &str = "3";

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            queue: Queue::new(),
            bytes: 0,
            idle: false,
            pressed: false,
            has_pong: false,
            marks: None,
        }
    }

    /// Adds a packet of the session's own.
    pub(crate) fn push(&mut self, packet: Outgoing) {
        self.bytes += weight(&packet);
        self.queue.push(packet);
        if let Some(marks) = &mut self.marks {
            marks.push();
        }
    }

    /// Adds a pong, unless one waits: it says as much as two.
    pub(crate) fn push_pong(&mut self) {
        if !core::mem::replace(&mut self.has_pong, true) {
            self.push(Outgoing::packet(PONG));
        }
    }

    /// Adds all messages of the batch, or none if it does not fit into so many bytes and messages.
    pub(crate) fn push_batch(
        &mut self,
        batch: impl IntoIterator<Item = Outgoing>,
        max_bytes: usize,
        max_len: usize,
    ) -> Result<(), SendError> {
        let (len, bytes) = (self.queue.len(), self.bytes);
        for message in batch {
            self.push(message);
            if self.bytes > max_bytes || self.queue.len() > max_len {
                self.queue.truncate(len);
                if let Some(marks) = &mut self.marks {
                    marks.truncate(len);
                }
                self.bytes = bytes;
                self.pressed = true;
                return Err(SendError::Full);
            }
        }
        self.pressed |= self.bytes > max_bytes / 2;
        Ok(())
    }

    /// As [`push_batch`](Self::push_batch), for a batch that may be [taken
    /// back](Self::take_back).
    pub(crate) fn push_marked(
        &mut self,
        batch: impl IntoIterator<Item = Outgoing>,
        mark: Mark,
        max_bytes: usize,
        max_len: usize,
    ) -> Result<(), SendError> {
        let waiting = self.queue.len();
        self.marks
            .get_or_insert_with(|| Box::new(Marks::over(waiting)))
            .begin(mark);
        let pushed = self.push_batch(batch, max_bytes, max_len);
        if let Some(marks) = &mut self.marks {
            marks.end();
        }
        pushed
    }

    /// Takes back the batch with this mark, if all of it still waits.
    pub(crate) fn take_back(&mut self, mark: Mark) -> bool {
        let Some(places) = self.marks.as_mut().and_then(|marks| marks.remove(mark)) else {
            return false;
        };
        self.bytes -= self
            .queue
            .drain(places)
            .map(|it| weight(&it))
            .sum::<usize>();
        true
    }

    /// The last mark of which anything has left.
    pub(crate) fn last_pulled(&self) -> Mark {
        self.marks.as_ref().map_or(Mark(0), |marks| marks.pulled())
    }

    /// Somebody waits for room.
    pub(crate) fn press(&mut self) {
        self.pressed |= !self.queue.is_empty();
    }

    /// Takes one packet, for a framed link.
    pub(crate) fn pop(&mut self) -> Option<Outgoing> {
        let packet = self.queue.pop();
        self.idle = packet.is_none();
        if let Some(marks) = &mut self.marks {
            marks.pop();
        }
        self.bytes -= packet.as_ref().map_or(0, weight);
        if self.has_pong && packet.as_ref().is_some_and(is_pong) {
            self.has_pong = false;
        }
        packet
    }

    /// Takes the first so many packets, which were read from [`iter`](Self::iter).
    pub(crate) fn drop_front(&mut self, count: usize) {
        for _ in 0..count {
            self.pop();
        }
    }

    /// Takes everything, once `write` has read it.
    pub(crate) fn take_all<T>(&mut self, write: impl FnOnce(&Queue<Outgoing>) -> T) -> T {
        let written = write(&self.queue);
        self.clear();
        written
    }

    /// Everything that waited has left after there was pressure. Says so once.
    pub(crate) fn take_drained(&mut self) -> bool {
        self.queue.is_empty() && core::mem::take(&mut self.pressed)
    }

    /// Another transport takes over: it has not asked for anything yet.
    pub(crate) fn set_busy(&mut self) {
        self.idle = false;
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        if let Some(marks) = &mut self.marks {
            marks.clear();
        }
        self.bytes = 0;
        self.has_pong = false;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Outgoing> {
        self.queue.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Nothing waits, and the last pull found nothing.
    pub(crate) fn is_idle(&self) -> bool {
        self.idle && self.queue.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn is_pong(packet: &Outgoing) -> bool {
    matches!(packet.repr(), Repr::Text(text) if *text == PONG)
}

/// Bytes that count against the limit.
fn weight(packet: &Outgoing) -> usize {
    if packet.is_message() { packet.len() } else { 0 }
}
