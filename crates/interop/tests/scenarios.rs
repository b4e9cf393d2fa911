//! The scenarios of `scenarios.json`, with our client and the official one, against our server and the official one.
//!
//! Whatever a client may observe in a scenario is what the official client observes at the official server. Each test
//! runs a scenario there first and then with ours in the place of one or both, and compares.

mod observations;
mod support;

use observations::{Chances, Observations};
use serde_json::Value;
use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::process::Command;
use support::{Server, node, skip};

/// A client that runs a scenario.
#[derive(Clone, Copy, Debug)]
enum Client {
    Ours,
    Official,
}

/// The settings of the server for a scenario. What it emits by itself would be a matter of time at the end of most.
fn settings(scenario: &str) -> &'static [(&'static str, &'static str)] {
    match scenario {
        "cookies" | "no-cookies" => &[("EMIT_AUTH", "0"), ("COOKIE", "io")],
        "custom-path" => &[("EMIT_AUTH", "0"), ("SIO_PATH", "/my/path/")],
        "heartbeat" | "ping-timeout" => &[
            ("EMIT_AUTH", "0"),
            ("PING_INTERVAL", "300"),
            ("PING_TIMEOUT", "400"),
        ],
        "msgpack" => &[("EMIT_AUTH", "0"), ("PARSER", "msgpack")],
        "open-timeout" => &[("EMIT_AUTH", "0"), ("ALLOW_REQUEST_DELAY", "1500")],
        "recovery" => &[("EMIT_AUTH", "0"), ("RECOVERY", "10000")],
        "recovery-too-late" => &[("EMIT_AUTH", "0"), ("RECOVERY", "200")],
        "try-all-transports" => &[("EMIT_AUTH", "0"), ("TRANSPORTS", "websocket")],
        "auth-payload" | "auth-changed" => &[],
        _ => &[("EMIT_AUTH", "0")],
    }
}

/// The commands of all scenarios, by name.
fn scenarios() -> serde_json::Map<String, Value> {
    serde_json::from_str(include_str!("../scenarios.json")).expect("scenarios are JSON")
}

fn chances(scenario: &str) -> Chances {
    let scenarios = scenarios();
    let commands = scenarios[scenario]
        .as_array()
        .expect("a scenario is a list");
    let recovers = settings(scenario)
        .iter()
        .any(|(name, _)| *name == "RECOVERY");
    Chances::new(commands, recovers)
}

/// Runs a scenario to its end, and does what its cues ask for.
fn observe(scenario: &str, client: Client, mut server: Server) -> Observations {
    let mut program = match client {
        Client::Ours => Command::new(env!("CARGO_BIN_EXE_conformance-client")),
        Client::Official => {
            let mut node = Command::new("node");
            node.arg(support::package().join("js/reference-client.mjs"));
            node
        }
    };
    program.args([server.url().as_str(), scenario]);
    let lines = support::lines(program, |line| {
        if line["t"] == "cue" {
            server.obey(line["name"].as_str().expect("cues have names"));
        }
    });
    assert_eq!(
        lines.last().map(|line| &line["t"]),
        Some(&Value::from("done")),
        "{scenario} with the client {client:?} does not come to its end: {lines:#?}"
    );
    Observations::new(lines, &chances(scenario))
}

fn compare(scenario: &str) {
    if let Err(why) = node() {
        return skip(&why);
    }
    let official = || Server::official(settings(scenario));
    let ours = || Server::conformance(settings(scenario));
    std::thread::scope(|scope| {
        let run = |client, server: &dyn Fn() -> Server| {
            let server = server();
            scope.spawn(move || observe(scenario, client, server))
        };
        let expected = run(Client::Official, &official);
        let others = [
            (
                run(Client::Ours, &official),
                "our client at the official server",
            ),
            (
                run(Client::Official, &ours),
                "the official client at our server",
            ),
            (run(Client::Ours, &ours), "our client at our server"),
        ];
        let expected = expected.join().expect("the official ones agree");
        for (run, who) in others {
            let observed = run.join().unwrap_or_else(|panic| resume_unwind(panic));
            assert!(
                observed == expected,
                "{scenario}: {who} observes\n{observed}\ninstead of\n{expected}"
            );
        }
    });
}

/// One test for each scenario, and one that there is one for each.
macro_rules! scenarios {
    ($($test:ident $name:literal)*) => {
        $(
            #[test]
            fn $test() {
                compare($name);
            }
        )*

        #[test]
        fn no_scenario_is_left_out() {
            let tested = BTreeSet::from([$($name),*]);
            assert!(scenarios().keys().map(String::as_str).eq(tested));
        }
    };
}

scenarios! {
    connect_polling "connect-polling"
    connect_websocket "connect-websocket"
    connect_upgrade "connect-upgrade"
    upgrade_off "upgrade-off"
    remember_upgrade "remember-upgrade"
    auth_payload "auth-payload"
    auth_changed "auth-changed"
    namespaces "namespaces"
    fifty_namespaces "fifty-namespaces"
    invalid_namespace "invalid-namespace"
    middleware_error "middleware-error"
    middleware_error_by_query "middleware-error-by-query"
    reopen_after_last_socket "reopen-after-last-socket"
    values "values"
    unicode "unicode"
    binary_nested "binary-nested"
    binary_sizes_polling "binary-sizes-polling"
    binary_sizes_websocket "binary-sizes-websocket"
    acks_out_of_order "acks-out-of-order"
    ack_timeout "ack-timeout"
    ack_lost "ack-lost"
    server_asks "server-asks"
    reconnect_after_restart "reconnect-after-restart"
    reconnect_gives_up "reconnect-gives-up"
    refused_port "refused-port"
    no_reconnection "no-reconnection"
    server_disconnects "server-disconnects"
    server_disconnects_and_closes "server-disconnects-and-closes"
    server_closes_engine "server-closes-engine"
    server_kills_engine "server-kills-engine"
    client_disconnects "client-disconnects"
    volatile_offline "volatile-offline"
    buffer_order "buffer-order"
    buffer_while_reconnecting "buffer-while-reconnecting"
    retries "retries"
    retries_order "retries-order"
    recovery "recovery"
    recovery_too_late "recovery-too-late"
    msgpack "msgpack"
    big_polling "big-polling"
    big_websocket "big-websocket"
    too_big "too-big"
    extra_headers "extra-headers"
    extra_headers_websocket "extra-headers-websocket"
    cookies "cookies"
    no_cookies "no-cookies"
    custom_path "custom-path"
    wrong_path "wrong-path"
    try_all_transports "try-all-transports"
    server_to_client_order "server-to-client-order"
    client_to_server_order "client-to-server-order"
    both_ways_binary "both-ways-binary"
    heartbeat "heartbeat"
    ping_timeout "ping-timeout"
    open_timeout "open-timeout"
    reserved_event "reserved-event"
    middleware_on_server "middleware-on-server"
    two_connections "two-connections"
}
