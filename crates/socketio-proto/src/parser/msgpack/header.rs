//! The packet around its data: a view that borrows the message.

use super::arguments;
use super::number::whole;
use super::scan::{Cursor, Token};
use crate::parser::Kind;
use crate::payload::Arguments;
use crate::{AckId, DecodeError};
use alloc::{borrow::Cow, string::ToString};

/// One binary message, taken apart. Nothing is allocated, nothing copied.
///
/// The message is well formed throughout, and its members have the types that its kind asks for;
/// whether the text in the data is UTF-8 was not looked at.
///
/// ```
/// use socketio_proto::AckId;
/// use socketio_proto::parser::{Kind, Limits, msgpack::PacketRef};
///
/// let frame = b"\x84\xa4type\x02\xa4data\x92\xa3baz\xc4\x02\x00\x01\xa2id\x0f\xa3nsp\xa6/admin";
/// let packet = PacketRef::parse(frame, Limits::default().max_depth)?;
/// assert_eq!(packet.kind, Kind::Event);
/// assert_eq!(packet.namespace, "/admin");
/// assert_eq!(packet.id, Some(AckId(15)));
/// assert_eq!(packet.event()?, "baz");
/// assert_eq!(packet.arguments().next::<&serde_bytes::Bytes>()?.as_ref(), b"\x00\x01");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PacketRef<'a> {
    /// What it is.
    pub kind: Kind,
    /// The namespace.
    pub namespace: &'a str,
    /// The acknowledgement id. CONNECT, DISCONNECT and CONNECT_ERROR may carry one without
    /// meaning.
    pub id: Option<AckId>,
    /// The data: one MessagePack value. Those of DISCONNECT are absent and of CONNECT may be.
    pub data: Option<&'a [u8]>,
    /// Whether there is binary data in the data.
    pub is_binary: bool,
}

/// What the message says, before it is looked at. Of members with one name the last counts.
#[derive(Default)]
struct Members<'a> {
    kind: Option<Token<'a>>,
    namespace: Option<Token<'a>>,
    id: Option<Token<'a>>,
    data: Option<Data<'a>>,
}

struct Data<'a> {
    first: Token<'a>,
    raw: &'a [u8],
    is_binary: bool,
}

impl<'a> PacketRef<'a> {
    /// Reads the message to its end, once, with lists and maps of the data nested no deeper than
    /// `max_depth`.
    ///
    /// The checks are those of the reference, in its order; members that it does not know are
    /// passed over. An id has to be a `u64`.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Empty`] and [`DecodeError::Malformed`], [`DecodeError::Limit`] with
    /// `depth`, then [`DecodeError::PacketType`], [`DecodeError::Namespace`],
    /// [`DecodeError::Payload`] and [`DecodeError::AckId`].
    pub fn parse(message: &'a [u8], max_depth: usize) -> Result<Self, DecodeError> {
        if message.is_empty() {
            return Err(DecodeError::Empty);
        }
        let members = Members::read(message, max_depth)?;
        let kind = match members.kind.and_then(integer) {
            Some(0) => Kind::Connect,
            Some(1) => Kind::Disconnect,
            Some(2) => Kind::Event,
            Some(3) => Kind::Ack,
            Some(4) => Kind::ConnectError,
            _ => return Err(DecodeError::PacketType),
        };
        let namespace = match members.namespace {
            Some(Token::Text(b"/")) => Some("/"),
            Some(Token::Text(name)) => core::str::from_utf8(name).ok(),
            _ => None,
        };
        let namespace = namespace.ok_or(DecodeError::Namespace)?;
        let data = members.data;
        let is_fit = match (kind, data.as_ref().map(|data| data.first)) {
            (Kind::Connect, data) => matches!(data, None | Some(Token::Map(_))),
            (Kind::Disconnect, data) => data.is_none(),
            (Kind::Event | Kind::Ack, data) => matches!(data, Some(Token::Array(_))),
            (Kind::ConnectError, data) => matches!(data, Some(Token::Text(_) | Token::Map(_))),
        };
        if !is_fit {
            return Err(DecodeError::Payload);
        }
        let id = match members.id {
            Some(token) => Some(AckId(integer(token).ok_or(DecodeError::AckId)?)),
            None => None,
        };
        Ok(Self {
            kind,
            namespace,
            id,
            is_binary: data.as_ref().is_some_and(|data| data.is_binary),
            data: data.map(|data| data.raw),
        })
    }

    /// The name of an event; of a number, its digits.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Payload`] unless the data begin as a list with text or a whole number.
    pub fn event(&self) -> Result<Cow<'a, str>, DecodeError> {
        EventName::read(self.data.unwrap_or_default()).map(|name| name.name)
    }

    /// The arguments, of an event without its name. The data of CONNECT and CONNECT_ERROR are one
    /// argument.
    pub fn arguments(&self) -> Arguments<'a> {
        let data = self.data.unwrap_or_default();
        let mut arguments = match self.kind {
            Kind::Event | Kind::Ack => arguments::Arguments::of_list(data),
            _ => arguments::Arguments::of_value(data),
        };
        if self.kind == Kind::Event {
            arguments.pass();
        }
        Arguments::msgpack(arguments)
    }
}

impl<'a> Members<'a> {
    fn read(message: &'a [u8], max_depth: usize) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(message);
        let mut members = Self::default();
        let packet = cursor.token().ok_or(DecodeError::Malformed)?;
        let Token::Map(len) = packet else {
            return Err(DecodeError::PacketType);
        };
        for _ in 0..len {
            let (key, _) = cursor.skip(max_depth)?;
            let rest = cursor.rest();
            let (first, is_binary) = cursor.skip(max_depth)?;
            let value = Some(first).filter(|&first| first != Token::Undefined);
            match key {
                Token::Text(b"type") => members.kind = value,
                Token::Text(b"nsp") => members.namespace = value,
                Token::Text(b"id") => members.id = value,
                Token::Text(b"data") => {
                    let len = rest.len() - cursor.rest().len();
                    let raw = rest.get(..len).unwrap_or_default();
                    members.data = value.map(|first| Data {
                        first,
                        raw,
                        is_binary,
                    });
                }
                _ => {}
            }
        }
        if cursor.rest().is_empty() {
            Ok(members)
        } else {
            Err(DecodeError::Malformed)
        }
    }
}

/// A whole number from 0 on. JavaScript does not tell it from a float of that value.
fn integer(token: Token<'_>) -> Option<u64> {
    match token {
        Token::Unsigned(value) => Some(value),
        Token::Float(value) => whole(value),
        _ => None,
    }
}

/// The name at the front of an event's data.
pub(crate) struct EventName<'a> {
    pub(crate) name: Cow<'a, str>,
    /// Where it ends in the data, and with it the first argument begins.
    pub(crate) end: usize,
}

impl<'a> EventName<'a> {
    pub(crate) fn read(data: &'a [u8]) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(data);
        let Some(Token::Array(1..)) = cursor.token() else {
            return Err(DecodeError::Payload);
        };
        let name = match cursor.token() {
            Some(Token::Text(name)) => core::str::from_utf8(name).ok().map(Cow::Borrowed),
            Some(Token::Unsigned(number)) => Some(Cow::Owned(number.to_string())),
            Some(Token::Signed(number)) => Some(Cow::Owned(number.to_string())),
            _ => None,
        };
        Ok(Self {
            name: name.ok_or(DecodeError::Payload)?,
            end: data.len() - cursor.rest().len(),
        })
    }
}
