//! Observers: who listens to what, in which order, and for how long.
//!
//! [`Observers`] is a registry of listeners by event. It calls nothing, so it serves any kind of listener and any runtime.
#![no_std]
#![warn(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::alloc_instead_of_core,
    clippy::indexing_slicing,
    clippy::string_slice
)]

extern crate alloc;

mod list;
mod observers;
mod removed;
mod snapshot;

pub use observers::{ListenerId, Observers, Resolved};
pub use removed::Removed;
pub use snapshot::{Iter, Snapshot};
