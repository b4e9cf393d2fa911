//! What sending an event costs in allocations.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use allocation_counter::measure;
use socketio_proto::{AckId, Body, Encoded, Format, Json, Namespace, Packet, Parser};
use socketio_proto::{Payload, PayloadError, Text};

fn event(namespace: &str, id: Option<u64>, payload: Payload) -> Packet {
    let namespace = Namespace::new(Text::new(namespace)).unwrap();
    let id = id.map(AckId);
    Packet {
        namespace,
        body: Body::Event { id, payload },
    }
}

fn text(encoded: &Encoded) -> Text {
    let frame = encoded.messages()[0].clone().into_frame();
    match frame {
        engineio_proto::Frame::Text(text) => text,
        engineio_proto::Frame::Binary(_) => panic!("the first message is text"),
    }
}

/// With its headers a written payload that fills its buffer is one, whatever the header is.
#[test]
fn the_header_goes_into_the_buffer_of_the_payload() {
    let long = "text".repeat(50);
    for (namespace, id) in [("/", None), ("/", Some(u64::MAX)), ("/admin", Some(15))] {
        let payload = Payload::new(Format::Json, Some("m"), &long).unwrap();
        let json = payload.as_json().unwrap().as_ptr();
        let packet = event(namespace, id, payload);
        let copied = Json.encode(&packet).unwrap();
        let mut owned = None;
        let info = measure(|| owned = Some(Json.encode_owned(packet).unwrap()));
        let owned = owned.unwrap();
        assert_eq!(owned, copied);
        let text = text(&owned);
        let behind_header = &text[text.find('[').unwrap()..];
        assert_eq!(behind_header.as_ptr(), json, "nothing was copied");
        // The reference count.
        assert_eq!(info.count_total, 1);
    }
}

/// It may wait for a client that reads slowly, and is counted by its length then.
#[test]
fn what_is_sent_takes_hardly_more_than_its_length() {
    for len in [0, 1, 10, 100, 250, 300, 400, 1_000, 3_000, 10_000, 100_000] {
        let argument = "x".repeat(len);
        for arguments in [vec![&argument; 1], vec![&argument; 3]] {
            let mut sent = None;
            let info = measure(|| {
                let payload = Payload::new(Format::Json, Some("m"), &arguments).unwrap();
                sent = Some(Json.encode_owned(event_at_root(payload)).unwrap());
            });
            let text = text(sent.as_ref().unwrap()).len();
            let taken = usize::try_from(info.bytes_current).unwrap();
            assert!(taken <= text * 5 / 4 + 128, "{taken} bytes for {text}");
        }
    }
}

#[test]
fn a_header_without_room_is_put_in_front_of_a_copy() {
    let namespace = format!("/{}", "n".repeat(100));
    let payload = Payload::new(Format::Json, Some("m"), "text").unwrap();
    let packet = event(&namespace, None, payload);
    let copied = Json.encode(&packet).unwrap();
    assert_eq!(
        text(&copied),
        format!("42{namespace},[\"m\",\"text\"]").as_str()
    );
    assert_eq!(Json.encode_owned(packet).unwrap(), copied);
}

#[test]
fn a_small_event_costs_its_buffer_and_a_reference_count() {
    let info = measure(|| {
        let payload = Payload::new(Format::Json, Some("chat"), &("some text", 1.5, 7)).unwrap();
        let encoded = Json.encode_owned(event_at_root(payload)).unwrap();
        assert_eq!(encoded.messages().len(), 1);
    });
    assert_eq!(info.count_total, 2);
}

fn event_at_root(payload: Payload) -> Packet {
    Packet {
        namespace: Namespace::root(),
        body: Body::Event { id: None, payload },
    }
}

#[derive(serde::Serialize)]
struct Login<T> {
    token: T,
}

#[test]
fn a_kept_buffer_costs_nothing() {
    let chat = ("some text", 1.5, 7);
    let namespace = Namespace::new(Text::from("/admin")).unwrap();
    let mut out = Vec::with_capacity(1000);
    let info = measure(|| {
        Json.event_to(&namespace, Some(AckId(15)), "chat", &chat, &mut out)
            .unwrap();
        Json.ack_to(&Namespace::root(), AckId(1), &(true, 2), &mut out)
            .unwrap();
        Json.connect_to(&namespace, &Login { token: "x\n" }, &mut out)
            .unwrap();
    });
    assert_eq!(info.count_total, 0);
    let text = r#"42/admin,15["chat","some text",1.5,7]431[true,2]40/admin,{"token":"x\n"}"#;
    assert_eq!(out, text.as_bytes());
}

#[test]
fn attachments_are_counted_in_the_header_of_a_kept_buffer() {
    let mut out = b"before".to_vec();
    let bytes = serde_bytes::Bytes::new(b"bin");
    let attachments = Json
        .event_to(&Namespace::root(), None, "m", &(bytes, 1), &mut out)
        .unwrap();
    assert_eq!(attachments, ["bin"]);
    assert_eq!(out, br#"before451-["m",{"_placeholder":true,"num":0},1]"#);
}

#[test]
fn a_refused_event_leaves_a_kept_buffer_as_it_was() {
    let mut out = b"before".to_vec();
    let unfit = std::collections::HashMap::from([((), 1)]);
    let root = Namespace::root();
    assert!(Json.event_to(&root, None, "m", &unfit, &mut out).is_err());
    assert!(Json.event_to(&root, None, "connect", &1, &mut out).is_err());
    let refused = Json.connect_to(&root, &"no object", &mut out);
    assert!(matches!(refused, Err(PayloadError::Unfit("CONNECT"))));
    let binary = Login {
        token: serde_bytes::Bytes::new(b"binary"),
    };
    let refused = Json.connect_to(&root, &binary, &mut out);
    assert!(matches!(refused, Err(PayloadError::Binary)));
    assert_eq!(out, b"before");
}
