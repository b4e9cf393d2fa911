//! Packets without binary data: what is refused, what is let through, and what we will not send.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use proptest::prelude::*;
use serde::Serialize;
use socketio_proto::parser::{Kind, Limits, PacketRef};
use socketio_proto::{
    AckId, Body, DecodeError, Format, Json, Namespace, Packet, Parser, Payload, PayloadError, Text,
};
use support::{decode, decode_one, event, push_all, text};

#[track_caller]
fn refused(message: &str, expected: DecodeError) {
    assert_eq!(decode(message), Err(expected), "{message}");
}

#[test]
fn sp_01_the_first_character_is_a_known_type() {
    refused("", DecodeError::Empty);
    for (message, first) in [
        ("7", '7'),
        ("9[]", '9'),
        ("x[\"a\"]", 'x'),
        ("😀", '😀'),
        (" 2", ' '),
    ] {
        refused(message, DecodeError::UnknownType(first));
    }
}

#[test]
fn sp_02_an_event_is_an_array_with_a_name() {
    for message in [
        "2",
        "2[]",
        "2{}",
        "2\"a\"",
        "2null",
        "2[null]",
        "2[{}]",
        "2[{\"toString\":\"foo\"}]",
        "2[[\"a\"]]",
        "2[true]",
        "25",
        "2/a",
        "2/a,",
        "2[\"a\"",
        "2[\"a\"x",
        "2[",
        "2[1",
        "2[-]",
    ] {
        refused(message, DecodeError::Payload);
    }
}

#[test]
fn sp_03_a_number_is_a_name() {
    for (message, name) in [("2[1]", "1"), ("2[-1.5,0]", "-1.5"), ("2[ 7 , \"x\"]", "7")] {
        let Body::Event { payload, .. } = decode_one(message).body else {
            panic!()
        };
        assert_eq!(payload.event(), Some(name));
    }
}

#[test]
fn sp_04_reserved_names_are_refused() {
    for name in [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ] {
        refused(&format!("2[\"{name}\"]"), DecodeError::Payload);
    }
    refused(r#"2["\u0063onnect"]"#, DecodeError::Payload);
    assert_eq!(event("2[\"error\"]"), "error");
    assert_eq!(event("2[\"connection\"]"), "connection");
}

#[test]
fn sp_05_odd_names_are_names() {
    assert_eq!(event("2[\"__proto__\"]"), "__proto__");
    assert_eq!(event("2[\"constructor\"]"), "constructor");
    assert_eq!(event("2[\"\"]"), "");
    assert_eq!(event(r#"2["\u0000"]"#), "\0");
    assert_eq!(event(r#"2["\ud800!"]"#), "\u{fffd}!");
    assert_eq!(event(r#"2["\ud83d\ude00\n\/"]"#), "😀\n/");
    let long = "x".repeat(1024);
    assert_eq!(event(&format!("2[\"{long}\"]")), long);
    refused(
        &format!("2[\"{long}x\"]"),
        DecodeError::Limit { what: "event name" },
    );
}

#[test]
fn sp_06_malformed_json_is_refused() {
    for message in [
        "2[\"a\",{\"b\":[1,2]",
        "2[\"a\"]x",
        "2[\"a\"][\"b\"]",
        "2[\"a\",/* */1]",
        "2[\"a\",NaN]",
        "2[\"a\",]",
        "2[\"a\",01]",
        "2[\"a\",'b']",
        "2[\"a\",\"\u{1}\"]",
        "2[\"a\",\"\\x\"]",
        "2[\"a\",tru]",
        "2[\"a\",1.]",
        "2[\"a\",{1:2}]",
        "2[\"a\",{\"b\" 1}]",
        "2[\"a\" \"b\"]",
        "0{\"a\":}",
        "4\"a",
        "31[1}",
        "3[1}",
    ] {
        refused(message, DecodeError::Payload);
    }
    let Body::Event { payload, .. } = decode_one("2[\"a\",{\"b\":1,\"b\":2}]").body else {
        panic!()
    };
    assert_eq!(
        payload.values().unwrap()[0].get("b").unwrap().as_u64(),
        Some(2)
    );
}

#[test]
fn sp_07_depth_is_limited_and_costs_no_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let per_turn = close.len();
        for depth in [100, 126, 1000, 100_000] {
            let turns = depth / per_turn;
            let (open, close) = (open.repeat(turns), close.repeat(turns));
            let message = format!("2[\"a\",{open}1{close}]");
            let result = decode(&message);
            if depth <= 126 {
                let packet = result.unwrap().unwrap();
                let Body::Event { payload, .. } = &packet.body else {
                    panic!()
                };
                let values = payload.values().unwrap();
                drop(values);
            } else {
                assert_eq!(result, Err(DecodeError::Limit { what: "depth" }));
                // Who decodes without the check is told, too.
                let mut decoder = Json.decoder(Limits::default());
                let packet = decoder.push(text(&message)).unwrap().unwrap();
                let Body::Event { payload, .. } = packet.body else {
                    panic!()
                };
                assert!(payload.values().is_err());
                assert!(payload.decode::<serde_json::Value>().is_err());
            }
        }
    }
}

#[test]
fn sp_08_a_number_that_does_not_fit_is_an_error_and_not_another_number() {
    let message = format!("2[\"n\",1e400,-0,9007199254740993,1{}]", "0".repeat(1000));
    let Body::Event { payload, .. } = decode_one(&message).body else {
        panic!()
    };
    let mut numbers = payload.arguments();
    assert!(numbers.next::<f64>().is_err());
    assert_eq!(numbers.next::<f64>().unwrap(), 0.0);
    assert_eq!(numbers.next::<u64>().unwrap(), 9_007_199_254_740_993);
    assert!(numbers.next::<u128>().is_err());
    assert!(numbers.is_empty());
}

#[test]
fn sp_09_ids_are_digits_that_fit_64_bits() {
    let id = |message: &str| match decode_one(message).body {
        Body::Event { id, .. } => id,
        other => panic!("{other:?}"),
    };
    assert_eq!(id("2[\"a\"]"), None);
    assert_eq!(id("20[\"a\"]"), Some(AckId(0)));
    assert_eq!(id("2007[\"a\"]"), Some(AckId(7)));
    assert_eq!(id("218446744073709551615[\"a\"]"), Some(AckId(u64::MAX)));
    refused("218446744073709551616[\"a\"]", DecodeError::AckId);
    refused("2000000000000000000000001[\"a\"]", DecodeError::AckId);
    refused("2²[\"a\"]", DecodeError::Payload);
    refused("2 1[\"a\"]", DecodeError::Payload);
    refused("2-1[\"a\"]", DecodeError::Payload);
    assert_eq!(decode_one("05").body, Body::Connect(None));
    assert_eq!(decode_one("15").body, Body::Disconnect);
    assert!(matches!(
        decode_one("30").body,
        Body::Ack { id: AckId(0), .. }
    ));
}

#[test]
fn an_acknowledgement_without_an_id_answers_nothing() {
    for message in ["3", "3[]", "3[1]"] {
        assert_eq!(decode(message), Ok(None));
    }
    refused("3{}", DecodeError::Payload);
}

#[test]
fn sp_10_namespaces_are_cut_at_the_comma_and_limited() {
    let namespace = |message: &str| decode_one(message).namespace.to_string();
    assert_eq!(namespace("0"), "/");
    assert_eq!(namespace("0/,"), "/");
    assert_eq!(namespace("0/admin"), "/admin");
    assert_eq!(namespace("0//,"), "//");
    assert_eq!(namespace("0/a?x=1,"), "/a?x=1");
    assert_eq!(namespace("0/é\u{7},"), "/é\u{7}");
    assert_eq!(namespace("0/a[\"x\"]"), "/a[\"x\"]");
    let long = "x".repeat(1023);
    assert_eq!(namespace(&format!("0/{long},")).len(), 1024);
    refused(
        &format!("0/{long}x,"),
        DecodeError::Limit { what: "namespace" },
    );
    refused(
        &format!("0/{}", "x".repeat(1 << 19)),
        DecodeError::Limit { what: "namespace" },
    );
    assert_eq!(Namespace::new(Text::from("/a,b")), None);
    assert_eq!(Namespace::new(Text::from("a")), None);
}

#[test]
fn sp_11_connect_carries_an_object_or_nothing() {
    for message in ["0[]", "0null", "0\"s\"", "0true", "0a", "0 {}", "0{"] {
        refused(message, DecodeError::Payload);
    }
    let auth = format!("0{{\"token\":\"{}\"}}", "x".repeat(900_000));
    let Body::Connect(Some(payload)) = decode_one(&auth).body else {
        panic!()
    };
    assert_eq!(
        payload.decode::<serde_json::Value>().unwrap()["token"],
        "x".repeat(900_000)
    );
    refused(
        &format!("0{{\"token\":\"{}\"}}", "x".repeat(11_000_000)),
        DecodeError::Limit { what: "bytes" },
    );
}

#[test]
fn sp_12_disconnect_carries_nothing() {
    for message in ["1{}", "1[]", "1\"x\"", "1/admin,{}"] {
        refused(message, DecodeError::Payload);
    }
}

#[test]
fn sp_13_a_refusal_is_an_object_or_a_string() {
    let message = |text: &str| match decode_one(text).body {
        Body::ConnectError(payload) => payload.decode::<serde_json::Value>().unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(message("4{\"message\":\"no\"}")["message"], "no");
    assert_eq!(message("4\"no\""), "no");
    assert!(message("4").is_null());
    for message in ["4[]", "4null", "4true", "4{"] {
        refused(message, DecodeError::Payload);
    }
}

/// Contains itself, as far as serde can tell.
struct Endless;

impl Serialize for Endless {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq([Endless])
    }
}

#[test]
fn sp_16_what_cannot_be_sent_is_refused_before_anything_is_written() {
    let reserved = Payload::new(Format::Json, Some("connect"), &1);
    assert!(matches!(reserved, Err(PayloadError::Reserved(name)) if name == "connect"));
    assert!(Payload::new(Format::Json, Some("error"), &1).is_ok());
    let endless = Payload::new(Format::Json, Some("a"), &[[Endless]]);
    assert!(matches!(endless, Err(PayloadError::Json(_))));
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    let keys = Payload::new(Format::Json, Some("a"), &map);
    assert!(matches!(keys, Err(PayloadError::Json(_))));
}

#[test]
fn a_payload_is_for_one_kind_of_packet() {
    let named = Payload::new(Format::Json, Some("a"), &1).unwrap();
    let list = Payload::new(Format::Json, None, &1).unwrap();
    let value = Payload::value(Format::Json, &"text").unwrap();
    let encode = |body| {
        Json.encode(&Packet {
            namespace: Namespace::root(),
            body,
        })
    };
    for body in [
        Body::Event {
            id: None,
            payload: list.clone(),
        },
        Body::Event {
            id: None,
            payload: value.clone(),
        },
        Body::Ack {
            id: AckId(1),
            payload: named.clone(),
        },
        Body::ConnectError(list),
        Body::Connect(Some(named)),
        Body::Connect(Some(value)),
    ] {
        assert!(matches!(encode(body), Err(PayloadError::Unfit(_))));
    }
}

#[test]
fn a_decoder_goes_on_after_each_packet() {
    let packets = push_all(&["2[\"a\"]", "3[1]", "2[\"b\"]"]).unwrap();
    assert_eq!(packets.len(), 2);
}

/// The header by hand, without any cleverness.
fn naive(message: &str) -> Option<(Kind, u32, &str, Option<AckId>, &str)> {
    let digit = message.chars().next()?;
    let mut rest = &message[digit.len_utf8()..];
    let kind = match digit {
        '0' => Kind::Connect,
        '1' => Kind::Disconnect,
        '2' | '5' => Kind::Event,
        '3' | '6' => Kind::Ack,
        '4' => Kind::ConnectError,
        _ => return None,
    };
    let mut attachments = 0;
    if digit == '5' || digit == '6' {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        if end == 0 || !rest[end..].starts_with('-') {
            return None;
        }
        attachments = rest[..end].parse().unwrap_or(u32::MAX);
        if attachments == 0 {
            return None;
        }
        rest = &rest[end + 1..];
    }
    let mut namespace = "/";
    if rest.starts_with('/') {
        let end = rest.find(',').unwrap_or(rest.len());
        namespace = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or("");
    }
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let id = match &rest[..end] {
        "" => None,
        digits if digits.len() > 20 => return None,
        digits => Some(AckId(digits.parse().ok()?)),
    };
    Some((kind, attachments, namespace, id, &rest[end..]))
}

proptest! {
    #[test]
    fn the_header_parser_agrees_with_its_naive_twin(
        message in r#"[0-7]{0,2}[0-9]{0,3}-?(/[a-z?]{0,4})?,?[0-9 ]{0,22}(\[".*)?"#,
    ) {
        let parsed = PacketRef::parse(&message).ok();
        let parsed = parsed.map(|p| (p.kind, p.attachments, p.namespace, p.id, p.data));
        prop_assert_eq!(parsed, naive(&message));
    }

    #[test]
    fn any_text_is_taken_or_refused(message in any::<String>(), digit in 0..7u8) {
        let _ = decode(&message);
        let _ = decode(&format!("{digit}{message}"));
        let _ = decode(&format!("2[\"a\",{message}]"));
    }
}
