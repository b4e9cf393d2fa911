//! The head of an HTTP request: nothing panics, pairs are those of a naive reader, a refusal is a
//! well-formed answer, and a handshake leads to an open packet.
//!
//! Lines, which a head cannot contain otherwise: `GET /engine.io/?EIO=4&transport=polling`, and
//! then any of `t:` content type, `o:` origin, `a:` user agent, `u` for an upgrade.
#![no_main]

use bytes::Bytes;
use engineio_proto::{
    Frame, Instant, Packet, Sid, Text, Version,
    config::{Cookie, Cors, CorsOrigin, SameSite, ServerConfig},
    http::{Method, Reject, Request, Route, cors_headers, matches, query_pairs, route},
    server::{Exchange, Session},
};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::naive_pairs;
use std::{str, sync::Arc, time::Duration};

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|byte| *byte == b'\n');
    let Some((method, target)) = lines.next().and_then(request_line) else {
        return;
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method,
        query,
        content_type: None,
        origin: None,
        user_agent: None,
        is_upgrade: false,
    };
    for line in lines {
        match line {
            [b't', b':', value @ ..] => request.content_type = str::from_utf8(value).ok(),
            [b'o', b':', value @ ..] => request.origin = Some(value),
            [b'a', b':', value @ ..] => request.user_agent = str::from_utf8(value).ok(),
            [b'u', ..] => request.is_upgrade = true,
            _ => {}
        }
    }
    let pairs: Vec<(String, String)> = query_pairs(query)
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    assert_eq!(pairs, naive_pairs(query));
    for config in configs() {
        check_path(&config, path);
        check_route(config, &request, &pairs);
    }
});

fn request_line(line: &[u8]) -> Option<(Method, &str)> {
    let (method, target) = str::from_utf8(line).ok()?.split_once(' ')?;
    let method = match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "OPTIONS" => Method::Options,
        _ => Method::Other,
    };
    Some((method, target))
}

fn configs() -> [ServerConfig; 2] {
    let mut cookie = Cookie::new("io")
        .domain(Some("example.com".into()))
        .same_site(SameSite::None)
        .secure(true);
    cookie.max_age = Some(Duration::from_secs(60));
    let mut open = ServerConfig::default().path("/").add_trailing_slash(false);
    open.cookie = Some(cookie);
    open.cors = Some(Cors::default());
    [ServerConfig::default(), open]
}

fn check_path(config: &ServerConfig, path: &str) {
    let base = config.path.trim_end_matches('/');
    let inside = if config.add_trailing_slash {
        path.starts_with(&format!("{base}/"))
    } else {
        path.starts_with(base)
    };
    assert_eq!(matches(config, path), inside);
}

fn check_route(config: ServerConfig, request: &Request<'_>, pairs: &[(String, String)]) {
    let last = |name: &str| {
        let mut pairs = pairs.iter().rev();
        pairs
            .find(|pair| pair.0 == name)
            .map_or("", |pair| pair.1.as_str())
    };
    check_cors(request);
    match route(&config, request) {
        Err(reject) => check_reject(&reject),
        Ok(Route::Preflight) => {
            assert!(request.method == Method::Options && config.cors.is_some());
        }
        Ok(Route::Handshake(handshake)) => {
            assert!(last("sid").is_empty());
            assert_eq!(handshake.transport.name(), last("transport"));
            assert_eq!(handshake.version == Version::V4, last("EIO") == "4");
            if let Err(reject) = handshake.check(&config) {
                return assert_eq!(reject, Reject::UnsupportedVersion);
            }
            let sid = Sid::new(Text::from("sid")).expect("legal");
            let now = Instant::ZERO;
            let mut session = Session::accept(Arc::new(config), sid, &handshake, now);
            if !request.is_upgrade {
                session.handle_poll(Exchange(0), now);
                let (_, response) = session.poll_response().expect("the open packet");
                let body = response.body.clone();
                check_open(match &handshake.jsonp {
                    Some(_) => argument(&body),
                    None => body,
                });
                assert!(response.headers().count() >= 3);
            }
        }
        Ok(with_session) => {
            assert_eq!(with_session.sid().map(Sid::as_str), Some(last("sid")));
        }
    }
}

/// What the response to a script calls its function with.
fn argument(body: &[u8]) -> Bytes {
    let call = str::from_utf8(body).expect("text");
    let (_, rest) = call.split_once('(').expect("a call");
    let (argument, _) = rest.rsplit_once(')').expect("a call");
    serde_json::from_str::<String>(argument)
        .expect("one string")
        .into()
}

fn check_open(body: Bytes) {
    let text = Text::try_from(body).expect("text");
    assert!(matches!(
        Packet::from_frame(Frame::Text(text)),
        Ok(Packet::Open(_))
    ));
}

fn check_reject(reject: &Reject) {
    let response = reject.response();
    assert_eq!(response.status, 400, "403 is the application's");
    let body: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
    assert_eq!(body["code"], reject.code());
    assert!(reject.upgrade_response().close);
}

/// Each origin is allowed or not, whatever it is, and never in a header of two lines.
fn check_cors(request: &Request<'_>) {
    let origin = request
        .origin
        .and_then(|origin| str::from_utf8(origin).ok());
    let list = vec!["https://a.example".into(), "null".into()];
    for allowed in [
        CorsOrigin::Any,
        CorsOrigin::Fixed("https://a.example".into()),
        CorsOrigin::List(list),
        CorsOrigin::Mirror,
    ] {
        let cors = Cors::new(allowed).credentials(request.is_upgrade);
        let preflight = (request.method == Method::Options).then_some(request.content_type);
        let headers: Vec<_> = cors_headers(&cors, origin, preflight).collect();
        let allows = |(name, _): &&(&str, _)| *name == "access-control-allow-origin";
        match &cors.origin {
            CorsOrigin::List(list) => {
                let listed = list.iter().any(|entry| Some(entry.as_str()) == origin);
                assert_eq!(headers.iter().any(|header| allows(&header)), listed);
            }
            CorsOrigin::Mirror => {
                let value = headers.iter().find(allows).map(|(_, value)| &**value);
                assert_eq!(value, origin);
            }
            _ => assert!(headers.iter().any(|header| allows(&header))),
        }
        assert!(headers.iter().all(|(_, value)| !value.contains('\n')));
    }
}
