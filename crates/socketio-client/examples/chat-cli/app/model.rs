//! What is on the screen, and what keys do to it.

use super::protocol::{Count, Member, Message, Presence, Room, Typist};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Lines that are kept.
const MAX_LINES: usize = 500;

/// How long somebody is believed to type.
const TYPING: Duration = Duration::from_secs(6);

/// How often to tell that we type.
const TYPING_AGAIN: Duration = Duration::from_secs(3);

/// Longest text that the server takes, in characters.
const LONGEST: usize = 2000;

pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) room: String,
    pub(crate) status: String,
    pub(crate) rooms: Vec<Count>,
    pub(crate) members: Vec<Member>,
    pub(crate) lines: VecDeque<Line>,
    pub(crate) input: String,
    pub(crate) is_over: bool,
    typists: BTreeMap<String, (String, Instant)>,
    told_typing: Option<Instant>,
}

/// One line of the conversation.
pub(crate) enum Line {
    Said { nick: String, text: String },
    Note(String),
}

/// What the user wants.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Say(String),
    Join(String),
    Image(String),
    Typing(bool),
}

impl Model {
    pub(crate) fn new(name: &str, room: &str) -> Self {
        Self {
            name: name.to_owned(),
            room: room.to_owned(),
            status: "connecting".to_owned(),
            rooms: Vec::new(),
            members: Vec::new(),
            lines: VecDeque::new(),
            input: String::new(),
            is_over: false,
            typists: BTreeMap::new(),
            told_typing: None,
        }
    }

    pub(crate) fn press(&mut self, key: KeyEvent, now: Instant) -> Option<Command> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => self.is_over = true,
            KeyCode::Char('c') if with_control => self.is_over = true,
            KeyCode::Char(letter) if !with_control => {
                if self.input.chars().count() < LONGEST {
                    self.input.push(letter);
                }
                return self.typing(now);
            }
            KeyCode::Backspace => {
                self.input.pop();
                return self.typing(now);
            }
            KeyCode::Enter => return self.submit(),
            _ => {}
        }
        None
    }

    /// Tells the others that we type, or have stopped, if they don't know.
    fn typing(&mut self, now: Instant) -> Option<Command> {
        let is_typing = !self.input.is_empty() && !self.input.starts_with('/');
        let is_known = self
            .told_typing
            .is_some_and(|told| now.duration_since(told) < TYPING_AGAIN);
        if is_typing == is_known {
            return None;
        }
        self.told_typing = is_typing.then_some(now);
        Some(Command::Typing(is_typing))
    }

    fn submit(&mut self) -> Option<Command> {
        let input = std::mem::take(&mut self.input);
        self.told_typing = None;
        let text = input.trim();
        match text.split_once(' ').unwrap_or((text, "")) {
            ("", _) => None,
            ("/quit", _) => {
                self.is_over = true;
                None
            }
            ("/join", room) => Some(Command::Join(room.trim().to_owned())),
            ("/image", path) => Some(Command::Image(path.trim().to_owned())),
            (word, _) if word.starts_with('/') => {
                self.note("There are /join ROOM, /image FILE and /quit.".to_owned());
                None
            }
            _ => Some(Command::Say(text.to_owned())),
        }
    }

    /// We are in a room, as the server sees it.
    pub(crate) fn enter(&mut self, room: Room) {
        self.lines.clear();
        self.typists.clear();
        self.room = room.room;
        self.members = room.members;
        self.rooms = room.rooms;
        for message in &room.history {
            self.hear(message);
        }
    }

    /// Somebody has said something.
    pub(crate) fn hear(&mut self, message: &Message) {
        self.typists.remove(&message.from);
        self.push(Line::Said {
            nick: message.nick.clone(),
            text: message.text.clone(),
        });
    }

    /// We have said something.
    pub(crate) fn say(&mut self, text: &str) {
        self.push(Line::Said {
            nick: self.name.clone(),
            text: text.to_owned(),
        });
    }

    pub(crate) fn note(&mut self, text: String) {
        self.push(Line::Note(text));
    }

    pub(crate) fn meet(&mut self, presence: Presence) {
        if presence.room == self.room {
            self.members = presence.members;
            let members = &self.members;
            self.typists
                .retain(|id, _| members.iter().any(|member| member.id == *id));
        }
    }

    pub(crate) fn type_on(&mut self, typist: Typist, now: Instant) {
        if typist.on {
            self.typists.insert(typist.id, (typist.nick, now + TYPING));
        } else {
            self.typists.remove(&typist.id);
        }
    }

    /// Who types, in words.
    pub(crate) fn typing_line(&self) -> String {
        let nicks: Vec<&str> = self.typists.values().map(|(nick, _)| &**nick).collect();
        match nicks[..] {
            [] => String::new(),
            [one] => format!("{one} is typing"),
            _ => format!("{} are typing", nicks.join(", ")),
        }
    }

    /// When the first of them is forgotten.
    pub(crate) fn next_forgotten(&self) -> Option<Instant> {
        self.typists.values().map(|(_, until)| *until).min()
    }

    pub(crate) fn forget(&mut self, now: Instant) {
        self.typists.retain(|_, (_, until)| *until > now);
    }

    fn push(&mut self, line: Line) {
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}
