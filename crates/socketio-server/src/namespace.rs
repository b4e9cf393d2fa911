//! A namespace: its sockets, its listeners, and the order in which broadcasts reach the sockets.
//!
//! Locks, always taken in this order: `delivery`, then `room` (released again), then one client at
//! a time. Recording, selecting and enqueuing into every client happen under `delivery`, so that
//! all sockets see broadcasts in one order. User code runs under none of them.

mod listening;
mod recovery;
mod room_events;

use self::recovery::Heir;
pub(crate) use self::recovery::{Applicant, Opened, Undelivered};
use self::room_events::RoomHooks;

use crate::broadcast::{Broadcast, IntoRooms, Responses};
use crate::env::Env;
use crate::error::{AckError, EmitError};
use crate::extensions::Extensions;
use crate::handler::Listener;
use crate::middleware::Middleware;
use crate::pressure::Policies;
use crate::socket::{Socket, SocketInner, Stage};
use crate::sync::{lock, read, write};
use crate::telemetry;
use crate::timers::{Slot, Timed};
use engineio_proto::CloseReason;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::{ListenerId, Observers, Snapshot};
use socketio_proto::acks::RequestId;
use socketio_proto::broadcast::Draft;
use socketio_proto::recovery::Config as RecoveryConfig;
use socketio_proto::rooms::{Member, Room, RoomError, Target};
use socketio_proto::server::{Delivery, NamespaceCore, NamespaceEvent, NamespaceLimits, Overflow};
use socketio_proto::{AckId, DisconnectReason, Format, Instant, Parser, Payload, Value};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock, Weak};
use tokio::sync::{Notify, oneshot};

pub(crate) type Listeners = Observers<String, Listener>;
/// The answers to a broadcast, and how many are missing.
pub(crate) type Answers = (Vec<Payload>, usize);

/// Names of the listeners that are no events of the wire: the protocol reserves them, so a client
/// can't send them.
pub(crate) const ANY: &str = "newListener";
pub(crate) const OUTGOING: &str = "removeListener";
pub(crate) const DRAIN: &str = "connect_error";
pub(crate) const CONNECTION: &str = "connect";
pub(crate) const DISCONNECTING: &str = "disconnecting";
pub(crate) const DISCONNECT: &str = "disconnect";

/// Whether nobody may listen to this under the name of an event. The others may be: they are names
/// of the same events in JavaScript.
pub(crate) fn is_private(name: &str) -> bool {
    [ANY, OUTGOING, DRAIN].contains(&name)
}

/// Adds a listener of the application. That of a private name is never called, as no such event
/// comes.
pub(crate) fn add(
    listeners: &mut Listeners,
    event: &str,
    add: impl FnOnce(&mut Listeners, String) -> ListenerId,
) -> ListenerId {
    let id = add(listeners, event.to_owned());
    if is_private(event) {
        listeners.off(id);
    }
    id
}

/// What all namespaces of a server are made of.
pub(crate) struct Common {
    pub(crate) env: Arc<Env>,
    pub(crate) parser: Arc<dyn Parser>,
    pub(crate) state: Extensions,
    pub(crate) limits: NamespaceLimits,
    pub(crate) recovery: Option<RecoveryConfig>,
}

pub(crate) struct NamespaceInner {
    name: socketio_proto::Namespace,
    common: Arc<Common>,
    delivery: Mutex<()>,
    room: Mutex<Members>,
    room_hooks: RoomHooks,
    listeners: RwLock<Listeners>,
    middlewares: RwLock<Vec<Middleware>>,
    event_middlewares: RwLock<Vec<Middleware>>,
    serial: AtomicBool,
    /// Whether anybody has ever listened to what goes out.
    hears_outgoing: AtomicBool,
    /// Of a parent: those that it was the model of.
    children: OnceLock<Mutex<Vec<Weak<NamespaceInner>>>>,
    policies: Policies,
    /// A client has come back, or will not any more: whoever waits for that looks again.
    returned: Notify,
}

/// The sockets of a namespace by their place in its core.
struct Members {
    core: NamespaceCore,
    sockets: Vec<Option<Arc<SocketInner>>>,
    waiting: BTreeMap<RequestId, oneshot::Sender<Answers>>,
    heirs: Vec<Heir>,
    slot: Option<Slot>,
    /// A thread is telling what happened to rooms.
    is_telling: bool,
}

/// What is left of a socket that was taken out: what the application has with it, and those who
/// waited for it to leave, who ask again now.
#[derive(Default)]
struct Rest {
    _socket: Option<Arc<SocketInner>>,
    heirs: Vec<Heir>,
}

impl Drop for Rest {
    fn drop(&mut self) {
        for heir in self.heirs.drain(..) {
            heir.apply();
        }
    }
}

/// One who waits for the answers to a broadcast. Gives up when dropped.
pub(crate) struct Collecting {
    namespace: Arc<NamespaceInner>,
    request: RequestId,
    receiver: oneshot::Receiver<Answers>,
}

impl Collecting {
    pub(crate) async fn answers(mut self) -> Answers {
        (&mut self.receiver).await.unwrap_or_default()
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        self.namespace.give_up(self.request);
    }
}

impl Members {
    fn put(&mut self, member: Member, socket: &Arc<SocketInner>) {
        if self.sockets.len() <= member.index() {
            self.sockets.resize(member.index() + 1, None);
        }
        self.sockets[member.index()] = Some(Arc::clone(socket));
    }
}

impl NamespaceInner {
    pub(crate) fn new(name: socketio_proto::Namespace, common: Arc<Common>) -> Arc<Self> {
        let parser = Arc::clone(&common.parser);
        let core = common.with_store(NamespaceCore::new(name.clone(), parser, common.limits));
        Arc::new(Self {
            name,
            common,
            delivery: Mutex::default(),
            room: Mutex::new(Members {
                core,
                sockets: Vec::new(),
                waiting: BTreeMap::new(),
                heirs: Vec::new(),
                slot: None,
                is_telling: false,
            }),
            room_hooks: RoomHooks::default(),
            listeners: RwLock::new(Listeners::default().keep_removed()),
            middlewares: RwLock::default(),
            event_middlewares: RwLock::default(),
            serial: AtomicBool::new(false),
            hears_outgoing: AtomicBool::new(false),
            children: OnceLock::new(),
            policies: Policies::default(),
            returned: Notify::new(),
        })
    }

    /// A namespace that starts with the listeners and middlewares of this one.
    pub(crate) fn child(&self, name: socketio_proto::Namespace) -> Arc<Self> {
        let child = Self::new(name, Arc::clone(&self.common));
        write(&child.listeners).clone_from(&read(&self.listeners));
        write(&child.middlewares).clone_from(&read(&self.middlewares));
        write(&child.event_middlewares).clone_from(&read(&self.event_middlewares));
        child.serial.store(self.is_serial(), Ordering::Relaxed);
        if self.hears_outgoing() {
            child.hear_outgoing();
        }
        child.inherit_room_hooks(self);
        let mut children = lock(self.children.get_or_init(Mutex::default));
        // Those that are no more are looked for whenever the list would grow.
        if children.len() == children.capacity() {
            children.retain(|child| child.strong_count() > 0);
        }
        children.push(Arc::downgrade(&child));
        drop(children);
        self.policies.copy_to(&child.policies);
        child
    }

    /// Of a parent: those that are there.
    pub(crate) fn children(&self) -> Vec<Arc<Self>> {
        self.children.get().map_or_else(Vec::new, |children| {
            lock(children).iter().filter_map(Weak::upgrade).collect()
        })
    }

    pub(crate) fn name(&self) -> &socketio_proto::Namespace {
        &self.name
    }

    pub(crate) fn state(&self) -> &Extensions {
        &self.common.state
    }

    pub(crate) fn format(&self) -> Format {
        self.common.parser.format()
    }

    pub(crate) fn is_serial(&self) -> bool {
        self.serial.load(Ordering::Relaxed)
    }

    /// Whether nobody is in it, nor on the way in.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.room).core.rooms().members() == 0
    }

    pub(crate) fn hears_outgoing(&self) -> bool {
        self.hears_outgoing.load(Ordering::Relaxed)
    }

    pub(crate) fn hear_outgoing(&self) {
        self.hears_outgoing.store(true, Ordering::Relaxed);
    }

    pub(crate) fn policies(&self) -> &Policies {
        &self.policies
    }

    pub(crate) fn snapshot(&self, event: &str) -> Snapshot<Listener> {
        read(&self.listeners).snapshot(event)
    }

    pub(crate) fn middlewares(&self) -> Vec<Middleware> {
        read(&self.middlewares).clone()
    }

    pub(crate) fn event_middlewares(&self) -> Vec<Middleware> {
        read(&self.event_middlewares).clone()
    }

    /// Lets a socket in: what it has missed and its CONNECT reply go out before any broadcast, and
    /// no broadcast after them is missed.
    ///
    /// False if its connection is gone; the socket is out of the index then.
    pub(crate) fn enter(self: &Arc<Self>, socket: &Arc<SocketInner>) -> bool {
        let mut rest = Rest::default();
        let order = lock(&self.delivery);
        let missed = {
            let mut members = lock(&self.room);
            members.put(socket.member(), socket);
            members.core.enter(socket.member())
        };
        let accepted = match missed {
            Some(missed) => socket.accept(missed),
            None => {
                socket.client().close(CloseReason::Overflow);
                false
            }
        };
        if !accepted {
            // One that was here before may try again.
            let reason = DisconnectReason::Transport(CloseReason::TransportClose);
            rest = self.take_out(socket, socket.is_recovered().then_some(&reason));
        }
        drop(order);
        drop(rest);
        self.returned.notify_waiters();
        self.tell_rooms();
        accepted
    }

    /// Takes a socket out of all rooms and out of the namespace. Does nothing for one that has left.
    ///
    /// With a reason that allows it the client may recover; without one it is for good.
    pub(crate) fn leave(self: &Arc<Self>, socket: &SocketInner, reason: Option<&DisconnectReason>) {
        drop(self.take_out(socket, reason));
        self.tell_rooms();
    }

    /// What is left of it is to be dropped with no lock held.
    fn take_out(self: &Arc<Self>, socket: &SocketInner, reason: Option<&DisconnectReason>) -> Rest {
        // Before the lock, as the data have one of their own.
        let data = if self.recovers() {
            socket.data()
        } else {
            Value::Null
        };
        self.with_core(|members, now| {
            // Its place may be another socket's by now.
            if socket.stage() == Stage::Gone {
                return Rest::default();
            }
            // Under the lock: whoever finds it in another stage may count on its place in the
            // index.
            socket.set_stage(Stage::Gone);
            let member = socket.member();
            match reason {
                Some(reason) => members.core.retire(member, reason, data, now),
                None => members.core.remove(member, now),
            }
            Rest {
                _socket: members
                    .sockets
                    .get_mut(member.index())
                    .and_then(Option::take),
                heirs: members.take_heirs(member),
            }
        })
    }

    /// Does nothing for a socket that has left.
    pub(crate) fn join(
        self: &Arc<Self>,
        socket: &SocketInner,
        rooms: &[Room],
    ) -> Result<(), RoomError> {
        let joined = self.with_rooms(socket, |core, member| {
            rooms
                .iter()
                .map(|room| core.join(member, room.clone()).map(drop))
                .fold(Ok(()), Result::and)
        });
        let joined = joined.unwrap_or(Ok(()));
        telemetry::joined(&joined);
        joined
    }

    /// Does nothing for a socket that has left.
    pub(crate) fn part(self: &Arc<Self>, socket: &SocketInner, rooms: &[Room]) {
        self.with_rooms(socket, |core, member| {
            for room in rooms {
                core.leave(member, room);
            }
        });
    }

    /// Changes the rooms of a socket, unless it has left.
    fn with_rooms<R>(
        self: &Arc<Self>,
        socket: &SocketInner,
        change: impl FnOnce(&mut NamespaceCore, Member) -> R,
    ) -> Option<R> {
        let mut members = lock(&self.room);
        let is_here = socket.stage() != Stage::Gone;
        let result = is_here.then(|| change(&mut members.core, socket.member()));
        drop(members);
        self.tell_rooms();
        result
    }

    /// In the order in which they were joined; none for a socket that has left.
    pub(crate) fn rooms_of(&self, socket: &SocketInner) -> Vec<String> {
        let members = lock(&self.room);
        if socket.stage() == Stage::Gone {
            return Vec::new();
        }
        let rooms = members.core.rooms().rooms_of(socket.member());
        rooms.map(|room| room.0.as_str().to_owned()).collect()
    }

    pub(crate) fn next_ack(&self) -> AckId {
        lock(&self.room).core.next_ack()
    }

    pub(crate) fn select(&self, target: &Target) -> Vec<Socket> {
        let members = lock(&self.room);
        let selected = members.core.select(target);
        selected
            .into_iter()
            .filter_map(|member| members.sockets.get(member.index())?.clone())
            .filter(|socket| socket.stage() != Stage::Leaving)
            .map(Socket::from)
            .collect()
    }

    /// Sends a broadcast on its way. The receiver, if acknowledgements are wanted, gets them all at
    /// once.
    ///
    /// Fails if it is too large for a receiver's buffer, hence for all: those that could take it
    /// by another limit have got it.
    pub(crate) fn broadcast(
        self: &Arc<Self>,
        draft: Draft,
    ) -> Result<Option<Collecting>, EmitError> {
        // Dropped behind the lock: the last handle of a socket takes the application's along.
        let mut deliveries = Vec::new();
        let _order = lock(&self.delivery);
        let is_asking = draft.flags.ack.is_some();
        let waiting = self.with_core(|members, now| {
            let max_pending = self.common.limits.max_pending_broadcasts;
            if is_asking && members.core.pending_broadcasts() >= max_pending {
                telemetry::limit_hit("max_pending_broadcasts");
            }
            let request = members.core.broadcast(draft, now)?;
            let waiting = request.map(|request| {
                let (sender, receiver) = oneshot::channel();
                members.waiting.insert(request, sender);
                Collecting {
                    namespace: Arc::clone(self),
                    request,
                    receiver,
                }
            });
            while let Some((member, delivery)) = members.core.poll_delivery() {
                if let Some(Some(socket)) = members.sockets.get(member.index()) {
                    deliveries.push((Arc::clone(socket), Some(delivery)));
                }
            }
            Ok::<_, EmitError>(waiting)
        })?;
        let mut missed = Vec::new();
        let mut is_too_large = false;
        for (socket, delivery) in &mut deliveries {
            let Some(Delivery::Encoded { encoded, how }) = delivery.take() else {
                continue;
            };
            if let Err(error) = socket.deliver(encoded, &how) {
                is_too_large |= error == socketio_proto::EmitError::TooLarge;
                missed.extend(how.ack.map(|(_, request)| (request, socket.member())));
            }
        }
        if !missed.is_empty() {
            self.with_core(|members, _| {
                for (request, member) in missed {
                    members.core.handle_undelivered(request, member);
                }
            });
        }
        if is_too_large {
            return Err(socketio_proto::EmitError::TooLarge.into());
        }
        Ok(waiting)
    }

    /// Nobody waits for the answers to a broadcast any more.
    fn give_up(self: &Arc<Self>, request: RequestId) {
        let asked = self.with_core(|members, _| {
            members.waiting.remove(&request)?;
            let asked = members.core.cancel_broadcast(request);
            let sockets = &members.sockets;
            let find = |member: Member| sockets.get(member.index())?.clone();
            Some(asked.into_iter().filter_map(find).collect::<Vec<_>>())
        });
        for socket in asked.into_iter().flatten() {
            socket.with(|connection, handle| connection.cancel_broadcast(handle, request));
        }
    }

    pub(crate) fn answer(self: &Arc<Self>, request: RequestId, member: Member, answer: Payload) {
        self.with_core(|members, now| members.core.handle_ack(request, member, answer, now));
    }

    /// One step of the core; what came of it is carried out after the lock is free.
    fn with_core<R>(self: &Arc<Self>, step: impl FnOnce(&mut Members, Instant) -> R) -> R {
        let now = self.common.env.clock.now();
        let mut members = lock(&self.room);
        let result = step(&mut members, now);
        let mut complete = Vec::new();
        while let Some(event) = members.core.poll_event() {
            if let NamespaceEvent::Responses {
                request,
                responses,
                missing,
            } = event
                && let Some(sender) = members.waiting.remove(&request)
            {
                complete.push((sender, (responses, missing)));
            }
        }
        match members.core.poll_timeout() {
            Some(deadline) if members.slot.is_none_or(|(set, _)| deadline < set) => {
                let me: Weak<dyn Timed> = Arc::downgrade(self) as Weak<dyn Timed>;
                members.slot = Some(self.common.env.timers.set(members.slot, deadline, me));
            }
            _ => {}
        }
        drop(members);
        for (sender, answers) in complete {
            // Fails if nobody waits any more.
            let _ = sender.send(answers);
        }
        result
    }
}

impl Timed for NamespaceInner {
    fn fire(self: Arc<Self>) {
        self.with_core(|members, now| {
            members.slot = None;
            members.core.handle_timeout(now);
        });
        self.returned.notify_waiters();
    }
}

impl std::fmt::Debug for NamespaceInner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Namespace")
            .field("name", &self.name.as_str())
            .finish_non_exhaustive()
    }
}

/// A namespace of the server. Clones share it.
///
/// Handlers that are registered here serve every socket of the namespace and cost nothing per
/// socket.
#[derive(Clone, Debug)]
pub struct Namespace(pub(crate) Arc<NamespaceInner>);

impl Namespace {
    /// Its name, with the leading slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// Handles the events of each socket strictly one after another: the next handler starts when
    /// the one before has finished. Other sockets are not held up.
    pub fn serial(&self) -> &Self {
        self.0.serial.store(true, Ordering::Relaxed);
        self
    }

    /// What becomes of events of this namespace for which a client that reads slowly has no room,
    /// unless an emit says otherwise. Default: [`Overflow::Refuse`].
    ///
    /// ```
    /// use socketio_server::{Overflow, SocketIo};
    ///
    /// let (_layer, io) = SocketIo::new();
    /// io.of("/prices")
    ///     .set_overflow(Overflow::DropOldest)
    ///     .set_overflow_of("price", Overflow::KeepLatest);
    /// ```
    pub fn set_overflow(&self, policy: Overflow) -> &Self {
        self.0.policies().set(policy);
        self
    }

    /// As [`set_overflow`](Self::set_overflow), for the events of one name.
    pub fn set_overflow_of(&self, event: &str, policy: Overflow) -> &Self {
        self.0.policies().set_of(event, policy);
        self
    }

    /// Everybody in the namespace.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(&self.0)
    }

    /// Whoever is in these rooms.
    pub fn to(&self, rooms: impl IntoRooms) -> Broadcast {
        self.broadcast().to(rooms)
    }

    /// Everybody but the members of these rooms.
    pub fn except(&self, rooms: impl IntoRooms) -> Broadcast {
        self.broadcast().except(rooms)
    }

    /// Sockets of this server only, once there are several.
    pub fn local(&self) -> Broadcast {
        self.broadcast().local()
    }

    /// Emits to everybody whose transport is ready.
    pub fn volatile(&self) -> Broadcast {
        self.broadcast().volatile()
    }

    /// Emits to everybody in the namespace; see [`Broadcast::emit`].
    ///
    /// # Errors
    /// As [`Broadcast::emit`].
    pub fn emit(&self, event: &str, arguments: impl Serialize) -> Result<(), EmitError> {
        self.broadcast().emit(event, arguments)
    }

    /// Emits the event `message` to everybody in the namespace.
    ///
    /// # Errors
    /// As [`Broadcast::emit`].
    pub fn send(&self, arguments: impl Serialize) -> Result<(), EmitError> {
        self.emit("message", arguments)
    }

    /// Emits to everybody and collects the acknowledgements; see [`Broadcast::emit_with_ack`].
    ///
    /// # Errors
    /// As [`Broadcast::emit_with_ack`].
    pub async fn emit_with_ack<T: DeserializeOwned>(
        &self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<Responses<T>, AckError> {
        self.broadcast().emit_with_ack(event, arguments).await
    }

    /// All sockets of the namespace.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket> {
        self.broadcast().fetch_sockets()
    }

    /// The socket with this id, if it is connected.
    #[must_use]
    pub fn socket(&self, id: &str) -> Option<Socket> {
        // Others may be in the room of its name, too.
        let sockets = self.to(id).fetch_sockets();
        sockets.into_iter().find(|socket| socket.id() == id)
    }

    /// Number of sockets in the namespace; one that is sent away counts until its handlers have been
    /// called.
    #[must_use]
    pub fn socket_count(&self) -> usize {
        lock(&self.0.room).core.rooms().registered()
    }

    /// Names of all rooms of the namespace, in order. Each socket is in a room of its own, named by
    /// its id.
    #[must_use]
    pub fn rooms(&self) -> Vec<String> {
        let members = lock(&self.0.room);
        members
            .core
            .rooms()
            .iter()
            .map(|(room, _)| room.0.as_str().to_owned())
            .collect()
    }
}
