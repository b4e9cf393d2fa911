//! What the application does to a connection: answer, emit, acknowledge, disconnect.

use super::{Connection, Phase, revision4};
use crate::acks::{AckToken, RequestId, Waiter};
use crate::packet::Revision;
use crate::recovery::PrivateId;
use crate::server::overflow::Standing;
use crate::server::{Emit, Event, Overflow, Share, Socket};
use crate::{
    AckId, Body, DisconnectReason, EmitError, Encoded, Instant, Namespace, Payload, SocketId, Value,
};
use alloc::vec::Vec;
use engineio_proto::CloseReason;
use serde::Serialize;
use smallvec::SmallVec;

impl Connection {
    /// Lets a socket into its namespace. Its CONNECT goes out behind what was emitted to it so
    /// far, and before anything that comes later.
    ///
    /// False: the socket is gone, or was answered before.
    pub fn accept(&mut self, socket: Socket, id: SocketId) -> bool {
        self.grant(socket, &id, None)
    }

    /// Like [`accept`](Self::accept), for a socket whose session can be recovered: its CONNECT
    /// tells the private id, too. What it has missed, as
    /// [`NamespaceCore::enter`](crate::server::NamespaceCore::enter) gives it, goes out before.
    ///
    /// False: the socket is gone, or was answered before; or it could not take all of that, and
    /// its connection is closed with [`CloseReason::Overflow`].
    pub fn accept_session(
        &mut self,
        socket: Socket,
        id: &SocketId,
        private: &PrivateId,
        missed: Vec<Encoded>,
    ) -> bool {
        if self.joining(socket).is_none() {
            return false;
        }
        for encoded in missed {
            if self.outgoing.push(encoded, true).is_err() {
                self.close(CloseReason::Overflow);
                return false;
            }
        }
        self.grant(socket, id, Some(private))
    }

    fn grant(&mut self, socket: Socket, id: &SocketId, private: Option<&PrivateId>) -> bool {
        #[derive(Serialize)]
        struct Accepted<'a> {
            sid: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            pid: Option<&'a str>,
        }
        let Some(namespace) = self.joining(socket) else {
            return false;
        };
        let granted = match self.revision {
            // The client makes the id itself, from that of the engine session.
            Revision::V4 => None,
            Revision::V5 => {
                let accepted = Accepted {
                    sid: id.as_str(),
                    pid: private.map(PrivateId::as_str),
                };
                match Payload::value(self.outgoing.format(), &accepted) {
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

    /// Refuses a socket its namespace. `error` is an object with `message` and perhaps `data`, or
    /// a string ([`Payload::value`]). The client may ask again.
    ///
    /// A client of revision 4 gets the `data` alone, or without them the message: a bare string,
    /// as the reference has it. It gets the object whole if the `data` are a number, which would
    /// read as the id of the packet.
    ///
    /// False: the socket is gone or was answered before, or `error` is not an object or string.
    pub fn reject(&mut self, socket: Socket, error: Payload) -> bool {
        let Some(namespace) = self.joining(socket) else {
            return false;
        };
        let is_text = || matches!(error.decode::<Value>(), Ok(Value::String(_)));
        if !(error.is_object() || error.is_value() && is_text()) {
            return false;
        }
        let error = match self.revision {
            Revision::V4 => revision4::refusal(error),
            Revision::V5 => error,
        };
        let is_sent = self
            .send_control(namespace, Body::ConnectError(error))
            .is_ok();
        if is_sent {
            self.forget(socket);
        }
        is_sent
    }

    /// Refuses a socket a namespace that does not exist. Clients of both revisions get the same
    /// object with the message `Invalid namespace`, as from the reference. The client may ask
    /// again.
    ///
    /// False: the socket is gone or was answered before.
    pub fn reject_unknown(&mut self, socket: Socket) -> bool {
        let Some(namespace) = self.joining(socket) else {
            return false;
        };
        let is_sent = self.send_refusal(namespace, "Invalid namespace");
        if is_sent {
            self.forget(socket);
        }
        is_sent
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
        self.outgoing.may_drop(how.volatile)?;
        let body = Body::Event {
            id: how.ack,
            payload,
        };
        let encoded = self.outgoing.encode(namespace, body)?;
        self.push_event(socket, encoded, how.compress, how.standing())?;
        if let Some(token) = token {
            let deadline = how.timeout.map(|timeout| now + timeout);
            self.acks.insert(token, Waiter::Call, deadline);
        }
        Ok(token)
    }

    /// Sends an event that is already encoded: the share of this socket in a broadcast, as
    /// [`NamespaceCore::poll_delivery`](crate::server::NamespaceCore::poll_delivery) tells it, or
    /// one that was recorded for it alone, as
    /// [`NamespaceCore::direct`](crate::server::NamespaceCore::direct) does.
    ///
    /// # Errors
    ///
    /// The event was not sent.
    pub fn emit_encoded(
        &mut self,
        socket: Socket,
        encoded: Encoded,
        how: &Share,
    ) -> Result<(), EmitError> {
        self.reachable(socket)?;
        let token = how.ack.map(|(id, _)| AckToken { socket, id });
        self.may_wait_for(token)?;
        self.outgoing.may_drop(how.volatile)?;
        self.push_event(socket, encoded, true, how.standing())?;
        if let Some((id, request)) = how.ack {
            let token = AckToken { socket, id };
            self.acks
                .insert(token, Waiter::Broadcast(request), Some(request.expires));
        }
        Ok(())
    }

    /// An event, and the end of the connection if its policy says so.
    fn push_event(
        &mut self,
        socket: Socket,
        encoded: Encoded,
        compress: bool,
        standing: Standing<'_>,
    ) -> Result<(), EmitError> {
        let is_last_straw = standing.overflow == Overflow::Close;
        let pushed = self
            .outgoing
            .push_event(socket, encoded, compress, standing);
        if is_last_straw && pushed == Err(EmitError::Full) {
            self.close(CloseReason::Overflow);
        }
        pushed
    }

    /// Answers an event of the client. It is up to the caller to answer once.
    ///
    /// # Errors
    ///
    /// The answer was not sent.
    pub fn ack(&mut self, socket: Socket, id: AckId, payload: Payload) -> Result<(), EmitError> {
        let namespace = self.reachable(socket)?.clone();
        let encoded = self.outgoing.encode(namespace, Body::Ack { id, payload })?;
        self.outgoing.push(encoded, false)
    }

    /// Stops waiting for an acknowledgement; there will be no [`Event::Acked`]. The answer is
    /// ignored if it still comes.
    pub fn cancel_ack(&mut self, token: AckToken) {
        self.acks.remove(token);
    }

    /// As [`cancel_ack`](Self::cancel_ack), for the share of a socket in a broadcast.
    pub fn cancel_broadcast(&mut self, socket: Socket, request: RequestId) {
        self.acks.remove_if(|token, waiter| {
            token.socket == socket && waiter == Waiter::Broadcast(request)
        });
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

    /// Refuses a namespace by this message alone. False: it could not be sent, and the connection
    /// is closing.
    pub(super) fn send_refusal(&mut self, namespace: Namespace, message: &'static str) -> bool {
        #[derive(Serialize)]
        struct Refusal {
            message: &'static str,
        }
        let is_sent =
            Payload::value(self.outgoing.format(), &Refusal { message }).is_ok_and(|error| {
                self.send_control(namespace, Body::ConnectError(error))
                    .is_ok()
            });
        if !is_sent {
            self.close(CloseReason::Forced);
        }
        is_sent
    }

    /// Sends what the protocol needs. If there is no room the connection is over: the client
    /// would wait for it for ever.
    fn send_control(&mut self, namespace: Namespace, body: Body) -> Result<(), EmitError> {
        let encoded = self.outgoing.encode(namespace, body)?;
        self.outgoing
            .push(encoded, false)
            .inspect_err(|_| self.close(CloseReason::Overflow))
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
}
