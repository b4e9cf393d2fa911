//! A WebTransport stream: any cut of the bytes gives the frames that a naive reader of the whole
//! gives, a frame that is not whole takes no more memory than it may, and what was read is written
//! so that it reads the same.
//!
//! The first byte has the sizes of the pieces in its two halves, the second the limit.
#![no_main]

use bytes::{Bytes, BytesMut};
use engineio_proto::{DecodeError, Frame, stream};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::text;

type Item = Result<Frame, DecodeError>;

fuzz_target!(|data: &[u8]| {
    let [sizes, limit, wire @ ..] = data else {
        return;
    };
    let max = match usize::from(*limit) {
        255 => 1_000_000,
        limit => limit,
    };
    let expected = naive(wire, max);
    assert_eq!(decode([wire], max), expected);
    let (odd, even) = (usize::from(sizes >> 4) + 1, usize::from(sizes & 15) + 1);
    assert_eq!(decode(pieces(wire, odd, even), max), expected);
    check_views(wire, max, &expected);

    let frames: Vec<Frame> = expected.into_iter().map_while(Result::ok).collect();
    let mut again = BytesMut::new();
    for frame in &frames {
        stream::encode(frame, &mut again);
    }
    assert_eq!(
        decode([&again[..]], max),
        frames.into_iter().map(Ok).collect::<Vec<Item>>()
    );
});

fn pieces(mut wire: &[u8], odd: usize, even: usize) -> impl Iterator<Item = &[u8]> {
    let mut sizes = [odd, even].into_iter().cycle();
    std::iter::from_fn(move || {
        let (piece, rest) = wire.split_at(sizes.next()?.min(wire.len()));
        wire = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, max: usize) -> Vec<Item> {
    let mut decoder = stream::Decoder::new(max);
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some(frame) = decoder.poll_frame(&mut buffer) {
            frames.push(frame);
        }
        assert!(buffer.len() < 9 + max, "what waits is less than one frame");
    }
    frames
}

/// Byte by byte.
fn naive(mut wire: &[u8], max: usize) -> Vec<Item> {
    let mut frames = Vec::new();
    while let Some((&first, rest)) = wire.split_first() {
        let (len_bytes, short) = match first & 0x7f {
            126 => (2, 0),
            127 => (8, 0),
            len => (0, u64::from(len)),
        };
        let Some((header, rest)) = rest.split_at_checked(len_bytes) else {
            break;
        };
        let len = header
            .iter()
            .fold(short, |len, byte| len << 8 | u64::from(*byte));
        if len == 0 || len >= 1 << 53 {
            frames.push(Err(DecodeError::Length));
            break;
        }
        if len > max as u64 {
            let max = max as u64;
            frames.push(Err(DecodeError::TooLarge { len, max }));
            break;
        }
        let Some((payload, rest)) = rest.split_at_checked(len as usize) else {
            break;
        };
        wire = rest;
        if first >= 0x80 {
            frames.push(Ok(Frame::Binary(Bytes::copy_from_slice(payload))));
        } else if let Some(text) = text(payload) {
            frames.push(Ok(Frame::Text(text)));
        } else {
            frames.push(Err(DecodeError::Utf8));
            break;
        }
    }
    frames
}

/// The borrowed reader finds the same, and looks into packets as well.
fn check_views(mut wire: &[u8], max: usize, expected: &[Item]) {
    for item in expected {
        let view = stream::split_packet(wire, max);
        let Ok(frame) = item else {
            assert_eq!(view.err().as_ref(), item.as_ref().err());
            return;
        };
        match view {
            Ok(Some((packet, rest))) => {
                assert_eq!(frame.packet(), Ok(packet));
                wire = rest;
            }
            Ok(None) => panic!("there is {frame:?}"),
            Err(error) => return assert_eq!(frame.packet(), Err(error)),
        }
    }
    assert_eq!(stream::split_packet(wire, max), Ok(None));
}
