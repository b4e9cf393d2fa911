//! One connection's messages to packets: each message is one.

use super::PacketRef;
use crate::parser::{Decoder, Kind, Limits};
use crate::{Body, DecodeError, Message, Namespace, Packet, Payload, Text};
use bytes::Bytes;

#[derive(Debug)]
pub(super) struct MsgPackDecoder {
    limits: Limits,
}

impl MsgPackDecoder {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits }
    }

    fn packet(&self, message: &Bytes) -> Result<Option<Packet>, DecodeError> {
        let Limits {
            max_bytes,
            max_depth,
            max_namespace,
            ..
        } = self.limits;
        if message.len() > max_bytes {
            return Err(DecodeError::Limit { what: "bytes" });
        }
        let packet = PacketRef::parse(message, max_depth)?;
        if packet.namespace.len() > max_namespace {
            return Err(DecodeError::Limit { what: "namespace" });
        }
        let namespace = match packet.namespace {
            "/" => Namespace::root(),
            name => Namespace::new(Text::new(name)).ok_or(DecodeError::Namespace)?,
        };
        let body = self.body(message, &packet)?;
        Ok(body.map(|body| Packet { namespace, body }))
    }

    fn body(&self, message: &Bytes, packet: &PacketRef<'_>) -> Result<Option<Body>, DecodeError> {
        let data = packet.data.map(|data| {
            // Binary data may be kept for long, and with it whatever it is a slice of.
            if packet.is_binary && data.len() < self.limits.copy_below {
                Bytes::copy_from_slice(data)
            } else {
                message.slice_ref(data)
            }
        });
        Ok(Some(match (packet.kind, data) {
            (Kind::Connect, None) => Body::Connect(None),
            (Kind::Connect, Some(data)) => {
                Body::Connect(Some(Payload::from_msgpack_value(data, packet.is_binary)))
            }
            (Kind::Disconnect, _) => Body::Disconnect,
            (Kind::Event, Some(data)) => Body::Event {
                id: packet.id,
                payload: Payload::from_msgpack_event(
                    data,
                    packet.is_binary,
                    self.limits.max_event,
                )?,
            },
            (Kind::Ack, Some(data)) => match packet.id {
                Some(id) => Body::Ack {
                    id,
                    payload: Payload::from_msgpack_list(data, packet.is_binary),
                },
                // Nobody will look at it again.
                None => {
                    Payload::from_msgpack_list(data, packet.is_binary)
                        .check(self.limits.max_depth)?;
                    return Ok(None);
                }
            },
            (Kind::ConnectError, Some(data)) => {
                Body::ConnectError(Payload::from_msgpack_value(data, packet.is_binary))
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
            Message::Binary(message) => self.packet(&message),
            Message::Text(_) => Err(DecodeError::NotBinary),
        }
    }

    fn is_idle(&self) -> bool {
        true
    }
}
