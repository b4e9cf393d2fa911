//! Waiting, in a thread that has nothing else to do.

use crate::clock::Clock;
use engineio_proto::Instant;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Looks whenever something may have changed, until there is a result, or until the time is over.
pub(crate) fn wait<T>(
    deadline: Option<(Clock, Instant)>,
    mut look: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> Option<T> {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(result) = look(&mut cx) {
            return Some(result);
        }
        match deadline {
            None => thread::park(),
            Some((clock, deadline)) => {
                let now = clock.now();
                if now >= deadline {
                    return None;
                }
                thread::park_timeout(deadline - now);
            }
        }
    }
}
