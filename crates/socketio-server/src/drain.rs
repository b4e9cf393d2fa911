//! How a server that is shut down sends its clients away.

use crate::service::SHUTDOWN_PATIENCE;
use socketio_proto::Value;
use std::time::Duration;

/// How [`SocketIo::shutdown_with`](crate::SocketIo::shutdown_with) sends clients away.
///
/// All clients of a server that is gone come back at once, to the others of a cluster or to the next
/// version of this one. With a window they come a few at a time.
///
/// ```
/// use socketio_server::DrainPolicy;
/// use std::time::Duration;
///
/// let policy = DrainPolicy::over(Duration::from_secs(30)).notice("maintenance", "back in a minute");
/// assert_eq!(policy.patience, Duration::from_secs(2));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DrainPolicy {
    /// Time over which the disconnects are spread evenly. Default: zero, all at once. It ends early
    /// when the last client is gone.
    pub window: Duration,
    /// Time that is left for the last frames and answers to be taken, once every client was told.
    /// Default: 2 s. A shutdown takes no longer than `window` and `patience` together.
    pub patience: Duration,
    /// An event that every socket of every namespace gets at the beginning, with its one argument.
    /// Default: none; a client then learns of it by losing its connection, as from the reference.
    pub notice: Option<(String, Value)>,
}

impl Default for DrainPolicy {
    fn default() -> Self {
        Self {
            window: Duration::ZERO,
            patience: SHUTDOWN_PATIENCE,
            notice: None,
        }
    }
}

impl DrainPolicy {
    /// Disconnects spread over a window.
    #[must_use]
    pub fn over(window: Duration) -> Self {
        Self {
            window,
            ..Self::default()
        }
    }

    /// Sets [`patience`](Self::patience).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets [`notice`](Self::notice).
    #[must_use]
    pub fn notice(mut self, event: impl Into<String>, argument: impl Into<Value>) -> Self {
        self.notice = Some((event.into(), argument.into()));
        self
    }
}
