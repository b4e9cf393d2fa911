//! What holds for any packet and any bytes.

use crate::{encoded, event, payload_of, push, root};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Number;
use socketio_proto::parser::{Limits, msgpack::PacketRef};
use socketio_proto::{
    AckId, Body, Format, Message, MsgPack, Namespace, Packet, Parser, Payload, Text, Value,
};

/// JavaScript does not tell a whole float from an integer, and neither do we.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-200..200i64).prop_map(Value::from),
        proptest::num::f64::NORMAL
            .prop_filter("not whole", |float| float % 1.0 != 0.0)
            .prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        ".{0,40}".prop_map(Value::from),
        proptest::collection::vec(any::<u8>(), 0..300)
            .prop_map(|bytes| Value::from(Bytes::from(bytes))),
    ];
    scalar.prop_recursive(5, 64, 20, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..20).prop_map(Value::Array),
            proptest::collection::vec((".{0,8}", inner), 0..20)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn list(event: Option<&str>, args: &[Value]) -> Payload {
    Payload::from_values(Format::MsgPack, event, args).unwrap()
}

fn body() -> impl Strategy<Value = Body> {
    let args = || proptest::collection::vec(value(), 0..20);
    let id = || any::<u64>().prop_map(AckId);
    let object = || {
        proptest::collection::vec((".{0,8}", value()), 0..4)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
            .prop_map(|value| Payload::value(Format::MsgPack, &value).unwrap())
    };
    prop_oneof![
        proptest::option::of(object()).prop_map(Body::Connect),
        Just(Body::Disconnect),
        (proptest::option::of(id()), "[^c]{0,40}", args()).prop_map(|(id, name, args)| {
            let name = format!("-{name}");
            Body::Event {
                id,
                payload: list(Some(&name), &args),
            }
        }),
        (id(), args()).prop_map(|(id, args)| Body::Ack {
            id,
            payload: list(None, &args)
        }),
        object().prop_map(Body::ConnectError),
    ]
}

/// Reads whatever can be read; it must only not panic.
fn read_all(payload: &Payload) {
    let _ = payload.values();
    let _ = payload.decode::<Value>();
    let _ = payload.decode::<(u8, Option<String>, Vec<u8>)>();
    let _ = payload.arguments().rest::<Vec<serde_json::Value>>();
    let mut arguments = payload.arguments();
    while !arguments.is_empty() {
        let _ = arguments.next::<&str>();
    }
    payload.binaries();
}

proptest! {
    #[test]
    fn a_packet_reads_back_as_itself(body in body(), namespace in "/[^,]{0,40}") {
        let namespace = Namespace::new(Text::from(namespace)).unwrap();
        let packet = Packet { namespace, body };
        let frame = encoded(&packet);
        let read = push(&frame).unwrap().unwrap();
        prop_assert_eq!(&read, &packet);
        prop_assert_eq!(encoded(&read), frame);
        if let Some(payload) = payload_of(&packet) {
            let values = payload.values().unwrap();
            prop_assert_eq!(payload.decode::<serde::de::IgnoredAny>().is_ok(), true);
            prop_assert_eq!(payload_of(&read).unwrap().values().unwrap(), values);
        }
    }

    #[test]
    fn writing_at_once_gives_what_writing_in_two_steps_gives(
        args in proptest::collection::vec(value(), 0..4),
        id in proptest::option::of(any::<u64>().prop_map(AckId)),
    ) {
        let mut at_once = b"kept".to_vec();
        MsgPack.event_to(&Namespace::root(), id, "n", &args, &mut at_once).unwrap();
        let payload = Payload::new(Format::MsgPack, Some("n"), &args).unwrap();
        let body = Body::Event { id, payload };
        let in_two = [&b"kept"[..], &encoded(&root(body))].concat();
        prop_assert_eq!(at_once, in_two);
    }

    #[test]
    fn a_float_is_never_another_number(float in any::<f64>()) {
        let payload = Payload::new(Format::MsgPack, Some("n"), &float).unwrap();
        let read = payload.decode::<f64>().unwrap();
        prop_assert!(read == float || read.is_nan() && float.is_nan());
        let single = Payload::new(Format::MsgPack, Some("n"), &(float as f32)).unwrap();
        let read = single.decode::<f32>().unwrap();
        prop_assert!(read == float as f32 || read.is_nan());
        if let Some(number) = Number::from_f64(float) {
            let value = &payload.values().unwrap()[0];
            prop_assert_eq!(value.as_f64(), number.as_f64());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = PacketRef::parse(&bytes, 8);
        let message = Message::Binary(Bytes::from(event(&bytes)));
        let _ = MsgPack.decoder(Limits::default()).push(message);
        // Behind a good beginning.
        let mut data = vec![0x94, 0xa1, b'n'];
        data.extend(&bytes);
        data.extend([0xc0; 3]);
        if let Ok(Some(packet)) = push(&event(&data)) {
            read_all(payload_of(&packet).unwrap());
        }
    }

    #[test]
    fn no_damage_makes_it_panic(
        body in body(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut frame = encoded(&root(body));
        for (index, byte) in damage {
            let index = index.index(frame.len());
            frame[index] = byte;
        }
        for frame in [&frame[..], &frame[..cut.index(frame.len())]] {
            let message = Message::Binary(Bytes::copy_from_slice(frame));
            let packet = MsgPack.decoder(Limits::default()).push(message);
            if let Ok(Some(packet)) = packet && let Some(payload) = payload_of(&packet) {
                let _ = payload.check(128);
                read_all(payload);
                // What was let through can be passed on.
                prop_assert!(MsgPack.encode(&packet).is_ok());
            }
        }
    }
}
