//! Conversations with a server session, by topic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod admission;
mod close;
mod eio3;
mod handshake;
mod heartbeat;
mod http;
mod jsonp;
mod limits;
mod pace;
mod polling;
mod properties;
mod stream;
mod support;
mod taking_back;
mod upgrade;
mod v3;
mod vectors;
