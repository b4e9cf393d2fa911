//! The client for threads, against our own server and against rude ones.
#![cfg(feature = "_blocking")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connect;
mod events;
mod examples;
mod http;
mod reconnect;
mod silence;
mod support;
#[cfg(feature = "blocking")]
mod tls;
mod typed;
