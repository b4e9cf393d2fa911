//! The header of a Socket.IO packet, the name of its event, and the query of its namespace in
//! revision 4, against a naive twin. Both revisions read a packet alike, but for refusals.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socketio_fuzz::{naive_pairs, text};
use socketio_proto::{
    AckId, DecodeError, Instant, Json, Message, Namespace, Parser, Text,
    packet::Revision,
    parser::{Kind, Limits, PacketRef},
    server::{Connection, Event},
};
use std::{collections::BTreeMap, sync::Arc};

fuzz_target!(|data: &[u8]| {
    let Some(message) = text(data) else { return };
    let parsed = PacketRef::parse(&message);
    assert_eq!(parsed, naive_header(&message));
    if let Ok(packet) = parsed {
        check_event(&packet);
        check_query(&packet);
        check_revisions(&packet, &message);
    }
});

/// Byte by byte, in the order of the grammar.
fn naive_header(message: &str) -> Result<PacketRef<'_>, DecodeError> {
    let first = message.chars().next().ok_or(DecodeError::Empty)?;
    let kinds = [
        ('0', Kind::Connect),
        ('1', Kind::Disconnect),
        ('2', Kind::Event),
        ('3', Kind::Ack),
        ('4', Kind::ConnectError),
        ('5', Kind::Event),
        ('6', Kind::Ack),
    ];
    let (_, kind) = kinds
        .into_iter()
        .find(|(digit, _)| *digit == first)
        .ok_or(DecodeError::UnknownType(first))?;
    let mut at = 1;

    let mut attachments = 0;
    if matches!(first, '5' | '6') {
        let digits = digits(message, at);
        attachments = digits.parse::<u32>().unwrap_or(u32::MAX);
        at += digits.len();
        if digits.is_empty() || attachments == 0 || !message[at..].starts_with('-') {
            return Err(DecodeError::Attachments);
        }
        at += 1;
    }

    let mut namespace = "/";
    if message[at..].starts_with('/') {
        let start = at;
        while at < message.len() && message.as_bytes()[at] != b',' {
            at += 1;
        }
        namespace = &message[start..at];
        at = message.len().min(at + 1);
    }

    let digits = digits(message, at);
    let id = match digits.len() {
        0 => None,
        1..=20 => Some(AckId(digits.parse().map_err(|_| DecodeError::AckId)?)),
        _ => return Err(DecodeError::AckId),
    };
    at += digits.len();
    Ok(PacketRef {
        kind,
        attachments,
        namespace,
        id,
        data: &message[at..],
    })
}

fn digits(message: &str, at: usize) -> &str {
    let rest = &message[at..];
    let len = rest.bytes().take_while(u8::is_ascii_digit).count();
    &rest[..len]
}

/// Where the whole of the data is JSON, serde_json knows the name.
fn check_event(packet: &PacketRef<'_>) {
    let name = packet.event().ok();
    let Ok(json) = serde_json::from_str::<serde_json::Value>(packet.data) else {
        return;
    };
    if !packet.data.starts_with('[') {
        // JSON may begin with blanks, a payload may not.
        assert!(name.is_none());
        return;
    }
    match json.get(0) {
        Some(serde_json::Value::String(expected)) => {
            assert_eq!(name.expect("a name").to_str(), expected.as_str());
        }
        Some(serde_json::Value::Number(expected)) => {
            let name: f64 = name.expect("a name").raw().parse().expect("a number");
            assert_eq!(Some(name), expected.as_f64());
        }
        _ => assert!(name.is_none()),
    }
}

/// The query of a CONNECT is cut off at the first question mark, and its pairs are credentials.
fn check_query(packet: &PacketRef<'_>) {
    let Some(at) = packet.namespace.find('?') else {
        return;
    };
    let (name, query) = (&packet.namespace[..at], &packet.namespace[at + 1..]);
    let namespace = Namespace::new(Text::new(packet.namespace)).expect("no comma");
    let (cut, rest) = namespace.split_query();
    assert_eq!((cut.as_str(), rest), (name, Some(query)));
    assert_eq!(cut.with_query(query), Some(namespace));

    let now = Instant::ZERO;
    let limits = Limits::default();
    let mut server = Connection::new(Arc::default(), Arc::new(Json), Revision::V4, now);
    assert!(server.poll_event().is_some(), "asked into the root");
    let connect = Text::from(format!("0{},", packet.namespace));
    server.handle_message(Message::Text(connect), now);
    match server.poll_event() {
        Some(Event::Connect {
            namespace, auth, ..
        }) => {
            assert_eq!(namespace.as_str(), name);
            let auth: BTreeMap<String, String> = auth.map_or(BTreeMap::new(), |auth| {
                auth.decode().expect("strings by name")
            });
            assert_eq!(auth, naive_pairs(query).into_iter().collect());
        }
        Some(Event::Refused(DecodeError::Limit { .. })) => {
            assert!(name.len() > limits.max_namespace || query.len() > 8192);
        }
        // It is in the root already.
        other => assert!(other.is_none() && name == "/"),
    }
}

fn check_revisions(packet: &PacketRef<'_>, message: &Text) {
    let read = |revision| {
        let mut decoder = Json.decoder_for(revision, Limits::default());
        decoder.push(Message::Text(message.clone()))
    };
    let (old, new) = (read(Revision::V4), read(Revision::V5));
    let may_differ = packet.kind == Kind::ConnectError && new == Err(DecodeError::Payload);
    assert!(
        old == new || may_differ && old.is_ok(),
        "{old:?} and {new:?}"
    );
}
