//! What handlers did, line by line.

use super::soon;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Written by handlers; the state of most servers here.
#[derive(Clone)]
pub(crate) struct Log(UnboundedSender<String>);

/// Read by the test.
pub(crate) struct Lines(UnboundedReceiver<String>);

impl Log {
    pub(crate) fn new() -> (Self, Lines) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), Lines(receiver))
    }

    pub(crate) fn add(&self, line: impl Into<String>) {
        // Fails if the test has seen enough.
        let _ = self.0.send(line.into());
    }
}

impl Lines {
    pub(crate) async fn next(&mut self) -> String {
        soon("a line of the log", self.0.recv()).await.unwrap()
    }

    /// The next lines, as many as asked for.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.next().await);
        }
        lines
    }

    /// The lines that are there now.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.0.try_recv() {
            lines.push(line);
        }
        lines
    }
}
