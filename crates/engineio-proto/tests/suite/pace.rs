//! Clients that send faster than they may, on every transport and in both versions.

use crate::support::{Server, closed, config, ms, text};
use engineio_proto::{CloseReason, DecodeError, Rate, Transport, payload::Encoding, server::Event};

fn three_packets() -> engineio_proto::config::ServerConfig {
    config().packet_rate(Rate::per_second(1).burst(3))
}

fn ten_bytes() -> engineio_proto::config::ServerConfig {
    config().byte_rate(Rate::per_second(10).burst(10))
}

#[test]
fn without_a_rate_nothing_is_counted() {
    let (mut server, link) = Server::websocket(config());
    for _ in 0..100_000 {
        server.text(link, "4a");
        assert_eq!(server.events(), [text("a")]);
    }
}

#[test]
fn one_packet_too_many_ends_the_session() {
    let (mut server, link) = Server::websocket(three_packets());
    for _ in 0..3 {
        server.text(link, "4a");
    }
    server.advance(ms(999));
    server.text(link, "4a");
    let mut expected = vec![text("a"); 3];
    expected.push(closed(CloseReason::PacketRate));
    assert_eq!(server.events(), expected);
    assert_eq!(server.frames(link), ["FIN"]);
    assert!(server.session.is_closed());
}

#[test]
fn at_its_pace_a_client_may_send_for_ever() {
    let (mut server, link) = Server::websocket(three_packets());
    for _ in 0..3 {
        server.text(link, "4a");
    }
    for _ in 0..20 {
        server.advance(ms(1000));
        server.text(link, "4a");
    }
    assert_eq!(server.events(), vec![text("a"); 23]);
}

#[test]
fn what_waits_for_the_peer_goes_before_the_end() {
    let (mut server, link) = Server::websocket(ten_bytes());
    server.send("last words");
    server.text(link, "4 is too long");
    assert_eq!(server.events(), [closed(CloseReason::ByteRate)]);
    assert_eq!(server.frames(link), ["4last words", "FIN"]);
}

#[test]
fn whatever_a_frame_is_it_counts() {
    // Noops do nothing else; an empty binary message has no bytes.
    for frame in ["6", "5", "3", "4"] {
        let (mut server, link) = Server::websocket(three_packets());
        for _ in 0..3 {
            server.text(link, frame);
        }
        assert!(!server.events().contains(&closed(CloseReason::PacketRate)));
        server.text(link, frame);
        assert_eq!(server.events(), [closed(CloseReason::PacketRate)]);
    }
    let (mut server, link) = Server::websocket(three_packets());
    for _ in 0..4 {
        server.binary(link, b"");
    }
    assert_eq!(
        server.events().last(),
        Some(&closed(CloseReason::PacketRate))
    );
}

#[test]
fn packets_of_a_body_count_one_by_one() {
    let mut server = Server::polling(three_packets());
    let get = server.get();
    assert_eq!(server.post("4a\u{1e}4b"), 200);
    assert_eq!(server.post("4c\u{1e}4d\u{1e}4e"), 200);
    assert_eq!(
        server.events(),
        [
            text("a"),
            text("b"),
            text("c"),
            closed(CloseReason::PacketRate)
        ]
    );
    assert_eq!(server.body(get), "1");
    assert!(server.session.is_closed());
}

#[test]
fn bytes_of_a_body_count_as_a_whole() {
    let mut server = Server::polling(ten_bytes());
    assert_eq!(server.post("4abc\u{1e}4defg"), 200);
    assert_eq!(server.events(), [text("abc"), text("defg")]);
    server.advance(ms(500));
    let get = server.get();
    assert_eq!(server.post("4abcde"), 200);
    assert_eq!(server.events(), [closed(CloseReason::ByteRate)]);
    assert_eq!(server.body(get), "1");
}

#[test]
fn bodies_that_are_refused_count_as_well() {
    let mut server = Server::polling(three_packets().max_payload(5));
    for _ in 0..2 {
        assert_eq!(server.post("4too long"), 413);
    }
    let post = server.post_begin();
    server.session.handle_push_too_large(post, server.now);
    assert_eq!(server.response(post).unwrap().status, 413);
    assert_eq!(server.events(), []);
    assert_eq!(server.post("4too long"), 413);
    assert_eq!(server.events(), [closed(CloseReason::PacketRate)]);

    let mut server = Server::polling(ten_bytes().max_payload(5));
    assert_eq!(server.post("4abcdefghijkl"), 413);
    assert_eq!(server.post("4abcd"), 200);
    assert_eq!(server.events(), [text("abcd")]);
    assert_eq!(server.post("4too long"), 413);
    assert_eq!(server.events(), [closed(CloseReason::ByteRate)]);
}

#[test]
fn a_form_without_a_payload_counts_as_a_packet() {
    let mut server = Server::accept(three_packets(), "EIO=4&transport=polling&j=0");
    let get = server.get();
    server.body(get);
    assert_eq!(server.events(), [Event::Opened]);
    for _ in 0..4 {
        assert_eq!(server.post("x=1"), 200);
    }
    assert_eq!(server.events(), [closed(CloseReason::PacketRate)]);
}

#[test]
fn protocol_3_counts_alike() {
    let mut server = Server::polling_v3(three_packets(), "");
    assert_eq!(server.post("2:4a2:4b"), 200);
    assert_eq!(server.post("2:4c2:4d"), 200);
    let rate = || closed(CloseReason::PacketRate);
    assert_eq!(server.events(), [text("a"), text("b"), text("c"), rate()]);

    let mut server = Server::polling_v3(three_packets(), "");
    let post = server.post_begin_as(Encoding::V3Binary);
    server.post_end(post, [0, 1, 0xff, b'6'].repeat(4));
    assert_eq!(server.events(), [rate()]);

    // The client pings: an honest heartbeat counts, too, and is far below any sensible rate.
    let (mut server, link) = Server::websocket_v3(three_packets(), "");
    for _ in 0..4 {
        server.text(link, "2");
    }
    assert_eq!(server.events(), [rate()]);
}

#[test]
fn candidates_count_with_the_session() {
    let (mut server, link) = Server::probing(three_packets());
    server.text(link, "5");
    assert_eq!(server.post("4a"), 400, "it has moved");
    server.text(link, "4b");
    server.text(link, "4c");
    assert_eq!(
        server.events(),
        [
            Event::Upgraded {
                from: Transport::Polling,
                to: Transport::WebSocket
            },
            text("b"),
            closed(CloseReason::PacketRate)
        ]
    );

    let (mut server, _) = Server::probing(three_packets());
    server.post("4a\u{1e}4b");
    let get = server.get();
    server.post("4c");
    assert_eq!(
        server.events(),
        [text("a"), text("b"), closed(CloseReason::PacketRate)]
    );
    assert_eq!(server.body(get), "1");
}

#[test]
fn frames_of_a_link_that_is_gone_do_not_count() {
    let (mut server, link) = Server::probing(three_packets());
    server.text(link, "4 is no probe");
    assert_eq!(server.frames(link), ["FIN"]);
    for _ in 0..100 {
        server.text(link, "4a");
    }
    assert_eq!(server.events(), []);
    assert_eq!(server.post("4a"), 200);
    assert_eq!(server.events(), [text("a")]);
}

#[test]
fn a_session_that_closes_does_not_wait_for_who_keeps_sending() {
    let mut server = Server::polling(three_packets());
    server.send("last words");
    server.close(CloseReason::Forced);
    assert_eq!(server.events(), [closed(CloseReason::ForcedServer)]);
    for _ in 0..3 {
        assert_eq!(server.post("4a"), 200);
        assert!(!server.session.is_closed());
    }
    assert_eq!(server.post("4a"), 200);
    assert_eq!(server.events(), [], "the end was told");
    assert!(server.session.is_closed());
}

#[test]
fn what_stands_before_an_error_is_counted_and_delivered() {
    let mut server = Server::polling(three_packets());
    server.post("4a\u{1e}x\u{1e}4b\u{1e}4c\u{1e}4d");
    let reason = CloseReason::Parse(DecodeError::UnknownType(b'x'));
    assert_eq!(server.events(), [text("a"), closed(reason)]);
}

#[test]
fn a_clock_that_goes_backwards_brings_nothing() {
    let (mut server, link) = Server::websocket(three_packets());
    server.advance(ms(10_000));
    let now = server.now;
    for _ in 0..3 {
        server.text(link, "4a");
    }
    server.now = engineio_proto::Instant::ZERO;
    server.text(link, "4a");
    assert_eq!(
        server.events().last(),
        Some(&closed(CloseReason::PacketRate))
    );
    server.now = now;
}
