use super::*;
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use proptest::prelude::*;
use serde::{Deserialize, de::DeserializeOwned};

/// The whole text, as `serde_json::from_str` takes it.
fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    let mut reader = Reader::new(text, &[]);
    let value = T::deserialize(&mut reader).ok()?;
    reader.scanner.whitespace();
    (reader.position() == text.len()).then_some(value)
}

#[track_caller]
fn agree<T: DeserializeOwned + PartialEq + core::fmt::Debug>(text: &str) {
    assert_eq!(read::<T>(text), serde_json::from_str(text).ok(), "{text}");
}

#[derive(Debug, Deserialize, PartialEq)]
enum Choice {
    Unit,
    One(i32),
    Two(i32, Option<String>),
    Named { a: f32 },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Fields {
    a: i32,
    #[serde(default)]
    b: Option<Choice>,
}

fn all_types(text: &str) {
    agree::<serde_json::Value>(text);
    agree::<(bool, char)>(text);
    agree::<Option<u8>>(text);
    agree::<Vec<i64>>(text);
    agree::<(i128, u128)>(text);
    agree::<f64>(text);
    agree::<f32>(text);
    agree::<String>(text);
    agree::<Choice>(text);
    agree::<Fields>(text);
    agree::<BTreeMap<i16, Vec<()>>>(text);
    let skipped = read::<serde::de::IgnoredAny>(text).is_some();
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    assert_eq!(skipped, is_json, "{text}");
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(String::from("null")),
        Just(String::from("true")),
        Just(String::from(r#""Unit""#)),
        Just(String::from(r#""\ud83d\ude00\n\"\\é""#)),
        any::<i64>().prop_map(|value| format!("{value}")),
        any::<f64>().prop_map(|value| serde_json::to_string(&value).unwrap()),
        any::<String>().prop_map(|value| serde_json::to_string(&value).unwrap()),
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        let list = proptest::collection::vec(inner, 0..4);
        let key = prop_oneof![Just("a"), Just("b"), Just("One"), Just("Named"), Just("17")];
        prop_oneof![
            list.clone()
                .prop_map(|list| format!("[{}]", list.join(" ,\n"))),
            (list, key).prop_map(|(list, key)| {
                let member = |value| format!("\"{key}\" :{value}");
                let members: Vec<_> = list.iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_read_as_by_serde_json(text in json()) {
        all_types(&text);
    }

    #[test]
    fn damaged_json_is_judged_as_by_serde_json(
        text in json(),
        at in any::<prop::sample::Index>(),
        insert in r#"[\[\]{}",:\\0-9a-u\.eE+ \-]{0,2}"#,
        drop in 0..3usize,
    ) {
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        let end = (at + drop).min(chars.len());
        chars.splice(at..end, insert.chars());
        all_types(&chars.into_iter().collect::<String>());
    }

    #[test]
    fn numbers_are_read_as_by_serde_json(text in r"-?[0-9]{1,25}(\.[0-9]{1,4})?(e[+-]?[0-9]{1,3})?") {
        all_types(&text);
        agree::<i64>(&text);
        agree::<i128>(&text);
    }
}

#[test]
fn what_the_text_has_is_read_by_type() {
    for text in [
        "-0",
        "-1",
        "1.5",
        "340282350000000000000000000000000000001",
        "1e999",
        "1e39",
        "01",
        "-",
        r#""\ud800""#,
        r#"{"One":1}"#,
        r#"{"Two":[1,"x"]}"#,
        r#"{"Named":{"a":1.1}}"#,
        r#"{"a":1,"b":"Unit"}"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,}"#,
        r#"[1,]"#,
        "[1 2]",
        "[1}",
        r#"{"17":[null]}"#,
        r#"[true,"x"]"#,
        r#"[true,"x",1]"#,
        r#"{"a" 1}"#,
        r#"{"Unit":null}"#,
        r#"[1,{"a":2}]"#,
        "",
        " ",
        "nul",
        "[",
        "{",
        "\"",
    ] {
        all_types(text);
    }
}

#[test]
fn depth_ends_at_127() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read::<serde_json::Value>(&nested(127)).is_some());
    assert!(read::<serde_json::Value>(&nested(128)).is_none());
}
