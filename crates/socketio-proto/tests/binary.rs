//! Packets with binary data: their messages, their placeholders, their limits.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use proptest::prelude::*;
use socketio_proto::parser::{Decoder, Limits};
use socketio_proto::value::Map;
use socketio_proto::{
    AckId, Body, DecodeError, Format, Json, Message, Namespace, Packet, Parser, Payload,
    PayloadError, Text, Value,
};
use support::{binary, decode, payload, push, received, text};

const ONE: &str = r#"51-["b",{"_placeholder":true,"num":0}]"#;

#[test]
fn sb_01_a_count_is_digits_and_not_zero() {
    for message in [
        "5",
        "5-",
        "51",
        "51[\"b\"]",
        "5x-[\"b\"]",
        "5-1-[\"b\"]",
        "51.5-[\"b\"]",
        "51e3-[\"b\"]",
        "5 1-[\"b\"]",
        "5+1-[\"b\"]",
        "60-[]",
        "50-[\"b\"]",
    ] {
        assert_eq!(decode(message), Err(DecodeError::Attachments), "{message}");
    }
}

#[test]
fn sb_02_too_many_attachments_are_refused_before_any_is_kept() {
    for count in ["11", "1000000", "599999999999999999999"] {
        let message = format!("5{count}-[\"b\"]");
        assert_eq!(
            decode(&message),
            Err(DecodeError::Limit {
                what: "attachments"
            })
        );
    }
}

#[test]
fn sb_03_no_attachments_means_no_binary_packet() {
    for message in ["50-[\"b\"]", r#"50-["b",{"_placeholder":true,"num":0}]"#] {
        let mut decoder = Json.decoder(Limits::default());
        assert_eq!(decoder.push(text(message)), Err(DecodeError::Attachments));
        assert!(decoder.push(text("2[\"a\"]")).unwrap().is_some());
    }
}

#[test]
fn sb_04_text_in_between_is_refused() {
    for second in ["2[\"x\"]", "0", ONE] {
        let result = push([text(ONE), text(second)]);
        assert_eq!(result, Err(DecodeError::UnexpectedText { missing: 1 }));
    }
}

#[test]
fn sb_05_binary_data_that_nothing_announced_is_refused() {
    assert_eq!(push([binary(b"x")]), Err(DecodeError::UnexpectedBinary));
    let one_too_many = push([text(ONE), binary(b"x"), binary(b"y")]);
    assert_eq!(one_too_many, Err(DecodeError::UnexpectedBinary));
}

#[test]
fn sb_07_text_and_attachments_together_are_limited() {
    let limits = Limits::default().max_bytes(100);
    let header = r#"53-["b"]"#;
    let mut decoder = Json.decoder(limits);
    assert_eq!(decoder.push(text(header)), Ok(None));
    assert_eq!(decoder.push(Message::Binary(vec![0; 60].into())), Ok(None));
    let over = decoder.push(Message::Binary(vec![0; 40].into()));
    assert_eq!(over, Err(DecodeError::Limit { what: "bytes" }));
    assert!(decoder.is_idle());

    let mut decoder = Json.decoder(limits);
    let fitting = [60, 16, 16].map(|len| decoder.push(Message::Binary(vec![0; len].into())));
    assert_eq!(fitting[0], Err(DecodeError::UnexpectedBinary));
    decoder.push(text(header)).unwrap();
    for len in [60, 16] {
        assert_eq!(decoder.push(Message::Binary(vec![0; len].into())), Ok(None));
    }
    let last = 100 - header.len() - 76;
    assert!(
        decoder
            .push(Message::Binary(vec![0; last].into()))
            .unwrap()
            .is_some()
    );
}

#[test]
fn sb_07_ten_attachments_of_the_largest_frame_fit_and_no_byte_more() {
    const FRAME: usize = 1_000_000;
    for (excess, fits) in [(0, true), (1, false)] {
        let mut decoder = Json.decoder(Limits::default());
        let header = format!(r#"510-["{}"]"#, "x".repeat(1000));
        let filler = FRAME - header.len();
        let header = header.replace(
            "\"]",
            &format!("\",\"{}\"]", "y".repeat(filler - 3 + excess)),
        );
        assert_eq!(header.len(), FRAME + excess);
        let mut result = decoder.push(text(&header));
        for _ in 0..10 {
            assert_eq!(result, Ok(None));
            result = decoder.push(Message::Binary(vec![0; FRAME].into()));
        }
        match result {
            Ok(packet) => assert!(fits && packet.is_some()),
            Err(error) => assert_eq!((fits, error), (false, DecodeError::Limit { what: "bytes" })),
        }
    }
}

#[test]
fn sb_08_a_placeholder_names_an_attachment_that_is_there() {
    for num in [
        "",
        r#","num":-1"#,
        r#","num":0.5"#,
        r#","num":"0""#,
        r#","num":"splice""#,
        r#","num":2"#,
        r#","num":null"#,
        r#","num":[0]"#,
        r#","num":{}"#,
        r#","num":1e0"#,
        r#","num":0,"num":9"#,
        r#","num":18446744073709551616"#,
    ] {
        let argument = format!(r#"{{"_placeholder":true{num}}}"#);
        assert_eq!(
            received(&argument, &[b"a", b"b"]),
            Err(DecodeError::Attachments),
            "{num}"
        );
        // Who decodes without the check is told, too.
        let mut decoder = Json.decoder(Limits::default());
        decoder
            .push(text(&format!("51-[\"b\",{argument}]")))
            .unwrap();
        let packet = decoder.push(binary(b"a")).unwrap().unwrap();
        assert!(payload(&packet).unwrap().values().is_err(), "{num}");
    }
    let [zero, one] = [0, 1].map(|num| format!(r#"{{"_placeholder":true,"num":{num}}}"#));
    let out_of_order = received(&format!("[{one},{zero},{zero}]"), &[b"a", b"b"]).unwrap();
    let bytes = |text: &'static str| Value::Binary(Bytes::from_static(text.as_bytes()));
    let expected = vec![Value::Array(vec![bytes("b"), bytes("a"), bytes("a")])];
    assert_eq!(out_of_order.values().unwrap(), expected);
    let negative_zero = received(r#"{"_placeholder":true,"num":-0}"#, &[b"a"]).unwrap();
    assert_eq!(negative_zero.values().unwrap(), [bytes("a")]);
    let unused = received("1", &[b"a"]).unwrap();
    assert_eq!(unused.values().unwrap(), [Value::from(1)]);
}

#[test]
fn sb_09_only_true_makes_a_placeholder_and_only_in_a_binary_packet() {
    let plain = received(r#"{"_placeholder":true,"num":0}"#, &[]).unwrap();
    let object = plain.values().unwrap();
    assert_eq!(object[0].get("_placeholder"), Some(&Value::Bool(true)));
    let dangling = received(r#"{"_placeholder":true,"num":7}"#, &[]).unwrap();
    assert_eq!(
        dangling.values().unwrap()[0].get("num"),
        Some(&Value::from(7))
    );
    for other in [
        "1",
        "\"true\"",
        "false",
        "null",
        "[true]",
        "true,\"_placeholder\":false",
    ] {
        let argument = format!(r#"{{"_placeholder":{other},"num":7}}"#);
        let data = received(&argument, &[b"a"]).unwrap();
        assert!(data.values().unwrap()[0].as_object().is_some(), "{other}");
    }
    let extra = received(r#"{"x":{"y":[]},"num":0,"_placeholder":true}"#, &[b"a"]).unwrap();
    assert_eq!(extra.values().unwrap()[0].as_binary().unwrap(), "a");
    let escaped = r#"{"_placeh\u006flder":true,"\u006eum":0}"#;
    assert_eq!(
        received(escaped, &[b"a"]).unwrap().values().unwrap()[0]
            .as_binary()
            .unwrap(),
        "a"
    );
    let bad_escaped = r#"{"_placeh\u006flder":true,"\u006eum":1}"#;
    assert_eq!(
        received(bad_escaped, &[b"a"]),
        Err(DecodeError::Attachments)
    );
}

#[test]
fn sb_10_data_that_looks_like_a_placeholder_stays_data_or_is_refused() {
    let lookalike: Map = [
        ("_placeholder".into(), true.into()),
        ("num".into(), 0.into()),
    ]
    .into_iter()
    .collect();
    let lookalike = Value::Object(lookalike);
    let alone = [lookalike.clone()];
    let payload = Payload::from_values(Format::Json, Some("a"), &alone).unwrap();
    assert_eq!(payload.values().unwrap(), alone);
    let beside = [lookalike, Value::Binary(Bytes::from_static(b"x"))];
    let refused = Payload::from_values(Format::Json, Some("a"), &beside);
    assert!(matches!(refused, Err(PayloadError::Lookalike)));
    let by_serde = Payload::new(Format::Json, Some("a"), &(&beside[0], &beside[1]));
    assert!(matches!(by_serde, Err(PayloadError::Lookalike)));
    let harmless: Map = [("_placeholder".into(), false.into())]
        .into_iter()
        .collect();
    let beside = [
        Value::Object(harmless),
        Value::Binary(Bytes::from_static(b"x")),
    ];
    let payload = Payload::from_values(Format::Json, Some("a"), &beside).unwrap();
    assert_eq!(payload.values().unwrap(), beside);
}

#[test]
fn sb_11_header_and_attachments_are_one_thing() {
    let args = [
        Value::Binary(Bytes::from_static(b"x")),
        Value::Binary(Bytes::from_static(b"y")),
    ];
    let payload = Payload::from_values(Format::Json, Some("a"), &args).unwrap();
    let body = Body::Event { id: None, payload };
    let encoded = Json
        .encode(&Packet {
            namespace: Namespace::root(),
            body,
        })
        .unwrap();
    assert_eq!(encoded.messages().len(), 3);
    assert!(core::ptr::eq(
        encoded.messages(),
        encoded.clone().messages()
    ));
}

#[test]
fn sb_13_a_decoder_that_is_dropped_or_fails_forgets_its_packet() {
    let mut decoder = Json.decoder(Limits::default());
    decoder.push(text(ONE)).unwrap();
    assert!(!decoder.is_idle());
    assert!(decoder.push(text("2[\"a\"]")).is_err());
    assert!(decoder.is_idle());
    assert_eq!(
        decoder.push(binary(b"x")),
        Err(DecodeError::UnexpectedBinary)
    );
}

#[test]
fn sb_14_small_attachments_do_not_keep_the_read_buffer() {
    let buffer = Bytes::from(vec![7; 65_536]);
    let first = |decoder: &mut dyn Decoder, len: usize| {
        decoder.push(text(ONE)).unwrap();
        let packet = decoder
            .push(Message::Binary(buffer.slice(..len)))
            .unwrap()
            .unwrap();
        payload(&packet).unwrap().attachments()[0].clone()
    };
    let mut decoder = Json.decoder(Limits::default());
    assert_ne!(first(&mut *decoder, 4095).as_ptr(), buffer.as_ptr());
    assert_eq!(first(&mut *decoder, 4096).as_ptr(), buffer.as_ptr());
    let mut decoder = Json.decoder(Limits::default().copy_below(0));
    assert_eq!(first(&mut *decoder, 1).as_ptr(), buffer.as_ptr());
}

#[test]
fn binary_data_has_no_place_in_connect() {
    let refused = Payload::value(Format::Json, &Value::Binary(Bytes::from_static(b"x")));
    assert!(matches!(refused, Err(PayloadError::Binary)));
}

#[test]
fn binary_acknowledgements_without_an_id_are_dropped_whole() {
    let dropped = push([text(r#"61-[{"_placeholder":true,"num":0}]"#), binary(b"x")]);
    assert_eq!(dropped, Ok(Vec::new()));
    assert_eq!(
        decode(r#"61-[{"_placeholder":true,"num":1}]"#),
        Err(DecodeError::Attachments)
    );
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..20)
            .prop_map(|bytes| Value::Binary(Bytes::from(bytes))),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read(
        name in "[a-zé\"\\\\\n]{0,8}",
        args in proptest::collection::vec(values(), 0..4),
        namespace in "/[a-z/?=]{0,6}",
        id in proptest::option::of(any::<u64>()),
        is_ack in any::<bool>(),
    ) {
        let event = (!is_ack).then_some(name.as_str());
        let payload = Payload::from_values(Format::Json, event, &args).unwrap();
        prop_assert_eq!(&payload, &Payload::new(Format::Json, event, &Spread(&args)).unwrap());
        let body = match is_ack {
            true => Body::Ack { id: AckId(id.unwrap_or(0)), payload },
            false => Body::Event { id: id.map(AckId), payload },
        };
        let packet = Packet { namespace: Namespace::new(Text::from(namespace)).unwrap(), body };
        let encoded = Json.encode(&packet).unwrap();
        let mut decoder = Json.decoder(Limits::default().max_attachments(1000));
        let mut decoded = None;
        for message in encoded.messages() {
            prop_assert!(decoded.is_none());
            let message = match message.clone().into_frame() {
                engineio_proto::Frame::Text(text) => {
                    Message::Text(text.slice_ref(&text.as_str()[1..]))
                }
                engineio_proto::Frame::Binary(bytes) => Message::Binary(bytes),
            };
            decoded = decoder.push(message).unwrap();
        }
        let decoded = decoded.unwrap();
        prop_assert_eq!(&decoded, &packet);
        let payload = self::payload(&decoded).unwrap();
        prop_assert_eq!(payload.check(128), Ok(()));
        prop_assert_eq!(payload.event(), event);
        prop_assert_eq!(payload.values().unwrap(), args);
    }

    #[test]
    fn any_messages_are_taken_or_refused(
        header in r#"[56][0-3]-(/a,)?[0-9]{0,2}\["#,
        argument in r#"("b",)?(\{("_placeholder":(true|1),?)?("num":[0-9.]{1,2})?\}|[\[{,"a1}\]]{0,9})\]"#,
        attachments in 0..4usize,
    ) {
        let messages = [text(&format!("{header}{argument}"))];
        let attachments = (0..attachments).map(|_| binary(b"x"));
        if let Ok(packets) = push(messages.into_iter().chain(attachments)) {
            for packet in &packets {
                prop_assert!(payload(packet).unwrap().values().is_ok());
            }
        }
    }
}

/// Values as a tuple of unknown size.
struct Spread<'a>(&'a [Value]);

impl serde::Serialize for Spread<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0
            .iter()
            .try_for_each(|value| tuple.serialize_element(value))?;
        tuple.end()
    }
}
