//! The surface of a client: what an adapter calls and pulls.

mod inbound;
mod lifecycle;

use super::connect;
use super::engine::{Context, Engine, Life};
use super::membership::Membership;
use super::{AckToken, AddError, Auth, Config, Emit, Event, Socket, SocketOptions};
use crate::parser::Decoder;
use crate::{AckId, EmitError, Format, Instant, Namespace, Parser, Payload, SocketId};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use engineio_proto::Transport;
use engineio_proto::client::{ClientConfig, Command, Link, Session, Transmit};

/// One connection to a server, kept up, and the sockets on it: what an adapter holds per server.
///
/// Inputs of the network go through [`drive`](Self::drive), time through
/// [`handle_timeout`](Self::handle_timeout); everything else is a call of the application. After
/// each of them pull events, commands and frames, and ask for the time of the next timeout: the
/// [page of the module](super) has the loop.
#[derive(Debug)]
pub struct Manager {
    config: Arc<Config>,
    parser: Arc<dyn Parser>,
    decoder: Box<dyn Decoder>,
    engine: Engine,
    sockets: BTreeMap<Socket, Membership>,
    next_socket: u32,
    events: VecDeque<Event>,
    attachments_deadline: Option<Instant>,
    /// Something was refused for want of room.
    owes_drained: bool,
    /// The latest time it was told. Polling takes no time.
    now: Instant,
}

/// The queue of events gives memory back above this length, once it is empty.
const KEPT_QUEUE: usize = 16;

impl Manager {
    /// A client that does nothing yet. `seed` is for the jitter of reconnection, and for numbers
    /// that keep caches away: it is to differ from client to client, no more.
    pub fn new(
        config: Arc<Config>,
        engine: Arc<ClientConfig>,
        parser: Arc<dyn Parser>,
        seed: u64,
    ) -> Self {
        Self {
            decoder: parser.decoder_for(config.revision, config.limits),
            config,
            parser,
            engine: Engine::new(engine, seed),
            sockets: BTreeMap::new(),
            next_socket: 0,
            events: VecDeque::new(),
            attachments_deadline: None,
            owes_drained: false,
            now: Instant::ZERO,
        }
    }

    /// Opens the connection, if it is neither open nor opening. While the next attempt is waited
    /// for, it is made at once.
    ///
    /// [`connect`](Self::connect) does it by itself.
    pub fn open(&mut self, now: Instant) {
        self.advance(now);
        match self.engine.life {
            Life::Idle => self.engine.begin(&self.config, false, self.now),
            Life::Waiting { .. } => self.attempt(),
            Life::Closing { .. } => self.engine.life = Life::Closing { reopen: true },
            Life::Opening { .. } | Life::Open => {}
        }
        self.settle();
    }

    /// Closes the connection; there is no reconnection. What was sent goes out first.
    ///
    /// Sockets that were connected get [`Event::Disconnected`], others that wanted to be
    /// [`Event::ConnectError`], all with
    /// [`ForcedClose`](super::DisconnectReason::ForcedClose). They are connected again when the
    /// connection is opened again.
    pub fn close(&mut self, now: Instant) {
        self.advance(now);
        self.shut();
        self.settle();
    }

    /// Closes the connection as if it were lost, after what was sent has gone out: it is made
    /// again.
    pub fn close_engine(&mut self, now: Instant) {
        self.advance(now);
        self.engine.close_session(self.now);
        self.settle();
    }

    /// Makes a socket, and does not connect it.
    ///
    /// # Errors
    ///
    /// See [`AddError`].
    pub fn add(
        &mut self,
        namespace: Namespace,
        auth: Auth,
        options: SocketOptions,
    ) -> Result<Socket, AddError> {
        let revision = self.config.revision;
        let membership = |socket| Membership::new(socket, namespace, auth, options, revision);
        self.add_with(membership)
    }

    /// Connects a socket to its namespace, or connects it again after it was disconnected or
    /// refused. The connection is opened if there is none.
    ///
    /// While the next attempt to reconnect is waited for, the socket waits with the others.
    pub fn connect(&mut self, socket: Socket, now: Instant) {
        self.advance(now);
        let Some(membership) = self.sockets.get_mut(&socket) else {
            return;
        };
        membership.activate();
        match self.engine.life {
            Life::Idle => self.engine.begin(&self.config, false, self.now),
            Life::Closing { .. } => self.engine.life = Life::Closing { reopen: true },
            Life::Open => self.with(socket, Membership::ask),
            Life::Waiting { .. } | Life::Opening { .. } => {}
        }
        self.settle();
    }

    /// Disconnects a socket, wherever it is on its way: there is no reconnection. If no other
    /// socket is active the connection is closed, after what was sent has gone out.
    ///
    /// Only a socket that was connected says DISCONNECT, and gets [`Event::Disconnected`]. Its
    /// events that were not polled yet are dropped. What it has not sent waits for the next
    /// [`connect`](Self::connect).
    pub fn disconnect(&mut self, socket: Socket, now: Instant) {
        self.advance(now);
        self.leave(socket);
        self.settle();
    }

    /// [Disconnects](Self::disconnect) a socket and forgets it, with all that it has not sent.
    /// Whoever waits for an acknowledgement is told.
    pub fn remove(&mut self, socket: Socket, now: Instant) {
        self.advance(now);
        self.leave(socket);
        self.with(socket, Membership::remove);
        self.sockets.remove(&socket);
        self.settle();
    }

    /// Sends an event, at once or as soon as the socket is connected. In either case the events
    /// of a socket arrive in the order of the calls; for those with
    /// [`retries`](Emit::retries) this holds among themselves.
    ///
    /// With [`how.ack`](Emit::ack) the result is a token, and an [`Event::Acked`] follows.
    ///
    /// # Errors
    ///
    /// The event was not and will not be sent.
    /// [`NotConnected`](EmitError::NotConnected): the socket was removed.
    /// [`Full`](EmitError::Full): too much waits already, or the event is larger than the engine
    /// ever takes; in the first case [`Drained`](crate::client::ClientEvent::Drained) follows.
    /// [`Dropped`](EmitError::Dropped): it was volatile and the transport busy.
    pub fn emit(
        &mut self,
        socket: Socket,
        payload: Payload,
        how: Emit,
        now: Instant,
    ) -> Result<Option<AckToken>, EmitError> {
        self.advance(now);
        let result = self.call(socket, |membership, cx| membership.emit(payload, how, cx));
        self.owes_drained |= result == Err(EmitError::Full);
        self.settle();
        result
    }

    /// Answers an event of the server.
    ///
    /// # Errors
    ///
    /// The answer was not sent. [`NotAsked`](EmitError::NotAsked): the event was answered
    /// before, or came on an earlier connection; nobody waits for it any more.
    pub fn ack(
        &mut self,
        socket: Socket,
        id: AckId,
        payload: Payload,
        now: Instant,
    ) -> Result<(), EmitError> {
        self.advance(now);
        let result = self.call(socket, |membership, cx| membership.ack(id, payload, cx));
        self.owes_drained |= result == Err(EmitError::Full);
        self.settle();
        result
    }

    /// Stops waiting for an acknowledgement; there will be no [`Event::Acked`]. The event is
    /// sent all the same, and an answer ignored.
    pub fn cancel_ack(&mut self, token: AckToken) {
        if let Some(membership) = self.sockets.get_mut(&token.socket) {
            membership.cancel_ack(token.name);
        }
    }

    /// Answers [`Event::AuthWanted`], with credentials or without. Where nothing was asked, or
    /// not on this connection, nothing happens.
    ///
    /// # Errors
    ///
    /// [`Unfit`](EmitError::Unfit): the credentials are not an object
    /// ([`Payload::value`]); the question is still open.
    pub fn authorize(
        &mut self,
        socket: Socket,
        auth: Option<Payload>,
        now: Instant,
    ) -> Result<(), EmitError> {
        if !connect::is_fit(auth.as_ref(), self.format()) {
            return Err(EmitError::Unfit("CONNECT"));
        }
        self.advance(now);
        self.with(socket, |membership, cx| membership.authorize(auth, cx));
        self.settle();
        Ok(())
    }

    /// Changes the credentials, from the next connection on.
    ///
    /// # Errors
    ///
    /// [`Unfit`](EmitError::Unfit): the credentials are not an object; the former ones stay.
    pub fn set_auth(&mut self, socket: Socket, auth: Auth) -> Result<(), EmitError> {
        if !connect::is_auth_fit(&auth, self.format()) {
            return Err(EmitError::Unfit("CONNECT"));
        }
        if let Some(membership) = self.sockets.get_mut(&socket) {
            membership.set_auth(auth);
        }
        Ok(())
    }

    /// Runs one input of the engine: a response, a frame, the end of a link. `None`: there is no
    /// session that it could be for.
    pub fn drive<R>(&mut self, now: Instant, input: impl FnOnce(&mut Session) -> R) -> Option<R> {
        self.now = self.now.max(now);
        let result = self.engine.session_mut().map(input);
        self.settle();
        result
    }

    /// Does what is due: the engine's timers, attempts, the deadlines of answers.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if let Some(session) = self.engine.session_mut() {
            session.handle_timeout(self.now);
        }
        self.settle();
        self.expire();
        self.settle();
    }

    /// What has happened, in order. Poll until `None`, after each input and after pulling.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if self.events.is_empty() && self.events.capacity() > KEPT_QUEUE {
            self.events.shrink_to(KEPT_QUEUE);
        }
        event
    }

    /// What the network is to do: a request, a link, or no longer one of them.
    #[must_use]
    pub fn poll_command(&mut self) -> Option<Command> {
        let command = self.engine.poll_command();
        self.settle();
        command
    }

    /// What is to be written to a link, as of
    /// [`Session::poll_transmit`](Session::poll_transmit).
    #[must_use]
    pub fn poll_transmit(&mut self, link: Link) -> Option<Transmit> {
        let transmit = self.engine.session_mut()?.poll_transmit(link);
        // Pulling, too, can have caused something: the last packet of a closing session has left.
        self.settle();
        transmit
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let sockets = self.sockets.values().filter_map(Membership::poll_timeout);
        self.engine
            .poll_timeout()
            .into_iter()
            .chain(self.attachments_deadline)
            .chain(sockets)
            .min()
    }

    /// The sockets that were not removed, in the order in which they were added.
    pub fn sockets(&self) -> impl Iterator<Item = Socket> {
        self.sockets.keys().copied()
    }

    /// Whether the socket is connected to its namespace.
    pub fn is_connected(&self, socket: Socket) -> bool {
        self.find(socket).is_some_and(Membership::is_connected)
    }

    /// Whether the socket is connected, or will be by itself if that is possible: the connection
    /// is being made, or waits for its next attempt.
    pub fn is_active(&self, socket: Socket) -> bool {
        !self.is_idle() && self.find(socket).is_some_and(Membership::is_active)
    }

    /// The id that the server has given to the socket, while it is connected.
    pub fn id(&self, socket: Socket) -> Option<&SocketId> {
        self.find(socket)?.id()
    }

    /// Whether the socket is connected, with the session from before.
    pub fn recovered(&self, socket: Socket) -> bool {
        self.find(socket).is_some_and(Membership::is_recovered)
    }

    /// The namespace of a socket that was not removed.
    pub fn namespace(&self, socket: Socket) -> Option<&Namespace> {
        self.find(socket).map(Membership::namespace)
    }

    /// Events of the socket that wait for a connection, for room, or for the acknowledgement of
    /// another one.
    pub fn buffered(&self, socket: Socket) -> usize {
        self.find(socket).map_or(0, Membership::buffered)
    }

    /// Acknowledgements that the socket waits for, those of events with retries included.
    pub fn pending_acks(&self, socket: Socket) -> usize {
        self.find(socket).map_or(0, Membership::pending_acks)
    }

    /// The transport in use, while the engine is open.
    pub fn transport(&self) -> Option<Transport> {
        self.engine.open_session().map(Session::transport)
    }

    /// The engine session that is alive, or was the last one, to ask it something.
    pub fn engine(&self) -> Option<&Session> {
        self.engine.session()
    }

    /// The format in which payloads are to be made.
    pub fn format(&self) -> Format {
        self.parser.format()
    }

    /// Whether the connection is neither open nor being made nor waiting for its next attempt.
    /// The engine may still be sending what is left.
    pub fn is_idle(&self) -> bool {
        matches!(
            self.engine.life,
            Life::Idle | Life::Closing { reopen: false }
        )
    }

    fn add_with(
        &mut self,
        membership: impl FnOnce(Socket) -> Membership,
    ) -> Result<Socket, AddError> {
        let socket = Socket(self.next_socket);
        let membership = membership(socket);
        if !connect::is_auth_fit(membership.auth(), self.format()) {
            return Err(AddError::Auth);
        }
        let is_taken = |it: &Membership| it.namespace() == membership.namespace();
        if self.sockets.values().any(is_taken) {
            return Err(AddError::NamespaceInUse);
        }
        if self.sockets.len() >= self.config.max_sockets {
            return Err(AddError::TooMany);
        }
        self.next_socket = self.next_socket.checked_add(1).ok_or(AddError::TooMany)?;
        self.sockets.insert(socket, membership);
        Ok(socket)
    }

    fn find(&self, socket: Socket) -> Option<&Membership> {
        self.sockets.get(&socket)
    }

    /// One call on one socket. Nothing happens to one that was removed.
    fn with(&mut self, socket: Socket, call: impl FnOnce(&mut Membership, &mut Context<'_>)) {
        let _ = self.call(socket, |membership, cx| {
            call(membership, cx);
            Ok(())
        });
    }

    fn call<R>(
        &mut self,
        socket: Socket,
        call: impl FnOnce(&mut Membership, &mut Context<'_>) -> Result<R, EmitError>,
    ) -> Result<R, EmitError> {
        let (sockets, mut cx) = self.split();
        let membership = sockets.get_mut(&socket).ok_or(EmitError::NotConnected)?;
        call(membership, &mut cx)
    }

    /// One call on all sockets, in the order in which they were added.
    fn with_all(&mut self, mut call: impl FnMut(&mut Membership, &mut Context<'_>)) {
        let (sockets, mut cx) = self.split();
        for membership in sockets.values_mut() {
            call(membership, &mut cx);
        }
    }

    fn split(&mut self) -> (&mut BTreeMap<Socket, Membership>, Context<'_>) {
        let cx = Context {
            config: &self.config,
            parser: &*self.parser,
            engine: &mut self.engine,
            events: &mut self.events,
            now: self.now,
        };
        (&mut self.sockets, cx)
    }
}
