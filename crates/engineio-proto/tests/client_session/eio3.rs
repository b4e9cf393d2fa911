//! Servers of protocol 3.

use crate::support::{Client, config, ms, without_stamp};
use bytes::Bytes;
use engineio_proto::{
    Outgoing, Transport, Version,
    client::{ClientConfig, Command},
};

const OPEN: &str =
    r#"0{"sid":"S","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}"#;
const GET: &str = "GET EIO=3&transport=polling&t=#&sid=S";

fn v3() -> ClientConfig {
    config().version(Version::V3)
}

fn framed(packet: &str) -> String {
    format!("{}:{packet}", packet.encode_utf16().count())
}

fn polling(config: ClientConfig) -> Client {
    let mut client = Client::connect(config.upgrade(false));
    client.commands();
    client.answer_get(framed(OPEN));
    assert_eq!(client.events(), ["opened S"]);
    assert_eq!(client.commands(), [GET]);
    client
}

fn post(body: &str) -> String {
    format!("POST EIO=3&transport=polling&t=#&sid=S {body}")
}

/// Type and body of the POST that leaves.
fn next_post(client: &mut Client) -> (&'static str, Bytes) {
    match client.session.poll_command() {
        Some(Command::Request {
            exchange,
            query,
            content_type: Some(content_type),
            body,
            ..
        }) => {
            assert_eq!(without_stamp(&query), "EIO=3&transport=polling&t=#&sid=S");
            client.post = Some(exchange);
            (content_type, body)
        }
        other => panic!("no POST: {other:?}"),
    }
}

#[test]
fn an_old_server_sends_its_first_packet_with_the_handshake() {
    let mut client = Client::connect(v3());
    assert_eq!(client.commands(), ["GET EIO=3&transport=polling&t=#"]);
    client.answer_get(format!("{}2:40", framed(OPEN)));
    assert_eq!(client.events(), ["opened S", "message 0"]);
    assert_eq!(
        client.commands(),
        [GET, "WS EIO=3&transport=websocket&sid=S"]
    );
    client.send("é");
    assert_eq!(client.commands(), [post("2:4é")]);
}

#[test]
fn bodies_are_text_or_bytes_by_what_is_in_them() {
    let mut client = polling(v3());
    client.answer_get(b"\x00\x02\xff4x\x01\x03\xff\x04\x01\x02");
    assert_eq!(client.events(), ["message x", "message [1, 2]"]);
    client.commands();
    client.answer_get("2:4y10:b4AQIDBA==");
    assert_eq!(client.events(), ["message y", "message [1, 2, 3, 4]"]);

    client.send("x");
    let binary = || Outgoing::binary(Bytes::from_static(&[1, 2]));
    client.session.send([binary()]).unwrap();
    assert_eq!(
        next_post(&mut client),
        (
            "application/octet-stream",
            Bytes::from_static(b"\x00\x02\xff4x\x01\x03\xff\x04\x01\x02")
        )
    );

    let mut client = polling(v3().force_base64(true));
    client.session.send([binary()]).unwrap();
    assert_eq!(
        next_post(&mut client),
        ("text/plain;charset=UTF-8", Bytes::from_static(b"6:b4AQI="))
    );
}

#[test]
fn this_side_pings_and_anything_is_a_sign_of_life() {
    let mut client = polling(v3());
    client.advance(ms(24_999));
    assert_eq!(client.commands(), [""; 0]);
    client.advance(ms(1));
    assert_eq!(client.commands(), [post("1:2")]);
    client.answer_post();
    client.advance(ms(4_000));
    client.answer_get("1:3");
    assert_eq!(client.events(), ["ping"]);
    assert_eq!(client.commands(), [GET]);

    client.advance(ms(25_000));
    assert_eq!(client.commands(), [post("1:2")]);
    client.advance(ms(4_000));
    client.answer_get("2:4x");
    assert_eq!(client.events(), ["message x"], "alive, but not the pong");
    client.commands();
    client.answer_post();
    client.advance(ms(29_999));
    assert_eq!(client.events(), [""; 0]);
    client.advance(ms(1));
    assert_eq!(client.events(), ["closed: ping timeout"]);
    assert_eq!(client.commands(), [post("1:1")]);
}

#[test]
fn a_ping_without_an_answer_ends_the_session() {
    let mut client = polling(v3());
    client.advance(ms(25_000));
    client.commands();
    client.answer_post();
    client.advance(ms(5_000));
    assert_eq!(client.events(), ["closed: ping timeout"]);
}

#[test]
fn a_server_does_not_ping() {
    let mut client = polling(v3());
    client.answer_get("1:2");
    assert_eq!(client.events(), [""; 0]);
    assert_eq!(client.commands(), [GET]);
}

#[test]
fn frames_carry_the_type_of_binary_messages() {
    let mut client = Client::connect(v3());
    client.commands();
    client.answer_get(framed(OPEN));
    client.commands();
    client.open_link();
    assert_eq!(client.frames(), ["2probe"]);
    client.text("3probe");
    client.answer_get("1:6");
    assert_eq!(client.frames(), ["5"]);
    assert_eq!(client.session.transport(), Transport::WebSocket);
    let binary = Outgoing::binary(Bytes::from_static(&[1, 2]));
    client.session.send([Outgoing::text("x"), binary]).unwrap();
    assert_eq!(client.frames(), ["4x", "[4, 1, 2]"]);
    client.binary(&[4, 9]);
    client.text("b4AQI=");
    client.text("3");
    assert_eq!(
        client.events(),
        [
            "opened S",
            "polling to websocket",
            "message [9]",
            "message [1, 2]",
            "ping"
        ]
    );
}

#[test]
fn max_payload_is_never_passed_by_what_could_be_split() {
    let mut client = Client::connect(v3().upgrade(false));
    client.commands();
    client.answer_get(framed(&OPEN.replace('}', r#","maxPayload":60}"#)));
    client.commands();
    for text in ["a", "é", "😀", "dddddddddd", "e", "f"] {
        client.send(text);
    }
    let mut bodies = Vec::new();
    while client.session.buffered() > 0 {
        let (_, body) = next_post(&mut client);
        assert!(body.len() <= 60);
        bodies.extend(body);
        client.answer_post();
    }
    assert_eq!(
        String::from_utf8(bodies).unwrap(),
        "2:4a2:4é3:4😀11:4dddddddddd2:4e2:4f"
    );
}

#[test]
fn a_body_without_packets_is_no_handshake() {
    let mut client = Client::connect(v3());
    client.commands();
    client.answer_get("0:");
    assert_eq!(client.events(), ["closed: transport error, server error"]);
}
