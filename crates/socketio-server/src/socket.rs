//! One client in one namespace.

mod own;

use self::own::Own;
use crate::broadcast::{Broadcast, IntoRooms};
use crate::dispatch::Sio;
use crate::emitter::Emitter;
use crate::error::{AckError, EmitError};
use crate::extensions::Extensions;
use crate::handler::{Listener, Started};
use crate::middleware::Middleware;
use crate::namespace::{Namespace, NamespaceInner};
use crate::sync::lock;
use crate::telemetry;
use crate::transport::{Client, HandshakeRequest, Origin, Suspended};
use engineio_proto::{CloseReason, Transport, Version};
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_observer::Snapshot;
use socketio_proto::recovery::{Failure as RecoveryFailure, PrivateId};
use socketio_proto::rooms::{Member, Room, RoomError};
use socketio_proto::server::{Connection, Overflow, Share, Socket as Handle};
use socketio_proto::value::Map;
use socketio_proto::{Encoded, Format, Payload, PayloadError, SocketId, Value};
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::task::AbortHandle;

/// Where a socket is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Stage {
    /// Its middlewares are running.
    Joining,
    Connected,
    /// The server has sent it away; its handlers are yet to hear of it. It is in its rooms until
    /// then, but nobody finds it there.
    Leaving,
    Gone,
}

/// How a socket came to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Recovery {
    /// Its client has not claimed to have been here before.
    Fresh,
    /// It is the socket from before.
    Recovered,
    /// Its client claims to have been here before, but what it was could not be restored. What it
    /// has missed since is lost to it.
    Failed(RecoveryFailure),
}

/// Who a socket is.
pub(crate) struct Identity {
    pub(crate) member: Member,
    pub(crate) id: SocketId,
    pub(crate) private: Option<PrivateId>,
    pub(crate) data: Value,
    pub(crate) recovery: Recovery,
}

pub(crate) struct SocketInner {
    client: Arc<Client<Sio>>,
    namespace: Arc<NamespaceInner>,
    handle: Handle,
    id: SocketId,
    private: Option<PrivateId>,
    member: Member,
    recovery: Recovery,
    auth: Option<Payload>,
    stage: AtomicU8,
    /// The task in which its middlewares run, if they were not done at once.
    joining: OnceLock<AbortHandle>,
    data: Mutex<Value>,
    /// Made on first use, as most sockets never need them.
    extensions: OnceLock<Box<Extensions>>,
    overlay: OnceLock<Box<Own>>,
    serial: OnceLock<Box<Mutex<Queue>>>,
}

/// Handlers of a serial namespace that wait for their turn. Each counts as suspended, so that a
/// client that sends faster than its events are handled is read no further.
#[derive(Default)]
pub(crate) struct Queue {
    pub(crate) is_running: bool,
    pub(crate) waiting: VecDeque<Turn>,
}

/// One such handler.
pub(crate) struct Turn {
    pub(crate) event: String,
    pub(crate) future: Started,
    pub(crate) _suspended: Suspended<Sio>,
}

impl SocketInner {
    pub(crate) fn new(
        client: &Arc<Client<Sio>>,
        namespace: &Arc<NamespaceInner>,
        handle: Handle,
        identity: Identity,
        auth: Option<Payload>,
    ) -> Arc<Self> {
        let Identity {
            member,
            id,
            private,
            data,
            recovery,
        } = identity;
        Arc::new(Self {
            client: Arc::clone(client),
            namespace: Arc::clone(namespace),
            handle,
            id,
            private,
            member,
            recovery,
            auth,
            stage: AtomicU8::new(Stage::Joining as u8),
            joining: OnceLock::new(),
            data: Mutex::new(data),
            extensions: OnceLock::new(),
            overlay: OnceLock::new(),
            serial: OnceLock::new(),
        })
    }

    pub(crate) fn client(&self) -> &Arc<Client<Sio>> {
        &self.client
    }

    pub(crate) fn namespace(&self) -> &Arc<NamespaceInner> {
        &self.namespace
    }

    pub(crate) fn handle(&self) -> Handle {
        self.handle
    }

    pub(crate) fn id(&self) -> &SocketId {
        &self.id
    }

    pub(crate) fn recovery(&self) -> Recovery {
        self.recovery
    }

    pub(crate) fn is_recovered(&self) -> bool {
        self.recovery == Recovery::Recovered
    }

    /// Whether its session can be recovered.
    pub(crate) fn is_protected(&self) -> bool {
        self.private.is_some()
    }

    pub(crate) fn data(&self) -> Value {
        lock(&self.data).clone()
    }

    pub(crate) fn member(&self) -> Member {
        self.member
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Joining,
            1 => Stage::Connected,
            2 => Stage::Leaving,
            _ => Stage::Gone,
        }
    }

    /// Whether it is, or was until the server sent it away, connected.
    pub(crate) fn has_connected(&self) -> bool {
        matches!(self.stage(), Stage::Connected | Stage::Leaving)
    }

    /// The server sends it away.
    pub(crate) fn depart(&self) {
        let (from, to) = (Stage::Connected as u8, Stage::Leaving as u8);
        let _ = self
            .stage
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(crate) fn set_stage(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    /// The socket's own listeners, if it ever had any.
    pub(crate) fn overlay(&self, event: &str) -> Option<Snapshot<Listener>> {
        self.overlay.get().map(|own| own.snapshot(event))
    }

    /// The socket's own middlewares for events.
    pub(crate) fn event_middlewares(&self) -> Vec<Middleware> {
        self.overlay
            .get()
            .map_or_else(Vec::new, |own| own.event_middlewares())
    }

    /// Its middlewares go on in a task.
    pub(crate) fn joins_in(&self, task: Option<AbortHandle>) {
        if let Some(task) = task {
            let _ = self.joining.set(task);
        }
    }

    /// The client has gone: nobody waits for what its middlewares say.
    pub(crate) fn stop_joining(&self) {
        if self.stage() == Stage::Joining
            && let Some(task) = self.joining.get()
        {
            task.abort();
        }
    }

    /// Takes its own listeners off for good: they may hold the socket, which would keep itself then.
    pub(crate) fn forget_listeners(&self) {
        if let Some(own) = self.overlay.get() {
            own.clear();
        }
    }

    /// Its own listeners and middlewares, from now on.
    fn own(&self) -> &Own {
        self.overlay.get_or_init(Box::default)
    }

    pub(crate) fn serial_queue(&self) -> &Mutex<Queue> {
        self.serial.get_or_init(Box::default)
    }

    /// Sends what it has missed, and the CONNECT reply. False if the connection is gone.
    pub(crate) fn accept(&self, missed: Vec<Encoded>) -> bool {
        self.with(|connection, socket| match &self.private {
            Some(private) => connection.accept_session(socket, &self.id, private, missed),
            None => connection.accept(socket, self.id.clone()),
        })
    }

    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut Connection, Handle) -> R) -> R {
        self.client.step(Origin::Elsewhere, |state, now| {
            state
                .machine
                .apply(now, |connection| call(connection, self.handle))
        })
    }

    /// An event that is encoded already. A client that can't take its part of a broadcast is closed
    /// by the core, one that is gone misses it.
    pub(crate) fn deliver(
        &self,
        encoded: Encoded,
        how: &Share,
    ) -> Result<(), socketio_proto::EmitError> {
        let delivered =
            self.with(|connection, socket| connection.emit_encoded(socket, encoded, how));
        telemetry::delivered(&delivered);
        delivered
    }
}

/// One client in one namespace. Clones share it.
#[derive(Clone)]
pub struct Socket(Arc<SocketInner>);

impl Socket {
    /// Its id, unguessable and different from the id of the session below. Also the name of its own
    /// room.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.id.as_str()
    }

    /// The namespace that it is in.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        Namespace(Arc::clone(&self.0.namespace))
    }

    /// Whether it has connected, and has neither left nor been sent away.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.stage() == Stage::Connected
    }

    /// The request that opened the client's session.
    #[must_use]
    pub fn request(&self) -> &Arc<HandshakeRequest> {
        self.0.client.request()
    }

    /// The transport that the client uses now.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.0
            .client
            .peek(|state| state.machine.engine().transport())
    }

    /// The revision of Engine.IO that the client speaks: 4, or 3 if
    /// [`allow_eio3`](crate::SocketIoBuilder::allow_eio3) has let it in.
    #[must_use]
    pub fn protocol(&self) -> Version {
        self.0.client.peek(|state| state.machine.engine().version())
    }

    /// What the client sent along with its connection to the namespace; an empty object if it sent
    /// nothing.
    ///
    /// # Errors
    /// When it is of another type.
    pub fn auth<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        match &self.0.auth {
            Some(auth) => auth.decode(),
            None => Payload::value(self.format(), &Value::Object(Map::new()))?.decode(),
        }
    }

    /// Whether this is a socket from before, with its id, rooms and data; its client has got, or
    /// is just getting, what it has missed. See [`recovery`](Self::recovery) for why not.
    #[must_use]
    pub fn is_recovered(&self) -> bool {
        self.0.is_recovered()
    }

    /// How the socket came to be; see
    /// [`connection_state_recovery`](crate::SocketIoBuilder::connection_state_recovery).
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        self.0.recovery()
    }

    /// Data that belongs to the socket: JSON, shown to whoever asks for it, and restored when the
    /// socket is recovered.
    #[must_use]
    pub fn data(&self) -> Value {
        self.0.data()
    }

    /// Replaces the socket's data.
    pub fn set_data(&self, data: impl Into<Value>) {
        *lock(&self.0.data) = data.into();
    }

    /// Changes the socket's data in place. The change must not call back into the socket's data.
    pub fn update_data<R>(&self, change: impl FnOnce(&mut Value) -> R) -> R {
        change(&mut lock(&self.0.data))
    }

    /// Values of any type that the application keeps with the socket.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        self.0.extensions.get_or_init(Box::default)
    }

    /// Emits an event to the client. A tuple gives several arguments, anything else one, `()` none.
    ///
    /// # Errors
    /// [`EmitError::Payload`] when the arguments can't be written or the name is reserved,
    /// [`EmitError::Socket`] when the client has gone, or when its buffer [is
    /// full](EmitError::is_full) and the
    /// [policy](Overflow) is to refuse. Nothing is sent then.
    /// A client that may come back and
    /// [recover](crate::SocketIoBuilder::connection_state_recovery) has not gone: it gets the
    /// event when it is back.
    pub fn emit(&self, event: &str, arguments: impl Serialize) -> Result<(), EmitError> {
        Emitter::new(self).emit(event, arguments)
    }

    /// Emits the event `message`.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn send(&self, arguments: impl Serialize) -> Result<(), EmitError> {
        self.emit("message", arguments)
    }

    /// Emits an event and waits for the client's acknowledgement, for as long as the client is
    /// connected; see
    /// [`timeout`](Self::timeout).
    ///
    /// A tuple takes several arguments of the acknowledgement, anything else the first.
    ///
    /// # Errors
    /// Those of [`emit`](Self::emit), and [`AckError::Disconnected`] when the client goes away
    /// before it answers.
    pub async fn emit_with_ack<T: DeserializeOwned>(
        &self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<T, AckError> {
        Emitter::new(self).emit_with_ack(event, arguments).await
    }

    /// The next emit is dropped, instead of waiting, if the client's transport is busy.
    pub fn volatile(&self) -> Emitter<'_> {
        Emitter::new(self).volatile()
    }

    /// Emits an event as soon as there is room for it, at the pace at which the client reads.
    ///
    /// For whoever produces faster than a client may read, and can wait: what waits for the client
    /// stays below [its limit](crate::Limits::max_buffered), and nothing is refused or
    /// lost. Room counts as room when half of the buffer is free. Two such emits that wait at the
    /// same time may go out in either order.
    ///
    /// ```
    /// use socketio_server::{EmitError, Socket};
    ///
    /// async fn download(socket: Socket, lines: Vec<String>) -> Result<(), EmitError> {
    ///     for line in lines {
    ///         socket.emit_paced("line", line).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`emit`](Self::emit), but never for a buffer that is full. An event that is larger than
    /// the whole buffer is [`TooLarge`](socketio_proto::EmitError::TooLarge).
    pub async fn emit_paced(
        &self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<(), EmitError> {
        Emitter::new(self).emit_paced(event, arguments).await
    }

    /// What becomes of the next emit if the client reads too slowly for it; see [`Overflow`].
    pub fn overflow(&self, policy: Overflow) -> Emitter<'_> {
        Emitter::new(self).overflow(policy)
    }

    /// The next emit takes back the one before it under this key, if that still waits.
    pub fn latest<'a>(&'a self, key: &'a str) -> Emitter<'a> {
        Emitter::new(self).latest(key)
    }

    /// The next emit waits that long for its acknowledgement. Default: for as long as the client is
    /// connected.
    pub fn timeout(&self, timeout: Duration) -> Emitter<'_> {
        Emitter::new(self).timeout(timeout)
    }

    /// Everybody in the namespace but this socket.
    pub fn broadcast(&self) -> Broadcast {
        Broadcast::new(&self.0.namespace).except(self.id())
    }

    /// Whoever is in these rooms, but not this socket.
    pub fn to(&self, rooms: impl IntoRooms) -> Broadcast {
        self.broadcast().to(rooms)
    }

    /// Everybody but the members of these rooms and this socket.
    pub fn except(&self, rooms: impl IntoRooms) -> Broadcast {
        self.broadcast().except(rooms)
    }

    /// Sockets of this server only, once there are several, but not this one.
    pub fn local(&self) -> Broadcast {
        self.broadcast().local()
    }

    /// Joins rooms. Does nothing once the socket has left.
    ///
    /// # Errors
    /// When the socket would be in too many, or a name is too long; the rooms before it are joined
    /// then.
    pub fn join(&self, rooms: impl IntoRooms) -> Result<(), RoomError> {
        let rooms: Vec<Room> = rooms.into_rooms().collect();
        self.join_all(&rooms)
    }

    /// Leaves rooms; those that it is not in don't matter.
    pub fn leave(&self, rooms: impl IntoRooms) {
        let rooms: Vec<Room> = rooms.into_rooms().collect();
        self.leave_all(&rooms);
    }

    /// The rooms that it is in, in the order in which it joined them. None once it has left.
    #[must_use]
    pub fn rooms(&self) -> Vec<String> {
        self.0.namespace.rooms_of(&self.0)
    }

    pub(crate) fn join_all(&self, rooms: &[Room]) -> Result<(), RoomError> {
        self.0.namespace.join(&self.0, rooms)
    }

    pub(crate) fn leave_all(&self, rooms: &[Room]) {
        self.0.namespace.part(&self.0, rooms);
    }

    /// Disconnects the socket from its namespace; with `close`, all sockets of the client and its
    /// connection.
    ///
    /// From now on it is not [connected](Self::is_connected) any more, and in no
    /// [selection](Namespace::sockets). Its rooms it has until the handlers of `disconnecting` have
    /// been called. The client is told behind them.
    pub fn disconnect(&self, close: bool) {
        self.0.client.step(Origin::Elsewhere, |state, now| {
            if close {
                state.data.depart();
            }
            self.0.depart();
            state.machine.apply(now, |connection| {
                connection.disconnect(self.0.handle, close)
            });
        });
    }

    /// Closes the connection below, for all namespaces, without telling them first: the client sees
    /// `transport close` and comes back.
    pub fn close_connection(&self) {
        self.0.client.step(Origin::Elsewhere, |state, now| {
            state.data.depart();
            let reason = CloseReason::Forced;
            state
                .machine
                .drive(now, |session| session.close(reason, now));
        });
    }

    pub(crate) fn with<R>(&self, call: impl FnOnce(&mut Connection, Handle) -> R) -> R {
        self.0.with(call)
    }

    /// Tells whoever listens to what goes out.
    pub(crate) fn announce(&self, event: &str, payload: &Payload) {
        if self.0.namespace.hears_outgoing() {
            self.0.client.host().app().announce(self, event, payload);
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.0.namespace.format()
    }

    pub(crate) fn state(&self) -> &Extensions {
        self.0.namespace.state()
    }

    pub(crate) fn inner(&self) -> &Arc<SocketInner> {
        &self.0
    }
}

impl From<Arc<SocketInner>> for Socket {
    fn from(inner: Arc<SocketInner>) -> Self {
        Self(inner)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("namespace", &self.0.namespace.name().as_str())
            .field("id", &self.id())
            .field("stage", &self.0.stage())
            .finish()
    }
}

/// Why a socket has left: a parameter of [`on_disconnect`](Namespace::on_disconnect) handlers.
///
/// Its text is the reference's: `transport close`, `client namespace disconnect`, ...
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    pub(crate) reason: socketio_proto::DisconnectReason,
    pub(crate) refused: Option<socketio_proto::DecodeError>,
}

impl Reason {
    /// The protocol core's reason. Where the text leaves open what it was, its
    /// [sources](std::error::Error::source) say so: a message over the limit, say.
    #[must_use]
    pub fn get(&self) -> &socketio_proto::DisconnectReason {
        &self.reason
    }

    /// What was wrong with what the client sent, if its connection was closed for a packet that is
    /// none, or goes beyond a [limit](crate::Limits). The reason is `forced
    /// close` then, as in the reference, which tells `error` listeners of the socket what it was.
    #[must_use]
    pub fn refused(&self) -> Option<&socketio_proto::DecodeError> {
        self.refused.as_ref()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}
