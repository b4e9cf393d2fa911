//! Arguments: which values are one, which are several, and how they are read back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde::{Deserialize, Serialize};
use socketio_proto::value::Map;
use socketio_proto::{Format, Payload, Value};
use std::collections::BTreeMap;
use support::{payload, received};

#[track_caller]
fn json<T: Serialize + ?Sized>(args: &T) -> String {
    let payload = Payload::new(Format::Json, Some("m"), args).unwrap();
    assert_eq!(payload.check(128), Ok(()));
    let text = payload.as_json().unwrap();
    let args = text
        .strip_prefix("[\"m\"")
        .unwrap()
        .strip_suffix(']')
        .unwrap();
    args.to_owned()
}

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
    assert_eq!(json(&()), "");
    assert_eq!(json(&Unit), "");
    assert_eq!(json(&(1, "a")), ",1,\"a\"");
    assert_eq!(json(&Pair(1, 2)), ",1,2");
    assert_eq!(json(&[1, 2, 3]), ",1,2,3");
    assert_eq!(json(&([1, 2, 3],)), ",[1,2,3]");
    assert_eq!(json(&((1, 2), ())), ",[1,2],null");
    assert_eq!(json(&New((1, 2))), ",1,2");
    assert_eq!(json(&vec![1, 2]), ",[1,2]");
    assert_eq!(json(&[1, 2][..]), ",[1,2]");
    assert_eq!(json(&Some((1, 2))), ",[1,2]");
    assert_eq!(json(&None::<u8>), ",null");
    assert_eq!(json("text"), ",\"text\"");
    assert_eq!(json(&Point { x: 1 }), ",{\"x\":1}");
    assert_eq!(json(&Shape::Unit), ",\"Unit\"");
    assert_eq!(json(&Shape::New(1)), ",{\"New\":1}");
    assert_eq!(json(&Shape::Pair(1, 2)), ",{\"Pair\":[1,2]}");
    assert_eq!(json(&Shape::Point { x: 1 }), ",{\"Point\":{\"x\":1}}");
}

#[test]
fn arguments_read_back_as_what_was_sent() {
    #[track_caller]
    fn round<T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(value: T) {
        let payload = Payload::new(Format::Json, Some("m"), &value).unwrap();
        assert_eq!(payload.decode::<T>().unwrap(), value);
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
        u128::MAX,
        i128::MIN,
        u64::MAX,
        i64::MIN,
        f64::MIN_POSITIVE,
        f32::MAX,
    ));
    round(('\u{1F600}', "\u{2028}\"\\\n\u{0}".to_owned(), true));
    round(BTreeMap::from([(-1i8, 'a'), (1, 'b')]));
    round(BTreeMap::from([(true, ()), (false, ())]));
    round(BTreeMap::from([('k', New(1u8))]));
}

#[test]
fn maps_have_text_for_keys() {
    assert_eq!(json(&BTreeMap::from([(1u8, 2)])), ",{\"1\":2}");
    assert_eq!(json(&BTreeMap::from([(true, 2)])), ",{\"true\":2}");
    assert_eq!(json(&BTreeMap::from([("\"", 2)])), ",{\"\\\"\":2}");
    assert!(Payload::new(Format::Json, Some("m"), &BTreeMap::from([(Some(()), 1)])).is_err());
    assert!(Payload::new(Format::Json, Some("m"), &BTreeMap::from([(vec![1], 1)])).is_err());
}

#[test]
fn extra_arguments_are_ignored_and_missing_ones_are_null() {
    let payload = received("1,\"b\",[2]", &[]).unwrap();
    assert_eq!(payload.decode::<u8>().unwrap(), 1);
    assert_eq!(payload.decode::<(u8,)>().unwrap(), (1,));
    assert_eq!(payload.decode::<(u8, &str)>().unwrap(), (1, "b"));
    let longer = payload
        .decode::<(u8, &str, Vec<u8>, Option<u8>, ())>()
        .unwrap();
    assert_eq!(longer, (1, "b", vec![2], None, ()));
    assert!(payload.decode::<(u8, &str, Vec<u8>, u8)>().is_err());
    let none = Payload::new(Format::Json, Some("m"), &()).unwrap();
    assert_eq!(none.decode::<Option<u8>>().unwrap(), None);
    assert!(none.decode::<u8>().is_err());
}

#[test]
fn a_cursor_takes_one_argument_at_a_time() {
    for attachments in [&[][..], &[&b"bin"[..]]] {
        let payload = received("1 , \"b\" ,[2,{}] , null,true , 7", attachments).unwrap();
        let mut arguments = payload.arguments();
        assert_eq!(arguments.len(), 6);
        assert_eq!(arguments.next::<u8>().unwrap(), 1);
        // A wrong guess costs the argument, not the ones behind it.
        assert!(arguments.next::<u8>().is_err());
        assert_eq!(arguments.next_raw(), Some("[2,{}]"));
        assert_eq!(arguments.next_value().unwrap(), Value::Null);
        let (truth, number, missing) = arguments.clone().rest::<(bool, u8, Option<u8>)>().unwrap();
        assert_eq!((truth, number, missing), (true, 7, None));
        let rest = arguments.clone().rest::<Vec<Value>>().unwrap();
        assert_eq!(rest, [Value::from(true), Value::from(7)]);
        assert_eq!(arguments.len(), 2);
        arguments.next::<bool>().unwrap();
        arguments.next::<u8>().unwrap();
        assert!(arguments.is_empty());
        assert_eq!(arguments.next_raw(), None);
        assert_eq!(arguments.next::<Option<u8>>().unwrap(), None);
        assert!(arguments.rest::<Vec<u8>>().unwrap().is_empty());
    }
}

#[test]
fn a_cursor_reads_each_argument_once() {
    let many = vec!["[1]"; 100_000].join(",");
    let payload = received(&many, &[]).unwrap();
    let mut arguments = payload.arguments();
    let mut count = 0;
    while !arguments.is_empty() {
        arguments.next::<[u8; 1]>().unwrap();
        count += 1;
    }
    assert_eq!(count, 100_000);
}

#[test]
fn a_single_value_is_one_argument() {
    let value = Payload::value(Format::Json, &Point { x: 3 }).unwrap();
    assert_eq!(value.as_json(), Some("{\"x\":3}"));
    assert_eq!(value.event(), None);
    assert_eq!(value.decode::<Point>().unwrap(), Point { x: 3 });
    assert_eq!(value.values().unwrap().len(), 1);
    let refusal = support::decode_one("4/a,\"no\" ");
    assert_eq!(payload(&refusal).unwrap().decode::<&str>().unwrap(), "no");
}

#[test]
fn a_received_payload_is_a_slice_of_its_message() {
    let message = String::from("2[\"name\",[1]]");
    let range = message.as_bytes().as_ptr_range();
    let packets = support::push([socketio_proto::Message::Text(message.into())]).unwrap();
    let payload = payload(&packets[0]).unwrap();
    assert!(range.contains(&payload.as_json().unwrap().as_ptr()));
    assert!(range.contains(&payload.event().unwrap().as_ptr()));
    assert!(range.contains(&payload.arguments().next_raw().unwrap().as_ptr()));
}

#[test]
fn a_map_keeps_order_and_the_last_of_equal_names() {
    let text = r#"{"z":1,"a":2,"z":3,"m":4,"a":5}"#;
    let value: Value = serde_json::from_str(text).unwrap();
    let members: Vec<_> = value
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key, value.as_u64().unwrap()))
        .collect();
    assert_eq!(members, [("z", 3), ("a", 5), ("m", 4)]);
    assert_eq!(
        serde_json::to_string(&value).unwrap(),
        r#"{"z":3,"a":5,"m":4}"#
    );
    let mut map = Map::new();
    assert_eq!(map.insert("k", 1), None);
    assert_eq!(map.insert("l", "x"), None);
    assert_eq!(map.insert("k", 2), Some(Value::from(1)));
    assert_eq!(map.remove("l"), Some(Value::from("x")));
    assert_eq!((map.len(), map.get("k")), (1, Some(&Value::from(2))));
}

#[test]
fn a_map_of_a_peer_does_not_cost_the_square_of_its_size() {
    let members: Vec<_> = (0..60_000)
        .map(|n| format!("\"{}\":{n}", n % 30_000))
        .collect();
    let payload = received(&format!("{{{}}}", members.join(",")), &[]).unwrap();
    let values = payload.values().unwrap();
    let map = values[0].as_object().unwrap();
    assert_eq!(map.len(), 30_000);
    assert_eq!(map.iter().next(), Some(("0", &Value::from(30_000))));
}
