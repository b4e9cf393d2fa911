//! Events that are sent until they are acknowledged, one at a time.

use crate::{AckId, Instant, Payload};
use alloc::collections::VecDeque;
use core::time::Duration;

/// The queue of one socket's events with retries.
///
/// | the first event | what happens | becomes |
/// | --- | --- | --- |
/// | waits | the socket is connected and the engine has room | in flight, with a new id |
/// | in flight | the answer to this id | over; the next one waits |
/// | in flight | an answer to an earlier id | in flight |
/// | in flight | its time is up, or the connection is lost while it has a time | waits; over after the last retry |
/// | in flight | the connection is lost, without a time | waits |
#[derive(Debug, Default)]
pub(super) struct RetryQueue {
    entries: VecDeque<Entry>,
    in_flight: Option<InFlight>,
    bytes: usize,
    next_number: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    payload: Payload,
    /// Bytes when encoded.
    size: usize,
    timeout: Option<Duration>,
    /// How many times more.
    retries: u32,
    /// Whether the application is told how it ends.
    is_awaited: bool,
    tries: u32,
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    id: AckId,
    deadline: Option<Instant>,
}

/// An event that has come to its end, for the application to be told of.
pub(super) type Over = Option<u64>;

impl RetryQueue {
    /// Behind all others. The number is what it is found by.
    pub(super) fn push(
        &mut self,
        payload: Payload,
        size: usize,
        timeout: Option<Duration>,
        retries: u32,
        is_awaited: bool,
    ) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        self.bytes += size;
        self.entries.push_back(Entry {
            number,
            payload,
            size,
            timeout,
            retries,
            is_awaited,
            tries: 0,
        });
        number
    }

    /// What is to be sent now.
    pub(super) fn due(&self) -> Option<&Payload> {
        let first = self.entries.front()?;
        self.in_flight.is_none().then_some(&first.payload)
    }

    /// The first one was sent, under this id.
    pub(super) fn sent(&mut self, id: AckId, now: Instant) {
        if let Some(first) = self.entries.front_mut() {
            first.tries = first.tries.saturating_add(1);
            let deadline = first.timeout.map(|timeout| now + timeout);
            self.in_flight = Some(InFlight { id, deadline });
        }
    }

    /// An acknowledgement came. `None`: it is not the one that is waited for.
    pub(super) fn handle_ack(&mut self, id: AckId) -> Option<Over> {
        self.in_flight.take_if(|it| it.id == id)?;
        self.finish_first()
    }

    /// The time of the one in flight is up: it will be sent again, or is over.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Over> {
        self.in_flight
            .take_if(|it| it.deadline.is_some_and(|deadline| deadline <= now))?;
        self.give_up_if_spent()
    }

    /// The connection is lost, and with it the answer.
    pub(super) fn handle_lost(&mut self) -> Option<Over> {
        self.in_flight.take()?.deadline?;
        self.give_up_if_spent()
    }

    /// The application does not wait any more. The event is sent all the same.
    pub(super) fn cancel(&mut self, number: u64) {
        // Numbers ascend.
        if let Ok(place) = self.entries.binary_search_by_key(&number, |it| it.number)
            && let Some(entry) = self.entries.get_mut(place)
        {
            entry.is_awaited = false;
        }
    }

    /// Gives up all of them, and tells those that are waited for.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = u64> + use<> {
        self.in_flight = None;
        self.bytes = 0;
        let entries = core::mem::take(&mut self.entries);
        entries
            .into_iter()
            .filter(|it| it.is_awaited)
            .map(|it| it.number)
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.in_flight?.deadline
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn give_up_if_spent(&mut self) -> Option<Over> {
        let first = self.entries.front()?;
        (first.tries > first.retries).then(|| self.finish_first())?
    }

    fn finish_first(&mut self) -> Option<Over> {
        let first = self.entries.pop_front()?;
        self.bytes -= first.size;
        Some(first.is_awaited.then_some(first.number))
    }
}
