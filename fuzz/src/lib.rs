//! What several fuzz targets need: how an input is cut into operations, and when two values are
//! the same.
//!
//! # Inputs
//!
//! A codec's target takes its input as it is. A target that needs several messages, or runs
//! operations, cuts it into [`records`] at each byte `0xFF`, which UTF-8 never has: so the
//! boundaries stay where they are when a mutation changes a length. The first byte of a record is
//! a letter that names an operation, and what follows are its [`Args`], in readable form: `f02probe`
//! is "on link 0, the frame `2probe`".

mod args;
mod packets;
mod query;
mod values;

pub use args::Args;
pub use packets::{check_packet, check_payload, messages};
pub use query::naive_pairs;
pub use values::{from_json, same, same_values};

use bytes::Bytes;
use engineio_proto::Text;

/// Ends a record.
pub const END: u8 = 0xff;

/// The records of an input.
pub fn records(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|byte| *byte == END)
}

/// The input as text, by the way that a program takes it. `None` if it is not UTF-8.
#[must_use]
pub fn text(data: &[u8]) -> Option<Text> {
    Text::try_from(Bytes::copy_from_slice(data)).ok()
}
