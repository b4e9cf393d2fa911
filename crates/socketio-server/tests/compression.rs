//! Compression of what polling clients get, as it is on the wire.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use flate2::read::{GzDecoder, ZlibDecoder};
use socketio_server::SocketIo;
use socketio_server::engine::HttpCompression;
use std::io::Read;
use support::{Http, Response, Server};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";

/// A GET with this `Accept-Encoding`.
async fn get(http: &mut Http, target: &str, accept_encoding: &str) -> Response {
    let header = format!("Accept-Encoding: {accept_encoding}");
    http.request(&format!("GET {target}"), &[&header]).await
}

/// The body as the server meant it.
fn decoded(response: &Response) -> Vec<u8> {
    assert_eq!(response.status, 200, "{response:?}");
    let mut plain = Vec::new();
    let bytes = response.bytes.as_slice();
    match response.header("content-encoding") {
        Some("gzip") => GzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
        Some("deflate") => ZlibDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
        None => return response.bytes.clone(),
        Some(other) => panic!("{other} was not asked for"),
    };
    plain
}

#[tokio::test]
async fn a_long_answer_is_compressed_as_the_client_accepts() {
    let server = Server::new(SocketIo::builder());
    let mut client = server.polling().await;
    client.join("/").await;
    let target = client.target();
    let text = "all the news ".repeat(200);
    let plain = format!(r#"42["news","{text}"]"#);
    for (accept, expected) in [
        ("gzip", Some("gzip")),
        ("deflate", Some("deflate")),
        ("gzip, deflate, br", Some("gzip")),
        ("gzip;q=0, deflate;q=0.1", Some("deflate")),
        ("*", Some("gzip")),
        ("br", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("", None),
    ] {
        server.emit("news", &text).unwrap();
        let response = get(&mut client.poll, &target, accept).await;
        assert_eq!(response.header("content-encoding"), expected, "{accept}");
        assert_eq!(decoded(&response), plain.as_bytes(), "{accept}");
        let is_short = response.bytes.len() < plain.len() / 10;
        assert_eq!(is_short, expected.is_some(), "{accept}");
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let content_type = response.header("content-type");
        assert_eq!(content_type, Some("text/plain; charset=UTF-8"));
    }
    server.emit("news", &text).unwrap();
    assert_eq!(client.text().await, plain, "without the header");

    // Several headers are one list.
    server.emit("news", &text).unwrap();
    let headers = ["Accept-Encoding: br", "Accept-Encoding: deflate"];
    let response = client
        .poll
        .request(&format!("GET {target}"), &headers)
        .await;
    assert_eq!(response.header("content-encoding"), Some("deflate"));
}

#[tokio::test]
async fn the_threshold_is_a_number_of_bytes_of_the_body() {
    for (builder, threshold) in [
        (SocketIo::builder(), 1024),
        (
            SocketIo::builder().http_compression(HttpCompression::default().threshold(200)),
            200,
        ),
    ] {
        let server = Server::new(builder);
        let mut client = server.polling().await;
        client.join("/").await;
        let target = client.target();
        for (length, expected) in [
            (threshold - 1, None),
            (threshold, Some("gzip")),
            (threshold + 1, Some("gzip")),
        ] {
            let text = "x".repeat(length - r#"42["x",""]"#.len());
            server.emit("x", &text).unwrap();
            let response = get(&mut client.poll, &target, "gzip").await;
            assert_eq!(response.header("content-encoding"), expected, "{length}");
            assert_eq!(decoded(&response).len(), length);
        }
    }
}

#[tokio::test]
async fn it_may_be_switched_off() {
    let server = Server::new(SocketIo::builder().http_compression(None));
    let mut client = server.polling().await;
    client.join("/").await;
    server.emit("x", "x".repeat(5000)).unwrap();
    let target = client.target();
    let response = get(&mut client.poll, &target, "gzip").await;
    assert_eq!(response.header("content-encoding"), None);
}

#[tokio::test]
async fn what_is_short_or_no_packet_is_sent_as_it_is() {
    let all = HttpCompression::default().threshold(0);
    let server = Server::new(SocketIo::builder().http_compression(all));
    let mut client = server.polling().await;
    client.join("/").await;
    let target = client.target();
    // What would only become longer.
    server.emit("x", ()).unwrap();
    let response = get(&mut client.poll, &target, "gzip").await;
    assert_eq!(response.header("content-encoding"), None);
    assert_eq!(response.body, r#"42["x"]"#);
    for line in [
        format!("POST {target}"),
        format!("GET {POLLING}&sid=unknown"),
        format!("PUT {target}"),
        "GET /elsewhere".to_owned(),
    ] {
        let accepts = ["Accept-Encoding: gzip", "Content-Length: 0"];
        let response = client.push.request(&line, &accepts).await;
        assert_eq!(response.header("content-encoding"), None, "{line}");
    }
}

#[tokio::test]
async fn scripts_are_compressed_as_they_are() {
    let server = Server::new(SocketIo::builder());
    let mut client = server.polling().await;
    let open = client.poll.get(&format!("{POLLING}&j=0")).await.body;
    let sid = open.split("\\\"").nth(3).unwrap();
    let target = format!("{POLLING}&j=0&sid={sid}");
    client.push.post(&target, "d=40").await;
    client.poll.get(&target).await;
    server.emit("x", "\"".repeat(1000)).unwrap();
    let response = get(&mut client.poll, &target, "deflate").await;
    assert_eq!(response.header("content-encoding"), Some("deflate"));
    let script = String::from_utf8(decoded(&response)).unwrap();
    assert!(script.starts_with(r#"___eio[0]("42[\"x\","#), "{script}");
    assert!(script.ends_with(r#"\"]");"#), "{script}");
}

#[tokio::test]
async fn text_and_bytes_of_protocol_3_are_compressed() {
    const POLLING: &str = "/socket.io/?EIO=3&transport=polling";
    let server = Server::new(SocketIo::builder().allow_eio3(true));
    let mut http = server.http().await;
    let open = http.get(POLLING).await;
    let open = String::from_utf8_lossy(&open.bytes).into_owned();
    let sid = open.split('"').nth(3).unwrap();
    let target = format!("{POLLING}&sid={sid}");
    // The CONNECT, if it did not come along.
    if !open.ends_with("2:40") {
        http.get(&target).await;
    }

    server.emit("text", "x".repeat(2000)).unwrap();
    let text = get(&mut http, &format!("{target}&b64=1"), "gzip").await;
    assert_eq!(text.header("content-encoding"), Some("gzip"));
    let bytes = serde_bytes::ByteBuf::from(vec![7; 2000]);
    server.emit("bytes", bytes).unwrap();
    let binary = get(&mut http, &target, "gzip").await;
    assert_eq!(binary.header("content-encoding"), Some("gzip"));
    let content_type = binary.header("content-type");
    assert_eq!(content_type, Some("application/octet-stream"));
    let body = decoded(&binary);
    assert!(body.windows(2000).any(|part| part == [7; 2000]));
}

#[tokio::test]
async fn a_client_that_leaves_during_compression_leaves_nothing() {
    let server = Server::with_pipes(SocketIo::builder(), 256);
    let mut client = server.polling().await;
    client.join("/").await;
    server.emit("x", "x".repeat(1_000_000)).unwrap();
    let target = client.target();
    client
        .poll
        .write(format!(
            "GET {target} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
        ))
        .await;
    drop(client);
    // Others are served meanwhile.
    server.client().await;
    server.shutdown().await;
    assert_eq!(server.client_count(), 0);
}
