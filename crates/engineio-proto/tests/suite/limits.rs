use crate::support::{Server, binary, closed, config, text};
use engineio_proto::{CloseReason, DecodeError, Outgoing, SendError, payload::v4, server::Event};

#[test]
fn ep_05_binary_data_has_no_type_byte() {
    let (mut server, link) = Server::websocket(config());
    server.binary(link, b"4a");
    server.binary(link, b"b");
    assert_eq!(server.events(), [binary(b"4a"), binary(b"b")]);
}

#[test]
fn ep_06_an_empty_binary_message_is_a_message() {
    let (mut server, link) = Server::websocket(config());
    server.binary(link, b"");
    server.text(link, "b");
    assert_eq!(server.events(), [binary(b""), binary(b"")]);
    server
        .session
        .send([Outgoing::binary(Vec::new().into())])
        .unwrap();
    assert_eq!(server.frames(link), ["[]"]);
}

#[test]
fn ep_09_a_body_of_separators_ends_at_the_first() {
    let mut server = Server::polling(config());
    assert_eq!(server.post("\u{1e}".repeat(1_000_000)), 200);
    assert_eq!(
        server.events(),
        [closed(CloseReason::Parse(DecodeError::Empty))]
    );
}

#[test]
fn ep_09_packets_of_one_body_are_counted() {
    let body = ["6"; 500_000].join("\u{1e}");
    let mut server = Server::polling(config());
    assert_eq!(server.post(body), 200);
    let reason = CloseReason::Parse(DecodeError::TooMany { max: 10_000 });
    assert_eq!(server.events(), [closed(reason)]);

    let mut server = Server::polling(config().max_packets(2));
    assert_eq!(server.post("4a\u{1e}4b"), 200);
    assert_eq!(server.post("4a\u{1e}4b\u{1e}4c"), 200);
    let reason = CloseReason::Parse(DecodeError::TooMany { max: 2 });
    assert_eq!(
        server.events(),
        [text("a"), text("b"), text("a"), text("b"), closed(reason)]
    );
}

#[test]
fn ep_09_each_byte_of_a_body_is_looked_at_for_one_packet_only() {
    // The elements are slices of the body, end to end: no byte belongs to two of them.
    let body = ["4abc"; 1000].join("\u{1e}");
    let mut end = body.as_ptr().addr();
    for packet in v4::packets(&body) {
        let Ok(engineio_proto::PacketRef::Text(text)) = packet else {
            panic!("{packet:?}")
        };
        let start = text.as_ptr().addr();
        assert!(
            start == end + 1 || start == end + 2,
            "type, or separator and type"
        );
        end = start + text.len();
    }
    assert_eq!(end, body.as_ptr().addr() + body.len());
}

#[test]
fn ep_12_the_limit_is_inclusive_counts_bytes_and_leaves_the_session_open() {
    let mut server = Server::polling(config().max_payload(10));
    assert_eq!(server.post("4aaaaaaaa"), 200);
    assert_eq!(server.post("4aaaaaaaaa"), 200);
    assert_eq!(server.post("4aaaaaaaaaa"), 413);
    assert_eq!(server.post("4€€€€"), 413);
    let post = server.post_begin();
    server.session.handle_push_too_large(post, server.now);
    assert_eq!(server.response(post).unwrap().status, 413);
    assert_eq!(server.post("4b"), 200);
    assert_eq!(
        server.events(),
        [text("aaaaaaaa"), text("aaaaaaaaa"), text("b")]
    );
}

#[test]
fn ep_12_a_frame_over_the_limit_ends_the_session() {
    let (mut server, link) = Server::websocket(config().max_payload(5));
    server.text(link, "4aaaa");
    server.binary(link, b"12345");
    server.binary(link, b"123456");
    assert_eq!(
        server.events(),
        [
            text("aaaa"),
            binary(b"12345"),
            closed(CloseReason::Frame(DecodeError::TooLarge { len: 6, max: 5 }))
        ]
    );
}

#[test]
fn what_does_not_fit_is_refused_whole_and_drained_is_told_once() {
    let (mut server, link) = Server::websocket(config().max_buffered(10));
    server.send("1234");
    let batch = || [Outgoing::text("12"), Outgoing::text("12")];
    assert_eq!(server.session.send(batch()), Err(SendError::Full));
    assert_eq!(
        (server.session.buffered(), server.session.room_bytes()),
        (5, 5)
    );
    server.session.send([Outgoing::text("5678")]).unwrap();
    assert_eq!(server.session.buffered(), 10);
    assert_eq!(server.events(), []);
    assert_eq!(server.frames(link), ["41234", "45678"]);
    assert_eq!(server.events(), [Event::Drained]);
    server.send("x");
    assert_eq!(server.frames(link), ["4x"]);
    assert_eq!(server.events(), [], "no pressure, no news");
}

#[test]
fn polling_drains_as_well() {
    let mut server = Server::polling(config().max_buffered(10));
    server.send("12345678");
    let get = server.get();
    assert_eq!(server.body(get), "412345678");
    assert_eq!(server.events(), [Event::Drained]);
}

#[test]
fn messages_without_bytes_are_counted_too() {
    let (mut server, link) = Server::websocket(config().max_queued(2));
    let empty = || Outgoing::binary(Vec::new().into());
    assert_eq!(
        server.session.send([empty(), empty(), empty()]),
        Err(SendError::Full)
    );
    assert_eq!(server.session.room_messages(), 2);
    server.session.send([empty(), empty()]).unwrap();
    assert_eq!(server.session.room_messages(), 0);
    assert_eq!(server.frames(link), ["[]", "[]"]);
}

#[test]
fn volatile_asks_whether_the_last_pull_found_nothing() {
    let (mut server, link) = Server::websocket(config());
    assert!(server.session.is_writable());
    server.send("a");
    assert!(!server.session.is_writable());
    assert!(server.session.poll_transmit(link).is_some());
    assert!(
        !server.session.is_writable(),
        "the frame may still be on its way"
    );
    assert!(server.session.poll_transmit(link).is_none());
    assert!(server.session.is_writable());
}

#[test]
fn a_session_is_small() {
    let size = size_of::<engineio_proto::server::Session>();
    assert!(size <= 336, "{size} bytes for each client");
}
