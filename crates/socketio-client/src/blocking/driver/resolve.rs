//! Names, and the thread that asks the system for them.

use crate::core::Core;
use crate::sync::lock;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex};
use std::thread;

/// One lookup at a time: those who want to know meanwhile wait for the same. The system has its
/// own limit for how long one takes, and it can't be stopped.
#[derive(Default)]
pub(crate) struct Resolver(Mutex<Option<Arc<Lookup>>>);

/// The addresses of a host, once they are known.
#[derive(Default)]
pub(crate) struct Lookup(Mutex<Option<io::Result<Vec<SocketAddr>>>>);

impl Resolver {
    /// Begins to look for a host, for whom the driver is woken.
    pub(crate) fn look_up(&self, core: &Arc<Core>, host: &str, port: u16) -> Arc<Lookup> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Arc::new(Lookup::of(Ok(vec![(address, port).into()])));
        }
        let mut running = lock(&self.0);
        if let Some(lookup) = running.as_ref().filter(|lookup| !lookup.is_done()) {
            return Arc::clone(lookup);
        }
        let lookup = Arc::new(Lookup::default());
        let (given, name) = (Arc::clone(&lookup), host.to_owned());
        let core = Arc::clone(core);
        let begun = thread::Builder::new()
            .name("socketio-resolve".into())
            .spawn(move || {
                let addresses = (name.as_str(), port).to_socket_addrs();
                *lock(&given.0) = Some(addresses.map(Iterator::collect));
                core.step(|_, _| {});
            });
        if let Err(error) = begun {
            return Arc::new(Lookup::of(Err(error)));
        }
        *running = Some(Arc::clone(&lookup));
        lookup
    }
}

impl Lookup {
    fn of(result: io::Result<Vec<SocketAddr>>) -> Self {
        Self(Mutex::new(Some(result)))
    }

    fn is_done(&self) -> bool {
        lock(&self.0).is_some()
    }

    /// The addresses; `None` as long as they are not known.
    pub(crate) fn addresses(&self) -> Option<io::Result<Vec<SocketAddr>>> {
        match lock(&self.0).as_ref()? {
            Ok(addresses) => Some(Ok(addresses.clone())),
            // An error that others may be told, too.
            Err(error) => Some(Err(error.kind().into())),
        }
    }
}
