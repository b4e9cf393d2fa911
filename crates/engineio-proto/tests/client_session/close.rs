//! Every way to the end.

use crate::support::{Client, GET, OPEN, config, ms, post};
use engineio_proto::{CloseReason, DecodeError, Outgoing, SendError};

#[test]
fn a_polling_session_says_goodbye_after_what_waits() {
    let mut client = Client::polling(config());
    client.send("a");
    assert_eq!(client.commands(), [post("4a")]);
    client.send("b");
    client.close();
    assert_eq!(
        client.session.send([Outgoing::text("c")]),
        Err(SendError::Closed)
    );
    assert!(!client.session.is_open() && !client.session.is_closed());
    client.answer_post();
    assert_eq!(client.commands(), [post("4b")]);
    client.answer_get("4meanwhile");
    assert_eq!(client.events(), ["message meanwhile"]);
    assert_eq!(client.commands(), [GET]);

    client.answer_post();
    assert_eq!(client.events(), ["closed: forced close"]);
    assert_eq!(client.commands(), [post("1")], "the GET is not broken off");
    assert!(!client.session.is_closed());
    client.answer_get("6\u{1e}4late");
    client.answer_post();
    client.assert_closed();
}

#[test]
fn nothing_waits_then_the_end_comes_at_once() {
    let mut client = Client::polling(config());
    client.close();
    assert_eq!(client.events(), ["closed: forced close"]);
    assert_eq!(client.commands(), [post("1")]);
    client.answer_post();
    assert_eq!(client.commands(), ["CANCEL GET"]);
    client.assert_closed();
}

#[test]
fn a_farewell_that_fails_is_no_second_end() {
    let mut client = Client::polling(config());
    client.close();
    client.events();
    client.commands();
    let (get, post) = (client.get.unwrap(), client.post.unwrap());
    client.session.handle_failed(get, client.now);
    client
        .session
        .handle_response(post, 400, "".into(), client.now);
    client.assert_closed();
}

#[test]
fn a_framed_session_ends_after_its_last_frame() {
    let mut client = Client::websocket(config());
    client.send("a");
    client.close();
    assert_eq!(client.events(), [""; 0]);
    assert_eq!(client.frames(), ["4a", "FIN"]);
    assert_eq!(client.events(), ["closed: forced close"]);
    client.assert_closed();
}

#[test]
fn close_waits_for_an_upgrade_past_its_probe() {
    let mut client = Client::probing(config());
    client.text("3probe");
    client.send("x");
    client.close();
    assert_eq!(client.events(), [""; 0]);
    client.answer_get("6");
    assert_eq!(client.events(), ["polling to websocket"]);
    assert_eq!(client.frames(), ["5", "4x", "FIN"]);
    assert_eq!(client.events(), ["closed: forced close"]);
    client.assert_closed();
}

#[test]
fn close_without_messages_still_finishes_the_upgrade() {
    let mut client = Client::probing(config());
    client.text("3probe");
    client.close();
    client.answer_get("6");
    assert_eq!(client.frames(), ["5", "FIN"]);
    assert_eq!(
        client.events(),
        ["polling to websocket", "closed: forced close"]
    );
}

#[test]
fn close_goes_on_polling_if_the_upgrade_fails() {
    let mut client = Client::probing(config());
    client.text("3probe");
    client.send("x");
    client.close();
    client.lose_link(true);
    assert_eq!(client.events(), ["no websocket: websocket error"]);
    assert_eq!(client.commands(), [post("4x")]);
    client.answer_post();
    assert_eq!(client.events(), ["closed: forced close"]);
    assert_eq!(client.commands(), [post("1")]);
}

#[test]
fn close_drops_a_probe_without_an_answer() {
    let mut client = Client::probing(config());
    client.close();
    assert_eq!(client.events(), ["closed: forced close"]);
    assert_eq!(client.frames(), ["FIN"]);
    assert_eq!(client.commands(), [post("1")]);
    client.answer_post();
    client.commands();
    client.assert_closed();
}

#[test]
fn close_is_bounded_at_each_step() {
    // The last message is never taken.
    let mut client = Client::polling(config());
    client.send("a");
    client.commands();
    client.close();
    client.advance(ms(9_999));
    assert_eq!(client.events(), [""; 0]);
    client.advance(ms(1));
    assert_eq!(client.events(), ["closed: forced close"]);
    assert_eq!(client.commands(), ["CANCEL GET", "CANCEL POST"]);
    client.assert_closed();

    // Neither is the farewell.
    let mut client = Client::polling(config());
    client.close();
    client.events();
    client.commands();
    client.advance(ms(10_000));
    assert_eq!(client.commands(), ["CANCEL GET", "CANCEL POST"]);
    client.assert_closed();

    // A link that takes nothing.
    let mut client = Client::websocket(config());
    client.send("a");
    client.close();
    client.advance(ms(10_000));
    assert_eq!(client.events(), ["closed: forced close"]);
    assert_eq!(client.commands(), ["CANCEL LINK"]);
    client.assert_closed();
}

#[test]
fn abort_drops_what_waits_and_tells_the_server() {
    let mut client = Client::polling(config());
    client.send("a");
    client
        .session
        .abort(CloseReason::Parse(DecodeError::Empty), client.now);
    assert_eq!(client.events(), ["closed: parse error"]);
    assert_eq!(client.commands(), [post("1")]);
    client.answer_post();
    client.commands();
    client.assert_closed();

    let mut client = Client::websocket(config());
    client.send("a");
    client
        .session
        .abort(CloseReason::TransportError, client.now);
    assert_eq!(client.frames(), ["FIN"]);
}

#[test]
fn abort_after_the_end_does_not_wait_for_the_server() {
    let mut client = Client::polling(config());
    client.close();
    client.commands();
    client.session.abort(CloseReason::Forced, client.now);
    assert_eq!(client.events(), ["closed: forced close"]);
    assert_eq!(client.commands(), ["CANCEL GET", "CANCEL POST"]);
    client.assert_closed();
}

#[test]
fn a_farewell_waits_for_the_post_before_it() {
    let mut client = Client::polling(config());
    client.send("a");
    client.commands();
    client.session.abort(CloseReason::Forced, client.now);
    assert_eq!(client.commands(), [""; 0]);
    client.answer_post();
    assert_eq!(client.commands(), [post("1")]);
}

#[test]
fn the_server_closes_on_polling() {
    let mut client = Client::polling(config());
    client.send("a");
    client.commands();
    client.answer_get("4last\u{1e}6\u{1e}1\u{1e}4ignored");
    assert_eq!(client.events(), ["message last", "closed: transport close"]);
    assert_eq!(client.commands(), ["CANCEL POST"]);
    client.assert_closed();
}

#[test]
fn the_server_closes_a_link() {
    let mut client = Client::websocket(config());
    client.text("1");
    assert_eq!(client.events(), [""; 0], "not with a packet");
    client.lose_link(false);
    assert_eq!(client.events(), ["closed: transport close"]);
    assert!(client.session.has_websocket_worked());
    client.assert_closed();

    let mut client = Client::websocket(config());
    client.lose_link(true);
    assert_eq!(
        client.events(),
        ["closed: transport error, websocket error"]
    );
    assert!(!client.session.has_websocket_worked());
    client.assert_closed();
}

#[test]
fn a_request_fails() {
    for (status, post_fails) in [
        (None, false),
        (Some(502), false),
        (None, true),
        (Some(413), true),
    ] {
        let mut client = Client::polling(config());
        client.send("a");
        client.commands();
        let exchange = if post_fails { client.post } else { client.get }.unwrap();
        match status {
            None => client.session.handle_failed(exchange, client.now),
            Some(status) => {
                client
                    .session
                    .handle_response(exchange, status, "4x".into(), client.now);
            }
        }
        let (what, other) = if post_fails {
            ("post", "CANCEL GET")
        } else {
            ("poll", "CANCEL POST")
        };
        assert_eq!(
            client.events(),
            [format!("closed: transport error, xhr {what} error")]
        );
        assert_eq!(client.commands(), [other]);
        client.assert_closed();
    }
}

#[test]
fn a_link_that_breaks_its_framing_ends_the_session() {
    let mut client = Client::websocket(config());
    let link = client.link.unwrap();
    client
        .session
        .handle_link_error(link, DecodeError::Utf8, client.now);
    assert_eq!(client.events(), ["closed: transport error, server error"]);
    assert_eq!(client.frames(), ["FIN"]);
    client.assert_closed();

    let mut client = Client::probing(config());
    let link = client.link.unwrap();
    client
        .session
        .handle_link_error(link, DecodeError::Utf8, client.now);
    assert_eq!(client.events(), ["no websocket: server error"]);
}

#[test]
fn a_link_that_was_not_begun_is_not_cancelled() {
    let mut client = Client::connect(config());
    client.close();
    assert_eq!(client.commands(), [""; 0]);
    assert_eq!(client.events(), ["closed: forced close"]);
    client.assert_closed();
    let mut client = Client::connect(config());
    client.commands();
    client.answer_get(OPEN);
    client.session.abort(CloseReason::Forced, client.now);
    assert_eq!(client.commands(), [post("1")]);
}
