//! The files of the page.

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use std::path::Path;

/// Where the official client comes from when it is not installed here.
const CDN: &str = "https://cdn.socket.io/4.8.1/socket.io.min.js";
/// Where the interoperability tests install it.
const INSTALLED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../interop/node_modules/socket.io-client/dist/socket.io.min.js"
);

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

pub(crate) fn routes() -> Router {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .route("/", file(HTML, include_str!("index.html")))
        .route("/chat.css", file(CSS, include_str!("chat.css")))
        .route("/chat.js", file(JAVASCRIPT, include_str!("chat.js")))
        .route("/client/socket.io.js", get(client))
        .fallback(async || StatusCode::NOT_FOUND)
}

async fn client() -> Response {
    match tokio::fs::read(Path::new(INSTALLED)).await {
        Ok(script) => ([(header::CONTENT_TYPE, JAVASCRIPT)], script).into_response(),
        Err(_) => Redirect::temporary(CDN).into_response(),
    }
}
