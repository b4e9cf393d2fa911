use bytes::{Bytes, BytesMut};
use engineio_proto::{
    DecodeError, Frame, Message, Outgoing, Packet, PacketRef,
    payload::{self, Encoding},
};

/// The borrowed view of a packet and the owned packet tell the same.
///
/// # Panics
///
/// If not.
pub fn check_packet(
    view: &Result<PacketRef<'_>, DecodeError>,
    packet: &Result<Packet, DecodeError>,
) {
    let agree = match (view, packet) {
        (Ok(PacketRef::Open(_)), Ok(Packet::Open(_)) | Err(DecodeError::Open)) => true,
        (Ok(PacketRef::Close), Ok(Packet::Close))
        | (Ok(PacketRef::Upgrade), Ok(Packet::Upgrade))
        | (Ok(PacketRef::Noop), Ok(Packet::Noop)) => true,
        (Ok(PacketRef::Ping(a)), Ok(Packet::Ping(b)))
        | (Ok(PacketRef::Pong(a)), Ok(Packet::Pong(b)))
        | (Ok(PacketRef::Text(a)), Ok(Packet::Message(Message::Text(b)))) => *a == b.as_str(),
        (Ok(PacketRef::Binary(a)), Ok(Packet::Message(Message::Binary(b)))) => *a == b,
        (Ok(PacketRef::Base64(data)), Ok(packet @ Packet::Message(Message::Binary(_)))) => {
            // Base64 is canonical but for its padding, so writing restores it.
            let mut out = BytesMut::new();
            packet.encode_text(&mut out);
            let written = std::str::from_utf8(&out).expect("base64 is text");
            written.strip_prefix('b').map(unpadded) == Some(unpadded(data))
        }
        (Ok(PacketRef::Base64(_)), Err(DecodeError::Base64)) => true,
        (Err(a), Err(b)) => a == b,
        _ => false,
    };
    assert!(agree, "{view:?} and {packet:?}");
}

fn unpadded(data: &str) -> &str {
    data.trim_end_matches('=')
}

/// A body is cut into the `expected` packets, borrowed and owned alike, and what was read is
/// written so that it reads the same.
///
/// # Panics
///
/// If not.
pub fn check_payload(
    encoding: Encoding,
    body: &[u8],
    expected: &[Result<PacketRef<'_>, DecodeError>],
) {
    let views: Vec<_> = payload::packets(encoding, body).collect();
    assert_eq!(views, expected);

    // The owned reader looks into packets, and so may stop earlier.
    let owned: Vec<_> = payload::decode(encoding, &Bytes::copy_from_slice(body)).collect();
    for (view, packet) in views.iter().zip(&owned) {
        check_packet(view, packet);
    }
    assert!(owned.len() == views.len() || owned.last().is_some_and(Result::is_err));

    let packets: Vec<Packet> = owned.into_iter().map_while(Result::ok).collect();
    if !packets.is_empty() {
        let mut out = BytesMut::new();
        payload::encode(encoding, &packets, &mut out);
        let again: Result<Vec<_>, _> = payload::decode(encoding, &out.freeze()).collect();
        assert_eq!(again, Ok(packets));
    }
}

/// What the receiver gets of these messages.
///
/// # Panics
///
/// If one of them is no message.
#[must_use]
pub fn messages(outgoing: &[Outgoing]) -> Vec<Message> {
    outgoing
        .iter()
        .map(|message| match message.clone().into_frame() {
            Frame::Binary(bytes) => Message::Binary(bytes),
            text => match Packet::from_frame(text) {
                Ok(Packet::Message(message)) => message,
                other => panic!("not a message: {other:?}"),
            },
        })
        .collect()
}
