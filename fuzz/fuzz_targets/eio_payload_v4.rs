//! The body of a POST in protocol 4: cut as the obvious way cuts it, the borrowed and the owned
//! reader agree, and what was read is written so that it reads the same.
#![no_main]

use bytes::{Bytes, BytesMut};
use engineio_proto::{
    DecodeError, Packet, PacketRef,
    payload::{Encoding, decode, encode, v4},
};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{assert_same_packet, text};

fuzz_target!(|data: &[u8]| {
    let owned: Vec<_> = decode(Encoding::V4, &Bytes::copy_from_slice(data)).collect();
    let Some(body) = text(data) else {
        assert_eq!(owned, [Err(DecodeError::Utf8)]);
        return;
    };
    let views: Vec<_> = v4::packets(&body).collect();
    assert_eq!(views, naive(&body));

    // The owned reader looks into packets, and so may stop earlier.
    for (view, packet) in views.iter().zip(&owned) {
        assert_same_packet(view, packet);
    }
    assert!(owned.len() == views.len() || owned.last().is_some_and(Result::is_err));

    let packets: Vec<Packet> = owned.into_iter().map_while(Result::ok).collect();
    if !packets.is_empty() {
        let mut out = BytesMut::new();
        encode(Encoding::V4, &packets, &mut out);
        let again: Result<Vec<_>, _> = decode(Encoding::V4, &out.freeze()).collect();
        assert_eq!(again, Ok(packets));
    }
});

/// All elements up to the first that is no packet.
fn naive(body: &str) -> Vec<Result<PacketRef<'_>, DecodeError>> {
    let mut views = Vec::new();
    for element in body.split('\u{1e}') {
        views.push(PacketRef::from_text(element));
        if views.last().is_some_and(Result::is_err) {
            break;
        }
    }
    views
}
