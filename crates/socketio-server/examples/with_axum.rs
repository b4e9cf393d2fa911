//! In axum: as a layer around a router, or as the service of a route.

use axum::Router;
use axum::routing::get;
use socketio_server::{Ack, NotFound, SocketIo};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Around everything: requests for the endpoint never reach the routes. Layers that are added behind
/// this one see them, too.
pub fn layered(io: &SocketIo) -> Router {
    Router::new()
        .route("/", get(async || "home"))
        .layer(io.layer())
}

/// On routes of its own: the path of the endpoint, and what is below it, which is the endpoint's as
/// well. The bundle of the client is served there.
pub fn routed(io: &SocketIo) -> Router {
    Router::new()
        .route("/", get(async || "home"))
        .route_service("/socket.io/", io.service(NotFound))
        .route_service("/socket.io/{*file}", io.service(NotFound))
}

/// Serves until the listener fails. With the feature `axum` the handshake tells the client's
/// address, which `into_make_service_with_connect_info` provides.
pub async fn serve(listener: TcpListener, app: Router) -> std::io::Result<()> {
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (_, io) = SocketIo::new();
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    let is_routed = std::env::args().any(|argument| argument == "--route");
    let app = if is_routed { routed(&io) } else { layered(&io) };
    serve(TcpListener::bind("127.0.0.1:3000").await?, app).await
}
