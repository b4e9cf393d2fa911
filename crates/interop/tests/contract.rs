//! What is promised of the conformance server, item by item: its process, its variables, and what `js/contract.mjs` and
//! `js/contract-settings.mjs` check.
//!
//! The scripts run at the official server with the same behaviour too: what they ask for is what clients are used to.

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{Server, node, passed, skip};

/// Runs a script at both servers, and gives the names of its checks.
fn checks(script: &str, settings: &[(&str, &str)]) -> Result<Vec<String>, String> {
    node()?;
    let path = format!("js/{script}.mjs");
    let run = |mut server: Server, environment: &[(&str, &str)]| {
        passed(&path, &mut server, &[], environment).unwrap_or_else(|report| panic!("{report}"))
    };
    std::thread::scope(|scope| {
        let reference = scope.spawn(|| {
            let environment = [settings, &[("REFERENCE", "1")]].concat();
            run(Server::official(settings), &environment)
        });
        let ours = run(Server::conformance(settings), settings);
        assert_eq!(reference.join().expect("they hold for the reference"), ours);
        Ok(ours)
    })
}

#[test]
fn every_item_about_http_namespaces_and_events_holds() {
    match checks("contract", &[]) {
        Ok(checks) => {
            let numbers: BTreeSet<u32> = checks
                .iter()
                .filter_map(|check| check.split_once(':')?.0.parse().ok())
                .collect();
            assert!(numbers.into_iter().eq(7..=61), "an item has no check");
        }
        Err(why) => skip(&why),
    }
}

/// The checks of the first variable run, and pass.
fn setting(settings: &[(&str, &str)]) {
    match checks("contract-settings", settings) {
        Ok(checks) => {
            let about = |check: &String| check.starts_with(settings[0].0);
            assert!(checks.iter().any(about), "{checks:?}");
        }
        Err(why) => skip(&why),
    }
}

#[test]
fn the_path_of_the_endpoint() {
    setting(&[("SIO_PATH", "/my/path/")]);
}

#[test]
fn the_heartbeat() {
    setting(&[("PING_INTERVAL", "300"), ("PING_TIMEOUT", "500")]);
}

#[test]
fn the_longest_payload() {
    setting(&[("MAX_PAYLOAD", "2000")]);
}

#[test]
fn time_to_join_a_namespace() {
    setting(&[("CONNECT_TIMEOUT", "300")]);
}

#[test]
fn time_to_upgrade() {
    setting(&[("UPGRADE_TIMEOUT", "300")]);
}

#[test]
fn no_upgrades() {
    setting(&[("ALLOW_UPGRADES", "0")]);
}

#[test]
fn one_transport_only() {
    setting(&[("TRANSPORTS", "websocket")]);
    setting(&[("TRANSPORTS", "polling")]);
}

#[test]
fn clients_of_revision_3() {
    setting(&[("EIO3", "1")]);
}

#[test]
fn the_parser() {
    setting(&[("PARSER", "msgpack")]);
}

#[test]
fn recovery_with_and_without_middlewares() {
    setting(&[("RECOVERY", "5000")]);
    for run in ["0", "1"] {
        setting(&[("RECOVERY_SKIP_MIDDLEWARES", run), ("RECOVERY", "5000")]);
    }
}

#[test]
fn dynamic_namespaces_go_or_stay() {
    setting(&[("CLEANUP_NAMESPACES", "1")]);
    setting(&[("CLEANUP_NAMESPACES", "0")]);
}

#[test]
fn slow_handshakes() {
    setting(&[("ALLOW_REQUEST_DELAY", "300")]);
}

#[test]
fn no_greeting() {
    setting(&[("EMIT_AUTH", "0")]);
}

#[test]
fn origins_of_others() {
    setting(&[("CORS_ORIGIN", "*")]);
    setting(&[("CORS_ORIGIN", "http://one.example")]);
    setting(&[
        ("CORS_ORIGIN", "http://one.example, http://two.example"),
        ("CORS_CREDENTIALS", "1"),
    ]);
}

#[test]
fn the_cookie() {
    setting(&[("COOKIE", "io")]);
}

// ---------------------------------------------------------------- the process

/// Ended with the test, however that goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it, and gives its port and the rest of its output.
fn start(mut program: Command) -> (Running, u16, impl Read) {
    let mut child = program.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let child = Running(child);
    let mut line = String::new();
    output.read_line(&mut line).expect("it prints");
    let port = line
        .strip_prefix("LISTENING ")
        .and_then(|port| port.strip_suffix('\n')?.parse().ok());
    (child, port.unwrap_or_else(|| panic!("{line:?}")), output)
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_conformance-server"));
    program.env("PORT", "0");
    program
}

#[test]
fn what_it_does_not_have_ends_it_with_64() {
    for (name, value) in [
        ("DEFLATE", "1"),
        ("ADAPTER", "redis"),
        ("PARSER", "unknown"),
        ("TRANSPORTS", "polling,webtransport"),
        ("PING_INTERVAL", "soon"),
    ] {
        let end = program().env(name, value).output().expect("it starts");
        assert_eq!(end.status.code(), Some(64), "{name}={value}");
        assert!(end.stdout.is_empty(), "{name}={value}");
    }
}

#[test]
fn empty_variables_count_as_unset() {
    let names = [
        "SIO_PATH",
        "PING_INTERVAL",
        "PING_TIMEOUT",
        "MAX_PAYLOAD",
        "CONNECT_TIMEOUT",
        "UPGRADE_TIMEOUT",
        "ALLOW_UPGRADES",
        "TRANSPORTS",
        "EIO3",
        "PARSER",
        "RECOVERY",
        "RECOVERY_SKIP_MIDDLEWARES",
        "CLEANUP_NAMESPACES",
        "ALLOW_REQUEST_DELAY",
        "EMIT_AUTH",
        "CORS_ORIGIN",
        "CORS_CREDENTIALS",
        "COOKIE",
        "DEFLATE",
        "ADAPTER",
        "REDIS_URL",
        "HOST",
    ];
    let settings: Vec<_> = names.iter().map(|name| (*name, "")).collect();
    let server = Server::conformance(&settings);
    let answer = get(server.port, "/socket.io/?EIO=4&transport=polling");
    let opened = r#""upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with(opened),
        "{answer}"
    );
}

/// The answer to a request, head and body.
fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
#[cfg(target_os = "linux")]
fn it_binds_the_address_that_it_is_told() {
    let mut program = program();
    program.env("HOST", "127.0.0.2");
    let (_running, port, _output) = start(program);
    assert!(TcpStream::connect(("127.0.0.2", port)).is_ok());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn it_may_open_as_many_files_as_the_hard_limit_says() {
    let server = Server::conformance(&[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id()));
    let limits = limits.expect("it runs");
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let mut words = line
        .expect("there is such a limit")
        .split_whitespace()
        .skip(3);
    assert_eq!(words.next(), words.next());
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "it is given two seconds of real time"
)]
fn told_to_end_it_ends_well_within_two_seconds_whoever_is_there() {
    for signal in ["-TERM", "-INT"] {
        let (mut running, port, mut output) = start(program());
        // A poll that waits; a client that does not read; half a request; nothing at all.
        let opened = get(port, "/socket.io/?EIO=4&transport=polling");
        let sid = opened
            .split("\"sid\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let sid = sid.expect("a session");
        let mut poll = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        write!(
            poll,
            "GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nhost: x\r\n\r\n"
        )
        .expect("it reads");
        let mut deaf = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        write!(
            deaf,
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .expect("it reads");
        let mut half = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        half.write_all(b"GET /heal").expect("it reads");
        let _nothing = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let is_there = |_| get(port, "/stats").contains(r#""engine":2"#);
        assert!((0..1000).any(is_there), "the second session is not there");

        let start = Instant::now();
        let sent = Command::new("kill")
            .args([signal, &running.0.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()));
        assert_eq!(running.0.wait().expect("it ends").code(), Some(0));
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{signal}: {:?}",
            start.elapsed()
        );
        let mut told = String::new();
        poll.read_to_string(&mut told)
            .expect("the poll is answered");
        assert!(
            told.starts_with("HTTP/1.1 200") && told.ends_with('1'),
            "{told}"
        );
        let mut more = String::new();
        output.read_to_string(&mut more).expect("its output ends");
        assert_eq!(more, "", "a line and nothing else");
    }
}

#[test]
fn what_a_peer_sends_does_not_end_it() {
    let server = Server::conformance(&[]);
    let port = server.port;
    for garbage in [
        &b"\0\0\0\0"[..],
        b"GET /socket.io/?EIO=4&transport=polling&sid=%FF HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n\xff\xff",
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.write_all(garbage).expect("it reads");
        stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a time");
        let _ = stream.read(&mut [0; 512]);
    }
    assert!(get(port, "/healthz").ends_with("ok"));
}
