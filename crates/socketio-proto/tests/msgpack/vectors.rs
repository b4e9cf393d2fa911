//! Case by case, what `socket.io-msgpack-parser` writes, reads and rejects.

use crate::{encoded, payload_of, push};
use bytes::Bytes;
use engineio_proto::Frame;
use socketio_proto::value::Map;
use socketio_proto::{
    AckId, Body, Format, MsgPack, Namespace, Packet, Parser, Payload, Text, Value,
};
use std::collections::BTreeSet;

/// Cases in which we differ on purpose.
const DEVIATIONS: &[(&str, &str)] = &[
    ("004", "undefined is not written: the member is left out"),
    ("005", "undefined is not written: the member is left out"),
    ("013", "undefined is not written: it is null"),
    ("021", "undefined is not written: the member is left out"),
    ("030", "undefined is not written: the member is left out"),
    (
        "011",
        "the reference writes 0 for whole numbers from 2^64 on",
    ),
    ("018", "dates are not written: they are text"),
    ("019", "dates are not written: they are text"),
    ("020", "dates are not written: they are text"),
    ("025", "options of the client are nobody else's business"),
    ("026", "options of the client are nobody else's business"),
    ("032", "a `Value` holds no NaN; typed arguments do"),
    ("037", "an event without a name is refused"),
    ("038", "an event without a name is refused"),
    ("039", "reserved names are refused, as in JSON"),
    (
        "042",
        "an acknowledgement without id answers nothing: it is dropped",
    ),
    ("045", "a namespace begins with a slash"),
    ("046", "a namespace begins with a slash"),
    ("047", "an id is not negative"),
];

/// The file, read by our own `Value`: it keeps the order of members.
fn cases() -> Vec<Value> {
    let text = include_str!("../vectors/msgpack-packets.json");
    let file: Value = serde_json::from_str(text).unwrap();
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

fn hex(case: &Value) -> Vec<u8> {
    let digits = string(case, "hex").as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

#[test]
fn every_case_of_the_reference() {
    let mut seen = BTreeSet::new();
    for case in cases() {
        let id = string(&case, "id").rsplit('-').next().unwrap().to_owned();
        let deviation = DEVIATIONS.iter().find(|(known, _)| *known == id);
        let result = match string(&case, "op") {
            "encode" => encodes(&case),
            "decode" => decodes(&case),
            "reject" => rejects(&case),
            other => panic!("unknown operation {other}"),
        };
        match (result, deviation) {
            (Err(why), None) => panic!("case {id}: {why}\n{case:?}"),
            (Ok(()), Some((_, reason))) => panic!("case {id} no longer differs: {reason}"),
            _ => seen.insert(id),
        };
    }
    for (id, _) in DEVIATIONS {
        assert!(seen.contains(*id), "there is no case {id}");
    }
}

/// What we do not write ourselves we still read.
#[test]
fn whatever_the_reference_writes_is_read() {
    for case in cases() {
        if string(&case, "op") == "encode" {
            decodes(&case).unwrap_or_else(|why| panic!("{why}\n{case:?}"));
        }
    }
}

fn encodes(case: &Value) -> Result<(), String> {
    let frame = encoded(&packet_of(at(case, "packet")));
    let expected = hex(case);
    if members(&frame) == members(&expected) {
        Ok(())
    } else {
        Err(format!("{frame:x?}\n{expected:x?}"))
    }
}

/// The members of the packet as bytes, in any order: that of the reference varies.
fn members(frame: &[u8]) -> BTreeSet<Vec<u8>> {
    let values = |data: &[u8]| data.to_vec();
    let mut rest = frame[1..].to_vec();
    let mut members = BTreeSet::new();
    for _ in 0..frame[0] & 0x0f {
        let end = value_end(&rest);
        let end = end + value_end(&rest[end..]);
        members.insert(values(&rest[..end]));
        rest.drain(..end);
    }
    assert!(rest.is_empty());
    members
}

/// A naive twin of the scanner, for the few forms of the cases.
fn value_end(data: &[u8]) -> usize {
    let number = |range: std::ops::Range<usize>| {
        data[range]
            .iter()
            .fold(0, |n, &byte| n << 8 | usize::from(byte))
    };
    let (mut end, inside) = match data[0] {
        marker @ 0x80..=0x8f => (1, 2 * usize::from(marker & 0x0f)),
        marker @ 0x90..=0x9f => (1, usize::from(marker & 0x0f)),
        marker @ 0xa0..=0xbf => (1 + usize::from(marker & 0x1f), 0),
        0xc4 | 0xd9 => (2 + number(1..2), 0),
        0xda => (3 + number(1..3), 0),
        0xdb => (5 + number(1..5), 0),
        0xcc | 0xd0 => (2, 0),
        0xcd | 0xd1 | 0xd4 => (3, 0),
        0xce | 0xd2 => (5, 0),
        0xcb | 0xcf | 0xd3 => (9, 0),
        0xd7 => (10, 0),
        0xdc => (3, number(1..3)),
        0xde => (3, 2 * number(1..3)),
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (1, 0),
        other => panic!("{other:x}"),
    };
    for _ in 0..inside {
        end += value_end(&data[end..]);
    }
    end
}

fn packet_of(packet: &Value) -> Packet {
    let namespace = Namespace::new(Text::from(string(packet, "nsp").to_owned())).unwrap();
    let id = at(packet, "ack_id").as_u64().map(AckId);
    let value = || Payload::value(Format::MsgPack, &value_of(at(packet, "data"))).unwrap();
    let list = |event: Option<&str>, args: &[Value]| {
        let args: Vec<Value> = args.iter().map(value_of).collect();
        Payload::from_values(Format::MsgPack, event, &args).unwrap()
    };
    let data = at(packet, "data").as_array();
    let body = match at(packet, "type").as_u64().unwrap() {
        0 if at(packet, "data").as_object().is_none_or(is_undefined) => Body::Connect(None),
        0 => Body::Connect(Some(value())),
        1 => Body::Disconnect,
        2 => {
            let (name, args) = data.unwrap().split_first().unwrap();
            Body::Event {
                id,
                payload: list(name.as_str(), args),
            }
        }
        3 => Body::Ack {
            id: id.unwrap(),
            payload: list(None, data.unwrap()),
        },
        4 => Body::ConnectError(value()),
        other => panic!("unknown type {other}"),
    };
    Packet { namespace, body }
}

fn decodes(case: &Value) -> Result<(), String> {
    let packet = push(&hex(case)).map_err(|error| error.to_string())?;
    let packet = packet.ok_or("no packet")?;
    let case = at(case, "packet");
    let (kind, id) = match &packet.body {
        Body::Connect(_) => (0, None),
        Body::Disconnect => (1, None),
        Body::Event { id, .. } => (2, *id),
        Body::Ack { id, .. } => (3, Some(*id)),
        Body::ConnectError(_) => (4, None),
    };
    let data = at(case, "data");
    let event = match data.as_array() {
        Some([name, ..]) if kind == 2 => name.as_str(),
        _ => None,
    };
    let expected = match data {
        Value::Array(data) if kind == 2 => data[1..].iter().map(value_of).collect(),
        Value::Array(data) => data.iter().map(value_of).collect(),
        Value::Object(members) if is_undefined(members) => Vec::new(),
        Value::Null => Vec::new(),
        data => vec![value_of(data)],
    };
    let payload = payload_of(&packet);
    let values = match payload.map(Payload::values) {
        None => Vec::new(),
        Some(values) => values.map_err(|error| error.to_string())?,
    };
    let same = Some(kind) == at(case, "type").as_u64()
        && packet.namespace.as_str() == string(case, "nsp")
        && id == at(case, "ack_id").as_u64().map(AckId)
        && payload.and_then(Payload::event) == event
        // The reference has written 0 for 1e300.
        && (values == expected || values.last() == Some(&Value::from(0)));
    if same {
        Ok(())
    } else {
        Err(format!("{packet:?}\n{values:?}\n{expected:?}"))
    }
}

fn rejects(case: &Value) -> Result<(), String> {
    let result = push(&hex(case));
    let Err(error) = result else {
        return Err(format!("{result:?}"));
    };
    let theirs = string(case, "error");
    if theirs.starts_with("invalid") {
        // Ours for the acknowledgement id is shared with JSON.
        let ours = match error.to_string() {
            ours if ours == "illegal acknowledgement id" => "invalid packet id".to_owned(),
            ours => ours,
        };
        assert_eq!(ours, theirs);
    }
    Ok(())
}

fn is_undefined(members: &Map) -> bool {
    members.contains_key("$undefined")
}

/// The values of the file: JSON with `$bin`, `$number`, `$date` and `$undefined`.
fn value_of(value: &Value) -> Value {
    use base64::Engine;
    match value {
        Value::Array(elements) => Value::Array(elements.iter().map(value_of).collect()),
        Value::Object(members) => {
            if let Some(base64) = members.get("$bin") {
                let base64 = base64.as_str().unwrap();
                let bytes = base64::prelude::BASE64_STANDARD.decode(base64).unwrap();
                return Value::Binary(Bytes::from(bytes));
            }
            if let Some(date) = members.get("$date") {
                return value_of(date);
            }
            if members.contains_key("$number") || is_undefined(members) {
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

/// Frames of a session that was recorded between the reference's server and client.
#[test]
fn what_a_server_sends_is_what_the_reference_sends() {
    let value = |value: serde_json::Value| Payload::value(Format::MsgPack, &value).unwrap();
    let main = |body| Packet {
        namespace: Namespace::root(),
        body,
    };
    let sid = value(serde_json::json!({ "sid": "oSO0OpakMV_3jnilAAAA" }));
    assert_eq!(
        encoded(&main(Body::Connect(Some(sid)))),
        b"\x83\xa4type\x00\xa4data\x81\xa3sid\xb4oSO0OpakMV_3jnilAAAA\xa3nsp\xa1/"
    );
    assert_eq!(
        encoded(&main(Body::Disconnect)),
        b"\x82\xa4type\x01\xa3nsp\xa1/"
    );
    let question = Body::Event {
        id: Some(AckId(300)),
        payload: Payload::new(Format::MsgPack, Some("q"), &serde_bytes::Bytes::new(&[9])).unwrap(),
    };
    assert_eq!(
        encoded(&main(question)),
        b"\x84\xa4type\x02\xa4data\x92\xa1q\xc4\x01\x09\xa2id\xcd\x01\x2c\xa3nsp\xa1/"
    );
    let not_a_number = Payload::new(Format::MsgPack, Some("x"), &(f64::NAN, f64::INFINITY));
    let body = Body::Event {
        id: None,
        payload: not_a_number.unwrap(),
    };
    let case = cases()
        .into_iter()
        .find(|case| string(case, "id").ends_with("032"));
    assert_eq!(encoded(&main(body)), hex(&case.unwrap()));
}

#[test]
fn a_packet_is_one_binary_message() {
    let packet = packet_of(&serde_json::from_str(r#"{"type":1,"nsp":"/admin"}"#).unwrap());
    let encoded = MsgPack.encode(&packet).unwrap();
    let [message] = encoded.messages() else {
        panic!("{encoded:?}")
    };
    let frame = Frame::Binary(Bytes::from_static(b"\x82\xa4type\x01\xa3nsp\xa6/admin"));
    assert_eq!(message.clone().into_frame(), frame);
}
