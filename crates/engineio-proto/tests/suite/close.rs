use crate::support::{Server, closed, config, ms, request, text};
use engineio_proto::{
    CloseReason, DecodeError, Outgoing, SendError, Text,
    http::{Reject, route},
};

#[test]
fn on_websocket_what_waits_goes_first() {
    let (mut server, link) = Server::websocket(config());
    server.send("bye");
    server.close(CloseReason::Forced);
    assert_eq!(server.events(), [closed(CloseReason::Forced)]);
    assert!(!server.session.is_closed());
    assert!(!server.session.is_writable());
    assert_eq!(
        server.session.send([Outgoing::text("x")]),
        Err(SendError::Closed)
    );
    assert_eq!(server.frames(link), ["4bye", "FIN"]);
    assert!(server.session.is_closed());
    assert_eq!(server.session.poll_timeout(), None);
    server.session.handle_link_closed(link, false, server.now);
    assert_eq!(server.events(), []);
}

#[test]
fn a_link_that_nobody_pulls_is_given_up() {
    let (mut server, _link) = Server::websocket(config());
    server.send("bye");
    server.close(CloseReason::Forced);
    server.events();
    server.advance(ms(29_999));
    assert!(!server.session.is_closed());
    server.advance(ms(1));
    assert!(server.session.is_closed());
    assert_eq!(server.session.buffered(), 0);
}

#[test]
fn on_polling_a_waiting_get_is_told() {
    let mut server = Server::polling(config());
    let get = server.get();
    server.close(CloseReason::Forced);
    assert_eq!(server.body(get), "1");
    assert_eq!(server.events(), [closed(CloseReason::Forced)]);
    assert!(server.session.is_closed());
}

#[test]
fn on_polling_without_a_get_the_next_one_is_told() {
    let mut server = Server::polling(config());
    server.close(CloseReason::Forced);
    assert_eq!(
        server.events(),
        [closed(CloseReason::ForcedServer)],
        "at once"
    );
    assert!(!server.session.is_closed());
    server.advance(ms(29_000));
    let get = server.get();
    assert_eq!(server.body(get), "6\u{1e}1");
    assert!(server.session.is_closed());
    assert_eq!(server.session.poll_timeout(), None);
}

#[test]
fn on_polling_data_goes_alone_before_the_close() {
    let mut server = Server::polling(config());
    server.send("last");
    server.close(CloseReason::Forced);
    let get = server.get();
    assert_eq!(server.body(get), "4last");
    let get = server.get();
    assert_eq!(server.body(get), "6\u{1e}1");
    assert_eq!(server.events(), [closed(CloseReason::ForcedServer)]);
}

#[test]
fn data_that_was_sent_to_a_waiting_get_leaves_with_it() {
    let mut server = Server::polling(config());
    let get = server.get();
    server.send("last");
    server.close(CloseReason::Forced);
    assert_eq!(server.body(get), "4last");
    let get = server.get();
    assert_eq!(server.body(get), "6\u{1e}1");
    assert_eq!(server.events(), [closed(CloseReason::ForcedServer)]);
}

#[test]
fn a_client_that_does_not_come_back_is_dropped() {
    let mut server = Server::polling(config());
    server.send("last");
    server.close(CloseReason::Forced);
    server.events();
    server.advance(ms(30_000));
    assert!(server.session.is_closed());
    assert_eq!(server.session.buffered(), 0);
}

#[test]
fn a_candidate_that_outlives_the_close_timeout_is_told() {
    let mut server = Server::polling(config().upgrade_timeout(ms(60_000)));
    let link = server.link().unwrap();
    server.close(CloseReason::Forced);
    server.events();
    server.advance(ms(30_000));
    assert!(!server.session.is_closed());
    assert_eq!(server.frames(link), ["FIN"]);
    assert!(server.session.is_closed());
    assert_eq!(server.session.poll_timeout(), None);
}

#[test]
fn a_closing_session_ignores_what_comes_but_the_end() {
    let mut server = Server::polling(config());
    server.close(CloseReason::Forced);
    assert_eq!(server.post("4a\u{1e}x"), 200);
    assert_eq!(server.post("2"), 200);
    assert_eq!(server.events(), [closed(CloseReason::ForcedServer)]);
    assert!(!server.session.is_closed());
    assert_eq!(server.post("1"), 200);
    assert!(server.session.is_closed());
}

#[test]
fn a_shutdown_does_not_wait_for_polls() {
    let mut server = Server::polling(config());
    server.close(CloseReason::ShuttingDown);
    assert_eq!(server.events(), [closed(CloseReason::ShuttingDown)]);
    assert!(server.session.is_closed());

    let mut server = Server::polling(config());
    server.close(CloseReason::Forced);
    server.close(CloseReason::ShuttingDown);
    assert_eq!(
        server.events(),
        [closed(CloseReason::ForcedServer)],
        "one end only"
    );
    assert!(server.session.is_closed());
}

#[test]
fn a_session_is_unknown_once_its_peer_needs_no_more_telling() {
    let poll = route(&config(), &request("EIO=4&transport=polling&sid=sid")).unwrap();
    let mut server = Server::polling(config());
    server.close(CloseReason::Forced);
    assert_eq!(server.session.check(&poll), Ok(()));
    server.advance(ms(30_000));
    assert_eq!(server.session.check(&poll), Err(Reject::UnknownSid));

    let (mut server, _link) = Server::websocket(config());
    server.close(CloseReason::Forced);
    assert_eq!(server.session.check(&poll), Err(Reject::UnknownSid));
}

#[test]
fn a_websocket_that_goes_away_ends_the_session() {
    for (error, reason) in [
        (false, CloseReason::TransportClose),
        (true, CloseReason::TransportError),
    ] {
        let (mut server, link) = Server::websocket(config());
        server.send("unread");
        server.session.handle_link_closed(link, error, server.now);
        assert_eq!(server.events(), [closed(reason)]);
        assert!(server.frames(link).is_empty());
        assert!(server.session.is_closed());
    }
}

#[test]
fn a_close_packet_in_a_frame_does_nothing() {
    let (mut server, link) = Server::websocket(config());
    server.text(link, "1");
    server.text(link, "4still open");
    assert_eq!(server.events(), [text("still open")]);
}

#[test]
fn a_frame_that_cannot_be_read_ends_the_session() {
    let (mut server, link) = Server::websocket(config());
    server.text(link, "4a");
    server.send("reply");
    server.text(link, "x");
    server.text(link, "4b");
    let reason = CloseReason::Parse(DecodeError::UnknownType(b'x'));
    assert_eq!(server.events(), [text("a"), closed(reason)]);
    assert_eq!(server.frames(link), ["4reply", "FIN"]);
}

#[test]
fn broken_framing_is_a_transport_error_but_for_packets_that_cannot_be() {
    let too_large = || DecodeError::TooLarge { len: 9, max: 5 };
    for (error, reason) in [
        (too_large(), CloseReason::Frame(too_large())),
        (DecodeError::Utf8, CloseReason::Frame(DecodeError::Utf8)),
        (DecodeError::Length, CloseReason::Parse(DecodeError::Length)),
    ] {
        let (mut server, link) = Server::websocket(config());
        server.session.handle_link_error(link, error, server.now);
        assert_eq!(server.events(), [closed(reason)]);
        assert_eq!(server.frames(link), ["FIN"]);
    }
}

#[test]
fn a_post_that_is_under_way_is_answered_when_the_session_ends() {
    let mut server = Server::polling(config());
    let get = server.get();
    let post = server.post_begin();
    server.close(CloseReason::Forced);
    assert_eq!(server.body(get), "1");
    assert_eq!(server.response(post).unwrap().status, 200);
    server.post_end(post, "4late");
    assert_eq!(server.response(post), None);
    assert_eq!(server.events(), [closed(CloseReason::Forced)]);
    assert!(server.session.is_closed());
}

#[test]
fn reasons_use_the_words_of_the_reference() {
    for (reason, words) in [
        (CloseReason::TransportClose, "transport close"),
        (CloseReason::TransportError, "transport error"),
        (CloseReason::Frame(DecodeError::Utf8), "transport error"),
        (CloseReason::PingTimeout, "ping timeout"),
        (CloseReason::Parse(DecodeError::Empty), "parse error"),
        (CloseReason::Forced, "forced close"),
        (CloseReason::ForcedServer, "forced server close"),
        (CloseReason::ShuttingDown, "server shutting down"),
    ] {
        assert_eq!(reason.to_string(), words);
    }
    assert_eq!(Reject::Forbidden(Some(Text::from("no"))).to_string(), "no");
}
