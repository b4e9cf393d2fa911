//! What the sockets of a namespace share: rooms, broadcasts, the counter of ack ids.

mod recovery;
mod room_events;

pub use recovery::{Claimed, Directed, Restored};
pub use room_events::RoomEvent;

use self::room_events::Journal;
use super::event::Size;
use super::requests::Requests;
use super::{Overflow, Share};
use crate::acks::RequestId;
use crate::broadcast::Draft;
use crate::recovery::{Audience, Store};
use crate::rooms::{Member, Room, Rooms, Target};
use crate::{
    AckId, Body, BroadcastError, EmitError, Encoded, Instant, Namespace, Packet, Parser, Payload,
    SocketId,
};
use alloc::{boxed::Box, collections::VecDeque, sync::Arc, vec::Vec};

/// The greatest id of an acknowledgement: JavaScript counts exactly as far as that.
const MAX_ACK: u64 = (1 << 53) - 1;

/// Limits of one namespace on one server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct NamespaceLimits {
    /// Rooms that a socket may be in, its own room apart: 1024. Beyond it
    /// [`Rooms::join`] fails with [`RoomError::TooMany`](crate::rooms::RoomError::TooMany).
    pub max_rooms_per_socket: usize,
    /// Bytes of a room's name: 1024. Beyond it joining fails with
    /// [`RoomError::TooLong`](crate::rooms::RoomError::TooLong).
    pub max_room_name: usize,
    /// Broadcasts that wait for acknowledgements: 1000. One more ends the waiting of that which
    /// would have timed out first.
    pub max_pending_broadcasts: usize,
    /// [`RoomEvent`]s that wait to be polled, if rooms are
    /// [watched](NamespaceCore::watch_rooms): 65 536. Beyond it they are counted and not kept.
    pub max_room_events: usize,
    /// Bytes of an event, and of all that is kept for one socket alone while it is away: no limit.
    /// To be set to the size of the [send buffers](super::Credit::capacity_bytes): what is larger would
    /// reach nobody, and is an error ([`TooLarge`](crate::EmitError::TooLarge),
    /// [`Full`](crate::EmitError::Full)) before it is recorded.
    pub max_buffered: usize,
}

impl Default for NamespaceLimits {
    fn default() -> Self {
        Self {
            max_rooms_per_socket: Rooms::MAX_ROOMS,
            max_room_name: Rooms::MAX_NAME,
            max_pending_broadcasts: 1000,
            max_room_events: 65_536,
            max_buffered: usize::MAX,
        }
    }
}

impl NamespaceLimits {
    /// Sets [`max_rooms_per_socket`](Self::max_rooms_per_socket).
    pub fn max_rooms_per_socket(mut self, max: usize) -> Self {
        self.max_rooms_per_socket = max;
        self
    }

    /// Sets [`max_room_name`](Self::max_room_name).
    pub fn max_room_name(mut self, max: usize) -> Self {
        self.max_room_name = max;
        self
    }

    /// Sets [`max_pending_broadcasts`](Self::max_pending_broadcasts).
    pub fn max_pending_broadcasts(mut self, max: usize) -> Self {
        self.max_pending_broadcasts = max;
        self
    }

    /// Sets [`max_room_events`](Self::max_room_events).
    pub fn max_room_events(mut self, max: usize) -> Self {
        self.max_room_events = max;
        self
    }

    /// Sets [`max_buffered`](Self::max_buffered).
    pub fn max_buffered(mut self, bytes: usize) -> Self {
        self.max_buffered = bytes;
        self
    }
}

/// What one member of a broadcast is to be given.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Delivery {
    /// The arguments of [`Connection::emit_encoded`](super::Connection::emit_encoded).
    Encoded {
        /// The packet, shared by all receivers.
        encoded: Encoded,
        /// How to send it.
        how: Share,
    },
}

/// What a namespace has to tell.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NamespaceEvent {
    /// A broadcast with acknowledgements is over: all have answered, or left, or its time is up.
    Responses {
        /// Which one.
        request: RequestId,
        /// The answers in the order of their arrival.
        responses: Vec<Payload>,
        /// Receivers that did not answer; with more than 0 the reference reports a timeout.
        missing: usize,
    },
}

/// One namespace on one server: its members, their rooms, its broadcasts.
///
/// It is to the [`Peer`](super::Peer)s what an endpoint is to its connections. It holds what they
/// share and knows none of them; the two sides exchange small values, and the adapter decides
/// under which locks.
///
/// 1. On [`Event::Connect`](super::Event::Connect): [`admit`](Self::admit). The socket can
///    [`join`](Self::join) rooms while its middlewares run.
/// 2. When they are through: [`register`](Self::register), then
///    [`accept`](super::Connection::accept).
/// 3. [`broadcast`](Self::broadcast), then pull [`poll_delivery`](Self::poll_delivery) and hand
///    each to its member's connection. What could not be handed over and wanted an answer is
///    [`handle_undelivered`](Self::handle_undelivered).
/// 4. On [`Event::BroadcastAcked`](super::Event::BroadcastAcked):
///    [`handle_ack`](Self::handle_ack). At [`poll_timeout`](Self::poll_timeout):
///    [`handle_timeout`](Self::handle_timeout). After these and after `remove` and `broadcast`,
///    pull [`poll_event`](Self::poll_event).
/// 5. On [`Event::Disconnected`](super::Event::Disconnected): [`remove`](Self::remove).
///
/// # Recovery
///
/// With a [`Store`] a few steps have another form:
///
/// 1. If the client makes a [`Claim`](crate::recovery::Claim), [`recover`](Self::recover) comes
///    before `admit`; and a member that was admitted is [protected](Self::protect).
/// 2. [`enter`](Self::enter) in place of `register`, and
///    [`accept_session`](super::Connection::accept_session) in place of `accept`.
/// 3. Events for one socket that want no answer and are not volatile go through
///    [`direct`](Self::direct).
/// 5. [`retire`](Self::retire) in place of `remove`.
#[derive(Debug)]
pub struct NamespaceCore {
    name: Namespace,
    parser: Arc<dyn Parser>,
    max_pending_broadcasts: usize,
    max_buffered: usize,
    rooms: Rooms,
    /// By place of the member.
    ids: Vec<Option<SocketId>>,
    next_ack: AckId,
    requests: Requests,
    deliveries: VecDeque<Batch>,
    /// The member list of a batch that is done, for the next one.
    spare: Vec<Member>,
    recovery: Option<Box<Store>>,
    journal: Journal,
}

/// One broadcast on its way to the members that were selected when it was made.
#[derive(Debug)]
struct Batch {
    delivery: Delivery,
    members: Vec<Member>,
    next: usize,
}

impl NamespaceCore {
    /// A namespace without members.
    pub fn new(name: Namespace, parser: Arc<dyn Parser>, limits: NamespaceLimits) -> Self {
        Self {
            name,
            parser,
            max_pending_broadcasts: limits.max_pending_broadcasts,
            max_buffered: limits.max_buffered,
            rooms: Rooms::new(limits.max_rooms_per_socket, limits.max_room_name),
            ids: Vec::new(),
            next_ack: AckId(0),
            requests: Requests::default(),
            deliveries: VecDeque::new(),
            spare: Vec::new(),
            recovery: None,
            journal: Journal::new(limits.max_room_events),
        }
    }

    /// A socket enters the room index; it gets no broadcast before it is
    /// [registered](Self::register).
    pub fn admit(&mut self, id: &SocketId) -> Member {
        let member = self.rooms.enter();
        if self.ids.len() <= member.index() {
            self.ids.resize(member.index() + 1, None);
        }
        if let Some(place) = self.ids.get_mut(member.index()) {
            *place = Some(id.clone());
        }
        member
    }

    /// Middlewares are through: the member joins the room named by its id and is selected from
    /// now on. Nothing happens to one that is gone or registered.
    pub fn register(&mut self, member: Member) {
        if let Some(SocketId(own)) = self.id(member).cloned() {
            self.register_in(member, Room(own));
        }
    }

    /// The member leaves every room. Waiting broadcasts no longer count on it.
    pub fn remove(&mut self, member: Member, now: Instant) {
        self.handle_timeout(now);
        if self.remove_from_rooms(member) {
            if let Some(place) = self.ids.get_mut(member.index()) {
                *place = None;
            }
            if let Some(store) = &mut self.recovery {
                store.forget(member, now);
            }
            self.requests.miss_all(member);
        }
    }

    /// Encodes once, selects, and has the result ready for [`poll_delivery`](Self::poll_delivery).
    /// Who joins or is registered later does not get it.
    ///
    /// If acknowledgements are wanted, a [`NamespaceEvent::Responses`] with the returned request
    /// follows: at once if there is nobody to answer.
    ///
    /// # Errors
    ///
    /// The payload is not an event in the parser's format, or larger than
    /// [`max_buffered`](NamespaceLimits::max_buffered). Nothing was sent or recorded, and no id used.
    pub fn broadcast(
        &mut self,
        draft: Draft,
        now: Instant,
    ) -> Result<Option<RequestId>, BroadcastError> {
        let Draft {
            payload,
            target,
            flags,
        } = draft;
        let id = flags.ack.map(|_| self.next_ack);
        let is_recorded = id.is_none() && !flags.volatile;
        let mut store = self.recovery.as_mut().filter(|_| is_recorded);
        let payload = match &store {
            Some(store) => payload.with_offset(&store.next_offset())?,
            None => payload,
        };
        let body = Body::Event { id, payload };
        let encoded = self.parser.encode_owned(Packet {
            namespace: self.name.clone(),
            body,
        })?;
        may_send(&encoded, self.max_buffered)?;

        let mut members = core::mem::take(&mut self.spare);
        self.rooms.select_into(&target, &mut members);
        if let Some(store) = &mut store {
            store.record(Audience::Target(target), encoded.clone(), &members, now);
        }
        let ack = flags.ack.map(|within| {
            let request = self
                .requests
                .open(&members, now + within, self.max_pending_broadcasts);
            (self.next_ack(), request)
        });
        // There is nobody whom the emit to one of many could tell.
        let overflow = match flags.overflow {
            Overflow::Refuse => Overflow::Close,
            other => other,
        };
        let how = Share {
            volatile: flags.volatile,
            ack,
            overflow,
            key: flags.key,
        };
        let delivery = Delivery::Encoded { encoded, how };
        self.deliveries.push_back(Batch {
            delivery,
            members,
            next: 0,
        });
        Ok(ack.map(|(_, request)| request))
    }

    /// The next id for an event with acknowledgement. Emits to one socket and broadcasts share
    /// the counter, which begins at 0.
    ///
    /// It begins anew behind 2^53 - 1, since clients in JavaScript repeat greater ones inexactly; a
    /// socket that still waits for an id refuses to use it for another event
    /// ([`EmitError::AckInUse`]).
    pub fn next_ack(&mut self) -> AckId {
        let AckId(id) = self.next_ack;
        self.next_ack = AckId((id + 1) & MAX_ACK);
        AckId(id)
    }

    /// A member's answer to a broadcast. The first of each member counts; what comes from others,
    /// twice or too late is ignored.
    pub fn handle_ack(
        &mut self,
        request: RequestId,
        member: Member,
        payload: Payload,
        now: Instant,
    ) {
        self.handle_timeout(now);
        self.requests.answer(request, member, payload);
    }

    /// A delivery that asked for an answer did not reach the member: it is missing, and nobody
    /// has to wait for it.
    pub fn handle_undelivered(&mut self, request: RequestId, member: Member) {
        self.requests.miss(request, member);
    }

    /// Stops waiting for the answers to a broadcast; there will be no
    /// [`NamespaceEvent::Responses`]. Gives the members whose answers are outstanding, so that
    /// their connections can [stop waiting](super::Connection::cancel_broadcast), too.
    pub fn cancel_broadcast(&mut self, request: RequestId) -> Vec<Member> {
        self.requests.cancel(request)
    }

    /// Ends the waiting of broadcasts whose time is up, and drops what is too old to be recovered.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.requests.handle_timeout(now);
        if let Some(store) = &mut self.recovery {
            store.handle_timeout(now);
        }
    }

    /// Every registered member that `target` names, once, ascending: to fetch them, or to make
    /// them join, leave or disconnect.
    pub fn select(&self, target: &Target) -> Vec<Member> {
        self.rooms.select(target)
    }

    /// The id of a member.
    pub fn id(&self, member: Member) -> Option<&SocketId> {
        self.ids
            .get(member.index())
            .filter(|_| self.rooms.contains(member))?
            .as_ref()
    }

    /// Who is in which room. They change by [`join`](Self::join) and [`leave`](Self::leave),
    /// [`register`](Self::register) and [`remove`](Self::remove).
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// The name.
    pub fn name(&self) -> &Namespace {
        &self.name
    }

    /// Broadcasts that wait for acknowledgements.
    pub fn pending_broadcasts(&self) -> usize {
        self.requests.len()
    }

    /// The next share of a broadcast. All shares of one come before those of the next; members
    /// that are gone by now are left out.
    #[must_use]
    pub fn poll_delivery(&mut self) -> Option<(Member, Delivery)> {
        while let Some(batch) = self.deliveries.front_mut() {
            while let Some(&member) = batch.members.get(batch.next) {
                batch.next += 1;
                if self.rooms.contains(member) {
                    return Some((member, batch.delivery.clone()));
                }
            }
            self.spare = self.deliveries.pop_front()?.members;
        }
        None
    }

    /// What there is to tell. Poll until `None`.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<NamespaceEvent> {
        self.requests.poll()
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let store = self.recovery.as_ref().and_then(|it| it.poll_timeout());
        self.requests.next_deadline().into_iter().chain(store).min()
    }
}

/// Whether anybody could take it.
fn may_send(encoded: &Encoded, max_bytes: usize) -> Result<(), EmitError> {
    if Size::of(encoded).bytes > max_bytes {
        return Err(EmitError::TooLarge);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;

    #[test]
    fn sa_04_ids_begin_anew_where_javascript_ceases_to_count() {
        let limits = NamespaceLimits::default();
        let mut core = NamespaceCore::new(Namespace::root(), Arc::new(Json), limits);
        assert_eq!(core.next_ack(), AckId(0));
        core.next_ack = AckId((1 << 53) - 2);
        let ids = [(); 3].map(|()| core.next_ack().0);
        assert_eq!(ids, [(1 << 53) - 2, (1 << 53) - 1, 0]);
    }
}
