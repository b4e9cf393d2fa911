//! Prints everything that a server sends, and what happens to the connection.
//!
//! `cargo run -p socketio-client --example monitor -- http://localhost:3000/namespace`

use socketio_client::{Client, SocketEvent};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1);
    let url = url.unwrap_or_else(|| "http://localhost:3000/".into());
    let socket = Client::builder(&url).build()?;
    let mut events = socket.events();
    socket.connect();
    loop {
        match events.next().await {
            SocketEvent::Message(message) => {
                println!("{} {:?}", message.event(), message.values()?.0);
            }
            SocketEvent::Disconnected(reason) => println!("disconnected: {reason}"),
            SocketEvent::ConnectError(error) => println!("not connected: {error}"),
            event => println!("{event:?}"),
        }
    }
}
