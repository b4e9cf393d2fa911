//! One GET that waits, one POST at a time.

use crate::support::{Client, GET, OPEN, OPEN_WS, config, ms, post};
use bytes::Bytes;
use engineio_proto::{Outgoing, client::Command, http::Method};

#[test]
fn the_order_of_a_session_is_that_of_the_reference() {
    let mut client = Client::connect(config());
    assert_eq!(client.commands(), ["GET EIO=4&transport=polling&t=#"]);
    client.answer_get(OPEN);
    assert_eq!(client.events(), ["opened S"]);
    client.send("0");
    assert_eq!(
        client.commands(),
        [&post("40"), GET, "WS EIO=4&transport=websocket&sid=S"]
    );
    client.answer_get(r#"40{"sid":"x"}"#);
    assert_eq!(client.events(), [r#"message 0{"sid":"x"}"#]);
    assert_eq!(client.commands(), [GET], "the POST still runs");
    client.answer_post();
    assert_eq!(client.commands(), [""; 0]);
}

#[test]
fn a_post_is_text_of_the_content_type_that_browsers_send() {
    let mut client = Client::polling(config());
    client.send("é");
    let Some(Command::Request {
        method,
        content_type,
        body,
        ..
    }) = client.session.poll_command()
    else {
        panic!("no request");
    };
    assert_eq!(method, Method::Post);
    assert_eq!(content_type, Some("text/plain;charset=UTF-8"));
    assert_eq!(body, "4é");
}

#[test]
fn one_post_at_a_time_takes_everything_that_waits() {
    let mut client = Client::polling(config());
    client.send("a");
    assert_eq!(client.commands(), [post("4a")]);
    client.send("b");
    client.send("c");
    assert_eq!(client.commands(), [""; 0]);
    client.answer_post();
    assert_eq!(client.commands(), [post("4b␞4c")]);
}

#[test]
fn max_payload_splits_what_waits_into_posts() {
    let mut client = Client::connect(config().upgrade(false));
    client.commands();
    client.answer_get(OPEN_WS.replace("1000000", "20"));
    let batch = [
        Outgoing::text(r#"2["a","0123456789abcdef"]"#),
        Outgoing::text(r#"2["b",123456]"#),
        Outgoing::binary(Bytes::from_static(&[1, 2, 3, 4])),
        Outgoing::text(r#"2["c"]"#),
        Outgoing::text(r#"2["d"]"#),
    ];
    client.session.send(batch).unwrap();
    for body in [
        // Too large on its own, and sent nevertheless.
        r#"42["a","0123456789abcdef"]"#,
        r#"42["b",123456]"#,
        r#"bAQIDBA==␞42["c"]"#,
        r#"42["d"]"#,
    ] {
        assert_eq!(client.commands()[0], post(body));
        client.answer_post();
    }
    assert_eq!(client.commands(), [""; 0]);
}

#[test]
fn max_payload_counts_every_byte_of_the_body() {
    let mut client = Client::connect(config().upgrade(false));
    client.commands();
    client.answer_get(OPEN_WS.replace("1000000", "10"));
    client.commands();
    // 4 + 1 + 5 bytes, then 4 + 1 + 6.
    for (second, fits) in [("1234", true), ("é23", true), ("12345", false)] {
        client.send("abc");
        client.send(second);
        let bodies = client.commands();
        if fits {
            assert_eq!(bodies, [post(&format!("4abc␞4{second}"))]);
        } else {
            assert_eq!(bodies, [post("4abc")]);
        }
        client.answer_post();
    }
}

#[test]
fn the_next_get_leaves_at_once_unless_there_were_only_noops() {
    let mut client = Client::polling(config());
    client.answer_get("4a\u{1e}bAQID");
    assert_eq!(client.events(), ["message a", "message [1, 2, 3]"]);
    assert_eq!(client.commands(), [GET]);

    client.answer_get("6");
    assert_eq!(client.commands(), [""; 0]);
    client.send("x");
    assert_eq!(client.commands(), [post("4x")], "a POST does not wait");
    client.advance(ms(99));
    assert_eq!(client.commands(), [""; 0]);
    client.advance(ms(1));
    assert_eq!(client.commands(), [GET]);
}

#[test]
fn a_message_could_leave_while_no_post_runs_and_none_waits() {
    let mut client = Client::polling(config());
    assert!(client.session.is_writable());
    client.send("a");
    assert!(!client.session.is_writable());
    client.commands();
    assert!(!client.session.is_writable());
    client.answer_post();
    assert!(client.session.is_writable());
    client.close();
    assert!(!client.session.is_writable());
}

#[test]
fn asking_twice_changes_nothing() {
    let mut client = Client::polling(config());
    for _ in 0..3 {
        assert_eq!(client.commands(), [""; 0]);
        assert_eq!(client.events(), [""; 0]);
    }
}
