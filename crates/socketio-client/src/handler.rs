//! What handlers are once their parameters are forgotten: the same for both adapters.

#[cfg(feature = "tokio")]
mod asynchronous;

#[cfg(feature = "tokio")]
pub use self::asynchronous::{Handler, TypedHandler};

use crate::socket_ref::SocketRef;
use socketio_handler::run::Task;

/// A handler that was called: done at once, or a future.
pub(crate) type Started = Option<Task<()>>;

/// A handler whose parameters are forgotten.
pub(crate) type Listener = socketio_handler::Listener<SocketRef, Started>;
