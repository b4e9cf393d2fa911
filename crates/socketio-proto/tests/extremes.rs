//! Input that grows, and numbers at the end of their types.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "what is measured here is real time"
)]

mod client;

use bytes::{Bytes, BytesMut};
use client::{Client, event, secs};
use engineio_proto::config::ServerConfig;
use engineio_proto::http::jsonp::{Callback, decode_form};
use engineio_proto::http::{Method, Request, query_pairs, route};
use engineio_proto::payload::{Encoding, decode};
use engineio_proto::stream;
use socketio_proto::parser::Limits;
use socketio_proto::server::{Config, Emit, Event, Revision};
use socketio_proto::{Body, Json, Message, Parser, Text, Value};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Sixteen times as much input may take sixteen times as long, and what a busy machine adds. With
/// the square it would be 256 times.
const GROWTH: u32 = 16;
const TOLERATED: u32 = 6 * GROWTH;
const NOISE: Duration = Duration::from_millis(20);

#[track_caller]
fn is_linear(what: &str, input: impl Fn(usize) -> Vec<u8>, decode: impl Fn(&Bytes)) {
    let best = |size: usize| {
        let input = Bytes::from(input(size));
        let run = |_| {
            let begin = Instant::now();
            decode(&input);
            begin.elapsed()
        };
        (0..3).map(run).min().unwrap()
    };
    let (small, large) = (best(4_000), best(4_000 * GROWTH as usize));
    assert!(
        large <= small * TOLERATED + NOISE,
        "{what}: {small:?} became {large:?}"
    );
}

#[test]
fn rs_03_time_grows_with_the_input_and_not_with_its_square() {
    let open = Limits::default()
        .max_bytes(usize::MAX)
        .max_event(usize::MAX)
        .max_namespace(usize::MAX)
        .max_attachments(usize::MAX)
        .max_depth(usize::MAX);
    let push = |input: &Bytes| {
        let text = Text::try_from(input.clone()).unwrap();
        let packet = Json.decoder(open).push(Message::Text(text));
        if let Ok(Some(packet)) = packet
            && let Body::Event { payload, .. } = packet.body
            && payload.check(128).is_ok()
        {
            black_box(payload.arguments().next::<Value>().is_ok());
        }
    };
    let texts: [(&str, &dyn Fn(usize) -> String); 8] = [
        ("numbers", &|n| format!("2[\"e\",[{}0]]", "1,".repeat(n))),
        ("a number", &|n| format!("2[\"e\",{}]", "1".repeat(n))),
        ("escapes", &|n| {
            format!("2[\"e\",\"{}\"]", "\\u00e9\\\\".repeat(n))
        }),
        ("an event's name", &|n| {
            format!("2[\"{}\"]", "\\n".repeat(n))
        }),
        ("a namespace", &|n| format!("2/{},[\"e\"]", "n".repeat(n))),
        ("depth", &|n| {
            format!("2[\"e\",{}{}]", "[".repeat(n), "]".repeat(n))
        }),
        ("keys", &|n| {
            let keys: String = (0..n).map(|key| format!("\"k{key}\":1,")).collect();
            format!("2[\"e\",{{{keys}\"k\":1}}]")
        }),
        ("one key", &|n| {
            format!("2[\"e\",{{{}\"k\":1}}]", "\"k\":1,".repeat(n))
        }),
    ];
    for (what, input) in texts {
        is_linear(what, |n| input(n).into_bytes(), push);
    }
    let packets = |encoding| {
        move |input: &Bytes| {
            black_box(decode(encoding, input).count());
        }
    };
    is_linear("packets", |n| b"4x\x1e".repeat(n), packets(Encoding::V4));
    is_linear(
        "base64",
        |n| [b"b", &b"AAAA".repeat(n)[..]].concat(),
        packets(Encoding::V4),
    );
    is_linear("lengths", |n| b"2:4x".repeat(n), packets(Encoding::V3Text));
    is_linear("digits", |n| b"1".repeat(n), packets(Encoding::V3Text));
    is_linear(
        "types",
        |n| b"\x00\x02\xff4x".repeat(n),
        packets(Encoding::V3Binary),
    );
    is_linear(
        "frames",
        |n| b"\x02hi".repeat(n),
        |input| {
            let mut decoder = stream::Decoder::new(usize::MAX);
            let mut buffer = BytesMut::from(&input[..]);
            while decoder.poll_frame(&mut buffer).is_some_and(|it| it.is_ok()) {}
        },
    );
}

/// Placeholders are looked for when a packet is complete, checked, and read.
#[test]
fn rs_03_the_walk_over_placeholders_takes_time_by_their_number() {
    let open = Limits::default()
        .max_attachments(usize::MAX)
        .max_bytes(usize::MAX)
        .max_depth(usize::MAX);
    let read = |input: &Bytes| {
        let text = Text::try_from(input.clone()).unwrap();
        let count: usize = text[1..].split_once('-').unwrap().0.parse().unwrap();
        let mut decoder = Json.decoder(open);
        let mut packet = decoder.push(Message::Text(text)).unwrap();
        for _ in 0..count {
            assert!(packet.is_none());
            let bytes = Bytes::from_static(b"data");
            packet = decoder.push(Message::Binary(bytes)).unwrap();
        }
        let Body::Event { payload, .. } = packet.unwrap().body else {
            panic!("no event");
        };
        payload.check(usize::MAX).unwrap();
        black_box(payload.values().is_ok());
    };
    let place = |num: usize| format!("{{\"_placeholder\":true,\"num\":{num}}}");
    let texts: [(&str, &dyn Fn(usize) -> String); 4] = [
        ("attachments", &|n| {
            let places: Vec<_> = (0..n).map(place).collect();
            format!("5{n}-[\"e\",{}]", places.join(","))
        }),
        ("attachments from behind", &|n| {
            let places: Vec<_> = (0..n).rev().map(place).collect();
            format!("5{n}-[\"e\",[{}]]", places.join(","))
        }),
        ("one attachment in many places", &|n| {
            let places = format!("{},", place(0)).repeat(n);
            format!("51-[\"e\",[{places}0]]")
        }),
        ("an attachment in the depth", &|n| {
            format!("51-[\"e\",{}{}{}]", "[".repeat(n), place(0), "]".repeat(n))
        }),
    ];
    for (what, input) in texts {
        is_linear(what, |n| input(n).into_bytes(), read);
    }
}

#[test]
fn rs_03_queries_and_forms_take_time_by_their_size() {
    let texts: [(&str, &dyn Fn(usize) -> String); 6] = [
        ("pairs", &|n| "&a=1".repeat(n)),
        ("names", &|n| (0..n).map(|n| format!("&n{n}=1")).collect()),
        ("escapes", &|n| format!("&x={}", "%20%zz%".repeat(n))),
        ("no pairs", &|n| "&".repeat(n)),
        ("equals signs", &|n| format!("&x{}", "=".repeat(n))),
        ("bytes", &|n| format!("&x={}", "%ff".repeat(n))),
    ];
    let engine = ServerConfig::default().max_payload(usize::MAX);
    for (what, input) in texts {
        is_linear(
            &format!("{what} in the query of a request"),
            |n| format!("EIO=4&transport=polling{}", input(n)).into_bytes(),
            |query| {
                let request = Request {
                    method: Method::Get,
                    query: str::from_utf8(query).unwrap(),
                    content_type: None,
                    origin: None,
                    user_agent: None,
                    is_upgrade: false,
                };
                assert!(route(&engine, &request).is_ok());
                black_box(query_pairs(request.query).count());
            },
        );
        is_linear(
            &format!("{what} in the query of a namespace"),
            |n| format!("40/a?{},", input(n)).into_bytes(),
            |packet| {
                let config = Config::default().max_query(usize::MAX).max_auth(usize::MAX);
                let mut client = Client::with_revision(config, engine.clone(), Revision::V4);
                client.events();
                client.send(str::from_utf8(packet).unwrap());
                assert!(matches!(client.events()[..], [Event::Connect { .. }]));
            },
        );
    }
    let form = |body: &Bytes| {
        let packets = decode_form(body).unwrap().unwrap();
        black_box(decode(Encoding::V4, &packets.into()).count());
    };
    for (what, piece) in [
        ("characters", "x"),
        ("escapes", "%20"),
        ("line breaks", r"\n"),
        ("escaped line breaks", r"\\n"),
        ("backslashes", r"\"),
        ("packets", "%1e4x"),
        ("other fields", "&e=1"),
    ] {
        is_linear(
            &format!("{what} in a form"),
            |n| format!("d=4{}", piece.repeat(n)).into_bytes(),
            form,
        );
    }
    is_linear(
        "what a script has to escape",
        |n| "\u{2028}\n".repeat(n).into_bytes(),
        |payload| {
            let mut script = BytesMut::new();
            Callback::new("7").encode(str::from_utf8(payload).unwrap(), &mut script);
            black_box(script.len());
        },
    );
}

#[cfg(feature = "msgpack")]
#[test]
fn rs_03_messagepack_takes_time_by_its_size() {
    let open = Limits::default()
        .max_bytes(usize::MAX)
        .max_event(usize::MAX)
        .max_namespace(usize::MAX)
        .max_depth(usize::MAX);
    let push = |input: &Bytes| {
        let message = Message::Binary(input.clone());
        let packet = socketio_proto::MsgPack.decoder(open).push(message);
        let Body::Event { payload, .. } = packet.unwrap().unwrap().body else {
            panic!("no event");
        };
        payload.check(usize::MAX).unwrap();
        black_box(payload.values().is_ok());
    };
    let long = |kind: u8, len: usize| [&[kind], &(len as u32).to_be_bytes()[..]].concat();
    let event = |argument: Vec<u8>| {
        let data = [&b"\x92\xa1e"[..], &argument].concat();
        [&b"\x83\xa4type\x02\xa4data"[..], &data, b"\xa3nsp\xa1/"].concat()
    };
    let keys = |n: usize| -> Vec<u8> {
        let key = |key: usize| [&b"\xce"[..], &(key as u32).to_be_bytes(), b"\xc0"].concat();
        [long(0xdf, n), (0..n).flat_map(key).collect()].concat()
    };
    type Grow<'a> = &'a dyn Fn(usize) -> Vec<u8>;
    let texts: [(&str, Grow<'_>); 9] = [
        ("numbers", &|n| event([long(0xdd, n), vec![1; n]].concat())),
        ("text", &|n| event([long(0xdb, n), vec![b'x'; n]].concat())),
        ("binary data", &|n| {
            event([long(0xdd, n), b"\xc4\x01x".repeat(n)].concat())
        }),
        ("depth", &|n| event([&vec![0x91; n][..], b"\xc0"].concat())),
        ("depth of keys", &|n| {
            event([&b"\x81\xa1k".repeat(n)[..], b"\xc0"].concat())
        }),
        ("keys", &|n| event(keys(n))),
        ("one key", &|n| {
            event([long(0xdf, n), b"\xa1k\xc0".repeat(n)].concat())
        }),
        ("members around the data", &|n| {
            let inner = event(b"\xc0".to_vec());
            [&long(0xdf, n + 3)[..], &b"\xa1k\xc0".repeat(n), &inner[1..]].concat()
        }),
        ("data again and again", &|n| {
            let inner = event(b"\xc0".to_vec());
            let again = b"\xa4data\x91\xa1e".repeat(n);
            [&long(0xdf, n + 3)[..], &again, &inner[1..]].concat()
        }),
    ];
    for (what, input) in texts {
        is_linear(&format!("{what} in MessagePack"), input, push);
    }
}

#[test]
fn rs_04_announced_lengths_are_compared_and_not_computed_with() {
    // The longest length of a frame in a byte stream, without a limit that would catch it.
    for length in [u64::MAX, i64::MAX as u64 + 1, u64::MAX - 8] {
        let mut decoder = stream::Decoder::new(usize::MAX);
        let mut buffer = BytesMut::from(&[&[127][..], &length.to_be_bytes(), b"4x"].concat()[..]);
        let used = allocation_counter::measure(|| {
            black_box(decoder.poll_frame(&mut buffer).is_some());
        });
        assert!(used.bytes_max < 1024, "{length}: {} bytes", used.bytes_max);
    }
    for digits in ["18446744073709551615", "18446744073709551616", "4294967296"] {
        let text = Bytes::from(format!("{digits}:4x"));
        assert!(
            decode(Encoding::V3Text, &text).all(|it| it.is_err()),
            "{digits}"
        );
        let digits: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
        let binary = Bytes::from([&[0][..], &digits, b"\xff4x"].concat());
        assert!(decode(Encoding::V3Binary, &binary).all(|it| it.is_err()));
    }
    let open = Limits::default()
        .max_attachments(usize::MAX)
        .max_bytes(usize::MAX);
    for count in ["18446744073709551615", "18446744073709551616"] {
        let header = Text::from(format!(r#"5{count}-["e",{{"_placeholder":true,"num":0}}]"#));
        let used = allocation_counter::measure(|| {
            let mut decoder = Json.decoder(open);
            assert_ne!(
                decoder.push(Message::Text(header)).map(|it| it.is_some()),
                Ok(true),
                "{count}"
            );
        });
        assert!(used.bytes_max < 4096, "{count}: {} bytes", used.bytes_max);
    }
    let far = Text::from(r#"51-["e",{"_placeholder":true,"num":18446744073709551615}]"#);
    let mut decoder = Json.decoder(open);
    decoder.push(Message::Text(far)).unwrap();
    let packet = decoder.push(Message::Binary(Bytes::from_static(b"x")));
    let checked = packet.map(|packet| match packet.unwrap().body {
        Body::Event { payload, .. } => payload.check(128).is_err(),
        _ => false,
    });
    assert!(checked.unwrap_or(true));
}

/// Somebody who wants no limit writes the largest number.
#[test]
fn rs_04_limits_at_the_end_of_their_types_do_not_overflow() {
    let engine = ServerConfig::default()
        .max_payload(usize::MAX)
        .max_packets(usize::MAX)
        .max_buffered(usize::MAX)
        .max_queued(usize::MAX)
        .ping_interval(Duration::MAX)
        .ping_timeout(Duration::MAX)
        .upgrade_timeout(Duration::MAX)
        .close_timeout(Duration::MAX)
        .noop_delay(Duration::MAX);
    let limits = Limits::default()
        .max_attachments(usize::MAX)
        .max_bytes(usize::MAX)
        .max_depth(usize::MAX)
        .max_namespace(usize::MAX)
        .max_event(usize::MAX)
        .copy_below(usize::MAX);
    let config = Config::default()
        .limits(limits)
        .max_namespaces(usize::MAX)
        .max_pending_acks(usize::MAX)
        .connect_timeout(Some(Duration::MAX))
        .attachments_timeout(Duration::MAX);
    let mut client = Client::with_engine(config, engine);
    let socket = client.join("/");
    client.received();
    let hello = event("hello", "x".repeat(1000));
    let emitted =
        client.apply(|connection, now| connection.emit(socket, hello, Emit::default(), now));
    assert_eq!(emitted, Ok(None));
    assert_eq!(client.received().len(), 1);
    client.send(r#"451-["e",{"_placeholder":true,"num":0}]"#);
    // A hundred years.
    client.advance(secs(3_155_760_000));
    client.send_binary(b"late");
    assert!(matches!(client.events()[..], [Event::Message { .. }]));
}
