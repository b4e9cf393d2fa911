//! From the first request to the open packet.

use crate::support::{Client, OPEN, OPEN_WS, config, ms, websocket_only};
use engineio_proto::{
    Instant, Outgoing, SendError, Transport,
    client::{Command, Event, Session, Start, encode_query},
};
use serde_json::Value;
use std::sync::Arc;

#[test]
fn polling_opens_with_a_get_without_sid() {
    let mut client = Client::connect(config().upgrade(false));
    assert_eq!(client.commands(), ["GET EIO=4&transport=polling&t=#"]);
    assert!(!client.session.is_open() && client.session.sid().is_none());

    client.answer_get(OPEN);
    let Some(Event::Opened(open)) = client.session.poll_event() else {
        panic!("not open");
    };
    assert_eq!(open.sid.as_str(), "S");
    assert_eq!(open.upgrades.as_slice(), [Transport::WebSocket]);
    assert_eq!(open.ping_interval, ms(25_000));
    assert!(client.session.is_open());
    assert_eq!(client.session.sid().unwrap().as_str(), "S");
    assert_eq!(
        client.commands(),
        ["GET EIO=4&transport=polling&t=#&sid=S"],
        "t precedes sid"
    );
}

#[test]
fn the_users_query_stands_in_front_and_cannot_replace_the_protocols() {
    let query = [("foo", "a b"), ("sid", "mine"), ("EIO", "9"), ("é", "&=")];
    let mut client = Client::connect(config().query(query));
    assert_eq!(
        client.commands(),
        ["GET foo=a%20b&%C3%A9=%26%3D&EIO=4&transport=polling&t=#"]
    );
}

#[test]
fn queries_are_encoded_as_in_the_vectors() {
    /// A value as JavaScript writes it into a text.
    fn text(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Object(_) => "undefined".to_string(),
            other => other.to_string(),
        }
    }

    let vectors: Value = serde_json::from_str(include_str!("../vectors/helpers.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap().iter();
    let mut count = 0;
    for case in cases.filter(|case| case["fn"] == "query_encode") {
        let pairs = case["input"].as_object().unwrap().iter();
        let pairs: Vec<_> = pairs.map(|(name, value)| (name, text(value))).collect();
        let query = encode_query(
            pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        assert_eq!(query, case["output"], "{}", case["id"]);
        count += 1;
    }
    assert_eq!(count, 5);
}

#[test]
fn the_stamp_is_fresh_for_each_request_and_can_be_named_or_left_out() {
    let stamp = |client: &mut Session| match client.poll_command() {
        Some(Command::Request { query, .. }) => query.split("t=").last().unwrap().to_string(),
        other => panic!("{other:?}"),
    };
    let mut stamps = std::collections::BTreeSet::new();
    for seed in 0..100 {
        let start = Start {
            seed,
            ..Start::default()
        };
        let mut session = Session::connect(Arc::new(config()), start, Instant::ZERO);
        stamps.insert(stamp(&mut session));
    }
    assert_eq!(stamps.len(), 100);

    let mut client = Client::connect(config().timestamp_requests(false));
    assert_eq!(client.commands(), ["GET EIO=4&transport=polling"]);
    let mut client = Client::connect(config().timestamp_param("now"));
    assert!(client.commands()[0].contains("transport=polling&now="));
}

#[test]
fn base64_is_asked_for_once_on_each_transport() {
    let mut client = Client::connect(config().force_base64(true));
    assert_eq!(client.commands(), ["GET EIO=4&transport=polling&t=#&b64=1"]);
    client.answer_get(OPEN);
    assert_eq!(
        client.commands(),
        [
            "GET EIO=4&transport=polling&t=#&sid=S",
            "WS EIO=4&transport=websocket&sid=S&b64=1"
        ]
    );
}

#[test]
fn a_websocket_opens_with_its_first_frame() {
    let mut client = Client::connect(websocket_only());
    assert_eq!(client.commands(), ["WS EIO=4&transport=websocket"]);
    client.send("early");
    client.text(OPEN_WS);
    assert_eq!(client.events(), [""; 0], "the link is not open");
    client.open_link();
    assert_eq!(client.frames(), [""; 0], "what was sent waits");
    client.text(OPEN_WS);
    assert_eq!(client.events(), ["opened S"]);
    assert_eq!(client.frames(), ["4early"]);
    assert_eq!(client.session.transport(), Transport::WebSocket);
    assert!(client.session.has_websocket_worked());
    assert_eq!(client.commands(), [""; 0]);
}

#[test]
fn webtransport_says_hello_first() {
    let mut client = Client::connect(config().transports([Transport::WebTransport]));
    assert_eq!(client.commands(), ["WT"]);
    client.open_link();
    assert_eq!(client.frames(), ["0"]);
    client.text(OPEN_WS);
    assert_eq!(client.events(), ["opened S"]);
}

#[test]
fn a_remembered_session_goes_straight_to_websocket() {
    let remembered = Start {
        remembered: true,
        ..Start::default()
    };
    let mut client = Client::start(config(), remembered);
    assert_eq!(client.commands(), ["WS EIO=4&transport=websocket"]);

    let polling_only = config().transports([Transport::Polling]);
    let mut client = Client::start(polling_only, remembered);
    assert_eq!(client.commands(), ["GET EIO=4&transport=polling&t=#"]);
}

#[test]
fn what_was_sent_before_the_open_packet_waits_for_it() {
    let mut client = Client::connect(config().upgrade(false));
    client.send("a");
    client.send("b");
    assert_eq!(client.commands().len(), 1);
    client.answer_get(OPEN);
    assert_eq!(
        client.commands(),
        [
            "POST EIO=4&transport=polling&t=#&sid=S 4a␞4b",
            "GET EIO=4&transport=polling&t=#&sid=S"
        ]
    );
}

#[test]
fn a_failure_while_opening_tries_the_next_transport_if_told_to() {
    let mut client = Client::connect(config().try_all_transports(true));
    client.commands();
    let get = client.get.unwrap();
    client
        .session
        .handle_response(get, 502, "<html>".into(), client.now);
    assert_eq!(client.events(), [""; 0]);
    assert_eq!(client.commands(), ["WS EIO=4&transport=websocket"]);
    client.lose_link(true);
    assert_eq!(
        client.events(),
        ["closed: transport error, websocket error"]
    );
    client.assert_closed();
}

#[test]
fn a_silent_transport_is_cancelled_and_the_next_one_tried() {
    let transports = [Transport::WebSocket, Transport::Polling];
    let config = config().transports(transports).try_all_transports(true);
    let mut client = Client::connect(config);
    client.commands();
    client.open_link();
    client.advance(ms(30_000));
    assert_eq!(
        client.commands(),
        ["CANCEL LINK", "GET EIO=4&transport=polling&t=#"]
    );
    client.text(OPEN);
    assert_eq!(client.events(), [""; 0], "it had its chance");
    client.answer_get(OPEN);
    assert_eq!(client.events(), ["opened S"]);
    assert_eq!(
        client.commands(),
        ["GET EIO=4&transport=polling&t=#&sid=S"],
        "a transport that failed is not an upgrade"
    );
}

#[test]
fn a_handshake_that_is_refused_brings_nothing_of_its_body() {
    let mut client = Client::connect(config().try_all_transports(true));
    client.commands();
    // The first open packet is out of range; the second would open the wrong attempt.
    let bad = OPEN.replace("25000", "0");
    client.answer_get(format!("{bad}\u{1e}{OPEN}\u{1e}4x"));
    assert_eq!(client.events(), [""; 0]);
    assert_eq!(client.commands(), ["WS EIO=4&transport=websocket"]);
}

#[test]
fn without_any_transport_there_is_no_session() {
    let mut client = Client::connect(config().transports([]));
    assert_eq!(
        client.events(),
        ["closed: transport error, no transports available"]
    );
    assert_eq!(
        client.session.send([Outgoing::text("x")]),
        Err(SendError::Closed)
    );
    client.assert_closed();
}

#[test]
fn numbers_go_on_from_session_to_session() {
    let mut first = Client::connect(config());
    first.commands();
    let next = first.session.next_number();
    let start = Start {
        first_number: next,
        ..Start::default()
    };
    let mut second = Client::start(config(), start);
    second.commands();
    let late = first.get.unwrap();
    assert_ne!(second.get.unwrap(), late);
    second
        .session
        .handle_response(late, 200, OPEN.into(), second.now);
    assert_eq!(second.events(), [""; 0]);
}
