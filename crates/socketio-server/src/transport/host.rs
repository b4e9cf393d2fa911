//! What the clients of one server share: configuration, table, timers, clock, ids.

#[cfg(feature = "http-compression")]
use super::compression::Compressor;
use super::{App, Client, Door, HandshakeRequest};
use crate::bundle::Bundle;
use crate::env::Env;
use crate::limits::Bounds;
use crate::service::SHUTDOWN_PATIENCE;
use crate::sync::lock;
use engineio_proto::config::ServerConfig;
use engineio_proto::http::Reject;
use engineio_proto::{CloseReason, Sid};
use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::request::Parts;
use std::collections::BTreeMap;
use std::net::IpAddr;
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
/// Says whose request this is.
pub(crate) type ClientAddress = Arc<dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync>;

/// The options that concern the adapter rather than the protocol.
#[derive(Clone)]
pub(crate) struct HostOptions {
    pub(crate) client_address: Option<ClientAddress>,
    pub(crate) allow_request: Option<AllowRequest>,
    pub(crate) on_headers: Option<OnHeaders>,
    pub(crate) on_connection_error: Option<OnConnectionError>,
    pub(crate) bundle: Option<Bundle>,
    #[cfg(feature = "http-compression")]
    pub(crate) http_compression: Option<engineio_proto::config::HttpCompression>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            client_address: None,
            allow_request: None,
            on_headers: None,
            on_connection_error: None,
            bundle: None,
            #[cfg(feature = "http-compression")]
            http_compression: Some(engineio_proto::config::HttpCompression::default()),
        }
    }
}

/// The server behind a service.
pub(crate) struct Host<A: App> {
    app: A,
    options: HostOptions,
    config: Arc<ServerConfig>,
    max_pending_handlers: usize,
    door: Door,
    env: Arc<Env>,
    table: Table<A>,
    #[cfg(feature = "http-compression")]
    compressor: Option<Compressor>,
    /// New sessions are refused.
    draining: AtomicBool,
    /// All sessions were told, and connections are to end.
    closing: AtomicBool,
    closed: Notify,
    /// Time for what is on its way by then.
    patience: Mutex<Duration>,
}

impl<A: App> Host<A> {
    pub(crate) fn new(
        app: A,
        config: ServerConfig,
        bounds: Bounds,
        options: HostOptions,
        env: Arc<Env>,
    ) -> Arc<Self> {
        Arc::new(Self {
            app,
            #[cfg(feature = "http-compression")]
            compressor: options.http_compression.map(Compressor::new),
            options,
            config: Arc::new(config),
            max_pending_handlers: bounds.max_pending_handlers,
            door: Door::new(bounds.admission, env.clock),
            env,
            table: Table::default(),
            draining: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            closed: Notify::new(),
            patience: Mutex::new(SHUTDOWN_PATIENCE),
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

    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    pub(crate) fn table(&self) -> &Table<A> {
        &self.table
    }

    /// `None` if compression is switched off.
    #[cfg(feature = "http-compression")]
    pub(super) fn compressor(&self) -> Option<&Compressor> {
        self.compressor.as_ref()
    }

    pub(crate) fn max_pending_handlers(&self) -> usize {
        self.max_pending_handlers
    }

    /// Are new sessions refused?
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Refuses new sessions from now on. Those that live go on, and so does the listener, which
    /// clients that poll need.
    pub(crate) fn refuse(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Resolves once [`shutdown`](Self::shutdown) has told all sessions.
    pub(crate) async fn closing(&self) {
        let notified = self.closed.notified();
        if !self.closing.load(Ordering::Acquire) {
            notified.await;
        }
    }

    /// How long connections may take to end, once they are to.
    pub(crate) fn patience(&self) -> Duration {
        *lock(&self.patience)
    }

    /// Refuses new clients, closes those that are there, spread over `window`, and waits until they
    /// are gone, but at most for `patience`.
    pub(crate) async fn shutdown(&self, window: Duration, patience: Duration) {
        self.refuse();
        *lock(&self.patience) = patience;
        if !window.is_zero() {
            tokio::select! {
                () = self.close_over(window) => {}
                () = self.table.empty() => {}
            }
        }
        self.closing.store(true, Ordering::Release);
        self.closed.notify_waiters();
        for client in self.table.all() {
            client.close(CloseReason::ShuttingDown);
        }
        let _ = tokio::time::timeout(patience, self.table.empty()).await;
    }

    /// Closes one client after the other, the first at once and the last when the window ends. They
    /// come in the order of their ids, which is none.
    async fn close_over(&self, window: Duration) {
        let clock = self.env.clock;
        let start = clock.now();
        let clients = self.table.all();
        let gaps = u32::try_from(clients.len().saturating_sub(1))
            .unwrap_or(u32::MAX)
            .max(1);
        for (index, client) in (0_u32..).zip(clients) {
            let after = window.mul_f64(f64::from(index) / f64::from(gaps));
            tokio::time::sleep_until(clock.when(start + after)).await;
            client.close(CloseReason::ShuttingDown);
        }
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
