//! Writing: packets append themselves to a caller's buffer.

use super::{Message, Open, Outgoing, Packet, PacketRef, Repr, base64};
use crate::{Frame, Text, payload::Record, unicode::utf16_len};
use alloc::string::String;
use bytes::{BufMut as _, BytesMut};
use core::fmt::Write as _;

impl PacketRef<'_> {
    /// Appends the text form of the packet. A binary message becomes `b` and base64.
    ///
    /// ```
    /// use bytes::BytesMut;
    /// use engineio_proto::PacketRef;
    ///
    /// let mut out = BytesMut::new();
    /// PacketRef::Text("hello").encode_text(&mut out);
    /// assert_eq!(out, "4hello");
    /// ```
    pub fn encode_text(self, out: &mut BytesMut) {
        self.write("b", out);
    }

    /// Appends the text form of protocol 3. A binary message becomes `b4` and base64.
    pub fn encode_text_v3(self, out: &mut BytesMut) {
        self.write("b4", out);
    }

    fn write(self, binary: &str, out: &mut BytesMut) {
        match self {
            Self::Open(data) => put(out, b'0', data),
            Self::Close => out.put_u8(b'1'),
            Self::Ping(data) => put(out, b'2', data),
            Self::Pong(data) => put(out, b'3', data),
            Self::Text(data) => put(out, b'4', data),
            Self::Binary(data) => {
                out.reserve(binary.len() + base64::encoded_len(data.len()));
                out.put_slice(binary.as_bytes());
                base64::encode(data, out);
            }
            Self::Base64(data) => {
                out.put_slice(binary.as_bytes());
                out.put_slice(data.as_bytes());
            }
            Self::Upgrade => out.put_u8(b'5'),
            Self::Noop => out.put_u8(b'6'),
        }
    }

    /// Bytes that [`encode_text_v3`](Self::encode_text_v3) appends.
    pub(crate) fn text_len_v3(self) -> usize {
        self.measure_v3(str::len)
    }

    /// The same in UTF-16 units.
    pub(crate) fn text_units_v3(self) -> usize {
        self.measure_v3(utf16_len)
    }

    fn measure_v3(self, len: impl FnOnce(&str) -> usize) -> usize {
        match self {
            Self::Open(data) | Self::Ping(data) | Self::Pong(data) | Self::Text(data) => {
                1 + len(data)
            }
            Self::Binary(data) => 2 + base64::encoded_len(data.len()),
            Self::Base64(data) => 2 + len(data),
            Self::Close | Self::Upgrade | Self::Noop => 1,
        }
    }
}

impl Record for PacketRef<'_> {
    fn with_view<T>(&self, read: impl FnOnce(PacketRef<'_>) -> T) -> T {
        read(*self)
    }
}

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
        self.with_view(|view| view.encode_text(out));
    }
}

impl Record for Packet {
    fn with_view<T>(&self, read: impl FnOnce(PacketRef<'_>) -> T) -> T {
        let json;
        read(match self {
            Self::Open(open) => {
                json = open.to_json();
                PacketRef::Open(&json)
            }
            Self::Close => PacketRef::Close,
            Self::Ping(data) => PacketRef::Ping(data),
            Self::Pong(data) => PacketRef::Pong(data),
            Self::Message(Message::Text(data)) => PacketRef::Text(data),
            Self::Message(Message::Binary(data)) => PacketRef::Binary(data),
            Self::Upgrade => PacketRef::Upgrade,
            Self::Noop => PacketRef::Noop,
        })
    }
}

impl Open {
    /// The data of the packet: JSON in the reference's order of keys.
    pub(crate) fn to_json(&self) -> String {
        // Neither an id nor the name of a transport has a character that JSON escapes.
        let mut upgrades = String::new();
        for (index, transport) in self.upgrades.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(upgrades, "{comma}\"{}\"", transport.name());
        }
        alloc::format!(
            r#"{{"sid":"{}","upgrades":[{upgrades}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}}"#,
            self.sid,
            self.ping_interval.as_millis(),
            self.ping_timeout.as_millis(),
            self.max_payload,
        )
    }
}

impl Outgoing {
    /// Appends the text form, as one element of a polling body.
    pub fn encode_text(&self, out: &mut BytesMut) {
        match self.repr() {
            Repr::Text(text) => out.put_slice(text.as_bytes()),
            Repr::Binary(bytes) => PacketRef::Binary(bytes).encode_text(out),
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
                let mut text = String::with_capacity(1 + base64::encoded_len(bytes.len()));
                text.push('b');
                base64::encode_string(&bytes, &mut text);
                Frame::Text(Text::from(text))
            }
        }
    }

    /// Bytes that [`encode_text`](Self::encode_text) appends.
    pub(crate) fn text_len(&self) -> usize {
        match self.repr() {
            Repr::Text(text) => text.len(),
            Repr::Binary(bytes) => 1 + base64::encoded_len(bytes.len()),
        }
    }
}

impl Record for Outgoing {
    fn with_view<T>(&self, read: impl FnOnce(PacketRef<'_>) -> T) -> T {
        read(match self.repr() {
            // Never without a type, and never of an unknown one.
            Repr::Text(text) => PacketRef::from_text(text).unwrap_or(PacketRef::Noop),
            Repr::Binary(bytes) => PacketRef::Binary(bytes),
        })
    }

    fn encode_text(&self, out: &mut BytesMut) {
        Self::encode_text(self, out);
    }
}

#[inline]
fn put(out: &mut BytesMut, kind: u8, data: &str) {
    out.reserve(1 + data.len());
    out.put_u8(kind);
    out.put_slice(data.as_bytes());
}
