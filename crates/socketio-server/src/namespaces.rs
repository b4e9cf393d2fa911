//! All namespaces of a server: those that were named, and those that come into being when a client
//! asks.

use crate::namespace::{Common, NamespaceInner};
use crate::sync::{read, write};
use crate::telemetry;
use engineio_proto::Text;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use socketio_proto::Payload;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};

pub(crate) type Accepts = Arc<dyn Fn(&str, &ConnectAuth<'_>) -> bool + Send + Sync>;
pub(crate) type AcceptsLater =
    Arc<dyn Fn(&str, &ConnectAuth<'_>) -> BoxFuture<'static, bool> + Send + Sync>;
type Hook = Arc<dyn Fn(&Arc<NamespaceInner>) + Send + Sync>;

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

/// A namespace that a client asks for.
pub(crate) enum Found {
    Now(Option<Lease>),
    /// It has to be asked about.
    Later(BoxFuture<'static, Option<Lease>>),
}

/// A namespace that somebody is on the way into: it is not cleaned up meanwhile.
pub(crate) struct Lease {
    namespace: Arc<NamespaceInner>,
    leases: Arc<AtomicUsize>,
    namespaces: Arc<Namespaces>,
}

impl Deref for Lease {
    type Target = Arc<NamespaceInner>;

    fn deref(&self) -> &Arc<NamespaceInner> {
        &self.namespace
    }
}

impl Clone for Lease {
    fn clone(&self) -> Self {
        self.leases.fetch_add(1, Ordering::AcqRel);
        Self {
            namespace: Arc::clone(&self.namespace),
            leases: Arc::clone(&self.leases),
            namespaces: Arc::clone(&self.namespaces),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.fetch_sub(1, Ordering::AcqRel);
        self.namespaces.clean_up(&self.namespace);
    }
}

/// The namespaces, and what each of them is made of.
pub(crate) struct Namespaces {
    common: Arc<Common>,
    max_dynamic: usize,
    cleans_up: bool,
    names: RwLock<Names>,
    /// Copied when changed, like the hooks: they are the user's code, which runs under no lock.
    patterns: RwLock<Arc<Vec<Pattern>>>,
    hooks: RwLock<Arc<Vec<Hook>>>,
    has_removed: AtomicBool,
}

#[derive(Default)]
struct Names {
    by_name: BTreeMap<socketio_proto::Namespace, Named>,
    /// How many of them came into being by a pattern.
    dynamic: usize,
}

struct Named {
    namespace: Arc<NamespaceInner>,
    is_dynamic: bool,
    leases: Arc<AtomicUsize>,
}

impl Names {
    fn take(&mut self, name: &socketio_proto::Namespace) -> Option<Arc<NamespaceInner>> {
        let named = self.by_name.remove(name)?;
        self.dynamic -= usize::from(named.is_dynamic);
        Some(named.namespace)
    }
}

/// Which names are accepted, and what their namespaces start with.
#[derive(Clone)]
struct Pattern {
    accepts: Question,
    parent: Arc<NamespaceInner>,
}

#[derive(Clone)]
enum Question {
    Now(Accepts),
    Later(AcceptsLater),
}

impl Namespaces {
    pub(crate) fn new(common: Common, max_dynamic: usize, cleans_up: bool) -> Self {
        Self {
            common: Arc::new(common),
            max_dynamic,
            cleans_up,
            names: RwLock::default(),
            patterns: RwLock::default(),
            hooks: RwLock::default(),
            has_removed: AtomicBool::new(false),
        }
    }

    /// The namespace of this name, made if it is not there.
    pub(crate) fn of(&self, name: &str) -> Arc<NamespaceInner> {
        let name = normalise(name);
        if let Some(named) = read(&self.names).by_name.get(&name) {
            return Arc::clone(&named.namespace);
        }
        let mut names = write(&self.names);
        if let Some(named) = names.by_name.get(&name) {
            return Arc::clone(&named.namespace);
        }
        let namespace = NamespaceInner::new(name.clone(), Arc::clone(&self.common));
        let named = Named {
            namespace: Arc::clone(&namespace),
            is_dynamic: false,
            leases: Arc::default(),
        };
        names.by_name.insert(name, named);
        drop(names);
        self.announce(&namespace);
        namespace
    }

    /// The parent of the namespaces that `accepts` says yes to.
    pub(crate) fn of_matching(&self, accepts: Accepts) -> Arc<NamespaceInner> {
        self.add_pattern(Question::Now(accepts))
    }

    /// The parent of the namespaces that `accepts` will say yes to.
    pub(crate) fn of_matching_async(&self, accepts: AcceptsLater) -> Arc<NamespaceInner> {
        self.add_pattern(Question::Later(accepts))
    }

    fn add_pattern(&self, accepts: Question) -> Arc<NamespaceInner> {
        let mut patterns = write(&self.patterns);
        let name = normalise(&format!("/_{}", patterns.len()));
        let parent = NamespaceInner::new(name, Arc::clone(&self.common));
        Arc::make_mut(&mut patterns).push(Pattern {
            accepts,
            parent: Arc::clone(&parent),
        });
        parent
    }

    /// Called for each namespace that is made from now on.
    pub(crate) fn on_new(&self, hook: Hook) {
        Arc::make_mut(&mut write(&self.hooks)).push(hook);
    }

    /// All that exist, by name.
    pub(crate) fn all(&self) -> Vec<Arc<NamespaceInner>> {
        let names = read(&self.names);
        let all = names.by_name.values();
        all.map(|named| Arc::clone(&named.namespace)).collect()
    }

    /// The namespace that a client asks for: one that is there, or a child of the first pattern
    /// that accepts it.
    pub(crate) fn find(
        self: &Arc<Self>,
        name: &socketio_proto::Namespace,
        auth: Option<&Payload>,
    ) -> Found {
        if let Some(named) = read(&self.names).by_name.get(name) {
            return Found::Now(Some(self.lease(named)));
        }
        let patterns = Arc::clone(&read(&self.patterns));
        for (at, pattern) in patterns.iter().enumerate() {
            match &pattern.accepts {
                Question::Now(accepts) if accepts(name.as_str(), &ConnectAuth(auth)) => {
                    return Found::Now(self.make(name, &pattern.parent));
                }
                Question::Now(_) => {}
                Question::Later(_) => {
                    let (me, name, auth) = (Arc::clone(self), name.clone(), auth.cloned());
                    return Found::Later(Box::pin(me.ask(name, auth, patterns, at)));
                }
            }
        }
        Found::Now(None)
    }

    /// Goes on with the patterns from one that takes its time.
    async fn ask(
        self: Arc<Self>,
        name: socketio_proto::Namespace,
        auth: Option<Payload>,
        patterns: Arc<Vec<Pattern>>,
        from: usize,
    ) -> Option<Lease> {
        for pattern in patterns.iter().skip(from) {
            let accepted = match &pattern.accepts {
                Question::Now(accepts) => accepts(name.as_str(), &ConnectAuth(auth.as_ref())),
                Question::Later(accepts) => {
                    let answer = accepts(name.as_str(), &ConnectAuth(auth.as_ref()));
                    answer.await
                }
            };
            if accepted {
                return self.make(&name, &pattern.parent);
            }
        }
        None
    }

    /// A child of this parent; none if there are too many already.
    fn make(
        self: &Arc<Self>,
        name: &socketio_proto::Namespace,
        parent: &NamespaceInner,
    ) -> Option<Lease> {
        // The name is a slice of the client's frame, which the namespace would keep alive.
        let name = normalise(name.as_str());
        let mut names = write(&self.names);
        // Another client may have asked for it meanwhile.
        if let Some(named) = names.by_name.get(&name) {
            return Some(self.lease(named));
        }
        if names.dynamic >= self.max_dynamic {
            telemetry::limit_hit("max_dynamic_namespaces");
            return None;
        }
        names.dynamic += 1;
        let named = Named {
            namespace: parent.child(name.clone()),
            is_dynamic: true,
            leases: Arc::default(),
        };
        let lease = self.lease(&named);
        names.by_name.insert(name, named);
        drop(names);
        self.announce(&lease);
        Some(lease)
    }

    /// Removes one by name; the main one stays.
    pub(crate) fn remove(&self, name: &str) -> Option<Arc<NamespaceInner>> {
        let name = normalise(name);
        if name.is_root() {
            return None;
        }
        // Before it is gone: whoever is let in looks at this first.
        self.has_removed.store(true, Ordering::SeqCst);
        write(&self.names).take(&name)
    }

    /// Whether this one has been removed.
    pub(crate) fn was_removed(&self, namespace: &Arc<NamespaceInner>) -> bool {
        self.has_removed.load(Ordering::SeqCst)
            && read(&self.names)
                .by_name
                .get(namespace.name())
                .is_none_or(|named| !Arc::ptr_eq(&named.namespace, namespace))
    }

    /// Removes a namespace that came into being by a pattern, if that is wanted and nobody is left
    /// in it.
    pub(crate) fn clean_up(&self, namespace: &Arc<NamespaceInner>) {
        if !self.cleans_up || !namespace.is_empty() {
            return;
        }
        let mut names = write(&self.names);
        // Under the lock nobody can be about to get it.
        let is_idle = names.by_name.get(namespace.name()).is_some_and(|named| {
            Arc::ptr_eq(&named.namespace, namespace)
                && named.is_dynamic
                && named.leases.load(Ordering::Acquire) == 0
                && namespace.is_empty()
        });
        let removed = is_idle.then(|| names.take(namespace.name()));
        drop(names);
        drop(removed);
    }

    fn lease(self: &Arc<Self>, named: &Named) -> Lease {
        named.leases.fetch_add(1, Ordering::AcqRel);
        Lease {
            namespace: Arc::clone(&named.namespace),
            leases: Arc::clone(&named.leases),
            namespaces: Arc::clone(self),
        }
    }

    fn announce(&self, namespace: &Arc<NamespaceInner>) {
        let hooks = Arc::clone(&read(&self.hooks));
        for hook in hooks.iter() {
            hook(namespace);
        }
    }
}

/// The name with the leading slash that every namespace has, and without commas, which none has.
fn normalise(name: &str) -> socketio_proto::Namespace {
    let slash = if name.starts_with('/') { "" } else { "/" };
    let text = Text::from(format!("{slash}{}", name.replace(',', "")));
    socketio_proto::Namespace::new(text).unwrap_or_else(socketio_proto::Namespace::root)
}
