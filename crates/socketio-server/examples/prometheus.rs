//! A server whose figures Prometheus can fetch at `/metrics`.
//!
//! `cargo run -p socketio-server --features metrics --example prometheus`, then
//! `curl http://127.0.0.1:3000/metrics`. What the figures mean is in `docs/operations.md`.

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use socketio_server::{Ack, SocketIo};
use std::error::Error;
use std::time::Duration;

/// How often the exporter sums up what its histograms were told. Without it that is kept, value by
/// value, until somebody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Makes all that is counted in this process readable by the handle. To be called in a runtime, once,
/// and before the server is built, which then tells what its figures mean.
pub fn record() -> Result<PrometheusHandle, Box<dyn Error>> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full("socketio_ack_seconds".into()),
            &[0.005, 0.02, 0.1, 0.5, 2.0, 10.0],
        )?
        .set_buckets_for_metric(
            Matcher::Full("engineio_queue_bytes".into()),
            &[1e3, 1e4, 1e5, 1e6],
        )?
        .build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder)?;
    let upkept = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkept.run_upkeep();
        }
    });
    Ok(handle)
}

/// The endpoint, and the figures beside it.
pub fn app(io: &SocketIo, handle: PrometheusHandle) -> Router {
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    Router::new()
        .route("/metrics", get(async move || handle.render()))
        .layer(io.layer())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let handle = record()?;
    let (_, io) = SocketIo::new();
    let app = app(&io, handle);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
