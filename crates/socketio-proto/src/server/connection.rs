//! The namespaces of one engine session.

use super::config::Config;
use super::event::{Credit, Emit, Event, Revision, Socket};
use crate::acks::{AckToken, Acks, RequestId, Waiter};
use crate::parser::Decoder;
use crate::{
    AckError, AckId, Body, DecodeError, DisconnectReason, EmitError, Encoded, Instant, Message,
    Namespace, Packet, Parser, Payload, PayloadError, SocketId,
};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use engineio_proto::CloseReason;
use serde::Serialize;
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
/// | – | CONNECT | joining | [`Event::Connect`] |
/// | – | CONNECT beyond [`Config::max_namespaces`] | – | CONNECT_ERROR |
/// | – | EVENT, ACK, DISCONNECT | – | the connection is closed |
/// | joining | [`accept`](Self::accept) | joined | CONNECT with the id, behind what was emitted so far |
/// | joining | [`reject`](Self::reject) | left | CONNECT_ERROR |
/// | joining | CONNECT, EVENT, ACK, DISCONNECT | joining | the connection is closed |
/// | joined | EVENT, ACK | joined | [`Event::Message`], [`Event::Acked`], [`Event::BroadcastAcked`] |
/// | joined | CONNECT | joined | the connection is closed |
/// | joined | DISCONNECT | left | [`Event::Disconnected`]; a new CONNECT is welcome |
/// | joining, joined | [`disconnect`](Self::disconnect) | left | DISCONNECT, [`Event::Disconnected`] |
/// | joining, joined | the engine session ends | left | [`Event::Disconnected`] |
///
/// A socket that has left fails its pending acknowledgements, and its events that were not polled
/// yet are dropped if the server or the engine ended it: no handler starts after that.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    parser: Arc<dyn Parser>,
    decoder: Box<dyn Decoder>,
    revision: Revision,
    phase: Phase,
    credit: Credit,
    /// Nearly always one.
    sockets: SmallVec<[Membership; 1]>,
    next_socket: u32,
    acks: Acks,
    connect_deadline: Option<Instant>,
    attachments_deadline: Option<Instant>,
    events: VecDeque<Event>,
    packets: VecDeque<(Encoded, bool)>,
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
        let mut connection = Self {
            connect_deadline: config.connect_timeout.map(|timeout| now + timeout),
            decoder: parser.decoder(config.limits),
            config,
            parser,
            revision,
            phase: Phase::Open,
            credit: Credit {
                writable: false,
                room_bytes: usize::MAX,
                room_packets: usize::MAX,
            },
            sockets: SmallVec::new(),
            next_socket: 0,
            acks: Acks::default(),
            attachments_deadline: None,
            events: VecDeque::new(),
            packets: VecDeque::new(),
        };
        if revision == Revision::V4 {
            connection.handle_connect(Namespace::root(), None);
        }
        connection
    }

    /// Says what the engine can take, before a call that may send. Without it nothing is volatile
    /// enough to pass, and nothing too large.
    pub fn set_credit(&mut self, credit: Credit) {
        self.credit = credit;
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
        self.packets.clear();
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

    /// Lets a socket into its namespace. Its CONNECT goes out behind what was emitted to it so
    /// far, and before anything that comes later.
    ///
    /// False: the socket is gone, or was answered before.
    pub fn accept(&mut self, socket: Socket, id: SocketId) -> bool {
        #[derive(Serialize)]
        struct Accepted<'a> {
            sid: &'a str,
        }
        let Some(namespace) = self.joining(socket) else {
            return false;
        };
        let granted = match self.revision {
            // The client makes the id itself, from that of the engine session.
            Revision::V4 => None,
            Revision::V5 => {
                let accepted = Accepted { sid: id.as_str() };
                match Payload::value(self.parser.format(), &accepted) {
                    Ok(granted) => Some(granted),
                    Err(_) => return false,
                }
            }
        };
        if self
            .send_control(namespace, Body::Connect(granted))
            .is_err()
        {
            return false;
        }
        if let Some(membership) = self.find_mut(socket) {
            membership.is_joined = true;
        }
        self.connect_deadline = None;
        true
    }

    /// Refuses a socket its namespace. `error` is an object with `message` and perhaps `data`
    /// ([`Payload::value`]). The client may ask again.
    ///
    /// False: the socket is gone or was answered before, or `error` is not an object or string.
    pub fn reject(&mut self, socket: Socket, error: Payload) -> bool {
        let Some(namespace) = self.joining(socket) else {
            return false;
        };
        if self
            .send_control(namespace, Body::ConnectError(error))
            .is_err()
        {
            return false;
        }
        self.forget(socket);
        true
    }

    /// Sends an event. To a socket that is still joining, too: the client then has it before the
    /// CONNECT, and keeps it until that has come.
    ///
    /// With [`how.ack`](Emit::ack) the result is a token, and an [`Event::Acked`] follows.
    ///
    /// # Errors
    ///
    /// The event was not sent, not even a part of it.
    pub fn emit(
        &mut self,
        socket: Socket,
        payload: Payload,
        how: Emit,
        now: Instant,
    ) -> Result<Option<AckToken>, EmitError> {
        let namespace = self.reachable(socket)?.clone();
        let token = how.ack.map(|id| AckToken { socket, id });
        self.may_wait_for(token)?;
        self.may_drop(how.volatile)?;
        let body = Body::Event {
            id: how.ack,
            payload,
        };
        let encoded = self.encode(namespace, body)?;
        self.send(encoded, how.compress)?;
        if let Some(token) = token {
            let deadline = how.timeout.map(|timeout| now + timeout);
            self.acks.insert(token, Waiter::Call, deadline);
        }
        Ok(token)
    }

    /// Sends an event that is already encoded: the share of this socket in a broadcast, as
    /// [`NamespaceCore::poll_delivery`](super::NamespaceCore::poll_delivery) tells it.
    ///
    /// # Errors
    ///
    /// The event was not sent. With [`EmitError::Full`] the client reads too slowly to keep up
    /// with its namespace, and its connection is closed with [`CloseReason::Overflow`]: nobody
    /// could tell it what it missed.
    pub fn emit_encoded(
        &mut self,
        socket: Socket,
        encoded: Encoded,
        volatile: bool,
        ack: Option<(AckId, RequestId)>,
    ) -> Result<(), EmitError> {
        self.reachable(socket)?;
        let token = ack.map(|(id, _)| AckToken { socket, id });
        self.may_wait_for(token)?;
        self.may_drop(volatile)?;
        if let Err(error) = self.send(encoded, true) {
            self.close(CloseReason::Overflow);
            return Err(error);
        }
        if let Some((id, request)) = ack {
            let token = AckToken { socket, id };
            self.acks
                .insert(token, Waiter::Broadcast(request), Some(request.expires));
        }
        Ok(())
    }

    /// Answers an event of the client. It is up to the caller to answer once.
    ///
    /// # Errors
    ///
    /// The answer was not sent.
    pub fn ack(&mut self, socket: Socket, id: AckId, payload: Payload) -> Result<(), EmitError> {
        let namespace = self.reachable(socket)?.clone();
        let encoded = self.encode(namespace, Body::Ack { id, payload })?;
        self.send(encoded, false)
    }

    /// Stops waiting for an acknowledgement; there will be no [`Event::Acked`]. The answer is
    /// ignored if it still comes.
    pub fn cancel_ack(&mut self, token: AckToken) {
        self.acks.remove(token);
    }

    /// Makes a socket leave its namespace. With `close` all joined sockets of the client leave,
    /// and behind their DISCONNECT packets the engine session is closed.
    ///
    /// Nothing happens to a socket that is gone, but `close` still closes.
    pub fn disconnect(&mut self, socket: Socket, close: bool) {
        if close {
            let joined: SmallVec<[Socket; 1]> = self
                .sockets
                .iter()
                .filter(|it| it.is_joined)
                .map(|it| it.socket)
                .collect();
            for socket in joined {
                self.dismiss(socket);
            }
            self.close(CloseReason::Forced);
        } else {
            self.dismiss(socket);
        }
    }

    /// Closes the engine session, without a word to the client's sockets. Nothing can be sent
    /// afterwards; the [`Event::Disconnected`] of the sockets come when the engine has closed.
    pub fn close(&mut self, reason: CloseReason) {
        if self.phase == Phase::Open {
            self.phase = Phase::Closing(Some(reason));
            self.connect_deadline = None;
            self.attachments_deadline = None;
        }
    }

    /// Whether the socket has joined and its connection is not closing.
    pub fn is_connected(&self, socket: Socket) -> bool {
        self.phase == Phase::Open && self.find(socket).is_some_and(|it| it.is_joined)
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

    /// A packet for the engine, all of its messages in one batch, and whether it may be
    /// compressed.
    #[must_use]
    pub fn poll_encoded(&mut self) -> Option<(Encoded, bool)> {
        pop(&mut self.packets)
    }

    /// Whether, and why, the engine session is to be closed; once, and only after all packets
    /// were polled.
    #[must_use]
    pub fn poll_close(&mut self) -> Option<CloseReason> {
        match &mut self.phase {
            Phase::Closing(reason) if self.packets.is_empty() => reason.take(),
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

    /// An event of the layer below that the application is to see in its place.
    pub(super) fn surface(&mut self, event: Event) {
        self.events.push_back(event);
    }

    fn handle_packet(&mut self, packet: Packet) {
        let Packet { namespace, body } = packet;
        if let Err(error) = self.check(&body) {
            return self.refuse(error);
        }
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
        if self.sockets.len() >= self.config.max_namespaces {
            return self.refuse_namespace(namespace);
        }
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

    fn refuse_namespace(&mut self, namespace: Namespace) {
        #[derive(Serialize)]
        struct Refusal {
            message: &'static str,
        }
        let refusal = Refusal {
            message: "too many namespaces",
        };
        let sent = Payload::value(self.parser.format(), &refusal).is_ok_and(|error| {
            self.send_control(namespace, Body::ConnectError(error))
                .is_ok()
        });
        if !sent {
            self.close(CloseReason::Forced);
        }
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

    /// The server ends a membership.
    fn dismiss(&mut self, socket: Socket) {
        let Ok(namespace) = self.reachable(socket).cloned() else {
            return;
        };
        // A client that cannot take one packet more will find out by the closing connection.
        let _ = self.send_control(namespace, Body::Disconnect);
        self.events
            .retain(|event| !matches!(event, Event::Message { socket: of, .. } if *of == socket));
        self.forget(socket);
        let reason = DisconnectReason::ServerNamespace;
        self.events
            .push_back(Event::Disconnected { socket, reason });
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

    fn may_wait_for(&self, token: Option<AckToken>) -> Result<(), EmitError> {
        match token {
            Some(token) if self.acks.contains(token) => Err(EmitError::AckInUse),
            Some(_) if self.acks.len() >= self.config.max_pending_acks => {
                Err(EmitError::TooManyAcks)
            }
            _ => Ok(()),
        }
    }

    fn may_drop(&self, volatile: bool) -> Result<(), EmitError> {
        if volatile && !self.credit.writable {
            Err(EmitError::Dropped)
        } else {
            Ok(())
        }
    }

    fn encode(&self, namespace: Namespace, body: Body) -> Result<Encoded, EmitError> {
        self.parser
            .encode_owned(Packet { namespace, body })
            .map_err(|error| match error {
                PayloadError::Unfit(packet) => EmitError::Unfit(packet),
                _ => EmitError::Unfit("the parser"),
            })
    }

    /// The one check per packet: all of its messages fit, or none is sent.
    fn send(&mut self, encoded: Encoded, compress: bool) -> Result<(), EmitError> {
        self.credit = self
            .credit
            .spend(encoded.messages())
            .ok_or(EmitError::Full)?;
        self.packets.push_back((encoded, compress));
        Ok(())
    }

    /// Sends what the protocol needs. If there is no room the connection is over: the client
    /// would wait for it for ever.
    fn send_control(&mut self, namespace: Namespace, body: Body) -> Result<(), EmitError> {
        let encoded = self.encode(namespace, body)?;
        self.send(encoded, false)
            .inspect_err(|_| self.close(CloseReason::Overflow))
    }

    fn joining(&self, socket: Socket) -> Option<Namespace> {
        let membership = self.find(socket).filter(|it| !it.is_joined)?;
        (self.phase == Phase::Open).then(|| membership.namespace.clone())
    }

    fn reachable(&self, socket: Socket) -> Result<&Namespace, EmitError> {
        let membership = self.find(socket).filter(|_| self.phase == Phase::Open);
        membership
            .map(|it| &it.namespace)
            .ok_or(EmitError::NotConnected)
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

fn pop<T>(queue: &mut VecDeque<T>) -> Option<T> {
    let front = queue.pop_front();
    if queue.is_empty() && queue.capacity() > KEPT_QUEUE {
        queue.shrink_to(KEPT_QUEUE);
    }
    front
}
