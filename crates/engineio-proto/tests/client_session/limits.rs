//! What this side holds.

use crate::support::{Client, config, post};
use engineio_proto::{Outgoing, SendError};

#[test]
fn a_batch_that_does_not_fit_is_refused_whole() {
    let mut client = Client::polling(config().max_buffered(10).max_queued(3));
    let texts = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| Outgoing::text(text))
            .collect::<Vec<_>>()
    };
    client.session.send(texts(&["12345678"])).unwrap();
    assert_eq!(
        (client.session.buffered(), client.session.room_bytes()),
        (9, 1)
    );
    assert_eq!(
        client.session.send(texts(&["", ""])),
        Err(SendError::Full),
        "bytes"
    );
    client.session.send(texts(&[""])).unwrap();
    assert_eq!(client.commands()[0], post("412345678␞4"));
    assert_eq!(client.events(), ["drained"]);

    assert_eq!(
        client.session.send(texts(&["", "", "", ""])),
        Err(SendError::Full),
        "messages"
    );
    assert_eq!(client.session.room_messages(), 3);
    client.session.send(texts(&["", "", ""])).unwrap();
    client.answer_post();
    assert_eq!(client.commands(), [post("4␞4␞4")]);
    assert_eq!(client.events(), ["drained"]);
}

#[test]
fn the_limits_hold_before_the_session_is_open() {
    let mut client = Client::connect(config().max_queued(2));
    client.send("a");
    client.send("b");
    assert_eq!(
        client.session.send([Outgoing::text("c")]),
        Err(SendError::Full)
    );
}

#[test]
fn a_framed_link_drains_when_nothing_is_left() {
    let mut client = Client::websocket(config().max_buffered(10));
    assert!(client.session.is_writable());
    client.send("12345678");
    assert!(!client.session.is_writable());
    assert_eq!(client.frames(), ["412345678"]);
    assert_eq!(client.events(), ["drained"]);
    assert!(client.session.is_writable());
}
