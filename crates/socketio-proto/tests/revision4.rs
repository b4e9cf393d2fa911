//! Clients of revision 4: what they say and hear differently, on both sides of the wire.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use client::{Client, assert_closed, refusal, secs};
use engineio_proto::config::ServerConfig;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use socketio_proto::packet::Revision;
use socketio_proto::parser::Limits;
use socketio_proto::server::{Config, Event, Socket};
use socketio_proto::{
    AckId, Body, DecodeError, Format, Json as JsonParser, Message, Namespace, Packet, Parser,
    Payload, Text,
};
use std::collections::BTreeMap;

/// A client that was just announced, and its socket for `/`.
fn knocked(config: Config) -> (Client, Socket) {
    let mut client = Client::with_revision(config, ServerConfig::default(), Revision::V4);
    match client.events().as_slice() {
        &[Event::Connect { socket, .. }] => (client, socket),
        other => panic!("{other:?}"),
    }
}

fn joined() -> (Client, Socket) {
    let (mut client, socket) = knocked(Config::default());
    assert!(client.accept(socket));
    assert_eq!(client.received(), ["40"]);
    (client, socket)
}

#[track_caller]
fn asked(client: &mut Client) -> (Socket, String, Option<Json>) {
    match client.events().as_slice() {
        [
            Event::Connect {
                socket,
                namespace,
                auth,
            },
        ] => {
            let auth = auth.as_ref().map(|auth| auth.decode().unwrap());
            (*socket, namespace.as_str().to_owned(), auth)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn credentials_are_the_query_and_nothing_else() {
    let (mut client, _) = joined();
    client.send(r#"40/a?token=x%20y&n=1,{"token":"other"}"#);
    let (socket, name, auth) = asked(&mut client);
    assert_eq!(name, "/a");
    assert_eq!(auth, Some(json!({ "token": "x y", "n": "1" })));
    assert!(client.accept(socket));
    assert_eq!(client.received(), ["40/a,"]);

    client.send(r#"40/b,{"token":"other"}"#);
    assert_eq!(asked(&mut client).2, None);
    // The reference looks for the query in every packet.
    client.send(r#"42/a?x,["hello"]"#).send("41/a,");
    let events = client.events();
    assert!(
        matches!(
            events.as_slice(),
            [Event::Message { socket: of, .. }, Event::Disconnected { socket: gone, .. }]
                if *of == socket && *gone == socket
        ),
        "{events:?}"
    );
}

#[test]
fn in_revision_5_a_query_belongs_to_the_name() {
    let mut client = Client::new();
    client.send("40/a?x=1,");
    let (_, name, auth) = asked(&mut client);
    assert_eq!((name.as_str(), auth), ("/a?x=1", None));
}

#[test]
fn connect_to_the_root_is_for_who_is_not_there() {
    for frame in ["40", "40/,", "40/?x=1,"] {
        let (mut client, socket) = joined();
        client.send(frame);
        assert_closed(&mut client, &[socket]);
    }

    let (mut client, root) = knocked(Config::default());
    assert!(client.apply(|it, _| it.reject(root, refusal("bad"))));
    assert_eq!(client.received(), [r#"44"bad""#]);
    client.send("40/a,");
    let other = asked(&mut client).0;
    assert!(client.accept(other), "refused in `/` and welcome elsewhere");
    client.send("40/?again=1,");
    let (again, name, auth) = asked(&mut client);
    assert_eq!((name.as_str(), auth), ("/", Some(json!({ "again": "1" }))));
    assert!(client.accept(again));
    assert_eq!(client.received(), ["40/a,", "40"]);

    client.send("41").events();
    client.send("40");
    assert_eq!(asked(&mut client).1, "/", "left, and back");
}

#[test]
fn other_namespaces_do_not_wait_for_the_root() {
    let (mut client, root) = knocked(Config::default());
    client.send("40/a");
    let (other, name, _) = asked(&mut client);
    assert_eq!(name, "/a");
    assert!(client.accept(other) && client.accept(root));
    assert_eq!(client.received(), ["40/a,", "40"]);
}

#[test]
fn who_is_refused_in_the_root_has_until_the_connect_timeout() {
    let (mut client, root) = knocked(Config::default());
    client.apply(|it, _| it.reject(root, refusal("bad")));
    client.received();
    client.advance(secs(46));
    assert_closed(&mut client, &[]);
}

#[test]
fn an_unknown_namespace_is_refused_by_an_object() {
    let (mut client, _) = joined();
    client.send("40/nope?x=1");
    let socket = asked(&mut client).0;
    assert!(client.apply(|it, _| it.reject_unknown(socket)));
    assert!(!client.apply(|it, _| it.reject_unknown(socket)), "once");
    let expected = r#"44/nope,{"message":"Invalid namespace"}"#;
    assert_eq!(client.received(), [expected]);
}

#[test]
fn what_is_no_refusal_is_not_sent() {
    for revision in [Revision::V4, Revision::V5] {
        let (config, engine) = (Config::default(), ServerConfig::default());
        let mut client = Client::with_revision(config, engine, revision);
        client.send("40/a");
        let events = client.events();
        let Some(&Event::Connect { socket, .. }) = events.last() else {
            panic!("{events:?}")
        };
        for error in [json!(null), json!(true), json!([1]), json!(5)] {
            let error = Payload::value(Format::Json, &error).unwrap();
            assert!(!client.apply(|it, _| it.reject(socket, error)));
        }
        assert_eq!(client.received(), [""; 0]);
        let text = Payload::value(Format::Json, "no").unwrap();
        assert!(client.apply(|it, _| it.reject(socket, text)));
        assert_eq!(client.received(), [r#"44/a,"no""#]);
    }
}

#[test]
fn sp_10_name_and_query_are_limited() {
    let config = || Config::default().max_query(10);
    let (mut client, _) = knocked(config());
    client.send("40/a?x=1234567");
    assert_eq!(asked(&mut client).1, "/a");
    let name = "n".repeat(1024);
    for (frame, what) in [
        ("40/a?x=123456789,".to_owned(), "query"),
        (format!("40/{name}"), "namespace"),
        (format!("40/a?{name}{name}"), "namespace"),
    ] {
        let (mut client, _) = knocked(config());
        client.send(&frame);
        let refused = Event::Refused(DecodeError::Limit { what });
        assert_eq!(client.events().first(), Some(&refused), "{frame}");
        client.assert_gone();
    }
}

/// What `socket.io-client` makes of a query, it gets back as credentials.
#[test]
fn queries_of_the_reference() {
    /// Not here: what makes ids, waits between attempts and chooses streams.
    const ELSEWHERE: [&str; 3] = ["yeast_encode", "backoff", "stream_name"];
    let file: Json = serde_json::from_str(include_str!("vectors/helpers.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len() as u64, file["count"].as_u64().unwrap());
    let mut count = 0;
    for case in cases {
        let name = case["fn"].as_str().unwrap();
        if ELSEWHERE.contains(&name) {
            continue;
        }
        assert_eq!(name, "query_encode");
        let spelled = |value: &Json| match value {
            Json::String(text) => text.clone(),
            Json::Object(_) => "undefined".to_owned(),
            other => other.to_string(),
        };
        let input = case["input"].as_object().unwrap().iter();
        let expected: Json = input
            .map(|(key, value)| (key.clone(), Json::from(spelled(value))))
            .collect();
        let (mut client, _) = joined();
        client.send(&format!("40/a?{},", case["output"].as_str().unwrap()));
        assert_eq!(asked(&mut client).2, Some(expected), "{case}");
        count += 1;
    }
    assert_eq!(count, 5);
}

fn read(revision: Revision, text: &str) -> Result<Option<Packet>, DecodeError> {
    let mut decoder = JsonParser.decoder_for(revision, Limits::default());
    decoder.push(Message::Text(Text::new(text)))
}

#[test]
fn sp_13_a_server_of_revision_4_refuses_by_any_value() {
    for (text, expected) in [
        (r#"4"Auth failed""#, json!("Auth failed")),
        (r#"4/a,{"code":1}"#, json!({ "code": 1 })),
        ("4[1]", json!([1])),
        ("4null", json!(null)),
        ("4true", json!(true)),
        ("4", json!(null)),
    ] {
        let packet = read(Revision::V4, text).unwrap().unwrap();
        let Body::ConnectError(payload) = packet.body else {
            panic!("{text}")
        };
        payload.check(8).unwrap();
        assert_eq!(payload.decode::<Json>().unwrap(), expected);
    }
    assert_eq!(read(Revision::V5, "4[1]"), Err(DecodeError::Payload));
}

#[test]
fn a_number_is_no_refusal() {
    let packet = Packet {
        namespace: Namespace::root(),
        body: Body::ConnectError(Payload::value(Format::Json, &5).unwrap()),
    };
    assert!(JsonParser.encode(&packet).is_err(), "it would be an id");
}

fn json_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn packet() -> impl Strategy<Value = Packet> {
    let list = |event: Option<&str>, args: &[Json]| {
        let args: Vec<_> = args
            .iter()
            .map(|it| serde_json::from_value(it.clone()).unwrap())
            .collect();
        Payload::from_values(Format::Json, event, &args).unwrap()
    };
    let id = any::<u64>().prop_map(AckId);
    let args = || prop::collection::vec(json_value(), 0..3);
    let body = prop_oneof![
        Just(Body::Connect(None)),
        Just(Body::Disconnect),
        (prop::option::of(id.clone()), "x.{0,6}", args()).prop_map(
            move |(id, event, args): (_, String, Vec<Json>)| Body::Event {
                id,
                payload: list(Some(&event), &args)
            }
        ),
        (id, args()).prop_map(move |(id, args): (_, Vec<Json>)| Body::Ack {
            id,
            payload: list(None, &args)
        }),
        json_value()
            .prop_filter("would be an id", |it| it.as_u64().is_none())
            .prop_map(|it| Body::ConnectError(Payload::value(Format::Json, &it).unwrap())),
    ];
    let namespace = prop::option::of("[^,?]{0,6}(\\?[^,]{0,9})?");
    (namespace, body).prop_map(|(name, body)| Packet {
        namespace: name.map_or(Namespace::root(), |name| {
            Namespace::new(Text::from(format!("/{name}"))).unwrap()
        }),
        body,
    })
}

proptest! {
    #[test]
    fn what_is_written_in_revision_4_reads_the_same(packet in packet()) {
        let encoded = JsonParser.encode(&packet).unwrap();
        let [message] = encoded.messages() else { panic!() };
        let engineio_proto::Frame::Text(frame) = message.clone().into_frame() else { panic!() };
        let again = read(Revision::V4, frame.strip_prefix('4').unwrap()).unwrap().unwrap();
        prop_assert_eq!(&again.namespace, &packet.namespace);
        prop_assert_eq!(JsonParser.encode(&again).unwrap(), encoded);
    }

    #[test]
    fn a_query_is_cut_off_where_it_was_put_on(name in "/[^,?]{0,8}", query in "[^,]{0,12}") {
        let name = Namespace::new(Text::from(name)).unwrap();
        let both = name.with_query(&query).unwrap();
        prop_assert_eq!(both.split_query(), (name, Some(query.as_str())));
    }

    #[test]
    fn any_query_becomes_an_object_of_strings(query in "[^,]{0,40}") {
        let (mut client, _) = joined();
        client.send(&format!("40/a?{query},"));
        let expected: BTreeMap<_, _> = engineio_proto::http::query_pairs(&query).collect();
        let expected = (!expected.is_empty()).then(|| json!(expected));
        prop_assert_eq!(asked(&mut client).2, expected);
    }
}
