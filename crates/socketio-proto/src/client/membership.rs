//! One socket: its way into its namespace and out of it, and what it hears. What it sends is in
//! [`sending`].

mod sending;

use super::answers::Answers;
use super::connect;
use super::early::Early;
use super::engine::{Context, Root};
use super::event::AckName;
use super::outbox::{Outbox, Place};
use super::recovery::Recovery;
use super::retry::RetryQueue;
use super::{Auth, ConnectError, DisconnectReason, Event, Socket, SocketOptions};
use crate::acks::Acks;
use crate::{
    AckError, AckId, Body, DecodeError, Instant, Namespace, Payload, Revision, SocketId, Text,
};
use alloc::string::String;

/// How far a socket is.
///
/// | state | event or call | becomes | what happens |
/// | --- | --- | --- | --- |
/// | inactive | `connect` | waiting | the connection is opened if it is not |
/// | waiting | the engine opens, or is open | connecting | CONNECT, unless one is unanswered |
/// | … with [`Auth::Ask`] | | authorizing | [`Event::AuthWanted`] |
/// | authorizing | `authorize` | connecting | CONNECT |
/// | connecting | CONNECT with an id | connected | what came early, what waited, [`Event::Connected`] |
/// | connecting | CONNECT without an id | waiting | [`ConnectError::OldServer`] |
/// | connecting | CONNECT_ERROR | inactive | [`ConnectError::Refused`] |
/// | connecting, connected | DISCONNECT | inactive | [`Event::Disconnected`] |
/// | any but inactive | the connection is lost | waiting | [`Event::Disconnected`], or [`Event::ConnectError`] |
/// | any but inactive | `disconnect` | inactive | DISCONNECT and [`Event::Disconnected`] if it was connected |
#[derive(Debug)]
pub(super) enum State {
    Inactive,
    Waiting,
    Authorizing,
    Connecting { deadline: Option<Instant> },
    Connected { id: SocketId, is_recovered: bool },
}

/// A socket and all that it holds. Most of it survives the connection.
#[derive(Debug)]
pub(super) struct Membership {
    socket: Socket,
    namespace: Namespace,
    /// The name in CONNECT; in revision 4 it may have a query behind it.
    asked: Namespace,
    auth: Auth,
    options: SocketOptions,
    state: State,
    recovery: Recovery,
    early: Early,
    answers: Answers,
    outbox: Outbox,
    retry: RetryQueue,
    /// By id, with the place of the event, which may still be in the outbox.
    acks: Acks<AckId, Place>,
    next_ack: u64,
    next_place: Place,
}

impl Membership {
    pub(super) fn new(
        socket: Socket,
        namespace: Namespace,
        auth: Auth,
        options: SocketOptions,
        revision: Revision,
    ) -> Self {
        Self {
            socket,
            namespace: match revision {
                Revision::V4 => namespace.split_query().0,
                Revision::V5 => namespace.clone(),
            },
            asked: namespace,
            auth,
            options,
            state: State::Inactive,
            recovery: Recovery::default(),
            early: Early::default(),
            answers: Answers::default(),
            outbox: Outbox::default(),
            retry: RetryQueue::default(),
            acks: Acks::default(),
            next_ack: 0,
            next_place: 0,
        }
    }

    /// A connection is wanted from now on. False if it was before.
    pub(super) fn activate(&mut self) -> bool {
        let was_inactive = !self.is_active();
        if was_inactive {
            self.state = State::Waiting;
        }
        was_inactive
    }

    /// Says CONNECT if it is time to. The engine is open.
    pub(super) fn ask(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.state, State::Waiting) {
            return;
        }
        match cx.engine.root {
            // The answer to an earlier CONNECT has to come first; a second one is a violation.
            _ if cx.engine.withdrawn.contains(&self.namespace) => self.await_answer(cx),
            Root::Awaited if self.namespace.is_root() => self.await_answer(cx),
            Root::Granted if self.namespace.is_root() => {
                cx.engine.root = Root::Asked;
                self.await_answer(cx);
                self.accept_old(cx);
            }
            _ if cx.config.revision == Revision::V4 => self.send_connect(None, cx),
            _ => match &self.auth {
                Auth::None => self.request(None, cx),
                Auth::Value(auth) => self.request(Some(auth.clone()), cx),
                Auth::Ask => {
                    self.state = State::Authorizing;
                    let socket = self.socket;
                    cx.tell(Event::AuthWanted { socket });
                }
            },
        }
    }

    /// The answer to an earlier CONNECT, which nobody wanted any more, has come.
    pub(super) fn ask_again(&mut self, cx: &mut Context<'_>) {
        if self.is_connecting() {
            self.state = State::Waiting;
            self.ask(cx);
        }
    }

    /// The credentials that were asked for. Nobody asked: nothing happens.
    pub(super) fn authorize(&mut self, auth: Option<Payload>, cx: &mut Context<'_>) {
        if matches!(self.state, State::Authorizing) {
            self.request(auth, cx);
        }
    }

    pub(super) fn set_auth(&mut self, auth: Auth) {
        self.auth = auth;
    }

    /// The server grants the namespace.
    ///
    /// # Errors
    ///
    /// What it says cannot be read.
    pub(super) fn accept(
        &mut self,
        granted: Option<&Payload>,
        cx: &mut Context<'_>,
    ) -> Result<(), DecodeError> {
        if cx.config.revision == Revision::V4 {
            self.accept_old(cx);
            return Ok(());
        }
        let granted = match granted {
            Some(granted) => granted.decode().map_err(|_| DecodeError::Payload)?,
            None => connect::Granted::default(),
        };
        match granted.sid.filter(|sid| !sid.is_empty()) {
            Some(sid) => self.enter(SocketId(Text::from(sid)), granted.pid, cx),
            None => {
                self.state = State::Waiting;
                self.fail(ConnectError::OldServer, cx);
            }
        }
        Ok(())
    }

    /// An event of the server.
    ///
    /// # Errors
    ///
    /// It came early, as did too many others.
    pub(super) fn handle_event(
        &mut self,
        payload: Payload,
        ack: Option<AckId>,
        cx: &mut Context<'_>,
    ) -> Result<(), DecodeError> {
        match self.state {
            State::Connected { .. } => self.deliver(payload, ack, cx),
            State::Connecting { .. } => {
                self.early
                    .push(payload, ack, cx.config)
                    // It would come the same way again.
                    .inspect_err(|_| self.recovery = Recovery::default())?;
            }
            State::Inactive | State::Waiting | State::Authorizing => {}
        }
        Ok(())
    }

    /// The connection is wanted no more: by the server, the application, or because the
    /// namespace was refused. The result is how far it was.
    pub(super) fn deactivate(&mut self) -> State {
        self.early = Early::default();
        self.answers.clear();
        core::mem::replace(&mut self.state, State::Inactive)
    }

    /// A socket that was connected tells so, and what it means for whoever waits.
    pub(super) fn disconnected(&mut self, reason: DisconnectReason, cx: &mut Context<'_>) {
        let socket = self.socket;
        cx.tell(Event::Disconnected { socket, reason });
        let outbox = &self.outbox;
        let lost = self.acks.remove_if(|_, place| !outbox.contains(place));
        for (id, _) in lost {
            self.acked(AckName::Sent(id), Err(AckError::Disconnected), cx);
        }
        if let Some(over) = self.retry.handle_lost() {
            self.retried(over, Err(AckError::Disconnected), cx);
        }
    }

    /// The connection is lost, or could not be made. `error` is for those that were not yet
    /// connected.
    pub(super) fn handle_lost(
        &mut self,
        reason: &DisconnectReason,
        error: &ConnectError,
        cx: &mut Context<'_>,
    ) {
        if !self.is_active() {
            return;
        }
        self.early = Early::default();
        self.answers.clear();
        match core::mem::replace(&mut self.state, State::Waiting) {
            State::Connected { .. } => self.disconnected(reason.clone(), cx),
            _ => self.fail(error.clone(), cx),
        }
    }

    /// The application gives the socket up.
    pub(super) fn remove(&mut self, cx: &mut Context<'_>) {
        for (id, _) in self.acks.remove_if(|_, _| true) {
            self.acked(AckName::Sent(id), Err(AckError::Disconnected), cx);
        }
        for number in self.retry.clear() {
            let token = self.token(AckName::Queued(number));
            let result = Err(AckError::Disconnected);
            cx.tell(Event::Acked { token, result });
        }
    }

    /// Says DISCONNECT.
    pub(super) fn say_disconnect(&self, cx: &mut Context<'_>) {
        if let Ok(encoded) = cx.encode(&self.namespace, Body::Disconnect) {
            cx.engine.send_control(&encoded);
        }
    }

    /// Whether the CONNECT was not answered in time; once.
    pub(super) fn take_unanswered(&mut self, now: Instant) -> bool {
        match &mut self.state {
            State::Connecting { deadline } => deadline.take_if(|it| *it <= now).is_some(),
            _ => false,
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let connect = match self.state {
            State::Connecting { deadline } => deadline,
            _ => None,
        };
        [
            connect,
            self.acks.next_deadline(),
            self.retry.next_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// It did not work, for now.
    pub(super) fn fail(&self, error: ConnectError, cx: &mut Context<'_>) {
        let socket = self.socket;
        cx.tell(Event::ConnectError { socket, error });
    }

    pub(super) fn auth(&self) -> &Auth {
        &self.auth
    }

    pub(super) fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    pub(super) fn is_active(&self) -> bool {
        !matches!(self.state, State::Inactive)
    }

    pub(super) fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting { .. })
    }

    pub(super) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected { .. })
    }

    pub(super) fn id(&self) -> Option<&SocketId> {
        match &self.state {
            State::Connected { id, .. } => Some(id),
            _ => None,
        }
    }

    pub(super) fn is_recovered(&self) -> bool {
        matches!(
            self.state,
            State::Connected {
                is_recovered: true,
                ..
            }
        )
    }

    /// Events that wait here.
    pub(super) fn buffered(&self) -> usize {
        self.outbox.len() + self.retry.len()
    }

    pub(super) fn pending_acks(&self) -> usize {
        self.acks.len() + self.retry.len()
    }

    /// CONNECT, with what is to be recovered.
    fn request(&mut self, auth: Option<Payload>, cx: &mut Context<'_>) {
        match connect::request(auth, &self.recovery, cx.parser.format()) {
            Ok(payload) => self.send_connect(payload, cx),
            Err(_) => self.unfit(cx),
        }
    }

    fn send_connect(&mut self, payload: Option<Payload>, cx: &mut Context<'_>) {
        match cx.encode(&self.asked, Body::Connect(payload)) {
            Ok(encoded) => {
                cx.engine.send_control(&encoded);
                self.await_answer(cx);
            }
            Err(_) => self.unfit(cx),
        }
    }

    fn unfit(&mut self, cx: &mut Context<'_>) {
        self.state = State::Waiting;
        self.fail(ConnectError::Auth, cx);
    }

    fn await_answer(&mut self, cx: &Context<'_>) {
        let timeout = cx.config.namespace_timeout;
        let deadline = timeout.map(|timeout| cx.now + timeout);
        self.state = State::Connecting { deadline };
    }

    /// In revision 4 the client makes its id itself.
    fn accept_old(&mut self, cx: &mut Context<'_>) {
        if let Some(sid) = cx.engine.open_session().and_then(|session| session.sid()) {
            self.enter(SocketId::derived(&self.namespace, sid), None, cx);
        }
    }

    /// The one way to be connected. What the server said before its answer comes first, and what
    /// waited here is on its way before the application hears of it.
    fn enter(&mut self, id: SocketId, private: Option<String>, cx: &mut Context<'_>) {
        let is_recovered = self.recovery.granted(private);
        self.state = State::Connected { id, is_recovered };
        for (payload, ack) in self.early.take() {
            self.deliver(payload, ack, cx);
        }
        self.flush(cx);
        cx.tell(Event::Connected {
            socket: self.socket,
            recovered: is_recovered,
        });
    }

    fn deliver(&mut self, payload: Payload, ack: Option<AckId>, cx: &mut Context<'_>) {
        match ack {
            Some(id) => self.answers.owe(id, cx.config.max_unanswered),
            None => self.recovery.delivered(&payload),
        }
        let socket = self.socket;
        cx.tell(Event::Message {
            socket,
            payload,
            ack,
        });
    }
}
