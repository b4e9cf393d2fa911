//! Writing: packets append themselves to a caller's buffer.

use super::{Message, Open, Outgoing, Packet, Repr};
use crate::{Frame, Text};
use alloc::string::String;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{BufMut as _, BytesMut};
use core::fmt::Write as _;

impl Packet {
    /// Appends the text form of the packet. A binary message becomes `b` and base64.
    ///
    /// ```
    /// use bytes::{Bytes, BytesMut};
    /// use engineio_proto::{Message, Packet};
    ///
    /// let mut out = BytesMut::new();
    /// Packet::Message(Message::Binary(Bytes::from_static(&[1, 2, 3]))).encode_text(&mut out);
    /// assert_eq!(out, "bAQID");
    /// ```
    pub fn encode_text(&self, out: &mut BytesMut) {
        match self {
            Self::Open(open) => open.encode(out),
            Self::Close => out.put_u8(b'1'),
            Self::Ping(data) => put(out, b'2', data),
            Self::Pong(data) => put(out, b'3', data),
            Self::Message(Message::Text(data)) => put(out, b'4', data),
            Self::Message(Message::Binary(data)) => put_base64(out, data),
            Self::Upgrade => out.put_u8(b'5'),
            Self::Noop => out.put_u8(b'6'),
        }
    }
}

impl Open {
    /// Appends the packet: `0` and the JSON in the reference's order of keys.
    pub(crate) fn encode(&self, out: &mut BytesMut) {
        out.put_slice(b"0");
        // Neither an id nor the name of a transport has a character that JSON escapes.
        let mut upgrades = String::new();
        for (index, transport) in self.upgrades.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(upgrades, "{comma}\"{}\"", transport.name());
        }
        let _ = write!(
            out,
            r#"{{"sid":"{}","upgrades":[{upgrades}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            self.sid,
            self.ping_interval.as_millis(),
            self.ping_timeout.as_millis(),
            self.max_payload,
        );
    }
}

impl Outgoing {
    /// Appends the text form, as one element of a polling body.
    pub fn encode_text(&self, out: &mut BytesMut) {
        match self.repr() {
            Repr::Text(text) => out.put_slice(text.as_bytes()),
            Repr::Binary(bytes) => put_base64(out, bytes),
        }
    }

    /// The frame of this message. Nothing is copied.
    #[must_use]
    pub fn into_frame(self) -> Frame {
        match self.into_repr() {
            Repr::Text(text) => Frame::Text(text),
            Repr::Binary(bytes) => Frame::Binary(bytes),
        }
    }

    /// The frame for a peer that cannot take binary frames: those become `b` and base64.
    #[must_use]
    pub fn into_text_frame(self) -> Frame {
        match self.into_repr() {
            Repr::Text(text) => Frame::Text(text),
            Repr::Binary(bytes) => {
                let mut text = String::with_capacity(base64_record_len(bytes.len()));
                text.push('b');
                STANDARD.encode_string(&bytes, &mut text);
                Frame::Text(Text::from(text))
            }
        }
    }

    /// Bytes that [`encode_text`](Self::encode_text) appends.
    pub(crate) fn text_len(&self) -> usize {
        match self.repr() {
            Repr::Text(text) => text.len(),
            Repr::Binary(bytes) => base64_record_len(bytes.len()),
        }
    }
}

fn put(out: &mut BytesMut, kind: u8, data: &str) {
    out.reserve(1 + data.len());
    out.put_u8(kind);
    out.put_slice(data.as_bytes());
}

fn put_base64(out: &mut BytesMut, data: &[u8]) {
    let start = out.len() + 1;
    out.put_u8(b'b');
    out.resize(start + base64_record_len(data.len()) - 1, 0);
    let target = out.get_mut(start..).unwrap_or_default();
    let written = STANDARD.encode_slice(data, target);
    debug_assert_eq!(written.ok(), Some(base64_record_len(data.len()) - 1));
}

/// `b`, and four characters for each three bytes begun.
fn base64_record_len(len: usize) -> usize {
    1 + len.div_ceil(3) * 4
}
