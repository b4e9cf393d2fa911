use crate::support::{OPEN, Server, config, text};
use engineio_proto::{
    Outgoing, Transport,
    config::{Cookie, SameSite},
    server::Event,
};

#[test]
fn polling_begins_with_the_open_packet() {
    let mut server = Server::accept(config(), "EIO=4&transport=polling");
    assert_eq!(server.events(), [Event::Opened]);
    let get = server.get();
    let response = server.response(get).unwrap();
    assert_eq!(response.body, OPEN);
    let headers: Vec<_> = response.headers().collect();
    assert_eq!(
        headers,
        [
            ("content-type", "text/plain; charset=UTF-8".into()),
            ("content-length", OPEN.len().to_string().into()),
            ("cache-control", "no-store".into()),
        ]
    );
}

#[test]
fn websocket_begins_with_the_open_packet_and_offers_no_upgrade() {
    let mut server = Server::accept(config(), "EIO=4&transport=websocket");
    let link = server.link().unwrap();
    assert_eq!(server.frames(link), [OPEN.replace("\"websocket\"", "")]);
    assert!(server.session.is_writable());
    server.text(link, "4hi");
    assert_eq!(server.events(), [Event::Opened, text("hi")]);
}

#[test]
fn the_initial_packet_follows_the_open_packet() {
    let config = config().initial_packet(Outgoing::text("hello"));
    let mut server = Server::accept(config.clone(), "EIO=4&transport=polling");
    let get = server.get();
    assert_eq!(server.body(get), format!("{OPEN}\u{1e}4hello"));

    let mut server = Server::accept(config, "EIO=4&transport=websocket");
    let link = server.link().unwrap();
    assert_eq!(server.frames(link)[1], "4hello");
}

#[test]
fn the_cookie_is_set_by_the_first_polling_response_only() {
    let cookie = Cookie::new("foo")
        .path(Some("/bar".into()))
        .http_only(false)
        .max_age(core::time::Duration::from_secs(60))
        .same_site(SameSite::Strict)
        .secure(true);
    let mut server = Server::accept(config().cookie(cookie), "EIO=4&transport=polling");
    let first = server.get();
    assert_eq!(
        server.response(first).unwrap().set_cookie.unwrap(),
        "foo=sid; Max-Age=60; Path=/bar; Secure; SameSite=Strict"
    );
    let second = server.get();
    server.send("x");
    assert_eq!(server.response(second).unwrap().set_cookie, None);
}

#[test]
fn upgrades_are_what_the_server_has_and_allows() {
    let all = [
        Transport::WebTransport,
        Transport::WebSocket,
        Transport::Polling,
    ];
    let mut server = Server::accept(config().transports(all), "EIO=4&transport=polling");
    let get = server.get();
    assert!(
        server
            .body(get)
            .contains(r#""upgrades":["websocket","webtransport"]"#)
    );

    let mut server = Server::accept(config().allow_upgrades(false), "EIO=4&transport=polling");
    let get = server.get();
    assert!(server.body(get).contains(r#""upgrades":[]"#));
    assert_eq!(server.link(), None);
}

#[test]
fn b64_keeps_binary_out_of_frames() {
    let mut server = Server::accept(config(), "EIO=4&transport=websocket&b64=1");
    let link = server.link().unwrap();
    server
        .session
        .send([Outgoing::binary(vec![1, 2, 3].into())])
        .unwrap();
    assert_eq!(server.frames(link)[1], "bAQID");
}

#[test]
fn eh_15_a_websocket_that_never_comes_leaves_nothing() {
    let mut server = Server::accept(config(), "EIO=4&transport=websocket");
    server.close(engineio_proto::CloseReason::TransportClose);
    assert_eq!(server.events().len(), 2);
    assert!(server.session.is_closed());
    assert_eq!(server.session.poll_timeout(), None);
}
