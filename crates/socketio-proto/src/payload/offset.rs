//! The argument that recovery adds to events.

use super::{Content, Payload, Shape};
use crate::PayloadError;

impl Payload {
    /// The event with one argument more at its end, a text without anything to escape.
    pub(crate) fn with_offset(self, offset: &str) -> Result<Self, PayloadError> {
        let Shape::Event { name, first } = self.shape else {
            return Err(PayloadError::Unfit("EVENT"));
        };
        match self.content {
            Content::Json { text, attachments } => {
                let is_empty = text.as_str().get(first..).is_none_or(|rest| {
                    // Nothing but the bracket, perhaps behind space.
                    rest.trim_ascii_start().starts_with(']')
                });
                let (text, behind) = text.with_last(offset)?;
                let first = if is_empty { behind } else { first };
                let content = Content::Json { text, attachments };
                let shape = Shape::Event { name, first };
                Ok(Self { content, shape })
            }
            #[cfg(feature = "msgpack")]
            Content::MsgPack(data) => Self::msgpack_with_last(data, offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, Text};
    use alloc::vec::Vec;

    /// Name and arguments as they are read after the offset was added.
    fn read(payload: Payload) -> (alloc::string::String, Vec<serde_json::Value>) {
        let payload = payload.with_offset("4.x").unwrap();
        payload.check(8).unwrap();
        let mut arguments = payload.arguments();
        let mut values = Vec::new();
        while !arguments.is_empty() {
            values.push(arguments.next().unwrap());
        }
        (payload.event().unwrap().into(), values)
    }

    #[test]
    fn it_is_the_last_argument_of_what_was_written_here() {
        let formats = [
            Format::Json,
            #[cfg(feature = "msgpack")]
            Format::MsgPack,
        ];
        for format in formats {
            let none = Payload::new(format, Some("e"), &()).unwrap();
            assert_eq!(read(none), ("e".into(), ["4.x".into()].into()));
            let escaped = Payload::new(format, Some("é\n"), &(1, "a")).unwrap();
            let expected = [1.into(), "a".into(), "4.x".into()];
            assert_eq!(read(escaped), ("é\n".into(), expected.into()));
            // In MessagePack the header of the list grows with it at 15 and at 65 535 elements.
            for count in [13, 14, 15, 65_533, 65_534, 65_535] {
                let values: Vec<_> = (0..count).map(crate::Value::from).collect();
                let many = Payload::from_values(format, Some("e"), &values).unwrap();
                let (name, values) = read(many);
                assert_eq!((name.as_str(), values.len()), ("e", count as usize + 1));
                assert_eq!(values.last().unwrap(), "4.x");
            }
        }
    }

    #[test]
    fn it_is_the_last_argument_of_what_was_received() {
        for (text, len) in [
            (r#"["e"]"#, 1),
            (r#"[ "e" ] "#, 1),
            (r#"["e",[]]"#, 2),
            (r#"["e" , "]" ]"#, 2),
        ] {
            let payload = Payload::from_event_text(Text::from(text), 10).unwrap();
            let (name, values) = read(payload);
            assert_eq!((name.as_str(), values.len()), ("e", len), "{text}");
            assert_eq!(values.last().unwrap(), "4.x");
        }
    }

    #[test]
    fn only_events_have_one() {
        let answer = Payload::new(Format::Json, None, &1).unwrap();
        assert!(answer.with_offset("4.x").is_err());
        let cut = Payload::from_event_text(Text::from(r#"["e",1"#), 10).unwrap();
        assert!(cut.with_offset("4.x").is_err());
    }
}
