//! What the clients of one server share: configuration, table, timers, clock, ids.

use super::{App, Client, HandshakeRequest};
use crate::bundle::Bundle;
use crate::env::Env;
use crate::sync::lock;
use engineio_proto::config::ServerConfig;
use engineio_proto::http::Reject;
use engineio_proto::{CloseReason, Sid};
use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::request::Parts;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// Asked before each handshake; `Err` refuses it with 403 and the message, if there is one.
pub(crate) type AllowRequest = Arc<
    dyn Fn(Arc<HandshakeRequest>) -> BoxFuture<'static, Result<(), Option<String>>> + Send + Sync,
>;
/// May add headers to a response of a session; the flag tells the session's first response.
pub(crate) type OnHeaders = Arc<dyn Fn(&mut HeaderMap, &Parts, bool) + Send + Sync>;
/// Told of each refused request.
pub(crate) type OnConnectionError = Arc<dyn Fn(&Reject, &Parts) + Send + Sync>;

/// The options that concern the adapter rather than the protocol.
#[derive(Clone)]
pub(crate) struct HostOptions {
    pub(crate) config: ServerConfig,
    pub(crate) allow_request: Option<AllowRequest>,
    pub(crate) on_headers: Option<OnHeaders>,
    pub(crate) on_connection_error: Option<OnConnectionError>,
    pub(crate) bundle: Option<Bundle>,
    pub(crate) max_sessions: usize,
    pub(crate) max_pending_handlers: usize,
}

impl HostOptions {
    pub(crate) fn new(config: ServerConfig) -> Self {
        Self {
            config,
            allow_request: None,
            on_headers: None,
            on_connection_error: None,
            bundle: None,
            max_sessions: usize::MAX,
            max_pending_handlers: 1024,
        }
    }
}

/// The server behind a service.
pub(crate) struct Host<A: App> {
    app: A,
    options: HostOptions,
    config: Arc<ServerConfig>,
    env: Arc<Env>,
    table: Table<A>,
    closing: AtomicBool,
    closed: Notify,
}

impl<A: App> Host<A> {
    pub(crate) fn new(app: A, options: HostOptions, env: Arc<Env>) -> Arc<Self> {
        Arc::new(Self {
            app,
            config: Arc::new(options.config.clone()),
            options,
            env,
            table: Table::default(),
            closing: AtomicBool::new(false),
            closed: Notify::new(),
        })
    }

    pub(crate) fn app(&self) -> &A {
        &self.app
    }

    pub(crate) fn options(&self) -> &HostOptions {
        &self.options
    }

    pub(crate) fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    pub(crate) fn env(&self) -> &Arc<Env> {
        &self.env
    }

    pub(crate) fn table(&self) -> &Table<A> {
        &self.table
    }

    pub(crate) fn max_pending_handlers(&self) -> usize {
        self.options.max_pending_handlers
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Resolves once [`shutdown`](Self::shutdown) has begun.
    pub(crate) async fn closing(&self) {
        let notified = self.closed.notified();
        if !self.is_closing() {
            notified.await;
        }
    }

    /// Refuses new clients, closes those that are there, and waits until they are gone, but at most
    /// for `patience`.
    pub(crate) async fn shutdown(&self, patience: Duration) {
        self.closing.store(true, Ordering::Release);
        self.closed.notify_waiters();
        for client in self.table.all() {
            client.close(CloseReason::ShuttingDown);
        }
        let _ = tokio::time::timeout(patience, self.table.empty()).await;
    }
}

impl<A: App> Drop for Host<A> {
    fn drop(&mut self) {
        self.env.timers.stop();
    }
}

/// The live sessions by their ids.
pub(crate) struct Table<A: App> {
    clients: Mutex<BTreeMap<Sid, Arc<Client<A>>>>,
    emptied: Notify,
}

impl<A: App> Default for Table<A> {
    fn default() -> Self {
        Self {
            clients: Mutex::default(),
            emptied: Notify::new(),
        }
    }
}

impl<A: App> Table<A> {
    /// The client of a session, if the session lives.
    pub(crate) fn get(&self, sid: &Sid) -> Option<Arc<Client<A>>> {
        lock(&self.clients).get(sid).cloned()
    }

    pub(crate) fn insert(&self, client: &Arc<Client<A>>) {
        lock(&self.clients).insert(client.sid().clone(), Arc::clone(client));
    }

    pub(crate) fn remove(&self, sid: &Sid) {
        let (removed, empty) = {
            let mut clients = lock(&self.clients);
            (clients.remove(sid), clients.is_empty())
        };
        if empty {
            self.emptied.notify_waiters();
        }
        drop(removed);
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.clients).len()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Client<A>>> {
        lock(&self.clients).values().cloned().collect()
    }

    async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.len() == 0 {
                return;
            }
            emptied.await;
        }
    }
}
