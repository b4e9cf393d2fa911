//! All namespaces of a server: those that were named, and those that come into being when a client
//! asks.

use crate::namespace::{Common, NamespaceInner};
use crate::sync::{read, write};
use engineio_proto::Text;
use serde::de::DeserializeOwned;
use socketio_proto::Payload;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

pub(crate) type Accepts = Arc<dyn Fn(&str, &ConnectAuth<'_>) -> bool + Send + Sync>;

/// What a client sent along with its connection, for
/// [`SocketIo::of_matching`](crate::SocketIo::of_matching).
#[derive(Clone, Copy, Debug)]
pub struct ConnectAuth<'a>(Option<&'a Payload>);

impl ConnectAuth<'_> {
    /// Decodes it; `None` if there is nothing, or something else.
    #[must_use]
    pub fn get<T: DeserializeOwned>(&self) -> Option<T> {
        self.0.and_then(|auth| auth.decode().ok())
    }
}

/// The namespaces, and what each of them is made of.
pub(crate) struct Namespaces {
    common: Arc<Common>,
    max_dynamic: usize,
    names: RwLock<Names>,
    /// Copied when changed: patterns are the user's code, which runs under no lock.
    patterns: RwLock<Arc<Vec<Pattern>>>,
}

#[derive(Default)]
struct Names {
    by_name: BTreeMap<socketio_proto::Namespace, Arc<NamespaceInner>>,
    /// How many of them came into being by a pattern.
    dynamic: usize,
}

/// Which names are accepted, and what their namespaces start with.
#[derive(Clone)]
struct Pattern {
    accepts: Accepts,
    parent: Arc<NamespaceInner>,
}

impl Namespaces {
    pub(crate) fn new(common: Common, max_dynamic: usize) -> Self {
        Self {
            common: Arc::new(common),
            max_dynamic,
            names: RwLock::default(),
            patterns: RwLock::default(),
        }
    }

    /// The namespace of this name, made if it is not there.
    pub(crate) fn of(&self, name: &str) -> Arc<NamespaceInner> {
        let name = normalise(name);
        let mut names = write(&self.names);
        let entry = names.by_name.entry(name.clone());
        Arc::clone(entry.or_insert_with(|| self.fresh(name)))
    }

    /// The parent of the namespaces that `accepts` says yes to.
    pub(crate) fn of_matching(&self, accepts: Accepts) -> Arc<NamespaceInner> {
        let mut patterns = write(&self.patterns);
        let parent = self.fresh(normalise(&format!("/_{}", patterns.len())));
        Arc::make_mut(&mut patterns).push(Pattern {
            accepts,
            parent: Arc::clone(&parent),
        });
        parent
    }

    /// All that exist, by name.
    pub(crate) fn all(&self) -> Vec<Arc<NamespaceInner>> {
        read(&self.names).by_name.values().cloned().collect()
    }

    /// The namespace that a client asks for: one that is there, or a child of the first pattern
    /// that accepts it.
    pub(crate) fn find(
        &self,
        name: &socketio_proto::Namespace,
        auth: Option<&Payload>,
    ) -> Option<Arc<NamespaceInner>> {
        if let Some(found) = read(&self.names).by_name.get(name) {
            return Some(Arc::clone(found));
        }
        let patterns = Arc::clone(&read(&self.patterns));
        let accepts = |pattern: &&Pattern| (pattern.accepts)(name.as_str(), &ConnectAuth(auth));
        let Pattern { parent, .. } = patterns.iter().find(accepts)?;
        // The name is a slice of the client's frame, which the namespace would keep alive.
        let name = normalise(name.as_str());
        let mut names = write(&self.names);
        // Another client may have asked for it meanwhile.
        if let Some(found) = names.by_name.get(&name) {
            return Some(Arc::clone(found));
        }
        if names.dynamic >= self.max_dynamic {
            return None;
        }
        names.dynamic += 1;
        let child = parent.child(name.clone());
        names.by_name.insert(name, Arc::clone(&child));
        Some(child)
    }

    fn fresh(&self, name: socketio_proto::Namespace) -> Arc<NamespaceInner> {
        NamespaceInner::new(name, Arc::clone(&self.common))
    }
}

/// The name with the leading slash that every namespace has, and without commas, which none has.
fn normalise(name: &str) -> socketio_proto::Namespace {
    let slash = if name.starts_with('/') { "" } else { "/" };
    let text = Text::from(format!("{slash}{}", name.replace(',', "")));
    socketio_proto::Namespace::new(text).unwrap_or_else(socketio_proto::Namespace::root)
}
