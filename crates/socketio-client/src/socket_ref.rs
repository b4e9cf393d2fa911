//! One namespace of a client, whatever the runtime: what the sockets of both adapters are made of.

use crate::core::{AckWaiter, Core, JoinWaiter, Owner};
use crate::error::{ConnectError, EmitError, SocketError};
use crate::events::{Queue, SocketEvent};
use crate::extract::EventContext;
use crate::handler::Listener;
use crate::run::start;
use crate::settings::{AuthFn, AuthSource};
use crate::sync::{change, lock, read};
use serde::Serialize;
use socketio_handler::Ack;
use socketio_observer::{ListenerId, Observers, Snapshot};
use socketio_proto::client::{
    AckToken, AddError, Auth, Emit, Manager, Socket as Id, SocketOptions,
};
use socketio_proto::{Format, Namespace, Payload, Text};
use std::fmt;
use std::sync::{Arc, Mutex, RwLock, Weak};

/// Names of the listeners that are no events of the wire: the protocol reserves them, so a server
/// can't send them.
pub(crate) const CONNECT: &str = "connect";
pub(crate) const CONNECT_ERROR: &str = "connect_error";
pub(crate) const DISCONNECT: &str = "disconnect";
pub(crate) const ANY: &str = "newListener";
pub(crate) const ANY_OUTGOING: &str = "removeListener";

pub(crate) type Listeners = Observers<String, Listener>;

/// What belongs to a namespace, and not to those who have it.
pub(crate) struct SocketInner {
    pub(crate) id: Id,
    pub(crate) namespace: Namespace,
    listeners: RwLock<Listeners>,
    pulls: Mutex<Vec<Weak<Queue>>>,
    auth: Mutex<AuthTurn>,
}

/// The function that gives the credentials, and how often it was asked.
struct AuthTurn {
    ask: Option<AuthFn>,
    turn: u64,
}

impl SocketInner {
    /// The listeners of an event.
    pub(crate) fn snapshot(&self, event: &str) -> Snapshot<Listener> {
        read(&self.listeners).snapshot(event)
    }

    pub(crate) fn change<R>(&self, call: impl FnOnce(&mut Listeners) -> R) -> R {
        change(&self.listeners, call)
    }

    /// The function that gives the credentials, and the turn which is to say that it was asked.
    pub(crate) fn next_auth(&self) -> Option<(AuthFn, u64)> {
        let mut auth = lock(&self.auth);
        auth.turn += 1;
        let ask = auth.ask.clone()?;
        Some((ask, auth.turn))
    }

    pub(crate) fn is_auth_turn(&self, turn: u64) -> bool {
        lock(&self.auth).turn == turn
    }
}

/// A socket of either kind, as an [`EventContext`] has it. Handlers ask for that of their kind.
#[derive(Clone)]
pub struct SocketRef {
    pub(crate) inner: Arc<SocketInner>,
    pub(crate) owner: Arc<Owner>,
}

impl SocketRef {
    /// The socket of a namespace, made if the client has none. It is not connected by that.
    pub(crate) fn open(
        owner: &Arc<Owner>,
        namespace: &str,
        options: SocketOptions,
        listeners: Listeners,
    ) -> Result<Self, SocketError> {
        let wrong = || SocketError::Namespace(namespace.to_owned());
        let with_slash = if namespace.starts_with('/') {
            namespace.to_owned()
        } else {
            format!("/{namespace}")
        };
        let name = Namespace::new(Text::from(with_slash)).ok_or_else(wrong)?;
        let inner = owner.core().step(|state, _| {
            let known = state.sockets.iter().find(|known| known.namespace == name);
            if let Some(known) = known {
                return Ok(Arc::clone(known));
            }
            let id = match state.manager.add(name.clone(), Auth::None, options) {
                Ok(id) => id,
                Err(AddError::TooMany) => return Err(SocketError::TooMany),
                Err(_) => return Err(wrong()),
            };
            let inner = Arc::new(SocketInner {
                id,
                namespace: name,
                listeners: RwLock::new(listeners),
                pulls: Mutex::default(),
                auth: Mutex::new(AuthTurn { ask: None, turn: 0 }),
            });
            state.sockets.push(Arc::clone(&inner));
            Ok(inner)
        })?;
        Ok(Self {
            inner,
            owner: Arc::clone(owner),
        })
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        self.owner.core()
    }

    /// Looks at what the machine knows of the socket.
    pub(crate) fn peek<R>(&self, look: impl FnOnce(&Manager, Id) -> R) -> R {
        self.core()
            .peek(|state| look(&state.manager, self.inner.id))
    }

    pub(crate) fn format(&self) -> Format {
        self.core().settings.format
    }

    /// Connects, or connects again. The waiter is told how that went, unless it is taken back by
    /// the number that is returned.
    pub(crate) fn connect(&self, waiter: JoinWaiter) -> u64 {
        let id = self.inner.id;
        let mut connected = None;
        let (number, moot) = self.core().step(|state, now| {
            if state.manager.is_connected(id) {
                connected = Some(waiter);
                return (u64::MAX, Vec::new());
            }
            let number = state.joins.push((id, waiter));
            state.manager.connect(id, now);
            (number, state.closes.take_all())
        });
        if let Some(waiter) = connected {
            waiter(Ok(()));
        }
        for waiter in moot {
            waiter(());
        }
        number
    }

    /// Leaves the namespace for good, and closes the connection if no other socket needs it.
    pub(crate) fn disconnect(&self) {
        let id = self.inner.id;
        let waiting = self.core().step(|state, now| {
            state.manager.disconnect(id, now);
            state.joins.take(|(socket, _)| *socket == id)
        });
        for (_, waiter) in waiting {
            waiter(Err(ConnectError::Disconnected));
        }
    }

    /// The waiter for a connection has given up.
    #[cfg(feature = "tokio")]
    pub(crate) fn forget_join(&self, number: u64) {
        drop(self.core().with_state(|state| state.joins.remove(number)));
    }

    /// Emits. A volatile event that was dropped is no error.
    pub(crate) fn emit(
        &self,
        event: &str,
        arguments: &impl Serialize,
        how: Emit,
    ) -> Result<(), EmitError> {
        let payload = Payload::new(self.format(), Some(event), arguments)?;
        let seen = self.seen(&payload);
        let id = self.inner.id;
        let emitted = self
            .core()
            .step(|state, now| state.manager.emit(id, payload, how, now));
        match emitted {
            Ok(_) => self.show(event, seen),
            Err(socketio_proto::EmitError::Dropped) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Emits and enters the one who waits, in one step: an answer can't come in between.
    pub(crate) fn ask(
        &self,
        event: &str,
        arguments: &impl Serialize,
        how: Emit,
        waiter: AckWaiter,
    ) -> Result<AckToken, EmitError> {
        let payload = Payload::new(self.format(), Some(event), arguments)?;
        let seen = self.seen(&payload);
        let id = self.inner.id;
        let token = self.core().step(|state, now| {
            let token = state.manager.emit(id, payload, how.ack(true), now)?;
            let token = token.ok_or(socketio_proto::EmitError::Dropped)?;
            state.acks.insert(token, waiter);
            Ok::<_, socketio_proto::EmitError>(token)
        })?;
        self.show(event, seen);
        Ok(token)
    }

    /// Nobody waits for this answer any more.
    #[cfg(feature = "tokio")]
    pub(crate) fn forget_ack(&self, token: AckToken) {
        let waiter = self.core().step(|state, _| {
            let waiter = state.acks.remove(&token);
            if waiter.is_some() {
                state.manager.cancel_ack(token);
            }
            waiter
        });
        drop(waiter);
    }

    /// The event, if anybody looks at those that go out.
    fn seen(&self, payload: &Payload) -> Option<(Snapshot<Listener>, Payload)> {
        let listeners = self.inner.snapshot(ANY_OUTGOING);
        (!listeners.is_empty()).then(|| (listeners, payload.clone()))
    }

    fn show(&self, event: &str, seen: Option<(Snapshot<Listener>, Payload)>) {
        let Some((listeners, payload)) = seen else {
            return;
        };
        let (ack, payload) = (Ack::default(), Some(&payload));
        for listener in listeners.iter() {
            start(self, event, || {
                listener.call(&mut EventContext::new(self, event, payload, &ack, None))
            });
        }
    }

    pub(crate) fn on(&self, event: &str, listener: Listener) -> ListenerId {
        self.inner.change(|all| all.on(event.to_owned(), listener))
    }

    pub(crate) fn once(&self, event: &str, listener: Listener) -> ListenerId {
        self.inner
            .change(|all| all.once(event.to_owned(), listener))
    }

    /// The credentials from the next connection on.
    pub(crate) fn set_auth(&self, auth: AuthSource) -> Result<(), EmitError> {
        let (auth, ask) = auth.split(self.format())?;
        let id = self.inner.id;
        self.core()
            .step(|state, _| state.manager.set_auth(id, auth))?;
        let mut turn = lock(&self.inner.auth);
        let former = std::mem::replace(&mut turn.ask, ask);
        drop(turn);
        drop(former);
        Ok(())
    }

    /// From now on the queue gets what happens to the socket.
    pub(crate) fn pull(&self, queue: &Arc<Queue>) {
        lock(&self.inner.pulls).push(Arc::downgrade(queue));
    }

    /// Tells those who pull.
    pub(crate) fn tell(&self, event: impl Fn() -> SocketEvent) {
        let mut pulls = lock(&self.inner.pulls);
        if pulls.is_empty() {
            return;
        }
        let queues: Vec<_> = pulls.iter().filter_map(Weak::upgrade).collect();
        pulls.retain(|queue| queue.strong_count() > 0);
        drop(pulls);
        for queue in queues {
            queue.push(event());
        }
    }
}

impl fmt::Debug for SocketRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (connected, sid) =
            self.peek(|manager, id| (manager.is_connected(id), manager.id(id).cloned()));
        f.debug_struct("Socket")
            .field("namespace", &self.inner.namespace.as_str())
            .field("id", &sid.as_ref().map(|id| id.as_str()))
            .field("connected", &connected)
            .finish()
    }
}
