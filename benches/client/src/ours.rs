//! Our client, as a program would use it.

use crate::{Count, Echo};
use socketio_client::{Client, Socket, Transport};
use std::any::Any;
use std::sync::Arc;

pub(crate) async fn echo(url: &str, depth: usize, text: String, count: Arc<Count>) {
    let socket = Client::builder(url)
        .transports([Transport::WebSocket])
        .on("echo", move |socket: Socket, echo: Echo| {
            count.add();
            async move {
                let number = echo.number + 1;
                socket.emit("echo", Echo { number, ..echo })
            }
        })
        .connect()
        .await
        .expect("it connects");
    for number in 0..depth as u64 {
        socket
            .emit(
                "echo",
                Echo {
                    number,
                    text: text.clone(),
                },
            )
            .expect("it is sent");
    }
    // For as long as the process lives.
    std::mem::forget(socket);
}

pub(crate) async fn idle(url: &str) -> Box<dyn Any> {
    let builder = Client::builder(url).transports([Transport::WebSocket]);
    Box::new(builder.connect().await.expect("it connects"))
}
