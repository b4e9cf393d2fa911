//! Packets of Socket.IO in the MessagePack parser: binary data is inside the one message.

use super::codec_socketio::{generous, shown};
use crate::corpus::{Data, Sample, Upload, UploadAttachments, corpus};
#[cfg(feature = "peers")]
use crate::peers::socketioxide;
use crate::{Goal, Row, Task, limits, operation};
use bytes::Bytes;
use socketio_proto::parser::Decoder;
use socketio_proto::{AckId, Body, Message, MsgPack, Namespace, Parser, Payload, PayloadError};
use std::hint::black_box;

pub(super) fn rows() -> Vec<Row> {
    let corpus = corpus();
    let typed = Goal::new(2.0, 3.0);
    let small = Goal::new(5.0, 8.0);
    let [one, _, sixteen] = &corpus.uploads[..] else {
        unreachable!("three uploads")
    };
    vec![
        decode(&corpus.event, typed),
        decode(&corpus.asking, typed),
        decode(&corpus.page, None),
        decode(&corpus.ack, typed),
        decode(&corpus.connect, None),
        decode_binary(one, typed),
        decode_binary(sixteen, typed),
        encode(&corpus.event, small),
        encode(&corpus.asking, small),
        encode(&corpus.ack, small),
        encode(&corpus.connect, small),
        encode(&corpus.page, None),
        encode(one, None),
        encode(sixteen, None),
    ]
}

fn decode<T: Data>(sample: &'static Sample<T>, goal: Option<Goal>) -> Row {
    let frame = frame_of(sample);
    let row = Row::new(format!("msgpack decode, {}", sample.name))
        .ours("borrowed", goal, decode_borrowed::<T>(frame.clone()))
        .ours("owned", goal, decode_owned(sample, frame.clone()));
    with_peer(row, sample, frame)
}

fn decode_binary(sample: &'static Sample<Upload>, goal: Option<Goal>) -> Row {
    let frame = frame_of(sample);
    let row = Row::new(format!("msgpack decode, {}", sample.name))
        .ours(
            "`Attachment`",
            goal,
            decode_attachments(sample, frame.clone()),
        )
        .ours("borrowed", goal, decode_borrowed::<Upload>(frame.clone()))
        .ours("owned", None, decode_owned(sample, frame.clone()));
    with_peer(row, sample, frame)
}

fn with_peer<T: Data>(row: Row, sample: &'static Sample<T>, frame: Bytes) -> Row {
    #[cfg(feature = "peers")]
    let row = row.peer(
        socketioxide::NAME,
        socketioxide::decode_msgpack(sample, frame.clone()),
    );
    #[cfg(not(feature = "peers"))]
    let _ = sample;
    row.limit("memcpy", limits::memcpy(frame))
}

fn decode_owned<T: Data>(sample: &'static Sample<T>, frame: Bytes) -> Box<dyn Task> {
    let mut decoder = MsgPack.decoder(generous());
    operation(
        move || frame.clone(),
        move |frame| {
            let payload = push(&mut *decoder, frame);
            black_box(payload.event());
            payload.decode::<T>().unwrap()
        },
        |data| shown(sample.event, &data),
    )
}

fn decode_borrowed<T: Data>(frame: Bytes) -> Box<dyn Task> {
    let (mut decoder, mut again) = (MsgPack.decoder(generous()), MsgPack.decoder(generous()));
    let same = frame.clone();
    operation(
        move || frame.clone(),
        move |frame| {
            let payload = push(&mut *decoder, frame);
            black_box(payload.event());
            black_box(payload.decode::<T::Borrowed<'_>>().unwrap());
        },
        move |()| {
            let payload = push(&mut *again, same.clone());
            shown(
                payload.event(),
                &payload.decode::<T::Borrowed<'_>>().unwrap(),
            )
        },
    )
}

fn decode_attachments(sample: &'static Sample<Upload>, frame: Bytes) -> Box<dyn Task> {
    let mut decoder = MsgPack.decoder(generous());
    operation(
        move || frame.clone(),
        move |frame| {
            let payload = push(&mut *decoder, frame);
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

fn encode<T: Data>(sample: &'static Sample<T>, goal: Option<Goal>) -> Row {
    let frame = frame_of(sample);
    let namespace = sample.namespace();
    let mut out = Vec::with_capacity(frame.len());
    let ours = operation(
        || (),
        move |()| {
            out.clear();
            write(sample, &namespace, &mut out).unwrap();
            black_box(out.as_ptr());
        },
        |()| read(sample, frame_of(sample)),
    );
    let row =
        Row::new(format!("msgpack encode, {}", sample.name)).ours("into a kept buffer", goal, ours);
    #[cfg(feature = "peers")]
    let row = row.peer(
        socketioxide::NAME,
        // The order of the members is free, so what was written is read again.
        socketioxide::encode_msgpack(sample, |frame| read(sample, frame)),
    );
    row.limit("memcpy", limits::memcpy(frame))
}

/// The one binary message.
fn frame_of<T: Data>(sample: &Sample<T>) -> Bytes {
    let mut out = Vec::new();
    write(sample, &sample.namespace(), &mut out).unwrap();
    let frame = Bytes::from(out);
    drop(frame.clone());
    frame
}

fn write<T: Data>(
    sample: &Sample<T>,
    namespace: &Namespace,
    out: &mut Vec<u8>,
) -> Result<(), PayloadError> {
    let id = sample.id.map(|id| AckId(id.into()));
    match (sample.event, id) {
        (Some(event), id) => MsgPack.event_to(namespace, id, event, &sample.data, out),
        (None, Some(id)) => MsgPack.ack_to(namespace, id, &sample.data, out),
        (None, None) => MsgPack.connect_to(namespace, &sample.data, out),
    }
}

fn read<T: Data>(sample: &Sample<T>, frame: Bytes) -> Vec<u8> {
    let mut decoder = MsgPack.decoder(generous());
    let data: T = push(&mut *decoder, frame).decode().unwrap();
    shown(sample.event, &data)
}

fn push(decoder: &mut dyn Decoder, frame: Bytes) -> Payload {
    let packet = decoder.push(Message::Binary(frame)).unwrap();
    match packet.expect("complete").body {
        Body::Event { payload, .. } | Body::Ack { payload, .. } | Body::Connect(Some(payload)) => {
            payload
        }
        other => panic!("not in the corpus: {other:?}"),
    }
}
