//! JSONP in both directions: a form is read as its obvious twin reads it, what a client writes
//! comes out again, and a response is a call whose argument is the payload and nothing else.
//!
//! The input is a form; as text it is also the index of a callback in its first line, and a
//! payload behind it.
#![no_main]

use bytes::BytesMut;
use engineio_proto::{
    DecodeError,
    http::jsonp::{Callback, decode_form},
};
use libfuzzer_sys::fuzz_target;
use socketio_fuzz::naive_pairs;
use std::{fmt::Write as _, str};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return assert_eq!(decode_form(data), Err(DecodeError::Utf8));
    };
    assert_eq!(decode_form(data), Ok(naive_form(text)));
    let (j, payload) = text.split_once('\n').unwrap_or(("", text));
    check_response(j, payload);
    // A line break behind a backslash cannot be told from the two characters `\n`.
    if !payload.contains("\\\n") {
        let form = written_form(payload);
        assert_eq!(decode_form(form.as_bytes()), Ok(Some(payload.into())));
    }
});

/// Two steps, as the reference's server: line breaks not behind a backslash, then those that are.
fn naive_form(form: &str) -> Option<String> {
    let mut fields = naive_pairs(form);
    fields.retain(|(name, _)| name == "d");
    let [(_, field)] = fields.as_slice() else {
        return None;
    };
    let mut out = String::new();
    for (at, piece) in field.split("\\n").enumerate() {
        if at > 0 {
            out.push_str(if out.ends_with('\\') { "\\n" } else { "\n" });
        }
        out.push_str(piece);
    }
    Some(out.replace("\\\\n", "\\n"))
}

/// As the reference's client writes it.
fn written_form(payload: &str) -> String {
    let escaped = payload.replace("\\n", "\\\\n").replace('\n', "\\n");
    let mut form = String::from("d=");
    for byte in escaped.bytes() {
        let _ = write!(form, "%{byte:02X}");
    }
    form
}

fn check_response(j: &str, payload: &str) {
    let mut out = BytesMut::new();
    Callback::new(j).encode(payload, &mut out);
    let script = str::from_utf8(&out).expect("text");
    let rest = script
        .strip_prefix("___eio[")
        .expect("the array of functions");
    let (index, call) = rest.split_once("](").expect("an index");
    assert!(index.bytes().all(|byte| byte.is_ascii_digit()) && index.len() <= 20);
    let argument = call.strip_suffix(");").expect("a call");
    assert_eq!(
        serde_json::from_str::<String>(argument).expect("a string"),
        payload
    );
    assert!(!argument.contains(['\n', '\r', '\u{2028}', '\u{2029}']));
}
