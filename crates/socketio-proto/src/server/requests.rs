//! Broadcasts that wait for the acknowledgements of many.

use super::NamespaceEvent;
use crate::acks::RequestId;
use crate::rooms::Member;
use crate::{Instant, Payload};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

/// The broadcasts of one namespace that are not fully answered, earliest deadline first.
#[derive(Debug, Default)]
pub(super) struct Requests {
    pending: BTreeMap<RequestId, Collection>,
    next_number: u64,
    finished: VecDeque<NamespaceEvent>,
}

#[derive(Debug)]
struct Collection {
    /// Ascending; true while the answer is outstanding.
    members: Vec<(Member, bool)>,
    outstanding: usize,
    missing: usize,
    responses: Vec<Payload>,
}

impl Requests {
    /// Begins to wait for these members, ascending. With none of them it is finished at once.
    pub(super) fn open(&mut self, members: &[Member], expires: Instant, max: usize) -> RequestId {
        let request = RequestId {
            expires,
            number: self.next_number,
        };
        self.next_number = self.next_number.wrapping_add(1);
        while self.pending.len() >= max.max(1) {
            self.finish_first();
        }
        let collection = Collection {
            members: members.iter().map(|&member| (member, true)).collect(),
            outstanding: members.len(),
            missing: 0,
            responses: Vec::new(),
        };
        self.pending.insert(request, collection);
        self.finish_if_complete(request);
        request
    }

    /// A member's answer; only its first counts.
    pub(super) fn answer(&mut self, request: RequestId, member: Member, response: Payload) {
        if let Some(collection) = self.pending.get_mut(&request)
            && collection.settle(member)
        {
            collection.responses.push(response);
            self.finish_if_complete(request);
        }
    }

    /// No answer will come from this member to this broadcast.
    pub(super) fn miss(&mut self, request: RequestId, member: Member) {
        if let Some(collection) = self.pending.get_mut(&request)
            && collection.settle(member)
        {
            collection.missing += 1;
            self.finish_if_complete(request);
        }
    }

    /// Nobody waits for this broadcast any more. Gives those who have not answered.
    pub(super) fn cancel(&mut self, request: RequestId) -> Vec<Member> {
        let members = self.pending.remove(&request).map(|it| it.members);
        let outstanding = members.into_iter().flatten().filter(|&(_, is)| is);
        outstanding.map(|(member, _)| member).collect()
    }

    /// No answer will come from this member at all.
    pub(super) fn miss_all(&mut self, member: Member) {
        let requests: Vec<RequestId> = self.pending.keys().copied().collect();
        for request in requests {
            self.miss(request, member);
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.finish_first();
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.pending.keys().next().map(|request| request.expires)
    }

    pub(super) fn poll(&mut self) -> Option<NamespaceEvent> {
        self.finished.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    fn finish_if_complete(&mut self, request: RequestId) {
        if self
            .pending
            .get(&request)
            .is_some_and(|it| it.outstanding == 0)
            && let Some(collection) = self.pending.remove(&request)
        {
            self.finish(request, collection);
        }
    }

    fn finish_first(&mut self) {
        if let Some((request, collection)) = self.pending.pop_first() {
            self.finish(request, collection);
        }
    }

    fn finish(&mut self, request: RequestId, collection: Collection) {
        let Collection {
            responses,
            missing,
            outstanding,
            ..
        } = collection;
        let missing = missing + outstanding;
        self.finished.push_back(NamespaceEvent::Responses {
            request,
            responses,
            missing,
        });
    }
}

impl Collection {
    /// False if nothing was outstanding from this member.
    fn settle(&mut self, member: Member) -> bool {
        let Ok(place) = self
            .members
            .binary_search_by_key(&member, |&(member, _)| member)
        else {
            return false;
        };
        let Some((_, is_outstanding @ true)) = self.members.get_mut(place) else {
            return false;
        };
        *is_outstanding = false;
        self.outstanding -= 1;
        true
    }
}
