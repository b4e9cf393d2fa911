//! The official JavaScript client, and raw HTTP and WebSocket, against the conformance server.
//!
//! Each test runs one script of `js/`, whose checks are named there. Without Node.js they are
//! skipped, unless `REQUIRE_PEERS=1`.

mod support;

use support::{Server, node, run, skip};

/// Runs a script against a server of its own.
fn script(name: &str, arguments: &[&str], settings: &[(&str, &str)]) {
    match node() {
        Ok(()) => run(
            name,
            &mut Server::conformance(settings),
            arguments,
            settings,
        ),
        Err(why) => skip(&why),
    }
}

/// Runs a script over WebSocket and over polling.
fn on_both_transports(name: &str) {
    script(name, &["websocket"], &[]);
    script(name, &["polling"], &[]);
}

#[test]
fn polling_only() {
    script("polling", &[], &[]);
}

#[test]
fn websocket_only() {
    script("websocket", &[], &[]);
}

#[test]
fn upgrade_loses_nothing_and_keeps_the_order() {
    script("upgrade", &[], &[]);
}

#[test]
fn auth_lets_in_and_keeps_out() {
    on_both_transports("auth");
}

#[test]
fn namespaces_share_a_connection() {
    on_both_transports("namespaces");
}

#[test]
fn binary_at_any_depth() {
    on_both_transports("binary");
}

#[test]
fn acks_both_ways() {
    on_both_transports("acks");
}

#[test]
fn rooms_and_broadcasts() {
    on_both_transports("rooms");
}

#[test]
fn volatile_events() {
    script("volatile", &[], &[]);
}

#[test]
fn middleware_and_catch_all() {
    on_both_transports("middleware");
}

#[test]
fn fixed_answers() {
    on_both_transports("fixed-answers");
}

#[test]
fn all_of_it_in_messagepack() {
    let settings = [("PARSER", "msgpack")];
    for name in [
        "auth",
        "namespaces",
        "binary",
        "acks",
        "rooms",
        "middleware",
        "fixed-answers",
    ] {
        script(name, &["websocket"], &settings);
        script(name, &["polling"], &settings);
    }
}

#[test]
fn disconnects_with_their_reasons() {
    script(
        "disconnects",
        &[],
        &[("PING_INTERVAL", "300"), ("PING_TIMEOUT", "200")],
    );
}

#[test]
fn reconnection_after_a_restart() {
    script("reconnect", &[], &[]);
}

#[test]
fn sessions_are_recovered() {
    let settings = [("RECOVERY", "3000")];
    script("recovery", &["websocket"], &settings);
    script("recovery", &["polling"], &settings);
    // Clients that have not received any event before.
    let silent = [("RECOVERY", "3000"), ("EMIT_AUTH", "0")];
    script("recovery", &["websocket"], &silent);
    let packed = [("RECOVERY", "3000"), ("PARSER", "msgpack")];
    script("recovery", &["websocket"], &packed);
}

#[test]
fn handshakes_over_plain_http() {
    script("handshake", &[], &[]);
}

#[test]
fn handshakes_with_cors_for_everybody_and_a_cookie() {
    script("handshake", &[], &[("CORS_ORIGIN", "*"), ("COOKIE", "io")]);
}

#[test]
fn handshakes_with_cors_for_some_with_credentials() {
    let origins = "http://one.example,http://two.example";
    script(
        "handshake",
        &[],
        &[("CORS_ORIGIN", origins), ("CORS_CREDENTIALS", "1")],
    );
}

#[test]
fn raw_engine_io() {
    script("raw-engine", &[], &[]);
}

#[test]
fn the_program_ends_when_it_is_told_to() {
    assert!(Server::conformance(&[]).terminate());
}

#[test]
fn what_is_not_supported_is_refused() {
    let program = env!("CARGO_BIN_EXE_conformance-server");
    let end = std::process::Command::new(program)
        .env("DEFLATE", "1")
        .env("PORT", "0")
        .status();
    assert_eq!(end.expect("it starts").code(), Some(64));
}
