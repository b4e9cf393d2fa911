//! Bodies of long polling.

use super::codec_engineio::{ours, show};
use crate::corpus::{EnginePacket, body, corpus};
#[cfg(feature = "peers")]
use crate::peers::engineioxide;
use crate::{Goal, Row, limits, operation};
use bytes::{Bytes, BytesMut};
use engineio_proto::packet::decode_base64;
use engineio_proto::payload::{self, Encoding};
use engineio_proto::{Message, Packet, PacketRef};
use std::hint::black_box;

pub(super) fn rows() -> Vec<Row> {
    let bodies = &corpus().bodies;
    let [few, _] = &bodies[..] else {
        unreachable!("two bodies")
    };
    // The peer reads no base64 in the text form of revision 3.
    let texts: Vec<_> = few
        .iter()
        .filter(|packet| packet.is_text())
        .cloned()
        .collect();

    let (read, read_owned) = (Goal::new(10.0, 14.0), Goal::new(6.0, 9.0));
    let write = Goal::new(10.0, 14.0);
    let (read_v3, write_v3) = (Goal::new(8.0, 20.0), Goal::new(5.0, 12.0));
    let mut rows = Vec::new();
    for packets in bodies {
        rows.push(decode(Encoding::V4, packets, read, read_owned));
    }
    for packets in bodies {
        rows.push(encode(Encoding::V4, packets, write));
    }
    for (encoding, packets) in [(Encoding::V3Text, &texts), (Encoding::V3Binary, few)] {
        rows.push(decode(encoding, packets, read_v3, read_v3));
        rows.push(encode(encoding, packets, write_v3));
    }
    rows
}

fn decode(
    encoding: Encoding,
    packets: &[EnginePacket],
    borrowed: Option<Goal>,
    owned: Option<Goal>,
) -> Row {
    let body = Bytes::from(body(encoding, packets));
    let row = Row::new(name("decode", encoding, packets))
        .ours(
            "borrowed",
            borrowed,
            decode_borrowed(encoding, body.clone()),
        )
        .ours("owned", owned, decode_owned(encoding, body.clone()));
    #[cfg(feature = "peers")]
    let row = row.peer(
        engineioxide::NAME,
        engineioxide::decode_body(encoding, packets),
    );
    match encoding {
        Encoding::V3Binary => row.limit("memcpy", limits::memcpy(body)),
        _ => row.limit("UTF-8 check, byte search", limits::utf8_and_search(body)),
    }
}

/// Views of a body that stays with the caller; base64 goes to one buffer, which is kept.
fn decode_borrowed(encoding: Encoding, body: Bytes) -> Box<dyn crate::Task> {
    let mut bytes = Vec::new();
    operation(
        || (),
        {
            let body = body.clone();
            move |()| {
                bytes.clear();
                for packet in payload::packets(encoding, black_box(&body)) {
                    match packet.unwrap() {
                        PacketRef::Base64(text) => decode_base64(text, &mut bytes).unwrap(),
                        packet => {
                            black_box(packet);
                        }
                    }
                }
            }
        },
        move |()| {
            let packets = payload::packets(encoding, &body);
            show_all(packets.map(|packet| owned(packet.unwrap())))
        },
    )
}

/// One packet after the other, as a session takes them.
fn decode_owned(encoding: Encoding, body: Bytes) -> Box<dyn crate::Task> {
    let again = body.clone();
    operation(
        move || body.clone(),
        move |body| {
            for packet in payload::decode(encoding, &body) {
                black_box(packet.unwrap());
            }
        },
        move |()| show_all(payload::decode(encoding, &again).map(Result::unwrap)),
    )
}

fn encode(encoding: Encoding, packets: &[EnginePacket], goal: Option<Goal>) -> Row {
    let body = body(encoding, packets);
    let records: Vec<_> = packets.iter().map(ours).collect();
    let again = records.clone();
    let mut out = BytesMut::with_capacity(body.len());
    let row = Row::new(name("encode", encoding, packets)).ours(
        "into a kept buffer",
        goal,
        operation(
            || (),
            move |()| {
                out.clear();
                payload::encode(encoding, &records, &mut out);
                black_box(out.as_ptr());
            },
            move |()| {
                let mut out = BytesMut::new();
                payload::encode(encoding, &again, &mut out);
                out.to_vec()
            },
        ),
    );
    #[cfg(feature = "peers")]
    let row = row.peer(
        engineioxide::NAME,
        engineioxide::encode_body(encoding, packets),
    );
    row.limit("memcpy", limits::memcpy(body))
}

fn name(what: &str, encoding: Encoding, packets: &[EnginePacket]) -> String {
    let form = match encoding {
        Encoding::V3Text => "v3 text payload",
        Encoding::V3Binary => "v3 binary payload",
        _ => "payload",
    };
    format!("{form} {what}, {} packets", packets.len())
}

fn owned(packet: PacketRef<'_>) -> Packet {
    match packet {
        PacketRef::Ping(_) => Packet::Ping(engineio_proto::Text::default()),
        PacketRef::Text(text) => Packet::Message(Message::Text(text.to_owned().into())),
        PacketRef::Binary(bytes) => Packet::Message(Message::Binary(bytes.to_vec().into())),
        PacketRef::Base64(text) => {
            let mut bytes = Vec::new();
            decode_base64(text, &mut bytes).unwrap();
            Packet::Message(Message::Binary(bytes.into()))
        }
        other => panic!("not in the corpus: {other:?}"),
    }
}

fn show_all(packets: impl IntoIterator<Item = Packet>) -> Vec<u8> {
    let packets: Vec<_> = packets.into_iter().map(|packet| show(&packet)).collect();
    packets.join(&b'\n')
}
