//! The client of python-socketio against the conformance server.

mod support;

use support::{Server, python, run_script, skip};

fn client(transports: &[&str]) {
    match python() {
        Ok(_) => run_script(
            "py/client.py",
            &mut Server::conformance(&[]),
            transports,
            &[],
        ),
        Err(why) => skip(&why),
    }
}

#[test]
fn over_polling() {
    client(&["polling"]);
}

#[test]
fn over_websocket() {
    client(&["websocket"]);
}

#[test]
fn with_an_upgrade() {
    client(&["polling", "websocket"]);
}
