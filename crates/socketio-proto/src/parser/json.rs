//! The default parser: JSON, with binary data beside it.

pub(crate) mod de;
mod decoder;
mod header;
pub(crate) mod placeholder;
pub(crate) mod scan;
pub(crate) mod ser;

pub use header::{EventName, Kind, PacketRef};

use super::{Decoder, Encoded, Inner, Limits, Parser};
use crate::packet::Revision;
use crate::parser::spread::Spread;
use crate::payload::refuse_reserved;
use crate::{AckId, Body, Format, Namespace, Packet, PayloadError, Text};
use alloc::{boxed::Box, vec::Vec};
use bytes::Bytes;
use core::iter;
use decoder::JsonDecoder;
use engineio_proto::Outgoing;
use ser::Writer;
use serde::Serialize;

/// The parser of the reference's `socket.io-parser`, for both revisions of the protocol.
///
/// It writes what the reference writes, byte for byte, and reads what peers send. Where the
/// reference is lenient by accident it is strict: an EVENT without a payload is refused, counts
/// and ids are plain digits, and the number of a placeholder is a plain integer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Json {
    /// Appends an event to a buffer, its arguments written in place: the text of its engine
    /// packet, the leading `4` included, in UTF-8. The result are the attachments that follow it, as
    /// binary messages.
    ///
    /// ```
    /// use socketio_proto::{AckId, Json, Namespace};
    ///
    /// let mut text = Vec::new();
    /// let id = Some(AckId(7));
    /// let attachments = Json.event_to(&Namespace::root(), id, "greet", &("you", 1), &mut text)?;
    /// assert_eq!(text, br#"427["greet","you",1]"#);
    /// assert!(attachments.is_empty());
    /// # Ok::<(), socketio_proto::PayloadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Payload::new`](crate::Payload::new). What was in the buffer stays as it was.
    pub fn event_to<T: Serialize + ?Sized>(
        &self,
        namespace: &Namespace,
        id: Option<AckId>,
        event: &str,
        args: &T,
        out: &mut Vec<u8>,
    ) -> Result<Vec<Bytes>, PayloadError> {
        refuse_reserved(Some(event))?;
        list_to(["42", "45"], namespace, id, Some(event), args, out)
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
    ) -> Result<Vec<Bytes>, PayloadError> {
        list_to(["43", "46"], namespace, Some(id), None, args, out)
    }

    /// Appends a CONNECT to a buffer, with an object that says who asks or who is let in: the
    /// text of its engine packet, the leading `4` included.
    ///
    /// ```
    /// use serde_json::json;
    /// use socketio_proto::{Json, Namespace};
    ///
    /// let mut text = Vec::new();
    /// Json.connect_to(&Namespace::root(), &json!({ "token": "1b" }), &mut text)?;
    /// assert_eq!(text, br#"40{"token":"1b"}"#);
    /// # Ok::<(), socketio_proto::PayloadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Payload::value`](crate::Payload::value), and if the data is not an object. What
    /// was in the buffer stays as it was.
    pub fn connect_to<T: Serialize + ?Sized>(
        &self,
        namespace: &Namespace,
        data: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), PayloadError> {
        let header = Header {
            types: "40",
            attachments: 0,
            namespace,
            id: None,
        };
        append(&header, out, |writer| writer.connect(data)).map(|_| ())
    }
}

/// `types` are those of a packet without attachments and of one with them.
fn list_to<T: Serialize + ?Sized>(
    types: [&'static str; 2],
    namespace: &Namespace,
    id: Option<AckId>,
    event: Option<&str>,
    args: &T,
    out: &mut Vec<u8>,
) -> Result<Vec<Bytes>, PayloadError> {
    let [text, binary] = types;
    let mut header = Header {
        types: text,
        attachments: 0,
        namespace,
        id,
    };
    let start = out.len();
    let (json, attachments) = append(&header, out, |writer| {
        writer.list(event, |writer| args.serialize(Spread(writer)))
    })?;
    if !attachments.is_empty() {
        header.types = binary;
        header.attachments = attachments.len();
        let header = header.with(|pieces| pieces.concat());
        out.splice(start..json, header.into_bytes());
    }
    Ok(attachments)
}

/// Appends a header and what `write` writes, or nothing. Gives the place behind the header.
fn append<R>(
    header: &Header<'_>,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Writer) -> Result<R, PayloadError>,
) -> Result<(usize, Vec<Bytes>), PayloadError> {
    let start = out.len();
    header.with(|pieces| {
        let pieces = pieces.iter().filter(|piece| !piece.is_empty());
        pieces.for_each(|piece| out.extend_from_slice(piece.as_bytes()));
    });
    let json = out.len();
    let mut writer = Writer::behind(core::mem::take(out));
    let result = write(&mut writer);
    let attachments;
    (*out, attachments) = writer.into_parts();
    if let Err(error) = result {
        out.truncate(start);
        return Err(error);
    }
    Ok((json, attachments))
}

impl Parser for Json {
    fn format(&self) -> Format {
        Format::Json
    }

    fn encode(&self, packet: &Packet) -> Result<Encoded, PayloadError> {
        let header = Header::new(&packet.namespace, &packet.body)?;
        let Some(payload) = packet.body.payload() else {
            return Ok(encoded(header.before_nothing(), []));
        };
        let (text, attachments) = payload.json().ok_or(FOREIGN)?;
        let text = header.with(|pieces| text.copied_behind(pieces));
        Ok(encoded(text, attachments.iter().cloned()))
    }

    fn encode_owned(&self, packet: Packet) -> Result<Encoded, PayloadError> {
        let Packet { namespace, body } = packet;
        let header = Header::new(&namespace, &body)?;
        let Some(payload) = body.into_payload() else {
            return Ok(encoded(header.before_nothing(), []));
        };
        let (text, attachments) = payload.into_json().ok_or(FOREIGN)?;
        let text = header.with(|pieces| text.behind(pieces));
        Ok(encoded(text, attachments))
    }

    fn decoder(&self, limits: Limits) -> Box<dyn Decoder> {
        self.decoder_for(Revision::V5, limits)
    }

    fn decoder_for(&self, revision: Revision, limits: Limits) -> Box<dyn Decoder> {
        Box::new(JsonDecoder::new(revision, limits))
    }
}

const FOREIGN: PayloadError = PayloadError::Unfit("a parser of another format");

/// The text is that of an engine packet, whole, so that each receiver sends these very bytes.
fn encoded(
    text: Text,
    attachments: impl IntoIterator<Item = Bytes, IntoIter: ExactSizeIterator>,
) -> Encoded {
    let text = Outgoing::from_encoded(text).expect("the text begins with its packet type");
    let attachments = attachments.into_iter();
    if attachments.len() == 0 {
        return text.into();
    }
    let messages = iter::once(text).chain(attachments.map(Outgoing::binary));
    Encoded(Inner::Many(messages.collect()))
}

/// What stands in front of the JSON.
struct Header<'a> {
    /// The packet types of engine and packet.
    types: &'static str,
    attachments: usize,
    namespace: &'a Namespace,
    id: Option<AckId>,
}

impl<'a> Header<'a> {
    /// Checks that the payload is one for this kind of packet.
    fn new(namespace: &'a Namespace, body: &Body) -> Result<Self, PayloadError> {
        body.check_payload()?;
        let attachments = body.payload().map_or(0, |it| it.attachments().len());
        let either = |text, binary| if attachments == 0 { text } else { binary };
        let (types, id) = match *body {
            Body::Connect(_) => ("40", None),
            Body::Disconnect => ("41", None),
            Body::Event { id, .. } => (either("42", "45"), id),
            Body::Ack { id, .. } => (either("43", "46"), Some(id)),
            Body::ConnectError(_) => ("44", None),
        };
        Ok(Self {
            types,
            attachments,
            namespace,
            id,
        })
    }

    /// Hands out the header in pieces, some of them empty.
    fn with<R>(&self, write: impl FnOnce(&[&str]) -> R) -> R {
        let mut buffers = [itoa::Buffer::new(), itoa::Buffer::new()];
        let [count, id] = &mut buffers;
        let (count, dash) = match self.attachments {
            0 => ("", ""),
            attachments => (count.format(attachments), "-"),
        };
        let (namespace, comma) = if self.namespace.is_root() {
            ("", "")
        } else {
            (self.namespace.as_str(), ",")
        };
        let id = self.id.map_or("", |AckId(number)| id.format(number));
        write(&[self.types, count, dash, namespace, comma, id])
    }

    /// The packet without a payload.
    fn before_nothing(&self) -> Text {
        self.with(|pieces| Text::from(pieces.concat()))
    }
}
