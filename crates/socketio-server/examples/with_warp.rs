//! In warp, and any other framework whose application is a tower service: the endpoint goes in front.

use socketio_server::{Ack, SocketIo};
use tokio::net::TcpListener;
use warp::Filter;

/// Serves until [`SocketIo::shutdown`].
pub async fn serve(listener: TcpListener, io: SocketIo) -> std::io::Result<()> {
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    let routes = warp::path::end().map(|| "home");
    io.serve_with(listener, warp::service(routes)).await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (_, io) = SocketIo::new();
    serve(TcpListener::bind("127.0.0.1:3000").await?, io).await
}
