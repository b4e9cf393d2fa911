//! `socketioxide-parser-common` and `-msgpack` on `socketioxide-core`, in the steps of their server: decode the
//! packet, read the name of the event, decode its data for the handler.

use super::engineioxide::shared;
use crate::corpus::{Data, Sample};
use crate::rows::shown;
use crate::{Task, operation};
use bytes::Bytes;
use engineioxide_core::{Packet as EnginePacket, ProtocolVersion::V4};
use socketioxide_core::packet::{Packet, PacketData};
use socketioxide_core::parser::{Parse, ParseConfig, ParseError, ParserState};
use socketioxide_core::{Str, Value};
use socketioxide_parser_common::CommonParser;
use socketioxide_parser_msgpack::MsgPackParser;
use std::hint::black_box;

pub(crate) const NAME: &str = "socketioxide";

pub(crate) fn header<T>(sample: &'static Sample<T>) -> Box<dyn Task> {
    let decoder = Decoder::default();
    operation(
        messages(sample),
        move |messages| decoder.packet(messages),
        |mut packet| {
            let namespace = packet.ns.to_string();
            let (id, value) = parts(&mut packet);
            let data = value.as_str().map_or("", Str::as_str);
            format!("{namespace} {id:?} {data}").into_bytes()
        },
    )
}

pub(crate) fn decode<T: Data>(sample: &'static Sample<T>) -> Box<dyn Task> {
    let decoder = Decoder::default();
    operation(
        messages(sample),
        move |messages| {
            let mut packet = decoder.packet(messages);
            data::<T>(CommonParser, &mut packet, sample)
        },
        |data| shown(sample.event, &data),
    )
}

/// With the codec of the engine below.
pub(crate) fn decode_frame<T: Data>(sample: &'static Sample<T>) -> Box<dyn Task> {
    let frame = shared(format!("4{}", sample.text));
    let decoder = Decoder::default();
    operation(
        move || frame.clone(),
        move |frame| {
            let text = EnginePacket::parse(V4, frame).unwrap().into_message();
            let mut packet = decoder.packet((text, Vec::new()));
            data::<T>(CommonParser, &mut packet, sample)
        },
        |data| shown(sample.event, &data),
    )
}

pub(crate) fn encode<T: Data>(sample: &'static Sample<T>) -> Box<dyn Task> {
    operation(
        || (),
        |()| encoded(CommonParser, sample),
        |value| {
            let Value::Str(text, attachments) = value else {
                panic!("a text packet")
            };
            let attachments = attachments.into_iter().flatten();
            let messages = [Bytes::from(text)].into_iter().chain(attachments);
            messages.flatten().collect()
        },
    )
}

/// With the codec of the engine below.
pub(crate) fn encode_frame<T: Data>(sample: &'static Sample<T>) -> Box<dyn Task> {
    operation(
        || (),
        |()| match encoded(CommonParser, sample) {
            Value::Str(text, _) => Bytes::from(EnginePacket::Message(text)),
            Value::Bytes(_) => panic!("a text packet"),
        },
        |bytes| bytes.to_vec(),
    )
}

pub(crate) fn decode_msgpack<T: Data>(sample: &'static Sample<T>, frame: Bytes) -> Box<dyn Task> {
    let decoder = Decoder::default();
    operation(
        move || frame.clone(),
        move |frame| {
            let packet = MsgPackParser.decode_bin(&decoder.config, &decoder.state, frame);
            data::<T>(MsgPackParser, &mut packet.unwrap(), sample)
        },
        |data| shown(sample.event, &data),
    )
}

pub(crate) fn encode_msgpack<T: Data>(
    sample: &'static Sample<T>,
    read: impl Fn(Bytes) -> Vec<u8> + 'static,
) -> Box<dyn Task> {
    operation(
        || (),
        |()| encoded(MsgPackParser, sample),
        move |value| match value {
            Value::Bytes(frame) => read(frame),
            Value::Str(..) => panic!("a binary packet"),
        },
    )
}

#[derive(Default)]
struct Decoder {
    config: ParseConfig,
    state: ParserState,
}

impl Decoder {
    fn packet(&self, (text, attachments): (Str, Vec<Bytes>)) -> Packet {
        let mut packet = CommonParser.decode_str(&self.config, &self.state, text);
        for bytes in attachments {
            assert!(matches!(packet, Err(ParseError::NeedsMoreBinaryData)));
            packet = CommonParser.decode_bin(&self.config, &self.state, bytes);
        }
        packet.unwrap()
    }
}

fn messages<T>(sample: &Sample<T>) -> impl FnMut() -> (Str, Vec<Bytes>) + 'static {
    let text = shared(sample.text.clone());
    let attachments = sample.attachments.clone();
    move || (text.clone(), attachments.clone())
}

fn data<T: Data>(parser: impl Parse, packet: &mut Packet, sample: &Sample<T>) -> T {
    let (_, value) = parts(packet);
    if sample.kind == 0 {
        return parser.decode_default(Some(&*value)).unwrap();
    }
    let has_event = sample.event.is_some();
    if has_event {
        black_box(parser.read_event(value).unwrap());
    }
    parser.decode_value(value, has_event).unwrap()
}

fn parts(packet: &mut Packet) -> (Option<i64>, &mut Value) {
    match &mut packet.inner {
        PacketData::Connect(Some(value)) => (None, value),
        PacketData::Event(value, id) | PacketData::BinaryEvent(value, id) => (*id, value),
        PacketData::EventAck(value, id) | PacketData::BinaryAck(value, id) => (Some(*id), value),
        other => panic!("not in the corpus: {other:?}"),
    }
}

fn encoded<T: Data>(parser: impl Parse, sample: &Sample<T>) -> Value {
    let namespace = sample.namespace;
    let packet = if sample.kind == 0 {
        let value = parser.encode_default(&sample.data).unwrap();
        Packet::connect(namespace, Some(value))
    } else {
        let value = parser.encode_value(&sample.data, sample.event).unwrap();
        match (sample.kind, sample.id) {
            (3, Some(id)) => Packet::ack(namespace, value, id.into()),
            (_, id) => {
                let mut packet = Packet::event(namespace, value);
                if let Some(id) = id {
                    packet.inner.set_ack_id(id.into());
                }
                packet
            }
        }
    };
    parser.encode(packet)
}
