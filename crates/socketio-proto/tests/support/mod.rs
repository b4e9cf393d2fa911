//! A connection's way of reading, for tests: decode, then check.
#![allow(dead_code, reason = "each test file uses a part")]

use bytes::Bytes;
use socketio_proto::parser::Limits;
use socketio_proto::{Body, DecodeError, Json, Message, Packet, Parser, Payload, Text};

pub(crate) fn text(message: &str) -> Message {
    Message::Text(Text::from(message.to_owned()))
}

pub(crate) fn binary(bytes: &'static [u8]) -> Message {
    Message::Binary(Bytes::from_static(bytes))
}

pub(crate) fn payload(packet: &Packet) -> Option<&Payload> {
    match &packet.body {
        Body::Connect(payload) => payload.as_ref(),
        Body::Disconnect => None,
        Body::ConnectError(payload) | Body::Event { payload, .. } | Body::Ack { payload, .. } => {
            Some(payload)
        }
    }
}

/// All messages through one decoder with default limits.
pub(crate) fn push(
    messages: impl IntoIterator<Item = Message>,
) -> Result<Vec<Packet>, DecodeError> {
    let limits = Limits::default();
    let mut decoder = Json.decoder(limits);
    let mut packets = Vec::new();
    for message in messages {
        if let Some(packet) = decoder.push(message)? {
            if let Some(payload) = payload(&packet) {
                payload.check(limits.max_depth)?;
            }
            packets.push(packet);
        }
    }
    Ok(packets)
}

pub(crate) fn push_all(messages: &[&str]) -> Result<Vec<Packet>, DecodeError> {
    push(messages.iter().copied().map(text))
}

pub(crate) fn decode(message: &str) -> Result<Option<Packet>, DecodeError> {
    push_all(&[message]).map(|mut packets| packets.pop())
}

#[track_caller]
pub(crate) fn decode_one(message: &str) -> Packet {
    decode(message)
        .expect("a packet that is in order")
        .expect("a whole packet")
}

/// The name of an event.
#[track_caller]
pub(crate) fn event(message: &str) -> String {
    payload(&decode_one(message))
        .and_then(Payload::event)
        .expect("an event")
        .to_owned()
}

/// The payload of an event `name` with one argument, whose attachments follow it.
pub(crate) fn received(
    argument: &str,
    attachments: &[&'static [u8]],
) -> Result<Payload, DecodeError> {
    let header = match attachments.len() {
        0 => String::from("2"),
        count => format!("5{count}-"),
    };
    let messages = [text(&format!("{header}[\"name\",{argument}]"))];
    let attachments = attachments.iter().copied().map(binary);
    let packets = push(messages.into_iter().chain(attachments))?;
    Ok(payload(&packets[0]).expect("an event").clone())
}
