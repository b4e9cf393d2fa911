//! What packets carry: text that is not parsed before somebody asks for it, with binary data
//! beside it.

mod arguments;
mod attachment;
#[cfg(feature = "msgpack")]
mod msgpack;
mod offset;
mod text;

pub use arguments::Arguments;
pub use attachment::Attachment;
pub(crate) use text::JsonText;

use crate::parser::scan;
use crate::parser::ser::{Writer, Written};
use crate::parser::spread::{Arguments as _, Spread};
use crate::{DecodeError, PayloadError, Text, Value};
use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use bytes::Bytes;
use core::ops::Range;
use serde::{Deserialize, Serialize};

/// How payloads are written. A [`Parser`](crate::Parser) names the one that it wants.
///
/// A parser of somebody else's names [`Json`](Self::Json), too, and translates from
/// [`Payload::values`] and to [`Payload::from_values`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// JSON text; binary data as attachments beside it.
    Json,
    /// MessagePack, with binary data in place.
    #[cfg(feature = "msgpack")]
    MsgPack,
}

/// The payload of a packet: the name and arguments of an event, the arguments of an
/// acknowledgement, or the one value that comes with CONNECT and CONNECT_ERROR.
///
/// A payload is JSON text with binary attachments beside it, or with the feature `msgpack` one
/// piece of MessagePack. One that was received is a slice of its
/// message and stays unparsed until it is asked for: relaying it copies nothing, nor does a clone.
/// One that is made here has room in front for the header of its packet, so that sending it
/// ([`Parser::encode_owned`](crate::Parser::encode_owned)) copies nothing either; a clone of it
/// copies the text.
///
/// # Arguments
///
/// What serialises as a tuple spreads into arguments: tuples, tuple structs and, since serde
/// cannot tell them apart, arrays of fixed size. `()` and unit structs are no argument. All else
/// is one argument, vectors and slices included. This is so at the top level only, and the same
/// in both directions.
///
/// ```
/// use socketio_proto::{Format, Payload};
///
/// let text = |payload: Payload| payload.as_json().map(str::to_owned);
/// let one = Payload::new(Format::Json, Some("m"), &1)?;
/// assert_eq!(text(one).as_deref(), Some(r#"["m",1]"#));
/// let two = Payload::new(Format::Json, Some("m"), &("a", [1, 2]))?;
/// assert_eq!(text(two).as_deref(), Some(r#"["m","a",[1,2]]"#));
/// let list = Payload::new(Format::Json, Some("m"), &vec![1, 2])?;
/// assert_eq!(text(list).as_deref(), Some(r#"["m",[1,2]]"#));
/// let none = Payload::new(Format::Json, Some("m"), &())?;
/// assert_eq!(text(none).as_deref(), Some(r#"["m"]"#));
/// # Ok::<(), socketio_proto::PayloadError>(())
/// ```
///
/// On reading, a missing argument is null, which an `Option` takes, and extra ones are ignored.
///
/// # Binary data
///
/// Whatever serialises as bytes, at any depth, becomes an attachment: `Bytes` (with the feature
/// `serde` of that crate), the types of `serde_bytes`, [`Value::Binary`]. Mind that a plain
/// `Vec<u8>` or `[u8]` serialises as a list of numbers. There are three ways to read it,
/// cheapest first:
///
/// * an [`Attachment`], resolved by [`attachment`](Self::attachment): nothing is copied;
/// * borrowed bytes, `#[serde(borrow)] &serde_bytes::Bytes` or `&[u8]`: nothing is copied;
/// * owned bytes, `Bytes`, `serde_bytes::ByteBuf`, `Vec<u8>`: one copy, since serde cannot hand
///   a shared buffer through.
///
/// ```
/// use bytes::Bytes;
/// use serde::{Deserialize, Serialize};
/// use socketio_proto::{Attachment, Format, Payload};
///
/// #[derive(Serialize)]
/// struct Photo<'a> { name: &'a str, data: &'a serde_bytes::Bytes }
///
/// #[derive(Deserialize)]
/// struct Received<'a> { name: &'a str, data: Attachment }
///
/// let photo = Photo { name: "cat.png", data: serde_bytes::Bytes::new(b"\x89PNG") };
/// let payload = Payload::new(Format::Json, Some("photo"), &photo)?;
/// let received: Received<'_> = payload.decode()?;
/// assert_eq!(received.name, "cat.png");
/// assert_eq!(payload.attachment(received.data)?, Bytes::from_static(b"\x89PNG"));
/// # Ok::<(), socketio_proto::PayloadError>(())
/// ```
///
/// Two limits come from serde. In an untagged enum, put a binary variant before one with a
/// string: serde makes a string of bytes that happen to be UTF-8. Under `flatten` and in tagged
/// enums a plain `Vec<u8>` does not take binary data; the three ways above do.
///
/// # What the text may hold
///
/// * Floating-point numbers are spelled as in JavaScript; those that are none become null.
/// * Integers of any size are written as they are; JavaScript rounds those above 2^53.
/// * A number that its type cannot hold, and a string with half a surrogate pair (`"\ud800"`),
///   is an error of [`decode`](Self::decode) that concerns this one argument. In the name of an
///   event the half pair reads as U+FFFD.
/// * Data that looks like a placeholder (`{"_placeholder":true, ..}`) is sent as data without
///   binary data beside it, and refused with it ([`PayloadError::Lookalike`]).
///
/// # MessagePack
///
/// All of the above holds for it, with these differences. Binary data stays in its place, so
/// that nothing can look like it, CONNECT may carry it, and an [`Attachment`] is a slice of the
/// message; of a payload that was written here, it is a copy. Floats that are no numbers are
/// sent as they are, integers over 64 bits are an error. What JavaScript calls `undefined` reads
/// as null, or as no member at all. A `Date` reads as text in the form of ISO 8601, as JSON would
/// have it, or as milliseconds since 1970 where the type is a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    content: Content,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Json {
        text: JsonText,
        attachments: Vec<Bytes>,
    },
    #[cfg(feature = "msgpack")]
    MsgPack(msgpack::Data),
}

/// Positions are bytes of the content.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// One value.
    Value,
    /// `[..]`
    List { first: usize },
    /// `["name", ..]`
    Event { name: Name, first: usize },
}

#[derive(Clone, Debug, PartialEq)]
enum Name {
    At(Range<usize>),
    Unescaped(Box<str>),
}

impl Payload {
    /// Writes an event, or with `event: None` the arguments of an acknowledgement.
    ///
    /// # Errors
    ///
    /// The name is reserved, or serde cannot write a value: a map whose keys are neither strings
    /// nor scalars, nesting over 128 levels, in MessagePack an integer over 64 bits.
    pub fn new<T: Serialize + ?Sized>(
        format: Format,
        event: Option<&str>,
        args: &T,
    ) -> Result<Self, PayloadError> {
        refuse_reserved(event)?;
        match format {
            Format::Json => Self::write(event, |writer| args.serialize(Spread(writer))),
            #[cfg(feature = "msgpack")]
            Format::MsgPack => Self::write_msgpack(event, |writer| args.serialize(Spread(writer))),
        }
    }

    /// Like [`new`](Self::new), with one argument for each value. As an attachment, binary data is
    /// shared and not copied.
    ///
    /// # Errors
    ///
    /// As for `new`.
    pub fn from_values(
        format: Format,
        event: Option<&str>,
        args: &[Value],
    ) -> Result<Self, PayloadError> {
        refuse_reserved(event)?;
        match format {
            Format::Json => Self::write(event, |writer| {
                args.iter().try_for_each(|value| {
                    writer.separate();
                    value.write(writer)
                })
            }),
            #[cfg(feature = "msgpack")]
            Format::MsgPack => Self::write_msgpack(event, |writer| {
                args.iter().try_for_each(|value| {
                    writer.separate();
                    value.serialize(&mut *writer)
                })
            }),
        }
    }

    /// Writes the one value of CONNECT (an object) or CONNECT_ERROR (an object, or a string).
    ///
    /// ```
    /// use serde_json::json;
    /// use socketio_proto::{Format, Payload};
    ///
    /// let refusal = Payload::value(Format::Json, &json!({ "message": "not you" }))?;
    /// assert_eq!(refusal.as_json(), Some(r#"{"message":"not you"}"#));
    /// # Ok::<(), socketio_proto::PayloadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The value cannot be written, or is to be JSON and has binary data in it.
    pub fn value<T: Serialize + ?Sized>(format: Format, value: &T) -> Result<Self, PayloadError> {
        match format {
            Format::Json => {
                let mut writer = Writer::default();
                value.serialize(&mut writer)?;
                let Written {
                    text, attachments, ..
                } = writer.finish();
                if !attachments.is_empty() {
                    return Err(PayloadError::Binary);
                }
                Ok(Self {
                    content: Content::Json { text, attachments },
                    shape: Shape::Value,
                })
            }
            #[cfg(feature = "msgpack")]
            Format::MsgPack => Self::value_msgpack(value),
        }
    }

    /// How it is written.
    pub fn format(&self) -> Format {
        match self.content {
            Content::Json { .. } => Format::Json,
            #[cfg(feature = "msgpack")]
            Content::MsgPack(_) => Format::MsgPack,
        }
    }

    /// The name of the event; `None` for an acknowledgement or a single value. A number reads as
    /// it is written.
    pub fn event(&self) -> Option<&str> {
        match &self.shape {
            Shape::Event {
                name: Name::At(range),
                ..
            } => match &self.content {
                Content::Json { text, .. } => text.as_str().get(range.clone()),
                #[cfg(feature = "msgpack")]
                Content::MsgPack(data) => data.text(range.clone()),
            },
            Shape::Event {
                name: Name::Unescaped(name),
                ..
            } => Some(name),
            Shape::List { .. } | Shape::Value => None,
        }
    }

    /// Reads the arguments, without the event name. A single value is one argument.
    ///
    /// ```
    /// use socketio_proto::{Format, Payload};
    ///
    /// let payload = Payload::new(Format::Json, Some("add"), &(1, 2, "extra"))?;
    /// assert_eq!(payload.decode::<(i32, i32)>()?, (1, 2));
    /// assert_eq!(payload.decode::<i32>()?, 1);
    /// assert_eq!(payload.decode::<()>()?, ());
    /// # Ok::<(), socketio_proto::PayloadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The arguments do not have the type.
    #[inline]
    pub fn decode<'de, T: Deserialize<'de>>(&'de self) -> Result<T, PayloadError> {
        self.arguments().decode()
    }

    /// All arguments as dynamic values, without the event name. Binary data is shared, not
    /// copied.
    ///
    /// # Errors
    ///
    /// The text is not JSON, or has a number or a string that no Rust type holds; in MessagePack,
    /// text is not UTF-8, or there is an extension that JavaScript does not send.
    pub fn values(&self) -> Result<Vec<Value>, PayloadError> {
        let mut arguments = self.arguments();
        let mut values = Vec::new();
        while !arguments.is_empty() {
            values.push(arguments.next_value()?);
        }
        Ok(values)
    }

    /// One argument after the other, each decoded to a type of its own.
    #[inline]
    pub fn arguments(&self) -> Arguments<'_> {
        let first = match self.shape {
            Shape::Value => 0,
            Shape::List { first } | Shape::Event { first, .. } => first,
        };
        match &self.content {
            Content::Json { text, attachments } => {
                Arguments::json(text.as_str().get(first..).unwrap_or_default(), attachments)
            }
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => Arguments::msgpack(data.arguments(&self.shape)),
        }
    }

    /// The binary data beside the text, in the order of their numbers. None with MessagePack,
    /// which has it in place.
    pub fn attachments(&self) -> &[Bytes] {
        match &self.content {
            Content::Json { attachments, .. } => attachments,
            #[cfg(feature = "msgpack")]
            Content::MsgPack(_) => &[],
        }
    }

    /// All binary data, in the order of its numbers or, with MessagePack, of its places. Nothing
    /// is copied.
    pub fn binaries(&self) -> Vec<Bytes> {
        match &self.content {
            Content::Json { attachments, .. } => attachments.clone(),
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => data.binaries(),
        }
    }

    /// The binary data that a decoded [`Attachment`] stands for. Nothing is copied.
    ///
    /// # Errors
    ///
    /// The attachment was not decoded from this payload.
    pub fn attachment(&self, attachment: Attachment) -> Result<Bytes, PayloadError> {
        let found = match &self.content {
            Content::Json { attachments, .. } => attachments
                .iter()
                .find(|bytes| attachment.is(bytes))
                .cloned(),
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => data.attachment(attachment),
        };
        found.ok_or(PayloadError::MissingAttachment)
    }

    /// Whether there is binary data.
    pub fn is_binary(&self) -> bool {
        match &self.content {
            Content::Json { attachments, .. } => !attachments.is_empty(),
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => data.is_binary(),
        }
    }

    /// Checks the whole text, once: its grammar, its depth (the array of arguments counts), and
    /// that each placeholder of a binary packet names an attachment.
    ///
    /// A decoder looks no further than the event name. Whoever takes packets from a peer calls
    /// this before handing them on; a [`Connection`](crate::server::Connection) does.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Payload`], [`DecodeError::Limit`] with `depth`, or
    /// [`DecodeError::Attachments`].
    pub fn check(&self, max_depth: usize) -> Result<(), DecodeError> {
        match &self.content {
            Content::Json { text, attachments } => {
                let attachments = Some(attachments.len()).filter(|&count| count > 0);
                scan::check(text.as_str(), max_depth, attachments)
            }
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => data.check(max_depth),
        }
    }

    /// The JSON text with its placeholders, event name included; `None` if the format is another.
    pub fn as_json(&self) -> Option<&str> {
        match &self.content {
            Content::Json { text, .. } => Some(text.as_str()),
            #[cfg(feature = "msgpack")]
            Content::MsgPack(_) => None,
        }
    }

    fn write(
        event: Option<&str>,
        args: impl FnOnce(&mut Writer) -> Result<(), serde_json::Error>,
    ) -> Result<Self, PayloadError> {
        let mut writer = Writer::default();
        let end = writer.list(event, args)?;
        let Written { text, attachments } = writer.finish();
        let shape = match event {
            None => Shape::List { first: end },
            Some(name) => Shape::Event {
                // Behind a bracket and between quotes, unless there are escapes.
                name: if end == name.len() + 3 {
                    Name::At(2..end - 1)
                } else {
                    Name::Unescaped(name.into())
                },
                first: end + usize::from(text.as_str().as_bytes().get(end) == Some(&b',')),
            },
        };
        Ok(Self {
            content: Content::Json { text, attachments },
            shape,
        })
    }

    /// `["name", ..]`, looked at up to the end of the name.
    pub(crate) fn from_event_text(text: Text, max_event: usize) -> Result<Self, DecodeError> {
        let (name, first) = scan::event_name(text.as_str(), max_event)?;
        let name = match name.to_str() {
            name if is_reserved(&name) => return Err(DecodeError::Payload),
            Cow::Borrowed(_) => Name::At(name.range()),
            Cow::Owned(name) => Name::Unescaped(name.into()),
        };
        Ok(Self {
            content: Content::json(text),
            shape: Shape::Event { name, first },
        })
    }

    /// `[..]`, looked at up to the bracket.
    pub(crate) fn from_list_text(text: Text) -> Result<Self, DecodeError> {
        let first = scan::first_argument(text.as_str()).ok_or(DecodeError::Payload)?;
        Ok(Self {
            content: Content::json(text),
            shape: Shape::List { first },
        })
    }

    /// One value, not looked at.
    pub(crate) fn from_value_text(text: Text) -> Self {
        Self {
            content: Content::json(text),
            shape: Shape::Value,
        }
    }

    /// The MessagePack: a list, event name included, or the one value; `None` if the format is
    /// another.
    #[cfg(feature = "msgpack")]
    pub fn as_msgpack(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Json { .. } => None,
            Content::MsgPack(data) => Some(data.value()),
        }
    }

    /// The text and the attachments; `None` if the format is another.
    pub(crate) fn json(&self) -> Option<(&JsonText, &[Bytes])> {
        match &self.content {
            Content::Json { text, attachments } => Some((text, attachments)),
            #[cfg(feature = "msgpack")]
            Content::MsgPack(_) => None,
        }
    }

    /// Like [`json`](Self::json), with nothing else kept.
    pub(crate) fn into_json(self) -> Option<(JsonText, Vec<Bytes>)> {
        match self.content {
            Content::Json { text, attachments } => Some((text, attachments)),
            #[cfg(feature = "msgpack")]
            Content::MsgPack(_) => None,
        }
    }

    /// Adds the binary data that the placeholders of the text stand for.
    pub(crate) fn attach(&mut self, bytes: Vec<Bytes>) {
        match &mut self.content {
            Content::Json { attachments, .. } => *attachments = bytes,
            #[cfg(feature = "msgpack")]
            Content::MsgPack(_) => {}
        }
    }

    /// Bytes of the text, or of the MessagePack, and of the attachments.
    pub(crate) fn size(&self) -> usize {
        match &self.content {
            Content::Json { text, attachments } => {
                text.as_str().len() + attachments.iter().map(Bytes::len).sum::<usize>()
            }
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => data.value().len(),
        }
    }

    /// The same in memory of its own, where it may have been a slice of a larger message.
    pub(crate) fn into_unshared(self) -> Self {
        let content = match self.content {
            Content::Json { text, attachments } => Content::Json {
                text: text.into_unshared(),
                attachments: attachments.iter().map(|it| it.to_vec().into()).collect(),
            },
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => Content::MsgPack(data.into_unshared()),
        };
        Self { content, ..self }
    }

    pub(crate) fn is_list(&self) -> bool {
        matches!(self.shape, Shape::List { .. })
    }

    pub(crate) fn is_value(&self) -> bool {
        self.shape == Shape::Value
    }

    pub(crate) fn is_object(&self) -> bool {
        let is_object = match &self.content {
            Content::Json { text, .. } => text.as_str().starts_with('{'),
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => data.is_map(),
        };
        self.is_value() && is_object
    }
}

impl Content {
    fn json(text: Text) -> Self {
        Self::Json {
            text: JsonText::Received(text),
            attachments: Vec::new(),
        }
    }
}

/// Names that an application must not give to its events.
pub(crate) fn refuse_reserved(event: Option<&str>) -> Result<(), PayloadError> {
    match event {
        Some(name) if is_reserved(name) => Err(PayloadError::Reserved(String::from(name))),
        _ => Ok(()),
    }
}

/// Names that the reference keeps to itself: an emitter's own events.
pub(crate) const fn is_reserved(name: &str) -> bool {
    matches!(
        name.as_bytes(),
        b"connect"
            | b"connect_error"
            | b"disconnect"
            | b"disconnecting"
            | b"newListener"
            | b"removeListener"
    )
}
