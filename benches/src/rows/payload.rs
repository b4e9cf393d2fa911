//! Bodies of long polling.
//!
//! Revision 3 gets its rows here, beside those of revision 4.

use super::codec_engineio::{ours, show};
use crate::corpus::{EnginePacket, body_v4, corpus};
#[cfg(feature = "peers")]
use crate::peers::engineioxide;
use crate::{Goal, Row, limits, operation};
use bytes::{Bytes, BytesMut};
use engineio_proto::payload::{self, Encoding};
use engineio_proto::{Packet, PacketRef};
use std::hint::black_box;

pub(super) fn rows() -> Vec<Row> {
    let bodies = &corpus().bodies;
    let mut rows: Vec<_> = bodies.iter().map(|body| decode(body)).collect();
    rows.extend(bodies.iter().map(|body| encode(body)));
    rows
}

fn decode(packets: &[EnginePacket]) -> Row {
    let text = body_v4(packets);
    let body = Bytes::from(text.clone());
    let row = Row::new(format!("payload decode, {} packets", packets.len()))
        .ours(
            "borrowed, base64 left as it is",
            Goal::new(10.0, 14.0),
            operation(
                {
                    let body = body.clone();
                    move || body.clone()
                },
                |body| {
                    let text = std::str::from_utf8(&body).unwrap();
                    for packet in payload::v4::packets(text) {
                        black_box(packet.unwrap());
                    }
                },
                {
                    let body = text.clone();
                    move |()| {
                        let packets = payload::v4::packets(&body);
                        show_all(packets.map(|packet| owned(packet.unwrap())))
                    }
                },
            ),
        )
        .ours(
            "owned",
            Goal::new(6.0, 9.0),
            operation(
                move || body.clone(),
                |body| {
                    let packets: Result<Vec<_>, _> = payload::decode(Encoding::V4, &body).collect();
                    packets.unwrap()
                },
                show_all,
            ),
        );
    #[cfg(feature = "peers")]
    let row = row.peer(engineioxide::NAME, engineioxide::decode_body(packets));
    row.limit("UTF-8 check and byte search", limits::utf8_and_search(text))
}

fn encode(packets: &[EnginePacket]) -> Row {
    let text = body_v4(packets);
    let records: Vec<_> = packets.iter().map(ours).collect();
    let shown = text.clone().into_bytes();
    let mut out = BytesMut::with_capacity(text.len());
    let row = Row::new(format!("payload encode, {} packets", packets.len())).ours(
        "into a kept buffer",
        Goal::new(10.0, 14.0),
        operation(
            || (),
            move |()| {
                out.clear();
                payload::encode(Encoding::V4, &records, &mut out);
                black_box(&out).len()
            },
            move |len| {
                assert_eq!(len, shown.len());
                shown.clone()
            },
        ),
    );
    #[cfg(feature = "peers")]
    let row = row.peer(engineioxide::NAME, engineioxide::encode_body(packets));
    row.limit("memcpy", limits::memcpy(text))
}

fn owned(packet: PacketRef<'_>) -> Packet {
    let text = match packet {
        PacketRef::Ping(_) => "2".to_owned(),
        PacketRef::Text(text) => format!("4{text}"),
        PacketRef::Base64(text) => format!("b{text}"),
        other => panic!("not in the corpus: {other:?}"),
    };
    Packet::from_frame(engineio_proto::Frame::Text(text.into())).unwrap()
}

fn show_all(packets: impl IntoIterator<Item = Packet>) -> Vec<u8> {
    let packets: Vec<_> = packets.into_iter().map(|packet| show(&packet)).collect();
    packets.join(&b'\n')
}
