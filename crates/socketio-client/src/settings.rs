//! What does not change once a client is built: where it connects to, and how its requests look.

use crate::cookies::Cookies;
use crate::error::BuildError;
use crate::sync::lock;
use crate::target::{Proxy, Target};
use engineio_proto::client::ClientConfig;
use http::Uri;
use http::header::{COOKIE, HOST, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use socketio_handler::run::Task;
use socketio_proto::client::Auth;
use socketio_proto::{Format, Payload, PayloadError};
use std::sync::{Arc, Mutex};

/// Gives the credentials for one attempt to connect.
pub(crate) type AuthFn = Arc<dyn Fn(Format) -> Task<Option<Payload>> + Send + Sync>;

/// Writes credentials once it is known how.
type Write = Box<dyn FnOnce(Format) -> Result<Payload, PayloadError> + Send>;

/// The credentials, or where they come from.
pub(crate) enum AuthSource {
    Value(Write),
    Ask(AuthFn),
}

impl AuthSource {
    /// The same each time.
    pub(crate) fn value(value: impl Serialize + Send + 'static) -> Self {
        Self::Value(Box::new(move |format| Payload::value(format, &value)))
    }

    /// For the machine, and for us.
    pub(crate) fn split(self, format: Format) -> Result<(Auth, Option<AuthFn>), PayloadError> {
        Ok(match self {
            Self::Value(write) => (Auth::Value(write(format)?), None),
            Self::Ask(ask) => (Auth::Ask, Some(ask)),
        })
    }
}

pub(crate) struct Settings {
    pub(crate) target: Target,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) engine: Arc<ClientConfig>,
    pub(crate) format: Format,
    pub(crate) retry_initial: bool,
    pub(crate) max_pending_handlers: usize,
    /// With its slashes.
    path: String,
    headers: HeaderMap,
    cookies: Option<Mutex<Cookies>>,
}

impl Settings {
    pub(crate) fn new(
        target: Target,
        proxy: Option<Proxy>,
        engine: Arc<ClientConfig>,
        format: Format,
        extra: &[(String, String)],
    ) -> Result<Self, BuildError> {
        let mut headers = HeaderMap::new();
        let host = HeaderValue::from_str(target.authority.as_str());
        headers.insert(HOST, host.map_err(|_| BuildError::Header("host".into()))?);
        for (name, value) in extra {
            let wrong = || BuildError::Header(name.clone());
            let key = HeaderName::try_from(name).map_err(|_| wrong())?;
            let value = HeaderValue::try_from(value).map_err(|_| wrong())?;
            if key == HOST {
                headers.insert(key, value);
            } else {
                headers.append(key, value);
            }
        }
        let path = engine.path.trim_matches('/');
        let end = if engine.add_trailing_slash { "/" } else { "" };
        let path = match path {
            "" => "/".to_owned(),
            path => format!("/{path}{end}"),
        };
        Ok(Self {
            path,
            target,
            proxy,
            engine,
            format,
            retry_initial: false,
            max_pending_handlers: 1024,
            headers,
            cookies: None,
        })
    }

    pub(crate) fn keep_cookies(&mut self) {
        self.cookies = Some(Mutex::default());
    }

    /// The headers that every request has: `Host`, the application's own, and the cookies.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        let kept = self.cookies.as_ref();
        if let Some(cookies) = kept.and_then(|cookies| lock(cookies).header()) {
            let all = match headers.get(COOKIE) {
                Some(own) => [own.as_bytes(), b"; ", cookies.as_bytes()].concat(),
                None => cookies.as_bytes().to_vec(),
            };
            if let Ok(all) = HeaderValue::from_bytes(&all) {
                headers.insert(COOKIE, all);
            }
        }
        headers
    }

    /// Keeps the cookies of a response, if cookies are kept at all.
    pub(crate) fn take_cookies(&self, headers: &HeaderMap) {
        if let Some(cookies) = &self.cookies {
            lock(cookies).store(headers);
        }
    }

    /// The session is over, and its cookies with it.
    pub(crate) fn forget_cookies(&self) {
        if let Some(cookies) = &self.cookies {
            lock(cookies).clear();
        }
    }

    /// What follows the host in a request.
    pub(crate) fn path_and_query(&self, query: &str) -> String {
        format!("{}?{query}", self.path)
    }

    /// The whole address of a WebSocket.
    pub(crate) fn websocket_uri(&self, query: &str) -> Result<Uri, http::Error> {
        let scheme = if self.target.is_secure { "wss" } else { "ws" };
        Uri::builder()
            .scheme(scheme)
            .authority(self.target.authority.clone())
            .path_and_query(self.path_and_query(query))
            .build()
    }
}
