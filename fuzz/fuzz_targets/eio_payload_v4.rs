//! A body of protocol 4 is cut as the obvious way cuts it, and stays the same when written again.
#![no_main]

use engineio_proto::{DecodeError, PacketRef, payload::Encoding};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::check_payload;
use std::str;

fuzz_target!(|body: &[u8]| check_payload(Encoding::V4, body, &naive(body)));

/// All elements up to the first that is no packet.
fn naive(body: &[u8]) -> Vec<Result<PacketRef<'_>, DecodeError>> {
    let Ok(body) = str::from_utf8(body) else {
        return vec![Err(DecodeError::Utf8)];
    };
    let mut views = Vec::new();
    for element in body.split('\u{1e}') {
        views.push(PacketRef::from_text(element));
        if views.last().is_some_and(Result::is_err) {
            break;
        }
    }
    views
}
