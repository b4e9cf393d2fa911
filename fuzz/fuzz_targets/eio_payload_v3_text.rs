//! A text body of protocol 3 is cut as the obvious way cuts it, in UTF-16, and stays the same when
//! written again.
#![no_main]

use engineio_proto::{DecodeError, PacketRef, payload::Encoding};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::check_payload;
use std::str;

fuzz_target!(|body: &[u8]| check_payload(Encoding::V3Text, body, &naive(body)));

/// All elements up to the first that is no packet, character by character.
fn naive(body: &[u8]) -> Vec<Result<PacketRef<'_>, DecodeError>> {
    let Ok(mut rest) = str::from_utf8(body) else {
        return vec![Err(DecodeError::Utf8)];
    };
    if rest.is_empty() {
        return vec![Err(DecodeError::Empty)];
    }
    let mut views = Vec::new();
    while !rest.is_empty() {
        let Some((element, behind)) = element(rest) else {
            views.push(Err(DecodeError::Length));
            break;
        };
        rest = behind;
        if element.is_empty() {
            continue;
        }
        views.push(PacketRef::from_text_v3(element));
        if views.last().is_some_and(Result::is_err) {
            break;
        }
    }
    views
}

fn element(input: &str) -> Option<(&str, &str)> {
    let (digits, rest) = input.split_once(':')?;
    if digits.len() > 15 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let len: usize = digits.parse().ok()?;
    let (mut units, mut bytes) = (0, 0);
    for c in rest.chars() {
        if units >= len {
            break;
        }
        units += c.len_utf16();
        bytes += c.len_utf8();
    }
    (units == len).then(|| rest.split_at(bytes))
}
