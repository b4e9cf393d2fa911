//! One pass over JSON text that builds nothing: grammar, depth, placeholders, and where the
//! event name and each argument end. It keeps its own stack, so depth costs no recursion.

mod plain;
mod string;

pub(crate) use plain::{is_plain, plain_half, plain_len, plain_word};
pub(crate) use string::unescape;

use super::{EventName, placeholder};
use crate::DecodeError;
use smallvec::SmallVec;

/// Checks that `text` is one JSON value, nested no deeper than `max_depth`. With `attachments`,
/// the text belongs to a binary packet and each placeholder must name one of that many.
pub(crate) fn check(
    text: &str,
    max_depth: usize,
    attachments: Option<usize>,
) -> Result<(), DecodeError> {
    let mut scanner = Scanner::new(text);
    scanner.whitespace();
    scanner.value(max_depth, attachments)?;
    scanner.whitespace();
    if scanner.position == text.len() {
        Ok(())
    } else {
        Err(DecodeError::Payload)
    }
}

/// The name at the front of an event's data, and where its first argument begins: the place of
/// the closing bracket if there is none.
pub(crate) fn event_name(
    data: &str,
    max_bytes: usize,
) -> Result<(EventName<'_>, usize), DecodeError> {
    let mut scanner = Scanner::new(data);
    scanner.expect(b'[').ok_or(DecodeError::Payload)?;
    scanner.whitespace();
    let start = scanner.position;
    let name = if scanner.peek() == Some(b'"') {
        let (raw, is_escaped) = scanner.raw_string().ok_or(DecodeError::Payload)?;
        EventName {
            raw,
            start: start + 1,
            is_escaped,
        }
    } else {
        let (raw, _) = scanner.raw_number().ok_or(DecodeError::Payload)?;
        EventName {
            raw,
            start,
            is_escaped: false,
        }
    };
    if name.raw.len() > max_bytes {
        return Err(DecodeError::Limit { what: "event name" });
    }
    scanner.separator().ok_or(DecodeError::Payload)?;
    Ok((name, scanner.position))
}

/// Where the value at the front of `text` ends. `None` if there is no well-formed one.
pub(crate) fn value_end(text: &str) -> Option<usize> {
    let mut scanner = Scanner::new(text);
    scanner.skip_value()?;
    Some(scanner.position)
}

/// From the end of an argument to the start of the next one, or to the closing bracket.
pub(crate) fn next_argument(text: &str) -> Option<usize> {
    let mut scanner = Scanner::new(text);
    scanner.separator()?;
    Some(scanner.position)
}

/// From an opening bracket to the first element, or to the closing bracket.
pub(crate) fn first_argument(text: &str) -> Option<usize> {
    let mut scanner = Scanner::new(text);
    scanner.expect(b'[')?;
    scanner.whitespace();
    Some(scanner.position)
}

/// What encloses the current value.
struct Level {
    container: Container,
    /// The member whose value comes next.
    member: Member,
    /// The last `_placeholder` was `true`.
    is_placeholder: bool,
    /// The last `num` was the index of an attachment.
    has_index: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Container {
    Array,
    Object,
}

impl Container {
    fn closing(self) -> u8 {
        match self {
            Self::Array => b']',
            Self::Object => b'}',
        }
    }
}

/// The members that make a placeholder.
enum Member {
    Placeholder,
    Num,
    Other,
}

/// As much of a value as a placeholder depends on.
#[derive(Clone, Copy)]
enum Seen {
    True,
    /// An integer without sign (or `-0`), the only spelling of an index that peers send.
    Index(usize),
    Other,
}

impl Level {
    fn new(container: Container) -> Self {
        Self {
            container,
            member: Member::Other,
            is_placeholder: false,
            has_index: false,
        }
    }

    /// The value of a member is complete. Of members with one name the last counts.
    fn see(&mut self, seen: Seen, attachments: usize) {
        match self.member {
            Member::Placeholder => self.is_placeholder = matches!(seen, Seen::True),
            Member::Num => {
                self.has_index = matches!(seen, Seen::Index(index) if index < attachments);
            }
            Member::Other => {}
        }
    }
}

/// A place in a text. Its methods take one element of the grammar each, without the space around
/// it, or give `None` and stand anywhere.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// All from here on.
    pub(crate) fn text_left(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// A string: what is between its quotes, and whether that has escapes.
    #[inline]
    pub(crate) fn raw_string(&mut self) -> Option<(&'a str, bool)> {
        let start = self.position + 1;
        let is_escaped = self.string()?;
        Some((self.slice(start, self.position - 1), is_escaped))
    }

    /// A number as it is written, and whether it is an integer.
    #[inline]
    pub(crate) fn raw_number(&mut self) -> Option<(&'a str, bool)> {
        let start = self.position;
        let is_integer = self.number()?;
        Some((self.slice(start, self.position), is_integer))
    }

    /// A value of any depth.
    pub(crate) fn skip_value(&mut self) -> Option<()> {
        self.value(usize::MAX, None).ok()
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        let bytes = self.text.as_bytes();
        bytes.get(self.position..).unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Option<()> {
        if self.peek() != Some(byte) {
            return None;
        }
        self.position += 1;
        Some(())
    }

    /// Behind an element: to the next one, or up to the closing bracket.
    fn separator(&mut self) -> Option<()> {
        self.whitespace();
        if self.peek() != Some(b']') {
            self.expect(b',')?;
            self.whitespace();
        }
        Some(())
    }

    /// One value of any kind. Looking for placeholders costs time that only binary packets need.
    fn value(&mut self, max_depth: usize, attachments: Option<usize>) -> Result<(), DecodeError> {
        match attachments {
            Some(attachments) => self.watched::<true>(max_depth, attachments),
            None => self.watched::<false>(max_depth, 0),
        }
    }

    fn watched<const WATCH: bool>(
        &mut self,
        max_depth: usize,
        attachments: usize,
    ) -> Result<(), DecodeError> {
        let mut outer = SmallVec::<[Level; 32]>::new();
        let mut inner: Option<Level> = None;
        loop {
            let mut seen = match self.peek() {
                Some(b'"') => {
                    self.string().ok_or(DecodeError::Payload)?;
                    Seen::Other
                }
                Some(open @ (b'[' | b'{')) => {
                    if outer.len() + usize::from(inner.is_some()) >= max_depth {
                        return Err(DecodeError::Limit { what: "depth" });
                    }
                    let placeholder = if WATCH {
                        placeholder::plain(self.text_left())
                    } else {
                        None
                    };
                    let container = match placeholder {
                        Some((index, _)) if index >= attachments => {
                            return Err(DecodeError::Attachments);
                        }
                        Some((_, len)) => {
                            self.position += len;
                            None
                        }
                        None => self.open(open),
                    };
                    match container {
                        None => Seen::Other,
                        Some(container) => {
                            let mut level = Level::new(container);
                            if container == Container::Object {
                                level.member = self.key::<WATCH>().ok_or(DecodeError::Payload)?;
                            }
                            if let Some(level) = inner.replace(level) {
                                outer.push(level);
                            }
                            continue;
                        }
                    }
                }
                _ => self.scalar::<WATCH>().ok_or(DecodeError::Payload)?,
            };
            // The value is complete, and with it perhaps the containers around it.
            loop {
                let Some(level) = &mut inner else {
                    return Ok(());
                };
                if WATCH {
                    level.see(seen, attachments);
                }
                self.whitespace();
                match self.peek() {
                    Some(b',') => {
                        self.position += 1;
                        self.whitespace();
                        if level.container == Container::Object {
                            level.member = self.key::<WATCH>().ok_or(DecodeError::Payload)?;
                        }
                        break;
                    }
                    Some(byte) if byte == level.container.closing() => {
                        if level.is_placeholder && !level.has_index {
                            return Err(DecodeError::Attachments);
                        }
                        self.position += 1;
                        inner = outer.pop();
                        seen = Seen::Other;
                    }
                    _ => return Err(DecodeError::Payload),
                }
            }
        }
    }

    /// Takes an opening bracket, up to the first element. `None` if there is none: then the
    /// closing bracket is taken, too.
    #[inline]
    fn open(&mut self, bracket: u8) -> Option<Container> {
        self.position += 1;
        self.whitespace();
        let container = if bracket == b'[' {
            Container::Array
        } else {
            Container::Object
        };
        if self.peek() == Some(container.closing()) {
            self.position += 1;
            return None;
        }
        Some(container)
    }

    /// A member's name with its colon.
    #[inline]
    fn key<const WATCH: bool>(&mut self) -> Option<Member> {
        let start = self.position + 1;
        let is_escaped = self.string()?;
        let end = self.position - 1;
        self.whitespace();
        self.expect(b':')?;
        self.whitespace();
        if !WATCH {
            return Some(Member::Other);
        }
        let raw = self.slice(start, end);
        Some(if is_escaped {
            member(&unescape(raw))
        } else {
            member(raw)
        })
    }

    #[inline]
    fn scalar<const WATCH: bool>(&mut self) -> Option<Seen> {
        match self.peek()? {
            b't' => self.literal("true").map(|()| Seen::True),
            b'f' => self.literal("false").map(|()| Seen::Other),
            b'n' => self.literal("null").map(|()| Seen::Other),
            _ => {
                let start = self.position;
                self.number()?;
                if !WATCH {
                    return Some(Seen::Other);
                }
                let number = self.slice(start, self.position);
                Some(match number.parse() {
                    Ok(index) => Seen::Index(index),
                    Err(_) if number == "-0" => Seen::Index(0),
                    Err(_) => Seen::Other,
                })
            }
        }
    }

    pub(crate) fn literal(&mut self, word: &str) -> Option<()> {
        if !self.rest().starts_with(word.as_bytes()) {
            return None;
        }
        self.position += word.len();
        Some(())
    }

    /// A number. Tells whether it is an integer.
    fn number(&mut self) -> Option<bool> {
        let mut is_integer = true;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            is_integer = false;
            self.position += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            is_integer = false;
            self.position += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.position += 1;
            }
            self.digits()?;
        }
        Some(is_integer)
    }

    #[inline]
    fn digits(&mut self) -> Option<()> {
        let start = self.position;
        while let Some(b'0'..=b'9') = self.peek() {
            self.position += 1;
        }
        (self.position > start).then_some(())
    }
}

fn member(key: &str) -> Member {
    match key {
        "_placeholder" => Member::Placeholder,
        "num" => Member::Num,
        _ => Member::Other,
    }
}

#[cfg(test)]
mod tests;
