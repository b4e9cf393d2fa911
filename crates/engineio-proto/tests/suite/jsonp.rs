//! JSONP: what a script may carry, and what a form brings.

use crate::{
    support::{Server, binary, closed, config, text},
    vectors::cases,
};
use bytes::BytesMut;
use engineio_proto::{
    CloseReason, DecodeError, Outgoing,
    http::{
        jsonp::{Callback, decode_form},
        query_pairs,
    },
    payload::{Encoding, v3_text},
    server::Event,
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

const V4: &str = "EIO=4&transport=polling";
const V3: &str = "EIO=3&transport=polling";

/// A session that polls with scripts, after its handshake.
fn session(query: &str) -> Server {
    let config = config().allow_eio3(true);
    let mut server = Server::accept(config, query);
    let get = server.get();
    assert!(server.body(get).starts_with("___eio["));
    assert_eq!(server.events(), [Event::Opened]);
    server
}

fn poll(server: &mut Server) -> String {
    let get = server.get();
    let response = server.response(get).expect("something waits");
    assert_eq!(response.content_type, Some("text/plain; charset=UTF-8"));
    String::from_utf8(response.body.to_vec()).unwrap()
}

#[test]
fn a_session_calls_the_function_of_its_handshake() {
    for (query, wire) in [
        (V4, "___eio[12](\"4a\\\"b\\u001ebAQI=\");"),
        // Even without `b64`: a script cannot carry bytes.
        (V3, "___eio[12](\"4:4a\\\"b6:b4AQI=\");"),
    ] {
        let mut server = session(&format!("{query}&j=a1b2"));
        server.send("a\"b");
        let message = Outgoing::binary(vec![1, 2].into());
        server.session.send([message]).unwrap();
        assert_eq!(poll(&mut server), wire);
    }
}

#[test]
fn ep_20_a_session_reads_one_field_of_a_form() {
    for (query, form, other) in [
        (V4, "d=4a%20%E2%82%AC%5Cnb%1EbAQI=", "d=4x"),
        (V3, "d=6:4a%20%E2%82%AC%5Cnb6:b4AQI=", "d=2:4x"),
    ] {
        let mut server = session(&format!("{query}&j=0"));
        assert_eq!(server.post(form), 200);
        assert_eq!(server.events(), [text("a €\nb"), binary(&[1, 2])]);
        for nothing in ["", "x=1", &format!("{other}&{other}")] {
            assert_eq!(server.post(nothing), 200, "nothing is read");
        }
        assert_eq!(server.post(other), 200);
        assert_eq!(server.events(), [text("x")]);
        server.post("d=");
        let empty = CloseReason::Parse(DecodeError::Empty);
        assert_eq!(server.events(), [closed(empty)]);
    }
}

#[test]
fn ep_20_a_form_is_a_form_whatever_it_is_called() {
    let mut server = session(&format!("{V3}&j=0"));
    let post = server.post_begin_as(Encoding::V3Binary);
    server.post_end(post, "d=2:4x");
    assert_eq!(server.events(), [text("x")]);

    let mut server = session(&format!("{V4}&j=0"));
    let post = server.post_begin_as(None);
    assert_eq!(server.response(post).unwrap().status, 400);
    assert_eq!(server.events(), [closed(CloseReason::TransportError)]);
}

#[test]
fn a_session_that_ends_or_moves_says_so_by_script() {
    let mut server = session(&format!("{V3}&j=3"));
    let get = server.get();
    server.close(CloseReason::Forced);
    assert_eq!(server.body(get), "___eio[3](\"1:1\");");

    let mut server = session(&format!("{V4}&j=3"));
    let get = server.get();
    let link = server.link().unwrap();
    server.text(link, "2probe");
    assert_eq!(server.body(get), "___eio[3](\"6\");");
    let get = server.get();
    server.text(link, "5");
    assert_eq!(server.body(get), "___eio[3](\"1\");");
    server.send("x");
    assert_eq!(server.frames(link), ["4x"], "no script in a frame");
}

#[test]
fn a_server_without_scripts_answers_as_without_the_parameter() {
    let mut server = Server::accept(config().jsonp(false), &format!("{V4}&j=1"));
    let get = server.get();
    assert!(server.body(get).starts_with("0{"));
    assert_eq!(server.post("4d=1"), 200);
    assert_eq!(server.events(), [Event::Opened, text("d=1")]);
}

#[test]
fn only_polling_has_scripts() {
    let mut server = Server::accept(config(), "EIO=4&transport=websocket&j=1");
    let link = server.link().unwrap();
    assert!(server.frames(link)[0].starts_with("0{"));
}
