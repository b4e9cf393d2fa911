//! The one place where this crate asks the operating system for randomness.

use std::sync::atomic::{AtomicU32, Ordering};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Makes ids in the shape of the reference: 12 random bytes and a 24-bit counter, in URL-safe
/// base64.
///
/// The randomness makes an id unguessable, the counter makes it unique within the process.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    next: AtomicU32,
}

impl Ids {
    /// Twenty characters of `A-Za-z0-9-_`.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub(crate) fn next(&self) -> Result<String, getrandom::Error> {
        let mut raw = [0u8; 15];
        let (random, counter) = raw.split_at_mut(12);
        getrandom::fill(random)?;
        let count = self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        counter.copy_from_slice(&count[1..]);
        Ok(encode(&raw))
    }

    /// A random number that is no secret; zero if there is no randomness.
    pub(crate) fn tag(&self) -> u64 {
        let mut raw = [0; 8];
        // Then the first namespaces need it, too, and nobody can come in.
        let _ = getrandom::fill(&mut raw);
        // Six characters are enough.
        u64::from_be_bytes(raw) >> 28
    }
}

fn encode(raw: &[u8; 15]) -> String {
    let mut text = String::with_capacity(20);
    for group in raw.chunks_exact(3) {
        let bits = group
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        for shift in [18, 12, 6, 0] {
            text.push(char::from(ALPHABET[(bits >> shift & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_url_safe_and_count_up_at_the_end() {
        let ids = Ids::default();
        let first = ids.next().unwrap();
        let second = ids.next().unwrap();
        assert_eq!((first.len(), &first[16..]), (20, "AAAA"));
        assert_eq!(&second[16..], "AAAB");
        assert_ne!(first[..16], second[..16]);
    }

    #[test]
    fn the_alphabet_is_the_url_safe_one() {
        assert_eq!(encode(&[0xff; 15]), "_".repeat(20));
        assert_eq!(
            &encode(&[0xfb, 0xef, 0xbe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])[..4],
            "----"
        );
    }
}
