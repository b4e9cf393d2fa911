//! Pseudo-random traffic, the same on every run and machine.

use super::{Article, Chat, Page};
use bytes::Bytes;

/// Xorshift with a multiplier: small, and good enough for text.
pub(super) struct Random(u64);

/// Plain words, and behind `COMMON` those that need escapes or more than a byte a character.
const WORDS: [&str; 36] = [
    "the",
    "order",
    "update",
    "player",
    "moved",
    "hello",
    "everyone",
    "meeting",
    "starts",
    "in",
    "five",
    "minutes",
    "please",
    "check",
    "price",
    "of",
    "ticket",
    "and",
    "confirm",
    "today",
    "room",
    "typing",
    "joined",
    "left",
    "score",
    "ok",
    "server",
    "client",
    "latency",
    "graph",
    "café",
    "naïve",
    "日本",
    "👍",
    "\"quoted\"",
    "line\nbreak",
];
const COMMON: usize = 30;

impl Random {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound
    }

    fn number(&mut self, bound: usize) -> u64 {
        self.below(bound) as u64
    }

    pub(super) fn bytes(&mut self, len: usize) -> Bytes {
        (0..len).map(|_| (self.next() >> 56) as u8).collect()
    }

    /// So many bytes of text, one word in thirty of which is not plain.
    pub(super) fn sentence(&mut self, len: usize) -> String {
        let mut text = String::with_capacity(len);
        while text.len() < len {
            let words = if self.below(30) == 0 {
                WORDS.len()
            } else {
                COMMON
            };
            let word = WORDS[self.below(words)];
            if text.len() + word.len() < len {
                text.push_str(word);
                text.push(' ');
            } else {
                text.push('.');
            }
        }
        text
    }

    pub(super) fn token(&mut self, len: usize) -> String {
        let alphabet = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        (0..len)
            .map(|_| char::from(alphabet[self.below(alphabet.len())]))
            .collect()
    }

    pub(super) fn chat(&mut self) -> Chat {
        Chat {
            id: 1_000_000 + self.number(9_000_000),
            user: format!("user_{}", self.below(100_000)),
            room: "general".to_owned(),
            text: self.sentence(36),
            time: 1_700_000_000_000 + self.number(100_000_000),
        }
    }

    pub(super) fn page(&mut self, articles: u64) -> Page {
        Page {
            page: 3,
            articles: (0..articles)
                .map(|index| Article {
                    id: 500_000 + index * 7,
                    code: format!("SKU-{:06}", self.below(1_000_000)),
                    title: self.sentence(40),
                    // Never a whole number, whose spelling differs between JavaScript and Rust.
                    price: self.below(1000) as f64 + (1 + self.below(99)) as f64 / 100.0,
                    stock: self.number(500) as u32,
                    active: self.below(2) == 0,
                    tags: vec![
                        ["new", "sale", "hot"][self.below(3)].to_owned(),
                        ["eu", "us", "apac"][self.below(3)].to_owned(),
                    ],
                })
                .collect(),
        }
    }
}
