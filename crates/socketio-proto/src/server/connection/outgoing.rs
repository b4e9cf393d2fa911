//! What a connection sends: whole packets, as far as the engine has room for them.

use super::pop;
use crate::server::Credit;
use crate::{Body, EmitError, Encoded, Format, Namespace, Packet, Parser, PayloadError};
use alloc::collections::VecDeque;
use alloc::sync::Arc;

/// Packets on their way to the engine. Each was counted against the credit, so all of them fit.
#[derive(Debug)]
pub(super) struct Outgoing {
    parser: Arc<dyn Parser>,
    credit: Credit,
    packets: VecDeque<(Encoded, bool)>,
}

impl Outgoing {
    pub(super) fn new(parser: Arc<dyn Parser>) -> Self {
        Self {
            parser,
            credit: Credit {
                writable: false,
                room_bytes: usize::MAX,
                room_packets: usize::MAX,
            },
            packets: VecDeque::new(),
        }
    }

    pub(super) fn set_credit(&mut self, credit: Credit) {
        self.credit = credit;
    }

    /// The one check per packet: all of its messages fit, or none is sent.
    pub(super) fn push(&mut self, encoded: Encoded, compress: bool) -> Result<(), EmitError> {
        self.credit = self
            .credit
            .spend(encoded.messages())
            .ok_or(EmitError::Full)?;
        self.packets.push_back((encoded, compress));
        Ok(())
    }

    /// The next packet, and whether it may be compressed.
    pub(super) fn poll(&mut self) -> Option<(Encoded, bool)> {
        pop(&mut self.packets)
    }

    pub(super) fn clear(&mut self) {
        self.packets.clear();
    }

    pub(super) fn encode(&self, namespace: Namespace, body: Body) -> Result<Encoded, EmitError> {
        self.parser
            .encode_owned(Packet { namespace, body })
            .map_err(|error| match error {
                PayloadError::Unfit(packet) => EmitError::Unfit(packet),
                _ => EmitError::Unfit("the parser"),
            })
    }

    /// A volatile event does not wait for the transport.
    pub(super) fn may_drop(&self, volatile: bool) -> Result<(), EmitError> {
        if volatile && !self.credit.writable {
            Err(EmitError::Dropped)
        } else {
            Ok(())
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The format of payloads to be sent.
    pub(super) fn format(&self) -> Format {
        self.parser.format()
    }
}
