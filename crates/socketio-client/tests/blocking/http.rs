//! HTTP as servers and proxies speak it: well, strangely, and wrongly.

use crate::support::{Log, Request, Server, WAYS, Wire, client, connect, raw, settled, soon};
use socketio_client::blocking::{ClientBuilder, Socket};
use socketio_client::{ConnectError, Transport};
use socketio_server::SocketIo;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const OPEN: &str =
    r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

fn polling(address: SocketAddr) -> ClientBuilder {
    client(&format!("http://{address}/")).transports([Transport::Polling])
}

/// Serves a session that polls: the handshake, `ok` for each POST, the CONNECT for the first GET,
/// nothing for those after it. Each request goes to `see` first, which may give header lines.
fn session(wire: &mut Wire, see: &impl Fn(&Request) -> String) {
    while let Some(request) = wire.request() {
        let headers = see(&request);
        if request.line.starts_with("POST") {
            wire.answer("200 OK", &headers, "ok");
        } else if !request.line.contains("sid=") {
            wire.answer("200 OK", &headers, OPEN);
        } else {
            wire.answer("200 OK", &headers, r#"40{"sid":"s"}"#);
            break;
        }
    }
    // The GET after it waits, on this connection or on another.
    while wire
        .request()
        .is_some_and(|request| request.line.starts_with("POST"))
    {
        wire.answer("200 OK", "", "ok");
    }
    wire.drain();
}

#[test]
fn headers_query_and_cookies_go_with_every_request() {
    let (log, lines) = Log::new();
    let address = raw(move |mut wire| {
        session(&mut wire, &|request| {
            let header = |name| request.header(name).unwrap_or("-").to_owned();
            log.add(format!(
                "{} {} {}",
                header("x-token"),
                header("cookie"),
                request.line.contains("room=a%20b"),
            ));
            "set-cookie: lb=7; path=/\r\n".into()
        });
    });
    let socket = connect(
        polling(address)
            .header("x-token", "t")
            .query([("room", "a b")])
            .cookies(true),
    );
    assert_eq!(lines.take(3), ["t - true", "t lb=7 true", "t lb=7 true"]);
    drop(socket);
}

/// What a client makes of a server that answers its handshake so, and then closes, or says nothing
/// more.
fn handshake(answer: String, closes: bool) -> Result<Socket, ConnectError> {
    let address = raw(move |mut wire| {
        let request = wire.request();
        if request.is_some_and(|request| !request.line.contains("sid=")) {
            wire.write(&answer);
            if closes {
                return;
            }
        }
        wire.drain();
    });
    let builder = polling(address)
        .client_config(|config| config.namespace_timeout(Some(Duration::from_millis(50))));
    soon("the outcome", || builder.connect())
}

#[test]
fn bodies_come_in_every_shape() {
    let len = OPEN.len();
    let (first, second) = OPEN.split_at(30);
    let whole = format!("content-length: {len}\r\n\r\n{OPEN}");
    for answer in [
        format!("HTTP/1.1 200 OK\r\n{whole}"),
        format!("HTTP/1.0 200 OK\r\n\r\n{OPEN}"),
        format!("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n{whole}"),
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x};a=b\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\nx: y\r\n\r\n",
            first.len(),
            second.len(),
        ),
    ] {
        // The handshake is understood; what follows is not answered.
        let closes = answer.starts_with("HTTP/1.0");
        let error = handshake(answer.clone(), closes).unwrap_err();
        assert!(
            matches!(error, ConnectError::Unanswered),
            "{answer}: {error:?}"
        );
    }
}

#[test]
fn cl_01_what_is_no_answer_is_an_error() {
    let long = "x".repeat(200_000);
    for answer in [
        String::new(),
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort".into(),
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n".into(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".into(),
        "HTTP/1.1 099 No\r\n\r\n".into(),
        "HTTP/1.1 101 Switching Protocols\r\n\r\n".into(),
        "HTTP/1.1 204 No Content\r\n\r\n".into(),
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n".into(),
        "HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno".into(),
        format!("HTTP/1.1 200 OK\r\nx: {long}"),
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n{long}"),
        "\u{0}\u{1}\u{2}".into(),
    ] {
        let start = answer.chars().take(80).collect::<String>();
        let error = handshake(answer, true).unwrap_err();
        assert_eq!(error.to_string(), "xhr poll error", "{start}");
    }
}

#[test]
fn a_body_without_end_is_not_read_to_its_end() {
    let address = raw(|mut wire| {
        wire.request();
        wire.write("HTTP/1.1 200 OK\r\n\r\n");
        let block = [b'x'; 4096];
        while std::io::Write::write_all(wire.0.get_mut(), &block).is_ok() {}
    });
    let builder = polling(address).engine_config(|config| config.max_payload(10_000));
    let error = soon("the error", || builder.connect()).unwrap_err();
    assert!(matches!(error, ConnectError::Connection(_)), "{error:?}");
}

#[test]
fn answers_that_come_to_nothing_do_not_stop_the_time() {
    for (head, rest) in [
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            "a: b\r\n",
        ),
    ] {
        let address = raw(move |mut wire| {
            wire.request();
            wire.write(head);
            let block = rest.repeat(1000);
            while std::io::Write::write_all(wire.0.get_mut(), block.as_bytes()).is_ok() {}
        });
        let builder = polling(address).timeout(Some(Duration::from_millis(100)));
        let error = soon("the error", || builder.connect()).unwrap_err();
        assert_eq!(error.to_string(), "timeout");
    }
}

#[test]
fn frames_that_come_to_nothing_do_not_stop_the_time() {
    // Pings, and continuations that are no end.
    for (first, rest) in [([0x89, 0], [0x89, 0]), ([0x01, 0], [0x00, 0])] {
        let address = raw(move |mut wire| {
            wire.switch();
            wire.write(first);
            let block = rest.repeat(1000);
            while std::io::Write::write_all(wire.0.get_mut(), &block).is_ok() {}
        });
        let builder = client(&format!("http://{address}/"))
            .transports([Transport::WebSocket])
            .timeout(Some(Duration::from_millis(100)));
        let error = soon("the error", || builder.connect()).unwrap_err();
        assert_eq!(error.to_string(), "timeout");
    }
}

/// A proxy that tells what it is asked for, and answers so before it connects.
fn proxy(log: &Log, answer: &'static str) -> SocketAddr {
    let log = log.clone();
    raw(move |mut wire| {
        let request = wire.request().unwrap();
        let given = request.header("proxy-authorization").unwrap_or("-");
        log.add(format!("{} {given}", request.line));
        wire.write(answer);
        let to = request.line.split(' ').nth(1).unwrap();
        let Ok(mut out) = TcpStream::connect(to) else {
            return;
        };
        let (mut back, mut from) = (
            out.try_clone().unwrap(),
            wire.0.get_ref().try_clone().unwrap(),
        );
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut back, &mut from);
            let _ = from.shutdown(std::net::Shutdown::Both);
        });
        let _ = std::io::copy(&mut wire.0, &mut out);
        let _ = out.shutdown(std::net::Shutdown::Both);
    })
}

#[test]
fn a_proxy_connects_us_through() {
    let server = Server::start(SocketIo::builder());
    server.io.on_connection(async || ());
    for way in WAYS {
        let (log, lines) = Log::new();
        let proxy = proxy(&log, "HTTP/1.1 200 Connection established\r\n\r\n");
        let socket = connect(
            server
                .client("/")
                .transports(way.iter().copied())
                .proxy(format!("http://me:p%40ss@{proxy}")),
        );
        settled(&socket, way);
        let line = format!("CONNECT {} HTTP/1.1 Basic bWU6cEBzcw==", server.address());
        assert_eq!(lines.next(), line);
    }
}

#[test]
fn a_proxy_may_refuse() {
    for answer in [
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        let (log, _lines) = Log::new();
        let proxy = proxy(&log, answer);
        let builder = client("http://127.0.0.1:1/").proxy(format!("http://{proxy}"));
        let error = soon("the error", || builder.connect()).unwrap_err();
        assert_eq!(error.to_string(), "xhr poll error");
    }
}

#[test]
fn a_name_is_looked_up() {
    let server = Server::start(SocketIo::builder());
    server.io.on_connection(async || ());
    let port = server.address().port();
    let socket = connect(client(&format!("http://localhost:{port}/")));
    assert!(socket.is_connected());
    // Longer than names may be, so that no name server need be asked.
    let unknown = client(&format!("http://{}/", "a".repeat(64)));
    let error = soon("the error", || unknown.connect()).unwrap_err();
    assert_eq!(error.to_string(), "xhr poll error");
}

#[test]
fn a_message_that_is_too_long_closes_the_websocket() {
    let server = Server::start(SocketIo::builder());
    server
        .io
        .on_connection(async |peer: socketio_server::Socket| peer.emit("long", "x".repeat(20_000)));
    let (log, lines) = Log::new();
    let builder = server
        .client("/")
        .transports([Transport::WebSocket])
        .reconnection(false)
        .engine_config(|config| config.max_payload(10_000))
        .on_disconnect(move |reason: socketio_client::Reason| log.add(reason.to_string()));
    // It is connected before it is too long.
    let _socket = connect(builder);
    assert_eq!(lines.next(), "transport error");
}
