//! What the application does with a namespace's connections and events.

use super::{
    ANY, CONNECTION, DISCONNECT, DISCONNECTING, DRAIN, Namespace, OUTGOING, add, is_private,
};
use crate::error::Refusal;
use crate::handler::{Handler, Listener};
use crate::middleware::Middleware;
use crate::sync::{change, write};
use socketio_handler::Outcome;
use socketio_observer::ListenerId;

/// Handlers and middlewares of all its sockets.
impl Namespace {
    /// Calls a handler for each socket that has connected: [`Socket`](crate::Socket) and the like are its
    /// parameters.
    pub fn on_connection<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(CONNECTION, handler)
    }

    /// Calls a handler for each event of this name, on any socket of the namespace.
    ///
    /// Handlers of a socket start in the order in which its events arrive, and run up to their
    /// first suspension; see
    /// [`serial`](Self::serial) for one after the other.
    ///
    /// Clients can't send events with the names that the protocol reserves. Of these `connect`,
    /// `disconnecting` and `disconnect` are other names for [`on_connection`](Self::on_connection),
    /// [`on_disconnecting`](Self::on_disconnecting) and [`on_disconnect`](Self::on_disconnect); the
    /// others are heard never. Mind that `connection` is an event of a client's like any other.
    ///
    /// ```
    /// use socketio_server::{Ack, EmitError, Socket, SocketIo};
    ///
    /// let (_layer, io) = SocketIo::new();
    /// // What is no special type is an argument of the event, in order.
    /// io.on("rename", async |socket: Socket, name: String, ack: Ack| -> Result<(), EmitError> {
    ///     socket.broadcast().emit("renamed", (socket.id(), &name))?;
    ///     ack.send(name.len())
    /// });
    /// ```
    pub fn on<A, H>(&self, event: &str, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.listen(event, Listener::new(handler))
    }

    /// As [`on`](Self::on), for the first event only.
    pub fn once<A, H>(&self, event: &str, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        let listener = Listener::new(handler);
        change(&self.0.listeners, |all| {
            add(all, event, |all, event| all.once(event, listener))
        })
    }

    /// Calls a handler for every event, before those of its name. Take [`Event`](crate::Event) to
    /// learn the name and
    /// [`Rest`](crate::Rest) for the arguments.
    pub fn on_any<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(ANY, handler)
    }

    /// As [`on_any`](Self::on_any), before the other catch-all handlers.
    pub fn prepend_any<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.prepend(ANY, handler)
    }

    /// Calls a handler for every event that goes out to a socket of the namespace, alone or in a
    /// broadcast: once for each receiver, when it is emitted and before it is sent. Take
    /// [`Event`](crate::Event) to learn the name and [`Rest`](crate::Rest) for the arguments.
    ///
    /// It runs where the event is emitted, up to its first suspension. What it emits itself goes
    /// out as well, so it must not answer every event by another.
    pub fn on_any_outgoing<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.0.hear_outgoing();
        self.register(OUTGOING, handler)
    }

    /// As [`on_any_outgoing`](Self::on_any_outgoing), before the others.
    pub fn prepend_any_outgoing<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.0.hear_outgoing();
        self.prepend(OUTGOING, handler)
    }

    /// Calls a handler when all that waited for a client has left, after an emit to it found too
    /// little room or more than half of the buffer was in use.
    pub fn on_drain<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(DRAIN, handler)
    }

    /// Calls a handler when a socket is about to leave, while it is still in its rooms.
    /// [`Reason`](crate::Reason) is one of its possible parameters.
    pub fn on_disconnecting<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(DISCONNECTING, handler)
    }

    /// Calls a handler when a socket has left. [`Reason`](crate::Reason) is one of its possible
    /// parameters.
    pub fn on_disconnect<A, H>(&self, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        self.register(DISCONNECT, handler)
    }

    /// Takes a handler off. False if it was not there.
    pub fn off(&self, id: ListenerId) -> bool {
        change(&self.0.listeners, |all| all.off(id))
    }

    /// Takes all handlers of an event off.
    pub fn off_event(&self, event: &str) {
        if !is_private(event) {
            change(&self.0.listeners, |all| all.off_event(event));
        }
    }

    /// Adds a middleware: each client passes all of them, in order, before it is connected. An
    /// error refuses it; the client gets its message and data. A client that goes away meanwhile
    /// cancels the one that it is in.
    ///
    /// Its parameters are those of a handler without event arguments: [`Socket`](crate::Socket),
    /// [`Auth`](crate::Auth), ... One that has not decided within the
    /// [connect timeout](crate::SocketIoBuilder::connect_timeout) goes with its client. One that
    /// panics refuses with `Internal server error`, and one whose [`Auth`](crate::Auth) is of another
    /// type says so; both go to [`on_error`](crate::SocketIoBuilder::on_error).
    ///
    /// ```
    /// use serde::Deserialize;
    /// use socketio_server::{Auth, Refusal, Socket, SocketIo, Value};
    ///
    /// #[derive(Deserialize)]
    /// struct Login {
    ///     #[serde(default)]
    ///     token: String,
    /// }
    ///
    /// let (_layer, io) = SocketIo::new();
    /// io.middleware(async |socket: Socket, Auth(login): Auth<Login>| -> Result<(), Refusal> {
    ///     if login.token != "secret" {
    ///         // The client sees `error.message` and `error.data`.
    ///         return Err(Refusal::new("unknown token").with_data("log in first"));
    ///     }
    ///     socket.set_data("a member");
    ///     Ok(())
    /// });
    /// ```
    pub fn middleware<A, H, E>(&self, middleware: H)
    where
        H: Handler<A, Output = Result<(), E>>,
        E: Into<Refusal> + 'static,
    {
        write(&self.0.middlewares).push(Middleware::new(middleware));
    }

    /// Adds a middleware for events: each event of each socket passes all of them, in order, behind
    /// the catch-all handlers and before those of its name. An error drops the event and goes to
    /// [`on_error`](crate::SocketIoBuilder::on_error); the client is told nothing.
    ///
    /// One that suspends lets later events pass, unless the namespace is [`serial`](Self::serial).
    ///
    /// ```
    /// use socketio_server::{Event, Socket, SocketIo};
    ///
    /// let (_layer, io) = SocketIo::new();
    /// io.event_middleware(async |socket: Socket, Event(event): Event| {
    ///     match event.as_str() {
    ///         "admin" if socket.data() != "an admin".into() => Err("not for you"),
    ///         _ => Ok(()),
    ///     }
    /// });
    /// ```
    pub fn event_middleware<A, H, E>(&self, middleware: H)
    where
        H: Handler<A, Output = Result<(), E>>,
        E: Into<Refusal> + 'static,
    {
        write(&self.0.event_middlewares).push(Middleware::new(middleware));
    }

    fn register<A, H>(&self, event: &str, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        let listener = Listener::new(handler);
        change(&self.0.listeners, |all| all.on(event.to_owned(), listener))
    }

    /// A handler of the application's, by a name of its choice.
    pub(crate) fn listen(&self, event: &str, listener: Listener) -> ListenerId {
        change(&self.0.listeners, |all| {
            add(all, event, |all, event| all.on(event, listener))
        })
    }

    fn prepend<A, H>(&self, event: &str, handler: H) -> ListenerId
    where
        H: Handler<A>,
        H::Output: Outcome + 'static,
    {
        change(&self.0.listeners, |all| {
            all.prepend(event.to_owned(), Listener::new(handler))
        })
    }
}
