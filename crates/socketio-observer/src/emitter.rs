//! What both forms of the emitter have in common: all but the lock, the pointer and what happens to
//! a panic.

use alloc::borrow::Cow;
use core::{error, fmt};

/// The name of an event. A literal costs nothing to keep.
pub type Name = Cow<'static, str>;

/// How deep emissions may nest, a listener emitting from inside a listener, before [`TooDeep`]
/// stops them: far more than an application means to, far less than a stack of 2 MiB holds.
pub const MAX_DEPTH: usize = 128;

/// An emission was refused, and called nobody, since it would have been nested deeper than
/// [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TooDeep;

impl fmt::Display for TooDeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "emissions are nested deeper than {MAX_DEPTH}")
    }
}

impl error::Error for TooDeep {}

/// Writes the types of one form into its module, which brings `Lock` (`new`, `read`, `write`),
/// `Depth` (`enter`) and `walk`.
macro_rules! emitter {
    (
        module: $module:literal,
        pointer: $Pointer:ident,
        weak: $Weak:ident,
        sharing: $Sharing:ident,
        bounds: { $($bound:tt)* },
    ) => {
        use alloc::vec::Vec;
        use core::fmt;

        use crate::emitter::{Name, TooDeep};
        use crate::observers::{ListenerId, Observers, Resolved};
        use crate::sharing::$Sharing;
        use crate::snapshot::Snapshot;

        /// Calls closures by the name of an event.
        ///
        /// `A` is what listeners get to see, by reference; `R` is what they answer. A clone is
        /// another handle to the same emitter; the emitter and its listeners go when the last
        /// handle does.
        ///
        /// Each emission calls the listeners that were registered when it began. From inside,
        /// listeners may add, take off (themselves too), and emit. A listener that captures a
        /// handle to its own emitter keeps it alive for ever: capture a
        /// [`WeakEmitter`], or pass the emitter in `A`.
        ///
        #[doc = concat!("```\nuse ", $module, "::EventEmitter;\n")]
        /// let emitter = EventEmitter::<str>::new();
        /// emitter.on("greet", |name| println!("hello {name}"));
        /// let guard = emitter.subscribe("greet", |name| println!("hi {name}"));
        ///
        /// assert_eq!(emitter.emit("greet", "Ada"), Ok(2));
        /// drop(guard);
        /// assert_eq!(emitter.emit("greet", "Bob"), Ok(1));
        /// assert_eq!(emitter.emit("leave", "Bob"), Ok(0));
        /// ```
        ///
        /// Listeners that may fail answer a `Result`; all run, and whoever emits sees each answer:
        ///
        #[doc = concat!("```\nuse ", $module, "::EventEmitter;\n")]
        /// let emitter = EventEmitter::<str, Result<(), &'static str>>::new();
        /// emitter.on("save", |_| Err("disk full"));
        /// emitter.on("save", |_| Ok(()));
        ///
        /// let mut errors = Vec::new();
        /// let called = emitter.emit_each("save", "a.txt", |answer| errors.extend(answer.err()));
        /// assert_eq!((called, errors), (Ok(2), vec!["disk full"]));
        /// ```
        pub struct EventEmitter<A: ?Sized + 'static, R: 'static = ()> {
            shared: $Pointer<Shared<A, R>>,
        }

        /// A handle that does not keep its emitter alive.
        pub struct WeakEmitter<A: ?Sized + 'static, R: 'static = ()> {
            shared: $Weak<Shared<A, R>>,
        }

        /// A handle to one event of an emitter, which finds the event once instead of at each
        /// emission: for hot events.
        ///
        /// It sees all later changes of the event's listeners, by whatever handle they are made,
        /// and keeps emitter and name alive.
        pub struct Event<A: ?Sized + 'static, R: 'static = ()> {
            emitter: EventEmitter<A, R>,
            name: Name,
            resolved: Resolved,
        }

        /// Takes its listener off when dropped, wherever that happens: in the listener itself, or
        /// after the emitter.
        #[must_use = "dropping it takes the listener off"]
        pub struct Subscription {
            /// `None` after [`detach`](Self::detach).
            emitter: Option<$Weak<dyn Off $($bound)*>>,
            id: ListenerId,
        }

        type Listener<A, R> = $Pointer<dyn Fn(&A) -> R $($bound)*>;

        type Registry<A, R> = Observers<Name, Listener<A, R>, $Sharing>;

        struct Shared<A: ?Sized + 'static, R: 'static> {
            observers: Lock<Registry<A, R>>,
            depth: Depth,
        }

        impl<A: ?Sized + 'static, R: 'static> EventEmitter<A, R> {
            /// An emitter without listeners.
            pub fn new() -> Self {
                let shared = Shared {
                    observers: Lock::new(Observers::with_sharing().keep_removed()),
                    depth: Depth::default(),
                };
                Self { shared: $Pointer::new(shared) }
            }

            /// Adds a listener behind those of the event.
            pub fn on(
                &self,
                event: impl Into<Name>,
                listener: impl Fn(&A) -> R $($bound)* + 'static,
            ) -> ListenerId {
                let (event, listener) = (event.into(), $Pointer::new(listener));
                self.shared.change(|observers| observers.on(event, listener))
            }

            /// Adds a listener that is called once, behind those of the event.
            pub fn once(
                &self,
                event: impl Into<Name>,
                listener: impl Fn(&A) -> R $($bound)* + 'static,
            ) -> ListenerId {
                let (event, listener) = (event.into(), $Pointer::new(listener));
                self.shared.change(|observers| observers.once(event, listener))
            }

            /// Adds a listener to every event. These come before an event's own.
            pub fn on_any(&self, listener: impl Fn(&A) -> R $($bound)* + 'static) -> ListenerId {
                let listener = $Pointer::new(listener);
                self.shared.change(|observers| observers.on_any(listener))
            }

            /// Adds a listener before those of the event.
            pub fn prepend(
                &self,
                event: impl Into<Name>,
                listener: impl Fn(&A) -> R $($bound)* + 'static,
            ) -> ListenerId {
                let (event, listener) = (event.into(), $Pointer::new(listener));
                self.shared.change(|observers| observers.prepend(event, listener))
            }

            /// Adds a listener that is called once, before those of the event.
            pub fn prepend_once(
                &self,
                event: impl Into<Name>,
                listener: impl Fn(&A) -> R $($bound)* + 'static,
            ) -> ListenerId {
                let (event, listener) = (event.into(), $Pointer::new(listener));
                self.shared.change(|observers| observers.prepend_once(event, listener))
            }

            /// Adds a listener that stays as long as the guard.
            pub fn subscribe(
                &self,
                event: impl Into<Name>,
                listener: impl Fn(&A) -> R $($bound)* + 'static,
            ) -> Subscription {
                self.guard(self.on(event, listener))
            }

            /// A guard for any listener of this emitter.
            pub fn guard(&self, id: ListenerId) -> Subscription {
                let shared = $Pointer::downgrade(&self.shared);
                Subscription { emitter: Some(shared), id }
            }

            /// Takes one listener off. False if it was off already, or was to be called once and
            /// has been.
            ///
            /// An emission that has begun still calls it.
            pub fn off(&self, id: ListenerId) -> bool {
                self.shared.off(id)
            }

            /// Takes all listeners of one event off; catch-all listeners stay.
            pub fn off_event(&self, event: &str) {
                self.shared.change(|observers| observers.off_event(event));
            }

            /// Takes all catch-all listeners off.
            pub fn off_any(&self) {
                self.shared.change(Observers::off_any);
            }

            /// Takes everything off.
            pub fn clear(&self) {
                self.shared.change(Observers::clear);
            }

            /// Calls the listeners of the event, gives each answer to `answer`, and tells how many
            /// were called.
            ///
            /// # Errors
            ///
            /// [`TooDeep`], and nobody is called, if this emission is nested in too many others.
            pub fn emit_each(
                &self,
                event: &str,
                args: &A,
                answer: impl FnMut(R),
            ) -> Result<usize, TooDeep> {
                self.shared.emit(|observers| observers.snapshot(event), args, answer)
            }

            /// A handle that skips the look-up of the event.
            pub fn event(&self, event: impl Into<Name>) -> Event<A, R> {
                let name = event.into();
                let resolved = self.shared.change(|observers| observers.resolve(name.clone()));
                Event { emitter: self.clone(), name, resolved }
            }

            /// The names that have listeners of their own, sorted.
            pub fn events(&self) -> Vec<Name> {
                self.shared.observers.read(|observers| observers.events().cloned().collect())
            }

            /// How many listeners of its own an event has; catch-all listeners are not counted.
            pub fn listener_count(&self, event: &str) -> usize {
                self.shared.observers.read(|observers| observers.listener_count(event))
            }

            /// How many listeners there are, of all events and catch-all.
            pub fn len(&self) -> usize {
                self.shared.observers.read(Observers::len)
            }

            /// Whether no event would call anything.
            pub fn is_empty(&self) -> bool {
                self.shared.observers.read(Observers::is_empty)
            }

            /// A handle that does not keep the emitter alive, for listeners to capture.
            pub fn downgrade(&self) -> WeakEmitter<A, R> {
                WeakEmitter { shared: $Pointer::downgrade(&self.shared) }
            }
        }

        impl<A: ?Sized + 'static> EventEmitter<A> {
            /// Calls the listeners of the event and tells how many were called.
            ///
            /// # Errors
            ///
            /// [`TooDeep`], and nobody is called, if this emission is nested in too many others.
            pub fn emit(&self, event: &str, args: &A) -> Result<usize, TooDeep> {
                self.emit_each(event, args, |()| {})
            }
        }

        impl<A: ?Sized + 'static, R: 'static> Event<A, R> {
            /// Adds a listener behind those of the event: [`EventEmitter::on`] without the look-up.
            pub fn on(&self, listener: impl Fn(&A) -> R $($bound)* + 'static) -> ListenerId {
                let listener = $Pointer::new(listener);
                let resolved = &self.resolved;
                self.emitter.shared.change(|observers| observers.on_resolved(resolved, listener))
            }

            /// As [`EventEmitter::emit_each`].
            ///
            /// # Errors
            ///
            /// As there.
            pub fn emit_each(&self, args: &A, answer: impl FnMut(R)) -> Result<usize, TooDeep> {
                let snapshot =
                    |observers: &Registry<A, R>| observers.snapshot_of(&self.resolved);
                self.emitter.shared.emit(snapshot, args, answer)
            }

            /// The emitter.
            pub fn emitter(&self) -> &EventEmitter<A, R> {
                &self.emitter
            }

            /// The name of the event.
            pub fn name(&self) -> &str {
                &self.name
            }
        }

        impl<A: ?Sized + 'static> Event<A> {
            /// As [`EventEmitter::emit`].
            ///
            /// # Errors
            ///
            /// As there.
            pub fn emit(&self, args: &A) -> Result<usize, TooDeep> {
                self.emit_each(args, |()| {})
            }
        }

        impl<A: ?Sized + 'static, R: 'static> WeakEmitter<A, R> {
            /// The emitter, if another handle still keeps it.
            pub fn upgrade(&self) -> Option<EventEmitter<A, R>> {
                self.shared.upgrade().map(|shared| EventEmitter { shared })
            }
        }

        impl Subscription {
            /// Leaves the listener where it is, and returns its id.
            pub fn detach(mut self) -> ListenerId {
                self.emitter = None;
                self.id
            }

            /// The id of the listener.
            pub fn id(&self) -> ListenerId {
                self.id
            }
        }

        impl Drop for Subscription {
            fn drop(&mut self) {
                if let Some(emitter) = self.emitter.take().and_then(|weak| weak.upgrade()) {
                    emitter.off(self.id);
                }
            }
        }

        impl<A: ?Sized + 'static, R: 'static> Drop for Event<A, R> {
            fn drop(&mut self) {
                let resolved = self.resolved.take();
                self.emitter.shared.change(|observers| observers.release(resolved));
            }
        }

        /// An emitter of whatever type, as its guards see it.
        trait Off {
            fn off(&self, id: ListenerId) -> bool;
        }

        impl<A: ?Sized + 'static, R: 'static> Off for Shared<A, R> {
            fn off(&self, id: ListenerId) -> bool {
                // Dropped here, outside of the lock.
                let mut taken = None;
                self.change(|observers| observers.off_into(id, &mut taken))
            }
        }

        impl<A: ?Sized + 'static, R: 'static> Shared<A, R> {
            fn change<T>(
                &self,
                change: impl FnOnce(&mut Registry<A, R>) -> T,
            ) -> T {
                let (result, removed) = (self.observers)
                    .write(|observers| (change(observers), observers.take_removed()));
                // The lock is free again: what a listener owned may come back to this emitter when
                // it goes.
                drop(removed);
                result
            }

            fn emit(
                &self,
                snapshot: impl FnOnce(&Registry<A, R>) -> Snapshot<Listener<A, R>, $Sharing>,
                args: &A,
                mut answer: impl FnMut(R),
            ) -> Result<usize, TooDeep> {
                let _nested = self.depth.enter().ok_or(TooDeep)?;
                let listeners = self.observers.read(snapshot);
                let mut called = 0;
                walk(listeners.iter(), |listener| {
                    called += 1;
                    answer(listener(args));
                });
                Ok(called)
            }
        }

        impl<A: ?Sized + 'static, R: 'static> Clone for EventEmitter<A, R> {
            fn clone(&self) -> Self {
                Self { shared: $Pointer::clone(&self.shared) }
            }
        }

        impl<A: ?Sized + 'static, R: 'static> Clone for WeakEmitter<A, R> {
            fn clone(&self) -> Self {
                Self { shared: $Weak::clone(&self.shared) }
            }
        }

        impl<A: ?Sized + 'static, R: 'static> Clone for Event<A, R> {
            fn clone(&self) -> Self {
                self.emitter.event(self.name.clone())
            }
        }

        impl<A: ?Sized + 'static, R: 'static> Default for EventEmitter<A, R> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<A: ?Sized + 'static, R: 'static> fmt::Debug for EventEmitter<A, R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.shared.observers.read(|observers| {
                    f.debug_tuple("EventEmitter").field(observers).finish()
                })
            }
        }

        impl<A: ?Sized + 'static, R: 'static> fmt::Debug for WeakEmitter<A, R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("WeakEmitter").finish_non_exhaustive()
            }
        }

        impl<A: ?Sized + 'static, R: 'static> fmt::Debug for Event<A, R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple("Event").field(&self.name).finish()
            }
        }

        impl fmt::Debug for Subscription {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple("Subscription").field(&self.id).finish()
            }
        }
    };
}

pub(crate) use emitter;
