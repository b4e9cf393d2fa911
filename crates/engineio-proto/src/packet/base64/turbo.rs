//! The crate `base64-turbo`: wider vector instructions, found at run time.

use crate::DecodeError;
use alloc::{string::String, vec::Vec};
use base64_turbo::{STANDARD, STANDARD_NO_PAD};

pub(super) fn encode(data: &[u8], out: &mut [u8]) {
    let written = STANDARD.encode_slice(data, out);
    debug_assert!(written.is_ok(), "the room was counted");
}

pub(super) fn encode_string(data: &[u8], out: &mut String) {
    STANDARD.encode_string(data, out);
}

pub(super) fn decode_append(data: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let decoded = STANDARD_NO_PAD.decode_vec(data, out);
    decoded.map_err(|_| DecodeError::Base64)
}

pub(super) fn decode_slice(data: &[u8], out: &mut [u8]) -> Result<usize, DecodeError> {
    let decoded = STANDARD_NO_PAD.decode_slice(data, out);
    decoded.map_err(|_| DecodeError::Base64)
}
