//! Bodies of the polling transport: several packets in one text, or in one block of bytes.
//!
//! | [`Encoding`] | a body | who |
//! | --- | --- | --- |
//! | [`V4`](Encoding::V4) | packets joined by U+001E | protocol 4 |
//! | [`V3Text`](Encoding::V3Text) | `<length>:<packet>` for each | protocol 3 |
//! | [`V3Binary`](Encoding::V3Binary) | a header with the length in bytes, and the packet | protocol 3, if a packet is binary |
//!
//! In protocol 4, data that contains the separator splits there: the protocol knows no escape, and
//! JSON never has it raw.
//!
//! [`packets`] borrows everything from the body and allocates nothing; [`decode()`] hands out owned
//! packets that share the storage of the body, and one more buffer for all that was in base64.
//! Both end with the first error.
//!
//! ```
//! use bytes::{Bytes, BytesMut};
//! use engineio_proto::{Message, Packet, PacketRef, payload};
//!
//! let mut body = BytesMut::new();
//! let packets = [
//!     Packet::Message(Message::Text("hello".into())),
//!     Packet::Message(Message::Binary(Bytes::from_static(&[1, 2, 3, 4]))),
//! ];
//! payload::encode(payload::Encoding::V4, &packets, &mut body);
//! assert_eq!(body, "4hello\u{1e}bAQIDBA==");
//!
//! let mut views = payload::packets(payload::Encoding::V4, &body);
//! assert_eq!(views.next(), Some(Ok(PacketRef::Text("hello"))));
//!
//! let back: Result<Vec<_>, _> = payload::decode(payload::Encoding::V4, &body.freeze()).collect();
//! assert_eq!(back.unwrap(), packets);
//! ```

mod decode;
pub mod v3_binary;
pub mod v3_text;
pub mod v4;

pub use decode::{Decode, Packets, decode, packets};

use crate::PacketRef;
use bytes::BytesMut;

/// How the packets of a body are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Encoding {
    /// Protocol 4: text, separated by U+001E, binary in base64.
    V4,
    /// Protocol 3: text, each packet behind its length in UTF-16 units, binary in base64.
    V3Text,
    /// Protocol 3: bytes, each packet behind its kind and its length in bytes.
    V3Binary,
}

impl Encoding {
    /// What a server of protocol 3 chooses for a batch: the binary form if the peer can read it
    /// and there is something binary to write, text otherwise. With JSONP the peer cannot.
    pub fn v3<'p, R: Record + 'p>(
        supports_binary: bool,
        records: impl IntoIterator<Item = &'p R>,
    ) -> Self {
        let is_binary = |record: &R| record.with_view(|view| matches!(view, PacketRef::Binary(_)));
        if supports_binary && records.into_iter().any(is_binary) {
            Self::V3Binary
        } else {
            Self::V3Text
        }
    }

    /// The `Content-Type` of such a body.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V4 | Self::V3Text => "text/plain; charset=UTF-8",
            Self::V3Binary => "application/octet-stream",
        }
    }
}

/// What can be an element of a body.
pub trait Record {
    /// Lends `read` the packet.
    fn with_view<T>(&self, read: impl FnOnce(PacketRef<'_>) -> T) -> T;

    /// Appends the text form of protocol 4. To be replaced where that form is at hand.
    fn encode_text(&self, out: &mut BytesMut) {
        self.with_view(|view| view.encode_text(out));
    }
}

/// Appends a body with these packets to `out`, which may be kept from one body to the next.
pub fn encode<'p, R: Record + 'p>(
    encoding: Encoding,
    records: impl IntoIterator<Item = &'p R>,
    out: &mut BytesMut,
) {
    match encoding {
        Encoding::V4 => v4::encode(records, out),
        Encoding::V3Text => v3_text::encode(records, out),
        Encoding::V3Binary => v3_binary::encode(records, out),
    }
}
