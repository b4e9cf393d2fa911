//! One packet of Engine.IO in one frame.

use crate::corpus::{EnginePacket, corpus};
#[cfg(feature = "peers")]
use crate::peers::engineioxide;
use crate::{Goal, Row, limits, operation};
use bytes::BytesMut;
use engineio_proto::{Frame, Message, Packet, PacketRef, Text};
use std::hint::black_box;

pub(super) fn rows() -> Vec<Row> {
    let corpus = corpus();
    let mut rows: Vec<_> = corpus
        .packets
        .iter()
        .map(|(name, packet)| {
            decode(
                &format!("engine decode, {name}"),
                packet,
                Goal::new(0.95, 1.3),
            )
        })
        .collect();
    rows.extend(
        corpus
            .packets
            .iter()
            .map(|(name, packet)| encode(&format!("engine encode, {name}"), packet, None)),
    );
    let base64 = Goal::new(4.0, 25.0);
    rows.push(base64_decode(&corpus.blob, base64));
    rows.push(encode("base64 encode, 64 KiB", &corpus.blob, base64));
    rows
}

fn decode(name: &str, packet: &EnginePacket, owned: Option<Goal>) -> Row {
    let text = packet.text();
    let borrowed = Text::from(text.clone());
    let row = Row::new(name)
        .ours(
            "borrowed",
            Goal::new(3.0, 6.0),
            // The frame lies in a buffer of the caller, who keeps it.
            operation(
                || (),
                {
                    let text = borrowed.clone();
                    move |()| {
                        black_box(PacketRef::from_text(black_box(&text)).unwrap());
                    }
                },
                {
                    let text = borrowed.clone();
                    move |()| show_ref(&PacketRef::from_text(&text).unwrap())
                },
            ),
        )
        .ours("owned", owned, decode_owned(borrowed));
    #[cfg(feature = "peers")]
    let row = row.peer(engineioxide::NAME, engineioxide::decode(packet));
    row.limit("take and drop the frame", limits::take(text))
}

/// Owned only: what borrows is still in base64.
fn base64_decode(packet: &EnginePacket, goal: Option<Goal>) -> Row {
    let text = packet.text();
    let row = Row::new("base64 decode, 64 KiB").ours(
        "owned",
        goal,
        decode_owned(Text::from(text.clone())),
    );
    #[cfg(feature = "peers")]
    let row = row.peer(engineioxide::NAME, engineioxide::decode(packet));
    row.limit("memcpy", limits::memcpy(text))
}

fn decode_owned(text: Text) -> Box<dyn crate::Task> {
    operation(
        move || Frame::Text(text.clone()),
        |frame| Packet::from_frame(frame).unwrap(),
        |packet| show(&packet),
    )
}

fn encode(name: &str, packet: &EnginePacket, goal: Option<Goal>) -> Row {
    let ours = ours(packet);
    let mut out = BytesMut::with_capacity(packet.text().len());
    let row = Row::new(name).ours(
        "into a kept buffer",
        goal,
        operation(
            || (),
            {
                let packet = ours.clone();
                move |()| {
                    out.clear();
                    packet.encode_text(&mut out);
                    black_box(out.as_ptr());
                }
            },
            move |()| {
                let mut out = BytesMut::new();
                ours.encode_text(&mut out);
                out.to_vec()
            },
        ),
    );
    #[cfg(feature = "peers")]
    let row = row.peer(engineioxide::NAME, engineioxide::encode(packet));
    row.limit("memcpy", limits::memcpy(packet.text()))
}

/// The packet as the codec has it.
pub(super) fn ours(packet: &EnginePacket) -> Packet {
    match packet {
        EnginePacket::Ping => Packet::Ping(Text::default()),
        EnginePacket::Text(text) => Packet::Message(Message::Text(Text::new(text))),
        EnginePacket::Binary(bytes) => Packet::Message(Message::Binary(bytes.clone())),
    }
}

pub(super) fn show(packet: &Packet) -> Vec<u8> {
    match packet {
        Packet::Ping(_) => b"ping".to_vec(),
        Packet::Message(Message::Text(text)) => [b"text ", text.as_bytes()].concat(),
        Packet::Message(Message::Binary(bytes)) => [b"binary ", &bytes[..]].concat(),
        other => panic!("not in the corpus: {other:?}"),
    }
}

fn show_ref(packet: &PacketRef<'_>) -> Vec<u8> {
    match packet {
        PacketRef::Ping(_) => b"ping".to_vec(),
        PacketRef::Text(text) => [b"text ", text.as_bytes()].concat(),
        other => panic!("not in the corpus: {other:?}"),
    }
}
