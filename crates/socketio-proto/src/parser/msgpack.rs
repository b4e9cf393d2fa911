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
pub(crate) mod envelope;
pub(crate) mod header;
mod number;
pub(crate) mod scan;
pub(crate) mod ser;

pub use header::PacketRef;

use super::spread::Spread;
use super::{Decoder, Encoded, Limits, Parser};
use crate::{AckId, Format, Namespace, Packet, PayloadError};
use alloc::{boxed::Box, vec::Vec};
use decoder::MsgPackDecoder;
use engineio_proto::Outgoing;
use envelope::Envelope;
use ser::Writer;
use serde::Serialize;

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
        packet.body.check_payload()?;
        let envelope = Envelope::of(&packet.body, &packet.namespace);
        let data = match packet.body.payload() {
            Some(payload) => payload.as_msgpack().ok_or(FOREIGN)?,
            None => &[],
        };
        out.reserve(envelope.len_around(data.len()));
        if packet.body.payload().is_some() {
            out.extend_from_slice(&envelope.before_data());
        } else {
            out.extend_from_slice(&envelope.before_nothing());
        }
        out.extend_from_slice(data);
        envelope.after_data(out)?;
        Ok(())
    }

    /// Appends an event to a buffer, its arguments written in place: what
    /// [`Payload::new`](crate::Payload::new) and [`encode_to`](Self::encode_to) give, without a
    /// payload between them.
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
        list_to(&Envelope::event(id, namespace), Some(event), args, out)
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
        list_to(&Envelope::ack(id, namespace), None, args, out)
    }

    /// Appends a connection to a buffer, with `data` for the other side: what
    /// [`Payload::value`](crate::Payload::value) and [`encode_to`](Self::encode_to) give, without a
    /// payload between them.
    ///
    /// # Errors
    ///
    /// The value cannot be written, or is no object. What was in the buffer stays as it was.
    pub fn connect_to<T: Serialize + ?Sized>(
        &self,
        namespace: &Namespace,
        data: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), PayloadError> {
        packet_to(&Envelope::connect(namespace), out, |writer| {
            if writer.object(data)? {
                Ok(())
            } else {
                Err(PayloadError::Unfit("CONNECT"))
            }
        })
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

    fn encode_owned(&self, packet: Packet) -> Result<Encoded, PayloadError> {
        packet.body.check_payload()?;
        let Packet { namespace, body } = packet;
        let envelope = Envelope::of(&body, &namespace);
        let mut out = match body.into_payload() {
            Some(payload) => {
                let data = payload.into_msgpack().ok_or(FOREIGN)?;
                data.behind(envelope.before_data())
            }
            None => envelope.before_nothing().to_vec(),
        };
        envelope.after_data(&mut out)?;
        Ok(Outgoing::binary(out.into()).into())
    }

    fn decoder(&self, limits: Limits) -> Box<dyn Decoder> {
        Box::new(MsgPackDecoder::new(limits))
    }
}

const FOREIGN: PayloadError = PayloadError::Unfit("a parser of another format");

fn list_to<T: Serialize + ?Sized>(
    envelope: &Envelope<'_>,
    event: Option<&str>,
    args: &T,
    out: &mut Vec<u8>,
) -> Result<(), PayloadError> {
    packet_to(envelope, out, |writer| {
        writer.list(event, |writer| args.serialize(Spread(writer)))?;
        Ok(())
    })
}

/// Appends a packet whose data `write` writes. What was in the buffer stays as it was if that
/// fails.
fn packet_to(
    envelope: &Envelope<'_>,
    out: &mut Vec<u8>,
    write: impl FnOnce(Writer<'_>) -> Result<(), PayloadError>,
) -> Result<(), PayloadError> {
    let start = out.len();
    out.extend_from_slice(&envelope.before_data());
    let written = write(Writer::new(out)).and_then(|()| Ok(envelope.after_data(out)?));
    if written.is_err() {
        out.truncate(start);
    }
    written
}
