//! Requests that are odd, foreign, slow or given up, one at a time and in crowds, under a paused clock.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use allocation_counter::measure;
use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::service::Service;
use socketio_server::{Ack, Forbidden, NotFound, Reason, SocketIo, SocketIoBuilder, State};
use std::convert::Infallible;
use support::http::{PATH, UPGRADE};
use support::{Lines, Log, Polling, Server, still_serves};
use tokio::io::AsyncReadExt;

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// A server that tells why its sockets go, behind narrow pipes.
fn server(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let server = Server::with_pipes(builder.state(log), 4096);
    server.on_disconnect(async |State(log): State<Log>, reason: Reason| {
        log.add(reason.to_string());
    });
    server.on("echo", async |ack: Ack, text: String| ack.send(text));
    (server, lines)
}

async fn joined(server: &Server) -> Polling {
    let mut client = server.polling().await;
    client.join("/").await;
    client
}

#[tokio::test(start_paused = true)]
async fn ep_13_a_hundred_thousand_chunks_of_nothing_cost_nothing() {
    const CHUNKS: usize = 100_000;
    let (server, mut lines) = server(SocketIo::builder());
    let mut client = joined(&server).await;
    let text = "x".repeat(20_000);
    let event = format!(r#"421["echo","{text}"]"#);
    // As HTTP/2 may bring them; in HTTP/1 the first of them would be the end.
    let nothing = || std::iter::repeat_n(Bytes::new(), CHUNKS);
    let crumbs = || (0..event.len()).map(|at| Bytes::copy_from_slice(&event.as_bytes()[at..=at]));
    let all: [(&str, Vec<Bytes>); 3] = [
        ("nothing in front and behind", {
            let event = std::iter::once(Bytes::copy_from_slice(event.as_bytes()));
            nothing().chain(event).chain(nothing()).collect()
        }),
        ("nothing between crumbs", {
            crumbs()
                .flat_map(|crumb| [vec![Bytes::new(); 5], vec![crumb]].concat())
                .collect()
        }),
        ("nothing at all", nothing().collect()),
    ];
    for (what, chunks) in all {
        let is_empty = what == "nothing at all";
        let frames = chunks
            .into_iter()
            .map(|it| Ok::<_, Infallible>(Frame::data(it)));
        let request = http::Request::post(client.target())
            .body(StreamBody::new(stream::iter(frames)))
            .unwrap();
        let service = server.service(NotFound);
        let mut response = None;
        let cost = measure(|| response = service.call(request).now_or_never());
        assert_eq!(
            response.expect("an answer at once").unwrap().status(),
            200,
            "{what}"
        );
        // By its bytes, and not by its chunks.
        assert!(
            cost.bytes_max < 4 * event.len() as u64,
            "{what}: {} bytes",
            cost.bytes_max
        );
        assert!(
            cost.count_total < 500,
            "{what}: {} allocations",
            cost.count_total
        );
        if !is_empty {
            assert_eq!(client.text().await, format!(r#"431["{text}"]"#), "{what}");
        }
    }
    // So many times nothing is an empty body.
    assert_eq!(lines.next().await, "parse error");
}

#[tokio::test(start_paused = true)]
async fn ep_13_chunks_with_much_beside_their_bytes_are_not_read_without_end() {
    let (server, mut lines) = server(SocketIo::builder());
    let mut client = joined(&server).await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        client.target()
    );
    client.push.write(head).await;
    for _ in 0..10_000 {
        client
            .push
            .write(format!("1;{}\r\n6\r\n", "x=y;".repeat(100)))
            .await;
    }
    // No answer to what is no HTTP, and no session of whoever speaks it.
    client.push.hung_up().await;
    assert_eq!(lines.next().await, "transport error");
    server.deserted().await;
    still_serves(&server).await;
}

#[tokio::test(start_paused = true)]
async fn eh_05_other_methods_on_a_session_are_refused_and_disturb_nothing() {
    let (server, mut lines) = server(SocketIo::builder());
    let mut client = joined(&server).await;
    // Also while its GET waits.
    client.begin_poll().await;
    client.send("3").await;
    let target = client.target();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "BREW"] {
        let mut http = server.http().await;
        for headers in [&["Content-Length: 0"][..], &[]] {
            let refused = http.request(&format!("{method} {target}"), headers).await;
            assert_eq!(
                (refused.status, refused.body.as_str()),
                (500, ""),
                "{method}"
            );
        }
        // Nor is what it brings read.
        let head = format!("{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1");
        http.write(head).await;
        assert_eq!(http.response().await.status, 500, "{method}");
    }
    client.send(r#"421["echo","x"]"#).await;
    client.end_poll().await;
    assert_eq!(client.text().await, r#"431["x"]"#);
    assert!(lines.rest().is_empty());
    assert_eq!((server.client_count(), server.socket_count()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn eh_06_an_origin_is_clean_absent_or_welcome() {
    let builder = SocketIo::builder().allow_request(async |request| {
        match request
            .headers
            .get("origin")
            .map(|origin| origin.as_bytes())
        {
            Some(origin) if origin != b"http://good.example" => Err(Forbidden::because("not you")),
            _ => Ok(()),
        }
    });
    let (server, _lines) = server(builder);
    // What HTTP lets nobody say comes no further than that.
    for byte in (0..0x20)
        .chain([0x7f])
        .filter(|byte| !b"\t\r\n".contains(byte))
    {
        let bad = [b"Origin: http://good", &[byte][..], b".example\r\n\r\n"].concat();
        for (target, more) in [
            (POLLING, String::new()),
            (WEBSOCKET, UPGRADE.join("\r\n") + "\r\n"),
        ] {
            let mut http = server.http().await;
            let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{more}");
            http.write([head.as_bytes(), &bad].concat()).await;
            assert_eq!(http.response().await.status, 400, "{byte}");
        }
    }
    let mut welcome = Vec::new();
    for (origin, is_welcome) in [
        ("X-No-Origin: x", true),
        ("Origin: http://good.example", true),
        ("Origin: http://evil.example", false),
        ("Origin: http://good.example.evil.example", false),
        ("Origin: null", false),
        ("Origin:", false),
        ("Origin: http://good.example\u{e9}", false),
        ("Origin: http://good.example\thttp://evil.example", false),
    ] {
        let (mut poll, mut switch) = (server.http().await, server.http().await);
        let polled = poll.request(&format!("GET {POLLING}"), &[origin]).await;
        let headers = [&UPGRADE[..], &[origin]].concat();
        let switched = switch.request(&format!("GET {WEBSOCKET}"), &headers).await;
        if is_welcome {
            assert_eq!((polled.status, switched.status), (200, 101), "{origin}");
            welcome.push(switch);
            continue;
        }
        let body = r#"{"code":4,"message":"not you"}"#;
        assert_eq!(
            (polled.status, polled.body.as_str()),
            (403, body),
            "{origin}"
        );
        assert_eq!(
            (switched.status, switched.body.as_str()),
            (400, "not you"),
            "{origin}"
        );
    }
    assert_eq!(server.client_count(), 2 * welcome.len());
}

#[tokio::test(start_paused = true)]
async fn eh_08_a_get_may_be_given_up_at_every_stage() {
    let (server, mut lines) = server(SocketIo::builder());
    // At each byte of the head of a handshake: only a whole one opens a session, which ends with it.
    let head = format!("GET {POLLING} HTTP/1.1\r\nHost: x\r\n\r\n");
    for at in 0..=head.len() {
        let mut http = server.http().await;
        http.write(&head[..at]).await;
        drop(http);
    }
    server.deserted().await;
    // At each byte of the head of a poll: half a request is none.
    let mut client = joined(&server).await;
    let head = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", client.target());
    for at in 0..head.len() {
        let mut http = server.http().await;
        http.write(&head[..at]).await;
        drop(http);
    }
    client.send(r#"421["echo","x"]"#).await;
    assert_eq!(client.text().await, r#"431["x"]"#);
    // While it waits.
    client.begin_poll().await;
    client.send("3").await;
    drop(client.into_connections());
    assert_eq!(lines.next().await, "transport error");
    // In the middle of its answer, which is lost with it: the client is silent from then on.
    let mut client = joined(&server).await;
    server.emit("large", "x".repeat(100_000)).unwrap();
    client.begin_poll().await;
    let (poll, push) = client.into_connections();
    let (mut wire, _) = poll.into_wire();
    wire.read_u8().await.unwrap();
    drop((wire, push));
    assert_eq!(lines.next().await, "ping timeout");
    server.deserted().await;
    still_serves(&server).await;
}

#[tokio::test(start_paused = true)]
async fn eh_08_a_post_may_be_given_up_at_every_stage() {
    let (server, mut lines) = server(SocketIo::builder());
    let event = r#"421["echo","x"]"#;
    for chunked in [false, true] {
        let framing = match chunked {
            true => format!(
                "Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{event}\r\n0\r\n\r\n",
                event.len()
            ),
            false => format!("Content-Length: {}\r\n\r\n{event}", event.len()),
        };
        let (head, body) = framing.split_once("\r\n\r\n").unwrap();
        for at in 0..body.len() {
            let mut client = joined(&server).await;
            let request = format!(
                "POST {} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n",
                client.target()
            );
            // Half a head is no request yet.
            let mut http = server.http().await;
            http.write(&request[..request.len() - 1]).await;
            drop(http);
            client.push.write(request + &body[..at]).await;
            let (mut poll, push) = client.into_connections();
            drop(push);
            assert_eq!(
                lines.next().await,
                "transport error",
                "{at} bytes of the body"
            );
            // What came was no packet.
            poll.write("GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n")
                .await;
            assert_eq!(poll.response().await.status, 404);
        }
    }
    // Behind its last byte: nobody is told, at once or once the client was silent for long enough.
    let mut client = joined(&server).await;
    let target = client.target();
    client.push.begin_post(&target, event).await;
    drop(client);
    server.deserted().await;
    still_serves(&server).await;
}

#[tokio::test(start_paused = true)]
async fn eh_08_a_post_that_stays_half_ends_with_the_heartbeat() {
    let (server, mut lines) = server(SocketIo::builder());
    let mut client = joined(&server).await;
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n42[",
        client.target()
    );
    client.push.write(head).await;
    assert_eq!(lines.next().await, "ping timeout");
    // Its body does not matter any more.
    assert_eq!(client.push.response().await.body, "ok");
    server.deserted().await;
    // What comes of it later belongs to nobody.
    client.push.write(r#""n"]  "#).await;
    client.push.hung_up().await;
    let late = server.http().await.get(&client.target()).await;
    assert_eq!(late.status, 400);
    assert_eq!(
        server
            .http()
            .await
            .get(&format!("{PATH}&transport=polling"))
            .await
            .status,
        200
    );
}
