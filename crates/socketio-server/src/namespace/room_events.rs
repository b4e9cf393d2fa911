//! Who wants to be told what happens to rooms, and how the telling keeps its order.
//!
//! What happens is written down under the lock `room`, by the core. One thread at a time takes it out
//! and calls the hooks, with no lock held; whoever comes meanwhile leaves it to that thread, and so
//! does a hook that changes rooms itself. So no two calls overlap, and the order is that of the lock.

use super::{Namespace, NamespaceInner};
use crate::sync::{lock, read, write};
use crate::telemetry;
use socketio_proto::server::RoomEvent;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

type Hook = Arc<dyn Fn(&Namespace, &RoomEvent) + Send + Sync>;

/// The hooks of a namespace.
#[derive(Default)]
pub(super) struct RoomHooks {
    hooks: RwLock<Vec<Hook>>,
    /// Whether there is any, for those who need no more than that.
    any: AtomicBool,
}

impl Namespace {
    /// Calls `hook` for what happens to rooms of the namespace from now on: they begin with their
    /// first socket, sockets join and leave them, they end with their last. Each socket is in the
    /// room of its id, too.
    ///
    /// ```
    /// use socketio_server::{RoomEvent, SocketIo};
    ///
    /// let (_, io) = SocketIo::new();
    /// io.on_room_event(|namespace, event| match event {
    ///     RoomEvent::Created { room } => println!("{}: first of {room}", namespace.name()),
    ///     RoomEvent::Joined { room, socket } => println!("{socket} is in {room}"),
    ///     RoomEvent::Left { room, socket } => println!("{socket} has left {room}"),
    ///     RoomEvent::Deleted { room } => println!("{room} is empty"),
    ///     _ => {}
    /// });
    /// ```
    ///
    /// The events and their order are those of the reference's adapter. They come one at a time, in
    /// the order in which the rooms have changed, on the thread that changed them or on one that is
    /// telling already: so a call that changes rooms may return before the hook knows, and what the
    /// hook asks of the rooms may be newer than the event. No lock of the server is held meanwhile;
    /// the caller's own may be. What a socket leaves is told before its disconnect handlers run.
    ///
    /// The hook should not block. While it runs, up to
    /// [`max_room_events`](crate::Limits::max_room_events) of them wait, then they are
    /// counted in a [`Missed`](RoomEvent::Missed). One that panics is called again for the next.
    ///
    /// Of a parent for [dynamic namespaces](crate::SocketIo::of_matching) it goes to those that
    /// begin after it was registered.
    pub fn on_room_event(&self, hook: impl Fn(&Namespace, &RoomEvent) + Send + Sync + 'static) {
        self.0.add_room_hooks([Arc::new(hook) as Hook]);
    }
}

impl NamespaceInner {
    /// A namespace that begins has the hooks of its parent.
    pub(super) fn inherit_room_hooks(&self, parent: &Self) {
        let hooks = read(&parent.room_hooks.hooks).clone();
        if !hooks.is_empty() {
            self.add_room_hooks(hooks);
        }
    }

    fn add_room_hooks(&self, hooks: impl IntoIterator<Item = Hook>) {
        write(&self.room_hooks.hooks).extend(hooks);
        let mut members = lock(&self.room);
        members.core.watch_rooms();
        // Under the lock, so that whoever has something to tell knows that it is to be told.
        self.room_hooks.any.store(true, Ordering::Relaxed);
    }

    /// Tells what has happened. With no lock held, after whatever changes rooms.
    pub(super) fn tell_rooms(self: &Arc<Self>) {
        if !self.room_hooks.any.load(Ordering::Relaxed) {
            return;
        }
        let mut is_mine = false;
        while let Some(event) = self.next_room_event(&mut is_mine) {
            if matches!(event, RoomEvent::Missed { .. }) {
                telemetry::limit_hit("max_room_events");
            }
            let namespace = Namespace(Arc::clone(self));
            let hooks = read(&self.room_hooks.hooks).clone();
            for hook in hooks {
                // A panic of the application's ends with its call.
                let _ = catch_unwind(AssertUnwindSafe(|| hook(&namespace, &event)));
            }
        }
    }

    /// The next event to tell, for the one thread whose turn it is.
    fn next_room_event(&self, is_mine: &mut bool) -> Option<RoomEvent> {
        let mut members = lock(&self.room);
        if members.is_telling && !*is_mine {
            return None;
        }
        let event = members.core.poll_room_event();
        members.is_telling = event.is_some();
        *is_mine = members.is_telling;
        event
    }
}
