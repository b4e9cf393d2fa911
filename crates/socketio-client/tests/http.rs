//! What goes over the wire beside the protocol: paths, headers, cookies, proxies; and servers that
//! answer what they should not.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_client::{ConnectError, ConnectFailure, Transport};
use socketio_server::SocketIo;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{Log, Raw, Server, WAYS, client, polling_session, settled, soon};
use tokio::net::TcpStream;

/// A server that writes down the first line and some headers of each request.
async fn recorder(log: Log, names: &'static [&'static str], set: &'static str) -> Raw {
    let served = Arc::new(AtomicUsize::new(0));
    Raw::start(move |wire| {
        let (log, served) = (log.clone(), Arc::clone(&served));
        async move {
            polling_session(wire, |request| {
                let values = names.iter().map(|name| request.header(name).unwrap_or("-"));
                let values: Vec<_> = values.collect();
                let method = request.line.split(' ').next().unwrap();
                log.add(format!("{method} {}", values.join(" | ")));
                let is_first = served.fetch_add(1, Ordering::Relaxed) == 0;
                if is_first {
                    set.to_owned()
                } else {
                    String::new()
                }
            })
            .await;
        }
    })
    .await
}

#[tokio::test]
async fn every_request_has_the_headers_that_were_asked_for() {
    let (log, mut lines) = Log::new();
    let server = recorder(log, &["host", "x-token", "accept", "content-type"], "").await;
    let host = server.address().to_string();
    let builder = client(&server.url())
        .transports([Transport::Polling])
        .header("X-Token", "abc")
        .extra_headers([("X-Other", "1")]);
    let _socket = soon("the connection", builder.connect()).await.unwrap();
    let mut requests = lines.take(3).await;
    requests.sort();
    assert_eq!(
        requests,
        [
            format!("GET {host} | abc | */* | -"),
            format!("GET {host} | abc | */* | -"),
            format!("POST {host} | abc | */* | text/plain;charset=UTF-8"),
        ]
    );
}

#[tokio::test]
async fn path_and_query_are_as_configured() {
    let (log, mut lines) = Log::new();
    let server = Raw::start(move |mut wire| {
        let log = log.clone();
        async move {
            let request = wire.request().await.unwrap();
            let target = request.line.split(' ').nth(1).unwrap();
            log.add(target.split("&t=").next().unwrap());
            wire.answer("404 Not Found", "", "").await;
        }
    })
    .await;
    let url = format!("{}ns?a=1&b=x%20y", server.url());
    let polling = "EIO=4&transport=polling";
    let by_url = client(&url);
    let by_option = client(&url).path("/live").query([("c", "&")]);
    let bare = client(&url)
        .path("live/")
        .add_trailing_slash(false)
        .query([("c", "2")]);
    for (builder, expected) in [
        (by_url, format!("/socket.io/?a=1&b=x%20y&{polling}")),
        (by_option, format!("/live/?c=%26&{polling}")),
        (bare, format!("/live?c=2&{polling}")),
    ] {
        soon("the error", builder.connect()).await.unwrap_err();
        assert_eq!(lines.next().await, expected);
    }
}

#[tokio::test]
async fn cookies_go_back_if_asked_for() {
    let set = "set-cookie: io=x; Path=/; HttpOnly\r\nset-cookie: old=1; Max-Age=0\r\n";
    for (keep, expected) in [(true, "io=x"), (false, "-")] {
        let (log, mut lines) = Log::new();
        let server = recorder(log, &["cookie"], set).await;
        let builder = client(&server.url())
            .transports([Transport::Polling])
            .cookies(keep);
        let _socket = soon("the connection", builder.connect()).await.unwrap();
        let mut requests = lines.take(3).await;
        requests.sort();
        let mut all = [
            "GET -".to_owned(),
            format!("GET {expected}"),
            format!("POST {expected}"),
        ];
        all.sort();
        assert_eq!(requests, all);
    }
}

#[tokio::test]
async fn connections_are_used_again() {
    let accepted = Arc::new(AtomicUsize::new(0));
    let (inner, counted) = (
        Server::start(SocketIo::builder()).await,
        Arc::clone(&accepted),
    );
    let address = inner.address();
    let front = Raw::start(move |mut wire| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            let mut back = TcpStream::connect(address).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut wire.0, &mut back).await;
        }
    })
    .await;
    inner
        .io
        .on("echo", async |ack: socketio_server::Ack| ack.send(()));
    let builder = client(&front.url()).transports([Transport::Polling]);
    let socket = soon("the connection", builder.connect()).await.unwrap();
    for _ in 0..50 {
        let () = soon("an answer", socket.emit_with_ack("echo", ()))
            .await
            .unwrap();
    }
    assert_eq!(
        accepted.load(Ordering::Relaxed),
        2,
        "one for GET, one for POST"
    );
}

/// A proxy that connects, if asked to in the right way.
async fn proxy(log: Log) -> Raw {
    Raw::start(move |mut wire| {
        let log = log.clone();
        async move {
            let request = wire.request().await.unwrap();
            let credentials = request
                .header("proxy-authorization")
                .unwrap_or("-")
                .to_owned();
            let mut words = request.line.split(' ');
            if words.next() != Some("CONNECT") || credentials == "-" {
                wire.answer("407 Proxy Authentication Required", "", "")
                    .await;
                return;
            }
            let to = words.next().unwrap().to_owned();
            log.add(credentials);
            let mut server = TcpStream::connect(&to).await.unwrap();
            wire.write("HTTP/1.1 200 Connection Established\r\n\r\n")
                .await;
            let _ = tokio::io::copy_bidirectional(&mut wire.0, &mut server).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_proxy_may_stand_in_between() {
    let server = Server::start(SocketIo::builder()).await;
    let (log, mut lines) = Log::new();
    let proxy = proxy(log).await;
    for way in WAYS {
        let builder = server.client("/").transports(way.iter().copied());
        let builder = builder.proxy(format!("http://me:pass@{}", proxy.address()));
        let socket = soon("the connection", builder.connect()).await.unwrap();
        settled(&socket, way).await;
        assert_eq!(lines.next().await, "Basic bWU6cGFzcw==");
        lines.rest();
    }
    let refused = server
        .client("/")
        .proxy(format!("http://{}", proxy.address()));
    let error = soon("the refusal", refused.connect()).await.unwrap_err();
    assert_eq!(error.to_string(), "xhr poll error");
}

/// What a client makes of a server that answers each request like that.
async fn attempt(
    transport: Transport,
    status: &'static str,
    headers: &'static str,
    body: String,
) -> String {
    let server = Raw::start(move |mut wire| {
        let body = body.clone();
        async move {
            while wire.request().await.is_some() {
                wire.answer(status, headers, &body).await;
            }
        }
    })
    .await;
    let builder = client(&server.url())
        .transports([transport])
        .engine_config(|config| config.max_payload(1_000));
    match soon("the error", builder.connect()).await {
        Err(ConnectError::Connection(ConnectFailure::Transport(error))) => {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            format!("{error} {}", source.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn cl_01_what_is_no_answer_is_an_error() {
    let redirect = "location: /elsewhere\r\n";
    let polling = Transport::Polling;
    assert_eq!(
        attempt(polling, "302 Found", redirect, String::new()).await,
        "xhr poll error "
    );
    assert_eq!(
        attempt(polling, "502 Bad Gateway", "", "<html>".into()).await,
        "xhr poll error "
    );
    for body in ["<html>", "", "0{", "0{}"] {
        let error = attempt(polling, "200 OK", "", body.into()).await;
        assert!(error.starts_with("server error "), "{body:?}: {error}");
    }
    let large = attempt(polling, "200 OK", "", "x".repeat(1_001)).await;
    assert!(
        large.starts_with("server error ") && large.contains("1000"),
        "{large}"
    );

    let websocket = Transport::WebSocket;
    for status in ["200 OK", "302 Found", "400 Bad Request", "502 Bad Gateway"] {
        assert_eq!(
            attempt(websocket, status, redirect, "no".into()).await,
            "websocket error "
        );
    }
}

#[tokio::test]
async fn cl_01_endless_answers_are_cut_off() {
    // A head and a body without an end, as fast as they are taken.
    for head in [
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    ] {
        for transport in [Transport::Polling, Transport::WebSocket] {
            let server = Raw::start(move |mut wire| async move {
                use tokio::io::AsyncWriteExt;
                wire.request().await.unwrap();
                wire.write(head).await;
                let line = match head.ends_with("\r\n\r\n") {
                    true => "5\r\nhello\r\n",
                    false => "x-header: and so on\r\n",
                };
                while wire.0.get_mut().write_all(line.as_bytes()).await.is_ok() {}
            })
            .await;
            let builder = client(&server.url())
                .transports([transport])
                .engine_config(|config| config.max_payload(10_000))
                .timeout(Some(Duration::from_secs(30)));
            let error = soon("the error", builder.connect()).await.unwrap_err();
            assert_ne!(error.to_string(), "timeout", "{transport:?} {head:?}");
        }
    }
}
