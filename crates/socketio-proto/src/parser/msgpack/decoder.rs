//! One connection's messages to packets: each message is one.

use super::PacketRef;
use crate::parser::{Decoder, Kind, Limits};
use crate::{AckId, Body, DecodeError, Message, Namespace, Packet, Payload, Text};
use bytes::{Buf, Bytes};
use core::ops::Range;

#[derive(Debug)]
pub(super) struct MsgPackDecoder {
    limits: Limits,
    /// That of the last packet: the next one's is mostly the same.
    namespace: Namespace,
}

impl MsgPackDecoder {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            namespace: Namespace::root(),
        }
    }

    fn packet(&mut self, message: Bytes) -> Result<Option<Packet>, DecodeError> {
        let Limits {
            max_bytes,
            max_depth,
            max_namespace,
            ..
        } = self.limits;
        if message.len() > max_bytes {
            return Err(DecodeError::Limit { what: "bytes" });
        }
        let PacketRef {
            kind,
            namespace,
            id,
            data,
            is_binary,
        } = PacketRef::parse_in(self.namespace.as_str(), &message, max_depth)?;
        let range = data.map(|data| {
            let start = data.as_ptr().addr() - message.as_ptr().addr();
            start..start + data.len()
        });
        if namespace.len() > max_namespace {
            return Err(DecodeError::Limit { what: "namespace" });
        }
        if namespace != self.namespace.as_str() {
            // A copy: it outlives the message.
            self.namespace = Namespace::new(Text::new(namespace)).ok_or(DecodeError::Namespace)?;
        }
        let data = range.map(|range| self.cut(message, range, is_binary));
        let Some(body) = self.body(kind, id, data, is_binary)? else {
            return Ok(None);
        };
        Ok(Some(Packet {
            namespace: self.namespace.clone(),
            body,
        }))
    }

    /// The data alone. Nobody needs the message any more: its reference becomes that of the data.
    fn cut(&self, mut message: Bytes, range: Range<usize>, is_binary: bool) -> Bytes {
        message.truncate(range.end);
        message.advance(range.start);
        // Binary data may be kept for long, and with it whatever it is a slice of.
        if is_binary && message.len() < self.limits.copy_below {
            Bytes::copy_from_slice(&message)
        } else {
            message
        }
    }

    fn body(
        &self,
        kind: Kind,
        id: Option<AckId>,
        data: Option<Bytes>,
        is_binary: bool,
    ) -> Result<Option<Body>, DecodeError> {
        Ok(Some(match (kind, data) {
            (Kind::Connect, data) => {
                Body::Connect(data.map(|data| Payload::from_msgpack_value(data, is_binary)))
            }
            (Kind::Disconnect, _) => Body::Disconnect,
            (Kind::Event, Some(data)) => Body::Event {
                id,
                payload: Payload::from_msgpack_event(data, is_binary, self.limits.max_event)?,
            },
            (Kind::Ack, Some(data)) => {
                let payload = Payload::from_msgpack_list(data, is_binary);
                let Some(id) = id else {
                    // Nobody will look at it again.
                    payload.check(self.limits.max_depth)?;
                    return Ok(None);
                };
                Body::Ack { id, payload }
            }
            (Kind::ConnectError, Some(data)) => {
                Body::ConnectError(Payload::from_msgpack_value(data, is_binary))
            }
            (Kind::Event | Kind::Ack | Kind::ConnectError, None) => {
                return Err(DecodeError::Payload);
            }
        }))
    }
}

impl Decoder for MsgPackDecoder {
    fn push(&mut self, message: Message) -> Result<Option<Packet>, DecodeError> {
        match message {
            Message::Binary(message) => self.packet(message),
            Message::Text(_) => Err(DecodeError::NotBinary),
        }
    }

    fn is_idle(&self) -> bool {
        true
    }
}
