//! How often the codecs allocate, counted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use allocation_counter::measure;
use bytes::{Bytes, BytesMut};
use engineio_proto::{
    Frame, Message, Packet, PacketRef, Text,
    payload::{self, Encoding},
    stream,
};

const ENCODINGS: [Encoding; 3] = [Encoding::V4, Encoding::V3Text, Encoding::V3Binary];

/// As many packets as a large batch has; every fourth is binary.
fn batch() -> Vec<Packet> {
    let packet = |number: usize| match number % 4 {
        0 => Packet::Message(Message::Binary(Bytes::from(vec![7; number]))),
        1 => Packet::Message(Message::Text(Text::from("é".repeat(number)))),
        _ => Packet::Message(Message::Text(Text::from("x".repeat(number)))),
    };
    (0..256).map(packet).collect()
}

fn body(encoding: Encoding) -> Bytes {
    let mut body = BytesMut::new();
    payload::encode(encoding, &batch(), &mut body);
    body.freeze()
}

#[test]
fn an_owned_body_takes_one_buffer_for_all_base64() {
    for encoding in ENCODINGS {
        let body = body(encoding);
        let mut packets = Vec::with_capacity(256);
        let info = measure(|| packets.extend(payload::decode(encoding, &body)));
        assert_eq!(packets.len(), 256);
        assert!(info.count_total <= 3, "{encoding:?}: {}", info.count_total);
        assert!(info.bytes_max <= body.len() as u64, "{encoding:?}");
    }
}

#[test]
fn views_of_a_body_take_nothing() {
    for encoding in ENCODINGS {
        let body = body(encoding);
        let mut count = 0;
        let info = measure(|| count = payload::packets(encoding, &body).count());
        assert_eq!((count, info.count_total), (256, 0), "{encoding:?}");
    }
}

#[test]
fn writing_into_a_kept_buffer_takes_nothing() {
    let batch = batch();
    for encoding in ENCODINGS {
        let mut out = BytesMut::with_capacity(100_000);
        let info = measure(|| payload::encode(encoding, &batch, &mut out));
        assert_eq!(info.count_total, 0, "{encoding:?}");
    }
    let frame = Frame::Text(Text::from("4hello"));
    let mut out = BytesMut::with_capacity(100);
    let info = measure(|| stream::encode(&frame, &mut out));
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_packet_is_read_from_its_frame_without_a_copy() {
    let text = Text::from(String::from("4hello"));
    let info = measure(|| assert_eq!(PacketRef::from_text(&text), Ok(PacketRef::Text("hello"))));
    assert_eq!(info.count_total, 0);
    let frame = Frame::Text(text);
    let info = measure(|| drop(Packet::from_frame(frame).unwrap()));
    assert_eq!(info.count_total, 0);
}
