use crate::support::{Server, binary, closed, config, ms, request, text};
use engineio_proto::{
    CloseReason, DecodeError, Outgoing,
    http::{Reject, Response, route},
    server::Event,
};

#[test]
fn a_get_waits_until_there_is_something_to_say() {
    let mut server = Server::polling(config());
    let get = server.get();
    assert!(server.is_waiting(get));
    assert!(server.session.is_writable());
    server.send("a");
    server.send("b");
    assert!(!server.session.is_writable(), "something waits already");
    assert_eq!(server.body(get), "4a\u{1e}4b");
    assert!(!server.session.is_writable(), "no GET waits");
}

#[test]
fn what_was_sent_meanwhile_answers_the_next_get_whole() {
    let config = config().max_payload(10);
    let mut server = Server::polling(config);
    server.send("more than the client may send");
    server
        .session
        .send([Outgoing::binary(vec![1, 2, 3, 4].into())])
        .unwrap();
    let get = server.get();
    assert_eq!(
        server.body(get),
        "4more than the client may send\u{1e}bAQIDBA=="
    );
}

#[test]
fn a_post_brings_packets_and_is_answered_ok() {
    let mut server = Server::polling(config());
    let post = server.post_begin();
    server.post_end(post, "4hello\u{1e}bAQI=\u{1e}4");
    assert_eq!(server.events(), [text("hello"), binary(&[1, 2]), text("")]);
    let response = server.response(post).unwrap();
    assert_eq!((response.status, &response.body[..]), (200, &b"ok"[..]));
    assert_eq!(
        (response.content_type, response.no_store),
        (Some("text/html"), true)
    );
}

#[test]
fn eh_07_a_second_get_ends_the_session() {
    let mut server = Server::polling(config());
    let first = server.get();
    let second = server.get();
    assert_eq!(server.response(second), Some(Response::bad_request()));
    assert_eq!(server.body(first), "1");
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
    assert!(server.session.is_closed());
}

#[test]
fn eh_07_a_second_post_ends_the_session_and_the_late_body_is_ignored() {
    let mut server = Server::polling(config());
    let get = server.get();
    let first = server.post_begin();
    let second = server.post_begin();
    assert_eq!(server.response(second), Some(Response::bad_request()));
    assert_eq!(server.response(first), Some(Response::bad_request()));
    assert_eq!(server.body(get), "1");
    server.post_end(first, "4late");
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
    assert_eq!(server.response(first), None);
    assert!(server.session.is_closed());
}

#[test]
fn eh_08_an_aborted_get_ends_the_session() {
    let mut server = Server::polling(config());
    let get = server.get();
    server.abort(get);
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
    assert_eq!(server.response(get), None);
    assert!(server.session.is_closed());
}

#[test]
fn eh_08_an_aborted_handshake_ends_the_session() {
    let mut server = Server::accept(config(), "EIO=4&transport=polling");
    let get = server.get();
    server.abort(get);
    assert_eq!(
        server.events(),
        [Event::Opened, closed(CloseReason::TransportError)]
    );
    assert!(server.session.is_closed());
}

#[test]
fn eh_08_an_aborted_post_ends_the_session() {
    let mut server = Server::polling(config());
    let get = server.get();
    let post = server.post_begin();
    server.abort(post);
    assert_eq!(server.body(get), "1");
    assert_eq!(server.response(post), None);
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
}

#[test]
fn an_exchange_that_was_answered_can_be_aborted_without_harm() {
    let mut server = Server::polling(config());
    let post = server.post_begin();
    server.post_end(post, "4a");
    server.abort(post);
    assert_eq!(server.response(post), None);
    assert_eq!(server.events(), [text("a")]);
}

#[test]
fn eh_14_octet_stream_ends_the_session() {
    let mut server = Server::polling(config());
    let get = server.get();
    let post = engineio_proto::server::Exchange(99);
    server.session.handle_push_begin(post, None, server.now);
    assert_eq!(server.response(post), Some(Response::bad_request()));
    assert_eq!(server.body(get), "1");
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
}

#[test]
fn ep_01_an_empty_body_is_an_error() {
    let mut server = Server::polling(config());
    let get = server.get();
    assert_eq!(server.post(""), 200);
    assert_eq!(server.body(get), "1");
    assert_eq!(
        server.events(),
        [closed(CloseReason::Parse(DecodeError::Empty))]
    );
}

#[test]
fn ep_01_an_empty_frame_is_an_error() {
    let (mut server, link) = Server::websocket(config());
    server.text(link, "");
    server.text(link, "4late");
    assert_eq!(
        server.events(),
        [closed(CloseReason::Parse(DecodeError::Empty))]
    );
    assert_eq!(server.frames(link), ["FIN"]);
}

#[test]
fn ep_02_ep_03_unknown_types_are_errors() {
    for body in ["7", "x", "é", "😀", "٤hello"] {
        let mut server = Server::polling(config());
        assert_eq!(server.post(body), 200);
        let first = DecodeError::UnknownType(body.as_bytes()[0]);
        assert_eq!(server.events(), [closed(CloseReason::Parse(first))]);
    }
}

#[test]
fn ep_04_base64_is_strict() {
    for body in ["b!!!!", "bA", "b-_-_", "b AQID", "bAAAA===="] {
        let mut server = Server::polling(config());
        assert_eq!(server.post(body), 200);
        assert_eq!(
            server.events(),
            [closed(CloseReason::Parse(DecodeError::Base64))],
            "{body}"
        );
    }
    let mut server = Server::polling(config());
    assert_eq!(server.post("b\u{1e}bAQ\u{1e}bAQ=="), 200);
    assert_eq!(server.events(), [binary(&[]), binary(&[1]), binary(&[1])]);
}

#[test]
fn ep_07_what_a_client_may_not_post() {
    for body in ["0", "0{}", "5", "6"] {
        let mut server = Server::polling(config());
        assert_eq!(server.post(body), 200);
        assert_eq!(server.events(), [], "{body} is ignored");
    }
    for body in ["2", "2probe"] {
        let mut server = Server::polling(config());
        let get = server.get();
        assert_eq!(server.post(body), 200);
        assert_eq!(server.body(get), "1");
        assert_eq!(
            server.events(),
            [closed(CloseReason::TransportError)],
            "{body} is fatal"
        );
    }
}

#[test]
fn ep_08_a_stray_separator_is_an_error_after_what_stands_before_it() {
    let parse = || closed(CloseReason::Parse(DecodeError::Empty));
    for (body, events) in [
        ("4a\u{1e}", vec![text("a"), parse()]),
        ("\u{1e}4a", vec![parse()]),
        ("4a\u{1e}\u{1e}4b", vec![text("a"), parse()]),
    ] {
        let mut server = Server::polling(config());
        assert_eq!(server.post(body), 200);
        assert_eq!(server.events(), events, "{body:?}");
    }
}

#[test]
fn ep_10_a_raw_separator_splits_and_an_escaped_one_does_not() {
    let mut server = Server::polling(config());
    assert_eq!(server.post("4{\"a\":\"\\u001e\"}\u{1e}4a\u{1e}4b"), 200);
    assert_eq!(
        server.events(),
        [text("{\"a\":\"\\u001e\"}"), text("a"), text("b")]
    );
}

#[test]
fn ep_11_a_body_is_utf8() {
    let mut server = Server::polling(config());
    assert_eq!(server.post(b"4\xff"), 200);
    assert_eq!(
        server.events(),
        [closed(CloseReason::Parse(DecodeError::Utf8))]
    );
}

#[test]
fn ep_14_nothing_counts_behind_a_close_packet() {
    let mut server = Server::polling(config());
    let get = server.get();
    assert_eq!(server.post("4a\u{1e}1\u{1e}4b\u{1e}x"), 200);
    assert_eq!(server.body(get), "6");
    assert_eq!(
        server.events(),
        [text("a"), closed(CloseReason::TransportClose)]
    );
    assert!(server.session.is_closed());
}

#[test]
fn ep_15_nothing_counts_behind_an_error() {
    let mut server = Server::polling(config());
    assert_eq!(server.post("4a\u{1e}x\u{1e}4b"), 200);
    let reason = CloseReason::Parse(DecodeError::UnknownType(b'x'));
    assert_eq!(server.events(), [text("a"), closed(reason)]);
}

#[test]
fn ep_19_text_is_text_whatever_it_looks_like() {
    let digits = "9".repeat(1000);
    let mut server = Server::polling(config());
    assert_eq!(
        server.post(format!("4{digits}\u{1e}4null\u{1e}4\"a\"")),
        200
    );
    assert_eq!(
        server.events(),
        [text(&digits), text("null"), text("\"a\"")]
    );
}

#[test]
fn eh_09_another_transport_or_protocol_than_the_session_has_is_refused() {
    let (websocket, _link) = Server::websocket(config());
    let polling = Server::polling(config());
    let check = |server: &Server, query: &str, is_upgrade| {
        let request = engineio_proto::http::Request {
            is_upgrade,
            ..request(query)
        };
        server.session.check(&route(&config(), &request).unwrap())
    };
    let mismatch = Err(Reject::BadRequest);
    assert_eq!(
        check(&polling, "EIO=4&transport=polling&sid=sid", false),
        Ok(())
    );
    assert_eq!(
        check(&polling, "EIO=3&transport=polling&sid=sid", false),
        mismatch
    );
    assert_eq!(
        check(&polling, "EIO=4&transport=websocket&sid=sid", false),
        mismatch
    );
    assert_eq!(
        check(&polling, "EIO=4&transport=websocket&sid=sid", true),
        Ok(())
    );
    assert_eq!(
        check(&polling, "EIO=3&transport=websocket&sid=sid", true),
        mismatch
    );
    assert_eq!(
        check(&websocket, "EIO=4&transport=polling&sid=sid", false),
        mismatch
    );
    assert_eq!(
        check(&websocket, "EIO=4&transport=websocket&sid=sid", false),
        mismatch
    );
}

#[test]
fn a_get_on_a_session_that_is_over_is_still_answered() {
    let mut server = Server::polling(config());
    assert_eq!(server.post("1"), 200);
    let get = server.get();
    assert_eq!(server.response(get), Some(Reject::UnknownSid.response()));
    server.advance(ms(60_000));
    assert!(server.session.poll_timeout().is_none());
}
