//! Vector instructions, found at run time: the crate `base64-simd` to write and for what is short,
//! and the engine of the crate `base64`, twice as fast there, to read what is long.

use crate::DecodeError;
use alloc::{string::String, vec::Vec};
use base64::Engine as _;
use base64_simd::{AsOut as _, STANDARD, STANDARD_NO_PAD};

/// Characters from which on the engine for long messages is the faster one.
const LONG: usize = 256;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static LONG_READER: std::sync::LazyLock<base64::engine::Simd> = std::sync::LazyLock::new(|| {
    base64::engine::Simd::standard(base64::engine::general_purpose::NO_PAD)
});
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::engine::general_purpose::STANDARD_NO_PAD as LONG_READER;

pub(super) fn encode(data: &[u8], out: &mut [u8]) {
    let _ = STANDARD.encode(data, out.as_out());
}

pub(super) fn encode_string(data: &[u8], out: &mut String) {
    STANDARD.encode_append(data, out);
}

pub(super) fn decode_append(data: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
    if data.len() < LONG {
        let decoded = STANDARD_NO_PAD.decode_append(data, out);
        return decoded.map_err(|_| DecodeError::Base64);
    }
    let decoded = LONG_READER.decode_vec(data, out);
    decoded.map_err(|_| DecodeError::Base64)
}

pub(super) fn decode_slice(data: &[u8], out: &mut [u8]) -> Result<usize, DecodeError> {
    if data.len() < LONG {
        let decoded = STANDARD_NO_PAD.decode(data, out.as_out());
        return decoded
            .map(|bytes| bytes.len())
            .map_err(|_| DecodeError::Base64);
    }
    let decoded = LONG_READER.decode_slice(data, out);
    decoded.map_err(|_| DecodeError::Base64)
}
