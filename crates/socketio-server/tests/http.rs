//! The endpoint inside others' servers and on its own, over real sockets, with clients that know no manners.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use axum::Router;
use axum::routing::get;
use socketio_server::engine::{Cookie, Cors, CorsOrigin};
use socketio_server::{Ack, Forbidden, Handshake, Limits, Socket, SocketIo, State};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::http::UPGRADE;
use support::{Frame, Http, Log, Polling, Server, Wire, logged, still_serves, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PATH: &str = "/socket.io/?EIO=4";
const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

async fn dial(address: std::net::SocketAddr) -> Http {
    let wire: Wire = Box::new(TcpStream::connect(address).await.unwrap());
    Http::new(wire)
}

#[tokio::test]
async fn as_a_layer_it_leaves_the_other_routes_of_axum_alone() {
    let (layer, io) = SocketIo::new();
    io.on("echo", async |ack: Ack, text: String| ack.send(text));
    let app = Router::new()
        .route("/", get(async || "home"))
        .route("/socket.iox", get(async || "neighbour"))
        .fallback(async || "nowhere")
        .layer(layer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut http = dial(address).await;
    for (path, expected) in [
        ("/", "home"),
        ("/socket.iox", "neighbour"),
        ("/elsewhere", "nowhere"),
        ("/socket.io", "nowhere"),
    ] {
        assert_eq!(http.get(path).await.body, expected);
    }
    let mut client = Polling::over(http, dial(address).await).await;
    client.join("/").await;
    client.send(r#"421["echo","x"]"#).await;
    assert_eq!(client.text().await, r#"431["x"]"#);
    // The connection is good for either still.
    let (mut http, _) = client.into_connections();
    assert_eq!(http.get("/").await.body, "home");
    let socket = http.upgrade(WEBSOCKET).await;
    drop(socket);
}

#[tokio::test]
async fn handlers_reach_the_headers_and_extensions_of_the_request() {
    #[derive(Clone)]
    struct RequestId(u32);

    let (layer, io) = SocketIo::new();
    io.on("context", async |socket: Socket, ack: Ack| {
        let request = socket.request();
        let id = request.extensions.get::<RequestId>().map(|id| id.0);
        let trace = request.headers["traceparent"].to_str().unwrap().to_owned();
        assert_eq!(request.uri.path(), "/socket.io/");
        assert!(request.has_origin() && request.issued.elapsed().is_ok());
        ack.send((id, trace))
    });
    let app = Router::new()
        .layer(layer)
        .layer(axum::Extension(RequestId(7)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut http = dial(address).await;
    let open = http
        .request(
            &format!("GET {POLLING}"),
            &["traceparent: 00-1-2-00", "Origin: http://elsewhere"],
        )
        .await;
    let sid = open.body.split('"').nth(3).unwrap();
    let target = format!("{POLLING}&sid={sid}");
    http.post(&target, "40").await;
    http.post(&target, r#"421["context"]"#).await;
    let answers = http.get(&target).await.body;
    assert!(answers.ends_with(r#"431[7,"00-1-2-00"]"#), "{answers}");
}

#[tokio::test]
async fn as_a_service_it_runs_in_plain_hyper() {
    let (_, io) = SocketIo::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = io.service(socketio_server::NotFound);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service.clone())
                .with_upgrades();
            tokio::spawn(connection);
        }
    });
    let mut http = dial(address).await;
    assert_eq!(http.get("/").await.status, 404);
    let mut client = Polling::over(http, dial(address).await).await;
    client.join("/").await;
    assert_eq!(io.socket_count(), 1);
}

/// By then its session is over, and no heartbeat would find out.
#[tokio::test]
async fn rs_02_an_answer_that_nobody_takes_ends_its_connection() {
    let short = Duration::from_millis(200);
    let limits = Limits::default().max_buffered(64 << 20);
    let builder = SocketIo::builder().limits(limits);
    let (server, _) = logged(builder.ping_interval(short).ping_timeout(short)).await;
    let mut client = server.polling().await;
    client.join("/").await;
    let socket = server.sockets().pop().unwrap();
    // More than the buffers of the system take.
    socket.emit("x", "x".repeat(32 << 20)).unwrap();
    let mut poll = TcpStream::connect(server.address()).await.unwrap();
    let head = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", client.target());
    poll.write_all(head.as_bytes()).await.unwrap();
    server.deserted().await;
    until(
        "the end of the connection",
        || matches!(poll.try_write(b"x"), Err(error) if error.kind() != ErrorKind::WouldBlock),
    )
    .await;
}

#[tokio::test]
async fn heartbeats_may_be_as_rare_as_one_likes() {
    let (server, _) = logged(SocketIo::builder().ping_interval(Duration::MAX)).await;
    still_serves(&server).await;
}

#[tokio::test]
async fn alone_it_knows_the_address_and_ends_with_the_shutdown() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    server.on_connection(
        async |State(log): State<Log>, Handshake(request): Handshake| {
            log.add(format!(
                "{} {}",
                request.address.unwrap().ip(),
                request.secure
            ));
        },
    );
    let mut client = server.client().await;
    assert_eq!(lines.next().await, "127.0.0.1 false");
    // Half a head, and half a body: neither may hold up the end.
    let mut slow = server.http().await;
    slow.write("GET /socket.io/ HT").await;
    let mut pushing = server.polling().await;
    pushing.join("/").await;
    assert_eq!(lines.next().await, "127.0.0.1 false");
    let target = pushing.target();
    let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n42");
    pushing.push.write(head).await;

    server.shutdown().await;
    assert_eq!(client.closed().await, None);
    assert_eq!(lines.take(2).await, ["server shutting down"; 2]);
    let address = server.address();
    server.served().await;
    slow.hung_up().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn connections_are_kept_alive_and_requests_may_be_pipelined() {
    let (server, _) = logged(SocketIo::builder()).await;
    let mut http = server.http().await;
    for _ in 0..3 {
        http.begin_get(POLLING).await;
        http.begin_get("/elsewhere").await;
        http.begin_get(&format!("{PATH}&transport=pigeon")).await;
    }
    for _ in 0..3 {
        assert_eq!(http.response().await.status, 200);
        assert_eq!(http.response().await.status, 404);
        assert_eq!(http.response().await.status, 400);
    }
    assert_eq!(server.client_count(), 3);
}

#[tokio::test]
async fn eh_03_eh_04_nothing_odd_opens_a_session() {
    let (server, _) = logged(SocketIo::builder()).await;
    let long = "x".repeat(10_000);
    let sids = [
        "x",
        "a.b",
        "%00",
        "a%2Fb",
        "__proto__",
        "%",
        "+",
        "😀",
        &long,
    ];
    let sids = sids.map(|sid| format!("&sid={sid}"));
    for sid in sids.iter().chain([&"&sid=&sid=x".to_owned()]) {
        for method in ["GET", "POST", "PUT"] {
            let mut http = server.http().await;
            let request = format!("{method} {POLLING}{sid}");
            let refused = http.request(&request, &[]).await;
            assert_eq!(refused.status, 400, "{request}");
            assert!(refused.body.contains(r#""code":1"#), "{request}");
        }
    }
    for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"] {
        let mut http = server.http().await;
        http.write(format!("{method} {POLLING} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        if method == "HEAD" {
            let mut head = String::new();
            let (mut wire, _) = http.into_wire();
            while !head.contains("\r\n\r\n") {
                head.push(tokio::io::AsyncReadExt::read_u8(&mut wire).await.unwrap() as char);
            }
            assert!(head.starts_with("HTTP/1.1 400"), "{head}");
            continue;
        }
        let refused = http.response().await;
        assert_eq!(refused.status, 400, "{method}");
        assert!(refused.body.contains(r#""code":2"#), "{method}");
    }
    assert_eq!(server.client_count(), 0);
}

#[tokio::test]
async fn eh_07_two_gets_at_once_end_the_session() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    let mut client = server.polling().await;
    client.join("/").await;
    client.begin_poll().await;
    // The first has arrived once the server has answered something behind it.
    client.send("3").await;
    let second = client.push.get(&client.target()).await;
    assert_eq!(second.status, 400);
    let first = client.poll.response().await;
    assert_eq!((first.status, first.body.as_str()), (200, "1"));
    assert_eq!(lines.next().await, "transport error");
    let after = client.push.get(&client.target()).await;
    assert_eq!(after.status, 400);
    assert!(after.body.contains(r#""code":1"#), "{after:?}");
}

#[tokio::test]
async fn eh_07_two_posts_at_once_end_the_session() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    let mut client = server.polling().await;
    client.join("/").await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
        client.target()
    );
    client.poll.write(head).await;
    // The server has begun to read the first: it asks for the body.
    assert_eq!(client.poll.response().await.status, 100);
    assert_eq!(client.push.post(&client.target(), "3").await.status, 400);
    assert_eq!(client.poll.response().await.status, 400);
    assert_eq!(lines.next().await, "transport error");
    still_serves(&server).await;
}

#[tokio::test]
async fn eh_08_an_abandoned_request_ends_the_session() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    // A GET that waits.
    let mut client = server.polling().await;
    client.join("/").await;
    client.begin_poll().await;
    client.send("3").await;
    let (poll, _push) = client.into_connections();
    drop(poll);
    assert_eq!(lines.next().await, "transport error");
    // A POST in the middle of its body.
    let mut client = server.polling().await;
    client.join("/").await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n42[",
        client.target()
    );
    client.push.write(head).await;
    let (_poll, push) = client.into_connections();
    drop(push);
    assert_eq!(lines.next().await, "transport error");
    server.deserted().await;
}

#[tokio::test]
async fn eh_09_a_websocket_session_is_not_for_polling() {
    let (server, _) = logged(SocketIo::builder()).await;
    let mut websocket = server.http().await.upgrade(WEBSOCKET).await;
    let open = futures_util::StreamExt::next(&mut websocket)
        .await
        .unwrap()
        .unwrap();
    let open: serde_json::Value = serde_json::from_str(&open.to_text().unwrap()[1..]).unwrap();
    let sid = open["sid"].as_str().unwrap();
    let mut http = server.http().await;
    let refused = http.get(&format!("{POLLING}&sid={sid}")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains(r#""code":3"#), "{refused:?}");
    assert_eq!(server.client_count(), 1);
}

#[tokio::test]
async fn eh_10_abandoned_handshakes_are_reclaimed() {
    let builder = SocketIo::builder()
        .ping_interval(Duration::from_millis(50))
        .ping_timeout(Duration::from_millis(50));
    let (server, _) = logged(builder).await;
    let mut http = server.http().await;
    for _ in 0..500 {
        assert_eq!(http.get(POLLING).await.status, 200);
    }
    server.deserted().await;
    still_serves(&server).await;
}

#[tokio::test]
async fn eh_11_heads_have_a_limit() {
    let (server, _) = logged(SocketIo::builder()).await;
    let mut many = server.http().await;
    let headers = "X-Header: 1\r\n".repeat(5000);
    many.write(format!(
        "GET {POLLING} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"
    ))
    .await;
    assert!(many.try_response().await.is_none_or(|it| it.status == 431));
    let mut large = server.http().await;
    let value = "x".repeat(1 << 20);
    large
        .write(format!(
            "GET {POLLING} HTTP/1.1\r\nHost: x\r\nX-Large: {value}\r\n\r\n"
        ))
        .await;
    assert!(large.try_response().await.is_none_or(|it| it.status == 431));
    assert_eq!(server.client_count(), 0);
    still_serves(&server).await;
}

#[tokio::test]
async fn eh_12_a_wrong_websocket_handshake_is_refused() {
    let (server, _) = logged(SocketIo::builder()).await;
    let [connection, upgrade, version, key] = UPGRADE;
    let cases: [(&str, Vec<&str>); 6] = [
        ("GET", vec![connection, upgrade, version]),
        (
            "GET",
            vec![connection, upgrade, version, "Sec-WebSocket-Key: short"],
        ),
        ("GET", vec![connection, upgrade, key]),
        (
            "GET",
            vec![connection, upgrade, key, "Sec-WebSocket-Version: 8"],
        ),
        ("POST", vec![connection, upgrade, version, key]),
        ("GET", vec![connection, "Upgrade: h2c", version, key]),
    ];
    for (method, headers) in cases {
        let mut http = server.http().await;
        let response = http
            .request(&format!("{method} {WEBSOCKET}"), &headers)
            .await;
        assert_eq!(response.status, 400, "{headers:?}");
    }
    // HTTP/1.0 knows no upgrade.
    let mut old = server.http().await;
    let head = UPGRADE.join("\r\n");
    old.write(format!(
        "GET {WEBSOCKET} HTTP/1.0\r\nHost: x\r\n{head}\r\n\r\n"
    ))
    .await;
    assert_eq!(old.response().await.status, 400);
    // A request with a body has no place for frames.
    for body in [
        "Content-Length: 4\r\n\r\nbody",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        let mut http = server.http().await;
        http.write(format!(
            "GET {WEBSOCKET} HTTP/1.1\r\nHost: x\r\n{head}\r\n{body}"
        ))
        .await;
        assert_eq!(http.response().await.status, 400, "{body}");
    }
    assert_eq!(server.client_count(), 0);
}

#[tokio::test]
async fn eh_13_other_paths_are_not_ours() {
    let (server, _) = logged(SocketIo::builder()).await;
    let mut http = server.http().await;
    for path in [
        "/",
        "/socket.io",
        "/socket.iox",
        "//socket.io/",
        "/socket.io%2F",
        "/socket%2Eio/",
        "/a/socket.io/",
        "/SOCKET.IO/",
        "/socket.io/../socket.iox/",
    ] {
        let response = http.get(&format!("{path}?EIO=4&transport=polling")).await;
        let is_ours = path.starts_with("/socket.io/");
        assert_eq!(response.status, if is_ours { 200 } else { 404 }, "{path}");
    }
}

#[tokio::test]
async fn eh_14_binary_bodies_are_for_the_older_protocol() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    let mut client = server.polling().await;
    client.join("/").await;
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: 1\r\n\r\n3",
        client.target()
    );
    client.push.write(request).await;
    assert_eq!(client.push.response().await.status, 400);
    assert_eq!(lines.next().await, "transport error");
}

#[tokio::test]
async fn eh_15_whoever_leaves_behind_the_101_leaves_nothing() {
    let (server, _) = logged(SocketIo::builder()).await;
    for _ in 0..50 {
        drop(server.http().await.upgrade(WEBSOCKET).await);
        // Or even before it.
        let mut http = server.http().await;
        let head = UPGRADE.join("\r\n");
        http.write(format!(
            "GET {WEBSOCKET} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n"
        ))
        .await;
    }
    server.deserted().await;
    still_serves(&server).await;
}

#[tokio::test]
async fn eh_16_refusals_carry_a_code_and_a_message() {
    let (server, _) = logged(SocketIo::builder()).await;
    let mut http = server.http().await;
    for (line, status, body) in [
        (
            format!("GET {PATH}&transport=pigeon"),
            400,
            r#"{"code":0,"message":"Transport unknown"}"#,
        ),
        (
            format!("GET {POLLING}&sid=none"),
            400,
            r#"{"code":1,"message":"Session ID unknown"}"#,
        ),
        (
            format!("PUT {POLLING}"),
            400,
            r#"{"code":2,"message":"Bad handshake method"}"#,
        ),
        (
            format!("GET {WEBSOCKET}"),
            400,
            r#"{"code":3,"message":"Bad request"}"#,
        ),
    ] {
        let response = http.request(&line, &[]).await;
        assert_eq!((response.status, response.body.as_str()), (status, body));
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn ep_12_bodies_have_a_limit() {
    let (server, mut lines) = logged(SocketIo::builder().max_payload(100)).await;
    let mut client = server.polling().await;
    client.join("/").await;
    let event = |length: usize| format!(r#"42["n","{}"]"#, "x".repeat(length - 10));
    for length in [99, 100] {
        assert_eq!(event(length).len(), length);
        client.send(&event(length)).await;
    }
    // Above it, announced or not: 413, and the session goes on.
    let response = client.push.post(&client.target(), &event(101)).await;
    assert_eq!(response.status, 413);
    let mut other = server.http().await;
    let (target, body) = (client.target(), event(101));
    let chunked = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n{body}\r\n0\r\n\r\n"
    );
    other.write(chunked).await;
    assert_eq!(other.response().await.status, 413);
    let mut other = server.http().await;
    let small = "3";
    other
        .write(format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{small}\r\n0\r\n\r\n"
        ))
        .await;
    assert_eq!(other.response().await.body, "ok");
    // No length and no body is an empty payload, which is none.
    for length in ["-1", "x", "99999999999999999999999", "1, 2"] {
        let mut http = server.http().await;
        http.write(format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        ))
        .await;
        assert_eq!(http.response().await.status, 400, "{length}");
    }
    // What is behind the announced end is no part of the body, nor another request.
    let mut http = server.http().await;
    http.write(format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n3\u{1e}42[\"n\"]\r\n\r\n"
    ))
    .await;
    assert_eq!(http.response().await.body, "ok");
    assert_eq!(http.response().await.status, 400);
    assert!(lines.rest().is_empty());
    assert_eq!(server.client_count(), 1);
    let mut http = server.http().await;
    http.write(format!("POST {target} HTTP/1.1\r\nHost: x\r\n\r\n"))
        .await;
    assert_eq!(http.response().await.body, "ok");
    assert_eq!(lines.next().await, "parse error");
}

#[tokio::test(start_paused = true)]
async fn ep_12_a_refused_body_is_taken_so_that_the_refusal_arrives() {
    let server = Server::new(SocketIo::builder().max_payload(100));
    let mut client = server.polling().await;
    client.join("/").await;
    let session = client.target();
    let body = "x".repeat(1_000_000);
    for (target, status) in [
        (session.as_str(), 413),
        ("/socket.io/?EIO=4&transport=polling&sid=unknown", 400),
    ] {
        // The connection is as good as before.
        for _ in 0..2 {
            assert_eq!(client.push.post(target, &body).await.status, status);
        }
    }

    let announce = |rest: &str| {
        format!("POST {session} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n{rest}\r\n")
    };
    let asked = |rest: &str| {
        let (server, request) = (&server, announce(rest));
        async move {
            #[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
            let start = tokio::time::Instant::now();
            let mut http = server.http().await;
            http.write(request).await;
            assert_eq!(http.response().await.status, 413);
            http.hung_up().await;
            start.elapsed().as_millis()
        }
    };
    // Who asks first is told at once, and who sends nothing is not waited for without end.
    assert_eq!(asked("Expect: 100-continue\r\n").await, 0);
    assert!((5_000..5_100).contains(&asked("").await));
    // Nor is what never ends taken without end.
    let http = server.http().await;
    let (wire, _) = http.into_wire();
    let (mut read, mut write) = tokio::io::split(wire);
    let head = announce("").replace("100000000", "100000000000");
    let endless = tokio::spawn(async move {
        let mut written = write.write(head.as_bytes()).await.unwrap();
        let piece = vec![b'x'; 1 << 20];
        while let Ok(more @ 1..) = write.write(&piece).await {
            written += more;
        }
        written
    });
    let mut answer = String::new();
    read.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    drop(read);
    let written = endless.await.unwrap();
    assert!((64 << 20..66 << 20).contains(&written), "{written} bytes");
}

#[tokio::test]
async fn ep_11_ep_13_a_body_in_crumbs_is_a_body() {
    let (server, _) = logged(SocketIo::builder()).await;
    let mut client = server.polling().await;
    client.join("/").await;
    let text = "é".repeat(10_000);
    let body = format!(r#"421["echo","{text}"]"#);
    let mut request = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        client.target()
    )
    .into_bytes();
    for byte in body.bytes() {
        request.extend_from_slice(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    request.extend_from_slice(b"0\r\n\r\n");
    client.push.write(request).await;
    assert_eq!(client.push.response().await.body, "ok");
    assert_eq!(client.text().await, format!(r#"431["{text}"]"#));
}

#[tokio::test]
async fn allow_request_decides_about_handshakes_only() {
    let refusals = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&refusals);
    let builder = SocketIo::builder()
        .allow_request(
            async |request| match request.query().get("key").map(String::as_str) {
                Some("right") => Ok(()),
                Some("wrong") => Err(Forbidden::because("wrong key")),
                _ => {
                    tokio::task::yield_now().await;
                    Err(Forbidden::new())
                }
            },
        )
        .on_connection_error(move |reject, parts| {
            assert_eq!(parts.uri.path(), "/socket.io/");
            assert!(!reject.to_string().is_empty());
            told.fetch_add(1, Ordering::SeqCst);
        });
    let (server, _) = logged(builder).await;
    let mut http = server.http().await;
    let none = http.get(POLLING).await;
    assert_eq!(
        (none.status, none.body.as_str()),
        (403, r#"{"code":4,"message":"Forbidden"}"#)
    );
    let wrong = http.get(&format!("{POLLING}&key=wrong")).await;
    assert_eq!(
        (wrong.status, wrong.body.as_str()),
        (403, r#"{"code":4,"message":"wrong key"}"#)
    );
    // Behind the checks of the form, and in front of that of the version.
    for (request, body) in [
        ("POST /socket.io/?EIO=4&transport=polling", r#"{"code":2,"#),
        (
            "GET /socket.io/?EIO=3&transport=polling&sid=x",
            r#"{"code":1,"#,
        ),
        ("GET /socket.io/?EIO=3&transport=polling", r#"{"code":4,"#),
        (
            "GET /socket.io/?EIO=3&transport=polling&key=right",
            r#"{"code":5,"#,
        ),
    ] {
        let refused = http.request(request, &[]).await;
        assert!(refused.body.starts_with(body), "{request}: {refused:?}");
    }
    let refused = http
        .request(&format!("GET {WEBSOCKET}&key=wrong"), &UPGRADE)
        .await;
    assert_eq!((refused.status, refused.body.as_str()), (400, "wrong key"));
    assert_eq!(refusals.load(Ordering::SeqCst), 7);
    let mut http = server.http().await;
    let right = http.get(&format!("{POLLING}&key=right")).await;
    let open: serde_json::Value = serde_json::from_str(&right.body[1..]).unwrap();
    // Later requests of the session are not asked about.
    let target = format!("{POLLING}&sid={}", open["sid"].as_str().unwrap());
    assert_eq!(http.post(&target, "3").await.body, "ok");
}

#[tokio::test]
async fn headers_cookies_and_cors_are_where_they_belong() {
    let cors = Cors::new(CorsOrigin::List(vec!["http://good.example".into()])).credentials(true);
    let builder = SocketIo::builder()
        .cors(cors)
        .cookie(Cookie::default())
        .on_headers(|headers, _, initial| {
            headers.insert(
                "x-initial",
                if initial { "yes" } else { "no" }.parse().unwrap(),
            );
        });
    let (server, _) = logged(builder).await;
    let origin = "Origin: http://good.example";
    let allowed = |response: &support::Response| {
        response
            .header("access-control-allow-origin")
            .map(ToOwned::to_owned)
    };
    let good = Some("http://good.example".to_owned());

    let mut http = server.http().await;
    let open = http.request(&format!("GET {POLLING}"), &[origin]).await;
    assert_eq!(allowed(&open), good);
    assert_eq!(open.header("x-initial"), Some("yes"));
    let cookie = open.header("set-cookie").unwrap();
    let json: serde_json::Value = serde_json::from_str(&open.body[1..]).unwrap();
    assert!(cookie.contains(json["sid"].as_str().unwrap()), "{cookie}");

    let target = format!("{POLLING}&sid={}", json["sid"].as_str().unwrap());
    let push = http
        .request(&format!("POST {target}"), &[origin, "Content-Length: 0"])
        .await;
    assert_eq!(push.header("x-initial"), Some("no"));
    assert_eq!(push.header("set-cookie"), None);

    // On errors as well, so that a page can read them.
    let error = http
        .request(&format!("GET {PATH}&transport=pigeon"), &[origin])
        .await;
    assert_eq!((error.status, allowed(&error)), (400, good.clone()));
    assert_eq!(error.header("x-initial"), None);
    let foreign = http
        .request(&format!("GET {POLLING}"), &["Origin: http://evil.example"])
        .await;
    assert_eq!(allowed(&foreign), None);
    let preflight = http
        .request(
            &format!("OPTIONS {POLLING}"),
            &[origin, "Access-Control-Request-Headers: x-token"],
        )
        .await;
    assert_eq!((preflight.status, allowed(&preflight)), (204, good.clone()));

    let mut headers = UPGRADE.to_vec();
    headers.push(origin);
    let switched = http.request(&format!("GET {WEBSOCKET}"), &headers).await;
    assert_eq!((switched.status, allowed(&switched)), (101, good));
    assert_eq!(switched.header("x-initial"), Some("yes"));
    assert_eq!(switched.header("set-cookie"), None);
}

#[tokio::test]
async fn an_upgrade_to_polling_is_taken_and_closed() {
    let (server, _) = logged(SocketIo::builder()).await;
    let client = server.polling().await;
    let target = client.target();
    let mut websocket = support::WebSocket(server.http().await.upgrade(&target).await);
    assert_eq!(websocket.next().await, Frame::Close(None));
    assert_eq!(server.client_count(), 1);
}
