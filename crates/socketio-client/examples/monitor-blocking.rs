//! Prints everything that a server sends, and what happens to the connection, without a runtime.
//!
//! `cargo run -p socketio-client --features blocking --example monitor-blocking --
//! http://localhost:3000/namespace`

use socketio_client::SocketEvent;
use socketio_client::blocking::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1);
    let url = url.unwrap_or_else(|| "http://localhost:3000/".into());
    let socket = Client::builder(&url).build()?;
    let events = socket.events();
    socket.start_connecting();
    for event in events {
        match event {
            SocketEvent::Message(message) => {
                println!("{} {:?}", message.event(), message.values()?.0);
            }
            SocketEvent::Disconnected(reason) => println!("disconnected: {reason}"),
            SocketEvent::ConnectError(error) => println!("not connected: {error}"),
            event => println!("{event:?}"),
        }
    }
    Ok(())
}
