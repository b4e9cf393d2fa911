use crate::support::{Server, config, request, sid};
use engineio_proto::{
    Instant, Text, Transport, Version,
    config::{Cors, CorsOrigin, ServerConfig},
    http::{Method, Reject, Request, Response, Route, cors_headers, matches, route},
    server::Session,
};
use std::sync::Arc;

fn reject(query: &str) -> Reject {
    route(&config(), &request(query)).expect_err(query)
}

#[test]
fn eh_01_the_transport_is_one_of_two() {
    for query in [
        "EIO=4",
        "EIO=4&transport=",
        "EIO=4&transport=foo",
        "EIO=4&transport=constructor",
        "EIO=4&transport=__proto__",
        "EIO=4&transport=Polling",
        "EIO=4&transport=webtransport",
        "EIO=4&transport=polling&transport=foo",
    ] {
        assert_eq!(reject(query), Reject::UnknownTransport);
    }
    let config = config().transports([Transport::WebSocket]);
    let polling = route(&config, &request("EIO=4&transport=polling"));
    assert_eq!(polling, Err(Reject::UnknownTransport));
}

#[test]
fn eh_02_only_the_string_4_is_version_4_and_the_version_is_checked_last() {
    for eio in [
        "",
        "EIO=&",
        "EIO=3&",
        "EIO=5&",
        "EIO=4.0&",
        "EIO=04&",
        "EIO=4&EIO=3&",
    ] {
        let query = format!("{eio}transport=polling");
        let Ok(Route::Handshake(handshake)) = route(&config(), &request(&query)) else {
            panic!("{query} is a handshake until the application's own check");
        };
        assert_eq!(handshake.version, Version::V3);
        assert_eq!(handshake.check(&config()), Err(Reject::UnsupportedVersion));
    }
    let Ok(Route::Handshake(handshake)) =
        route(&config(), &request("EIO=3&EIO=%34&transport=polling"))
    else {
        panic!("a handshake");
    };
    assert_eq!(handshake.check(&config()), Ok(()));
    // An unknown sid comes first, and so does the method.
    assert_eq!(
        reject("EIO=3&transport=polling&sid=a.b"),
        Reject::UnknownSid
    );
    let post = Request {
        method: Method::Post,
        ..request("EIO=3&transport=polling")
    };
    assert_eq!(route(&config(), &post), Err(Reject::BadHandshakeMethod));
}

#[test]
fn eh_03_a_sid_that_cannot_be_is_unknown_and_an_empty_one_is_a_handshake() {
    let long = format!("EIO=4&transport=polling&sid={}", "x".repeat(10_000));
    assert_eq!(reject(&long), Reject::UnknownSid);
    assert_eq!(
        reject("EIO=4&transport=polling&sid=%00"),
        Reject::UnknownSid
    );
    assert_eq!(
        reject("EIO=4&transport=polling&sid=a/b"),
        Reject::UnknownSid
    );
    let named = |query: &str| {
        let route = route(&config(), &request(query)).unwrap();
        route.sid().map(|sid| sid.as_str().to_string())
    };
    assert_eq!(
        named("EIO=4&transport=polling&sid=__proto__").unwrap(),
        "__proto__"
    );
    assert_eq!(named("EIO=4&transport=polling&sid=%61b").unwrap(), "ab");
    assert_eq!(named("EIO=4&transport=polling&sid=a&sid=b").unwrap(), "b");
    assert_eq!(named("EIO=4&transport=polling&sid="), None);
}

#[test]
fn eh_04_a_handshake_is_a_get() {
    for method in [Method::Post, Method::Options, Method::Other] {
        let request = Request {
            method,
            ..request("EIO=4&transport=polling")
        };
        assert_eq!(route(&config(), &request), Err(Reject::BadHandshakeMethod));
    }
}

#[test]
fn eh_05_other_methods_on_a_session_leave_it_alone() {
    for method in [Method::Options, Method::Other] {
        let request = Request {
            method,
            ..request("EIO=4&transport=polling&sid=a")
        };
        assert!(matches!(
            route(&config(), &request),
            Ok(Route::MethodNotAllowed { .. })
        ));
    }
    assert_eq!(Response::method_not_allowed().status, 500);
}

#[test]
fn eh_06_the_origin_has_no_control_characters() {
    for (origin, ok) in [
        (&b"http://a.example"[..], true),
        (b"", true),
        (b"a\tb \xe9", true),
        (b"a\0", false),
        (b"a\x7f", false),
        (b"a\r\nb", false),
    ] {
        let request = Request {
            origin: Some(origin),
            ..request("EIO=4&transport=polling")
        };
        assert_eq!(
            route(&config(), &request).err(),
            (!ok).then_some(Reject::BadRequest)
        );
        // Before the sid, behind the transport.
        let request = Request {
            query: "EIO=4&transport=polling&sid=a.b",
            ..request
        };
        let expected = if ok {
            Reject::UnknownSid
        } else {
            Reject::BadRequest
        };
        assert_eq!(route(&config(), &request), Err(expected));
    }
    let forbidden = Reject::Forbidden(None);
    assert_eq!(forbidden.response().status, 403);
    assert_eq!(forbidden.upgrade_response().status, 400);
}

#[test]
fn websocket_needs_an_upgrade() {
    let plain = Request {
        is_upgrade: false,
        ..request("EIO=4&transport=websocket")
    };
    assert_eq!(route(&config(), &plain), Err(Reject::BadRequest));
    let odd = Request {
        is_upgrade: true,
        ..request("EIO=4&transport=polling")
    };
    assert!(
        matches!(route(&config(), &odd), Ok(Route::Handshake(_))),
        "the adapter closes it"
    );
}

#[test]
fn eh_13_paths_match_by_prefix_and_raw() {
    let default = config();
    for path in ["/engine.io/", "/engine.io/foo", "/engine.io//"] {
        assert!(matches(&default, path), "{path}");
    }
    for path in [
        "/engine.io",
        "/engine.iox",
        "//engine.io/",
        "/engine.io%2f",
        "/Engine.io/",
        "",
        "/",
    ] {
        assert!(!matches(&default, path), "{path}");
    }
    let bare = config().path("/socket.io/").add_trailing_slash(false);
    assert!(matches(&bare, "/socket.io") && matches(&bare, "/socket.iozzz"));
    assert!(!matches(&bare, "/socket"));
}

#[test]
fn eh_16_errors_carry_code_and_message() {
    for (reject, code, message) in [
        (Reject::UnknownTransport, 0, "Transport unknown"),
        (Reject::UnknownSid, 1, "Session ID unknown"),
        (Reject::BadHandshakeMethod, 2, "Bad handshake method"),
        (Reject::BadRequest, 3, "Bad request"),
        (Reject::Forbidden(Some(Text::from("not you"))), 4, "not you"),
        (
            Reject::UnsupportedVersion,
            5,
            "Unsupported protocol version",
        ),
    ] {
        let response = reject.response();
        let body: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body, serde_json::json!({"code": code, "message": message}));
        assert_eq!(response.content_type, Some("application/json"));
        assert!(!response.no_store);
        let text = reject.upgrade_response();
        assert_eq!(text.body, message);
        assert!(
            text.headers()
                .any(|header| header == ("connection", "close".into()))
        );
    }
}

#[test]
fn content_types_are_compared_exactly() {
    for (content_type, is_read) in [
        (None, true),
        (Some("text/plain;charset=UTF-8"), true),
        (Some("application/octet-stream"), false),
        (Some("application/octet-stream; charset=x"), true),
    ] {
        let request = Request {
            method: Method::Post,
            content_type,
            ..request("EIO=4&transport=polling&sid=a")
        };
        let Ok(Route::Push { encoding, .. }) = route(&config(), &request) else {
            panic!("a POST")
        };
        assert_eq!(encoding.is_some(), is_read);
    }
}

#[test]
fn internet_explorer_is_told_to_leave_responses_alone() {
    for (agent, old) in [
        ("Mozilla/4.0 (compatible;MSIE 7)", true),
        ("Trident/7.0", true),
        ("x", false),
    ] {
        let request = Request {
            user_agent: Some(agent),
            ..request("EIO=4&transport=polling")
        };
        let Ok(Route::Handshake(handshake)) = route(&config(), &request) else {
            panic!()
        };
        assert_eq!(handshake.xss_protection, old);

        let session = Session::accept(Arc::new(config()), sid(), &handshake, Instant::ZERO);
        let mut server = Server::of(session);
        let get = server.get();
        let opened = server.response(get).unwrap();
        let post = server.post_begin();
        server.post_end(post, "4x");
        let posted = server.response(post).unwrap();
        for response in [opened, posted] {
            let header = response
                .headers()
                .find(|(name, _)| *name == "x-xss-protection");
            assert_eq!(header, old.then_some(("x-xss-protection", "0".into())));
        }
    }
}

fn cors(origin: CorsOrigin) -> ServerConfig {
    config().cors(Cors::new(origin))
}

fn headers(config: &ServerConfig, origin: Option<&str>, preflight: Option<Option<&str>>) -> String {
    cors_headers(config.cors.as_ref().unwrap(), origin, preflight)
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect()
}

#[test]
fn cors_names_origins_as_configured() {
    let asks = Some("http://a.example");
    assert_eq!(
        headers(&cors(CorsOrigin::Any), asks, None),
        "access-control-allow-origin: *\n"
    );
    assert_eq!(
        headers(
            &cors(CorsOrigin::Fixed("http://b.example".into())),
            asks,
            None
        ),
        "access-control-allow-origin: http://b.example\nvary: Origin\n"
    );
    let list = cors(CorsOrigin::List(vec!["http://a.example".into()]));
    assert_eq!(
        headers(&list, asks, None),
        "access-control-allow-origin: http://a.example\nvary: Origin\n"
    );
    assert_eq!(
        headers(&list, Some("http://c.example"), None),
        "vary: Origin\n"
    );
    assert_eq!(
        headers(&cors(CorsOrigin::Mirror), None, None),
        "vary: Origin\n"
    );
}

#[test]
fn a_preflight_is_answered_before_any_check() {
    let config =
        config().cors(Cors::new(CorsOrigin::Fixed("http://a.example".into())).credentials(true));
    let request = Request {
        method: Method::Options,
        ..request("nonsense")
    };
    assert_eq!(route(&config, &request), Ok(Route::Preflight));
    let response = Response::preflight();
    assert_eq!(response.status, 204);
    assert_eq!(
        response.headers().collect::<Vec<_>>(),
        [("content-length", "0".into())]
    );
    assert_eq!(
        headers(&config, Some("http://a.example"), Some(Some("x-a,x-b"))),
        "access-control-allow-origin: http://a.example\n\
         access-control-allow-credentials: true\n\
         access-control-allow-methods: GET,HEAD,PUT,PATCH,POST,DELETE\n\
         access-control-allow-headers: x-a,x-b\n\
         vary: Origin, Access-Control-Request-Headers\n"
    );
}

#[test]
fn cors_lists_are_joined_by_commas() {
    let config = config().cors(
        Cors::new(CorsOrigin::Any)
            .methods(["GET", "POST"])
            .allowed_headers(["x-a", "x-b"])
            .exposed_headers(["x-c", "x-d"])
            .max_age(core::time::Duration::from_secs(600)),
    );
    assert_eq!(
        headers(&config, None, Some(Some("x-other"))),
        "access-control-allow-origin: *\n\
         access-control-allow-methods: GET,POST\n\
         access-control-allow-headers: x-a,x-b\n\
         access-control-max-age: 600\n\
         access-control-expose-headers: x-c,x-d\n"
    );
}
