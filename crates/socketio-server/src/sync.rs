//! Locks that outlive a panic.

pub(crate) use socketio_handler::sync::{lock, read, write};
