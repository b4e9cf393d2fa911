//! What peers may send, and what is refused. The numbers are those of the text protocol's cases.

use crate::{encoded, event, payload_of, push, push_with, received, root, sent};
use bytes::Bytes;
use engineio_proto::Frame;
use serde::Deserialize;
use socketio_proto::parser::{Kind, Limits, msgpack::PacketRef};
use socketio_proto::{
    AckId, Body, DecodeError, Format, Json, Message, MsgPack, Namespace, Packet, Parser, Payload,
    PayloadError, Text, Value,
};

#[track_caller]
fn refused(message: &[u8], expected: DecodeError) {
    assert_eq!(push(message), Err(expected), "{message:x?}");
}

fn name(message: &[u8]) -> String {
    let packet = push(message).unwrap().unwrap();
    payload_of(&packet).unwrap().event().unwrap().to_owned()
}

#[test]
fn sp_01_the_type_is_known() {
    refused(b"", DecodeError::Empty);
    refused(b"\x81\xa3nsp\xa1/", DecodeError::PacketType);
    for kind in [
        &b"\x05"[..],
        b"\xff",
        b"\xa12",
        b"\xc0",
        b"\x90",
        b"\xd4\0\0",
    ] {
        let message = [b"\x82\xa4type", kind, b"\xa3nsp\xa1/"].concat();
        refused(&message, DecodeError::PacketType);
    }
    // A float is a whole number in JavaScript.
    let float = b"\x82\xa4type\xcb\x3f\xf0\0\0\0\0\0\0\xa3nsp\xa1/";
    assert_eq!(push(float).unwrap().unwrap().body, Body::Disconnect);
}

#[test]
fn a_text_message_is_refused() {
    let mut decoder = MsgPack.decoder(Limits::default());
    let result = decoder.push(Message::Text(Text::from("40")));
    assert_eq!(result, Err(DecodeError::NotBinary));
    assert!(decoder.is_idle());
}

#[test]
fn sp_02_an_event_is_a_list_with_a_name() {
    for data in [
        &b"\x90"[..],
        b"\x80",
        b"\xa1a",
        b"\xc0",
        b"\x91\xc0",
        b"\x91\x80",
        b"\x91\x91\xa1a",
        b"\x91\xc3",
        b"\x91\xc4\x01a",
        b"\x91\xcb\x3f\xf8\0\0\0\0\0\0",
        b"\x91\xa1\xff",
        b"\xd4\0\0",
    ] {
        refused(&event(data), DecodeError::Payload);
    }
    refused(b"\x82\xa4type\x02\xa3nsp\xa1/", DecodeError::Payload);
}

#[test]
fn sp_03_a_whole_number_is_a_name() {
    assert_eq!(name(&event(b"\x91\x07")), "7");
    assert_eq!(name(&event(b"\x91\xff")), "-1");
}

#[test]
fn sp_04_reserved_names_are_refused() {
    for name in ["connect", "connect_error", "disconnect", "disconnecting"] {
        let mut data = vec![0x91, 0xa0 | name.len() as u8];
        data.extend(name.as_bytes());
        refused(&event(&data), DecodeError::Payload);
    }
    assert_eq!(name(&event(b"\x91\xa5error")), "error");
}

#[test]
fn sp_05_odd_names_are_names() {
    assert_eq!(name(&event(b"\x91\xa9__proto__")), "__proto__");
    assert_eq!(name(&event(b"\x91\xa0")), "");
    assert_eq!(name(&event(b"\x91\xa1\0")), "\0");
    let long = |len: u32| {
        let mut data = vec![0x91, 0xdb];
        data.extend(len.to_be_bytes());
        data.resize(data.len() + len as usize, b'x');
        event(&data)
    };
    assert_eq!(name(&long(1024)).len(), 1024);
    refused(&long(1025), DecodeError::Limit { what: "event name" });
}

#[test]
fn sp_06_what_is_not_one_whole_value_is_refused() {
    let good = event(b"\x92\xa1a\x93\x01\xa1b\x81\xa1c\xc0");
    assert!(push(&good).is_ok());
    for end in 1..good.len() {
        refused(&good[..end], DecodeError::Malformed);
    }
    refused(&[&good[..], b"\xc0"].concat(), DecodeError::Malformed);
    refused(&event(b"\x92\xa1a\xc1"), DecodeError::Malformed);
    refused(b"\xc1", DecodeError::Malformed);
    refused(&event(b"\x92\xa1a\xa1\xff"), DecodeError::Payload);
    // Of members with one name the last counts, as in JavaScript.
    let twice = b"\x84\xa4type\x00\xa4type\x01\xa3nsp\x01\xa3nsp\xa1/";
    assert_eq!(push(twice).unwrap().unwrap().body, Body::Disconnect);
}

#[test]
fn sp_07_depth_is_limited_and_costs_no_stack() {
    for (open, per_turn) in [(&b"\x91"[..], 1), (b"\x81\xa1a", 1), (b"\x91\x81\xa1a", 2)] {
        for depth in [100, 126, 1000, 100_000] {
            let inside = [&open.repeat(depth / per_turn)[..], b"\xc0"].concat();
            let message = event(&[b"\x92\xa1a", &inside[..]].concat());
            let result = push(&message);
            if depth <= 126 {
                let packet = result.unwrap().unwrap();
                drop(payload_of(&packet).unwrap().values().unwrap());
                continue;
            }
            assert_eq!(result, Err(DecodeError::Limit { what: "depth" }));
            // Who allows it is told when he reads it.
            let limits = Limits::default().max_depth(usize::MAX);
            let packet = push_with(limits, &message).unwrap().unwrap();
            let payload = payload_of(&packet).unwrap();
            assert!(payload.values().is_err());
            assert!(payload.decode::<serde_json::Value>().is_err());
            assert!(payload.decode::<Value>().is_err());
            payload.decode::<serde::de::IgnoredAny>().unwrap();
        }
    }
}

#[test]
fn sp_08_a_number_that_does_not_fit_is_an_error() {
    let payload = received(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_eq!(payload.decode::<u64>().unwrap(), u64::MAX);
    assert!(payload.decode::<i64>().is_err());
    let payload = received(b"\xd0\x80");
    assert_eq!(payload.decode::<i8>().unwrap(), -128);
    assert!(payload.decode::<u64>().is_err());
    let payload = received(b"\xcb\x7f\xf8\0\0\0\0\0\0");
    assert!(payload.decode::<f64>().unwrap().is_nan());
    assert_eq!(payload.values().unwrap(), [Value::Null]);
}

#[test]
fn sp_09_an_id_is_a_whole_number_of_64_bits() {
    let with_id = |id: &[u8]| {
        let head = b"\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x91\xa1a\xa2id";
        push(&[&head[..], id].concat()).map(|packet| match packet.unwrap().body {
            Body::Event { id, .. } => id,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(with_id(b"\x00"), Ok(Some(AckId(0))));
    assert_eq!(
        with_id(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
        Ok(Some(AckId(u64::MAX)))
    );
    assert_eq!(with_id(b"\xcb\x40\x08\0\0\0\0\0\0"), Ok(Some(AckId(3))));
    assert_eq!(with_id(b"\xd4\0\0"), Ok(None), "undefined is absent");
    for id in [
        &b"\xff"[..],
        b"\xc0",
        b"\xa11",
        b"\xcb\x3f\xf8\0\0\0\0\0\0",
        b"\xcb\x43\xf0\0\0\0\0\0\0",
        b"\xcb\x7f\xf8\0\0\0\0\0\0",
        b"\x90",
    ] {
        assert_eq!(with_id(id), Err(DecodeError::AckId), "{id:x?}");
    }
    // It means nothing elsewhere, but has to be one.
    let id = |id: &[u8]| [b"\x83\xa4type\x01\xa3nsp\xa1/\xa2id", id].concat();
    assert_eq!(push(&id(b"\x01")).unwrap().unwrap().body, Body::Disconnect);
    refused(&id(b"\xc0"), DecodeError::AckId);
    // An acknowledgement that answers nothing is checked all the same.
    let ack = |data: &[u8]| [b"\x83\xa4type\x03\xa3nsp\xa1/\xa4data", data].concat();
    assert_eq!(push(&ack(b"\x91\x01")), Ok(None));
    assert_eq!(push(&ack(b"\x91\xa1\xff")), Err(DecodeError::Payload));
}

#[test]
fn sp_10_a_namespace_begins_with_a_slash() {
    let of = |name: &[u8]| [b"\x82\xa4type\x01\xa3nsp", name].concat();
    for name in [
        &b"\xc0"[..],
        b"\x01",
        b"\xa0",
        b"\xa1x",
        b"\xa2/\xff",
        b"\xa3/,x",
        b"\xc4\x01/",
    ] {
        refused(&of(name), DecodeError::Namespace);
    }
    for good in ["/", "//", "/a?b=c", "/\u{e9}\0"] {
        let mut name = vec![0xa0 | good.len() as u8];
        name.extend(good.as_bytes());
        let packet = push(&of(&name)).unwrap().unwrap();
        assert_eq!(packet.namespace.as_str(), good);
    }
    let mut long = b"\xda\x04\x00/".to_vec();
    long.resize(long.len() + 1023, b'x');
    assert!(push(&of(&long)).is_ok());
    long[2] += 1;
    long.push(b'x');
    refused(&of(&long), DecodeError::Limit { what: "namespace" });
}

#[test]
fn sp_11_connect_carries_a_map_or_nothing() {
    let of = |data: &[u8]| [b"\x83\xa4type\x00\xa3nsp\xa1/\xa4data", data].concat();
    for data in [&b"\xc0"[..], b"\x90", b"\xa1x", b"\x01", b"\xc4\0"] {
        refused(&of(data), DecodeError::Payload);
    }
    let none = push(&of(b"\xd4\0\0")).unwrap().unwrap();
    assert_eq!(none.body, Body::Connect(None), "undefined is absent");
    let auth = push(&of(b"\x81\xa5token\xc4\x01\x07")).unwrap().unwrap();
    let Body::Connect(Some(auth)) = auth.body else {
        panic!()
    };
    assert_eq!(
        auth.values().unwrap()[0].get("token"),
        Some(&Value::from(Bytes::from_static(b"\x07")))
    );
}

#[test]
fn sp_12_disconnect_carries_nothing() {
    for data in [&b"\x80"[..], b"\xc0", b"\x90"] {
        let message = [b"\x83\xa4type\x01\xa3nsp\xa1/\xa4data", data].concat();
        refused(&message, DecodeError::Payload);
    }
}

#[test]
fn sp_13_connect_error_carries_a_map_or_text() {
    let of = |data: &[u8]| [b"\x83\xa4type\x04\xa3nsp\xa1/\xa4data", data].concat();
    for data in [&b"\x90"[..], b"\xc0", b"\x01", b"\xd4\0\0"] {
        refused(&of(data), DecodeError::Payload);
    }
    for data in [&b"\xa2no"[..], b"\x81\xa7message\xa2no"] {
        let packet = push(&of(data)).unwrap().unwrap();
        assert_eq!(encoded(&packet).len(), of(data).len());
    }
}

#[test]
fn sp_16_what_cannot_be_written_is_an_error_and_nothing_is_half_written() {
    assert!(matches!(
        Payload::new(Format::MsgPack, Some("connect"), &()),
        Err(PayloadError::Reserved(name)) if name == "connect"
    ));
    let mut deep = Value::Null;
    for _ in 0..128 {
        deep = Value::Array(vec![deep]);
    }
    assert!(Payload::from_values(Format::MsgPack, Some("n"), &[deep.clone()]).is_err());
    let Value::Array(mut inner) = deep else {
        panic!()
    };
    let inner = inner.pop().unwrap();
    let args = std::slice::from_ref(&inner);
    let payload = Payload::from_values(Format::MsgPack, Some("n"), args).unwrap();
    assert_eq!(payload.check(128), Ok(()));
    assert_eq!(payload.values().unwrap(), [inner]);

    let mut out = b"before".to_vec();
    let root = Namespace::root();
    assert!(
        MsgPack
            .event_to(&root, None, "n", &(1, u128::MAX), &mut out)
            .is_err()
    );
    assert!(
        MsgPack
            .ack_to(&root, AckId(1), &(1, i128::MIN), &mut out)
            .is_err()
    );
    assert!(
        MsgPack
            .event_to(&root, None, "connect", &(), &mut out)
            .is_err()
    );
    // What comes with CONNECT is an object.
    for data in [Value::from(1), Value::from("a"), Value::Array(Vec::new())] {
        let refused = MsgPack.connect_to(&root, &data, &mut out);
        assert!(matches!(refused, Err(PayloadError::Unfit("CONNECT"))));
    }
    assert_eq!(out, b"before");
}

#[test]
fn a_connection_is_written_like_its_packet() {
    let large: serde_json::Map<_, _> = (0..20).map(|n| (n.to_string(), n.into())).collect();
    for data in [serde_json::Map::new(), large] {
        let payload = Payload::value(Format::MsgPack, &data).unwrap();
        let packet = Packet {
            namespace: Namespace::new(Text::from("/chat")).unwrap(),
            body: Body::Connect(Some(payload)),
        };
        let (mut out, mut at_once) = (Vec::new(), Vec::new());
        MsgPack.encode_to(&packet, &mut out).unwrap();
        MsgPack
            .connect_to(&packet.namespace, &data, &mut at_once)
            .unwrap();
        assert_eq!(at_once, out);
    }
}

#[test]
fn a_payload_fits_its_packet_and_its_parser() {
    let json = Payload::new(Format::Json, Some("n"), &1).unwrap();
    let body = Body::Event {
        id: None,
        payload: json,
    };
    let unfit = |result: Result<_, PayloadError>| matches!(result, Err(PayloadError::Unfit(_)));
    assert!(unfit(MsgPack.encode(&root(body)).map(drop)));
    let body = Body::Event {
        id: None,
        payload: sent(&1),
    };
    assert!(unfit(Json.encode(&root(body)).map(drop)));
    let list = || Payload::new(Format::MsgPack, None, &1).unwrap();
    let text = || Payload::value(Format::MsgPack, "text").unwrap();
    let mut out = Vec::new();
    for body in [
        Body::Event {
            id: None,
            payload: list(),
        },
        Body::Ack {
            id: AckId(0),
            payload: sent(&1),
        },
        Body::Connect(Some(text())),
        Body::ConnectError(list()),
    ] {
        assert!(unfit(MsgPack.encode_to(&root(body), &mut out)));
    }
    assert!(out.is_empty());
}

#[test]
fn bytes_of_a_packet_are_limited() {
    let message = event(b"\x91\xa1a");
    let limit = |bytes| push_with(Limits::default().max_bytes(bytes), &message);
    assert!(limit(message.len()).is_ok());
    assert_eq!(
        limit(message.len() - 1),
        Err(DecodeError::Limit { what: "bytes" })
    );
}

/// A length of 4 GiB in a message of some bytes: nothing is set aside for it.
#[test]
fn a_length_alone_costs_no_memory() {
    let messages = [
        event(b"\xdd\xff\xff\xff\xff\xa1a"),
        event(b"\x92\xa1a\xdd\xff\xff\xff\xff"),
        event(b"\x92\xa1a\xdf\xff\xff\xff\xff"),
        event(b"\x92\xa1a\xdb\xff\xff\xff\xff"),
        event(b"\x92\xa1a\xc6\xff\xff\xff\xff"),
        event(b"\x92\xa1a\xc9\xff\xff\xff\xff\x00"),
        b"\xdf\xff\xff\xff\xff\xa4type\x01".to_vec(),
    ];
    let used = allocation_counter::measure(|| {
        for message in &messages {
            let result = PacketRef::parse(message, 128);
            assert_eq!(result, Err(DecodeError::Malformed));
        }
    });
    assert_eq!(used.count_total, 0);
}

#[test]
fn a_map_of_a_peer_does_not_cost_the_square_of_its_size() {
    let mut argument = b"\xdf\x00\x00\xea\x60".to_vec();
    for n in 0..60_000_u32 {
        argument.push(0xce);
        argument.extend((n % 30_000).to_be_bytes());
        argument.push(0x01);
    }
    let values = received(&argument).values().unwrap();
    assert_eq!(values[0].as_object().unwrap().len(), 30_000);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Point<'a> {
    x: i32,
    label: &'a str,
}

#[test]
fn a_view_allocates_nothing() {
    let message = event(b"\x93\xa4move\x82\xa1x\x07\xa5label\xa1p\xc4\x01\x09");
    let used = allocation_counter::measure(|| {
        let packet = PacketRef::parse(&message, 128).unwrap();
        assert_eq!((packet.kind, packet.namespace), (Kind::Event, "/"));
        assert_eq!(packet.event().unwrap(), "move");
        assert!(packet.is_binary);
        let mut arguments = packet.arguments();
        assert_eq!(
            arguments.next::<Point<'_>>().unwrap(),
            Point { x: 7, label: "p" }
        );
        assert_eq!(
            arguments.next::<&serde_bytes::Bytes>().unwrap().as_ref(),
            [9]
        );
        let (point, bytes): (Point<'_>, &[u8]) = packet.arguments().rest().unwrap();
        assert_eq!((point.x, bytes), (7, &[9][..]));
    });
    assert_eq!(used.count_total, 0);
}

#[test]
fn writing_into_a_kept_buffer_allocates_nothing() {
    #[derive(serde::Serialize)]
    struct Token {
        token: &'static str,
    }

    let packet = Packet {
        namespace: Namespace::new(Text::from("/chat")).unwrap(),
        body: Body::Event {
            id: Some(AckId(7)),
            payload: sent(&(1, "two")),
        },
    };
    let mut out = Vec::with_capacity(1024);
    let used = allocation_counter::measure(|| {
        MsgPack.encode_to(&packet, &mut out).unwrap();
        let args = (1, "two", [1.5; 20].as_slice());
        MsgPack
            .event_to(&packet.namespace, Some(AckId(7)), "n", &args, &mut out)
            .unwrap();
        MsgPack
            .ack_to(&packet.namespace, AckId(7), &args, &mut out)
            .unwrap();
        MsgPack
            .connect_to(&packet.namespace, &Token { token: "secret" }, &mut out)
            .unwrap();
    });
    assert_eq!(used.count_total, 0);
}

/// Around its data a packet needs as much room as the payload has left for it.
#[test]
fn an_emit_is_written_once() {
    let event = |payload| {
        let body = Body::Event {
            id: Some(AckId(300)),
            payload,
        };
        Packet {
            namespace: Namespace::new(Text::from("/chat")).unwrap(),
            body,
        }
    };
    let payload = sent(&("some text", 1.5, 7));
    let data = payload.as_msgpack().unwrap().as_ptr();
    let packet = event(payload);
    let copied = MsgPack.encode(&packet).unwrap();
    let mut owned = None;
    let used = allocation_counter::measure(|| owned = MsgPack.encode_owned(packet).ok());
    let owned = owned.unwrap();
    assert_eq!(owned, copied);
    assert_eq!(used.count_total, 1, "a reference count");
    let Frame::Binary(frame) = owned.messages()[0].clone().into_frame() else {
        panic!()
    };
    assert_eq!(frame[12..].as_ptr(), data, "nothing was moved");

    // One that is passed on is a slice of what has brought it.
    let read = push(&frame).unwrap().unwrap();
    assert_eq!(MsgPack.encode_owned(read).unwrap(), copied);
    let leave = root(Body::Disconnect);
    assert_eq!(
        MsgPack.encode_owned(leave.clone()).unwrap(),
        MsgPack.encode(&leave).unwrap()
    );
}
