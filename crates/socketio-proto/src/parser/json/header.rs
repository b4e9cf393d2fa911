//! The header of a packet: a view that borrows the message.
//!
//! ```text
//! <type digit> [<attachments>-] [<namespace>,] [<ack id>] [<JSON>]
//! ```

use super::scan;
use crate::{AckId, DecodeError};
use alloc::borrow::Cow;
use core::ops::Range;
use nom::{
    IResult, Parser,
    character::complete::char,
    combinator::{map, verify},
    sequence::terminated,
};

/// What a packet is, apart from being binary.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// `0`
    Connect,
    /// `1`
    Disconnect,
    /// `2`, or `5` with attachments
    Event,
    /// `3`, or `6` with attachments
    Ack,
    /// `4`; in revision 4 its name is ERROR
    ConnectError,
}

/// One text message, taken apart at its header. Nothing is allocated, nothing copied, and the
/// JSON is not looked at.
///
/// ```
/// use socketio_proto::parser::{Kind, PacketRef};
/// use socketio_proto::AckId;
///
/// let packet = PacketRef::parse(r#"51-/admin,15["baz",{"_placeholder":true,"num":0}]"#)?;
/// assert_eq!(packet.kind, Kind::Event);
/// assert_eq!(packet.attachments, 1);
/// assert_eq!(packet.namespace, "/admin");
/// assert_eq!(packet.id, Some(AckId(15)));
/// assert_eq!(packet.event()?.to_str(), "baz");
/// # Ok::<(), socketio_proto::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PacketRef<'a> {
    /// What it is.
    pub kind: Kind,
    /// How many binary messages follow; 0 for a packet that is not binary.
    pub attachments: u32,
    /// The namespace, `/` if the message names none. In revision 4 that of a CONNECT may have a
    /// query behind it.
    pub namespace: &'a str,
    /// The acknowledgement id. CONNECT, DISCONNECT and CONNECT_ERROR may carry one without
    /// meaning.
    pub id: Option<AckId>,
    /// What follows the header: JSON, not checked, or nothing.
    pub data: &'a str,
}

impl<'a> PacketRef<'a> {
    /// Reads the header.
    ///
    /// Stricter than the reference where no peer is known to differ: counts and ids are ASCII
    /// digits (the reference takes ` 1`, `+1` or `0x1` for a number, too), and an id has at most
    /// 20 of them and fits 64 bits.
    ///
    /// # Errors
    ///
    /// Unknown packet type, bad attachment count, or bad id.
    pub fn parse(message: &'a str) -> Result<Self, DecodeError> {
        // Nearly all traffic is events of the root namespace that want no answer.
        match message.strip_prefix('2') {
            Some(data) if data.starts_with('[') => Ok(Self {
                kind: Kind::Event,
                attachments: 0,
                namespace: "/",
                id: None,
                data,
            }),
            _ => packet(message),
        }
    }

    /// Finds the event name at the front of the data and looks no further.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Payload`] unless the data begin as an array with a string or a number.
    pub fn event(&self) -> Result<EventName<'a>, DecodeError> {
        let (name, _) = scan::event_name(self.data, usize::MAX)?;
        Ok(name)
    }
}

/// The name of an event as it is written in a message: a string without its quotes, or a number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EventName<'a> {
    pub(super) raw: &'a str,
    /// Where `raw` begins in the data.
    pub(super) start: usize,
    pub(super) is_escaped: bool,
}

impl<'a> EventName<'a> {
    /// The characters of the message: with the escapes of the string, if it has any.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// Where [`raw`](Self::raw) lies in the data.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.start + self.raw.len()
    }

    /// The name. Borrowed unless it has escapes; half a surrogate pair reads as U+FFFD, a number
    /// as it is written.
    pub fn to_str(&self) -> Cow<'a, str> {
        if self.is_escaped {
            Cow::Owned(scan::unescape(self.raw))
        } else {
            Cow::Borrowed(self.raw)
        }
    }
}

/// The errors of nom say nothing here: what was expected follows from the place.
type Parsed<'a, T> = IResult<&'a str, T, ()>;

/// Digits of the largest 64-bit number.
const MAX_ID_DIGITS: usize = 20;

fn packet(message: &str) -> Result<PacketRef<'_>, DecodeError> {
    let (input, (kind, is_binary)) = packet_type(message).map_err(|_| {
        let first = message.chars().next();
        first.map_or(DecodeError::Empty, DecodeError::UnknownType)
    })?;
    let (input, attachments) = if is_binary {
        attachment_count(input).map_err(|_| DecodeError::Attachments)?
    } else {
        (input, 0)
    };
    let (input, namespace) = namespace(input).map_err(|_| DecodeError::Payload)?;
    let (data, id) = ack_id(input).map_err(|_| DecodeError::AckId)?;
    Ok(PacketRef {
        kind,
        attachments,
        namespace,
        id,
        data,
    })
}

fn packet_type(input: &str) -> Parsed<'_, (Kind, bool)> {
    let kind = match input.as_bytes().first() {
        Some(b'0') => (Kind::Connect, false),
        Some(b'1') => (Kind::Disconnect, false),
        Some(b'2') => (Kind::Event, false),
        Some(b'3') => (Kind::Ack, false),
        Some(b'4') => (Kind::ConnectError, false),
        Some(b'5') => (Kind::Event, true),
        Some(b'6') => (Kind::Ack, true),
        _ => return Err(nom::Err::Error(())),
    };
    Ok((input.get(1..).unwrap_or_default(), kind))
}

/// `<count>-`. A binary packet without attachments would never be complete in the reference.
fn attachment_count(input: &str) -> Parsed<'_, u32> {
    // A count that fits no `u32` is a well-formed one that is over any limit.
    let count = map(digits, |digits: &str| digits.parse().unwrap_or(u32::MAX));
    terminated(verify(count, |&count| count > 0), char('-')).parse(input)
}

/// Everything from a slash to the next comma; without a comma, to the end of the message.
fn namespace(input: &str) -> Parsed<'_, &str> {
    if !input.starts_with('/') {
        return Ok((input, "/"));
    }
    // Names are short: the search that `str` has for long texts takes longer to begin.
    let len = input.bytes().take_while(|&byte| byte != b',').count();
    let (name, behind) = input.split_at_checked(len).unwrap_or((input, ""));
    Ok((behind.get(1..).unwrap_or_default(), name))
}

fn ack_id(input: &str) -> Parsed<'_, Option<AckId>> {
    let Ok((input, digits)) = digits(input) else {
        return Ok((input, None));
    };
    match digits.parse() {
        Ok(id) if digits.len() <= MAX_ID_DIGITS => Ok((input, Some(AckId(id)))),
        _ => Err(nom::Err::Error(())),
    }
}

/// At least one ASCII digit.
fn digits(input: &str) -> Parsed<'_, &str> {
    let len = input.bytes().take_while(u8::is_ascii_digit).count();
    match input.split_at_checked(len) {
        Some((digits, behind)) if len > 0 => Ok((behind, digits)),
        _ => Err(nom::Err::Error(())),
    }
}
