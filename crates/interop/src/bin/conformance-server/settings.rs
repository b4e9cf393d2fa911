//! The environment variables.
//!
//! An empty variable counts as unset. What this library can't do (yet) is refused rather than
//! ignored.

use socketio_proto::Format;
use socketio_server::RecoveryConfig;
use socketio_server::engine::{Cookie, Cors, CorsOrigin, Transport};
use std::time::Duration;

pub(crate) struct Settings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path: String,
    pub(crate) parser: Format,
    pub(crate) ping_interval: Duration,
    pub(crate) ping_timeout: Duration,
    pub(crate) max_payload: usize,
    pub(crate) connect_timeout: Duration,
    pub(crate) upgrade_timeout: Duration,
    pub(crate) allow_upgrades: bool,
    pub(crate) allow_eio3: bool,
    pub(crate) transports: Vec<Transport>,
    pub(crate) allow_request_delay: Duration,
    pub(crate) emit_auth: bool,
    pub(crate) cleanup_namespaces: bool,
    pub(crate) cors: Option<Cors>,
    pub(crate) cookie: Option<Cookie>,
    pub(crate) recovery: Option<RecoveryConfig>,
}

impl Settings {
    pub(crate) fn from_environment() -> Result<Self, String> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let text = |name: &str, default: &str| variable(name).unwrap_or_else(|| default.to_owned());
        let number = |name: &str, default: u64| match variable(name) {
            Some(value) => value
                .parse()
                .map_err(|_| format!("{name} is no number: {value}")),
            None => Ok(default),
        };
        let millis = |name: &str, default: u64| number(name, default).map(Duration::from_millis);
        let flag = |name: &str, default: bool| match variable(name).as_deref() {
            None => Ok(default),
            Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(other) => Err(format!("{name} is neither 0 nor 1: {other}")),
        };
        for (name, only) in [("DEFLATE", "0")] {
            if variable(name).is_some_and(|value| value != only) {
                return Err(format!("{name} is not supported"));
            }
        }
        if variable("ADAPTER").is_some() {
            return Err("ADAPTER is not supported".into());
        }
        Ok(Self {
            host: text("HOST", "127.0.0.1"),
            port: u16::try_from(number("PORT", 3000)?).map_err(|_| "PORT is too large")?,
            path: text("SIO_PATH", "/socket.io/"),
            parser: parser(&text("PARSER", "json"))?,
            ping_interval: millis("PING_INTERVAL", 25_000)?,
            ping_timeout: millis("PING_TIMEOUT", 20_000)?,
            max_payload: usize::try_from(number("MAX_PAYLOAD", 1_000_000)?)
                .map_err(|_| "MAX_PAYLOAD is too large")?,
            connect_timeout: millis("CONNECT_TIMEOUT", 45_000)?,
            upgrade_timeout: millis("UPGRADE_TIMEOUT", 10_000)?,
            allow_upgrades: flag("ALLOW_UPGRADES", true)?,
            allow_eio3: flag("EIO3", false)?,
            transports: transports(&text("TRANSPORTS", "polling,websocket"))?,
            allow_request_delay: millis("ALLOW_REQUEST_DELAY", 0)?,
            emit_auth: flag("EMIT_AUTH", true)?,
            cleanup_namespaces: flag("CLEANUP_NAMESPACES", false)?,
            cors: cors(variable("CORS_ORIGIN"), flag("CORS_CREDENTIALS", false)?),
            cookie: variable("COOKIE").map(Cookie::new),
            recovery: recovery(
                millis("RECOVERY", 0)?,
                flag("RECOVERY_SKIP_MIDDLEWARES", true)?,
            ),
        })
    }
}

fn parser(name: &str) -> Result<Format, String> {
    match name {
        "json" => Ok(Format::Json),
        "msgpack" => Ok(Format::MsgPack),
        other => Err(format!("PARSER is an unknown one: {other}")),
    }
}

fn transports(list: &str) -> Result<Vec<Transport>, String> {
    let transport = |name: &str| match name.trim() {
        "polling" => Ok(Transport::Polling),
        "websocket" => Ok(Transport::WebSocket),
        other => Err(format!("TRANSPORTS has an unknown one: {other}")),
    };
    list.split(',').map(transport).collect()
}

/// No time is no recovery.
fn recovery(duration: Duration, skip_middlewares: bool) -> Option<RecoveryConfig> {
    let config = RecoveryConfig::default()
        .max_disconnection_duration(duration)
        .skip_middlewares(skip_middlewares);
    (!duration.is_zero()).then_some(config)
}

fn cors(origin: Option<String>, credentials: bool) -> Option<Cors> {
    let origin = match origin?.as_str() {
        "*" => CorsOrigin::Any,
        list if list.contains(',') => CorsOrigin::List(
            list.split(',')
                .map(|origin| origin.trim().to_owned())
                .collect(),
        ),
        fixed => CorsOrigin::Fixed(fixed.to_owned()),
    };
    Some(Cors::new(origin).credentials(credentials))
}
