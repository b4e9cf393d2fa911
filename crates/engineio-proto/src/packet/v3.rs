//! Packets of protocol 3, where they differ.
//!
//! | packet | framed | where only text can travel |
//! | --- | --- | --- |
//! | binary message | binary frame: byte `04`, data | `b4` and base64 |
//! | any other | text frame, as in protocol 4 | the same text |
//!
//! Any type may come in a binary form. Only a message has a use for bytes: of another type the
//! data is dropped, as the reference finds no text in it. An unknown type is an error in every
//! form; the reference ignores those that come as bytes or base64, and no client sends them.

use super::{Message, Outgoing, Packet, PacketRef, Repr, base64};
use crate::{DecodeError, Frame, Text, payload::Record as _};
use alloc::string::String;
use bytes::{BufMut as _, BytesMut};

/// Type of a binary message, as a number and not as a digit.
const MESSAGE: u8 = 4;

impl<'a> PacketRef<'a> {
    /// Reads a text packet of protocol 3: a text frame, or one element of a polling body.
    ///
    /// ```
    /// use engineio_proto::{DecodeError, PacketRef};
    ///
    /// assert_eq!(PacketRef::from_text_v3("4hello"), Ok(PacketRef::Text("hello")));
    /// assert_eq!(PacketRef::from_text_v3("b4AQI="), Ok(PacketRef::Base64("AQI=")));
    /// assert_eq!(PacketRef::from_text_v3("b"), Err(DecodeError::Empty));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`from_text`](Self::from_text); what follows `b` is a type digit, and has the same ones.
    #[inline]
    pub fn from_text_v3(text: &'a str) -> Result<Self, DecodeError> {
        let Some(typed) = text.strip_prefix('b') else {
            return Self::from_text(text);
        };
        match Self::from_text(typed)? {
            Self::Text(data) => Ok(Self::Base64(data)),
            // A second `b`.
            Self::Base64(_) => Err(DecodeError::UnknownType(b'b')),
            other => Ok(other.bare()),
        }
    }

    /// Reads a binary frame of protocol 3, or a binary element of a polling body.
    ///
    /// ```
    /// use engineio_proto::{DecodeError, PacketRef};
    ///
    /// assert_eq!(PacketRef::from_binary_v3(&[4, 1, 2]), Ok(PacketRef::Binary(&[1, 2])));
    /// assert_eq!(PacketRef::from_binary_v3(&[2]), Ok(PacketRef::Ping("")));
    /// assert_eq!(PacketRef::from_binary_v3(b"4"), Err(DecodeError::UnknownType(b'4')));
    /// ```
    ///
    /// # Errors
    ///
    /// [`DecodeError::Empty`], or [`DecodeError::UnknownType`] for a first byte over 6.
    pub fn from_binary_v3(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (kind, data) = bytes.split_first().ok_or(DecodeError::Empty)?;
        Ok(match *kind {
            0 => Self::Open(""),
            1 => Self::Close,
            2 => Self::Ping(""),
            3 => Self::Pong(""),
            MESSAGE => Self::Binary(data),
            5 => Self::Upgrade,
            6 => Self::Noop,
            other => return Err(DecodeError::UnknownType(other)),
        })
    }

    /// Without its data.
    fn bare(self) -> Self {
        match self {
            Self::Open(_) => Self::Open(""),
            Self::Ping(_) => Self::Ping(""),
            Self::Pong(_) => Self::Pong(""),
            other => other,
        }
    }
}

impl Packet {
    /// Reads a frame of protocol 3. The data of the packet shares its storage.
    ///
    /// # Errors
    ///
    /// As [`PacketRef::from_text_v3`] and [`PacketRef::from_binary_v3`], and
    /// [`DecodeError::Base64`] or [`DecodeError::Open`] for data that cannot be read.
    pub fn from_frame_v3(frame: Frame) -> Result<Self, DecodeError> {
        match frame {
            Frame::Text(text) => Self::from_text_v3(text),
            Frame::Binary(bytes) => match PacketRef::from_binary_v3(&bytes)? {
                PacketRef::Binary(data) => {
                    Ok(Self::Message(Message::Binary(bytes.slice_ref(data))))
                }
                other => Self::from_view(&Text::default(), other),
            },
        }
    }

    /// Reads a text frame of protocol 3, whose storage becomes that of the data.
    #[inline]
    pub(crate) fn from_text_v3(text: Text) -> Result<Self, DecodeError> {
        if text.starts_with('b') {
            return Self::from_view(&text, PacketRef::from_text_v3(&text)?);
        }
        Self::from_text(text)
    }

    /// Writes a frame of protocol 3: binary for a binary message, text otherwise.
    #[must_use]
    pub fn into_frame_v3(self) -> Frame {
        match self {
            Self::Message(Message::Binary(bytes)) => binary_frame(&bytes),
            other => other.into_frame(),
        }
    }

    /// Appends the text form of protocol 3. A binary message becomes `b4` and base64.
    pub fn encode_text_v3(&self, out: &mut BytesMut) {
        self.with_view(|view| view.encode_text_v3(out));
    }
}

impl Outgoing {
    /// The frame of this message in protocol 3. Binary data is copied behind its type; text is not
    /// copied.
    #[must_use]
    pub fn into_frame_v3(self) -> Frame {
        match self.into_repr() {
            Repr::Text(text) => Frame::Text(text),
            Repr::Binary(bytes) => binary_frame(&bytes),
        }
    }

    /// The frame in protocol 3 for a peer that cannot take binary frames: those become `b4` and
    /// base64.
    #[must_use]
    pub fn into_text_frame_v3(self) -> Frame {
        match self.into_repr() {
            Repr::Text(text) => Frame::Text(text),
            Repr::Binary(bytes) => {
                let mut text = String::with_capacity(2 + base64::encoded_len(bytes.len()));
                text.push_str("b4");
                base64::encode_string(&bytes, &mut text);
                Frame::Text(Text::from(text))
            }
        }
    }
}

fn binary_frame(data: &[u8]) -> Frame {
    let mut frame = BytesMut::with_capacity(1 + data.len());
    put_binary(data, &mut frame);
    Frame::Binary(frame.freeze())
}

/// Appends a binary message: its type and its data.
pub(crate) fn put_binary(data: &[u8], out: &mut BytesMut) {
    out.put_u8(MESSAGE);
    out.put_slice(data);
}
