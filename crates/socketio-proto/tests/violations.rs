//! What ends a connection: packets against the grammar, out of turn, or over a limit.

mod client;

use client::{Client, FORCED, answer, assert_closed, disconnected, event, millis, secs};
use engineio_proto::CloseReason;
use socketio_proto::parser::Limits;
use socketio_proto::server::{Config, Emit, Event};
use socketio_proto::{AckId, DecodeError, DisconnectReason, EmitError};

#[test]
fn sp_11_credentials_are_an_object() {
    for frame in [
        "40[]", "40null", "40\"s\"", "40true", "40{", "40{}{}", "40/a,[1]",
    ] {
        let mut client = Client::new();
        client.send(frame);
        let events = client.events();
        assert!(
            matches!(events.first(), Some(Event::Refused(_))),
            "{frame}: {events:?}"
        );
        assert_eq!(client.received(), ["<end>"], "{frame}");
    }
    let mut client = Client::new();
    client.send("407{}");
    assert!(
        matches!(client.events().as_slice(), [Event::Connect { .. }]),
        "an id is ignored"
    );
}

#[test]
fn sp_12_disconnect_has_no_data() {
    let mut client = Client::new();
    let socket = client.join("/");
    client.send("41{}");
    assert_eq!(
        client.events(),
        [
            Event::Refused(DecodeError::Payload),
            disconnected(socket, FORCED),
            Event::Closed(CloseReason::Forced)
        ]
    );
}

#[test]
fn sp_13_only_servers_refuse() {
    for frame in [r#"44{"message":"x"}"#, r#"44/,"x""#] {
        let mut client = Client::new();
        let socket = client.join("/");
        client.send(frame);
        assert_closed(&mut client, &[socket]);
    }
}

#[test]
fn sp_14_packets_for_a_namespace_not_joined_close() {
    for frame in [r#"42/a,["x"]"#, "43/a,1[]", "41/a,"] {
        let mut client = Client::new();
        let socket = client.join("/");
        client.send(frame);
        assert_closed(&mut client, &[socket]);
    }
    let mut client = Client::new();
    let socket = client.join("/");
    client.send("41").send(r#"42["x"]"#);
    let left = disconnected(socket, DisconnectReason::ClientNamespace);
    assert_eq!(client.events(), [left, Event::Closed(CloseReason::Forced)]);
}

#[test]
fn sp_15_a_packet_that_does_not_wait_for_the_connect_reply_closes() {
    for frame in [r#"42["early"]"#, "431[]", "41"] {
        let mut client = Client::new();
        let socket = client.knock("/");
        client.send(frame);
        assert_closed(&mut client, &[socket]);
    }
}

#[test]
fn sp_16_a_payload_that_is_no_event_is_not_sent() {
    let mut client = Client::new();
    let socket = client.join("/");
    let result =
        client.apply(|connection, now| connection.emit(socket, answer(1), Emit::default(), now));
    assert!(matches!(result, Err(EmitError::Unfit(_))), "{result:?}");
    let result = client.apply(|connection, _| connection.ack(socket, AckId(1), event("x", 1)));
    assert!(matches!(result, Err(EmitError::Unfit(_))), "{result:?}");
    assert_eq!(client.received(), [""; 0], "nothing half-sent");
}

#[test]
fn a_malformed_payload_closes_before_any_handler_sees_it() {
    for frame in [r#"42["a""#, r#"42["a",]"#, r#"42["a"]x"#, r#"431{}"#] {
        let mut client = Client::new();
        let socket = client.join("/");
        client.send(r#"42["fine"]"#).send(frame);
        let events = client.events();
        assert!(
            matches!(
                events.as_slice(),
                [
                    Event::Refused(DecodeError::Payload),
                    Event::Disconnected { socket: gone, reason: FORCED },
                    Event::Closed(CloseReason::Forced)
                ] if *gone == socket
            ),
            "{frame}: {events:?}"
        );
    }
}

#[test]
fn sp_07_depth_is_limited() {
    let deep = |levels: usize| format!("42[\"x\",{}{}]", "[".repeat(levels), "]".repeat(levels));
    let mut client = Client::with(Config::default().limits(Limits::default().max_depth(8)));
    client.join("/");
    client.send(&deep(7));
    assert!(matches!(
        client.events().as_slice(),
        [Event::Message { .. }]
    ));
    client.send(&deep(8));
    let refused = Event::Refused(DecodeError::Limit { what: "depth" });
    assert_eq!(client.events().first(), Some(&refused));
}

#[test]
fn sb_04_nothing_may_come_between_a_header_and_its_attachments() {
    let header = r#"451-["b",{"_placeholder":true,"num":0}]"#;
    for frame in [r#"42["x"]"#, header] {
        let mut client = Client::new();
        let socket = client.join("/");
        client.send(header).send(frame);
        assert_eq!(
            client.events(),
            [
                Event::Refused(DecodeError::UnexpectedText { missing: 1 }),
                disconnected(socket, FORCED),
                Event::Closed(CloseReason::Forced)
            ]
        );
    }
}

#[test]
fn sb_05_a_binary_frame_that_nothing_announced_closes() {
    let mut client = Client::new();
    client.join("/");
    client
        .send(r#"451-["b",{"_placeholder":true,"num":0}]"#)
        .send_binary(&[1]);
    let events = client.events();
    let [Event::Message { payload, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(payload.attachments(), [[1_u8].as_slice()]);

    client.send_binary(&[2]);
    assert_eq!(
        client.events().first(),
        Some(&Event::Refused(DecodeError::UnexpectedBinary))
    );
    client.assert_gone();
}

#[test]
fn sb_06_attachments_that_never_come_end_the_connection() {
    let mut client = Client::new();
    let socket = client.join("/");
    client.send(r#"452-["b",{"_placeholder":true,"num":0}]"#);
    client.advance(secs(15));
    client.send_binary(&[1]);
    client.advance(secs(15) - millis(1));
    assert_eq!(
        client.events(),
        [],
        "the first attachment has bought no time"
    );
    client.advance(millis(1));
    assert_eq!(
        client.events(),
        [
            Event::Refused(DecodeError::AttachmentsTimeout),
            disconnected(socket, FORCED),
            Event::Closed(CloseReason::Forced)
        ]
    );
    client.assert_gone();

    let mut quick = Client::new();
    quick.join("/");
    quick.send(r#"451-["b"]"#).send_binary(&[1]);
    quick.advance(secs(120));
    assert!(
        matches!(quick.events().as_slice(), [Event::Message { .. }]),
        "complete in time"
    );
}

#[test]
fn sb_07_attachments_are_limited_in_sum() {
    let limits = Limits::default().max_bytes(10_000);
    let mut client = Client::with(Config::default().limits(limits));
    client.join("/");
    client
        .send(r#"453-["b"]"#)
        .send_binary(&[0; 4900])
        .send_binary(&[0; 4900]);
    assert_eq!(client.events(), []);
    client.send_binary(&[0; 4900]);
    let refused = Event::Refused(DecodeError::Limit { what: "bytes" });
    assert_eq!(client.events().first(), Some(&refused));
    client.assert_gone();
}

#[test]
fn sb_12_a_binary_header_needs_a_joined_namespace() {
    let header = r#"451-["b",{"_placeholder":true,"num":0}]"#;
    let mut client = Client::new();
    client.send(header);
    assert_closed(&mut client, &[]);

    let mut client = Client::new();
    let joining = client.knock("/");
    client.send(header);
    assert_closed(&mut client, &[joining]);

    let mut client = Client::new();
    let socket = client.join("/");
    client
        .send(r#"451-/a,["b",{"_placeholder":true,"num":0}]"#)
        .send_binary(&[1]);
    assert_closed(&mut client, &[socket]);
}

#[test]
fn sb_13_a_half_packet_dies_with_its_connection() {
    let mut client = Client::new();
    let socket = client.join("/");
    client.send(r#"452-["b"]"#).send_binary(&[1]);
    client.cut();
    let reason = CloseReason::TransportClose;
    assert_eq!(
        client.events(),
        [
            disconnected(socket, reason.clone().into()),
            Event::Closed(reason)
        ]
    );
    client.assert_gone();

    let mut client = Client::new();
    let socket = client.join("/");
    client.send(r#"452-["b"]"#).send_binary(&[1]);
    client.apply(|connection, _| connection.disconnect(socket, false));
    client.send_binary(&[2]);
    assert_eq!(
        client.events(),
        [
            disconnected(socket, DisconnectReason::ServerNamespace),
            Event::Closed(CloseReason::Forced)
        ],
        "complete, but for nobody"
    );
}
