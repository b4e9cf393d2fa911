//! Acknowledgements that a connection waits for: who asked, and until when.
//!
//! An id alone names no acknowledgement. The server counts its ids per namespace, so a broadcast
//! sends one id to many sockets, and a connection may have several sockets: the key is socket
//! *and* id.

use crate::server::Socket;
use crate::{AckId, Instant};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// Names one acknowledgement that the application waits for, on one connection.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AckToken {
    pub(crate) socket: Socket,
    pub(crate) id: AckId,
}

/// Names one broadcast that waits for the acknowledgements of many.
///
/// It knows when the waiting ends, so that each connection can forget the broadcast by itself.
/// Requests are ordered by that time, earliest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId {
    pub(crate) expires: Instant,
    pub(crate) number: u64,
}

/// Who is told of an acknowledgement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Waiter {
    /// The application, which holds the token.
    Call,
    /// The namespace, which counts the answers to a broadcast.
    Broadcast(RequestId),
}

/// The acknowledgements that one connection waits for, by what tells them apart: on a server
/// socket and id, since a connection has several sockets; in a client's socket the id alone.
///
/// Answering, cancelling and expiring cost the logarithm of their number, and nothing is
/// allocated before the first.
#[derive(Debug)]
pub(crate) struct Acks<K = AckToken, W = Waiter> {
    waiting: BTreeMap<K, Waiting<W>>,
    deadlines: BTreeSet<(Instant, K)>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting<W> {
    waiter: W,
    deadline: Option<Instant>,
}

impl<K, W> Default for Acks<K, W> {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            deadlines: BTreeSet::new(),
        }
    }
}

impl<K: Copy + Ord, W: Copy> Acks<K, W> {
    /// False, and nothing changes, if this acknowledgement is already waited for.
    pub(crate) fn insert(&mut self, token: K, waiter: W, deadline: Option<Instant>) -> bool {
        if self.contains(token) {
            return false;
        }
        self.waiting.insert(token, Waiting { waiter, deadline });
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, token));
        }
        true
    }

    /// The answer has come, or nobody waits any more. `None`: nobody did.
    pub(crate) fn remove(&mut self, token: K) -> Option<W> {
        let Waiting { waiter, deadline } = self.waiting.remove(&token)?;
        if let Some(deadline) = deadline {
            self.deadlines.remove(&(deadline, token));
        }
        Some(waiter)
    }

    /// One that is overdue, the earliest first.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<(K, W)> {
        let &(deadline, token) = self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.remove(token).map(|waiter| (token, waiter))
    }

    /// All of which `is_over` is true, in the order of their keys.
    pub(crate) fn remove_if(&mut self, mut is_over: impl FnMut(K, W) -> bool) -> Vec<(K, W)> {
        let over = self
            .waiting
            .iter()
            .filter(|&(&token, waiting)| is_over(token, waiting.waiter))
            .map(|(&token, _)| token);
        self.remove_all(over.collect())
    }

    fn remove_all(&mut self, tokens: Vec<K>) -> Vec<(K, W)> {
        tokens
            .into_iter()
            .filter_map(|token| Some((token, self.remove(token)?)))
            .collect()
    }

    pub(crate) fn contains(&self, token: K) -> bool {
        self.waiting.contains_key(&token)
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }
}

impl Acks {
    /// All that wait for this socket, in the order of their ids.
    pub(crate) fn remove_socket(&mut self, socket: Socket) -> Vec<(AckToken, Waiter)> {
        let first = AckToken {
            socket,
            id: AckId(0),
        };
        let last = AckToken {
            socket,
            id: AckId(u64::MAX),
        };
        let tokens = self.waiting.range(first..=last).map(|(&token, _)| token);
        self.remove_all(tokens.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(socket: u32, id: u64) -> AckToken {
        AckToken {
            socket: Socket::numbered(socket),
            id: AckId(id),
        }
    }

    fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    #[test]
    fn the_same_id_on_two_sockets_is_two_acknowledgements() {
        let mut acks = Acks::default();
        assert!(acks.insert(token(0, 7), Waiter::Call, None));
        assert!(acks.insert(token(1, 7), Waiter::Call, None));
        assert!(
            !acks.insert(token(1, 7), Waiter::Call, Some(at(1))),
            "in use"
        );

        assert_eq!(acks.remove(token(0, 7)), Some(Waiter::Call));
        assert_eq!(acks.remove(token(0, 7)), None, "answered twice");
        assert!(acks.contains(token(1, 7)));
    }

    #[test]
    fn what_is_overdue_comes_earliest_first_and_once() {
        let mut acks = Acks::default();
        acks.insert(token(0, 1), Waiter::Call, Some(at(30)));
        acks.insert(token(0, 2), Waiter::Call, Some(at(10)));
        acks.insert(token(0, 3), Waiter::Call, Some(at(20)));
        acks.insert(token(0, 4), Waiter::Call, None);
        assert_eq!(acks.next_deadline(), Some(at(10)));
        assert_eq!(acks.expire(at(9)), None);

        assert_eq!(
            acks.remove(token(0, 3)),
            Some(Waiter::Call),
            "answered in time"
        );
        assert_eq!(acks.expire(at(30)), Some((token(0, 2), Waiter::Call)));
        assert_eq!(acks.expire(at(30)), Some((token(0, 1), Waiter::Call)));
        assert_eq!(acks.expire(at(30)), None);
        assert_eq!(
            (acks.len(), acks.next_deadline()),
            (1, None),
            "the patient one is left"
        );
    }

    #[test]
    fn a_socket_takes_its_own_along_and_no_other() {
        let mut acks = Acks::default();
        for (socket, id) in [(0, 9), (1, 5), (1, 2), (2, 0)] {
            acks.insert(token(socket, id), Waiter::Call, Some(at(1)));
        }
        let gone: Vec<_> = acks
            .remove_socket(Socket::numbered(1))
            .into_iter()
            .collect();
        assert_eq!(
            gone,
            [(token(1, 2), Waiter::Call), (token(1, 5), Waiter::Call)]
        );
        assert_eq!(acks.len(), 2);
        assert_eq!(acks.deadlines.len(), 2);
    }
}
