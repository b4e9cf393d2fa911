//! Raw HTTP and WebSocket against the conformance server: what no client library shows.
//!
//! Each test runs one script of `js/`, whose checks are named there. Without Node.js they are
//! skipped, unless `REQUIRE_PEERS=1`.

mod support;

use support::{Server, node, run, skip};

/// Runs a script against a server of its own.
fn script(name: &str, settings: &[(&str, &str)]) {
    match node() {
        Ok(()) => run(name, &mut Server::conformance(settings), &[], settings),
        Err(why) => skip(&why),
    }
}

#[test]
fn handshakes_over_plain_http() {
    script("handshake", &[]);
}

#[test]
fn handshakes_with_cors_for_everybody_and_a_cookie() {
    script("handshake", &[("CORS_ORIGIN", "*"), ("COOKIE", "io")]);
}

#[test]
fn handshakes_with_cors_for_some_with_credentials() {
    let origins = "http://one.example,http://two.example";
    script(
        "handshake",
        &[("CORS_ORIGIN", origins), ("CORS_CREDENTIALS", "1")],
    );
}

#[test]
fn raw_engine_io() {
    script("raw-engine", &[]);
}

#[test]
fn raw_engine_io_3() {
    script("eio3-raw", &[("EIO3", "1")]);
}

#[test]
fn raw_socket_io() {
    script(
        "raw-socket",
        &[("PING_INTERVAL", "300"), ("PING_TIMEOUT", "1000")],
    );
}
