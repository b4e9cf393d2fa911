//! How fast the client sends, if that is limited.
//!
//! Every packet of the client counts, whatever it is and whether it is taken: each frame of the
//! session's link and of a candidate, those of the framing below included, and each packet in the
//! body of a POST. Bytes are those of the
//! frame, or of the whole body; one that is over
//! [`max_payload`](crate::config::ServerConfig::max_payload) counts as that many, which may have
//! been read of it. A body without a packet counts as one.

use super::Session;
use crate::rate::Bucket;
use crate::{CloseReason, Instant, config::ServerConfig};
use alloc::boxed::Box;

#[derive(Debug)]
pub(super) struct Pace {
    packets: Option<Bucket>,
    bytes: Option<Bucket>,
}

impl Pace {
    /// Boxed, and there only if it is asked for.
    pub(super) fn start(config: &ServerConfig, now: Instant) -> Option<Box<Self>> {
        let packets = config.packet_rate.map(|rate| Bucket::full(rate, now));
        let bytes = config.byte_rate.map(|rate| Bucket::full(rate, now));
        (packets.is_some() || bytes.is_some()).then(|| Box::new(Self { packets, bytes }))
    }

    /// One packet has come, and so many bytes.
    fn count(
        &mut self,
        config: &ServerConfig,
        bytes: usize,
        now: Instant,
    ) -> Result<(), CloseReason> {
        let holds = |bucket: &mut Option<Bucket>, rate, tokens| match (bucket, rate) {
            (Some(bucket), Some(rate)) => bucket.take(rate, tokens, now),
            _ => true,
        };
        if !holds(&mut self.packets, config.packet_rate, 1) {
            return Err(CloseReason::PacketRate);
        }
        if !holds(&mut self.bytes, config.byte_rate, bytes as u64) {
            return Err(CloseReason::ByteRate);
        }
        Ok(())
    }
}

impl Session {
    /// Counts a packet and its bytes. False: it was one too many, and the session has ended.
    #[inline]
    pub(super) fn keeps_pace(&mut self, bytes: usize, now: Instant) -> bool {
        let Some(pace) = &mut self.pace else {
            return true;
        };
        match pace.count(&self.config, bytes, now) {
            Ok(()) => true,
            Err(reason) => {
                self.terminate(reason, now);
                false
            }
        }
    }
}
