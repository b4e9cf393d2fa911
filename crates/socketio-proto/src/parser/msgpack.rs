//! The parser for MessagePack: each packet is one binary message, binary data in place.
//!
//! ```text
//! {"type": 2, "data": ["name", ..], "id": 7, "nsp": "/"}
//! ```
//!
//! It speaks with `socket.io-msgpack-parser` 3. Nothing is negotiated: a server and its clients
//! are told to use it, and a peer with another parser is hung up on at its first packet.

pub(crate) mod arguments;
mod date;
pub(crate) mod de;
mod decoder;
pub(crate) mod header;
mod number;
pub(crate) mod scan;
pub(crate) mod ser;

pub use header::PacketRef;

use super::spread::Spread;
use super::{Decoder, Encoded, Limits, Parser};
use crate::{AckId, Body, Format, Namespace, Packet, Payload, PayloadError};
use alloc::{boxed::Box, vec::Vec};
use decoder::MsgPackDecoder;
use engineio_proto::Outgoing;
use ser::Writer;
use serde::Serialize;
use serde_json::Error;

/// The parser of the reference's `socket.io-msgpack-parser`, revision 3.
///
/// It writes each value as the reference writes it, byte for byte: numbers, text and lengths in
/// their shortest form, whole floats as integers, bytes as `bin`. It reads whatever the reference
/// reads, the old encodings of `undefined`, `Date` and `ArrayBuffer` included. It is stricter
/// where the packet could mean nothing here: the name of an event is text or a whole number and
/// none of the reserved ones, a namespace begins with a slash and has no comma, and an
/// acknowledgement id is not negative.
///
/// ```
/// use socketio_proto::{Body, Message, MsgPack, Namespace, Packet, Parser, Payload};
/// use socketio_proto::parser::Limits;
///
/// let payload = Payload::new(MsgPack.format(), Some("greet"), &("you", 1))?;
/// let body = Body::Event { id: None, payload };
/// let packet = Packet { namespace: Namespace::root(), body };
/// let mut frame = Vec::new();
/// MsgPack.encode_to(&packet, &mut frame)?;
/// assert_eq!(frame, b"\x83\xa4type\x02\xa4data\x93\xa5greet\xa3you\x01\xa3nsp\xa1/");
///
/// let mut decoder = MsgPack.decoder(Limits::default());
/// assert_eq!(decoder.push(Message::Binary(frame.into()))?, Some(packet));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MsgPack;

impl MsgPack {
    /// Appends a packet to a buffer: the content of its one binary message.
    ///
    /// # Errors
    ///
    /// As for [`encode`](Parser::encode). What was in the buffer stays as it was.
    pub fn encode_to(&self, packet: &Packet, out: &mut Vec<u8>) -> Result<(), PayloadError> {
        let (digit, id, payload) = match &packet.body {
            Body::Connect(payload) => {
                if !payload.as_ref().is_none_or(Payload::is_object) {
                    return Err(PayloadError::Unfit("CONNECT"));
                }
                (0, None, payload.as_ref())
            }
            Body::Disconnect => (1, None, None),
            Body::Event { id, payload } => {
                if payload.event().is_none() {
                    return Err(PayloadError::Unfit("EVENT"));
                }
                (2, *id, Some(payload))
            }
            Body::Ack { id, payload } => {
                if !payload.is_list() {
                    return Err(PayloadError::Unfit("ACK"));
                }
                (3, Some(*id), Some(payload))
            }
            Body::ConnectError(payload) => {
                if !payload.is_value() {
                    return Err(PayloadError::Unfit("CONNECT_ERROR"));
                }
                (4, None, Some(payload))
            }
        };
        let data = match payload.map(Payload::as_msgpack) {
            Some(data) => Some(data.ok_or(PayloadError::Unfit("a parser of another format"))?),
            None => None,
        };
        out.reserve(ENVELOPE + packet.namespace.as_str().len() + data.map_or(0, <[u8]>::len));
        begin(out, digit, data.is_some(), id);
        out.extend_from_slice(data.unwrap_or_default());
        end(out, id, &packet.namespace)?;
        Ok(())
    }

    /// Appends an event to a buffer, its arguments written in place: what
    /// [`Payload::new`] and [`encode_to`](Self::encode_to) give, without a payload between them.
    ///
    /// ```
    /// use socketio_proto::{MsgPack, Namespace};
    ///
    /// let mut frame = Vec::new();
    /// MsgPack.event_to(&Namespace::root(), None, "greet", &("you", 1), &mut frame)?;
    /// assert_eq!(frame, b"\x83\xa4type\x02\xa4data\x93\xa5greet\xa3you\x01\xa3nsp\xa1/");
    /// # Ok::<(), socketio_proto::PayloadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for `Payload::new`. What was in the buffer stays as it was.
    pub fn event_to<T: Serialize + ?Sized>(
        &self,
        namespace: &Namespace,
        id: Option<AckId>,
        event: &str,
        args: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), PayloadError> {
        crate::payload::refuse_reserved(Some(event))?;
        list_to(2, namespace, id, Some(event), args, out)
    }

    /// Appends an acknowledgement to a buffer; otherwise as [`event_to`](Self::event_to).
    ///
    /// # Errors
    ///
    /// As for `event_to`.
    pub fn ack_to<T: Serialize + ?Sized>(
        &self,
        namespace: &Namespace,
        id: AckId,
        args: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), PayloadError> {
        list_to(3, namespace, Some(id), None, args, out)
    }
}

impl Parser for MsgPack {
    fn format(&self) -> Format {
        Format::MsgPack
    }

    fn encode(&self, packet: &Packet) -> Result<Encoded, PayloadError> {
        let mut out = Vec::new();
        self.encode_to(packet, &mut out)?;
        Ok(Outgoing::binary(out.into()).into())
    }

    fn decoder(&self, limits: Limits) -> Box<dyn Decoder> {
        Box::new(MsgPackDecoder::new(limits))
    }
}

/// A packet without its data and the name of its namespace, at most.
const ENVELOPE: usize = 40;

fn list_to<T: Serialize + ?Sized>(
    digit: u8,
    namespace: &Namespace,
    id: Option<AckId>,
    event: Option<&str>,
    args: &T,
    out: &mut Vec<u8>,
) -> Result<(), PayloadError> {
    let start = out.len();
    begin(out, digit, true, id);
    let written = Writer::new(out)
        .list(event, |writer| args.serialize(Spread(writer)))
        .and_then(|_| end(out, id, namespace));
    written.map_err(|error| {
        out.truncate(start);
        error.into()
    })
}

/// Up to the data. The reference gives its members in this order, except that acknowledgements
/// begin with their id; nobody depends on it.
fn begin(out: &mut Vec<u8>, digit: u8, has_data: bool, id: Option<AckId>) {
    let members = 2 + u8::from(has_data) + u8::from(id.is_some());
    out.extend_from_slice(&[0x80 | members, 0xa4, b't', b'y', b'p', b'e', digit]);
    if has_data {
        out.extend_from_slice(b"\xa4data");
    }
}

/// From the data on. The namespace is always there, also `/`.
fn end(out: &mut Vec<u8>, id: Option<AckId>, namespace: &Namespace) -> Result<(), Error> {
    if let Some(AckId(id)) = id {
        out.extend_from_slice(b"\xa2id");
        Writer::new(out).value(&id)?;
    }
    out.extend_from_slice(b"\xa3nsp");
    Writer::new(out).value(namespace.as_str())?;
    Ok(())
}
