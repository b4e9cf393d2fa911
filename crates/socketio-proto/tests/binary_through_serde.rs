//! Binary data in typed arguments, in every place where serde can put it, in both directions.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_bytes::ByteBuf;
use socketio_proto::{Attachment, Format, Payload, PayloadError, Value};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use support::received;

fn sent<T: Serialize + ?Sized>(args: &T) -> Payload {
    Payload::new(Format::Json, Some("name"), args).unwrap()
}

/// There and back; gives the text.
#[track_caller]
fn round<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) -> String {
    let payload = sent(&value);
    assert_eq!(payload.check(128), Ok(()));
    assert_eq!(payload.decode::<T>().unwrap(), value);
    payload
        .as_json()
        .unwrap()
        .replace(r#"{"_placeholder":true,"num":"#, "<")
        .replace('}', ">")
}

fn buf(text: &str) -> ByteBuf {
    ByteBuf::from(text.as_bytes())
}

/// Placeholder 0 with its keys in another order, with escapes, with an extra key.
const SPELLINGS: [&str; 4] = [
    r#"{"_placeholder":true,"num":0}"#,
    r#"{ "num" : 0 , "_placeholder" : true }"#,
    r#"{"_placeh\u006flder":true,"\u006eum":0}"#,
    r#"{"extra":[{}],"num":0,"_placeholder":true}"#,
];

/// Decodes an argument with each spelling in the place of `@`.
#[track_caller]
fn reads<T: DeserializeOwned + PartialEq + Debug>(argument: &str, expected: T) {
    for placeholder in SPELLINGS {
        let payload = received(&argument.replace('@', placeholder), &[b"bin"]).unwrap();
        assert_eq!(
            payload.decode::<(T,)>().unwrap().0,
            expected,
            "{placeholder}"
        );
        assert_eq!(
            payload.arguments().next::<T>().unwrap(),
            expected,
            "{placeholder}"
        );
    }
}

#[test]
fn at_the_top_level() {
    assert_eq!(round(buf("a")), r#"["name",<0>]"#);
    assert_eq!(round((1, buf("a"), buf("b"))), r#"["name",1,<0>,<1>]"#);
    assert_eq!(round(Bytes::from_static(b"a")), r#"["name",<0>]"#);
    assert_eq!(
        sent(serde_bytes::Bytes::new(b"a")).attachments(),
        [Bytes::from_static(b"a")]
    );
    reads("@", buf("bin"));
    reads("@", Bytes::from_static(b"bin"));
    reads::<Vec<u8>>("@", b"bin".to_vec());
    reads::<[u8; 3]>("@", *b"bin");
}

#[test]
fn in_lists_maps_and_options() {
    round(vec![Some(buf("a")), None, Some(buf("b"))]);
    round(BTreeMap::from([
        ("z".to_owned(), buf("1")),
        ("a".to_owned(), buf("2")),
    ]));
    round(vec![BTreeMap::from([(7u8, vec![buf("a")])])]);
    round(BTreeMap::from([(true, (buf("a"), 'c'))]));
    reads(
        r#"{"k":{"l":[@]}}"#,
        HashMap::from([(
            "k".to_owned(),
            HashMap::from([("l".to_owned(), vec![buf("bin")])]),
        )]),
    );
    reads("[@,null]", vec![Some(buf("bin")), None]);
    reads(r#"{"-7":@}"#, BTreeMap::from([(-7, buf("bin"))]));
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Photo {
    name: String,
    data: ByteBuf,
    #[serde(default)]
    thumbnail: Option<ByteBuf>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Wrapper(ByteBuf);

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Tuple(ByteBuf, u8);

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
        round(Photo {
            thumbnail: Some(buf("small")),
            ..photo()
        }),
        r#"["name",{"name":"cat","data":<0>,"thumbnail":<1>>]"#
    );
    assert_eq!(round(Wrapper(buf("a"))), r#"["name",<0>]"#);
    assert_eq!(round(Tuple(buf("a"), 1)), r#"["name",<0>,1]"#);
    assert_eq!(round((Tuple(buf("a"), 1), 2)), r#"["name",[<0>,1],2]"#);
    reads(r#"{"data":@,"name":"cat"}"#, photo());
    reads("[@,1]", Tuple(buf("bin"), 1));
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
    let external = [
        External::Unit,
        External::Newtype(buf("a")),
        External::Tuple(1, buf("b")),
        External::Struct { data: buf("c") },
    ];
    round(Vec::from(external));
    round(vec![
        Internal::Unit,
        Internal::Newtype(photo()),
        Internal::Struct { data: buf("a") },
    ]);
    let adjacent = [
        Adjacent::Unit,
        Adjacent::Newtype(buf("a")),
        Adjacent::Tuple(1, buf("b")),
        Adjacent::Struct { data: buf("c") },
    ];
    round(Vec::from(adjacent));
    let untagged = [
        Untagged::Bytes(buf("a")),
        Untagged::Struct { data: buf("b") },
        Untagged::Number(3),
    ];
    round(Vec::from(untagged));

    reads(r#"{"Newtype":@}"#, External::Newtype(buf("bin")));
    reads(r#"{"Tuple":[1,@]}"#, External::Tuple(1, buf("bin")));
    reads(
        r#"{"Struct":{"data":@}}"#,
        External::Struct { data: buf("bin") },
    );
    // The tag may come last: serde then buffers what comes before it.
    reads(
        r#"{"data":@,"kind":"Struct"}"#,
        Internal::Struct { data: buf("bin") },
    );
    reads(
        r#"{"data":@,"name":"cat","kind":"Newtype"}"#,
        Internal::Newtype(photo()),
    );
    reads(
        r#"{"content":@,"kind":"Newtype"}"#,
        Adjacent::Newtype(buf("bin")),
    );
    reads(
        r#"{"content":{"data":@},"kind":"Struct"}"#,
        Adjacent::Struct { data: buf("bin") },
    );
    reads("@", Untagged::Bytes(buf("bin")));
    reads(r#"{"data":@}"#, Untagged::Struct { data: buf("bin") });
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
    round(Flat {
        id: 1,
        photo: photo(),
        rest,
    });
    let rest = BTreeMap::from([("other".to_owned(), Value::from(true))]);
    reads(
        r#"{"other":true,"data":@,"name":"cat","id":1}"#,
        Flat {
            id: 1,
            photo: photo(),
            rest,
        },
    );
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
    let [zero, one] = [0, 1].map(|num| format!(r#"{{"num":{num},"_placeholder":true}}"#));
    let payload = received(
        &format!(r#"{{"kind":"Some","data":{one}}},{zero}"#),
        &[b"a", b"bb"],
    );
    let payload = payload.unwrap();
    let second = &payload.attachments()[1];
    let is_second = |attachment| {
        let bytes = payload.attachment(attachment).unwrap();
        assert_eq!(bytes.as_ptr(), second.as_ptr());
        assert_eq!(bytes.len(), attachment.len());
    };
    is_second(payload.decode::<Shared>().unwrap().data);
    is_second(payload.decode::<FlatShared>().unwrap().shared.data);
    let TaggedShared::Some { data } = payload.decode().unwrap();
    is_second(data);
    is_second(
        payload
            .decode::<(HashMap<&str, TextOrShared>,)>()
            .map_or_else(
                |error| panic!("{error}"),
                |(members,)| match members["data"] {
                    TextOrShared::Shared(attachment) => attachment,
                    TextOrShared::Text(ref text) => panic!("binary data became text: {text}"),
                },
            ),
    );
    let mut arguments = payload.arguments();
    arguments.next::<Shared>().unwrap();
    let first = arguments.next::<Option<Attachment>>().unwrap().unwrap();
    assert_eq!(payload.attachment(first).unwrap(), "a");

    let other = received(&zero, &[b"another"]).unwrap();
    assert!(matches!(
        other.attachment(first),
        Err(PayloadError::MissingAttachment)
    ));
}

#[test]
fn an_attachment_accepts_nothing_but_binary_data() {
    for argument in [
        r#""text""#,
        "null",
        "[1,2]",
        "1",
        r#"{"_placeholder":true,"num":0}"#,
    ] {
        let payload = received(argument, &[]).unwrap();
        assert!(payload.decode::<Attachment>().is_err(), "{argument}");
    }
    let beside = received(r#""text""#, &[b"a"]).unwrap();
    assert!(beside.decode::<Attachment>().is_err());
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
    let argument = r#"{"data":{"_placeholder":true,"num":0},"text":"t",
                       "slice":{"_placeholder":true,"num":0}}"#;
    let payload = received(argument, &[b"bin"]).unwrap();
    let borrowed: Borrowed<'_> = payload.decode().unwrap();
    assert_eq!(borrowed.data.as_ptr(), payload.attachments()[0].as_ptr());
    assert_eq!(borrowed.slice.as_ptr(), payload.attachments()[0].as_ptr());
    let json = payload.as_json().unwrap().as_bytes().as_ptr_range();
    assert!(json.contains(&borrowed.text.as_ptr()));
    let values = payload.values().unwrap();
    let shared = values[0].get("data").unwrap().as_binary().unwrap();
    assert_eq!(shared.as_ptr(), payload.attachments()[0].as_ptr());
}

#[test]
fn binary_data_is_no_text_and_no_number() {
    let payload = received(r#"{"_placeholder":true,"num":0}"#, &[b"bin"]).unwrap();
    assert!(payload.decode::<String>().is_err());
    assert!(payload.decode::<char>().is_err());
    assert!(payload.decode::<u32>().is_err());
    assert!(payload.decode::<Photo>().is_err());
    assert!(payload.decode::<External>().is_err());
    assert!(payload.decode::<Option<()>>().is_err());
}

/// Whichever member tells that it is a placeholder, it is no object for a type that wants one.
#[test]
fn binary_data_is_no_object() {
    #[derive(Debug, Deserialize)]
    struct Number {
        num: u8,
    }

    let mut spellings = SPELLINGS.to_vec();
    spellings.push(r#"{"_placeholder":false,"num":0,"_placeholder":true}"#);
    for placeholder in spellings {
        let payload = received(&format!("[{placeholder}]"), &[b"bin"]).unwrap();
        let refused = [
            payload.decode::<[HashMap<&str, Value>; 1]>().is_err(),
            payload.decode::<(Vec<Number>,)>().is_err(),
            payload.decode::<Vec<BTreeMap<String, Value>>>().is_err(),
        ];
        assert_eq!(refused, [true; 3], "{placeholder}");
    }
    // Of members with one name the last counts.
    let none = r#"{"num":1,"_placeholder":true,"_placeholder":false}"#;
    let payload = received(none, &[b"bin"]).unwrap();
    assert_eq!(payload.decode::<Number>().unwrap().num, 1);
    let members: HashMap<String, Value> = payload.decode().unwrap();
    assert_eq!(members["_placeholder"], false.into());
}

/// The same types read the same text with and without an attachment beside it: the two ways of
/// reading agree.
#[test]
fn a_binary_packet_reads_its_plain_data_like_any_other() {
    fn both<T: DeserializeOwned + PartialEq + Debug>(argument: &str) {
        let plain = received(argument, &[]).unwrap().decode::<(T,)>();
        let beside = received(argument, &[b"a"]).unwrap().decode::<(T,)>();
        match (plain, beside) {
            (Ok(plain), Ok(beside)) => assert_eq!(plain, beside, "{argument}"),
            (Err(_), Err(_)) => {}
            (plain, beside) => panic!("{argument}: {plain:?} against {beside:?}"),
        }
    }
    for argument in [
        "null",
        "true",
        "1",
        "-1",
        "1.5",
        "300",
        "\"a\"",
        "\"\\n\"",
        "\"c\"",
        "[1,2]",
        "[]",
        "{}",
        "[1,2,3]",
        "{\"1\":2}",
        "{\"a\":1,\"a\":2}",
        "\"Unit\"",
        "{\"Unit\":null}",
        "{\"Tuple\":[1]}",
        "1e400",
        "18446744073709551616",
        "{\"true\":\"x\"}",
    ] {
        both::<()>(argument);
        both::<bool>(argument);
        both::<u8>(argument);
        both::<i64>(argument);
        both::<i128>(argument);
        both::<f64>(argument);
        both::<char>(argument);
        both::<String>(argument);
        both::<ByteBuf>(argument);
        both::<Option<u8>>(argument);
        both::<Vec<u8>>(argument);
        both::<(u8, u8)>(argument);
        both::<[u8; 3]>(argument);
        both::<BTreeMap<u8, u8>>(argument);
        both::<BTreeMap<String, u8>>(argument);
        both::<BTreeMap<bool, String>>(argument);
        both::<External>(argument);
        both::<Wrapper>(argument);
        both::<Value>(argument);
        both::<serde_json::Value>(argument);
    }
    both::<String>("\"\\ud800\"");
    both::<Value>("\"\\ud800\"");
}
