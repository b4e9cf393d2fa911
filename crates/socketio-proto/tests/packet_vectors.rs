//! What the JavaScript reference writes, reads and rejects, case by case.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use engineio_proto::{Frame, Outgoing};
use socketio_proto::packet::Revision;
use socketio_proto::parser::{Decoder, Limits};
use socketio_proto::value::Map;
use socketio_proto::{
    AckId, Body, DecodeError, Format, Json, Message, Namespace, Packet, Parser, Payload, Text,
    Value,
};

/// Cases of revision 4 in which we differ on purpose. The reference's parser of that time looks
/// at less; its servers of today read clients of both revisions by the rules of revision 5.
const DEVIATIONS_V4: &[(&str, &str)] = &[
    ("066", "CONNECT carries an object or nothing"),
    ("067", "CONNECT carries an object or nothing"),
    (
        "072",
        "reserved names are refused; a server does not send them",
    ),
    (
        "073",
        "reserved names are refused; a server does not send them",
    ),
    (
        "094",
        "reserved names are refused; a server does not send them",
    ),
    (
        "086",
        "an unknown type is refused, not taken for a server's refusal",
    ),
    (
        "087",
        "an unknown type is refused, not taken for a server's refusal",
    ),
    (
        "092",
        "an unknown type is refused, not taken for a server's refusal",
    ),
    ("088", "an empty message has no packet type"),
    ("091", "an event without payload is refused"),
];

/// Cases of revision 5 in which we differ on purpose.
const DEVIATIONS_V5: &[(&str, &str)] = &[
    (
        "088",
        "an event without payload is refused: it would be an event without a name",
    ),
    ("089", "an event without payload is refused"),
    ("090", "an event without payload is refused"),
    ("091", "an event without payload is refused"),
    (
        "118",
        "an event without payload is refused: the namespace takes the rest of the packet",
    ),
    (
        "127",
        "an event without payload is refused, before its attachment is awaited",
    ),
    (
        "128",
        "an event without payload is refused, before its attachment is awaited",
    ),
    ("094", "a space is no acknowledgement id"),
    ("095", "a space is no part of an acknowledgement id"),
    ("097", "a line break is no acknowledgement id"),
    ("098", "an id over 64 bits is refused, not rounded"),
    (
        "100",
        "an acknowledgement without id answers nothing: it is dropped",
    ),
    (
        "102",
        "an acknowledgement without id answers nothing: it is dropped",
    ),
    (
        "131",
        "an acknowledgement without id answers nothing: it is dropped",
    ),
    (
        "114",
        "`__proto__` is a member like any other, where JavaScript loses it",
    ),
    (
        "115",
        "a number beyond a float passes, but cannot be read as one",
    ),
    ("135", "the number of a placeholder is an integer"),
    ("141", "a count is digits"),
    ("142", "a count is digits"),
    ("143", "a count is digits"),
    ("144", "a count is digits"),
    ("145", "a count is digits"),
    ("148", "an empty message has no packet type"),
];

/// The file, read by our own `Value`: it keeps the order of members.
fn vectors(text: &str) -> Vec<Value> {
    // Expected: half a surrogate pair, which no Rust string holds. We read U+FFFD.
    let text = text.replace(r#" "\ud800""#, r#" "\ufffd""#);
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = array(&file, "cases");
    assert_eq!(
        file.get("count").and_then(Value::as_u64),
        Some(cases.len() as u64)
    );
    cases.to_vec()
}

fn at<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    at(value, key).as_str().unwrap()
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    at(value, key).as_array().unwrap()
}

#[test]
fn every_case_of_revision_5() {
    let file = include_str!("vectors/socket-packets-v5.json");
    every_case(file, Revision::V5, DEVIATIONS_V5);
}

#[test]
fn every_case_of_revision_4() {
    let file = include_str!("vectors/socket-packets-v4.json");
    every_case(file, Revision::V4, DEVIATIONS_V4);
}

fn every_case(file: &str, revision: Revision, deviations: &[(&str, &str)]) {
    let mut seen = Vec::new();
    for case in vectors(file) {
        let id = string(&case, "id").rsplit('-').next().unwrap().to_owned();
        let deviation = deviations.iter().find(|(known, _)| *known == id);
        let result = match string(&case, "op") {
            "encode" => encodes(&case, revision),
            "decode" => decodes(&case, revision),
            "reject" => rejects(&case, revision),
            other => panic!("unknown operation {other}"),
        };
        match (result, deviation) {
            (Err(why), None) => panic!("case {id}: {why}\n{case:?}"),
            (Ok(()), Some((_, reason))) => panic!("case {id} no longer differs: {reason}"),
            _ => seen.push(id),
        }
    }
    for (id, _) in deviations {
        assert!(seen.iter().any(|seen| seen == id), "there is no case {id}");
    }
}

fn encodes(case: &Value, revision: Revision) -> Result<(), String> {
    let packet = at(case, "packet");
    let namespace = Namespace::new(Text::from(string(packet, "nsp").to_owned())).unwrap();
    let id = at(packet, "ack_id").as_u64().map(AckId);
    let value = || Payload::value(Format::Json, &value_of(at(packet, "data"))).unwrap();
    let list = |event: Option<&str>, args: &[Value]| {
        let args: Vec<Value> = args.iter().map(value_of).collect();
        Payload::from_values(Format::Json, event, &args).unwrap()
    };
    let data = at(packet, "data").as_array();
    let body = match kind(packet) {
        0 if packet.get("data").is_none() => Body::Connect(None),
        0 => Body::Connect(Some(value())),
        1 => Body::Disconnect,
        2 => {
            let (name, args) = data.unwrap().split_first().unwrap();
            match name.as_str() {
                Some(name) => Body::Event {
                    id,
                    payload: list(Some(name), args),
                },
                // We give no event a number for its name, but pass on what others send.
                None => return passes_on(case, revision),
            }
        }
        3 => Body::Ack {
            id: id.unwrap(),
            payload: list(None, data.unwrap()),
        },
        4 => Body::ConnectError(value()),
        other => panic!("unknown type {other}"),
    };
    written(&Packet { namespace, body }, array(case, "frames"))
}

fn written(packet: &Packet, frames: &[Value]) -> Result<(), String> {
    let expected: Vec<Frame> = frames.iter().map(frame_of).collect();
    let encoded = Json.encode(packet).map_err(|error| error.to_string())?;
    let frames: Vec<Frame> = encoded
        .messages()
        .iter()
        .cloned()
        .map(Outgoing::into_frame)
        .collect();
    if frames == expected {
        Ok(())
    } else {
        Err(format!("{frames:?}"))
    }
}

fn passes_on(case: &Value, revision: Revision) -> Result<(), String> {
    let (packets, result) = run(case, revision);
    result.map_err(|error| error.to_string())?;
    written(packets.first().ok_or("no packet")?, array(case, "frames"))
}

fn decodes(case: &Value, revision: Revision) -> Result<(), String> {
    let (packets, result) = run(case, revision);
    let pending = result.map_err(|error| error.to_string())?;
    let expected = array(case, "packets");
    if pending != (at(case, "pending_attachments").as_bool() == Some(true)) {
        return Err(format!("pending: {pending}"));
    }
    same(&packets, expected)
}

fn rejects(case: &Value, revision: Revision) -> Result<(), String> {
    if array(case, "frames")[0].get("$undefined").is_some() {
        // The wire has no message without data; the nearest to it is empty.
        let empty = Json
            .decoder(Limits::default())
            .push(Message::Text(Text::from("")));
        return if empty == Err(DecodeError::Empty) {
            Ok(())
        } else {
            Err(format!("{empty:?}"))
        };
    }
    let (packets, result) = run(case, revision);
    if let Ok(pending) = result {
        return Err(format!("accepted, pending: {pending}"));
    }
    same(&packets, array(case, "packets"))
}

/// Feeds the frames as a connection does: each packet is checked before it goes on.
fn run(case: &Value, revision: Revision) -> (Vec<Packet>, Result<bool, DecodeError>) {
    let limits = Limits::default();
    let mut decoder: Box<dyn Decoder> = Json.decoder_for(revision, limits);
    let mut packets = Vec::new();
    for frame in array(case, "frames") {
        let message = match frame_of(frame) {
            Frame::Text(text) => Message::Text(Text::from(text.as_str()[1..].to_owned())),
            Frame::Binary(bytes) => Message::Binary(bytes),
        };
        let checked = decoder.push(message).and_then(|packet| {
            if let Some(payload) = packet.as_ref().and_then(payload_of) {
                payload.check(limits.max_depth)?;
            }
            Ok(packet)
        });
        match checked {
            Ok(packet) => packets.extend(packet),
            Err(error) => return (packets, Err(error)),
        }
    }
    (packets, Ok(!decoder.is_idle()))
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

fn same(packets: &[Packet], expected: &[Value]) -> Result<(), String> {
    if packets.len() != expected.len() {
        return Err(format!("{packets:?}"));
    }
    packets
        .iter()
        .zip(expected)
        .try_for_each(|(packet, expected)| {
            let (kind, id) = match &packet.body {
                Body::Connect(_) => (0, None),
                Body::Disconnect => (1, None),
                Body::Event { id, .. } => (2, *id),
                Body::Ack { id, .. } => (3, Some(*id)),
                Body::ConnectError(_) => (4, None),
            };
            // An id has no meaning elsewhere and is not kept.
            let expected_id = at(expected, "ack_id")
                .as_u64()
                .filter(|_| kind == 2 || kind == 3);
            let values = match payload_of(packet).map(Payload::values) {
                None => Vec::new(),
                Some(values) => values.map_err(|error| error.to_string())?,
            };
            let expected_values = match at(expected, "data") {
                error if kind == 4 => vec![value_of(error)],
                Value::Array(data) if kind == 2 => data[1..].iter().map(value_of).collect(),
                Value::Array(data) => data.iter().map(value_of).collect(),
                Value::Null => Vec::new(),
                data => vec![value_of(data)],
            };
            let event = match &packet.body {
                Body::Event { payload, .. } => payload.event().map(str::to_owned),
                _ => None,
            };
            let expected_event = (kind == 2).then(|| match &array(expected, "data")[0] {
                Value::String(name) => name.clone(),
                number => number.as_number().unwrap().to_string(),
            });
            let same = kind == self::kind(expected)
                && packet.namespace.as_str() == string(expected, "nsp")
                && id == expected_id.map(AckId)
                && event == expected_event
                && values == expected_values;
            if same {
                Ok(())
            } else {
                Err(format!("{packet:?}"))
            }
        })
}

/// The type without being binary: the files of revision 4 have it as on the wire.
fn kind(packet: &Value) -> u64 {
    match at(packet, "type").as_u64().unwrap() {
        binary @ (5 | 6) => binary - 3,
        other => other,
    }
}

fn frame_of(frame: &Value) -> Frame {
    match at(frame, "text").as_str() {
        Some(text) => Frame::Text(Text::from(format!("4{text}"))),
        None => Frame::Binary(bytes_of(at(frame, "bin"))),
    }
}

fn bytes_of(base64: &Value) -> Bytes {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD
        .decode(base64.as_str().unwrap())
        .unwrap()
        .into()
}

/// The values of the files: JSON with `$bin`, `$number`, `$date` and `$undefined`.
fn value_of(value: &Value) -> Value {
    match value {
        Value::Array(elements) => Value::Array(elements.iter().map(value_of).collect()),
        Value::Object(members) => {
            if let Some(bytes) = members.get("$bin") {
                return Value::Binary(bytes_of(bytes));
            }
            if let Some(date) = members.get("$date") {
                return value_of(date);
            }
            if members.contains_key("$number") || members.contains_key("$undefined") {
                return Value::Null;
            }
            let members = members
                .iter()
                .filter(|(_, value)| value.get("$undefined").is_none());
            let members = members.map(|(key, value)| (key.to_owned(), value_of(value)));
            Value::Object(members.collect::<Map>())
        }
        scalar => scalar.clone(),
    }
}
