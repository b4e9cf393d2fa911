//! What the server says: messages to packets, packets to sockets.

use super::Manager;
use crate::client::connect;
use crate::client::engine::{Context, Root};
use crate::client::membership::{Membership, State};
use crate::client::{ConnectError, ConnectFailure, DisconnectReason, Socket};
use crate::{Body, DecodeError, Message, Namespace, Packet, Payload, Revision};

impl Manager {
    pub(super) fn handle_message(&mut self, message: Message) {
        let result = match self.decoder.push(message) {
            Ok(Some(packet)) => self
                .check(&packet)
                .and_then(|()| self.handle_packet(packet)),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            return self.refuse(error);
        }
        if self.decoder.is_idle() {
            self.attachments_deadline = None;
        } else if self.attachments_deadline.is_none() {
            self.attachments_deadline = Some(self.now + self.config.attachments_timeout);
        }
    }

    /// The one look at the whole payload, before it is handed out.
    fn check(&self, packet: &Packet) -> Result<(), DecodeError> {
        match packet.body.payload() {
            Some(payload) => payload.check(self.config.limits.max_depth),
            None => Ok(()),
        }
    }

    /// What is for nobody, or comes when it has no meaning, is ignored.
    fn handle_packet(&mut self, packet: Packet) -> Result<(), DecodeError> {
        let Packet { namespace, body } = packet;
        if self.engine.withdrawn.contains(&namespace) {
            self.handle_withdrawn(&namespace, &body);
            return Ok(());
        }
        let found = self
            .sockets
            .iter()
            .find(|(_, membership)| *membership.namespace() == namespace);
        let socket = found.map(|(&socket, _)| socket);
        if namespace.is_root() && self.engine.root == Root::Awaited {
            self.greeted(&body, socket);
        }
        let Some(socket) = socket else {
            return Ok(());
        };
        match body {
            Body::Connect(granted) => self.granted(socket, granted.as_ref()),
            Body::ConnectError(error) => {
                self.refused(socket, &error);
                Ok(())
            }
            Body::Disconnect => {
                self.expelled(socket);
                Ok(())
            }
            Body::Event { id, payload } => {
                let mut result = Ok(());
                self.with(socket, |membership, cx| {
                    result = membership.handle_event(payload, id, cx);
                });
                result
            }
            Body::Ack { id, payload } => {
                self.with(socket, |membership, cx| {
                    membership.handle_ack(id, payload, cx);
                });
                Ok(())
            }
        }
    }

    /// The first word of a server of revision 4, which joins the root by itself.
    fn greeted(&mut self, body: &Body, socket: Option<Socket>) {
        let is_wanted = socket
            .and_then(|socket| self.find(socket))
            .is_some_and(Membership::is_connecting);
        self.engine.root = match body {
            Body::Connect(_) if !is_wanted => Root::Granted,
            Body::Connect(_) | Body::ConnectError(_) => Root::Asked,
            _ => return,
        };
    }

    fn granted(&mut self, socket: Socket, granted: Option<&Payload>) -> Result<(), DecodeError> {
        let mut result = Ok(());
        self.with(socket, |membership, cx| {
            // Otherwise it is a second one, or one that nobody has asked for.
            if membership.is_connecting() {
                result = membership.accept(granted, cx);
            }
        });
        result
    }

    fn refused(&mut self, socket: Socket, error: &Payload) {
        if !self.find(socket).is_some_and(Membership::is_connecting) {
            return;
        }
        self.with(socket, |membership, _| {
            membership.deactivate();
        });
        self.shut_if_unused();
        let error = connect::refusal(error);
        self.with(socket, |membership, cx| membership.fail(error, cx));
    }

    /// The server ends a membership.
    fn expelled(&mut self, socket: Socket) {
        let Some(membership) = self.sockets.get_mut(&socket) else {
            return;
        };
        if !membership.is_connecting() && !membership.is_connected() {
            return;
        }
        let state = membership.deactivate();
        self.shut_if_unused();
        let reason = DisconnectReason::ServerDisconnect;
        self.with(socket, |membership, cx| match state {
            State::Connected { .. } => membership.disconnected(reason, cx),
            _ => {
                let failure = ConnectFailure::Closed(reason);
                membership.fail(ConnectError::Connection(failure), cx);
            }
        });
    }

    /// The answer to a CONNECT that is not wanted any more. The server is told so if it has
    /// granted the namespace; only then can the namespace be asked for again.
    fn handle_withdrawn(&mut self, namespace: &Namespace, body: &Body) {
        let is_granted = match body {
            Body::Connect(granted) => is_membership(granted.as_ref(), self.config.revision),
            Body::ConnectError(_) | Body::Disconnect => false,
            Body::Event { .. } | Body::Ack { .. } => return,
        };
        let (sockets, mut cx) = self.split();
        cx.engine.withdrawn.retain(|it| it != namespace);
        if is_granted {
            say_disconnect(namespace, &mut cx);
        }
        for membership in sockets.values_mut() {
            if membership.namespace() == namespace {
                membership.ask_again(&mut cx);
            }
        }
    }
}

fn say_disconnect(namespace: &Namespace, cx: &mut Context<'_>) {
    if let Ok(encoded) = cx.encode(namespace, Body::Disconnect) {
        cx.engine.send_control(&encoded);
    }
}

/// Whether the server now has a socket for this client.
fn is_membership(granted: Option<&Payload>, revision: Revision) -> bool {
    revision == Revision::V4
        || granted
            .and_then(|it| it.decode::<connect::Granted>().ok())
            .is_some_and(|it| it.sid.is_some())
}
