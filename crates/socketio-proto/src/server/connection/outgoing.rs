//! What a connection sends: whole packets, as far as the engine has room for them.

use super::pop;
use super::waiting::{Key, Waiting};
use crate::server::event::Size;
use crate::server::overflow::Standing;
use crate::server::{Credit, Outbound, Overflow, Socket};
use crate::{Body, EmitError, Encoded, Format, Namespace, Packet, Parser, PayloadError};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use engineio_proto::server::Mark;

/// Packets on their way to the engine. Each was counted against the credit, so all of them fit.
#[derive(Debug)]
pub(super) struct Outgoing {
    parser: Arc<dyn Parser>,
    credit: Credit,
    packets: VecDeque<Outbound>,
    /// Made with the first event that may be taken back.
    waiting: Option<Box<Waiting>>,
    last_mark: Mark,
    /// Marks above this one are still in `packets`.
    handed_down: Mark,
    /// Something did not fit.
    is_pressed: bool,
}

impl Outgoing {
    pub(super) fn new(parser: Arc<dyn Parser>) -> Self {
        Self {
            parser,
            credit: Credit::UNLIMITED,
            packets: VecDeque::new(),
            waiting: None,
            last_mark: Mark(0),
            handed_down: Mark(0),
            is_pressed: false,
        }
    }

    pub(super) fn set_credit(&mut self, credit: Credit) {
        self.credit = credit;
        if let Some(waiting) = &mut self.waiting {
            waiting.have_left(credit.last_pulled);
        }
    }

    /// The one check per packet: all of its messages fit, or none is sent.
    pub(super) fn push(&mut self, encoded: Encoded, compress: bool) -> Result<(), EmitError> {
        self.spend(Size::of(&encoded))?;
        self.packets.push_back(Outbound {
            encoded,
            compress,
            mark: None,
        });
        Ok(())
    }

    /// As [`push`](Self::push), for an event, which may take others' room. Whether the connection
    /// is to be closed if it does not fit is for the caller to see.
    pub(super) fn push_event(
        &mut self,
        socket: Socket,
        encoded: Encoded,
        compress: bool,
        standing: Standing<'_>,
    ) -> Result<(), EmitError> {
        let overflow = standing.overflow;
        if overflow.takes_back() {
            return self.push_over(socket, encoded, compress, standing);
        }
        self.push(encoded, compress).map_err(|error| match error {
            EmitError::Full if overflow == Overflow::DropNewest => EmitError::Dropped,
            error => error,
        })
    }

    /// An event that takes others back, and may be taken back itself.
    #[cold]
    fn push_over(
        &mut self,
        socket: Socket,
        encoded: Encoded,
        compress: bool,
        standing: Standing<'_>,
    ) -> Result<(), EmitError> {
        let key = standing
            .key
            .filter(|_| standing.overflow == Overflow::KeepLatest)
            .map(|key| (socket, key.clone()));
        self.make_room(Size::of(&encoded), key.as_ref());
        self.push(encoded, compress).map_err(|error| match error {
            EmitError::Full => EmitError::Dropped,
            error => error,
        })?;
        if !standing.is_asking {
            self.mark_last(key);
        }
        Ok(())
    }

    /// The packet that was pushed last may be taken back.
    fn mark_last(&mut self, key: Option<Key>) {
        let Some(last) = self.packets.back_mut() else {
            return;
        };
        self.last_mark = Mark(self.last_mark.0 + 1);
        last.mark = Some(self.last_mark);
        let size = Size::of(&last.encoded);
        self.waiting
            .get_or_insert_default()
            .add(self.last_mark, size, key);
    }

    /// Takes back what waits under the key, and then as many of the oldest events as have to go.
    /// If that would not be enough nothing is taken back.
    fn make_room(&mut self, needed: Size, key: Option<&Key>) {
        let Some(waiting) = &self.waiting else { return };
        if !self.credit.with(waiting.total()).has_room(needed) {
            return;
        }
        let predecessor = key.and_then(|key| waiting.latest(key));
        if let Some(predecessor) = predecessor {
            self.take_back(predecessor);
        }
        while !self.credit.has_room(needed)
            && let Some(oldest) = self.waiting.as_ref().and_then(|it| it.oldest())
        {
            self.take_back(oldest);
        }
    }

    fn take_back(&mut self, mark: Mark) {
        let Some(waiting) = &mut self.waiting else {
            return;
        };
        let Some(size) = waiting.remove(mark) else {
            return;
        };
        self.credit = self.credit.with(size);
        if mark > self.handed_down {
            self.packets.retain(|it| it.mark != Some(mark));
        } else {
            waiting.taken_back.push_back(mark);
        }
    }

    fn spend(&mut self, size: Size) -> Result<(), EmitError> {
        self.credit = self.credit.spend(size).ok_or_else(|| self.no_room(size))?;
        Ok(())
    }

    fn no_room(&mut self, size: Size) -> EmitError {
        if self.credit.is_too_large(size) {
            return EmitError::TooLarge;
        }
        self.is_pressed = true;
        EmitError::Full
    }

    /// The next packet.
    #[inline]
    pub(super) fn poll(&mut self) -> Option<Outbound> {
        let packet = pop(&mut self.packets)?;
        self.handed_down = packet.mark.unwrap_or(self.handed_down);
        Some(packet)
    }

    /// The next packet that was polled before and is not wanted any more.
    #[inline]
    pub(super) fn poll_taken_back(&mut self) -> Option<Mark> {
        pop(&mut self.waiting.as_mut()?.taken_back)
    }

    #[inline]
    pub(super) fn take_pressed(&mut self) -> bool {
        core::mem::take(&mut self.is_pressed)
    }

    /// Whether events wait that may be taken back.
    pub(super) fn watches(&self) -> bool {
        let waiting = self.waiting.as_ref();
        waiting.is_some_and(|waiting| waiting.oldest().is_some())
    }

    pub(super) fn clear(&mut self) {
        self.packets.clear();
        self.waiting = None;
    }

    pub(super) fn encode(&self, namespace: Namespace, body: Body) -> Result<Encoded, EmitError> {
        self.parser
            .encode_owned(Packet { namespace, body })
            .map_err(|error| match error {
                PayloadError::Unfit(packet) => EmitError::Unfit(packet),
                _ => EmitError::Unfit("the parser"),
            })
    }

    /// A volatile event does not wait for the transport.
    pub(super) fn may_drop(&self, volatile: bool) -> Result<(), EmitError> {
        if volatile && !self.credit.writable {
            Err(EmitError::Dropped)
        } else {
            Ok(())
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The format of payloads to be sent.
    pub(super) fn format(&self) -> Format {
        self.parser.format()
    }
}
