//! How sockets come back: the namespace's part of connection state recovery.

use super::{Common, Members, NamespaceInner};
use crate::dispatch::{Input, Sio};
use crate::error::EmitError;
use crate::namespaces::Lease;
use crate::socket::{Identity, Recovery, SocketInner};
use crate::sync::lock;
use crate::transport::{Client, Origin};
use socketio_proto::recovery::{Claim, PrivateId, Store};
use socketio_proto::rooms::Member;
use socketio_proto::server::{Claimed, Directed, NamespaceCore, Overflow, Share, Socket as Handle};
use socketio_proto::{Payload, SocketId, Value};
use std::sync::Arc;
use tokio::sync::futures::Notified;

/// A client that asks for a namespace.
pub(crate) struct Applicant<'a> {
    pub(crate) client: &'a Arc<Client<Sio>>,
    pub(crate) handle: Handle,
    pub(crate) auth: Option<Payload>,
    /// What it becomes if it has not been here before. A client that can't be told a private id
    /// has none.
    pub(crate) fresh: (SocketId, Option<PrivateId>),
    pub(crate) lease: &'a Lease,
}

/// An event for one socket that did not go out.
pub(crate) struct Undelivered {
    pub(crate) error: EmitError,
    /// Whose buffer was full; `None` if the socket is away, and as much waits for it as may.
    pub(crate) by: Option<Arc<Client<Sio>>>,
}

impl From<EmitError> for Undelivered {
    fn from(error: EmitError) -> Self {
        Self { error, by: None }
    }
}

/// What becomes of it.
pub(crate) enum Opened {
    Socket(Arc<SocketInner>),
    /// It claims what another socket still has, whose connection is to be closed. It asks again by
    /// itself once that socket has left.
    Occupied(Arc<SocketInner>),
}

/// A client that waits for its own predecessor to leave.
pub(super) struct Heir {
    of: Member,
    client: Arc<Client<Sio>>,
    handle: Handle,
    auth: Option<Payload>,
    /// So that the namespace stays, with what it knows of the session.
    lease: Lease,
}

impl Common {
    /// The core of a namespace, with a store if there is recovery.
    pub(super) fn with_store(&self, core: NamespaceCore) -> NamespaceCore {
        match &self.recovery {
            Some(config) => core.with_recovery(Store::new(config.clone(), self.env.ids.tag())),
            None => core,
        }
    }
}

impl NamespaceInner {
    /// Whether sockets can be recovered.
    pub(crate) fn recovers(&self) -> bool {
        self.common.recovery.is_some()
    }

    /// Whether the socket is let in without the middlewares' asking.
    pub(crate) fn waves_through(&self, socket: &SocketInner) -> bool {
        let skip = |config: &socketio_proto::recovery::Config| config.skip_middlewares;
        socket.recovery() == Recovery::Recovered && self.common.recovery.as_ref().is_some_and(skip)
    }

    /// A socket whose middlewares have yet to run, with a place in the room index. It gets no
    /// broadcast so far.
    pub(crate) fn open(self: &Arc<Self>, applicant: Applicant<'_>) -> Opened {
        let Applicant {
            client,
            handle,
            auth,
            fresh: (id, private),
            lease,
        } = applicant;
        // Looked at before the lock, since who holds a client's lock never takes a namespace's.
        let room = client.peek(|state| state.machine.credit());
        let opened = self.with_core(|members, now| {
            let claim = auth
                .as_ref()
                .filter(|_| private.is_some())
                .and_then(Claim::of);
            let claimed = claim.map(|claim| members.core.recover(&claim, room, now));
            let identity = match claimed {
                Some(Claimed::Occupied(of)) => {
                    let old = members.sockets.get(of.index()).cloned().flatten();
                    if let Some(old) = old {
                        let client = Arc::clone(client);
                        members.heirs.push(Heir {
                            of,
                            client,
                            handle,
                            auth,
                            lease: lease.clone(),
                        });
                        return Opened::Occupied(old);
                    }
                    members.admit(id, private, Recovery::Fresh)
                }
                Some(Claimed::Restored(restored)) => Identity {
                    member: restored.member,
                    id: restored.id,
                    private: Some(restored.private),
                    data: restored.data,
                    recovery: Recovery::Recovered,
                },
                Some(Claimed::Failed(why)) => members.admit(id, private, Recovery::Failed(why)),
                _ => members.admit(id, private, Recovery::Fresh),
            };
            let (member, is_protected) = (identity.member, identity.private.is_some());
            let socket = SocketInner::new(client, self, handle, identity, auth);
            if is_protected {
                // Who claims its session has to find it.
                members.put(member, &socket);
            }
            Opened::Socket(socket)
        });
        self.returned.notify_waiters();
        self.tell_rooms();
        opened
    }

    /// Resolves when a client has come back, or is not awaited any more.
    pub(crate) fn returned(&self) -> Notified<'_> {
        self.returned.notified()
    }

    /// Sends an event to one socket in order with the broadcasts, so that it is missed if the
    /// socket is away, and got once it is back.
    pub(crate) fn direct(
        self: &Arc<Self>,
        socket: &SocketInner,
        payload: Payload,
        how: &Share,
    ) -> Result<(), Undelivered> {
        // Dropped behind the lock: the last handle of a socket takes the application's along.
        let to: Arc<SocketInner>;
        let _order = lock(&self.delivery);
        let directed = self.with_core(|members, now| {
            let directed = members.core.direct(socket.id(), payload, now)?;
            Ok::<_, EmitError>(match directed {
                Directed::Send(member, encoded) => {
                    let to = members.sockets.get(member.index()).cloned().flatten();
                    to.map(|socket| (socket, encoded))
                }
                Directed::Kept => None,
                _ => return Err(socketio_proto::EmitError::NotConnected.into()),
            })
        });
        let encoded;
        (to, encoded) = match directed {
            Ok(Some(directed)) => directed,
            Ok(None) => return Ok(()),
            // It is away, and events that may be dropped are those that are not kept.
            Err(error) if error.is_full() && may_be_dropped(how.overflow) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Err(error) = to.deliver(encoded, how) else {
            return Ok(());
        };
        // If its connection has ended it gets the event when it comes back. If it was made to leave
        // it does not.
        let is_open = |client: &Arc<Client<Sio>>| client.peek(|it| it.machine.engine().is_open());
        if error == socketio_proto::EmitError::NotConnected && !is_open(to.client()) {
            return Ok(());
        }
        self.with_core(|members, _| members.core.retract());
        match error {
            socketio_proto::EmitError::Dropped => Ok(()),
            error => Err(Undelivered {
                error: error.into(),
                by: Some(Arc::clone(to.client())),
            }),
        }
    }
}

fn may_be_dropped(policy: Overflow) -> bool {
    matches!(
        policy,
        Overflow::DropNewest | Overflow::DropOldest | Overflow::KeepLatest
    )
}

impl Members {
    fn admit(&mut self, id: SocketId, private: Option<PrivateId>, recovery: Recovery) -> Identity {
        let member = self.core.admit(&id);
        if let Some(private) = private.clone() {
            self.core.protect(member, private);
        }
        Identity {
            member,
            id,
            private,
            data: Value::Null,
            recovery,
        }
    }

    /// Those who waited for this member to leave.
    pub(super) fn take_heirs(&mut self, member: Member) -> Vec<Heir> {
        self.heirs
            .extract_if(.., |heir| heir.of == member)
            .collect()
    }
}

impl Heir {
    /// Asks again.
    pub(super) fn apply(self) {
        let asking = Input::Found(self.handle, Some(self.lease), self.auth);
        self.client.enqueue(asking, Origin::Elsewhere);
    }
}
