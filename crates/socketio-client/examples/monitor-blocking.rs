//! Prints everything that a server sends, and what happens to the connection, without a runtime.
//!
//! `cargo run -p socketio-client --features blocking --example monitor-blocking --
//! http://localhost:3000/namespace`

use socketio_client::SocketEvent;
use socketio_client::blocking::Client;
use std::error::Error;

/// Tells of all that comes, line by line, for as long as somebody wants to hear it.
pub fn watch(url: &str, mut tell: impl FnMut(String) -> bool) -> Result<(), Box<dyn Error>> {
    let socket = Client::builder(url).build()?;
    let events = socket.events();
    socket.start_connecting();
    for event in events {
        let line = match event {
            SocketEvent::Message(message) => {
                format!("{} {:?}", message.event(), message.values()?.0)
            }
            SocketEvent::Disconnected(reason) => format!("disconnected: {reason}"),
            SocketEvent::ConnectError(error) => format!("not connected: {error}"),
            event => format!("{event:?}"),
        };
        if !tell(line) {
            break;
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1);
    let url = url.as_deref().unwrap_or("http://localhost:3000/");
    watch(url, |line| {
        println!("{line}");
        true
    })
}
