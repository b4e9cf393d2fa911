//! Compression of what polling clients get. Whether and in which coding is decided by
//! [`HttpCompression`]; here it is done.
//!
//! A compressor has 350 KB of state, and 100 KB of text take it between a quarter of a millisecond
//! and three of them, by level. So nothing is kept for a session, short bodies are done in one go,
//! and a long one gives the thread back after each piece. No more of these are under way than there
//! are processors; others wait for their turn, or the states would add up.

use bytes::Bytes;
use engineio_proto::config::HttpCompression;
use engineio_proto::http::{Coding, Response};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::{HeaderMap, header};
use std::io::{self, Write};
use tokio::sync::Semaphore;

/// Bytes that are compressed without a break.
const PIECE: usize = 32 * 1024;

pub(crate) struct Compressor {
    options: HttpCompression,
    turns: Semaphore,
}

impl Compressor {
    pub(super) fn new(options: HttpCompression) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            options,
            turns: Semaphore::new(processors),
        }
    }

    /// The response as it goes to the client that sent these headers.
    pub(super) async fn compress(&self, response: Response, headers: &HeaderMap) -> Response {
        let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
        let accepted = accepted.filter_map(|value| value.to_str().ok());
        let Some(coding) = self.options.coding(&response, accepted) else {
            return response;
        };
        // Never closed, so it fails never.
        let _turn = match response.body.len() {
            ..=PIECE => None,
            _ => self.turns.acquire().await.ok(),
        };
        match encode(coding, self.options.level, &response.body).await {
            Ok(body) => response.compressed(coding, body),
            // It is written to memory, which takes it all.
            Err(_) => response,
        }
    }
}

async fn encode(coding: Coding, level: u8, body: &[u8]) -> io::Result<Bytes> {
    let level = Compression::new(level.into());
    let out = match coding {
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            feed(&mut encoder, body).await?;
            encoder.finish()?
        }
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            feed(&mut encoder, body).await?;
            encoder.finish()?
        }
    };
    Ok(out.into())
}

async fn feed(encoder: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let mut pieces = body.chunks(PIECE);
    if let Some(first) = pieces.next() {
        encoder.write_all(first)?;
    }
    for piece in pieces {
        tokio::task::yield_now().await;
        encoder.write_all(piece)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::future::{Future, poll_fn};
    use std::pin::pin;

    #[tokio::test]
    async fn a_long_body_gives_way_after_each_piece() {
        for coding in [Coding::Gzip, Coding::Deflate] {
            let body = b"again and ".repeat(20_000);
            let mut packing = pin!(encode(coding, 6, &body));
            let mut polls = 0;
            let packed = poll_fn(|cx| {
                polls += 1;
                packing.as_mut().poll(cx)
            });
            assert!(packed.await.is_ok_and(|it| it.len() < body.len() / 10));
            assert_eq!(polls, body.len().div_ceil(PIECE));
        }
    }

    #[tokio::test]
    async fn long_bodies_wait_for_their_turn_and_short_ones_pass_them() {
        let compressor = Compressor::new(HttpCompression::default().threshold(1));
        let headers = HeaderMap::from_iter([(
            header::ACCEPT_ENCODING,
            header::HeaderValue::from_static("gzip"),
        )]);
        let compress = |length| {
            let mut response = Response::preflight();
            response.body = vec![b'x'; length].into();
            response.may_compress = true;
            compressor.compress(response, &headers)
        };
        let others = compressor.turns.available_permits();
        let others = compressor.turns.acquire_many(others as u32).await;
        let mut long = Box::pin(compress(PIECE + 1));
        assert!((&mut long).now_or_never().is_none());
        let short = compress(PIECE).now_or_never();
        assert_eq!(short.and_then(|it| it.coding), Some(Coding::Gzip));
        drop(others);
        assert_eq!(long.await.coding, Some(Coding::Gzip));
    }
}
