//! A binary body of protocol 3 is cut as the obvious way cuts it, and stays the same when written
//! again.
#![no_main]

use engineio_proto::{DecodeError, PacketRef, payload::Encoding};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::check_payload;
use std::str;

fuzz_target!(|body: &[u8]| check_payload(Encoding::V3Binary, body, &naive(body)));

/// All elements up to the first that is no packet.
fn naive(body: &[u8]) -> Vec<Result<PacketRef<'_>, DecodeError>> {
    if body.is_empty() {
        return vec![Err(DecodeError::Empty)];
    }
    let mut views = Vec::new();
    let mut at = 0;
    while at < body.len() {
        match element(body, &mut at) {
            Ok(view) => views.push(Ok(view)),
            Err(error) => {
                views.push(Err(error));
                break;
            }
        }
    }
    views
}

fn element<'a>(body: &'a [u8], at: &mut usize) -> Result<PacketRef<'a>, DecodeError> {
    let kind = body[*at];
    if kind > 1 {
        return Err(DecodeError::UnknownType(kind));
    }
    let start = *at + 1;
    let digits = body[start..].iter().take_while(|byte| **byte != 0xff);
    let digits: Vec<u8> = digits.copied().collect();
    let data = start + digits.len() + 1;
    if digits.is_empty() || digits.len() > 15 || digits.iter().any(|digit| *digit > 9) {
        return Err(DecodeError::Length);
    }
    let len = digits
        .iter()
        .fold(0, |len, digit| len * 10 + usize::from(*digit));
    let packet = body.get(data..data + len).ok_or(DecodeError::Length)?;
    *at = data + len;
    if kind == 0 {
        PacketRef::from_text_v3(str::from_utf8(packet).map_err(|_| DecodeError::Utf8)?)
    } else {
        PacketRef::from_binary_v3(packet)
    }
}
