//! A Socket.IO server with a fixed behaviour, for clients of any make to be tried against.
//!
//! It takes no arguments; environment variables configure it (see `settings.rs`). Once it accepts
//! connections it prints `LISTENING <port>`, and nothing else on standard output. SIGTERM or SIGINT
//! ends it.

mod diagnostics;
mod handlers;
mod namespaces;
mod settings;
mod text;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use settings::Settings;
use socketio_proto::Format;
use socketio_server::engine::{Engine, Handler, Message, Socket as EngineSocket};
use socketio_server::{Forbidden, Limits, MsgPack, SocketIo};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Clients may ask for events of some megabytes.
const MAX_BUFFERED: usize = 64 * 1024 * 1024;

/// What the reference has no limit for has one that no test of a client's should reach.
const MANY: usize = 100_000;

/// Sends every message back. A client that does not take them has to go, so that none is missing.
struct Echo;

impl Handler for Echo {
    fn message(&self, socket: &EngineSocket, message: Message) {
        if socket.send(message).is_err() {
            socket.close();
        }
    }
}

fn main() -> ExitCode {
    let settings = match Settings::from_environment() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("conformance-server: {error}");
            return ExitCode::from(64);
        }
    };
    if let Ok(hard) = rlimit::Resource::NOFILE.get_hard() {
        let _ = rlimit::Resource::NOFILE.set(hard, hard);
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("conformance-server: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(settings));
    // Whatever still runs is not worth waiting for.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Applies the options that both endpoints have; their builders have the same setters and no common
/// type.
macro_rules! configured {
    ($builder:expr, $settings:expr, denies: $denies:expr) => {{
        let settings: &Settings = $settings;
        let delay = settings.allow_request_delay;
        let mut builder = $builder
            .ping_interval(settings.ping_interval)
            .ping_timeout(settings.ping_timeout)
            .limits(
                Limits::default()
                    .max_payload(settings.max_payload)
                    .max_buffered(MAX_BUFFERED)
                    .max_queued(MANY)
                    .max_event_name(MANY)
                    .max_namespaces(MANY)
                    .max_rooms(MANY)
                    .max_pending_acks(MANY)
                    .max_pending_broadcasts(MANY)
                    .max_pending_handlers(MANY),
            )
            .upgrade_timeout(settings.upgrade_timeout)
            .allow_upgrades(settings.allow_upgrades)
            .allow_eio3(settings.allow_eio3)
            .transports(settings.transports.clone())
            .on_headers(|headers, _, initial| {
                headers.insert("x-conformance", HeaderValue::from_static("1"));
                if initial {
                    headers.insert("x-conformance-initial", HeaderValue::from_static("1"));
                }
            })
            .allow_request(move |request| async move {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                if $denies && request.query().contains_key("deny") {
                    Err(Forbidden::new())
                } else {
                    Ok(())
                }
            });
        if let Some(cors) = settings.cors.clone() {
            builder = builder.cors(cors);
        }
        if let Some(cookie) = settings.cookie.clone() {
            builder = builder.cookie(cookie);
        }
        builder
    }};
}

async fn run(settings: Settings) -> std::io::Result<()> {
    let mut builder = match settings.parser {
        Format::MsgPack => SocketIo::builder().parser(MsgPack),
        _ => SocketIo::builder(),
    };
    if let Some(config) = settings.recovery.clone() {
        builder = builder.connection_state_recovery(config);
    }
    let (_, io) = configured!(builder, &settings, denies: true)
        .path(&settings.path)
        .connect_timeout(settings.connect_timeout)
        .cleanup_empty_namespaces(settings.cleanup_namespaces)
        .on_error(|socket, event, error| {
            diagnostics::tell(&format!("{event} of {}: {error}", socket.id()))
        })
        .build();
    namespaces::register(&io, settings.emit_auth);
    let echo = configured!(Engine::builder(Echo), &settings, denies: false).build();

    let other = Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/stats", get(stats))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(from_fn(no_upgrade))
        .with_state((io.clone(), echo.clone()));
    let listener = tokio::net::TcpListener::bind((settings.host.as_str(), settings.port)).await?;
    // Before anybody learns that it is there, and may want it to end.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    println!("LISTENING {}", listener.local_addr()?.port());

    let mut serving = std::pin::pin!(io.serve_with(listener, echo.service(other)));
    tokio::select! {
        result = &mut serving => return result,
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // Still serving meanwhile: clients are told by the answers to their requests.
    let end = async { tokio::join!(serving, io.shutdown(), echo.shutdown()) };
    let _ = tokio::time::timeout(Duration::from_millis(1000), end).await;
    Ok(())
}

/// Hangs up behind the answer to whoever asks for a WebSocket where there is none.
async fn no_upgrade(request: Request, next: Next) -> Response {
    let is_asked = request.headers().contains_key(header::UPGRADE);
    let mut response = next.run(request).await;
    if is_asked {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// Live sessions of both endpoints, and connected sockets by namespace.
async fn stats(State((io, echo)): State<(SocketIo, Engine)>) -> Json<Value> {
    let sockets: Map<String, Value> = io
        .namespaces()
        .iter()
        .map(|namespace| (namespace.name().to_owned(), namespace.socket_count().into()))
        .collect();
    Json(json!({
        "engine": io.client_count(),
        "echo": echo.client_count(),
        "sockets": sockets,
    }))
}
