//! A value through serde into a packet of either parser, over the wire and back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use socketio_fuzz::{from_json, messages, same, text};
use socketio_proto::{
    Body, Json, Limits, MsgPack, Namespace, Packet, Parser, Payload, PayloadError, Value,
};

fuzz_target!(|data: &[u8]| {
    if let Some(value) = text(data).and_then(|text| from_json(&text)) {
        check(&Json, &value);
        check(&MsgPack, &value);
    }
});

fn check(parser: &dyn Parser, value: &Value) {
    let format = parser.format();
    let payload = match Payload::new(format, Some("event"), value) {
        Ok(payload) => payload,
        Err(PayloadError::Lookalike) => return assert!(has_lookalike(value)),
        Err(error) => panic!("{error}: {value:?}"),
    };
    let shared = Payload::from_values(format, Some("event"), std::slice::from_ref(value));
    assert_eq!(shared.expect("as well as by serde"), payload);
    if let Some(json) = payload.as_json() {
        assert!(serde_json::from_str::<IgnoredAny>(json).is_ok(), "{json}");
    }

    let received = send(parser, payload);
    let max_depth = Limits::default().max_depth;
    received.check(max_depth).expect("well-formed");
    let read = received.values().expect("readable");
    assert!(same(&read[0], value), "{read:?} was {value:?}");
    let typed: Value = received.decode().expect("readable by serde");
    assert!(same(&typed, value), "{typed:?} was {value:?}");
}

/// The payload as its receiver has it.
fn send(parser: &dyn Parser, payload: Payload) -> Payload {
    let body = Body::Event { id: None, payload };
    let namespace = Namespace::root();
    let encoded = parser
        .encode(&Packet { namespace, body })
        .expect("an event");
    let mut decoder = parser.decoder(Limits::default().max_attachments(usize::MAX));
    let mut packet = None;
    for message in messages(encoded.messages()) {
        assert_eq!(packet, None, "all messages belong to it");
        packet = decoder.push(message).expect("in order");
    }
    match packet.expect("a whole packet").body {
        Body::Event { payload, .. } => payload,
        other => panic!("not an event: {other:?}"),
    }
}

/// Would a receiver take one of the objects for binary data?
fn has_lookalike(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(has_lookalike),
        Value::Object(members) => {
            members.get("_placeholder") == Some(&Value::Bool(true))
                || members.iter().any(|(_, value)| has_lookalike(value))
        }
        _ => false,
    }
}
