//! What goes to standard error while clients are served.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So few lines of so many characters fit into a pipe that nobody reads, and a client that makes
/// mistakes on purpose can't make the server wait for a reader.
const LINES: usize = 100;
const CHARACTERS: usize = 150;

/// Writes a line, unless there were many. That nobody wants it is no failure.
pub(crate) fn tell(what: &str) {
    static TOLD: AtomicUsize = AtomicUsize::new(0);
    if TOLD.load(Ordering::Relaxed) < LINES && TOLD.fetch_add(1, Ordering::Relaxed) < LINES {
        let line: String = what.chars().take(CHARACTERS).collect();
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}
