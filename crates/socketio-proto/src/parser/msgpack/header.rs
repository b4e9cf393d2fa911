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

/// What the message says, before it is looked at. Of members with one name the last counts, and one
/// that is `undefined` is none.
#[derive(Default)]
struct Members<'a> {
    /// `None` also for what is no whole number.
    kind: Option<u64>,
    /// `None` also for what is no text.
    namespace: Option<&'a [u8]>,
    /// `Some(None)` for what is no whole number.
    id: Option<Option<u64>>,
    data: Option<Data<'a>>,
}

struct Data<'a> {
    first: Token,
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
        Self::parse_in("/", message, max_depth)
    }

    /// The same, where the namespace is probably `known`: its name need not be checked then.
    pub(super) fn parse_in(
        known: &'a str,
        message: &'a [u8],
        max_depth: usize,
    ) -> Result<Self, DecodeError> {
        if message.is_empty() {
            return Err(DecodeError::Empty);
        }
        let Members {
            kind,
            namespace,
            id,
            data,
        } = Members::read(message, max_depth)?;
        let kind = match kind {
            Some(0) => Kind::Connect,
            Some(1) => Kind::Disconnect,
            Some(2) => Kind::Event,
            Some(3) => Kind::Ack,
            Some(4) => Kind::ConnectError,
            _ => return Err(DecodeError::PacketType),
        };
        let namespace = match namespace.ok_or(DecodeError::Namespace)? {
            name if name == known.as_bytes() => known,
            name => core::str::from_utf8(name).map_err(|_| DecodeError::Namespace)?,
        };
        let is_fit = match (kind, data.as_ref().map(|data| data.first)) {
            (Kind::Connect, first) => matches!(first, None | Some(Token::Map(_))),
            (Kind::Disconnect, first) => first.is_none(),
            (Kind::Event | Kind::Ack, first) => matches!(first, Some(Token::Array(_))),
            (Kind::ConnectError, first) => {
                matches!(first, Some(Token::Text(_) | Token::Map(_)))
            }
        };
        if !is_fit {
            return Err(DecodeError::Payload);
        }
        let id = match id {
            Some(id) => Some(AckId(id.ok_or(DecodeError::AckId)?)),
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

/// The name of a member.
enum Member {
    Kind,
    Namespace,
    Id,
    Data,
    Other,
}

impl Member {
    #[inline]
    fn read(cursor: &mut Cursor<'_>, max_depth: usize) -> Result<Self, DecodeError> {
        // Everybody writes them so.
        Ok(if cursor.strip(b"\xa4type") {
            Self::Kind
        } else if cursor.strip(b"\xa4data") {
            Self::Data
        } else if cursor.strip(b"\xa3nsp") {
            Self::Namespace
        } else if cursor.strip(b"\xa2id") {
            Self::Id
        } else {
            match cursor.token().ok_or(DecodeError::Malformed)? {
                Token::Text(len) => match cursor.take(len) {
                    Some(b"type") => Self::Kind,
                    Some(b"data") => Self::Data,
                    Some(b"nsp") => Self::Namespace,
                    Some(b"id") => Self::Id,
                    _ => Self::Other,
                },
                token => {
                    cursor.skip_behind(token, max_depth)?;
                    Self::Other
                }
            }
        })
    }
}

impl<'a> Members<'a> {
    fn read(message: &'a [u8], max_depth: usize) -> Result<Self, DecodeError> {
        let mut cursor = Cursor::new(message);
        let mut members = Self::default();
        let Token::Map(len) = cursor.token().ok_or(DecodeError::Malformed)? else {
            return Err(DecodeError::PacketType);
        };
        for _ in 0..len {
            let member = Member::read(&mut cursor, max_depth)?;
            let start = cursor.rest();
            let first = cursor.token().ok_or(DecodeError::Malformed)?;
            let content = cursor;
            let is_binary = cursor.skip_behind(first, max_depth)?;
            match member {
                Member::Kind => members.kind = integer(first),
                Member::Namespace => {
                    members.namespace = match first {
                        Token::Text(len) => content.rest().get(..len),
                        _ => None,
                    };
                }
                Member::Id => {
                    members.id = match first {
                        Token::Undefined => None,
                        first => Some(integer(first)),
                    };
                }
                Member::Data => {
                    let len = start.len() - cursor.rest().len();
                    members.data = match first {
                        Token::Undefined => None,
                        first => Some(Data {
                            first,
                            raw: start.get(..len).unwrap_or_default(),
                            is_binary,
                        }),
                    };
                }
                Member::Other => {}
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
fn integer(token: Token) -> Option<u64> {
    match token {
        Token::Unsigned(value) => Some(value),
        Token::Float(bits) => whole(f64::from_bits(bits)),
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
            Some(Token::Text(len)) => {
                let name = cursor.take(len).unwrap_or_default();
                core::str::from_utf8(name).ok().map(Cow::Borrowed)
            }
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
