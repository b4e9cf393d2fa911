//! What a socket listens to beside its namespace.

use super::Socket;
use crate::error::Refusal;
use crate::handler::{Handler, Listener};
use crate::middleware::Middleware;
use crate::namespace::{
    ANY, DISCONNECT, DISCONNECTING, DRAIN, Listeners, OUTGOING, add, is_private,
};
use crate::sync::{change, read, write};
use socketio_handler::Outcome;
use socketio_observer::{ListenerId, Snapshot};
use std::sync::RwLock;

/// Listeners and middlewares of one socket.
pub(super) struct Own {
    listeners: RwLock<Listeners>,
    event_middlewares: RwLock<Vec<Middleware>>,
}

impl Default for Own {
    fn default() -> Self {
        Self {
            listeners: RwLock::new(Listeners::default().keep_removed()),
            event_middlewares: RwLock::default(),
        }
    }
}

impl Own {
    pub(super) fn snapshot(&self, event: &str) -> Snapshot<Listener> {
        read(&self.listeners).snapshot(event)
    }

    pub(super) fn event_middlewares(&self) -> Vec<Middleware> {
        read(&self.event_middlewares).clone()
    }

    /// Takes all of them off.
    pub(super) fn clear(&self) {
        self.change(Listeners::clear);
        // Dropped behind the lock, as dropping them may run user code.
        let middlewares = std::mem::take(&mut *write(&self.event_middlewares));
        drop(middlewares);
    }

    fn change<R>(&self, with: impl FnOnce(&mut Listeners) -> R) -> R {
        change(&self.listeners, with)
    }
}

/// Handlers of one socket.
impl Socket {
    /// Calls a handler for each event of this name on this socket, after those of the namespace.
    ///
    /// Prefer [`Namespace::on`](crate::Namespace::on), which costs nothing per socket, and tells of
    /// names that are reserved.
    pub fn on<A, H>(&self, event: &str, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.listen(event, Listener::new(handler))
    }

    pub(crate) fn listen(&self, event: &str, listener: Listener) -> ListenerId {
        let own = self.0.own();
        own.change(|all| add(all, event, |all, event| all.on(event, listener)))
    }

    /// As [`on`](Self::on), for the first event only.
    pub fn once<A, H>(&self, event: &str, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        let (own, listener) = (self.0.own(), Listener::new(handler));
        own.change(|all| add(all, event, |all, event| all.once(event, listener)))
    }

    /// Calls a handler for every event of this socket, after the namespace's and before those of
    /// the event's name.
    pub fn on_any<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(ANY, handler)
    }

    /// As [`on_any`](Self::on_any), before this socket's other catch-all handlers.
    pub fn prepend_any<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.0
            .own()
            .change(|all| all.prepend(ANY.to_owned(), Listener::new(handler)))
    }

    /// Calls a handler for every event that goes out to this socket, alone or in a broadcast, when
    /// it is emitted; see [`Namespace::on_any_outgoing`](crate::Namespace::on_any_outgoing).
    pub fn on_any_outgoing<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.0.namespace.hear_outgoing();
        self.register(OUTGOING, handler)
    }

    /// As [`on_any_outgoing`](Self::on_any_outgoing), before this socket's others.
    pub fn prepend_any_outgoing<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.0.namespace.hear_outgoing();
        self.0
            .own()
            .change(|all| all.prepend(OUTGOING.to_owned(), Listener::new(handler)))
    }

    /// Calls a handler when all that waited for the client has left, after an emit found too little
    /// room or more than half of the buffer was in use.
    pub fn on_drain<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(DRAIN, handler)
    }

    /// Adds a middleware for the events of this socket: each passes all of them, in order, behind
    /// those of the [namespace](crate::Namespace::event_middleware) and before the handlers of its
    /// name. An error drops the event and goes to
    /// [`on_error`](crate::SocketIoBuilder::on_error); the client is told nothing.
    pub fn event_middleware<A, H, E>(&self, middleware: H)
    where
        H: Handler<A, Output = Result<(), E>>,
        E: Into<Refusal> + 'static,
    {
        write(&self.0.own().event_middlewares).push(Middleware::new(middleware));
    }

    /// Calls a handler when this socket is about to leave, while it is still in its rooms.
    pub fn on_disconnecting<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(DISCONNECTING, handler)
    }

    /// Calls a handler when this socket has left.
    pub fn on_disconnect<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(DISCONNECT, handler)
    }

    /// Takes a handler of this socket off. False if it was not there.
    pub fn off(&self, id: ListenerId) -> bool {
        let own = self.0.overlay.get();
        own.is_some_and(|own| own.change(|all| all.off(id)))
    }

    /// Takes all of this socket's handlers of an event off.
    pub fn off_event(&self, event: &str) {
        if let Some(own) = self.0.overlay.get()
            && !is_private(event)
        {
            own.change(|all| all.off_event(event));
        }
    }

    fn register<A, H>(&self, name: &str, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        let (own, listener) = (self.0.own(), Listener::new(handler));
        own.change(|all| all.on(name.to_owned(), listener))
    }
}
