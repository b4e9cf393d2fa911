//! The client for plain threads.
mod client;
mod dispatcher;
mod driver;
mod emitter;
mod events;
mod handler;
mod socket;
mod wait;

pub use self::client::{Client, ClientBuilder};
pub(crate) use self::dispatcher::Dispatcher;
pub use self::emitter::Emitter;
pub use self::events::Events;
pub use self::handler::Handler;
pub use self::socket::Socket;
