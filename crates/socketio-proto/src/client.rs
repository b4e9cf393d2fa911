//! The client's side: a connection that is kept up, and the namespaces on it.

mod answers;
mod backoff;
mod config;
mod connect;
mod early;
mod engine;
mod error;
mod event;
mod manager;
mod membership;
mod outbox;
mod recovery;
mod retry;

pub use backoff::Backoff;
pub use config::{Config, SocketOptions};
pub use error::{AddError, ConnectError, ConnectFailure, DisconnectReason};
pub use event::{AckToken, Auth, Emit, Event, Socket};
pub use manager::Manager;
