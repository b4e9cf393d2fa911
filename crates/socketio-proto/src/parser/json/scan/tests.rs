use super::*;
use alloc::{format, string::String};
use proptest::prelude::*;
use serde::de::IgnoredAny;

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(String::from("null")),
        Just(String::from("true")),
        Just(String::from(r#""\ud83d\ude00\n\"\\é""#)),
        any::<f64>().prop_map(|value| serde_json::to_string(&value).unwrap()),
        any::<String>().prop_map(|value| serde_json::to_string(&value).unwrap()),
    ];
    leaf.prop_recursive(5, 30, 5, |inner| {
        let list = proptest::collection::vec(inner, 0..5);
        prop_oneof![
            list.clone()
                .prop_map(|list| format!("[{}]", list.join(" ,\n"))),
            list.prop_map(|list| {
                let member = |value| format!("\"k\" :{value}");
                let members: alloc::vec::Vec<_> = list.iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_json_passes(text in json()) {
        prop_assert_eq!(check(&text, usize::MAX, None), Ok(()));
        prop_assert_eq!(check(&text, usize::MAX, Some(0)), Ok(()));
        prop_assert_eq!(value_end(&text), Some(text.len()));
    }

    #[test]
    fn a_damaged_text_is_judged_as_by_serde_json(
        text in json(),
        at in any::<prop::sample::Index>(),
        insert in r#"[\[\]{}",:\\0-9a-u\.eE+ \-]{0,2}"#,
        drop in 0..3usize,
    ) {
        let mut chars: alloc::vec::Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        let end = (at + drop).min(chars.len());
        chars.splice(at..end, insert.chars());
        let damaged: String = chars.into_iter().collect();
        prop_assert_eq!(check(&damaged, usize::MAX, None).is_ok(), is_json(&damaged), "{}", damaged);
    }

    #[test]
    fn any_text_is_judged_as_by_serde_json(
        text in r#"[\[\]{}",:\\0-9truefalsn\.E+ \-\u0001é]{0,12}"#,
    ) {
        prop_assert_eq!(check(&text, usize::MAX, None).is_ok(), is_json(&text), "{}", text);
    }

    #[test]
    fn escapes_are_resolved_as_by_serde_json(text in any::<String>(), code in any::<u16>()) {
        let quoted = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(unescape(&quoted[1..quoted.len() - 1]), text);
        let escape = format!("\\u{code:04x}");
        let expected = serde_json::from_str(&format!("\"{escape}\""));
        prop_assert_eq!(unescape(&escape), expected.unwrap_or(String::from("\u{fffd}")));
    }
}

#[test]
fn depth_counts_what_is_open() {
    assert_eq!(check("[[1],[[2]],{}]", 3, None), Ok(()));
    assert_eq!(
        check("[[1],[[2]],{}]", 2, None),
        Err(DecodeError::Limit { what: "depth" })
    );
    assert_eq!(check("1", 0, None), Ok(()));
    assert_eq!(
        check("[]", 0, None),
        Err(DecodeError::Limit { what: "depth" })
    );
}
