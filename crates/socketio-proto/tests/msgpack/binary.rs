//! Binary data in typed arguments, in every place where serde can put it, in both directions.

use crate::{event, payload_of, push, received, sent, written};
use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_bytes::ByteBuf;
use socketio_proto::parser::Limits;
use socketio_proto::{
    Attachment, Body, Format, Message, MsgPack, Packet, Parser, Payload, PayloadError, Value,
};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

/// There and back; gives the MessagePack.
#[track_caller]
fn round<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) -> Vec<u8> {
    let payload = sent(&value);
    assert!(payload.is_binary());
    assert_eq!(payload.decode::<T>().unwrap(), value);
    written(&value)
}

fn buf(text: &str) -> ByteBuf {
    ByteBuf::from(text.as_bytes())
}

/// The same three bytes in every form that peers may choose.
const SPELLINGS: [&[u8]; 6] = [
    b"\xc4\x03bin",
    b"\xc5\0\x03bin",
    b"\xc6\0\0\0\x03bin",
    b"\xc7\x03\0bin",
    b"\xc8\0\x03\0bin",
    b"\xc9\0\0\0\x03\0bin",
];

/// Decodes an argument with each spelling between the halves.
#[track_caller]
fn reads<T: DeserializeOwned + PartialEq + Debug>(before: &[u8], after: &[u8], expected: T) {
    for spelling in SPELLINGS {
        let payload = received(&[before, spelling, after].concat());
        assert!(payload.is_binary());
        assert_eq!(payload.decode::<(T,)>().unwrap().0, expected);
        assert_eq!(payload.arguments().next::<T>().unwrap(), expected);
    }
}

#[test]
fn at_the_top_level() {
    assert_eq!(round(buf("a")), b"\xc4\x01a");
    assert_eq!(round((1, buf("a"), buf("b"))), b"\x01\xc4\x01a\xc4\x01b");
    assert_eq!(round(Bytes::from_static(b"a")), b"\xc4\x01a");
    reads(b"", b"", buf("bin"));
    reads(b"", b"", Bytes::from_static(b"bin"));
    reads::<Vec<u8>>(b"", b"", b"bin".to_vec());
    reads::<[u8; 3]>(b"", b"", *b"bin");
}

#[test]
fn each_length_has_its_header() {
    for (len, header) in [
        (255, &[0xc4, 0xff][..]),
        (256, &[0xc5, 1, 0]),
        (65_535, &[0xc5, 0xff, 0xff]),
        (65_536, &[0xc6, 0, 1, 0, 0]),
    ] {
        let bytes = ByteBuf::from(vec![7; len]);
        assert!(round(bytes).starts_with(header));
    }
}

#[test]
fn in_lists_maps_and_options() {
    round(vec![Some(buf("a")), None, Some(buf("b"))]);
    round(BTreeMap::from([("z".to_owned(), buf("1"))]));
    round(vec![BTreeMap::from([(7u8, vec![buf("a")])])]);
    round(BTreeMap::from([(true, (buf("a"), 'c'))]));
    reads(b"\x92", b"\xc0", vec![Some(buf("bin")), None]);
    reads(b"\x81\xa2-7", b"", BTreeMap::from([(-7, buf("bin"))]));
    reads(b"\x81\xf9", b"", BTreeMap::from([(-7, buf("bin"))]));
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Photo {
    name: String,
    data: ByteBuf,
    #[serde(default)]
    thumbnail: Option<ByteBuf>,
}

fn photo() -> Photo {
    Photo {
        name: "cat".into(),
        data: buf("bin"),
        thumbnail: None,
    }
}

#[test]
fn in_structs() {
    assert_eq!(
        round(photo()),
        b"\x83\xa4name\xa3cat\xa4data\xc4\x03bin\xa9thumbnail\xc0"
    );
    reads(b"\x82\xa4data", b"\xa4name\xa3cat", photo());
    // A member that is undefined is not there.
    reads(
        b"\x83\xa9thumbnail\xd4\0\0\xa4data",
        b"\xa4name\xa3cat",
        photo(),
    );
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum External {
    Unit,
    Newtype(ByteBuf),
    Tuple(u8, ByteBuf),
    Struct { data: ByteBuf },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind")]
enum Internal {
    Unit,
    Newtype(Photo),
    Struct { data: ByteBuf },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "kind", content = "content")]
enum Adjacent {
    Unit,
    Newtype(ByteBuf),
    Tuple(u8, ByteBuf),
    Struct { data: ByteBuf },
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
enum Untagged {
    Bytes(ByteBuf),
    Struct { data: ByteBuf },
    Number(u8),
}

#[test]
fn in_enums_of_each_tagging() {
    round(vec![
        External::Unit,
        External::Newtype(buf("a")),
        External::Tuple(1, buf("b")),
        External::Struct { data: buf("c") },
    ]);
    round(vec![
        Internal::Unit,
        Internal::Newtype(photo()),
        Internal::Struct { data: buf("a") },
    ]);
    round(vec![
        Adjacent::Unit,
        Adjacent::Newtype(buf("a")),
        Adjacent::Tuple(1, buf("b")),
        Adjacent::Struct { data: buf("c") },
    ]);
    round(vec![
        Untagged::Bytes(buf("a")),
        Untagged::Struct { data: buf("b") },
        Untagged::Number(3),
    ]);
    reads(b"\x81\xa7Newtype", b"", External::Newtype(buf("bin")));
    reads(
        b"\x81\xa5Tuple\x92\x01",
        b"",
        External::Tuple(1, buf("bin")),
    );
    // The tag may come last: serde then buffers what comes before it.
    reads(
        b"\x82\xa4data",
        b"\xa4kind\xa6Struct",
        Internal::Struct { data: buf("bin") },
    );
    reads(
        b"\x82\xa7content",
        b"\xa4kind\xa7Newtype",
        Adjacent::Newtype(buf("bin")),
    );
    reads(b"", b"", Untagged::Bytes(buf("bin")));
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    photo: Photo,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[test]
fn under_flatten() {
    let rest = BTreeMap::from([("more".to_owned(), Value::from(Bytes::from_static(b"x")))]);
    // The length is not known before the end.
    let bytes = round(Flat {
        id: 1,
        photo: photo(),
        rest,
    });
    assert_eq!(bytes[0], 0x85);
    let rest: BTreeMap<_, _> = (0..20)
        .map(|n| (format!("{n:02}"), Value::from(n)))
        .collect();
    let bytes = round(Flat {
        id: 1,
        photo: photo(),
        rest,
    });
    assert_eq!(bytes[..3], [0xde, 0, 24]);
}

#[derive(Debug, Deserialize)]
struct Shared {
    data: Attachment,
}

#[derive(Debug, Deserialize)]
struct FlatShared {
    #[serde(flatten)]
    shared: Shared,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
enum TaggedShared {
    Some { data: Attachment },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum TextOrShared {
    Shared(Attachment),
    Text(String),
}

#[test]
fn an_attachment_is_found_again_without_a_copy() {
    let payload = received(b"\x82\xa4data\xc4\x02bb\xa4kind\xa4Some");
    let whole = payload.as_msgpack().unwrap().as_ptr_range();
    let is_it = |attachment: Attachment| {
        let bytes = payload.attachment(attachment).unwrap();
        assert!(whole.contains(&bytes.as_ptr()));
        assert_eq!(bytes, "bb");
    };
    is_it(payload.decode::<Shared>().unwrap().data);
    is_it(payload.decode::<FlatShared>().unwrap().shared.data);
    let TaggedShared::Some { data } = payload.decode().unwrap();
    is_it(data);
    let members: HashMap<&str, TextOrShared> = payload.decode().unwrap();
    match (&members["data"], &members["kind"]) {
        (TextOrShared::Shared(data), TextOrShared::Text(kind)) => {
            is_it(*data);
            assert_eq!(kind, "Some");
        }
        other => panic!("{other:?}"),
    }
    let other = received(b"\xc4\x02bb");
    let foreign = other.decode::<Attachment>().unwrap();
    assert!(matches!(
        payload.attachment(foreign),
        Err(PayloadError::MissingAttachment)
    ));
}

#[test]
fn an_attachment_accepts_nothing_but_binary_data() {
    for argument in [
        &b"\xa4text"[..],
        b"\xc0",
        b"\x92\x01\x02",
        b"\x01",
        b"\xd4\0\0",
    ] {
        assert!(received(argument).decode::<Attachment>().is_err());
    }
}

#[derive(Deserialize)]
struct Borrowed<'a> {
    #[serde(borrow)]
    data: &'a serde_bytes::Bytes,
    slice: &'a [u8],
    text: &'a str,
}

#[test]
fn bytes_and_text_are_borrowed() {
    let payload = received(b"\x83\xa4data\xc4\x01b\xa5slice\xc4\x01s\xa4text\xa1t");
    let whole = payload.as_msgpack().unwrap().as_ptr_range();
    let borrowed: Borrowed<'_> = payload.decode().unwrap();
    for pointer in [
        borrowed.data.as_ptr(),
        borrowed.slice.as_ptr(),
        borrowed.text.as_ptr(),
    ] {
        assert!(whole.contains(&pointer));
    }
    let values = payload.values().unwrap();
    let shared = values[0].get("data").unwrap().as_binary().unwrap();
    assert!(whole.contains(&shared.as_ptr()));
    assert_eq!(payload.binaries(), ["b", "s"]);
    assert!(payload.attachments().is_empty());
}

#[test]
fn binary_data_is_no_text_and_no_number() {
    let payload = received(b"\xc4\x03bin");
    assert!(payload.decode::<String>().is_err());
    assert!(payload.decode::<char>().is_err());
    assert!(payload.decode::<u32>().is_err());
    assert!(payload.decode::<Photo>().is_err());
    assert!(payload.decode::<External>().is_err());
    assert!(payload.decode::<Option<()>>().is_err());
}

/// `SB-10`: what is a placeholder in JSON is data like any other here.
#[test]
fn sb_10_placeholders_are_data() {
    let data = serde_json::json!({ "_placeholder": true, "num": 0 });
    let payload = sent(&(&data, buf("a")));
    let (read, bytes): (serde_json::Value, ByteBuf) = payload.decode().unwrap();
    assert_eq!((read, bytes), (data, buf("a")));
}

/// `SB-14`: what is kept of a small message does not keep the read buffer.
#[test]
fn sb_14_small_messages_with_binary_data_are_copied() {
    let slice = |len: usize, limits: Limits| {
        let mut data = vec![0x92, 0xa1, b'n', 0xc5];
        data.extend(u16::try_from(len).unwrap().to_be_bytes());
        data.resize(data.len() + len, 7);
        let buffer = Bytes::from(event(&data));
        let range = buffer.as_ptr_range();
        let mut decoder = MsgPack.decoder(limits);
        let packet = decoder.push(Message::Binary(buffer.clone())).unwrap();
        let Some(Packet {
            body: Body::Event { payload, .. },
            ..
        }) = packet
        else {
            panic!()
        };
        let kept = payload.attachment(payload.decode::<Attachment>().unwrap());
        range.contains(&kept.unwrap().as_ptr())
    };
    assert!(!slice(1000, Limits::default()));
    assert!(slice(5000, Limits::default()));
    assert!(slice(1000, Limits::default().copy_below(0)));
}

#[test]
fn connect_carries_binary_data() {
    let auth = BTreeMap::from([("token", buf("secret"))]);
    let payload = Payload::value(Format::MsgPack, &auth).unwrap();
    let frame = crate::encoded(&crate::root(Body::Connect(Some(payload))));
    let packet = push(&frame).unwrap().unwrap();
    let payload = payload_of(&packet).unwrap();
    let read: BTreeMap<&str, ByteBuf> = payload.decode().unwrap();
    assert_eq!(read, auth);
}
