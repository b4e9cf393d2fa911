//! The namespaces of one engine session: what the client does, and time. What the application
//! does is in [`calls`].

mod calls;
mod outgoing;
mod revision4;
mod waiting;

use super::config::Config;
use super::event::{ConnectLimit, Credit, Event, Outbound, Socket};
use crate::acks::{AckToken, Acks, Waiter};
use crate::packet::Revision;
use crate::parser::Decoder;
use crate::{
    AckError, Body, DecodeError, DisconnectReason, Instant, Message, Namespace, Packet, Parser,
    Payload,
};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use engineio_proto::CloseReason;
use engineio_proto::server::Mark;
use outgoing::Outgoing;
use smallvec::SmallVec;

/// The namespaces of one engine session: who joins and leaves, what is a packet for whom, which
/// acknowledgements are waited for.
///
/// Inputs are the engine's messages and its end, and the calls of the application. Outputs are
/// [events](Self::poll_event) for the application, [packets](Self::poll_encoded) and perhaps a
/// [close](Self::poll_close) for the engine. A [`Peer`](super::Peer) does the carrying; use a
/// `Connection` alone only over an engine of your own.
///
/// # Life of a socket
///
/// | state | event or call | becomes | what happens |
/// | --- | --- | --- | --- |
/// | – | CONNECT; in revision 4, for `/`, the beginning | joining | [`Event::Connect`] |
/// | – | CONNECT beyond [`Config::max_namespaces`] | – | CONNECT_ERROR |
/// | – | EVENT, ACK, DISCONNECT | – | the connection is closed |
/// | joining | [`accept`](Self::accept) | joined | CONNECT with the id, behind what was emitted so far |
/// | joining | [`reject`](Self::reject), [`reject_unknown`](Self::reject_unknown) | left | CONNECT_ERROR |
/// | joining | CONNECT, EVENT, ACK, DISCONNECT | joining | the connection is closed |
/// | joined | EVENT, ACK | joined | [`Event::Message`], [`Event::Acked`], [`Event::BroadcastAcked`] |
/// | joined | CONNECT | joined | the connection is closed |
/// | joined | DISCONNECT | left | [`Event::Disconnected`]; a new CONNECT is welcome |
/// | joining, joined | [`disconnect`](Self::disconnect) | left | DISCONNECT, [`Event::Disconnected`] |
/// | joining, joined | the engine session ends | left | [`Event::Disconnected`] |
///
/// A socket that has left fails its pending acknowledgements, and its events that were not polled
/// yet are dropped if the server or the engine ended it: no handler starts after that.
///
/// # Revision 4
///
/// A client of revision 4 goes through the same table; [`Revision`] tells what it says and hears
/// differently. Its first event is the [`Connect`](Event::Connect) for `/`, for which it has not
/// asked. It can be refused there and still join other namespaces, before or after, and ask for
/// `/` again by a CONNECT of its own. What it sends is held to the rules of revision 5, as in the
/// reference.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    decoder: Box<dyn Decoder>,
    revision: Revision,
    phase: Phase,
    /// Nearly always one.
    sockets: SmallVec<[Membership; 1]>,
    next_socket: u32,
    acks: Acks,
    connect_deadline: Option<Instant>,
    attachments_deadline: Option<Instant>,
    events: VecDeque<Event>,
    outgoing: Outgoing,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Open,
    /// The engine is to be closed; the reason is there until it was polled.
    Closing(Option<CloseReason>),
    Closed,
}

#[derive(Debug)]
struct Membership {
    socket: Socket,
    namespace: Namespace,
    is_joined: bool,
}

/// Queues give memory back above this length, once they are empty.
const KEPT_QUEUE: usize = 16;

impl Connection {
    /// The connection of a client that has just opened its engine session.
    pub fn new(
        config: Arc<Config>,
        parser: Arc<dyn Parser>,
        revision: Revision,
        now: Instant,
    ) -> Self {
        let limits = match revision {
            Revision::V4 => revision4::limits(&config),
            Revision::V5 => config.limits,
        };
        let mut connection = Self {
            connect_deadline: config.connect_timeout.map(|timeout| now + timeout),
            decoder: parser.decoder(limits),
            config,
            revision,
            phase: Phase::Open,
            sockets: SmallVec::new(),
            next_socket: 0,
            acks: Acks::default(),
            attachments_deadline: None,
            events: VecDeque::new(),
            outgoing: Outgoing::new(parser),
        };
        if revision == Revision::V4 {
            connection.handle_connect(Namespace::root(), None);
        }
        connection
    }

    /// Says what the engine can take, before a call that may send. Without it nothing is volatile
    /// enough to pass, and nothing too large.
    pub fn set_credit(&mut self, credit: Credit) {
        self.outgoing.set_credit(credit);
    }

    /// A message of the client.
    pub fn handle_message(&mut self, message: Message, now: Instant) {
        if self.phase != Phase::Open {
            return;
        }
        match self.decoder.push(message) {
            Ok(Some(packet)) => self.handle_packet(packet),
            // Half a packet, or an ACK without id, before there is a namespace that it can be for.
            Ok(None) if !self.has_joined() => self.close(CloseReason::Forced),
            Ok(None) => {}
            Err(error) => self.refuse(error),
        }
        if self.decoder.is_idle() || self.phase != Phase::Open {
            self.attachments_deadline = None;
        } else if self.attachments_deadline.is_none() {
            self.attachments_deadline = Some(now + self.config.attachments_timeout);
        }
    }

    /// The engine session is over. Everything that waited here ends.
    pub fn handle_closed(&mut self, reason: CloseReason, now: Instant) {
        if self.phase == Phase::Closed {
            return;
        }
        self.expire_acks(now);
        self.phase = Phase::Closed;
        self.connect_deadline = None;
        self.attachments_deadline = None;
        self.outgoing.clear();
        // Whoever was never announced leaves without a word.
        let mut unseen: SmallVec<[Socket; 1]> = SmallVec::new();
        self.events.retain(|event| match event {
            Event::Connect { socket, .. } => {
                unseen.push(*socket);
                false
            }
            Event::Message { .. } => false,
            _ => true,
        });
        for Membership { socket, .. } in core::mem::take(&mut self.sockets) {
            if !unseen.contains(&socket) {
                self.fail_acks(socket);
                let reason = DisconnectReason::Transport(reason.clone());
                self.events
                    .push_back(Event::Disconnected { socket, reason });
            }
        }
        self.events.push_back(Event::Closed(reason));
    }

    /// Does what is due: the connect timeout, the attachments timeout, the deadlines of
    /// acknowledgements.
    pub fn handle_timeout(&mut self, now: Instant) {
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        if is_due(self.connect_deadline) {
            self.close(CloseReason::Forced);
        }
        if is_due(self.attachments_deadline) {
            self.refuse(DecodeError::AttachmentsTimeout);
        }
        self.expire_acks(now);
    }

    /// Whether the socket has joined and its connection is not closing.
    pub fn is_connected(&self, socket: Socket) -> bool {
        self.phase == Phase::Open && self.find(socket).is_some_and(|it| it.is_joined)
    }

    /// The revision that the client speaks.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The namespace of a socket that has not left.
    pub fn namespace(&self, socket: Socket) -> Option<&Namespace> {
        self.find(socket).map(|it| &it.namespace)
    }

    /// Sockets that are joining or have joined.
    pub fn sockets(&self) -> usize {
        self.sockets.len()
    }

    /// Acknowledgements that are waited for, those of broadcasts included.
    pub fn pending_acks(&self) -> usize {
        self.acks.len()
    }

    /// What has happened, in order. Poll until `None`.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        pop(&mut self.events)
    }

    /// A packet that was handed out before, and is to be taken back if nothing of it has left:
    /// its room was given to another, so this comes before
    /// [`poll_encoded`](Self::poll_encoded). Only for engines with marks.
    #[must_use]
    pub fn poll_taken_back(&mut self) -> Option<Mark> {
        self.outgoing.poll_taken_back()
    }

    /// A packet for the engine, all of its messages in one batch.
    #[must_use]
    #[inline]
    pub fn poll_encoded(&mut self) -> Option<Outbound> {
        self.outgoing.poll()
    }

    /// Whether there was too little room for something since the last call, so that somebody may
    /// wait for the engine to be drained.
    #[must_use]
    pub fn poll_pressed(&mut self) -> bool {
        self.outgoing.take_pressed()
    }

    /// Whether, and why, the engine session is to be closed; once, and only after all packets
    /// were polled.
    #[must_use]
    pub fn poll_close(&mut self) -> Option<CloseReason> {
        match &mut self.phase {
            Phase::Closing(reason) if self.outgoing.is_empty() => reason.take(),
            _ => None,
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [
            self.connect_deadline,
            self.attachments_deadline,
            self.acks.next_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether it wants to hear how far the engine has got.
    pub(super) fn watches(&self) -> bool {
        self.outgoing.watches()
    }

    /// An event of the layer below that the application is to see in its place.
    pub(super) fn surface(&mut self, event: Event) {
        self.events.push_back(event);
    }

    fn handle_packet(&mut self, packet: Packet) {
        if let Err(error) = self.check(&packet.body) {
            return self.refuse(error);
        }
        let packet = match self.revision {
            Revision::V4 => revision4::received(packet, &self.config, self.outgoing.format()),
            Revision::V5 => Ok(packet),
        };
        let Packet { namespace, body } = match packet {
            Ok(packet) => packet,
            Err(error) => return self.refuse(error),
        };
        if let Body::Connect(auth) = body {
            return self.handle_connect(namespace, auth);
        }
        let joined = self
            .sockets
            .iter()
            .find(|it| it.is_joined && it.namespace == namespace);
        let Some(&Membership { socket, .. }) = joined else {
            return self.close(CloseReason::Forced);
        };
        match body {
            Body::Event { id, payload } => {
                self.events.push_back(Event::Message {
                    socket,
                    payload,
                    ack: id,
                });
            }
            Body::Ack { id, payload } => self.handle_ack(AckToken { socket, id }, payload),
            Body::Disconnect => {
                self.forget(socket);
                let reason = DisconnectReason::ClientNamespace;
                self.events
                    .push_back(Event::Disconnected { socket, reason });
            }
            // Only servers refuse.
            Body::Connect(_) | Body::ConnectError(_) => self.close(CloseReason::Forced),
        }
    }

    /// The one look at the whole payload, before it is handed out.
    fn check(&self, body: &Body) -> Result<(), DecodeError> {
        match body {
            Body::Connect(Some(payload))
            | Body::ConnectError(payload)
            | Body::Event { payload, .. }
            | Body::Ack { payload, .. } => payload.check(self.config.limits.max_depth),
            Body::Connect(None) | Body::Disconnect => Ok(()),
        }
    }

    fn handle_connect(&mut self, namespace: Namespace, auth: Option<Payload>) {
        if self.sockets.iter().any(|it| it.namespace == namespace) {
            return self.close(CloseReason::Forced);
        }
        if auth
            .as_ref()
            .is_some_and(|auth| auth.size() > self.config.max_auth)
        {
            return self.refuse_connect(namespace, ConnectLimit::Auth);
        }
        if self.sockets.len() >= self.config.max_namespaces {
            return self.refuse_connect(namespace, ConnectLimit::Namespaces);
        }
        // Both live longer than the message of which they may be slices.
        let namespace = namespace.into_unshared();
        let auth = auth.map(Payload::into_unshared);
        let socket = Socket::numbered(self.next_socket);
        match self.next_socket.checked_add(1) {
            Some(next) => self.next_socket = next,
            None => return self.close(CloseReason::Forced),
        }
        self.sockets.push(Membership {
            socket,
            namespace: namespace.clone(),
            is_joined: false,
        });
        self.events.push_back(Event::Connect {
            socket,
            namespace,
            auth,
        });
    }

    fn refuse_connect(&mut self, namespace: Namespace, limit: ConnectLimit) {
        // If it cannot be sent the connection is closing.
        self.send_refusal(namespace, limit.words());
        self.events.push_back(Event::OverLimit(limit));
    }

    fn handle_ack(&mut self, token: AckToken, payload: Payload) {
        match self.acks.remove(token) {
            Some(Waiter::Call) => {
                self.events.push_back(Event::Acked {
                    token,
                    result: Ok(payload),
                });
            }
            Some(Waiter::Broadcast(request)) => {
                let socket = token.socket;
                self.events.push_back(Event::BroadcastAcked {
                    socket,
                    request,
                    payload,
                });
            }
            // Unknown, answered before, or too late.
            None => {}
        }
    }

    fn refuse(&mut self, error: DecodeError) {
        if self.phase == Phase::Open {
            self.events.push_back(Event::Refused(error));
            self.close(CloseReason::Forced);
        }
    }

    fn forget(&mut self, socket: Socket) {
        self.sockets.retain(|it| it.socket != socket);
        self.fail_acks(socket);
    }

    fn fail_acks(&mut self, socket: Socket) {
        for (token, waiter) in self.acks.remove_socket(socket) {
            // The namespace learns from the socket's removal that no answer will come.
            if waiter == Waiter::Call {
                let result = Err(AckError::Disconnected);
                self.events.push_back(Event::Acked { token, result });
            }
        }
    }

    fn expire_acks(&mut self, now: Instant) {
        while let Some((token, waiter)) = self.acks.expire(now) {
            // The namespace has its own clock for a broadcast.
            if waiter == Waiter::Call {
                self.events.push_back(Event::Acked {
                    token,
                    result: Err(AckError::Timeout),
                });
            }
        }
    }

    fn has_joined(&self) -> bool {
        self.sockets.iter().any(|it| it.is_joined)
    }

    fn find(&self, socket: Socket) -> Option<&Membership> {
        self.sockets.iter().find(|it| it.socket == socket)
    }

    fn find_mut(&mut self, socket: Socket) -> Option<&mut Membership> {
        self.sockets.iter_mut().find(|it| it.socket == socket)
    }
}

#[inline]
fn pop<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let front = queue.pop_front();
    if queue.is_empty() && queue.capacity() > KEPT_QUEUE {
        queue.shrink_to(KEPT_QUEUE);
    }
    front
}
