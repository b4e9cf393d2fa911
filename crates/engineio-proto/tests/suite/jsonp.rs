//! JSONP: what a script may carry, and what a form brings.

use crate::vectors::cases;
use bytes::BytesMut;
use engineio_proto::{
    DecodeError,
    http::{
        jsonp::{Callback, decode_form},
        query_pairs,
    },
    payload::{Encoding, v3_text},
};
use proptest::prelude::*;

fn script(j: &str, payload: &str) -> String {
    let mut body = BytesMut::new();
    Callback::new(j).encode(payload, &mut body);
    String::from_utf8(body.to_vec()).unwrap()
}

#[test]
fn engine_http_responses() {
    let mut count = 0;
    for case in cases("engine-http") {
        let body = case["response"]["body"].as_str().unwrap();
        let Some((_, call)) = body.split_once("](\"") else {
            continue;
        };
        count += 1;
        let payload: String =
            serde_json::from_str(&format!("\"{}", &call[..call.len() - 2])).unwrap();
        let (_, query) = case["request"]["path"]
            .as_str()
            .unwrap()
            .split_once('?')
            .unwrap();
        let (_, j) = query_pairs(query).find(|(name, _)| name == "j").unwrap();
        assert_eq!(script(&j, &payload), body, "{}", case["id"]);
    }
    assert_eq!(count, 4);
}

#[test]
fn engine_http_forms() {
    let field = |body: &str| {
        let case = cases("engine-http")
            .into_iter()
            .find(|case| case["request"]["body"] == body);
        assert_eq!(case.unwrap()["response"]["body"], "ok");
        decode_form(body.as_bytes())
    };
    let payload = field("d=3%3A4ab").unwrap().unwrap();
    assert_eq!(v3_text::packets(&payload).count(), 1);
    assert_eq!(field("x=1"), Ok(None));
}

#[test]
fn a_payload_is_a_string_of_javascript() {
    assert_eq!(
        script("7", "4a\"b\n\u{2028}é\u{1e}bAQI="),
        "___eio[7](\"4a\\\"b\\n\\u2028é\\u001ebAQI=\");"
    );
    assert_eq!(
        script("0", "\u{8}\u{c}\t\r\\/\0\u{7f}\u{2029}"),
        "___eio[0](\"\\b\\f\\t\\r\\\\/\\u0000\u{7f}\\u2029\");"
    );
    assert_eq!(Encoding::V3Text.content_type(), "text/plain; charset=UTF-8");
}

#[test]
fn ep_20_only_digits_of_the_index_come_back() {
    assert_eq!(script("a1b2", ""), "___eio[12](\"\");");
    assert_eq!(script("", ""), "___eio[](\"\");");
    assert_eq!(script("](alert(1));//", ""), "___eio[1](\"\");");
    assert_eq!(
        script("٣", ""),
        "___eio[](\"\");",
        "digits of another script are none"
    );
    let long = script(&"9".repeat(1000), "");
    assert_eq!(long.len(), "___eio[](\"\");".len() + Callback::MAX_DIGITS);
}

#[test]
fn ep_20_a_form_has_one_field_d() {
    assert_eq!(decode_form(b""), Ok(None));
    assert_eq!(decode_form(b"x=1"), Ok(None));
    assert_eq!(decode_form(b"d=4a&d=4b"), Ok(None));
    assert_eq!(decode_form(b"d=4a&x=1"), Ok(Some("4a".into())));
    assert_eq!(decode_form(b"d"), Ok(Some(String::new())));
    assert_eq!(
        decode_form(b"d=4a+b%20%E2%82%AC%zz"),
        Ok(Some("4a b €%zz".into()))
    );
    assert_eq!(decode_form(b"d=\xff"), Err(DecodeError::Utf8));
}

#[test]
fn ep_20_line_breaks_are_escaped_twice() {
    let text = |form: &str| decode_form(form.as_bytes()).unwrap().unwrap();
    assert_eq!(text(r"d=4:4a\nb"), "4:4a\nb");
    assert_eq!(text(r"d=5:4a\\nb"), r"5:4a\nb");
    assert_eq!(text(r"d=4a%5Cnb"), "4a\nb", "after the percent signs");
    assert_eq!(text(r"d=\\\n"), r"\\n");
    assert_eq!(text(r"d=\t\\t"), r"\t\\t", "nothing else is an escape");
}

proptest! {
    #[test]
    fn a_json_parser_reads_the_payload_back(payload in "[\\PC\\x00-\\x1f\u{2028}\u{2029}\"\\\\]{0,40}") {
        let script = script("1", &payload);
        let string = script.strip_prefix("___eio[1](").unwrap().strip_suffix(");").unwrap();
        prop_assert_eq!(&serde_json::from_str::<String>(string).unwrap(), &payload);
        let is_raw = string.contains(['\n', '\u{2028}', '\u{2029}']);
        prop_assert!(!is_raw);
    }
}
