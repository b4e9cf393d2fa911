//! A server whose figures Prometheus can fetch at `/metrics`.
//!
//! `cargo run -p socketio-server --features metrics --example prometheus`, then
//! `curl http://127.0.0.1:3000/metrics`. What the figures mean is in `docs/operations.md`.

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use socketio_server::{Ack, SocketIo};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
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

    let (layer, io) = SocketIo::new();
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    let app = Router::new()
        .route("/metrics", get(async move || handle.render()))
        .layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
