//! Observers: who listens to what, in which order, and for how long.
//!
//! ```text
//!   on / once / prepend / on_any / off            snapshot("msg")
//!                 │                                     │  two reference counts, no lock afterwards
//!                 ▼                                     ▼
//!   ┌───────── Observers<K, L> ─────────┐      ┌── Snapshot<L> ──┐   iter()
//!   │  *      [ log ]                   │      │ [ log ]         │ ─────────► log, a, b     whoever emits
//!   │  "msg"  [ a, b ]   copy on write ─┼─────►│ [ a, b ]        │            calls them
//!   │  "end"  [ c ]                     │      └─────────────────┘
//!   └───────────────────────────────────┘
//! ```
//!
//! [`Observers`] is a registry of listeners by event. It calls nothing, so it serves any kind of
//! listener, blocking or async, and any runtime. Over it, [`local::EventEmitter`] and (feature
//! `std`) the `Send + Sync` `sync::EventEmitter` call closures; a `Subscription` takes its listener
//! off when dropped, an `Event` skips the look-up of hot events.
//!
//! # One emission
//!
//! 1. Take a [`Snapshot`] by shared access; if the registry is behind a lock, let the lock go.
//! 2. Walk [`Snapshot::iter`] and call each listener that it yields: the catch-all ones, then the
//!    event's own, each in order of registration with the prepended ones in front.
//! 3. Drop the snapshot.
//!
//! # What holds
//!
//! * `on` and `off` during an emission, from a listener or from elsewhere, change the next
//!   emission, not this one.
//! * A listener that is called once is called once, whatever nests or runs side by side.
//! * An id is never given twice; registering the same value twice gives two registrations.
//! * What comes and goes leaves nothing behind: neither listeners nor names, see [`Observers`].
//!
//! # Features
//!
//! * `std` (off by default): the module `sync`. Without it the crate is `no_std` and needs `alloc`
//!   with atomics.
#![no_std]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    clippy::indexing_slicing,
    clippy::string_slice
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod local;
#[cfg(feature = "std")]
pub mod sync;

mod emitter;
mod list;
mod observers;
mod removed;
mod sharing;
mod snapshot;

pub use emitter::{MAX_DEPTH, Name, TooDeep};
pub use observers::{ListenerId, Observers, Resolved};
pub use removed::Removed;
pub use sharing::{Atomic, Sharing, Unsync};
pub use snapshot::{Iter, Snapshot};
