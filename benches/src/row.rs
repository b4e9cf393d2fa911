//! One line of the table.

use crate::Task;
use std::fmt;

/// One piece of work, and all who do it.
#[derive(Debug)]
pub struct Row {
    /// What is done to what: `engine decode, text 1 KiB`.
    pub name: String,
    /// Who does it: ours first, in one or several ways, then the peers, then the limit.
    pub contenders: Vec<Contender>,
}

/// One who does the work of a row.
pub struct Contender {
    /// Whether it is ours, with the way in which it is done, or the name of the peer or limit.
    pub role: Role,
    /// The work.
    pub task: Box<dyn Task>,
}

/// Who a contender is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// This project, in the named way.
    Ours(&'static str, Option<Goal>),
    /// Another implementation.
    Peer(&'static str),
    /// The least that has to be done whoever does it; not the whole work.
    Limit(&'static str),
}

/// How many times as fast as the best peer of the row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// Less than this is a defect.
    pub at_least: f64,
    /// What is thought to be in reach.
    pub aim: f64,
}

impl Goal {
    /// A goal.
    #[must_use]
    pub const fn new(at_least: f64, aim: f64) -> Option<Self> {
        Some(Self { at_least, aim })
    }
}

impl Row {
    /// A row that nobody contends for yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            contenders: Vec::new(),
        }
    }

    /// Adds a way of ours.
    #[must_use]
    pub fn ours(self, way: &'static str, goal: Option<Goal>, task: Box<dyn Task>) -> Self {
        self.with(Role::Ours(way, goal), task)
    }

    /// Adds a peer.
    #[must_use]
    pub fn peer(self, name: &'static str, task: Box<dyn Task>) -> Self {
        self.with(Role::Peer(name), task)
    }

    /// Adds the limit.
    #[must_use]
    pub fn limit(self, name: &'static str, task: Box<dyn Task>) -> Self {
        self.with(Role::Limit(name), task)
    }

    fn with(mut self, role: Role, task: Box<dyn Task>) -> Self {
        self.contenders.push(Contender { role, task });
        self
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(way, _) => write!(f, "ours: {way}"),
            Self::Peer(name) => f.write_str(name),
            Self::Limit(name) => write!(f, "limit: {name}"),
        }
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
