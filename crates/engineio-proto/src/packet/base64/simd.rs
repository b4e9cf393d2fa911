//! The crate `base64-simd`: vector instructions, found at run time.

use crate::DecodeError;
use alloc::{string::String, vec::Vec};
use base64_simd::{AsOut as _, STANDARD, STANDARD_NO_PAD};

pub(super) fn encode(data: &[u8], out: &mut [u8]) {
    let _ = STANDARD.encode(data, out.as_out());
}

pub(super) fn encode_string(data: &[u8], out: &mut String) {
    STANDARD.encode_append(data, out);
}

pub(super) fn decode_append(data: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    let decoded = STANDARD_NO_PAD.decode_append(data, out);
    decoded.map_err(|_| DecodeError::Base64)
}

pub(super) fn decode_slice(data: &[u8], out: &mut [u8]) -> Result<usize, DecodeError> {
    let decoded = STANDARD_NO_PAD.decode(data, out.as_out());
    decoded
        .map(|bytes| bytes.len())
        .map_err(|_| DecodeError::Base64)
}
