//! Conversations of a client session with a server that does what the test says, by topic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod close;
mod eio3;
mod handshake;
mod heartbeat;
mod hostile;
mod limits;
mod pair;
mod polling;
mod support;
mod upgrade;
