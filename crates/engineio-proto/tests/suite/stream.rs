//! Frames on a stream of bytes, cut anywhere.

use crate::{
    v3::hex,
    vectors::{built, cases, shown},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use engineio_proto::{
    DecodeError, Frame, Packet, PacketRef, Text,
    stream::{self, Decoder, split_packet},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

fn wire(frame: &Frame) -> BytesMut {
    let mut out = BytesMut::new();
    stream::encode(frame, &mut out);
    out
}

/// All that comes out of these pieces, the buffer being emptied after each.
fn decoded<'a>(
    max: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Result<Frame, DecodeError>> {
    let mut decoder = Decoder::new(max);
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        frames.extend(std::iter::from_fn(|| decoder.poll_frame(&mut buffer)));
    }
    frames
}

/// The packet of an `encode` case, with `$repeat` written out.
fn packet(case: &Value) -> Value {
    let mut packet = case["packet"].clone();
    if let Some(repeat) = packet["data"].get("$repeat").cloned() {
        let count = usize::try_from(repeat[1].as_u64().unwrap()).unwrap();
        packet["data"] = match repeat[0].as_str() {
            Some(unit) => json!(unit.repeat(count)),
            None => {
                let byte = u8::try_from(repeat[0].as_u64().unwrap()).unwrap();
                json!({ "$bin": STANDARD.encode(vec![byte; count]) })
            }
        };
    }
    packet
}

#[test]
fn webtransport_frames() {
    for case in cases("webtransport-frames") {
        let id = case["id"].as_str().unwrap();
        if case["op"] == "encode" {
            let frame = built(&packet(&case)).into_frame(Packet::into_frame);
            let mut header = BytesMut::new();
            stream::encode_header(&frame, &mut header);
            assert_eq!(header, hex(&case["header_hex"]), "{id}");
            let wire = wire(&frame);
            if case["wire_hex"].is_string() {
                assert_eq!(wire, hex(&case["wire_hex"]), "{id}");
            } else {
                assert_eq!(wire.len() as u64, case["total_length"], "{id}");
                let first = hex(&case["first_payload_bytes_hex"]);
                assert!(wire[header.len()..].starts_with(&first), "{id}");
            }
            continue;
        }
        let max = usize::try_from(case["max_payload"].as_u64().unwrap()).unwrap();
        let pieces: Vec<_> = case["chunks_hex"]
            .as_array()
            .unwrap()
            .iter()
            .map(hex)
            .collect();
        let ours: Vec<_> = decoded(max, pieces.iter().map(Vec::as_slice))
            .into_iter()
            .map(|frame| Ok(shown(frame?.packet()?)))
            .map(|packet: Result<_, DecodeError>| {
                packet.unwrap_or(json!({"type": "error", "data": "parser error"}))
            })
            .collect();
        assert_eq!(json!(ours), case["packets"], "{id}");
    }
}

#[test]
fn ep_18_lengths_that_cannot_be() {
    let too_large = |len| DecodeError::TooLarge { len, max: 10 };
    for (input, error) in [
        (&[0x00][..], DecodeError::Length),
        (&[0x80], DecodeError::Length),
        (&[0x7e, 0, 0], DecodeError::Length),
        (&[0x7f, 0, 0, 0, 0, 0, 0, 0, 0], DecodeError::Length),
        (&[0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0], DecodeError::Length),
        (&[0xff; 9], DecodeError::Length),
        (&[0x7f, 0, 0x20, 0, 0, 0, 0, 0, 0], DecodeError::Length),
        (
            &[0x7f, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            too_large((1 << 53) - 1),
        ),
        (&[0x0b], too_large(11)),
        (&[0xfe, 0xff, 0xff], too_large(65535)),
    ] {
        assert_eq!(split_packet(input, 10), Err(error.clone()), "{input:?}");
        assert_eq!(decoded(10, [input]), [Err(error.clone())], "{input:?}");
        assert_eq!(decoded(10, input.chunks(1)), [Err(error)], "{input:?}");
    }
}

#[test]
fn ep_18_a_length_may_be_longer_than_it_needs_to_be() {
    let long = [&[0x7e, 0, 2][..], b"4a", &[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 9]].concat();
    let frames = [
        Ok(Frame::Text("4a".into())),
        Ok(Frame::Binary(Bytes::from_static(&[9]))),
    ];
    assert_eq!(decoded(2, [&long[..]]), frames);
}

#[test]
fn ep_18_a_header_that_is_not_whole_waits() {
    for input in [
        &[][..],
        &[0x01],
        &[0x7e],
        &[0x7e, 0],
        &[0x7f, 0, 0, 0, 0, 0, 0, 0],
        &[0x82, 1],
    ] {
        assert_eq!(split_packet(input, 10), Ok(None), "{input:?}");
        assert_eq!(decoded(10, [input]), [], "{input:?}");
    }
}

#[test]
fn ep_18_a_large_frame_comes_byte_by_byte() {
    let frame = Frame::Binary(Bytes::from(vec![7; 300_000]));
    let wire = wire(&frame);
    assert_eq!(decoded(300_000, wire.chunks(1)), [Ok(frame)]);
}

#[test]
fn an_error_ends_the_stream() {
    let mut decoder = Decoder::new(10);
    let mut buffer = BytesMut::from(&b"\x024a\x02\xff\xff\x024b"[..]);
    assert_eq!(
        decoder.poll_frame(&mut buffer),
        Some(Ok(Frame::Text("4a".into())))
    );
    assert_eq!(
        decoder.poll_frame(&mut buffer),
        Some(Err(DecodeError::Utf8))
    );
    buffer.extend_from_slice(b"\x024c");
    assert_eq!(decoder.poll_frame(&mut buffer), None);
    assert!(buffer.is_empty(), "nothing is kept for nobody");
}

#[test]
fn a_view_leaves_the_rest() {
    assert_eq!(
        split_packet(b"\x022a\x81\x04", 10),
        Ok(Some((PacketRef::Ping("a"), &b"\x81\x04"[..])))
    );
    assert_eq!(
        split_packet(b"\x81\x04", 10),
        Ok(Some((PacketRef::Binary(&[4]), &[][..])))
    );
    assert_eq!(
        split_packet(b"\x01x", 10),
        Err(DecodeError::UnknownType(b'x'))
    );
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        "4.{0,80}".prop_map(|text| Frame::Text(Text::from(text))),
        vec(any::<u8>(), 1..300).prop_map(|bytes| Frame::Binary(bytes.into())),
    ]
}

/// The input in pieces that end at these places.
fn pieces(input: &[u8], mut ends: Vec<prop::sample::Index>) -> Vec<&[u8]> {
    let mut at: Vec<_> = ends
        .drain(..)
        .map(|end| end.index(input.len() + 1))
        .collect();
    at.extend([0, input.len()]);
    at.sort_unstable();
    at.windows(2).map(|ends| &input[ends[0]..ends[1]]).collect()
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_frames(
        frames in vec(frame(), 0..6),
        ends in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let wire: Vec<u8> = frames.iter().flat_map(wire).collect();
        let expected: Vec<_> = frames.into_iter().map(Ok).collect();
        prop_assert_eq!(decoded(400, pieces(&wire, ends)), expected.clone());
        prop_assert_eq!(decoded(400, wire.chunks(1)), expected);
    }

    #[test]
    fn any_cut_of_any_bytes_gives_the_same(
        input in vec(prop_oneof![0..4_u8, 0x7c..0x85_u8, any::<u8>()], 0..60),
        ends in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let whole = decoded(20, [&input[..]]);
        prop_assert!(whole.iter().rev().skip(1).all(Result::is_ok), "only the last fails");
        prop_assert_eq!(decoded(20, pieces(&input, ends)), whole);
    }

    #[test]
    fn views_and_frames_agree(input in vec(prop_oneof![0..4_u8, Just(b'4'), any::<u8>()], 0..60)) {
        let mut rest = &input[..];
        for frame in decoded(20, [&input[..]]) {
            let packet = frame.as_ref().map_err(Clone::clone).and_then(Frame::packet);
            let view = split_packet(rest, 20);
            match view {
                Ok(Some((view, after))) => {
                    prop_assert_eq!(packet, Ok(view));
                    rest = after;
                }
                other => {
                    prop_assert_eq!(packet.map(Some), other.map(|view| view.map(|(view, _)| view)));
                    break;
                }
            }
        }
    }
}
