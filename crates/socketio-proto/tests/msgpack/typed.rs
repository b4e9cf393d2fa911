//! Arguments: which values are one, which are several, how they are spelled and read back.

use crate::{received, sent, written};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};
use socketio_proto::{Format, Payload, Value};
use std::collections::BTreeMap;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Unit;

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct New<T>(T);

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Pair(u8, u8);

#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Point {
    x: u8,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
enum Shape {
    Unit,
    New(u8),
    Pair(u8, u8),
    Point { x: u8 },
}

#[test]
fn tuples_spread_and_nothing_else() {
    assert_eq!(written(&()), b"");
    assert_eq!(written(&Unit), b"");
    assert_eq!(written(&(1, "a")), b"\x01\xa1a");
    assert_eq!(written(&Pair(1, 2)), b"\x01\x02");
    assert_eq!(written(&[1, 2, 3]), b"\x01\x02\x03");
    assert_eq!(written(&([1, 2, 3],)), b"\x93\x01\x02\x03");
    assert_eq!(written(&((1, 2), ())), b"\x92\x01\x02\xc0");
    assert_eq!(written(&New((1, 2))), b"\x01\x02");
    assert_eq!(written(&vec![1, 2]), b"\x92\x01\x02");
    assert_eq!(written(&Some((1, 2))), b"\x92\x01\x02");
    assert_eq!(written(&None::<u8>), b"\xc0");
    assert_eq!(written("text"), b"\xa4text");
    assert_eq!(written(&Point { x: 1 }), b"\x81\xa1x\x01");
    assert_eq!(written(&Shape::Unit), b"\xa4Unit");
    assert_eq!(written(&Shape::New(1)), b"\x81\xa3New\x01");
    assert_eq!(written(&Shape::Pair(1, 2)), b"\x81\xa4Pair\x92\x01\x02");
    assert_eq!(
        written(&Shape::Point { x: 1 }),
        b"\x81\xa5Point\x81\xa1x\x01"
    );
}

#[test]
fn arguments_may_be_many() {
    for (count, header) in [
        (14, &[0x9f][..]),
        (15, &[0xdc, 0, 16]),
        (70_000, &[0xdd, 0, 1, 0x11, 0x71]),
    ] {
        let values = vec![Value::from(7); count];
        let payload = Payload::from_values(Format::MsgPack, Some("n"), &values).unwrap();
        assert!(payload.as_msgpack().unwrap().starts_with(header));
        assert_eq!(payload.values().unwrap(), values);
    }
}

#[test]
fn arguments_read_back_as_what_was_sent() {
    #[track_caller]
    fn round<T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(value: T) {
        assert_eq!(sent(&value).decode::<T>().unwrap(), value);
    }
    round(());
    round(Unit);
    round((1, String::from("a")));
    round(Pair(1, 2));
    round([1, 2, 3]);
    round(([1, 2, 3],));
    round(New((1, 2)));
    round(New(vec![1]));
    round(vec![1, 2]);
    round(Some((1, 2)));
    round(None::<u8>);
    round(Point { x: 1 });
    round(vec![
        Shape::Unit,
        Shape::New(1),
        Shape::Pair(1, 2),
        Shape::Point { x: 1 },
    ]);
    round((
        u128::from(u64::MAX),
        i128::from(i64::MIN),
        u64::MAX,
        i64::MIN,
    ));
    round((
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::MIN,
        f32::MAX,
        f64::INFINITY,
    ));
    round((
        1e300,
        -9_223_372_036_854_775_808.0,
        18_446_744_073_709_551_616.0,
    ));
    round(('\u{1F600}', "\u{2028}\"\\\n\u{0}".to_owned(), true, false));
    round(BTreeMap::from([(-1i8, 'a'), (1, 'b')]));
    round(BTreeMap::from([(true, ()), (false, ())]));
    round(BTreeMap::from([('k', New(1u8))]));
}

#[test]
fn whole_floats_are_integers_as_in_javascript() {
    assert_eq!(written(&1.0), b"\x01");
    assert_eq!(written(&-0.0), b"\x00");
    assert_eq!(written(&-1.0f32), b"\xff");
    assert_eq!(written(&300.0), b"\xcd\x01\x2c");
    assert_eq!(written(&1.5f32), b"\xcb\x3f\xf8\0\0\0\0\0\0");
    assert_eq!(written(&18_446_744_073_709_551_616.0)[0], 0xcb);
    assert_eq!(received(b"\x01").decode::<f64>().unwrap(), 1.0);
    assert_eq!(received(b"\xca\x3f\xc0\0\0").decode::<f64>().unwrap(), 1.5);
}

#[test]
fn maps_have_text_for_keys() {
    assert_eq!(written(&BTreeMap::from([(1u8, 2)])), b"\x81\xa11\x02");
    assert_eq!(written(&BTreeMap::from([(true, 2)])), b"\x81\xa4true\x02");
    assert_eq!(written(&BTreeMap::from([('k', 2)])), b"\x81\xa1k\x02");
    assert!(Payload::new(Format::MsgPack, None, &BTreeMap::from([(Some(()), 1)])).is_err());
    assert!(Payload::new(Format::MsgPack, None, &BTreeMap::from([(vec![1], 1)])).is_err());
    // Others may have numbers.
    let payload = received(b"\x82\x01\xa1a\xc3\xa1b");
    let map: BTreeMap<String, char> = payload.decode().unwrap();
    assert_eq!(
        map,
        BTreeMap::from([("1".into(), 'a'), ("true".into(), 'b')])
    );
    assert!(received(b"\x81\x90\x01").decode::<Value>().is_err());
}

/// A list that announces another length than it has.
struct Liar(Option<usize>, usize);

impl Serialize for Liar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(self.0)?;
        for _ in 0..self.1 {
            seq.serialize_element(&7)?;
        }
        seq.end()
    }
}

#[test]
fn a_length_that_was_announced_wrong_is_set_right() {
    for announced in [None, Some(0), Some(3), Some(20), Some(70_000)] {
        for len in [0, 3, 20] {
            assert_eq!(written(&Liar(announced, len)), written(&vec![7; len]));
        }
    }
}

#[test]
fn extra_arguments_are_ignored_and_missing_ones_are_null() {
    let payload = sent(&(1, "b", [2]));
    assert_eq!(payload.decode::<u8>().unwrap(), 1);
    assert_eq!(payload.decode::<(u8,)>().unwrap(), (1,));
    assert_eq!(payload.decode::<(u8, &str)>().unwrap(), (1, "b"));
    let longer = payload.decode::<(u8, &str, Vec<u8>, Option<u8>, ())>();
    assert_eq!(longer.unwrap(), (1, "b", vec![2], None, ()));
    assert!(payload.decode::<(u8, &str, Vec<u8>, u8)>().is_err());
    assert_eq!(sent(&()).decode::<Option<u8>>().unwrap(), None);
    assert!(sent(&()).decode::<u8>().is_err());
    // Inside of an argument, a list is as long as its type.
    assert!(
        received(b"\x93\x01\x02\x03")
            .decode::<((u8, u8),)>()
            .is_err()
    );
}

#[test]
fn a_cursor_takes_one_argument_at_a_time() {
    let payload = sent(&(1, "b", (2, Shape::Unit), None::<u8>, true, 7));
    let mut arguments = payload.arguments();
    assert_eq!(arguments.len(), 6);
    assert_eq!(arguments.next::<u8>().unwrap(), 1);
    // A wrong guess costs the argument, not the ones behind it.
    assert!(arguments.next::<u8>().is_err());
    assert!(arguments.next::<(u8, u8)>().is_err());
    assert_eq!(arguments.next_value().unwrap(), Value::Null);
    let (truth, number, missing) = arguments.clone().rest::<(bool, u8, Option<u8>)>().unwrap();
    assert_eq!((truth, number, missing), (true, 7, None));
    let rest = arguments.clone().rest::<Vec<Value>>().unwrap();
    assert_eq!(rest, [Value::from(true), Value::from(7)]);
    assert_eq!(arguments.len(), 2);
    assert_eq!(arguments.next_raw(), None, "it is not JSON");
    arguments.next::<u8>().unwrap();
    assert!(arguments.is_empty());
    assert_eq!(arguments.next::<Option<u8>>().unwrap(), None);
    assert!(arguments.rest::<Vec<u8>>().unwrap().is_empty());
}

/// A type that has no need to look.
#[derive(Debug)]
struct Blind;

impl<'de> Deserialize<'de> for Blind {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[test]
fn an_argument_that_is_not_looked_at_is_passed_over() {
    let payload = sent(&((1, 2), 3));
    let mut arguments = payload.arguments();
    arguments.next::<Blind>().unwrap();
    assert_eq!(arguments.next::<u8>().unwrap(), 3);
}

#[test]
fn a_single_value_is_one_argument() {
    let value = Payload::value(Format::MsgPack, &Point { x: 3 }).unwrap();
    assert_eq!(value.as_msgpack(), Some(&b"\x81\xa1x\x03"[..]));
    assert_eq!((value.event(), value.as_json()), (None, None));
    assert_eq!(value.decode::<Point>().unwrap(), Point { x: 3 });
    assert_eq!(value.values().unwrap().len(), 1);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Options {
    #[serde(default)]
    retries: u8,
    note: Option<String>,
}

#[test]
fn undefined_is_null_and_an_undefined_member_is_absent() {
    assert_eq!(received(b"\xd4\0\0").decode::<Option<u8>>().unwrap(), None);
    received(b"\xd4\0\0").decode::<((),)>().unwrap();
    let payload = received(b"\x82\xa7retries\xd4\0\0\xa4note\xd4\0\0");
    let options: Options = payload.decode().unwrap();
    assert_eq!(
        options,
        Options {
            retries: 0,
            note: None
        }
    );
    assert_eq!(payload.values().unwrap()[0].as_object().unwrap().len(), 0);
    assert_eq!(
        received(b"\x91\xd4\0\0").values().unwrap()[0],
        Value::Array(vec![Value::Null])
    );
    // In data that was packed otherwise it is one byte.
    assert_eq!(received(b"\xc7\x01\0\0").decode::<Vec<u8>>().unwrap(), [0]);
}

#[test]
fn a_date_is_text_or_a_number() {
    let payload = received(b"\xd7\0\0\0\0\0\0\0\x05\xdc");
    assert_eq!(payload.decode::<i64>().unwrap(), 1500);
    assert_eq!(payload.decode::<f64>().unwrap(), 1500.0);
    assert_eq!(
        payload.decode::<String>().unwrap(),
        "1970-01-01T00:00:01.500Z"
    );
    assert_eq!(
        payload.values().unwrap()[0].as_str(),
        Some("1970-01-01T00:00:01.500Z")
    );
    let invalid = received(b"\xd7\0\x7f\0\0\0\0\0\0\0");
    assert_eq!(invalid.decode::<Option<String>>().ok(), None);
    assert_eq!(invalid.values().unwrap(), [Value::Null]);
}

#[test]
fn other_extensions_are_passed_on_but_not_read() {
    let payload = received(b"\xc7\x02\x05ab");
    assert!(payload.values().is_err());
    assert!(payload.decode::<Vec<u8>>().is_err());
    payload.decode::<serde::de::IgnoredAny>().unwrap();
}

#[test]
fn the_two_formats_translate_through_values() {
    let text = r#"{"a":[1,-1,1.5,null,true,"\n"],"b":{"c":{}}}"#;
    let value: Value = serde_json::from_str(text).unwrap();
    let packed = Payload::from_values(Format::MsgPack, Some("n"), std::slice::from_ref(&value));
    let values = packed.unwrap().values().unwrap();
    assert_eq!(values, [value]);
    let json = Payload::from_values(Format::Json, Some("n"), &values).unwrap();
    assert_eq!(json.as_json(), Some(format!("[\"n\",{text}]").as_str()));
}
