//! A server without any framework: it serves its endpoint and nothing else.

use socketio_server::{Ack, SocketIo};
use tokio::net::TcpListener;

/// Serves until [`SocketIo::shutdown`].
pub async fn serve(listener: TcpListener, io: SocketIo) -> std::io::Result<()> {
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    io.serve(listener).await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (_, io) = SocketIo::new();
    serve(TcpListener::bind("127.0.0.1:3000").await?, io).await
}
