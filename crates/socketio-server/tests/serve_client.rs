//! The bundle of the JavaScript client, served beside the endpoint.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::SocketIo;
use socketio_server::engine::{Cors, CorsOrigin};
use std::io::ErrorKind;
use std::path::PathBuf;
use support::{Http, Server};

const BUILD: &str = "/*!\n * Socket.IO v4.8.1\n * (c)\n */\nlet io;";
const MAP: &str = r#"{"version":3}"#;

/// A directory like `dist` of the npm package, beside a secret.
fn package(test: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    let dist = root.join("dist");
    std::fs::create_dir_all(&dist).unwrap();
    for build in ["js", "min.js", "esm.min.js", "msgpack.min.js"] {
        std::fs::write(dist.join(format!("socket.io.{build}")), BUILD).unwrap();
    }
    std::fs::write(dist.join("socket.io.js.map"), MAP).unwrap();
    std::fs::write(dist.join("secret.js"), "secret").unwrap();
    std::fs::write(root.join("package.json"), "secret").unwrap();
    dist
}

async fn server(test: &str) -> Http {
    let builder = SocketIo::builder().serve_client(package(test)).unwrap();
    Http::new(Server::new(builder).connect().await)
}

#[tokio::test]
async fn the_builds_are_served_with_the_headers_of_the_reference() {
    let mut http = server("headers").await;
    for build in ["js", "min.js", "esm.min.js", "msgpack.min.js"] {
        let got = http.get(&format!("/socket.io/socket.io.{build}")).await;
        assert_eq!((got.status, got.body.as_str()), (200, BUILD));
        let kind = "application/javascript; charset=utf-8";
        assert_eq!(got.header("content-type"), Some(kind));
        assert_eq!(got.header("cache-control"), Some("public, max-age=0"));
        assert_eq!(got.header("etag"), Some(r#""4.8.1""#));
    }
    let got = http.get("/socket.io/socket.io.js.map?cache=no").await;
    assert_eq!((got.status, got.body.as_str()), (200, MAP));
    let kind = "application/json; charset=utf-8";
    assert_eq!(got.header("content-type"), Some(kind));
}

#[tokio::test]
async fn a_browser_that_has_this_version_gets_304() {
    let mut http = server("cached").await;
    for (tag, status) in [
        (r#""4.8.1""#, 304),
        (r#"W/"4.8.1""#, 304),
        (r#""4.8.0", "4.8.1""#, 304),
        (r#""4.8.0""#, 200),
        ("4.8.1", 200),
    ] {
        let asked = format!("If-None-Match: {tag}");
        let got = http.request("GET /socket.io/socket.io.js", &[&asked]).await;
        assert_eq!(got.status, status, "{tag}");
        assert_eq!(got.body.is_empty(), status == 304, "{tag}");
    }
}

#[tokio::test]
async fn no_other_file_can_be_asked_for() {
    let mut http = server("others").await;
    for path in [
        "/socket.io/secret.js",
        "/socket.io/../package.json",
        "/socket.io/..%2fpackage.json",
        "/socket.io//etc/passwd",
        "/socket.io/socket.io.js/../secret.js",
        "/socket.io/socket.io.js%00",
        "/socket.io/socket.io.min.js.map",
        "/socket.io/",
    ] {
        let got = http.get(path).await;
        // The engine takes it for a request of its own that lacks everything.
        assert_eq!(got.status, 400, "{path}");
        assert!(got.body.starts_with(r#"{"code":0"#), "{path}");
    }
    let got = http.request("DELETE /socket.io/socket.io.js", &[]).await;
    assert_eq!(got.status, 400);
}

#[tokio::test]
async fn other_origins_get_what_cors_allows() {
    let builder = SocketIo::builder()
        .cors(Cors::new(CorsOrigin::Any))
        .serve_client(package("cors"));
    let mut http = Http::new(Server::new(builder.unwrap()).connect().await);
    let asked = ["Origin: http://elsewhere"];
    let got = http.request("GET /socket.io/socket.io.js", &asked).await;
    assert_eq!(got.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn without_it_nothing_is_served() {
    let mut http = Http::new(Server::new(SocketIo::builder()).connect().await);
    assert_eq!(http.get("/socket.io/socket.io.js").await.status, 400);
}

#[test]
fn a_directory_without_a_build_is_an_error() {
    let wrong = package("wrong").parent().unwrap().to_owned();
    let error = SocketIo::builder().serve_client(wrong).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
