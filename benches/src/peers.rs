//! Other implementations, each doing the work of a row in the way of its own server or client.

pub(crate) mod engineioxide;
pub(crate) mod rs_events;
pub(crate) mod socketioxide;
