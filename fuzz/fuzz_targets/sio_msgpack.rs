//! One message through the MessagePack decoder: what is a packet is well-formed to a naive reader,
//! re-encodes to the same packet, and its dynamic values are those of the naive reader.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use socketio_fuzz::{messages, same_values};
use socketio_proto::{
    Attachment, Body, DecodeError, Format, Limits, Message, MsgPack, Packet, Parser, Payload, Value,
};
use std::str;

const MAX_DEPTH: usize = 12;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default().max_depth(MAX_DEPTH).copy_below(8);
    let message = Bytes::copy_from_slice(data);
    let packet = MsgPack.decoder(limits).push(Message::Binary(message));
    let mut naive = Naive::new(data);
    let is_whole = naive.value(0).is_some() && naive.rest.is_empty();
    match packet {
        Ok(packet) => {
            assert!(is_whole);
            if let Some(packet) = packet {
                check_packet(&packet);
            }
        }
        // It may be no packet, and yet well-formed.
        Err(DecodeError::Malformed) => assert!(!is_whole),
        Err(_) => {}
    }
});

fn check_packet(packet: &Packet) {
    match &packet.body {
        Body::Connect(None) | Body::Disconnect => {}
        Body::Connect(Some(payload))
        | Body::ConnectError(payload)
        | Body::Event { payload, .. }
        | Body::Ack { payload, .. } => check_payload(payload),
    }
    let encoded = MsgPack.encode(packet).expect("what was read can be sent");
    let mut decoder = MsgPack.decoder(Limits::default().max_bytes(usize::MAX));
    for message in messages(encoded.messages()) {
        assert_eq!(
            decoder.push(message).expect("in order").as_ref(),
            Some(packet)
        );
    }
}

fn check_payload(payload: &Payload) {
    let mut naive = Naive::new(payload.as_msgpack().expect("MessagePack"));
    let expected = naive.value(0).expect("well-formed");
    assert!(naive.rest.is_empty());
    assert_eq!(payload.is_binary(), naive.is_binary);
    assert_eq!(payload.check(MAX_DEPTH).is_ok(), naive.is_text);

    // Whether it was checked or not.
    let values = payload.values();
    let _ = payload.decode::<(Option<Value>, Option<String>, Option<f64>)>();
    let _ = payload.decode::<serde_json::Value>();
    if let Ok((_, attachment)) = payload.decode::<(IgnoredAny, Attachment)>() {
        let bytes = payload.attachment(attachment).expect("one of its own");
        assert_eq!(bytes.len(), attachment.len());
    }
    let Ok(values) = values else {
        // Text that is none, names that are no text, unknown extensions.
        assert!(!naive.is_text || !naive.is_readable);
        return;
    };
    if naive.is_text && naive.is_readable {
        let expected = match expected {
            Value::Array(list) if !is_value(payload) => list,
            one => vec![one],
        };
        let skip = usize::from(payload.event().is_some());
        assert!(
            same_values(&values, &expected[skip..]),
            "{values:?} and {expected:?}"
        );
    }
    let again = Payload::from_values(Format::MsgPack, payload.event(), &values).expect("writable");
    let read = again.values().expect("readable");
    assert!(same_values(&read, &values), "{read:?} was {values:?}");
}

/// The payload of CONNECT or CONNECT_ERROR, which is no list.
fn is_value(payload: &Payload) -> bool {
    let first = payload.as_msgpack().and_then(<[u8]>::first);
    !matches!(first, Some(0x90..=0x9f | 0xdc | 0xdd))
}

/// Reads MessagePack by recursion.
struct Naive<'a> {
    rest: &'a [u8],
    is_binary: bool,
    /// All text is UTF-8.
    is_text: bool,
    /// There is nothing but values that JSON has, and binary data.
    is_readable: bool,
}

impl<'a> Naive<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self {
            rest,
            is_binary: false,
            is_text: true,
            is_readable: true,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        // As deep as any packet with its own map around.
        if depth > MAX_DEPTH + 1 {
            return None;
        }
        let marker = self.number(1)? as u8;
        Some(match marker {
            0x00..=0x7f => u64::from(marker).into(),
            0xe0..=0xff => i64::from(marker as i8).into(),
            0x80..=0x8f => self.map(usize::from(marker & 15), depth)?,
            0xde => self.with_len(2, |naive, len| naive.map(len, depth))?,
            0xdf => self.with_len(4, |naive, len| naive.map(len, depth))?,
            0x90..=0x9f => self.list(usize::from(marker & 15), depth)?,
            0xdc => self.with_len(2, |naive, len| naive.list(len, depth))?,
            0xdd => self.with_len(4, |naive, len| naive.list(len, depth))?,
            0xa0..=0xbf => self.text(usize::from(marker & 31))?,
            0xd9 => self.with_len(1, Self::text)?,
            0xda => self.with_len(2, Self::text)?,
            0xdb => self.with_len(4, Self::text)?,
            0xc0 => Value::Null,
            0xc1 => return None,
            0xc2 => false.into(),
            0xc3 => true.into(),
            0xc4 => self.with_len(1, Self::binary)?,
            0xc5 => self.with_len(2, Self::binary)?,
            0xc6 => self.with_len(4, Self::binary)?,
            0xc7 => self.with_len(1, Self::extension)?,
            0xc8 => self.with_len(2, Self::extension)?,
            0xc9 => self.with_len(4, Self::extension)?,
            // `undefined` and dates are for tests of their own.
            0xd4 if self.rest.starts_with(&[0, 0]) => self.special(2)?,
            0xd7 if self.rest.starts_with(&[0]) => self.special(9)?,
            0xd4..=0xd8 => self.extension(1 << (marker - 0xd4))?,
            0xca => f64::from(f32::from_bits(self.number(4)? as u32)).into(),
            0xcb => f64::from_bits(self.number(8)?).into(),
            0xcc => self.number(1)?.into(),
            0xcd => self.number(2)?.into(),
            0xce => self.number(4)?.into(),
            0xcf => self.number(8)?.into(),
            0xd0 => i64::from(self.number(1)? as i8).into(),
            0xd1 => i64::from(self.number(2)? as i16).into(),
            0xd2 => i64::from(self.number(4)? as i32).into(),
            0xd3 => (self.number(8)? as i64).into(),
        })
    }

    fn number(&mut self, bytes: usize) -> Option<u64> {
        let bytes = self.take(bytes)?;
        Some(
            bytes
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte)),
        )
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(bytes)
    }

    fn with_len(
        &mut self,
        bytes: usize,
        read: impl FnOnce(&mut Self, usize) -> Option<Value>,
    ) -> Option<Value> {
        let len = self.number(bytes)? as usize;
        read(self, len)
    }

    fn map(&mut self, len: usize, depth: usize) -> Option<Value> {
        let mut members = Vec::new();
        for _ in 0..len {
            let name = match self.value(depth + 1)? {
                Value::String(name) => name,
                Value::Number(number) if !number.is_f64() => number.to_string(),
                Value::Bool(name) => name.to_string(),
                _ => {
                    self.is_readable = false;
                    String::new()
                }
            };
            members.push((name, self.value(depth + 1)?));
        }
        Some(Value::Object(members.into_iter().collect()))
    }

    fn list(&mut self, len: usize, depth: usize) -> Option<Value> {
        let mut elements = Vec::new();
        for _ in 0..len {
            elements.push(self.value(depth + 1)?);
        }
        Some(Value::Array(elements))
    }

    fn text(&mut self, len: usize) -> Option<Value> {
        let text = str::from_utf8(self.take(len)?);
        self.is_text &= text.is_ok();
        Some(text.unwrap_or_default().into())
    }

    fn binary(&mut self, len: usize) -> Option<Value> {
        self.is_binary = true;
        Some(Bytes::copy_from_slice(self.take(len)?).into())
    }

    fn extension(&mut self, len: usize) -> Option<Value> {
        match self.number(1)? {
            0 => self.binary(len),
            _ => self.special(len),
        }
    }

    fn special(&mut self, len: usize) -> Option<Value> {
        self.is_readable = false;
        self.take(len)?;
        Some(Value::Null)
    }
}
