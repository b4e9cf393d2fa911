//! Conversations of a client with servers that behave, and with servers that do not.
//!
//! No sockets, no sleeps: the server is a script, or our own, and time is a number.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod acks;
mod backoff;
mod buffer;
mod connect;
mod disconnect;
mod hostile;
#[cfg(feature = "msgpack")]
mod msgpack;
mod multiplex;
mod reconnect;
mod recovery;
mod retries;
mod revision4;
mod support;
mod with_server;
mod world;
