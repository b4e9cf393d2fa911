//! What happens to the connection, as opposed to one socket on it.

use crate::sync::{change, read};
use engineio_proto::Transport;
use socketio_observer::{ListenerId, Observers};
use socketio_proto::client::{ConnectFailure, DisconnectReason, Event};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock};

/// What has happened to a client's connection. The manager's events of the reference.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The connection is open; the sockets ask for their namespaces.
    Opened,
    /// The connection is over.
    Closed {
        /// Why.
        reason: DisconnectReason,
    },
    /// A ping of the server; of a server of version 2, the answer to one of ours.
    Ping,
    /// The connection has moved to another transport.
    Upgraded {
        /// The new one.
        to: Transport,
    },
    /// Another transport was tried, and did not work: the connection stays where it is.
    UpgradeFailed {
        /// That one.
        transport: Transport,
    },
    /// The connection could not be made.
    Error(ConnectFailure),
    /// The next attempt to reconnect begins.
    ReconnectAttempt {
        /// Counted from 1.
        attempt: u32,
    },
    /// An attempt to reconnect was successful.
    Reconnected {
        /// Which.
        attempt: u32,
    },
    /// An attempt to reconnect has failed.
    ReconnectError(ConnectFailure),
    /// There were as many attempts as there may be. There is no further one before `connect()` is
    /// called.
    ReconnectFailed,
    /// Nothing waits to be sent any more, after there was no room.
    Drained,
}

impl ClientEvent {
    /// Of those events of the machine that are about no socket.
    pub(crate) fn new(event: Event) -> Option<Self> {
        Some(match event {
            Event::Opened => Self::Opened,
            Event::Closed { reason } => Self::Closed { reason },
            Event::Ping => Self::Ping,
            Event::Upgraded { to } => Self::Upgraded { to },
            Event::UpgradeFailed { transport } => Self::UpgradeFailed { transport },
            Event::Error(failure) => Self::Error(failure),
            Event::ReconnectAttempt { attempt } => Self::ReconnectAttempt { attempt },
            Event::Reconnected { attempt } => Self::Reconnected { attempt },
            Event::ReconnectError(failure) => Self::ReconnectError(failure),
            Event::ReconnectFailed => Self::ReconnectFailed,
            Event::Drained => Self::Drained,
            _ => return None,
        })
    }
}

type Watcher = Arc<dyn Fn(&ClientEvent) + Send + Sync>;

/// Who is told of a client's events.
pub(crate) struct Watchers(RwLock<Observers<(), Watcher>>);

impl Default for Watchers {
    fn default() -> Self {
        Self(RwLock::new(Observers::default().keep_removed()))
    }
}

impl Watchers {
    pub(crate) fn add(&self, watcher: impl Fn(&ClientEvent) + Send + Sync + 'static) -> ListenerId {
        change(&self.0, |all| all.on((), Arc::new(watcher) as Watcher))
    }

    pub(crate) fn remove(&self, id: ListenerId) -> bool {
        change(&self.0, |all| all.off(id))
    }

    pub(crate) fn call(&self, event: &ClientEvent) {
        let watchers = read(&self.0).snapshot(&());
        for watcher in watchers.iter() {
            // One that panics is no reason to stop.
            let _ = catch_unwind(AssertUnwindSafe(|| watcher(event)));
        }
    }
}
