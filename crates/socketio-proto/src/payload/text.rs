//! The JSON text of a payload, with room in front of it for the header of its packet.

use crate::parser::ser::HEADROOM;
use crate::{PayloadError, Text};
use alloc::{string::String, vec::Vec};

/// The text of one payload.
#[derive(Clone, Debug)]
pub(crate) enum JsonText {
    /// A slice of the message that brought it. A clone shares it.
    Received(Text),
    /// Written here, behind [`HEADROOM`] bytes. Whoever owns it can put a header there and has
    /// the whole packet; so a clone is a copy, of which the same holds.
    Written(String),
}

impl JsonText {
    /// What a writer has written behind the headroom.
    pub(crate) fn written(bytes: Vec<u8>) -> Self {
        // From this length on a check by vector instructions and a copy cost less than the check of
        // the standard library, which is as good as free for ASCII only.
        #[cfg(feature = "std")]
        if bytes.len() >= 256
            && !bytes.is_ascii()
            && let Ok(text) = simdutf8::basic::from_utf8(&bytes)
        {
            return Self::Written(String::from(text));
        }
        Self::Written(String::from_utf8(bytes).expect("written from texts"))
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Received(text) => text,
            Self::Written(text) => text.get(HEADROOM..).unwrap_or_default(),
        }
    }

    /// A slice of a message becomes a text of its own.
    pub(crate) fn into_unshared(self) -> Self {
        match self {
            Self::Received(text) => Self::Received(Text::new(text.as_str())),
            written @ Self::Written(_) => written,
        }
    }

    /// The list with one text more at its end, and the place where that begins.
    pub(crate) fn with_last(self, last: &str) -> Result<(Self, usize), PayloadError> {
        let mut text = match self {
            Self::Written(text) => text,
            Self::Received(text) => {
                let mut out = String::with_capacity(HEADROOM + text.len() + last.len() + 3);
                out.extend(core::iter::repeat_n(' ', HEADROOM));
                out.push_str(&text);
                out
            }
        };
        text.truncate(text.trim_ascii_end().len());
        if text.pop() != Some(']') {
            return Err(PayloadError::Unfit("EVENT"));
        }
        text.push(',');
        let place = text.len() - HEADROOM;
        text.extend(["\"", last, "\"]"]);
        Ok((Self::Written(text), place))
    }

    /// The text behind these pieces of a header, copied.
    pub(crate) fn copied_behind(&self, header: &[&str]) -> Text {
        let text = self.as_str();
        let len = header.iter().map(|piece| piece.len()).sum::<usize>() + text.len();
        // Of exactly this size, the buffer is shared without another allocation.
        let mut out = String::with_capacity(len);
        out.extend(header.iter().copied());
        out.push_str(text);
        Text::from(out)
    }

    /// The text behind these pieces of a header, in its own buffer if there is room in front, and
    /// not too much behind: the text may wait for a client that reads slowly, and what waits is
    /// counted by its length. A buffer that fits costs a copy and saves an allocation.
    pub(crate) fn behind(self, header: &[&str]) -> Text {
        let len = header.iter().map(|piece| piece.len()).sum::<usize>();
        match (self, HEADROOM.checked_sub(len)) {
            (Self::Written(mut text), Some(start))
                if text.capacity() - text.len() <= text.len() / 4 =>
            {
                let mut end = start;
                for piece in header.iter().filter(|piece| !piece.is_empty()) {
                    text.replace_range(end..end + piece.len(), piece);
                    end += piece.len();
                }
                let text = Text::from(text);
                text.slice_ref(text.get(start..).unwrap_or_default())
            }
            (text, _) => text.copied_behind(header),
        }
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Format, Payload};
    use alloc::string::String;

    #[test]
    fn texts_beyond_ascii_are_what_they_were_whatever_their_length() {
        for len in [1, 80, 90, 300, 3000] {
            let text: String = "漢字かな交じり文\"😀".chars().cycle().take(len).collect();
            let payload = Payload::new(Format::Json, Some("m"), &text).unwrap();
            assert_eq!(payload.decode::<String>().unwrap(), text);
        }
    }
}
