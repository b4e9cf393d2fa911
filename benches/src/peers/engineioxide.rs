//! `engineioxide-core`: the codecs of the Engine.IO server below socketioxide.
//!
//! Its coders of bodies are asynchronous. They are polled once, with a body that is complete:
//! their best case.

use crate::corpus::{EnginePacket, body};
use crate::{Task, operation};
use bytes::Bytes;
use engineio_proto::payload::Encoding;
use engineioxide_core::{
    Packet, PacketBuf, ProtocolVersion,
    ProtocolVersion::{V3, V4},
    Str, payload,
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::HeaderValue;
use http_body_util::Full;
use std::future::ready;
use std::hint::black_box;

pub(crate) const NAME: &str = "engineioxide-core";

const UNLIMITED: u64 = 1 << 30;

/// Of binary bodies in revision 3.
static CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/octet-stream");

pub(crate) fn decode(packet: &EnginePacket) -> Box<dyn Task> {
    let text = shared(packet.text());
    operation(
        move || text.clone(),
        |text| Packet::parse(V4, text).unwrap(),
        |packet| show(&packet),
    )
}

pub(crate) fn encode(packet: &EnginePacket) -> Box<dyn Task> {
    let packet = theirs(packet);
    operation(
        move || packet.clone(),
        |packet| payload::packet_encoder(packet, V4, false),
        |bytes| bytes.to_vec(),
    )
}

pub(crate) fn decode_body(encoding: Encoding, packets: &[EnginePacket]) -> Box<dyn Task> {
    let body = Bytes::from(body(encoding, packets));
    let (revision, is_binary) = revision(encoding);
    let content_type = is_binary.then_some(&CONTENT_TYPE);
    let again = body.clone();
    let packets = move |body: Bytes| {
        let body = Full::new(body);
        payload::decoder(body, content_type, revision, UNLIMITED).map(Result::unwrap)
    };
    operation(
        move || body.clone(),
        move |body| {
            let packets = packets(body).for_each(|packet| {
                black_box(packet);
                ready(())
            });
            packets.now_or_never().expect("the body is complete");
        },
        move |()| {
            let packets = packets(again.clone()).map(|packet| show(&packet));
            let packets = packets.collect::<Vec<_>>().now_or_never();
            packets.expect("the body is complete").join(&b'\n')
        },
    )
}

pub(crate) fn encode_body(encoding: Encoding, packets: &[EnginePacket]) -> Box<dyn Task> {
    let (revision, is_binary) = revision(encoding);
    let packets: Vec<_> = packets.iter().map(theirs).collect();
    let packets: Vec<_> = packets
        .into_iter()
        .map(|packet| match packet {
            Packet::Binary(bytes) if revision == V3 => Packet::BinaryV3(bytes),
            packet => packet,
        })
        .collect();
    operation(
        move || -> Vec<_> {
            let packets = packets.iter().cloned();
            packets
                .map(|packet| PacketBuf::from_iter([packet]))
                .collect()
        },
        move |packets| {
            let body = payload::encoder(stream::iter(packets), revision, is_binary, UNLIMITED);
            body.now_or_never().expect("the packets are there").data
        },
        |bytes| bytes.to_vec(),
    )
}

fn revision(encoding: Encoding) -> (ProtocolVersion, bool) {
    match encoding {
        Encoding::V4 => (V4, false),
        _ => (V3, encoding == Encoding::V3Binary),
    }
}

/// Text as a transport has it: a clone of it counts a reference.
pub(crate) fn shared(text: String) -> Str {
    let text = Str::from(text);
    // The first clone of a `Bytes` allocates its count.
    drop(text.clone());
    text
}

fn theirs(packet: &EnginePacket) -> Packet {
    match packet {
        EnginePacket::Ping => Packet::Ping,
        EnginePacket::Text(text) => Packet::Message(shared(text.clone())),
        EnginePacket::Binary(bytes) => Packet::Binary(bytes.clone()),
    }
}

fn show(packet: &Packet) -> Vec<u8> {
    match packet {
        Packet::Ping => b"ping".to_vec(),
        Packet::Message(text) => [b"text ", text.as_bytes()].concat(),
        Packet::Binary(bytes) | Packet::BinaryV3(bytes) => [b"binary ", &bytes[..]].concat(),
        other => panic!("not in the corpus: {other:?}"),
    }
}
