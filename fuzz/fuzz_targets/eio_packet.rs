//! One frame, in both protocols: borrowed and owned packet agree, and what can be read is written
//! so that it reads the same, as a frame and as text.
#![no_main]

use bytes::{Bytes, BytesMut};
use engineio_proto::{Frame, Packet, Text};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{check_packet, text};

fuzz_target!(|data: &[u8]| {
    check(Frame::Binary(Bytes::copy_from_slice(data)));
    if let Some(text) = text(data) {
        check(Frame::Text(text));
    }
});

fn check(frame: Frame) {
    let packet = Packet::from_frame(frame.clone());
    check_packet(&frame.packet(), &packet);
    if let Ok(packet) = packet {
        let mut out = BytesMut::new();
        packet.encode_text(&mut out);
        for frame in [packet.clone().into_frame(), text_frame(out)] {
            assert_eq!(Packet::from_frame(frame).as_ref(), Ok(&packet));
        }
    }

    let packet = Packet::from_frame_v3(frame.clone());
    check_packet(&frame.packet_v3(), &packet);
    if let Ok(packet) = packet {
        let mut out = BytesMut::new();
        packet.encode_text_v3(&mut out);
        for frame in [packet.clone().into_frame_v3(), text_frame(out)] {
            assert_eq!(Packet::from_frame_v3(frame).as_ref(), Ok(&packet));
        }
    }
}

fn text_frame(out: BytesMut) -> Frame {
    Frame::Text(Text::try_from(out).expect("the text form is text"))
}
