//! Clients that lose their connection and come back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../client/mod.rs"]
mod client;

mod bounds;
mod conversations;
mod world;
