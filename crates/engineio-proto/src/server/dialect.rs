//! How the client of a session wants its packets: whatever differs between the protocol versions,
//! and for clients that cannot take bytes or that poll with scripts.
//!
//! | | protocol 4 | protocol 3 |
//! | --- | --- | --- |
//! | binary message, framed | binary frame, as it is | binary frame behind the type, `04` |
//! | … no bytes | text frame, `b` and base64 | text frame, `b4` and base64 |
//! | body of a response | packets joined by U+001E, base64 | lengths and packets; in bytes if a packet is binary |
//! | … no bytes, or JSONP | the same | in text, `b4` and base64 |
//! | body of a POST | text | text, or bytes as `application/octet-stream` |
//! | … JSONP | the field `d` of a form | the same |
//!
//! "No bytes" is what the `b64` of a request says, and holds for the transport that this request
//! opened: the handshake for polling, the request of the link for a framed one. The script that
//! JSONP calls is named by the handshake for good.

use crate::{
    DecodeError, Frame, Outgoing, PacketRef, Text, Transport, Version,
    http::{Handshake, Response, jsonp},
    payload::{self, Encoding},
    queue::Queue,
};
use alloc::boxed::Box;
use bytes::{Bytes, BytesMut};

#[derive(Debug)]
pub(super) struct Dialect {
    version: Version,
    /// The transport in use cannot take bytes.
    b64: bool,
    /// Boxed, since few poll with scripts.
    callback: Option<Box<jsonp::Callback>>,
}

impl Dialect {
    pub(super) fn new(handshake: &Handshake) -> Self {
        let callback = handshake.jsonp.clone();
        Self {
            version: handshake.version,
            b64: handshake.b64,
            callback: callback
                .filter(|_| handshake.transport == Transport::Polling)
                .map(Box::new),
        }
    }

    /// Another transport takes over.
    pub(super) fn set_b64(&mut self, b64: bool) {
        self.b64 = b64;
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// May a body come in this encoding?
    pub(super) fn reads(&self, encoding: Encoding) -> bool {
        match self.version {
            Version::V4 => encoding == Encoding::V4,
            Version::V3 => matches!(encoding, Encoding::V3Text | Encoding::V3Binary),
        }
    }

    /// The body of a POST as packets in text or in bytes, and how these are told apart. `None`:
    /// there is nothing in it.
    pub(super) fn open_body(
        &self,
        encoding: Encoding,
        body: Bytes,
    ) -> Result<Option<(Encoding, Frame)>, DecodeError> {
        let text = if self.callback.is_some() {
            let Some(payload) = jsonp::decode_form(&body)? else {
                return Ok(None);
            };
            Text::from(payload)
        } else if encoding == Encoding::V3Binary {
            return Ok(Some((encoding, Frame::Binary(body))));
        } else {
            Text::try_from(body).map_err(|_| DecodeError::Utf8)?
        };
        let encoding = match self.version {
            Version::V4 => Encoding::V4,
            Version::V3 => Encoding::V3Text,
        };
        Ok(Some((encoding, Frame::Text(text))))
    }

    /// The packet in a frame of the client.
    pub(super) fn view<'a>(&self, frame: &'a Frame) -> Result<PacketRef<'a>, DecodeError> {
        match self.version {
            Version::V4 => frame.packet(),
            Version::V3 => frame.packet_v3(),
        }
    }

    /// The frame for the client.
    pub(super) fn frame(&self, packet: Outgoing) -> Frame {
        match (self.version, self.b64) {
            (Version::V4, false) => packet.into_frame(),
            (Version::V4, true) => packet.into_text_frame(),
            (Version::V3, false) => packet.into_frame_v3(),
            (Version::V3, true) => packet.into_text_frame_v3(),
        }
    }

    /// The response to a GET.
    pub(super) fn response(&self, packets: &Queue<Outgoing>) -> Response {
        let encoding = match self.version {
            Version::V4 => Encoding::V4,
            Version::V3 => Encoding::v3(!self.b64 && self.callback.is_none(), packets.iter()),
        };
        let mut body = BytesMut::with_capacity(body_len(encoding, packets));
        payload::encode(encoding, packets.iter(), &mut body);
        if let Some(callback) = &self.callback {
            // The encoding is one of text: the default is never taken.
            let payload = core::str::from_utf8(&body).unwrap_or_default();
            let mut script = BytesMut::new();
            callback.encode(payload, &mut script);
            body = script;
        }
        Response::packets(body.freeze(), encoding.content_type())
    }
}

/// Bytes of the body: exactly so many in protocol 4, where most are, and about as many in 3.
fn body_len(encoding: Encoding, packets: &Queue<Outgoing>) -> usize {
    let len: usize = packets.iter().map(Outgoing::text_len).sum();
    match encoding {
        Encoding::V4 => len + packets.len().saturating_sub(1),
        Encoding::V3Text | Encoding::V3Binary => len + 4 * packets.len(),
    }
}
