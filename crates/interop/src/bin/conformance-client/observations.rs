//! What is printed, and waiting for it.

use serde_json::Value as Json;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// The lines printed so far.
pub(crate) struct Observations {
    lines: Mutex<Vec<Json>>,
    count: watch::Sender<usize>,
}

impl Observations {
    pub(crate) fn new() -> Self {
        Self {
            lines: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }

    /// Prints a line at once.
    pub(crate) fn print(&self, line: Json) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut output = std::io::stdout().lock();
        // Whoever started us has had enough if this fails.
        let _ = writeln!(output, "{line}").and_then(|()| output.flush());
        lines.push(line);
        self.count.send_replace(lines.len());
    }

    /// Waits until so many lines since the start match.
    pub(crate) async fn wait(&self, wanted: &Json, count: usize) {
        let mut printed = self.count.subscribe();
        let (mut seen, mut found) = (0, 0);
        loop {
            {
                let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
                let new = lines.iter().skip(seen);
                found += new.filter(|line| matches(line, wanted)).count();
                seen = lines.len();
            }
            // The sender is in here, so it is not gone.
            if found >= count || printed.wait_for(|lines| *lines > seen).await.is_err() {
                return;
            }
        }
    }
}

/// Whether a line has every member that is wanted, with an equal value.
fn matches(line: &Json, wanted: &Json) -> bool {
    let Json::Object(wanted) = wanted else {
        return false;
    };
    wanted
        .iter()
        .all(|(name, value)| line.get(name) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_matches_by_the_members_that_are_wanted() {
        let line = json!({ "t": "ack", "s": "a", "error": null, "args": [1, { "x": 2 }] });
        for wanted in [
            json!({}),
            json!({ "t": "ack", "error": null }),
            json!({ "args": [1, { "x": 2 }] }),
        ] {
            assert!(matches(&line, &wanted), "{wanted}");
        }
        for wanted in [
            json!({ "t": "event" }),
            json!({ "args": [1] }),
            json!({ "label": null }),
        ] {
            assert!(!matches(&line, &wanted), "{wanted}");
        }
    }
}
