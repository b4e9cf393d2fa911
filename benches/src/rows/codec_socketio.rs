//! Packets of Socket.IO in the default parser, without the engine below.

use crate::corpus::{Data, Sample, Upload, UploadAttachments, corpus};
#[cfg(feature = "peers")]
use crate::peers::socketioxide;
use crate::{Goal, Row, Task, limits, operation};
use bytes::Bytes;
use engineio_proto::Frame;
use serde::Serialize;
use socketio_proto::parser::{Decoder, Encoded, PacketRef};
use socketio_proto::{
    AckId, Body, Format, Json, Limits, Message, Namespace, Packet, Parser, Payload, Text, Value,
};
use std::hint::black_box;
use std::iter;

pub(super) fn rows() -> Vec<Row> {
    let corpus = corpus();
    let mut rows = vec![
        header(&corpus.event),
        header(&corpus.asking),
        header(&corpus.page),
        header(&corpus.ack),
        header(&corpus.connect),
        decode(&corpus.event, Goal::new(4.0, 5.0), Goal::new(2.5, 3.0)),
        decode(&corpus.asking, Goal::new(4.0, 5.0), Goal::new(2.5, 3.0)),
        decode(&corpus.page, None, None),
        decode(&corpus.ack, None, None),
        decode(&corpus.connect, None, None),
    ];
    let [one, three, sixteen] = &corpus.uploads[..] else {
        unreachable!("three uploads")
    };
    rows.extend([
        decode_binary(one, Goal::new(1.3, 2.0)),
        decode_binary(three, Goal::new(1.3, 2.0)),
        decode_binary(sixteen, Goal::new(3.0, 5.0)),
        encode(&corpus.event, Goal::new(3.5, 5.0), None),
        encode(&corpus.asking, Goal::new(3.5, 5.0), None),
        encode(&corpus.ack, Goal::new(3.5, 5.0), None),
        encode(&corpus.connect, Goal::new(3.5, 9.0), None),
        encode(&corpus.page, Goal::new(1.5, 2.0), Goal::new(1.5, 2.0)),
        encode_binary(one),
        encode_binary(three),
        encode_binary(sixteen),
    ]);
    rows
}

fn header<T>(sample: &'static Sample<T>) -> Row {
    let row = Row::new(format!("header, {}", sample.name)).ours(
        "borrowed",
        Goal::new(3.0, 4.5),
        // The message lies in a buffer of the caller, who keeps it.
        operation(
            || (),
            move |()| {
                black_box(PacketRef::parse(black_box(&sample.text)).unwrap());
            },
            move |()| {
                let packet = PacketRef::parse(&sample.text).unwrap();
                let id = packet.id.map(|AckId(id)| id);
                format!("{} {id:?} {}", packet.namespace, packet.data).into_bytes()
            },
        ),
    );
    #[cfg(feature = "peers")]
    let row = row.peer(socketioxide::NAME, socketioxide::header(sample));
    row.limit("take and drop the frame", limits::take(sample.text.clone()))
}

fn decode<T: Data>(sample: &'static Sample<T>, borrowed: Option<Goal>, owned: Option<Goal>) -> Row {
    let row = Row::new(format!("decode, {}", sample.name))
        .ours("borrowed", borrowed, decode_borrowed(sample))
        .ours("owned", owned, decode_owned(sample, Limits::default()));
    #[cfg(feature = "peers")]
    let row = row.peer(socketioxide::NAME, socketioxide::decode(sample));
    row.limit("JSON scan", limits::json_scan(&sample.text))
}

/// The goal of `owned` is for owned bytes, which have to be copied.
fn decode_binary(sample: &'static Sample<Upload>, owned: Option<Goal>) -> Row {
    let goal = Goal::new(8.0, 12.0);
    // Default limits copy attachments under a page, so that a small one frees its read buffer.
    let shared = generous().copy_below(0);
    let row = Row::new(format!("decode, {}", sample.name))
        .ours("`Attachment`", goal, decode_attachments(sample, shared))
        .ours(
            "`Attachment`, default limits",
            None,
            decode_attachments(sample, generous()),
        )
        .ours("borrowed", goal, decode_borrowed(sample))
        .ours("owned", owned, decode_owned(sample, shared));
    #[cfg(feature = "peers")]
    let row = row.peer(socketioxide::NAME, socketioxide::decode(sample));
    row.limit("JSON scan", limits::json_scan(&sample.text))
}

fn decode_owned<T: Data>(sample: &'static Sample<T>, limits: Limits) -> Box<dyn Task> {
    let mut decoder = Json.decoder(limits);
    operation(
        messages(sample),
        move |messages| {
            let payload = push(&mut *decoder, messages);
            black_box(payload.event());
            payload.decode::<T>().unwrap()
        },
        |data| shown(sample.event, &data),
    )
}

fn decode_borrowed<T: Data>(sample: &'static Sample<T>) -> Box<dyn Task> {
    let limits = generous().copy_below(0);
    let (mut decoder, mut again) = (Json.decoder(limits), Json.decoder(limits));
    let mut input = messages(sample);
    operation(
        messages(sample),
        move |messages| {
            let payload = push(&mut *decoder, messages);
            black_box(payload.event());
            black_box(payload.decode::<T::Borrowed<'_>>().unwrap());
        },
        move |()| {
            let payload = push(&mut *again, input());
            shown(
                payload.event(),
                &payload.decode::<T::Borrowed<'_>>().unwrap(),
            )
        },
    )
}

fn decode_attachments(sample: &'static Sample<Upload>, limits: Limits) -> Box<dyn Task> {
    let mut decoder = Json.decoder(limits);
    operation(
        messages(sample),
        move |messages| {
            let payload = push(&mut *decoder, messages);
            black_box(payload.event());
            let upload: UploadAttachments<'_> = payload.decode().unwrap();
            black_box(upload.name);
            let parts = upload.parts.into_iter();
            let parts = parts.map(|part| payload.attachment(part).unwrap());
            parts.collect::<Vec<Bytes>>()
        },
        |parts| {
            let name = sample.data.name.clone();
            shown(sample.event, &Upload { name, parts })
        },
    )
}

fn encode<T: Data>(sample: &'static Sample<T>, kept: Option<Goal>, shared: Option<Goal>) -> Row {
    let row = Row::new(format!("encode, {}", sample.name))
        .ours("into a kept buffer", kept, encode_kept(sample))
        .ours("frame to share", shared, encode_serde(sample));
    #[cfg(feature = "peers")]
    let row = row.peer(socketioxide::NAME, socketioxide::encode(sample));
    row.limit("memcpy", limits::memcpy(sample.text.clone()))
}

/// With the engine's packet type, as text that is ready to be sent.
fn encode_kept<T: Data>(sample: &'static Sample<T>) -> Box<dyn Task> {
    let namespace = sample.namespace();
    let write = move |out: &mut Vec<u8>| {
        let id = sample.id.map(|id| AckId(id.into()));
        let data = &sample.data;
        match (sample.event, id) {
            (Some(event), id) => Json.event_to(&namespace, id, event, data, out).map(drop),
            (None, Some(id)) => Json.ack_to(&namespace, id, data, out).map(drop),
            (None, None) => Json.connect_to(&namespace, data, out),
        }
        .unwrap();
    };
    let mut out = Vec::with_capacity(sample.text.len() + 1);
    let shown = write.clone();
    operation(
        || (),
        move |()| {
            out.clear();
            write(&mut out);
            black_box(out.as_ptr());
        },
        move |()| {
            let mut out = Vec::new();
            shown(&mut out);
            out.split_off(1)
        },
    )
}

fn encode_binary(sample: &'static Sample<Upload>) -> Row {
    let Upload { name, parts } = &sample.data;
    let value = Value::Object(
        [
            ("name".into(), Value::from(name.as_str())),
            (
                "parts".into(),
                Value::Array(parts.iter().cloned().map(Value::Binary).collect()),
            ),
        ]
        .into_iter()
        .collect(),
    );
    let values = [value];
    let namespace = sample.namespace();
    let row = Row::new(format!("encode, {}", sample.name))
        .ours(
            "values that share their bytes",
            Goal::new(3.0, 14.0),
            operation(
                || (),
                move |()| {
                    let payload = Payload::from_values(Format::Json, sample.event, &values);
                    encoded(sample, &namespace, payload.unwrap())
                },
                |encoded| shown_wire(&encoded),
            ),
        )
        .ours("serde, bytes copied", None, encode_serde(sample));
    #[cfg(feature = "peers")]
    let row = row.peer(socketioxide::NAME, socketioxide::encode(sample));
    row.limit("memcpy of the header", limits::memcpy(sample.text.clone()))
}

fn encode_serde<T: Data>(sample: &'static Sample<T>) -> Box<dyn Task> {
    let namespace = sample.namespace();
    operation(
        || (),
        move |()| encoded(sample, &namespace, payload(sample, &sample.data)),
        |encoded| shown_wire(&encoded),
    )
}

/// Writes the data, as an application does.
pub(super) fn payload<T, D: Serialize>(sample: &Sample<T>, data: &D) -> Payload {
    let payload = match sample.kind {
        0 => Payload::value(Format::Json, data),
        _ => Payload::new(Format::Json, sample.event, data),
    };
    payload.unwrap()
}

/// Puts the header in front, as a connection does.
fn encoded<T>(sample: &Sample<T>, namespace: &Namespace, payload: Payload) -> Encoded {
    let id = sample.id.map(|id| AckId(id.into()));
    let packet = Packet {
        namespace: namespace.clone(),
        body: match sample.kind {
            0 => Body::Connect(Some(payload)),
            3 => Body::Ack {
                id: id.unwrap(),
                payload,
            },
            _ => Body::Event { id, payload },
        },
    };
    Json.encode_owned(packet).unwrap()
}

pub(super) fn generous() -> Limits {
    Limits::default().max_attachments(16)
}

/// Text and attachments, as the engine hands them over.
fn messages<T>(sample: &Sample<T>) -> impl FnMut() -> (Text, Vec<Bytes>) + 'static {
    let text = Text::from(sample.text.clone());
    let attachments = sample.attachments.clone();
    move || (text.clone(), attachments.clone())
}

fn push(decoder: &mut dyn Decoder, (text, attachments): (Text, Vec<Bytes>)) -> Payload {
    let attachments = attachments.into_iter().map(Message::Binary);
    for message in iter::once(Message::Text(text)).chain(attachments) {
        let Some(packet) = decoder.push(message).unwrap() else {
            continue;
        };
        return match packet.body {
            Body::Event { payload, .. }
            | Body::Ack { payload, .. }
            | Body::Connect(Some(payload)) => payload,
            other => panic!("not in the corpus: {other:?}"),
        };
    }
    panic!("not complete")
}

/// Name of the event and data.
pub(crate) fn shown(event: Option<&str>, data: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(&(event, data)).unwrap()
}

/// All bytes, without the engine's packet type.
fn shown_wire(encoded: &Encoded) -> Vec<u8> {
    let messages = encoded.messages().iter().cloned();
    let frames = messages.map(|message| match message.into_frame() {
        Frame::Text(text) => text.as_bytes()[1..].to_vec(),
        Frame::Binary(bytes) => bytes.to_vec(),
    });
    frames.flatten().collect()
}
