//! Clients of Engine.IO 3: the official client of Socket.IO 2, and raw HTTP and WebSocket.
//!
//! Each script runs against the conformance server, and against the reference itself, so that what
//! it checks is what clients are used to. Without Node.js they are skipped, unless
//! `REQUIRE_PEERS=1`.

mod support;

use support::{Server, node, run, skip};

const SETTINGS: [(&str, &str); 3] = [
    ("EIO3", "1"),
    ("PING_INTERVAL", "300"),
    ("PING_TIMEOUT", "200"),
];

fn script(name: &str, arguments: &[&str], settings: &[(&str, &str)]) {
    if let Err(why) = node() {
        return skip(&why);
    }
    run(
        name,
        &mut Server::conformance(settings),
        arguments,
        settings,
    );
    run(name, &mut Server::official(settings), arguments, settings);
}

#[test]
fn socket_io_2_over_websocket() {
    script("eio3", &["websocket"], &SETTINGS);
}

#[test]
fn socket_io_2_over_polling() {
    script("eio3", &["polling"], &SETTINGS);
}

#[test]
fn socket_io_2_with_an_upgrade() {
    script("eio3", &["polling,websocket"], &SETTINGS);
}

#[test]
fn socket_io_2_over_jsonp() {
    script("eio3", &["jsonp"], &SETTINGS);
}

#[test]
fn socket_io_2_over_jsonp_with_an_upgrade() {
    script("eio3", &["jsonp,websocket"], &SETTINGS);
}

#[test]
fn raw_engine_io_3() {
    script("eio3-raw", &[], &[("EIO3", "1")]);
}
