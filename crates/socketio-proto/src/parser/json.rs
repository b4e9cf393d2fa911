//! The default parser: JSON, with binary data beside it.

pub(crate) mod de;
mod decoder;
mod header;
pub(crate) mod scan;
pub(crate) mod ser;

pub use header::{EventName, Kind, PacketRef};

use super::{Decoder, Encoded, Limits, Parser};
use crate::{AckId, Body, Format, Namespace, Packet, Payload, PayloadError, Text};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt::Write;
use decoder::JsonDecoder;
use engineio_proto::Outgoing;

/// The parser of the reference's `socket.io-parser`, revision 5 of the protocol.
///
/// It writes what the reference writes, byte for byte, and reads what peers send. Where the
/// reference is lenient by accident it is strict: an EVENT without a payload is refused, counts
/// and ids are plain digits, and the number of a placeholder is a plain integer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Parser for Json {
    fn format(&self) -> Format {
        Format::Json
    }

    fn encode(&self, packet: &Packet) -> Result<Encoded, PayloadError> {
        let (digit, id, payload) = match &packet.body {
            Body::Connect(payload) => {
                if !payload.as_ref().is_none_or(Payload::is_object) {
                    return Err(PayloadError::Unfit("CONNECT"));
                }
                ('0', None, payload.as_ref())
            }
            Body::Disconnect => ('1', None, None),
            Body::Event { id, payload } => {
                if payload.event().is_none() {
                    return Err(PayloadError::Unfit("EVENT"));
                }
                (
                    if payload.is_binary() { '5' } else { '2' },
                    *id,
                    Some(payload),
                )
            }
            Body::Ack { id, payload } => {
                if !payload.is_list() {
                    return Err(PayloadError::Unfit("ACK"));
                }
                (
                    if payload.is_binary() { '6' } else { '3' },
                    Some(*id),
                    Some(payload),
                )
            }
            Body::ConnectError(payload) => {
                if !payload.is_value() {
                    return Err(PayloadError::Unfit("CONNECT_ERROR"));
                }
                ('4', None, Some(payload))
            }
        };
        let json = match payload.map(Payload::as_json) {
            Some(json) => json.ok_or(PayloadError::Unfit("a parser of another format"))?,
            None => "",
        };
        let attachments = payload.map_or(&[][..], Payload::attachments);
        let text = text(digit, &packet.namespace, id, json, attachments.len());
        if attachments.is_empty() {
            return Ok(text.into());
        }
        let mut messages = Vec::with_capacity(1 + attachments.len());
        messages.push(text);
        messages.extend(attachments.iter().cloned().map(Outgoing::binary));
        Ok(messages.into())
    }

    fn decoder(&self, limits: Limits) -> Box<dyn Decoder> {
        Box::new(JsonDecoder::new(limits))
    }
}

/// The whole text of an engine packet, so that each receiver sends these very bytes.
fn text(
    digit: char,
    namespace: &Namespace,
    id: Option<AckId>,
    json: &str,
    count: usize,
) -> Outgoing {
    // Of exactly this size, the buffer is shared without another allocation.
    let capacity =
        2 + if count > 0 {
            digits(count as u64) + 1
        } else {
            0
        } + if namespace.is_root() {
            0
        } else {
            namespace.as_str().len() + 1
        } + id.map_or(0, |AckId(id)| digits(id))
            + json.len();
    let mut out = String::with_capacity(capacity);
    out.push('4');
    out.push(digit);
    // Writing to a string cannot fail.
    if count > 0 {
        let _ = write!(out, "{count}-");
    }
    if !namespace.is_root() {
        out.push_str(namespace.as_str());
        out.push(',');
    }
    if let Some(AckId(id)) = id {
        let _ = write!(out, "{id}");
    }
    out.push_str(json);
    debug_assert_eq!(out.len(), capacity);
    Outgoing::from_encoded(Text::from(out)).expect("the text begins with its packet type")
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}
