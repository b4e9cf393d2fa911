//! What is measured, a file for each bench.

mod codec_engineio;
mod codec_socketio;
mod msgpack;
mod observer;
mod payload;
mod session;

use crate::Row;
#[cfg(feature = "peers")]
pub(crate) use {
    codec_socketio::shown,
    observer::{OTHERS, counted},
};

/// The rows of one bench.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// As the bench is called.
    pub name: &'static str,
    /// Makes its rows.
    pub rows: fn() -> Vec<Row>,
}

/// All benches, in the order of the table.
pub const GROUPS: [Group; 6] = [
    Group {
        name: "codec_engineio",
        rows: codec_engineio::rows,
    },
    Group {
        name: "payload",
        rows: payload::rows,
    },
    Group {
        name: "codec_socketio",
        rows: codec_socketio::rows,
    },
    Group {
        name: "msgpack",
        rows: msgpack::rows,
    },
    Group {
        name: "session",
        rows: session::rows,
    },
    Group {
        name: "observer",
        rows: observer::rows,
    },
];

/// The rows of all benches, with the name of the bench.
pub fn all() -> impl Iterator<Item = (&'static str, Row)> {
    GROUPS
        .into_iter()
        .flat_map(|group| (group.rows)().into_iter().map(move |row| (group.name, row)))
}
