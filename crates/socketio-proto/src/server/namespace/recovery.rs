//! The calls of a namespace whose sockets can be recovered.

use super::{NamespaceCore, may_send};
use crate::recovery::{Claim, Failure, Granted, PrivateId, Store};
use crate::rooms::Member;
use crate::server::Credit;
use crate::{
    Body, BroadcastError, DisconnectReason, EmitError, Encoded, Instant, Packet, Payload, SocketId,
    Value,
};
use alloc::{boxed::Box, vec::Vec};
use engineio_proto::CloseReason;

/// What became of a client's [`Claim`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Claimed {
    /// The session is its own again.
    Restored(Restored),
    /// The socket of the session is still here, because its connection is only half dead. Close
    /// that connection, see the socket [retired](NamespaceCore::retire), and ask again.
    Occupied(Member),
    /// There will be a fresh session.
    Failed(Failure),
}

/// A socket that is what it was before.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Restored {
    /// It is [admitted](NamespaceCore::admit), and in its rooms but for that of its id.
    pub member: Member,
    /// The id that it had.
    pub id: SocketId,
    /// The private id that it had.
    pub private: PrivateId,
    /// The data that was saved with it.
    pub data: Value,
}

/// What becomes of an event for one socket.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Directed {
    /// It is recorded and goes out, by
    /// [`Connection::emit_encoded`](crate::server::Connection::emit_encoded). If that fails while
    /// the client is there, [`retract`](NamespaceCore::retract) it.
    Send(Member, Encoded),
    /// It is recorded. The socket gets it when its client is back.
    Kept,
    /// Nobody has this id, and nobody is awaited who has.
    Nobody,
}

/// What a CONNECT reply takes beside the name of the namespace: two ids of up to 64 bytes, and what
/// is around them.
const REPLY: usize = 192;

/// Recovery. All of this has to be one step with what follows from it, under the lock under which
/// broadcasts are delivered: then a socket that comes back misses nothing and gets nothing twice.
///
/// [`retire`](NamespaceCore::retire) may happen outside of it, between a broadcast and its delivery:
/// what was recorded before is missed by the socket, and what comes later is recorded for it.
impl NamespaceCore {
    /// The namespace with a store. From now on what it sends is recorded, and carries an offset
    /// ([what exactly](crate::recovery#what-is-recorded)).
    pub fn with_recovery(mut self, store: Store) -> Self {
        self.recovery = Some(Box::new(store));
        self
    }

    /// The store, if there is one.
    pub fn recovery(&self) -> Option<&Store> {
        self.recovery.as_deref()
    }

    /// Gives a member that was [admitted](Self::admit) a session that can be recovered. The
    /// private id is as unguessable as the public one, and as unique.
    ///
    /// Not for clients of [revision 4](crate::Revision), who could not be told.
    pub fn protect(&mut self, member: Member, private: PrivateId) {
        let Some(id) = self.id(member).cloned() else {
            return;
        };
        if let Some(store) = &mut self.recovery {
            store.open(member, id, private);
        }
    }

    /// Looks for the session that a client claims, and admits its socket again. What was missed
    /// has to fit into `room`, the send buffer of its connection, together with the reply.
    pub fn recover(&mut self, claim: &Claim, mut room: Credit, now: Instant) -> Claimed {
        let reply = self.name.as_str().len() + REPLY;
        room.room_bytes = room.room_bytes.saturating_sub(reply);
        room.room_packets = room.room_packets.saturating_sub(1);
        let granted = match &mut self.recovery {
            Some(store) => store.claim(claim, room, now),
            None => Granted::Failed(Failure::Unknown),
        };
        let session = match granted {
            Granted::Session(session) => session,
            Granted::Occupied(member) => return Claimed::Occupied(member),
            Granted::Failed(why) => return Claimed::Failed(why),
        };
        let member = self.admit(session.id());
        for room in session.rooms() {
            if room.0 != session.id().0 {
                // It was in these rooms before, so it may be.
                let _ = self.join(member, room.clone());
            }
        }
        let restored = Restored {
            member,
            id: session.id().clone(),
            private: session.private().clone(),
            data: session.data().clone(),
        };
        if let Some(store) = &mut self.recovery {
            store.bind(member, session);
        }
        Claimed::Restored(restored)
    }

    /// [Registers](Self::register) a member, and gives what it has missed, for
    /// [`Connection::accept_session`](crate::server::Connection::accept_session). For a fresh
    /// socket that is nothing.
    ///
    /// `None`: the log has forgotten some of it while middlewares ran. The member is not
    /// registered; close its connection.
    pub fn enter(&mut self, member: Member) -> Option<Vec<Encoded>> {
        let missed = match &mut self.recovery {
            Some(store) => store.join(member)?,
            None => Vec::new(),
        };
        self.register(member);
        Some(missed)
    }

    /// Records an event for the one socket with this id, which may be here or awaited.
    ///
    /// # Errors
    ///
    /// The payload is not an event in the parser's format, or larger than
    /// [`max_buffered`](super::NamespaceLimits::max_buffered); or so many bytes wait for the socket
    /// already, which is away. Nothing was recorded.
    pub fn direct(
        &mut self,
        id: &SocketId,
        payload: Payload,
        now: Instant,
    ) -> Result<Directed, BroadcastError> {
        let Some(store) = &mut self.recovery else {
            return Ok(Directed::Nobody);
        };
        let Some(to) = store.find(id) else {
            return Ok(Directed::Nobody);
        };
        let payload = payload.with_offset(&store.next_offset())?;
        let encoded = self.parser.encode_owned(Packet {
            namespace: self.name.clone(),
            body: Body::Event { id: None, payload },
        })?;
        let max = self.max_buffered;
        may_send(&encoded, max)?;
        let store = self.recovery.as_mut();
        if !store.is_some_and(|store| store.direct(id, to, encoded.clone(), max, now)) {
            return Err(EmitError::Full.into());
        }
        Ok(match to {
            Some(member) => Directed::Send(member, encoded),
            None => Directed::Kept,
        })
    }

    /// Takes back the event that was [directed](Self::direct) to a member last, since it did not go
    /// out. Nothing may have been recorded since.
    ///
    /// Its place in the log is given to the next event, unless a session has begun or was saved
    /// behind it: then it stays empty, or that session would miss the next.
    pub fn retract(&mut self) {
        if let Some(store) = &mut self.recovery {
            store.retract();
        }
    }

    /// [Removes](Self::remove) a member whose client has gone. If it went in a way in which it may
    /// come back, its session is saved with these data: if its connection ended, unless it was for
    /// something that is no packet of Engine.IO.
    pub fn retire(&mut self, member: Member, reason: &DisconnectReason, data: Value, now: Instant) {
        let may_return = match reason {
            DisconnectReason::Transport(CloseReason::Parse(_)) => false,
            DisconnectReason::Transport(_) => true,
            _ => false,
        };
        if may_return && let Some(store) = &mut self.recovery {
            let rooms = self.rooms.rooms_of(member).cloned().collect();
            store.save(member, rooms, data, now);
        }
        self.remove(member, now);
    }
}
