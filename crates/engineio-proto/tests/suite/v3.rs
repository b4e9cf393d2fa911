//! Protocol 3: packets and bodies, recorded and hostile.

use crate::vectors::{Exceptions, built, bytes, cases, shown};
use bytes::{Bytes, BytesMut};
use engineio_proto::{
    DecodeError, Frame, Message, Outgoing, Packet, PacketRef, Text,
    payload::{self, Encoding, Record as _, v3_binary, v3_text},
};
use serde_json::{Value, json};

/// Where this crate is stricter than the reference on purpose.
const STRICTER: [(&str, &str); 8] = [
    ("engine-packets-v3-035", "unknown type in base64"),
    ("engine-packets-v3-036", "no type in base64"),
    ("engine-packets-v3-041", "unknown type in bytes"),
    ("engine-packets-v3-042", "no type in bytes"),
    ("engine-payloads-v3-051", "a length is digits, not `1.0`"),
    ("engine-payloads-v3-055", "a length is digits, not ` 2`"),
    ("engine-payloads-v3-056", "a length is digits, not `2 `"),
    ("engine-payloads-v3-057", "a length is digits, not `1e0`"),
];

fn is_stricter(id: &str) -> bool {
    STRICTER.iter().any(|(stricter, _)| *stricter == id)
}

pub(crate) fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn frame(case: &Value) -> Frame {
    match case["wire_text"].as_str() {
        Some(text) => Frame::Text(Text::new(text)),
        None => Frame::Binary(bytes(&case["wire_binary_base64"]).into()),
    }
}

/// A view in the notation of the vectors, what is in base64 read by way of the owned packet.
fn noted(view: PacketRef<'_>) -> Result<Value, DecodeError> {
    if let PacketRef::Base64(data) = view {
        match Packet::from_frame_v3(Frame::Text(Text::from(format!("b4{data}"))))? {
            Packet::Message(Message::Binary(bytes)) => Ok(shown(PacketRef::Binary(&bytes))),
            other => panic!("{other:?}"),
        }
    } else {
        Ok(shown(view))
    }
}

/// Only messages keep bytes.
fn expected(packet: &Value) -> Value {
    if packet["type"] != "message" && packet["data"]["$bin"].is_string() {
        return json!({"type": packet["type"]});
    }
    packet.clone()
}

#[test]
fn engine_packets_v3() {
    let mut exceptions = Exceptions::of("engine-packets-v3");
    for case in cases("engine-packets-v3") {
        let id = case["id"].as_str().unwrap();
        let frame = frame(&case);
        if case["op"] == "encode" {
            let packet = built(&case["packet"]);
            if case["supports_binary"] == true {
                assert_eq!(packet.into_frame(Packet::into_frame_v3), frame, "{id}");
            } else {
                let mut out = BytesMut::new();
                packet.with_view(|view| view.encode_text_v3(&mut out));
                assert_eq!(out, case["wire_text"].as_str().unwrap(), "{id}");
            }
            continue;
        }
        let ours = frame.packet_v3().and_then(noted);
        if case["error"].is_string() {
            ours.expect_err(id);
        } else if is_stricter(id) {
            ours.expect_err(id);
            exceptions.stricter(id);
        } else {
            assert_eq!(ours, Ok(expected(&case["packet"])), "{id}");
        }
    }
    exceptions.assert_listed(&STRICTER);
}

#[test]
fn engine_payloads_v3() {
    let mut exceptions = Exceptions::of("engine-payloads-v3");
    for case in cases("engine-payloads-v3") {
        let id = case["id"].as_str().unwrap();
        let (encoding, wire) = match case["wire_text"].as_str() {
            Some(text) => (Encoding::V3Text, text.as_bytes().to_vec()),
            None => (Encoding::V3Binary, hex(&case["wire_hex"])),
        };
        let packets = case["packets"].as_array().unwrap();
        if case["op"] == "encode" {
            let ours: Vec<_> = packets.iter().map(built).collect();
            let chosen = Encoding::v3(case["supports_binary"] == true, &ours);
            assert_eq!(chosen, encoding, "{id}");
            assert_eq!(chosen.content_type(), case["content_type"], "{id}");
            let mut out = BytesMut::new();
            payload::encode(chosen, &ours, &mut out);
            assert_eq!(out, wire, "{id}");
            continue;
        }
        let views: Vec<_> = payload::packets(encoding, &wire)
            .map(|view| view.and_then(noted))
            .map(|view| view.unwrap_or(json!({"type": "error", "data": "parser error"})))
            .collect();
        if is_stricter(id) {
            exceptions.stricter(id);
            assert_eq!(
                views,
                [json!({"type": "error", "data": "parser error"})],
                "{id}"
            );
        } else {
            assert_eq!(&views, packets, "{id}");
        }
        let owned = payload::decode(encoding, &wire.into());
        assert_eq!(owned.count(), views.len(), "{id}: as many");
    }
    exceptions.assert_listed(&STRICTER);
}

fn texts(body: &str) -> Vec<Result<PacketRef<'_>, DecodeError>> {
    v3_text::packets(body).collect()
}

#[test]
fn ep_16_a_length_in_text_is_digits_and_fits() {
    for body in [
        ":",
        "4",
        "4hello",
        "1",
        "7:4hello",
        "-1:4",
        "+5:4hell",
        "1_0:4",
        "0x1:4",
        "٣:4ab",
        "3",
        "000000000000000000000000000005:4hell",
        "100000000000000000000000000000:4hell",
        "999999999999999:4",
        "18446744073709551617:4",
    ] {
        assert_eq!(texts(body), [Err(DecodeError::Length)], "{body}");
    }
    assert_eq!(texts(""), [Err(DecodeError::Empty)]);
    assert_eq!(texts("1:x"), [Err(DecodeError::UnknownType(b'x'))]);
    assert_eq!(texts("0:0:0:"), [], "nothing, three times");
    let nothings = "0:".repeat(100_000);
    assert_eq!(texts(&nothings).len(), 0);
}

#[test]
fn ep_16_a_length_in_text_counts_utf16_units() {
    let message = |text| Ok(PacketRef::Text(text));
    let length = || Err(DecodeError::Length);
    assert_eq!(texts("2:4é"), [message("é")]);
    assert_eq!(texts("3:4é"), [length()], "as if bytes were counted");
    assert_eq!(texts("3:4😀2:4x"), [message("😀"), message("x")]);
    assert_eq!(texts("2:4😀"), [length()], "half of a pair");
    // Characters of three bytes, longer than any block of the counting.
    let long = "€".repeat(1000);
    let body = format!("1001:4{long}2:4x");
    assert_eq!(texts(&body), [message(&long), message("x")]);
}

#[test]
fn ep_17_a_binary_body_is_cut_by_its_headers_only() {
    let one = |body: &[u8]| {
        let mut views = v3_binary::packets(body).map(|view| view.map(|_| ()));
        let first = views.next();
        assert_eq!(views.next(), None, "{body:?}");
        first
    };
    assert_eq!(one(b""), Some(Err(DecodeError::Empty)));
    for kind in [2, b'0', 0xff] {
        let unknown = Some(Err(DecodeError::UnknownType(kind)));
        assert_eq!(one(&[kind, 1, 0xff, b'4']), unknown);
    }
    for body in [
        &b"\x00"[..],
        b"\x00\xff4",            // no digits
        b"\x00\x01",             // no end of the length
        b"\x00\x014",            // a character in its place
        b"\x00\x0a\xff4",        // ten is no digit
        b"\x001\xff4",           // nor is '1'
        b"\x01\x03\xff\x04\x01", // more than there is
        &[&[0][..], &[9; 30], &[0xff, b'4']].concat(),
        &[&[0][..], &[0; 30], &[1, 0xff, b'4']].concat(),
    ] {
        assert_eq!(one(body), Some(Err(DecodeError::Length)), "{body:?}");
    }
    assert_eq!(one(b"\x00\x00\xff"), Some(Err(DecodeError::Empty)));
    assert_eq!(one(b"\x01\x00\xff"), Some(Err(DecodeError::Empty)));
    assert_eq!(one(b"\x00\x02\xff4\xff"), Some(Err(DecodeError::Utf8)));
    assert_eq!(
        one(b"\x01\x01\xff\x07"),
        Some(Err(DecodeError::UnknownType(7)))
    );
}

#[test]
fn an_error_is_the_last_item_in_every_encoding() {
    let bodies = [
        (Encoding::V4, &b"4a\x1ex\x1e4b"[..]),
        (Encoding::V3Text, b"2:4a1:x2:4b"),
        (
            Encoding::V3Binary,
            b"\x00\x02\xff4a\x00\x01\xffx\x00\x02\xff4b",
        ),
    ];
    for (encoding, body) in bodies {
        let views: Vec<_> = payload::packets(encoding, body).collect();
        let error = DecodeError::UnknownType(b'x');
        assert_eq!(views, [Ok(PacketRef::Text("a")), Err(error.clone())]);
        let owned: Vec<_> = payload::decode(encoding, &Bytes::from_static(body)).collect();
        let message = Packet::Message(Message::Text(Text::from("a")));
        assert_eq!(owned, [Ok(message), Err(error)]);
    }
}

#[test]
fn a_body_of_text_that_is_not_utf8_is_an_error() {
    for encoding in [Encoding::V4, Encoding::V3Text] {
        let views: Vec<_> = payload::packets(encoding, b"2:4\xff").collect();
        assert_eq!(views, [Err(DecodeError::Utf8)]);
    }
}

#[test]
fn a_first_character_of_two_bytes_is_an_unknown_type() {
    let unknown = Err(DecodeError::UnknownType(0xc3));
    assert_eq!(PacketRef::from_text("é1234"), unknown);
    assert_eq!(PacketRef::from_text_v3("é1234"), unknown);
    assert_eq!(PacketRef::from_text_v3("bé1234"), unknown);
    assert_eq!(
        texts("6:4é12342:é1"),
        [Ok(PacketRef::Text("é1234")), unknown]
    );
}

#[test]
fn an_unknown_type_is_an_error_in_every_form() {
    assert_eq!(
        PacketRef::from_text_v3("7"),
        Err(DecodeError::UnknownType(b'7'))
    );
    assert_eq!(PacketRef::from_text_v3("b"), Err(DecodeError::Empty));
    assert_eq!(
        PacketRef::from_text_v3("b7"),
        Err(DecodeError::UnknownType(b'7'))
    );
    assert_eq!(
        PacketRef::from_text_v3("bb4"),
        Err(DecodeError::UnknownType(b'b'))
    );
    assert_eq!(PacketRef::from_binary_v3(&[]), Err(DecodeError::Empty));
    assert_eq!(
        PacketRef::from_binary_v3(&[7]),
        Err(DecodeError::UnknownType(7))
    );
}

#[test]
fn bytes_of_a_frame_are_shared_and_typed() {
    let frame = Bytes::from(vec![4, 1, 2, 3]);
    let Ok(Packet::Message(Message::Binary(data))) =
        Packet::from_frame_v3(Frame::Binary(frame.clone()))
    else {
        panic!("a message");
    };
    assert_eq!(data.as_ptr(), frame[1..].as_ptr(), "no copy");
    let out = Outgoing::binary(data);
    assert_eq!(out.clone().into_frame_v3(), Frame::Binary(frame));
    assert_eq!(out.into_text_frame_v3(), Frame::Text(Text::from("b4AQID")));
    let text = Outgoing::text("x");
    assert_eq!(text.clone().into_frame_v3(), text.into_text_frame_v3());
}

/// Looked at again from the start, or measured to the end, each element of these bodies would cost
/// as much as all of them: the test would take hours.
#[test]
fn ep_16_many_small_packets_are_read_in_one_walk() {
    let count = 100_000;
    for element in ["2:4x", "2:4é", "3:4😀", "0:2:4€"] {
        let body = element.repeat(count);
        assert_eq!(v3_text::packets(&body).filter(Result::is_ok).count(), count);
        let owned = payload::decode(Encoding::V3Text, &body.into());
        assert_eq!(owned.filter(Result::is_ok).count(), count);
    }
    let body = Bytes::from(b"\x00\x02\xff4x\x01\x02\xff\x04y".repeat(count));
    assert_eq!(
        v3_binary::packets(&body).filter(Result::is_ok).count(),
        2 * count
    );
    let owned = payload::decode(Encoding::V3Binary, &body);
    assert_eq!(owned.filter(Result::is_ok).count(), 2 * count);
}
