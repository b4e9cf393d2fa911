//! What stands around the data of a packet.
//!
//! In front of the data there are always as many bytes. So who writes data leaves room for them,
//! and the packet is complete without the data being moved.

use super::ser::Writer;
use crate::{AckId, Body, Namespace};
use alloc::vec::Vec;
use serde_json::Error;

/// The bytes in front of the data.
pub(crate) const HEADROOM: usize = 12;

/// The bytes behind the data, at most, without the name of the namespace.
const TAIL: usize = 3 + 9 + 4 + 5;

pub(super) struct Envelope<'a> {
    digit: u8,
    id: Option<AckId>,
    namespace: &'a Namespace,
}

impl<'a> Envelope<'a> {
    pub(super) fn connect(namespace: &'a Namespace) -> Self {
        Self {
            digit: 0,
            id: None,
            namespace,
        }
    }

    pub(super) fn event(id: Option<AckId>, namespace: &'a Namespace) -> Self {
        let digit = 2;
        Self {
            digit,
            id,
            namespace,
        }
    }

    pub(super) fn ack(id: AckId, namespace: &'a Namespace) -> Self {
        Self {
            digit: 3,
            id: Some(id),
            namespace,
        }
    }

    pub(super) fn of(body: &Body, namespace: &'a Namespace) -> Self {
        let digit = match *body {
            Body::Connect(_) => return Self::connect(namespace),
            Body::Disconnect => 1,
            Body::Event { id, .. } => return Self::event(id, namespace),
            Body::Ack { id, .. } => return Self::ack(id, namespace),
            Body::ConnectError(_) => 4,
        };
        Self {
            digit,
            id: None,
            namespace,
        }
    }

    /// How much room a packet with so many bytes of data needs, at most.
    pub(super) fn len_around(&self, data: usize) -> usize {
        HEADROOM + data + TAIL + self.namespace.as_str().len()
    }

    /// Up to the data. The reference gives its members in this order, except that its
    /// acknowledgements begin with their id; nobody depends on it.
    pub(super) fn before_data(&self) -> [u8; HEADROOM] {
        let map = 0x83 + u8::from(self.id.is_some());
        let digit = self.digit;
        let [d, a, t] = *b"dat";
        [map, 0xa4, b't', b'y', b'p', b'e', digit, 0xa4, d, a, t, a]
    }

    /// Up to where the data would be, of a packet without.
    pub(super) fn before_nothing(&self) -> [u8; 7] {
        let map = 0x82 + u8::from(self.id.is_some());
        [map, 0xa4, b't', b'y', b'p', b'e', self.digit]
    }

    /// From the data on. The namespace is always there, also `/`.
    pub(super) fn after_data(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(AckId(id)) = self.id {
            out.extend_from_slice(b"\xa2id");
            Writer::new(out).value(&id)?;
        }
        out.extend_from_slice(b"\xa3nsp");
        Writer::new(out).value(self.namespace.as_str())?;
        Ok(())
    }
}
