//! Emitting to many: `io.to("room").except("other").emit(..)`.

use crate::error::{AckError, EmitError};
use crate::namespace::{Collecting, NamespaceInner};
use crate::socket::Socket;
use serde::Serialize;
use serde::de::DeserializeOwned;
use socketio_proto::broadcast::{Draft, Flags};
use socketio_proto::rooms::{Room, Target};
use socketio_proto::server::Overflow;
use socketio_proto::{Payload, PayloadError};
use std::sync::Arc;
use std::time::Duration;

/// How long receivers have to acknowledge a broadcast, unless [`Broadcast::timeout`] says
/// otherwise.
pub(crate) const ACK_TIMEOUT: Duration = Duration::from_secs(5);

/// One room, or several: what [`Broadcast::to`] and its like take.
pub trait IntoRooms {
    /// The names, one by one.
    fn into_rooms(self) -> impl Iterator<Item = Room>;
}

impl IntoRooms for &str {
    fn into_rooms(self) -> impl Iterator<Item = Room> {
        std::iter::once(Room::from(self))
    }
}

impl IntoRooms for &String {
    fn into_rooms(self) -> impl Iterator<Item = Room> {
        self.as_str().into_rooms()
    }
}

impl IntoRooms for String {
    fn into_rooms(self) -> impl Iterator<Item = Room> {
        std::iter::once(Room::from(self.as_str()))
    }
}

impl<T: AsRef<str>> IntoRooms for &[T] {
    fn into_rooms(self) -> impl Iterator<Item = Room> {
        self.iter().map(|name| Room::from(name.as_ref()))
    }
}

impl<T: AsRef<str>> IntoRooms for &Vec<T> {
    fn into_rooms(self) -> impl Iterator<Item = Room> {
        self.as_slice().into_rooms()
    }
}

impl<T: AsRef<str>> IntoRooms for Vec<T> {
    fn into_rooms(self) -> impl Iterator<Item = Room> {
        self.into_iter().map(|name| Room::from(name.as_ref()))
    }
}

impl<T: AsRef<str>, const N: usize> IntoRooms for [T; N] {
    fn into_rooms(self) -> impl Iterator<Item = Room> {
        self.into_iter().map(|name| Room::from(name.as_ref()))
    }
}

/// A selection of the sockets of a namespace, and how to emit to them.
///
/// Without a room it is everybody; with rooms, whoever is in one of them, once each. Each method
/// returns a new selection: nothing leaks from one emit to the next.
#[derive(Clone, Debug)]
#[must_use = "a selection does nothing until something is emitted to it"]
pub struct Broadcast {
    namespace: Arc<NamespaceInner>,
    target: Target,
    volatile: bool,
    local: bool,
    timeout: Duration,
    overflow: Option<Overflow>,
    key: Option<String>,
}

impl Broadcast {
    pub(crate) fn new(namespace: &Arc<NamespaceInner>) -> Self {
        Self {
            namespace: Arc::clone(namespace),
            target: Target::default(),
            volatile: false,
            local: false,
            timeout: ACK_TIMEOUT,
            overflow: None,
            key: None,
        }
    }

    /// Adds rooms whose members are meant. A list without any room adds nothing, hence means
    /// everybody.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        self.target.rooms.extend(rooms.into_rooms());
        self
    }

    /// Takes the members of rooms out. A socket's id is the name of a room of its own.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        self.target.except.extend(rooms.into_rooms());
        self
    }

    /// Clients whose transport is busy miss the event, instead of getting it later.
    pub fn volatile(mut self) -> Self {
        self.volatile = true;
        self
    }

    /// What becomes of the event where a client reads too slowly for it. Default: what the
    /// [namespace](crate::Namespace::set_overflow) says; and as nobody can be told of one client's
    /// share, to refuse means to close it.
    pub fn overflow(mut self, policy: Overflow) -> Self {
        self.overflow = Some(policy);
        self
    }

    /// Takes back, from each receiver where it still waits, the event before it under this key:
    /// [`Overflow::KeepLatest`] with another key than the event's name.
    pub fn latest(mut self, key: &str) -> Self {
        self.overflow = Some(Overflow::KeepLatest);
        self.key = Some(key.to_owned());
        self
    }

    /// Sockets of this server only, once there are several.
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// Time for [`emit_with_ack`](Self::emit_with_ack). Default: 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Emits an event to the selection. Its packet is encoded once, whatever the number of
    /// receivers.
    ///
    /// A tuple gives several arguments, anything else one, `()` none.
    ///
    /// # Errors
    /// When the arguments can't be written or the name is reserved, or when the packet is larger
    /// than what may wait for a client at all. A client that can't take more is closed, unless the
    /// [policy](Overflow) is another.
    pub fn emit(self, event: &str, arguments: impl Serialize) -> Result<(), EmitError> {
        let flags = self.flags(event, None);
        let payload = Payload::new(self.namespace.format(), Some(event), &arguments)?;
        self.announce(event, &payload);
        self.send_out(payload, flags).map(drop)
    }

    /// Emits the event `message`.
    ///
    /// # Errors
    /// As [`emit`](Self::emit).
    pub fn send(self, arguments: impl Serialize) -> Result<(), EmitError> {
        self.emit("message", arguments)
    }

    /// Emits an event and collects the first argument of each receiver's acknowledgement, in order
    /// of arrival, until all have answered or gone, or the time is up.
    ///
    /// Answers that are missing or of another type are no error, since one client must not spoil
    /// what the others say: see [`Responses`]. A future that is dropped gives up waiting; the event
    /// was sent.
    ///
    /// ```no_run
    /// # async fn example(io: socketio_server::SocketIo) -> Result<(), socketio_server::AckError> {
    /// let votes = io.to("jury").emit_with_ack::<u8>("points?", ()).await?;
    /// println!("{} points, {} said nothing", votes.answers.iter().sum::<u8>(), votes.missing);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`AckError::Emit`] as for [`emit`](Self::emit).
    pub async fn emit_with_ack<T: DeserializeOwned>(
        self,
        event: &str,
        arguments: impl Serialize,
    ) -> Result<Responses<T>, AckError> {
        let first = |answer: &Payload| answer.arguments().next();
        self.ask(event, arguments, first).await
    }

    /// As [`emit_with_ack`](Self::emit_with_ack), with each answer read by `read`.
    pub(crate) async fn ask<T>(
        self,
        event: &str,
        arguments: impl Serialize,
        read: impl Fn(&Payload) -> Result<T, PayloadError>,
    ) -> Result<Responses<T>, AckError> {
        let flags = self.flags(event, Some(self.timeout));
        let payload = Payload::new(self.namespace.format(), Some(event), &arguments)
            .map_err(EmitError::from)?;
        drop(arguments);
        self.announce(event, &payload);
        let mut responses = Responses::default();
        for waiting in self.send_out(payload, flags)? {
            let (answers, missing) = waiting.answers().await;
            for answer in &answers {
                match read(answer) {
                    Ok(answer) => responses.answers.push(answer),
                    Err(_) => responses.invalid += 1,
                }
            }
            responses.missing += missing;
        }
        Ok(responses)
    }

    /// The sockets of the selection.
    #[must_use]
    pub fn fetch_sockets(&self) -> Vec<Socket> {
        let mut sockets = self.namespace.select(&self.target);
        for child in self.namespace.children() {
            sockets.extend(child.select(&self.target));
        }
        sockets
    }

    /// Makes all of the selection join rooms.
    ///
    /// # Errors
    /// The first that a socket meets; see [`Socket::join`]. The others join all the same.
    pub fn sockets_join(&self, rooms: impl IntoRooms) -> Result<(), crate::RoomError> {
        let rooms: Vec<Room> = rooms.into_rooms().collect();
        self.fetch_sockets()
            .iter()
            .map(|socket| socket.join_all(&rooms))
            .fold(Ok(()), Result::and)
    }

    /// Makes all of the selection leave rooms.
    pub fn sockets_leave(&self, rooms: impl IntoRooms) {
        let rooms: Vec<Room> = rooms.into_rooms().collect();
        for socket in self.fetch_sockets() {
            socket.leave_all(&rooms);
        }
    }

    /// Disconnects all of the selection from the namespace; with `close`, their connections as
    /// well.
    pub fn disconnect_sockets(&self, close: bool) {
        for socket in self.fetch_sockets() {
            socket.disconnect(close);
        }
    }

    /// Sends a packet on its way, to each of the children if this is a parent. Whoever wants
    /// acknowledgements waits for all that are returned.
    fn send_out(self, payload: Payload, flags: Flags) -> Result<Vec<Collecting>, EmitError> {
        let mut waiting = Vec::new();
        for child in self.namespace.children() {
            waiting.extend(child.broadcast(Draft {
                payload: payload.clone(),
                target: self.target.clone(),
                flags: flags.clone(),
            })?);
        }
        waiting.extend(self.namespace.broadcast(Draft {
            payload,
            target: self.target,
            flags,
        })?);
        Ok(waiting)
    }

    /// Tells whoever listens to what goes out.
    fn announce(&self, event: &str, payload: &Payload) {
        let children = self.namespace.children();
        if self.namespace.hears_outgoing() || children.iter().any(|child| child.hears_outgoing()) {
            for socket in self.fetch_sockets() {
                socket.announce(event, payload);
            }
        }
    }

    fn flags(&self, event: &str, ack: Option<Duration>) -> Flags {
        let policies = self.namespace.policies();
        let (overflow, key) = policies.of(event, self.overflow, self.key.as_deref());
        Flags::default()
            .volatile(self.volatile)
            .local(self.local)
            .ack(ack)
            .overflow(overflow)
            .key(key)
    }
}

/// Answers to a broadcast.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Responses<T> {
    /// The first argument of each acknowledgement, in order of arrival.
    pub answers: Vec<T>,
    /// Receivers that went away or did not answer in time.
    pub missing: usize,
    /// Answers whose first argument was of another type.
    pub invalid: usize,
}

impl<T> Default for Responses<T> {
    fn default() -> Self {
        Self {
            answers: Vec::new(),
            missing: 0,
            invalid: 0,
        }
    }
}
