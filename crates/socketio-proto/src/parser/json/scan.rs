//! One pass over JSON text that builds nothing: grammar, depth, placeholders, and where the
//! event name and each argument end. It keeps its own stack, so depth costs no recursion.

mod string;

pub(crate) use string::unescape;

use super::EventName;
use crate::DecodeError;
use smallvec::SmallVec;

/// Checks that `text` is one JSON value, nested no deeper than `max_depth`. With `attachments`,
/// the text belongs to a binary packet and each placeholder must name one of that many.
pub(crate) fn check(
    text: &str,
    max_depth: usize,
    attachments: Option<usize>,
) -> Result<(), DecodeError> {
    let mut scanner = Scanner { text, position: 0 };
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
    let mut scanner = Scanner {
        text: data,
        position: 0,
    };
    scanner.expect(b'[')?;
    scanner.whitespace();
    let start = scanner.position;
    let name = if scanner.peek() == Some(b'"') {
        let is_escaped = scanner.string()?;
        let raw = scanner.slice(start + 1, scanner.position - 1);
        EventName {
            raw,
            start: start + 1,
            is_escaped,
        }
    } else {
        scanner.number()?;
        EventName {
            raw: scanner.slice(start, scanner.position),
            start,
            is_escaped: false,
        }
    };
    if name.raw.len() > max_bytes {
        return Err(DecodeError::Limit { what: "event name" });
    }
    scanner.separator()?;
    Ok((name, scanner.position))
}

/// Where the value at the front of `text` ends. `None` if there is no well-formed one.
pub(crate) fn value_end(text: &str) -> Option<usize> {
    let mut scanner = Scanner { text, position: 0 };
    scanner.value(usize::MAX, None).ok()?;
    Some(scanner.position)
}

/// From the end of an argument to the start of the next one, or to the closing bracket.
pub(crate) fn next_argument(text: &str) -> Option<usize> {
    let mut scanner = Scanner { text, position: 0 };
    scanner.separator().ok()?;
    Some(scanner.position)
}

/// From an opening bracket to the first element, or to the closing bracket.
pub(crate) fn first_argument(text: &str) -> Option<usize> {
    let mut scanner = Scanner { text, position: 0 };
    scanner.expect(b'[').ok()?;
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

struct Scanner<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), DecodeError> {
        if self.peek() != Some(byte) {
            return Err(DecodeError::Payload);
        }
        self.position += 1;
        Ok(())
    }

    /// Behind an element: to the next one, or up to the closing bracket.
    fn separator(&mut self) -> Result<(), DecodeError> {
        self.whitespace();
        if self.peek() == Some(b']') {
            return Ok(());
        }
        self.expect(b',')?;
        self.whitespace();
        Ok(())
    }

    /// One value of any kind.
    fn value(&mut self, max_depth: usize, attachments: Option<usize>) -> Result<(), DecodeError> {
        let mut levels = SmallVec::<[Level; 32]>::new();
        // Looking for placeholders costs time that only binary packets need.
        let watch = attachments.is_some();
        loop {
            let mut seen = match self.peek() {
                Some(open @ (b'[' | b'{')) => {
                    if levels.len() >= max_depth {
                        return Err(DecodeError::Limit { what: "depth" });
                    }
                    self.position += 1;
                    self.whitespace();
                    let container = if open == b'[' {
                        Container::Array
                    } else {
                        Container::Object
                    };
                    if self.close(container) {
                        Seen::Other
                    } else {
                        let mut level = Level::new(container);
                        if container == Container::Object {
                            level.member = self.key(watch)?;
                        }
                        levels.push(level);
                        continue;
                    }
                }
                _ => self.scalar(watch)?,
            };
            // The value is complete, and with it perhaps the containers around it.
            loop {
                let Some(level) = levels.last_mut() else {
                    return Ok(());
                };
                level.see(seen, attachments.unwrap_or(0));
                self.whitespace();
                if self.close(level.container) {
                    if level.is_placeholder && !level.has_index {
                        return Err(DecodeError::Attachments);
                    }
                    levels.pop();
                    seen = Seen::Other;
                    continue;
                }
                self.expect(b',')?;
                self.whitespace();
                if level.container == Container::Object {
                    level.member = self.key(watch)?;
                }
                break;
            }
        }
    }

    /// Takes the closing bracket, if it is here.
    fn close(&mut self, container: Container) -> bool {
        let bracket = match container {
            Container::Array => b']',
            Container::Object => b'}',
        };
        self.expect(bracket).is_ok()
    }

    /// A member's name with its colon.
    fn key(&mut self, watch: bool) -> Result<Member, DecodeError> {
        let start = self.position + 1;
        let is_escaped = self.string()?;
        let raw = self.slice(start, self.position - 1);
        self.whitespace();
        self.expect(b':')?;
        self.whitespace();
        Ok(match raw {
            _ if !watch => Member::Other,
            raw if is_escaped => member(&unescape(raw)),
            raw => member(raw),
        })
    }

    fn scalar(&mut self, watch: bool) -> Result<Seen, DecodeError> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| Seen::Other),
            Some(b't') => self.literal("true").map(|()| Seen::True),
            Some(b'f') => self.literal("false").map(|()| Seen::Other),
            Some(b'n') => self.literal("null").map(|()| Seen::Other),
            _ => {
                let start = self.position;
                self.number()?;
                let number = self.slice(start, self.position);
                if !watch {
                    return Ok(Seen::Other);
                }
                Ok(match number.parse() {
                    Ok(index) => Seen::Index(index),
                    Err(_) if number == "-0" => Seen::Index(0),
                    Err(_) => Seen::Other,
                })
            }
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), DecodeError> {
        let rest = self
            .text
            .as_bytes()
            .get(self.position..)
            .unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(DecodeError::Payload);
        }
        self.position += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), DecodeError> {
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        if self.peek() == Some(b'0') {
            self.position += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.position += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.position += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), DecodeError> {
        let start = self.position;
        while let Some(b'0'..=b'9') = self.peek() {
            self.position += 1;
        }
        if self.position == start {
            Err(DecodeError::Payload)
        } else {
            Ok(())
        }
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
