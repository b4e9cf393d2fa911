//! The parser for MessagePack: what the reference writes and reads, what peers must not be able
//! to do, and what serde makes of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binary;
mod hostile;
mod properties;
mod typed;
mod vectors;

use bytes::Bytes;
use serde::Serialize;
use socketio_proto::parser::Limits;
use socketio_proto::{
    Body, DecodeError, Format, Message, MsgPack, Namespace, Packet, Parser, Payload,
};

/// A connection's way of reading: decode, then check.
fn push_with(limits: Limits, message: &[u8]) -> Result<Option<Packet>, DecodeError> {
    let message = Message::Binary(Bytes::copy_from_slice(message));
    let packet = MsgPack.decoder(limits).push(message)?;
    if let Some(payload) = packet.as_ref().and_then(payload_of) {
        payload.check(limits.max_depth)?;
    }
    Ok(packet)
}

fn push(message: &[u8]) -> Result<Option<Packet>, DecodeError> {
    push_with(Limits::default(), message)
}

fn payload_of(packet: &Packet) -> Option<&Payload> {
    match &packet.body {
        Body::Connect(payload) => payload.as_ref(),
        Body::Disconnect => None,
        Body::ConnectError(payload) | Body::Event { payload, .. } | Body::Ack { payload, .. } => {
            Some(payload)
        }
    }
}

/// An event of the main namespace with this MessagePack for data.
fn event(data: &[u8]) -> Vec<u8> {
    [b"\x83\xa4type\x02\xa4data", data, b"\xa3nsp\xa1/"].concat()
}

/// The payload of an event `n`, received with one argument.
#[track_caller]
fn received(argument: &[u8]) -> Payload {
    let packet = push(&event(&[b"\x92\xa1n", argument].concat()));
    payload_of(&packet.unwrap().unwrap()).unwrap().clone()
}

fn sent<T: Serialize + ?Sized>(args: &T) -> Payload {
    Payload::new(Format::MsgPack, Some("n"), args).unwrap()
}

/// The MessagePack of the arguments, up to 14 of them.
#[track_caller]
fn written<T: Serialize + ?Sized>(args: &T) -> Vec<u8> {
    let payload = sent(args);
    assert_eq!(payload.check(128), Ok(()));
    let list = payload.as_msgpack().unwrap();
    assert_eq!(usize::from(list[0] & 0x0f), 1 + payload.arguments().len());
    list.strip_prefix(&[list[0], 0xa1, b'n']).unwrap().to_vec()
}

fn encoded(packet: &Packet) -> Vec<u8> {
    let mut frame = Vec::new();
    MsgPack.encode_to(packet, &mut frame).unwrap();
    frame
}

fn root(body: Body) -> Packet {
    Packet {
        namespace: Namespace::root(),
        body,
    }
}
