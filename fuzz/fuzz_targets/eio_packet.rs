//! One frame: what can be read is written so that it reads the same, as a frame and as text.
#![no_main]

use bytes::{Bytes, BytesMut};
use engineio_proto::{Frame, Packet, Text};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{assert_same_packet, text};

fuzz_target!(|data: &[u8]| {
    check(Frame::Binary(Bytes::copy_from_slice(data)));
    if let Some(text) = text(data) {
        check(Frame::Text(text));
    }
});

fn check(frame: Frame) {
    let packet = Packet::from_frame(frame.clone());
    assert_same_packet(&frame.packet(), &packet);
    let Ok(packet) = packet else { return };

    assert_eq!(
        Packet::from_frame(packet.clone().into_frame()).as_ref(),
        Ok(&packet)
    );

    let mut out = BytesMut::new();
    packet.encode_text(&mut out);
    let text = Text::try_from(out).expect("the text form is text");
    assert_eq!(Packet::from_frame(Frame::Text(text)), Ok(packet));
}
