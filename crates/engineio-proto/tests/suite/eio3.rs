//! Sessions of protocol 3: other frames and bodies, and a heartbeat the other way round.

use crate::support::{Server, binary, closed, config, handshake, ms, request, sid, text};
use bytes::Bytes;
use engineio_proto::{
    CloseReason, DecodeError, Instant, Outgoing, Transport, Version,
    config::ServerConfig,
    http::{Reject, Route, route},
    payload::Encoding,
    server::{Event, Session},
};
use std::sync::Arc;

fn quick() -> ServerConfig {
    config().ping_interval(ms(100)).ping_timeout(ms(80))
}

/// The next body of a polling session, in bytes.
fn poll(server: &mut Server) -> (Vec<u8>, Option<&'static str>) {
    let get = server.get();
    let response = server.response(get).expect("something waits");
    (response.body.to_vec(), response.content_type)
}

const TEXT: Option<&str> = Some("text/plain; charset=UTF-8");
const BYTES: Option<&str> = Some("application/octet-stream");

#[test]
fn eh_02_protocol_3_comes_in_if_it_may() {
    let refused = handshake(&config(), "EIO=3&transport=polling").check(&config());
    assert_eq!(refused, Err(Reject::UnsupportedVersion));
    let config = config().allow_eio3(true);
    for query in ["EIO=3", "EIO=5", "EIO=04", "x"] {
        let handshake = handshake(&config, &format!("{query}&transport=polling"));
        assert_eq!(
            (handshake.version, handshake.check(&config)),
            (Version::V3, Ok(()))
        );
    }
}

#[test]
fn eh_09_the_protocol_of_a_session_does_not_change() {
    let config = Arc::new(config().allow_eio3(true));
    let hello = handshake(&config, "EIO=3&transport=polling");
    let session = Session::accept(config.clone(), sid(), &hello, Instant::ZERO);
    for (version, fits) in [(3, Ok(())), (4, Err(Reject::BadRequest))] {
        for transport in ["polling", "websocket"] {
            let query = format!("EIO={version}&transport={transport}&sid=sid");
            let route = route(&config, &request(&query)).unwrap();
            assert_eq!(session.check(&route), fits, "{query}");
        }
    }
}

#[test]
fn the_handshake_and_what_follows_it_share_a_body() {
    let config = config()
        .allow_eio3(true)
        .initial_packet(Outgoing::text("héllo"));
    let mut server = Server::accept(config, "EIO=3&transport=polling");
    let (body, content_type) = poll(&mut server);
    let body = String::from_utf8(body).unwrap();
    assert!(
        body.starts_with("101:0{\"sid\":\"sid\",\"upgrades\":[\"websocket\"]"),
        "{body}"
    );
    assert!(body.ends_with(",\"maxPayload\":1000000}6:4héllo"), "{body}");
    assert_eq!(content_type, TEXT);
}

#[test]
fn a_body_is_in_bytes_if_it_must_be_and_may_be() {
    for (more, wire, content_type) in [
        (
            "",
            &b"\x00\x03\xff4\xc3\xa9\x01\x03\xff\x04\x01\x02"[..],
            BYTES,
        ),
        ("&b64=1", "2:4é6:b4AQI=".as_bytes(), TEXT),
    ] {
        let mut server = Server::polling_v3(config(), more);
        server.send("é");
        assert_eq!(
            poll(&mut server),
            ("2:4é".into(), TEXT),
            "nothing binary in it"
        );
        let both = [
            Outgoing::text("é"),
            Outgoing::binary(Bytes::from_static(&[1, 2])),
        ];
        server.session.send(both).unwrap();
        assert_eq!(poll(&mut server), (wire.to_vec(), content_type));
    }
}

#[test]
fn a_client_posts_text_or_bytes() {
    let mut server = Server::polling_v3(config(), "");
    assert_eq!(server.post("6:4héllo10:b4AQIDBA==3:4😀"), 200);
    assert_eq!(
        server.events(),
        [text("héllo"), binary(&[1, 2, 3, 4]), text("😀")]
    );

    let post = server.post_begin_as(Encoding::V3Binary);
    server.post_end(
        post,
        b"\x00\x03\xff4\xc3\xa9\x01\x03\xff\x04\x01\x02\x00\x06\xffb4AQI=",
    );
    assert_eq!(&server.response(post).unwrap().body[..], b"ok");
    assert_eq!(
        server.events(),
        [text("é"), binary(&[1, 2]), binary(&[1, 2])]
    );
}

#[test]
fn eh_14_octet_stream_is_for_protocol_3_and_other_encodings_are_not() {
    for (version, encoding) in [
        (3, Some(Encoding::V4)),
        (3, None),
        (4, Some(Encoding::V3Text)),
        (4, Some(Encoding::V3Binary)),
    ] {
        let mut server = match version {
            3 => Server::polling_v3(config(), ""),
            _ => Server::polling(config()),
        };
        let post = server.post_begin_as(encoding);
        assert_eq!(server.response(post).unwrap().status, 400);
        assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
    }
}

#[test]
fn ep_16_what_precedes_an_error_in_a_body_is_delivered() {
    for (body, error) in [
        ("2:4a9:4b", DecodeError::Length),
        ("2:4a1:x2:4b", DecodeError::UnknownType(b'x')),
        ("2:4a3:b4?", DecodeError::Base64),
        ("2:4a5", DecodeError::Length),
    ] {
        let mut server = Server::polling_v3(config(), "");
        let get = server.get();
        assert_eq!(server.post(body), 200);
        assert_eq!(server.body(get), "1:1", "{body}");
        assert_eq!(
            server.events(),
            [text("a"), closed(CloseReason::Parse(error))],
            "{body}"
        );
    }
}

#[test]
fn ep_17_what_precedes_an_error_in_bytes_is_delivered() {
    let mut server = Server::polling_v3(config(), "");
    let post = server.post_begin_as(Encoding::V3Binary);
    server.post_end(post, b"\x00\x02\xff4a\x00\x02\xff4\xff\x00\x02\xff4b");
    let utf8 = CloseReason::Parse(DecodeError::Utf8);
    assert_eq!(server.events(), [text("a"), closed(utf8)]);
}

#[test]
fn ep_16_a_body_has_so_many_packets_at_most() {
    let mut server = Server::polling_v3(config().max_packets(2), "");
    assert_eq!(server.post("2:4a0:2:4b"), 200, "nothing is no packet");
    assert_eq!(server.events(), [text("a"), text("b")]);
    server.post("2:4a2:4b2:4c");
    let many = CloseReason::Parse(DecodeError::TooMany { max: 2 });
    assert_eq!(server.events(), [text("a"), text("b"), closed(many)]);
}

#[test]
fn binary_frames_carry_their_type() {
    let (mut server, link) = Server::websocket_v3(config(), "");
    server.binary(link, &[4, 1, 2]);
    server.text(link, "b4AQI=");
    server.text(link, "4x");
    server.binary(link, &[4]);
    assert_eq!(
        server.events(),
        [binary(&[1, 2]), binary(&[1, 2]), text("x"), binary(&[])]
    );
    server
        .session
        .send([Outgoing::binary(Bytes::from_static(&[9]))])
        .unwrap();
    server.send("x");
    assert_eq!(server.frames(link), ["[4, 9]", "4x"]);
    server.binary(link, &[]);
    let empty = CloseReason::Parse(DecodeError::Empty);
    assert_eq!(server.events(), [closed(empty)]);
    assert_eq!(server.frames(link), ["FIN"]);
}

#[test]
fn the_session_answers_pings_and_sends_none() {
    let (mut server, link) = Server::websocket_v3(quick(), "");
    server.advance(ms(170));
    assert!(server.frames(link).is_empty());
    server.text(link, "2");
    assert_eq!(server.frames(link), ["3"]);
    server.text(link, "2probe");
    server.binary(link, &[2]);
    assert_eq!(server.frames(link), ["3"], "one pong for both");
    server.text(link, "4late");
    server.advance(ms(179));
    assert_eq!(server.events(), [text("late")]);
    server.text(link, "4later");
    server.advance(ms(1));
    assert_eq!(
        server.events(),
        [text("later"), closed(CloseReason::PingTimeout)]
    );
    assert_eq!(server.frames(link), ["FIN"]);
}

#[test]
fn on_polling_the_pong_waits_for_a_get() {
    let mut server = Server::polling_v3(quick(), "");
    assert_eq!(server.post("1:2"), 200);
    assert_eq!(poll(&mut server), ("1:3".into(), TEXT));
    let get = server.get();
    server.advance(ms(180));
    assert_eq!(server.body(get), "1:1");
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
}

#[test]
fn eb_01_a_ping_flood_leaves_one_pong() {
    let mut server = Server::polling_v3(config(), "");
    for _ in 0..10 {
        assert_eq!(server.post("1:2".repeat(10_000)), 200);
    }
    server.send("x");
    server.post("1:2");
    assert_eq!(poll(&mut server), ("1:32:4x".into(), TEXT));
    server.post("1:2");
    assert_eq!(
        poll(&mut server),
        ("1:3".into(), TEXT),
        "and the next has its own"
    );
}

#[test]
fn eb_01_a_pong_from_the_client_is_fatal() {
    let (mut server, link) = Server::websocket_v3(config(), "");
    server.text(link, "3");
    assert_eq!(server.frames(link), ["FIN"]);
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);

    let mut server = Server::polling_v3(config(), "");
    let get = server.get();
    assert_eq!(server.post("1:32:4x"), 200);
    assert_eq!(server.body(get), "1:1");
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
}

#[test]
fn eh_10_an_abandoned_session_ends_by_itself() {
    let mut server = Server::polling_v3(config(), "");
    server.advance(ms(44_999));
    assert_eq!(server.events(), []);
    server.advance(ms(1));
    assert_eq!(server.events(), [closed(CloseReason::PingTimeout)]);
    assert!(server.session.is_closed());
}

fn upgraded() -> Event {
    Event::Upgraded {
        from: Transport::Polling,
        to: Transport::WebSocket,
    }
}

#[test]
fn the_dialogue_of_an_upgrade_and_the_deadline_across_it() {
    let mut server = Server::polling_v3(quick(), "");
    let get = server.get();
    let link = server.link().unwrap();
    server.text(link, "2probe");
    assert_eq!(server.frames(link), ["3probe"]);
    assert_eq!(server.body(get), "1:6");
    server.advance(ms(50));
    server.text(link, "5");
    assert_eq!(server.events(), [upgraded()]);
    server
        .session
        .send([Outgoing::binary(Bytes::from_static(&[9]))])
        .unwrap();
    assert_eq!(server.frames(link), ["[4, 9]"]);
    server.advance(ms(129));
    assert_eq!(server.events(), []);
    server.advance(ms(1));
    assert_eq!(
        server.events(),
        [closed(CloseReason::PingTimeout)],
        "as if nothing had moved"
    );
}

#[test]
fn eu_02_a_probe_in_bytes_is_none() {
    let mut server = Server::polling_v3(config(), "");
    let link = server.link().unwrap();
    server.binary(link, b"\x02probe");
    assert_eq!(server.frames(link), ["FIN"]);
    server.send("x");
    assert_eq!(poll(&mut server), ("2:4x".into(), TEXT), "polling goes on");
}

#[test]
fn eu_05_a_get_that_waits_when_the_link_takes_over_is_told_to_go() {
    let mut server = Server::polling_v3(config(), "");
    let get = server.get();
    let link = server.link().unwrap();
    server.text(link, "5");
    assert_eq!(server.body(get), "1:1");
    assert_eq!(server.events(), [upgraded()]);
}

#[test]
fn b64_belongs_to_the_transport_whose_request_says_so() {
    let message = || [Outgoing::binary(Bytes::from_static(&[1, 2]))];
    for (more, b64, frame) in [
        ("", false, "[4, 1, 2]"),
        ("", true, "b4AQI="),
        ("&b64=1", false, "[4, 1, 2]"),
    ] {
        let mut server = Server::polling_v3(config(), more);
        let query = format!(
            "EIO=3&transport=websocket&sid=sid{}",
            if b64 { "&b64=1" } else { "" }
        );
        let route = route(&config(), &request(&query)).unwrap();
        let Route::Upgrade { transport, b64, .. } = route else {
            panic!("{route:?}")
        };
        let link = server
            .session
            .handle_upgrade(transport, b64, server.now)
            .unwrap();
        server.text(link, "5");
        server.session.send(message()).unwrap();
        assert_eq!(server.frames(link), [frame]);
    }
    let (mut server, link) = Server::websocket_v3(config(), "&b64=1");
    server.session.send(message()).unwrap();
    assert_eq!(server.frames(link), ["b4AQI="]);

    let mut server = Server::polling(config());
    let link = server
        .session
        .handle_upgrade(Transport::WebSocket, true, server.now)
        .unwrap();
    server.text(link, "5");
    server.session.send(message()).unwrap();
    assert_eq!(server.frames(link), ["bAQI="], "protocol 4 has it too");
}

#[test]
fn closing_says_the_same_in_other_words() {
    let mut server = Server::polling_v3(config(), "");
    let get = server.get();
    assert_eq!(server.post("1:1"), 200);
    assert_eq!(server.body(get), "1:6");
    assert_eq!(server.events(), [closed(CloseReason::TransportClose)]);

    let mut server = Server::polling_v3(config(), "");
    let get = server.get();
    server.close(CloseReason::Forced);
    assert_eq!(server.body(get), "1:1");
    assert_eq!(server.events(), [closed(CloseReason::Forced)]);

    let mut server = Server::polling_v3(config(), "");
    server.send("x");
    server.close(CloseReason::Forced);
    assert_eq!(poll(&mut server).0, b"2:4x");
    assert_eq!(poll(&mut server).0, b"1:61:1");
    assert_eq!(server.events(), [closed(CloseReason::ForcedServer)]);

    let (mut server, link) = Server::websocket_v3(config(), "");
    server.send("x");
    server.close(CloseReason::Forced);
    assert_eq!(server.frames(link), ["4x", "FIN"]);
    let (mut server, link) = Server::websocket_v3(config(), "");
    server.text(link, "1");
    assert_eq!(
        (server.frames(link), server.events()),
        (vec![], vec![]),
        "the link itself closes"
    );
}
