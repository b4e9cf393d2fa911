//! A connection's messages through the JSON decoder: what is a packet re-encodes to the same
//! packet, the syntax check agrees with serde_json, and reading arguments never panics.
//!
//! Records are text messages, or binary ones if they begin with `0xFE`, which UTF-8 never does.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use socketio_fuzz::{messages, records, same_values, text};
use socketio_proto::{
    Attachment, Body, Format, Json, Limits, Message, Packet, Parser, Payload, Value,
};

/// Begins a binary message.
const BINARY: u8 = 0xfe;

/// Low enough to be met.
const MAX_DEPTH: usize = 12;

fuzz_target!(|data: &[u8]| {
    let tight = Limits::default()
        .max_bytes(64)
        .max_attachments(2)
        .max_namespace(8)
        .max_event(8)
        .copy_below(2);
    let mut connections = [Limits::default(), tight].map(|limits| Json.decoder(limits));
    for record in records(data) {
        let message = match record.split_first() {
            Some((&BINARY, bytes)) => Message::Binary(Bytes::copy_from_slice(bytes)),
            _ => match text(record) {
                Some(text) => Message::Text(text),
                // The engine does not let it through.
                None => continue,
            },
        };
        for decoder in &mut connections {
            match decoder.push(message.clone()) {
                Ok(Some(packet)) => {
                    assert!(decoder.is_idle());
                    check_packet(&packet);
                }
                Ok(None) => {}
                Err(_) => assert!(decoder.is_idle(), "an error leaves nothing behind"),
            }
        }
    }
});

fn check_packet(packet: &Packet) {
    match &packet.body {
        Body::Connect(None) | Body::Disconnect => {}
        Body::Connect(Some(payload))
        | Body::ConnectError(payload)
        | Body::Event { payload, .. }
        | Body::Ack { payload, .. } => check_payload(payload),
    }
    // Nobody sends a refusal without a reason, but it is read as `null`, which is none.
    let is_bare_refusal =
        matches!(&packet.body, Body::ConnectError(it) if it.as_json() == Some("null"));
    if !is_bare_refusal {
        assert_eq!(send(packet).as_ref(), Some(packet));
    }
}

/// The packet as a peer with generous limits gets it.
fn send(packet: &Packet) -> Option<Packet> {
    let encoded = Json.encode(packet).expect("what was read can be sent");
    let limits = Limits::default()
        .max_bytes(usize::MAX)
        .max_namespace(usize::MAX);
    let mut decoder = Json.decoder(limits);
    let mut messages = messages(encoded.messages()).into_iter();
    messages.find_map(|message| decoder.push(message).expect("in order"))
}

fn check_payload(payload: &Payload) {
    let json = payload.as_json().expect("JSON");
    let checked = payload.check(MAX_DEPTH);
    assert_eq!(
        checked.is_ok(),
        is_well_formed(json, payload.attachments().len()),
        "{checked:?}"
    );

    // Whether it was checked or not.
    let values = payload.values();
    let _ = payload.decode::<(Option<Value>, Option<String>, Option<f64>)>();
    let _ = payload.decode::<serde_json::Value>();
    if let Ok((_, attachment)) = payload.decode::<(IgnoredAny, Attachment)>() {
        let bytes = payload.attachment(attachment).expect("one of its own");
        assert!(payload.attachments().contains(&bytes));
    }
    let mut arguments = payload.arguments();
    let len = arguments.len();
    let mut raw = Vec::new();
    while let Some(argument) = arguments.next_raw() {
        raw.push(argument);
    }
    assert_eq!(raw.len(), len);

    if checked.is_ok() {
        for argument in &raw {
            serde_json::from_str::<IgnoredAny>(argument).expect("JSON");
        }
        if let Ok(values) = values {
            assert_eq!(values.len(), len);
            check_values(payload, &raw, &values);
        }
    }
}

/// Dynamic values are the text's, and are written so that they read the same.
fn check_values(payload: &Payload, raw: &[&str], values: &[Value]) {
    if !payload.is_binary() {
        for (argument, value) in raw.iter().zip(values) {
            let json: serde_json::Value = serde_json::from_str(argument).expect("JSON");
            assert_eq!(serde_json::to_value(value).ok(), Some(json));
        }
    }
    let again = Payload::from_values(Format::Json, payload.event(), values).expect("writable");
    let read = again.values().expect("readable");
    assert!(same_values(&read, values), "{read:?} was {values:?}");
}

/// The check by other means: serde_json, a count of brackets, and a look at all placeholders.
fn is_well_formed(json: &str, attachments: usize) -> bool {
    if serde_json::from_str::<IgnoredAny>(json).is_err() || depth(json) > MAX_DEPTH {
        return false;
    }
    // What serde_json cannot read (half a surrogate pair, 1e999) hides its placeholders.
    let value = serde_json::from_str(&without_oddities(json)).expect("checked above");
    attachments == 0 || has_good_placeholders(&value, attachments)
}

/// Each escape and each number beyond an index becomes one that every type holds.
fn without_oddities(json: &str) -> String {
    let mut out = String::new();
    let mut chars = json.chars().peekable();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => in_string = !in_string,
            '\\' => {
                let escape = chars.next().expect("checked above");
                if escape != 'u' {
                    out.extend([c, escape]);
                    continue;
                }
                let digits: String = chars.by_ref().take(4).collect();
                let is_surrogate = digits.to_ascii_lowercase().starts_with('d')
                    && u32::from_str_radix(&digits, 16).is_ok_and(|n| n >= 0xd800);
                out.push_str("\\u");
                out.push_str(if is_surrogate { "fffd" } else { &digits });
                continue;
            }
            '-' | '0'..='9' if !in_string => {
                let mut number = String::from(c);
                while let Some(c) = chars.next_if(|c| "+-.eE0123456789".contains(*c)) {
                    number.push(c);
                }
                let index = number
                    .parse::<usize>()
                    .ok()
                    .or((number == "-0").then_some(0));
                out.push_str(&index.map_or_else(|| "-1".to_owned(), |index| index.to_string()));
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn has_good_placeholders(value: &serde_json::Value, attachments: usize) -> bool {
    match value {
        serde_json::Value::Array(elements) => elements
            .iter()
            .all(|it| has_good_placeholders(it, attachments)),
        serde_json::Value::Object(members) => {
            let is_placeholder = members.get("_placeholder") == Some(&true.into());
            let index = members.get("num").and_then(serde_json::Value::as_u64);
            (!is_placeholder || index.is_some_and(|index| (index as usize) < attachments))
                && members
                    .values()
                    .all(|it| has_good_placeholders(it, attachments))
        }
        _ => true,
    }
}
