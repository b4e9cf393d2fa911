//! Socket.IO as the application of the transport: from the core's events to the application's
//! handlers.

use crate::error::{HandlerError, Refusal};
use crate::extract::EventContext;
use crate::handler::Started;
use crate::middleware::Middleware;
use crate::namespace::{
    ANY, Applicant, CONNECTION, DISCONNECT, DISCONNECTING, DRAIN, NamespaceInner, OUTGOING, Opened,
};
use crate::namespaces::{Found, Lease, Namespaces};
use crate::socket::{Reason, Socket, SocketInner, Stage};
use crate::telemetry;
use crate::transport::{App, Client, Machine, Origin};
use engineio_proto::server::{Exchange, Link, Session, Transmit};
use engineio_proto::{CloseReason, Instant, Text, Version};
use futures_util::FutureExt;
use socketio_handler::Ack;
use socketio_handler::run::{finish, guarded, poll_once};
use socketio_observer::Snapshot;
use socketio_proto::acks::AckToken;
use socketio_proto::recovery::PrivateId;
use socketio_proto::server::{Config, Connection, Event, Peer, Revision, Socket as Handle};
use socketio_proto::{AckError, DecodeError, Parser, Payload, SocketId};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// Told of handlers that failed: the socket, the event's name, the error.
pub(crate) type OnError = Arc<dyn Fn(&Socket, &str, HandlerError) + Send + Sync>;

/// Socket.IO on top of an Engine.IO session.
pub(crate) struct Sio {
    pub(crate) config: Arc<Config>,
    pub(crate) parser: Arc<dyn Parser>,
    pub(crate) namespaces: Arc<Namespaces>,
    pub(crate) on_error: Option<OnError>,
}

/// The adapter's part of a client's state.
#[derive(Default)]
pub(crate) struct Data {
    pub(crate) sockets: Vec<Arc<SocketInner>>,
    /// Those for whom a namespace is being looked for by a function that takes its time.
    seeking: Vec<(Handle, AbortHandle)>,
    pub(crate) acks: BTreeMap<AckToken, oneshot::Sender<Result<Payload, AckError>>>,
    /// What the client has sent against the rules, which is the end of its sockets.
    refused: Option<DecodeError>,
}

impl Data {
    fn find(&self, handle: Handle) -> Option<Arc<SocketInner>> {
        self.sockets
            .iter()
            .find(|socket| socket.handle() == handle)
            .cloned()
    }

    fn take(&mut self, handle: Handle) -> Option<Arc<SocketInner>> {
        let at = self
            .sockets
            .iter()
            .position(|socket| socket.handle() == handle)?;
        Some(self.sockets.swap_remove(at))
    }

    /// The server sends all of them away.
    pub(crate) fn depart(&self) {
        self.sockets.iter().for_each(|socket| socket.depart());
    }

    /// Nobody waits for a namespace any more. What has been found already stays so.
    fn stop_seeking(&mut self, handle: Handle) {
        self.seeking.retain(|(seeking, task)| {
            let is_other = *seeking != handle;
            if !is_other {
                task.abort();
            }
            is_other
        });
    }
}

/// What a client's dispatcher handles.
pub(crate) enum Input {
    Event(Event),
    /// It is known which namespace, if any, a client asks for.
    Found(Handle, Option<Lease>, Option<Payload>),
    /// The middlewares have decided about a socket.
    Decided(Arc<SocketInner>, Result<(), Refusal>),
    /// The middlewares have decided about an event.
    Passed(Box<Packet>, Result<(), HandlerError>),
}

/// An event of a client.
pub(crate) struct Packet {
    socket: Socket,
    payload: Payload,
    ack: Ack,
}

impl App for Sio {
    type Machine = Peer;
    type Event = Input;
    type Data = Data;

    fn machine(&self, session: Session, now: Instant) -> Peer {
        let revision = match session.version() {
            Version::V3 => Revision::V4,
            Version::V4 => Revision::V5,
        };
        let (config, parser) = (Arc::clone(&self.config), Arc::clone(&self.parser));
        Peer::new(session, Connection::new(config, parser, revision, now))
    }

    fn poll_event(machine: &mut Peer) -> Option<Input> {
        machine.poll_event().map(Input::Event)
    }

    fn handle(&self, client: &Arc<Client<Self>>, input: Input) {
        match input {
            Input::Event(Event::Connect {
                socket,
                namespace,
                auth,
            }) => {
                self.seek(client, socket, &namespace, auth);
            }
            Input::Found(socket, namespace, auth) => {
                client.step(Origin::Network, |state, _| state.data.stop_seeking(socket));
                self.connect(client, socket, namespace, auth);
            }
            Input::Decided(socket, verdict) => self.decide(&socket, verdict),
            Input::Passed(packet, verdict) => {
                let Packet {
                    socket,
                    payload,
                    ack,
                } = *packet;
                self.pass(&socket, &payload, &ack, verdict);
            }
            Input::Event(Event::Message {
                socket,
                payload,
                ack,
            }) => {
                if let Some(socket) = find(client, socket) {
                    self.message(socket, payload, ack);
                }
            }
            Input::Event(Event::Acked { token, result }) => {
                let waiting =
                    client.step(Origin::Network, |state, _| state.data.acks.remove(&token));
                if let Some(waiting) = waiting {
                    // Fails if nobody waits any more.
                    let _ = waiting.send(result);
                }
            }
            Input::Event(Event::BroadcastAcked {
                socket,
                request,
                payload,
            }) => {
                if let Some(socket) = find(client, socket) {
                    socket.namespace().answer(request, socket.member(), payload);
                }
            }
            Input::Event(Event::Disconnected { socket, reason }) => {
                let (socket, refused) = client.step(Origin::Network, |state, _| {
                    state.data.stop_seeking(socket);
                    (state.data.take(socket), state.data.refused.clone())
                });
                if let Some(socket) = socket {
                    self.disconnected(socket, Reason { reason, refused });
                }
            }
            Input::Event(Event::Drained) => {
                let sockets = client.peek(|state| state.data.sockets.clone());
                let connected = |it: &Arc<SocketInner>| it.stage() == Stage::Connected;
                for socket in sockets.into_iter().filter(connected) {
                    let socket = Socket::from(socket);
                    self.call(&socket, (DRAIN, "drain"), None, &Ack::default(), None);
                }
            }
            Input::Event(Event::Refused(error)) => {
                telemetry::packet_refused(client.sid(), &error);
                client.step(Origin::Network, |state, _| state.data.refused = Some(error));
            }
            Input::Event(Event::OverLimit(limit)) => {
                telemetry::connect_over_limit(client.sid(), limit);
            }
            Input::Event(Event::Closed(reason)) => {
                telemetry::session_closed(client.sid(), &reason);
            }
            Input::Event(_) => {}
        }
    }
}

impl Sio {
    /// A client asks for a namespace. Once it is found, the client [connects](Self::connect) to it.
    fn seek(
        &self,
        client: &Arc<Client<Self>>,
        handle: Handle,
        name: &socketio_proto::Namespace,
        auth: Option<Payload>,
    ) {
        // Patterns are the user's code; one that panics accepts nobody.
        let find = AssertUnwindSafe(|| self.namespaces.find(name, auth.as_ref()));
        match catch_unwind(find).unwrap_or(Found::Now(None)) {
            Found::Now(namespace) => self.connect(client, handle, namespace, auth),
            Found::Later(answer) => {
                // Behind the connect timeout nobody waits for the answer.
                let limit = self.config.connect_timeout.unwrap_or(Duration::MAX);
                let asking = tokio::time::timeout(limit, AssertUnwindSafe(answer).catch_unwind());
                let waiting = Arc::clone(client);
                let task = client.host().env().runtime.spawn(async move {
                    let namespace = asking.await.ok().and_then(Result::ok).flatten();
                    waiting.enqueue(Input::Found(handle, namespace, auth), Origin::Network);
                });
                client.step(Origin::Network, |state, _| {
                    let seeking = &mut state.data.seeking;
                    seeking.extend(task.map(|task| (handle, task)));
                });
            }
        }
    }

    /// The middlewares of a namespace run, then it is [decided](Self::decide).
    fn connect(
        &self,
        client: &Arc<Client<Self>>,
        handle: Handle,
        namespace: Option<Lease>,
        auth: Option<Payload>,
    ) {
        // It may have waited, for its predecessor to leave or for an answer, and left meanwhile.
        let name = client.peek(|state| state.machine.connection().namespace(handle).cloned());
        let Some(name) = name else { return };
        let fresh = namespace
            .as_ref()
            .and_then(|namespace| new_ids(client, namespace));
        let (Some(namespace), Some(fresh)) = (namespace, fresh) else {
            telemetry::namespace_unknown(client.sid(), name.as_str());
            client.step(Origin::Network, |state, now| {
                let peer = &mut state.machine;
                peer.apply(now, |connection| connection.reject_unknown(handle))
            });
            return;
        };
        let applicant = Applicant {
            client,
            handle,
            auth,
            fresh,
            lease: &namespace,
        };
        let socket = match namespace.open(applicant) {
            Opened::Socket(socket) => socket,
            Opened::Occupied(old) => {
                // Its client has made another connection, so this one is of no use any more.
                let gone = CloseReason::TransportClose;
                old.client()
                    .drive(Origin::Network, |session, now| session.close(gone, now));
                return;
            }
        };
        client.step(Origin::Network, |state, _| {
            state.data.sockets.push(Arc::clone(&socket))
        });
        let middlewares = namespace.middlewares();
        if middlewares.is_empty() || namespace.waves_through(&socket) {
            return self.decide(&socket, Ok(()));
        }
        let mut run = Box::pin(admit(Arc::clone(&socket), middlewares));
        if poll_once(&mut run).is_pending() {
            socket.joins_in(client.host().env().runtime.spawn(run));
        }
    }

    fn decide(&self, socket: &Arc<SocketInner>, verdict: Result<(), Refusal>) {
        // A client that went away meanwhile has been cleared up already.
        if socket.stage() != Stage::Joining {
            return;
        }
        match verdict {
            Ok(()) => {
                socket.set_stage(Stage::Connected);
                if socket.namespace().enter(socket) {
                    let namespace = socket.namespace();
                    let socket = Socket::from(Arc::clone(socket));
                    telemetry::socket_connected(&socket);
                    self.call(
                        &socket,
                        (CONNECTION, CONNECTION),
                        None,
                        &Ack::default(),
                        None,
                    );
                    // Whoever removes a namespace disconnects the sockets that he finds in it.
                    if self.namespaces.was_removed(namespace) {
                        socket.disconnect(false);
                    }
                }
            }
            Err(refusal) => {
                let namespace = socket.namespace().name().as_str();
                let client = socket.client();
                telemetry::socket_refused(client.sid(), namespace, refusal.message());
                client.step(Origin::Network, |state, _| state.data.take(socket.handle()));
                socket.namespace().leave(socket, None);
                self.namespaces.clean_up(socket.namespace());
                socket.forget_listeners();
                reject(client, socket.handle(), &refusal);
            }
        }
    }

    /// The catch-all handlers see an event first, then the middlewares, then the handlers of its
    /// name.
    fn message(
        &self,
        socket: Arc<SocketInner>,
        payload: Payload,
        ack: Option<socketio_proto::AckId>,
    ) {
        let mut middlewares = socket.namespace().event_middlewares();
        middlewares.extend(socket.event_middlewares());
        let socket = Socket::from(socket);
        let ack = Ack::new(&socket, ack);
        let Some(event) = payload.event() else { return };
        telemetry::event_received(&socket, event);
        self.call(&socket, (ANY, event), Some(&payload), &ack, None);
        if middlewares.is_empty() {
            return self.pass(&socket, &payload, &ack, Ok(()));
        }
        // A turn like any other: it keeps the order of a serial namespace, and counts as pending.
        let event = event.to_owned();
        let packet = Packet {
            socket: socket.clone(),
            payload,
            ack,
        };
        let pass = admit_event(packet, middlewares).map(Ok);
        self.start(&socket, &event, Box::pin(pass));
    }

    /// An event that has passed the middlewares, or has not.
    fn pass(
        &self,
        socket: &Socket,
        payload: &Payload,
        ack: &Ack,
        verdict: Result<(), HandlerError>,
    ) {
        let Some(event) = payload.event() else { return };
        match verdict {
            // A socket that has left meanwhile gets no more events.
            Ok(()) if socket.is_connected() => {
                self.call(socket, (event, event), Some(payload), ack, None);
            }
            Ok(()) => {}
            Err(error) => self.report(socket, event, error),
        }
    }

    fn disconnected(&self, socket: Arc<SocketInner>, reason: Reason) {
        let was_connected = socket.has_connected();
        socket.stop_joining();
        let socket = Socket::from(socket);
        if was_connected {
            telemetry::socket_left(&socket, &reason);
        }
        if was_connected {
            self.call(
                &socket,
                (DISCONNECTING, DISCONNECTING),
                None,
                &Ack::default(),
                Some(&reason),
            );
        }
        let inner = socket.inner();
        inner.namespace().leave(inner, Some(reason.get()));
        self.namespaces.clean_up(inner.namespace());
        if was_connected {
            self.call(
                &socket,
                (DISCONNECT, DISCONNECT),
                None,
                &Ack::default(),
                Some(&reason),
            );
        }
        inner.forget_listeners();
    }

    /// An event is about to go out to a socket.
    pub(crate) fn announce(&self, socket: &Socket, event: &str, payload: &Payload) {
        let ack = Ack::default();
        self.call(socket, (OUTGOING, event), Some(payload), &ack, None);
    }

    /// Starts the listeners of this name, with an event: the namespace's, then the socket's own.
    fn call(
        &self,
        socket: &Socket,
        (name, event): (&str, &str),
        payload: Option<&Payload>,
        ack: &Ack,
        reason: Option<&Reason>,
    ) {
        let shared = socket.inner().namespace().snapshot(name);
        let own = socket.inner().overlay(name);
        let listeners = shared.iter().chain(own.iter().flat_map(Snapshot::iter));
        for listener in listeners {
            let mut context = EventContext::new(socket, event, payload, ack, reason);
            match guarded(|| listener.call(&mut context)) {
                // Waiting for its turn, it would find the socket out of its rooms, or the event gone.
                Ok(future) if name == DISCONNECTING || name == OUTGOING => {
                    self.start_now(socket, event, future)
                }
                Ok(future) => self.start(socket, event, future),
                Err(error) => self.report(socket, event, error),
            }
        }
    }
}

fn find(client: &Arc<Client<Sio>>, handle: Handle) -> Option<Arc<SocketInner>> {
    client.peek(|state| state.data.find(handle))
}

/// The id of a socket that is about to join, and its private one if it can be recovered; none if
/// the source of randomness has failed. In revision 4 ids are not told to the client, who derives
/// the public one, too.
fn new_ids(
    client: &Client<Sio>,
    namespace: &NamespaceInner,
) -> Option<(SocketId, Option<PrivateId>)> {
    let next = || client.host().env().ids.next().ok().map(Text::from);
    match client.peek(|state| state.machine.connection().revision()) {
        Revision::V4 => Some((SocketId::derived(namespace.name(), client.sid()), None)),
        Revision::V5 => {
            let id = SocketId(next()?);
            let private = if namespace.recovers() {
                Some(PrivateId(next()?))
            } else {
                None
            };
            Some((id, private))
        }
    }
}

fn reject(client: &Arc<Client<Sio>>, handle: Handle, refusal: &Refusal) {
    // A refusal is a string and a JSON value, which can always be written.
    let format = client.host().app().parser.format();
    if let Ok(payload) = Payload::value(format, refusal) {
        client.step(Origin::Network, |state, now| {
            state
                .machine
                .apply(now, |connection| connection.reject(handle, payload));
        });
    }
}

/// Passes a socket through the middlewares, then leaves the verdict to its client's dispatcher:
/// there it is in order with everything else that happens to the client.
async fn admit(socket: Arc<SocketInner>, middlewares: Vec<Middleware>) {
    let (asked, ack) = (Socket::from(Arc::clone(&socket)), Ack::default());
    let verdict = run(middlewares, |middleware| {
        middleware.call(&mut EventContext::new(&asked, CONNECTION, None, &ack, None))
    })
    .await;
    let client = Arc::clone(socket.client());
    let verdict = verdict.map_err(|error| match error {
        HandlerError::Refused(refusal) => refusal,
        error => {
            // What the client sent is its business; what else went wrong is not.
            let refusal = match &error {
                HandlerError::Argument { .. } => Refusal::new(error.to_string()),
                _ => Refusal::new("Internal server error"),
            };
            client.host().app().report(&asked, CONNECTION, error);
            refusal
        }
    });
    client.enqueue(Input::Decided(socket, verdict), Origin::Network);
}

/// The same for an event.
async fn admit_event(packet: Packet, middlewares: Vec<Middleware>) {
    let Packet {
        socket,
        payload,
        ack,
    } = &packet;
    let event = payload.event().unwrap_or_default();
    let verdict = run(middlewares, |middleware| {
        middleware.call(&mut EventContext::new(
            socket,
            event,
            Some(payload),
            ack,
            None,
        ))
    })
    .await;
    let client = Arc::clone(socket.inner().client());
    client.enqueue(Input::Passed(Box::new(packet), verdict), Origin::Network);
}

/// One middleware after the other, up to the first that refuses or fails.
async fn run(
    middlewares: Vec<Middleware>,
    call: impl Fn(&Middleware) -> Result<Started, HandlerError>,
) -> Result<(), HandlerError> {
    for middleware in middlewares {
        finish(guarded(|| call(&middleware))?).await?;
    }
    Ok(())
}

impl Machine for Peer {
    fn drive<R>(&mut self, now: Instant, input: impl FnOnce(&mut Session) -> R) -> R {
        Peer::drive(self, now, input)
    }

    fn engine(&self) -> &Session {
        Peer::engine(self)
    }

    fn handle_timeout(&mut self, now: Instant) {
        Peer::handle_timeout(self, now);
    }

    fn poll_transmit(&mut self, link: Link) -> Option<Transmit> {
        Peer::poll_transmit(self, link)
    }

    fn poll_response(&mut self) -> Option<(Exchange, engineio_proto::http::Response)> {
        Peer::poll_response(self)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Peer::poll_timeout(self)
    }
}
