//! How clients join namespaces, leave them, and lose their connection.

mod client;

use client::{
    Client, FORCED, PollingClient, assert_closed, disconnected, event, millis, refusal, secs,
};
use engineio_proto::config::ServerConfig;
use engineio_proto::{CloseReason, Outgoing};
use socketio_proto::server::{Config, ConnectLimit, Connection, Emit, Event, Revision};
use socketio_proto::{
    DecodeError, DisconnectReason, EmitError, Instant, Json, Message, SocketId, Text,
};
use std::sync::Arc;

#[test]
fn a_client_joins_talks_and_leaves() {
    let mut client = Client::new();
    client.send(r#"40{"token":"x"}"#);
    let events = client.events();
    let [
        Event::Connect {
            socket,
            namespace,
            auth: Some(auth),
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert!(namespace.is_root());
    assert_eq!(auth.as_json(), Some(r#"{"token":"x"}"#));
    let socket = *socket;
    assert!(!client.peer.connection().is_connected(socket));

    assert!(client.accept(socket));
    assert_eq!(client.received(), [r#"40{"sid":"id0"}"#]);
    assert!(client.peer.connection().is_connected(socket));

    client.send(r#"42["hello",1]"#);
    let payload = match client.events().as_slice() {
        [
            Event::Message {
                socket: of,
                payload,
                ack: None,
            },
        ] if *of == socket => payload.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(payload.event(), Some("hello"));

    client.send("41");
    assert_eq!(
        client.events(),
        [disconnected(socket, DisconnectReason::ClientNamespace)]
    );
    assert_eq!(client.received(), [""; 0], "the connection stays");

    let again = client.join("/");
    assert_ne!(again, socket, "another membership");
    client.cut();
    let reason = CloseReason::TransportClose;
    assert_eq!(
        client.events(),
        [
            disconnected(again, reason.clone().into()),
            Event::Closed(reason)
        ]
    );
    client.assert_gone();
}

#[test]
fn namespaces_share_a_connection_and_nothing_else() {
    let mut client = Client::new();
    let (root, chat) = (client.join("/"), client.join("/chat"));
    client
        .send(r#"42/chat,["to chat"]"#)
        .send(r#"42["to root"]"#)
        .send("41/chat,");
    let to: Vec<_> = client
        .events()
        .into_iter()
        .map(|event| match event {
            Event::Message {
                socket, payload, ..
            } => (socket, payload.event().unwrap().to_owned()),
            Event::Disconnected { socket, .. } => (socket, "gone".to_owned()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        to,
        [
            (chat, "to chat".into()),
            (root, "to root".into()),
            (chat, "gone".into())
        ]
    );
    assert!(client.peer.connection().is_connected(root));
}

#[test]
fn a_refused_client_may_try_again() {
    let mut client = Client::new();
    let socket = client.knock("/admin");
    assert!(client.apply(|connection, _| connection.reject(socket, refusal("no"))));
    assert_eq!(client.received(), [r#"44/admin,{"message":"no"}"#]);
    assert_eq!(client.events(), []);
    assert!(!client.accept(socket), "the answer was given");
    assert!(!client.apply(|connection, _| connection.reject(socket, refusal("no"))));
    assert_eq!(
        client.received(),
        [""; 0],
        "SN-03: a second answer is ignored"
    );
    client.join("/admin");
}

#[test]
fn what_a_middleware_emits_comes_before_the_connect_reply() {
    let mut client = Client::new();
    let socket = client.knock("/");
    client
        .apply(|connection, now| connection.emit(socket, event("early", 1), Emit::default(), now))
        .unwrap();
    client.accept(socket);
    client
        .apply(|connection, now| connection.emit(socket, event("late", 2), Emit::default(), now))
        .unwrap();
    assert_eq!(
        client.received(),
        [r#"42["early",1]"#, r#"40{"sid":"id0"}"#, r#"42["late",2]"#]
    );
}

#[test]
fn sn_01_a_second_connect_closes_and_never_makes_a_second_socket() {
    let mut client = Client::new();
    let joined = client.join("/");
    client.send("40");
    assert_closed(&mut client, &[joined]);

    let mut client = Client::new();
    let joining = client.knock("/");
    client.send("40");
    assert_closed(&mut client, &[joining]);
    assert!(!client.accept(joining));

    // In one go: the first was not even announced.
    let mut client = Client::new();
    for _ in 0..1000 {
        client.send("40");
    }
    assert_closed(&mut client, &[]);
}

#[test]
fn sn_02_namespaces_of_a_connection_are_limited() {
    let mut client = Client::with(Config::default().max_namespaces(2));
    client.join("/a");
    let b = client.knock("/b");
    client.send("40/c,");
    assert_eq!(
        client.received(),
        [r#"44/c,{"message":"too many namespaces"}"#]
    );
    assert_eq!(
        client.events(),
        [Event::OverLimit(ConnectLimit::Namespaces)]
    );

    client.apply(|connection, _| connection.reject(b, refusal("no")));
    client.received();
    client.join("/c");
}

#[test]
fn sn_03_an_answer_after_the_end_has_no_effect() {
    let mut client = Client::new();
    let socket = client.knock("/");
    client.cut();
    let reason = CloseReason::TransportClose;
    assert_eq!(
        client.events(),
        [
            disconnected(socket, reason.clone().into()),
            Event::Closed(reason)
        ],
        "whoever was told of the socket is told of its end"
    );
    assert!(!client.accept(socket));
    assert_eq!(client.events(), []);
    client.assert_gone();
}

#[test]
fn sn_04_whoever_joins_nothing_in_time_is_closed() {
    let mut client = Client::new();
    client.advance(secs(45) - millis(1));
    assert_eq!(client.events(), []);
    client.advance(millis(1));
    assert_closed(&mut client, &[]);

    let mut patient = Client::with(Config::default().connect_timeout(None));
    patient.advance(secs(3600));
    assert_eq!(patient.events(), []);
}

#[test]
fn sn_05_refused_and_waiting_namespaces_do_not_count_as_joined() {
    let mut client = Client::new();
    let refused = client.knock("/nope");
    client.apply(|connection, _| connection.reject(refused, refusal("Invalid namespace")));
    let waiting = client.knock("/slow");
    client.received();
    client.advance(secs(45));
    assert_closed(&mut client, &[waiting]);
}

#[test]
fn once_a_namespace_was_joined_the_connection_stays() {
    let mut client = Client::new();
    let socket = client.join("/");
    client.send("41");
    client.advance(secs(3600));
    assert_eq!(
        client.events(),
        [disconnected(socket, DisconnectReason::ClientNamespace)]
    );
    client.join("/");
}

#[test]
fn the_server_makes_one_socket_leave() {
    let mut client = Client::new();
    let (root, chat) = (client.join("/"), client.join("/chat"));
    client.send(r#"42/chat,["unheard"]"#).send(r#"42["heard"]"#);
    client.apply(|connection, _| connection.disconnect(chat, false));
    assert_eq!(client.received(), ["41/chat,"]);
    let events = client.events();
    assert!(
        matches!(
            events.as_slice(),
            [
                Event::Message { socket, .. },
                Event::Disconnected { socket: gone, reason: DisconnectReason::ServerNamespace },
            ] if (*socket, *gone) == (root, chat)
        ),
        "no handler runs after the disconnect: {events:?}"
    );
    let result =
        client.apply(|connection, now| connection.emit(chat, event("x", 1), Emit::default(), now));
    assert_eq!(result, Err(EmitError::NotConnected));
    client.apply(|connection, _| connection.disconnect(chat, false));
    assert_eq!(client.events(), [], "SR-03: one disconnect event");
    assert_eq!(client.received(), [""; 0]);
}

#[test]
fn the_server_makes_a_client_leave_everything() {
    let mut client = Client::new();
    let (root, chat) = (client.join("/"), client.join("/chat"));
    let joining = client.knock("/slow");
    client.apply(|connection, now| {
        connection
            .emit(chat, event("bye", 1), Emit::default(), now)
            .unwrap();
        connection.disconnect(root, true);
    });
    assert_eq!(
        client.received(),
        [r#"42/chat,["bye",1]"#, "41", "41/chat,", "<end>"]
    );
    assert_eq!(
        client.events(),
        [
            disconnected(root, DisconnectReason::ServerNamespace),
            disconnected(chat, DisconnectReason::ServerNamespace),
            disconnected(joining, FORCED),
            Event::Closed(CloseReason::Forced)
        ]
    );
    client.assert_gone();
}

#[test]
fn a_shutdown_says_nothing_to_the_sockets() {
    let mut client = Client::new();
    let socket = client.join("/");
    client.apply(|connection, _| connection.close(CloseReason::ShuttingDown));
    assert_eq!(client.received(), ["<end>"]);
    let events = client.events();
    let reason = CloseReason::ShuttingDown;
    assert_eq!(
        events,
        [
            disconnected(socket, reason.clone().into()),
            Event::Closed(reason)
        ]
    );
    assert_eq!(FORCED.to_string(), "forced close");
    client.assert_gone();
}

#[test]
fn what_was_decoded_before_the_end_but_not_polled_is_dropped() {
    let mut client = Client::new();
    let socket = client.join("/");
    client.send(r#"42["unheard"]"#).send("40/unseen,");
    client.cut();
    let reason = CloseReason::TransportClose;
    assert_eq!(
        client.events(),
        [
            disconnected(socket, reason.clone().into()),
            Event::Closed(reason)
        ],
        "no handler runs after the end, and who was never announced does not leave"
    );
}

#[test]
fn on_polling_a_violation_without_a_waiting_get_is_a_forced_server_close() {
    let mut client = PollingClient::new();
    client.push("40");
    let events = client.events();
    let [Event::Connect { socket, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    let socket = *socket;
    let id = SocketId(Text::from("id"));
    assert!(client.apply(|connection, _| connection.accept(socket, id)));
    client.poll();
    assert_eq!(client.answers(), ["ok", r#"40{"sid":"id"}"#]);

    client.push("47");
    let reason = CloseReason::ForcedServer;
    assert_eq!(
        client.events(),
        [
            Event::Refused(DecodeError::UnknownType('7')),
            disconnected(socket, reason.clone().into()),
            Event::Closed(reason)
        ]
    );
    assert_eq!(client.answers(), ["ok"]);
    client.poll();
    assert_eq!(client.answers(), ["6\u{1e}1"]);
}

#[test]
fn a_connect_and_an_event_in_one_payload_close() {
    let mut client = PollingClient::new();
    client.poll();
    client.push("40\u{1e}42[\"early\"]\u{1e}42[\"more\"]");
    assert_eq!(client.events(), [Event::Closed(CloseReason::Forced)]);
    let mut answers = client.answers();
    answers.sort();
    assert_eq!(answers, ["1", "ok"]);
}

#[test]
fn an_event_that_does_not_fit_is_refused_whole() {
    let engine = ServerConfig::default().max_buffered(100);
    let mut client = Client::with_engine(Config::default(), engine);
    let socket = client.join("/");
    let text = "x".repeat(60);
    let send = |client: &mut Client| {
        let payload = event("e", &text);
        client.apply(|connection, now| connection.emit(socket, payload, Emit::default(), now))
    };
    assert_eq!(send(&mut client), Ok(None));
    assert_eq!(send(&mut client), Err(EmitError::Full));
    let binary = event("b", serde_bytes::Bytes::new(&[7; 60]));
    let result =
        client.apply(|connection, now| connection.emit(socket, binary, Emit::default(), now));
    assert_eq!(
        result,
        Err(EmitError::Full),
        "neither header nor attachment"
    );
    assert_eq!(client.received().len(), 1);
    assert_eq!(send(&mut client), Ok(None), "there is room again");
}

#[test]
fn emits_of_one_turn_reckon_with_each_other() {
    let engine = ServerConfig::default().max_buffered(100);
    let mut client = Client::with_engine(Config::default(), engine);
    let socket = client.join("/");
    let text = "x".repeat(60);
    let results = client.apply(|connection, now| {
        [(); 2].map(|()| connection.emit(socket, event("e", &text), Emit::default(), now))
    });
    assert_eq!(results, [Ok(None), Err(EmitError::Full)]);
    client.received();

    let volatile = Emit::default().volatile(true);
    let results = client.apply(|connection, now| {
        [(); 2].map(|()| connection.emit(socket, event("v", 1), volatile.clone(), now))
    });
    assert_eq!(results, [Ok(None), Err(EmitError::Dropped)]);
}

#[test]
fn a_volatile_event_waits_for_nothing() {
    let mut client = Client::new();
    let socket = client.join("/");
    let volatile = |client: &mut Client| {
        let how = Emit::default().volatile(true);
        let payload = event("v", serde_bytes::Bytes::new(&[1]));
        client.apply(|connection, now| connection.emit(socket, payload, how, now))
    };
    assert_eq!(volatile(&mut client), Ok(None));
    assert_eq!(
        volatile(&mut client),
        Err(EmitError::Dropped),
        "the first is not written yet"
    );
    let header = r#"451-["v",{"_placeholder":true,"num":0}]"#;
    assert_eq!(
        client.received(),
        [header, "<bin 01>"],
        "header and attachment share a fate"
    );
    assert_eq!(volatile(&mut client), Ok(None));
}

#[test]
fn a_client_that_never_reads_cannot_make_the_server_hoard_replies() {
    let engine = ServerConfig::default().max_buffered(2000);
    let mut client = Client::with_engine(Config::default().max_namespaces(1), engine);
    client.join("/");
    for _ in 0..1000 {
        client.send("40/x,");
    }
    let events = client.events();
    assert_eq!(
        events.last(),
        Some(&Event::Closed(CloseReason::Overflow)),
        "{events:?}"
    );
    client.assert_gone();
}

#[test]
fn a_client_of_revision_4_is_asked_in_unasked_and_gets_no_id() {
    let (config, parser, now) = (Arc::default(), Arc::new(Json), Instant::ZERO);
    let mut connection = Connection::new(config, parser, Revision::V4, now);
    let event = connection.poll_event();
    let Some(Event::Connect {
        socket,
        namespace,
        auth: None,
    }) = event
    else {
        panic!("{event:?}")
    };
    assert!(namespace.is_root());
    assert!(connection.accept(socket, SocketId(Text::from("id"))));
    let reply = connection.poll_encoded().expect("the reply");
    assert_eq!(reply.encoded.messages(), [Outgoing::text("0")]);
}

#[test]
fn a_connection_is_small() {
    // One per client: the engine session beside it has about as much.
    assert!(
        size_of::<Connection>() <= 384,
        "{}",
        size_of::<Connection>()
    );
    assert!(size_of::<Event>() <= 200, "{}", size_of::<Event>());
}

#[test]
fn messages_are_limited_in_number_too() {
    let engine = ServerConfig::default().max_queued(2);
    let mut client = Client::with_engine(Config::default(), engine);
    let socket = client.join("/");
    let results = client.apply(|connection, now| {
        [(); 3].map(|()| connection.emit(socket, event("e", 1), Emit::default(), now))
    });
    assert_eq!(results, [Ok(None), Ok(None), Err(EmitError::Full)]);
    assert_eq!(client.received().len(), 2);
}

#[test]
fn who_waits_for_room_is_told_when_there_is() {
    let engine = ServerConfig::default().max_buffered(100);
    let mut client = Client::with_engine(Config::default(), engine);
    let socket = client.join("/");
    let long = event("e", "x".repeat(60));
    client
        .apply(|connection, now| connection.emit(socket, long, Emit::default(), now))
        .unwrap();
    assert_eq!(client.events(), []);
    client.received();
    assert_eq!(client.events(), [Event::Drained], "by pulling alone");
}

#[test]
fn a_connection_without_a_peer_closes_behind_its_packets_and_waits_for_nothing_more() {
    let now = Instant::ZERO;
    let new = || Connection::new(Arc::default(), Arc::new(Json), Revision::V5, now);
    let mut connection = new();
    connection.handle_message(Message::Text(Text::from("0")), now);
    let Some(Event::Connect { socket, .. }) = connection.poll_event() else {
        panic!()
    };
    connection.accept(socket, SocketId(Text::from("id")));
    connection.disconnect(socket, true);
    assert_eq!(
        connection.poll_close(),
        None,
        "CONNECT and DISCONNECT first"
    );
    assert!(connection.poll_encoded().is_some() && connection.poll_encoded().is_some());
    assert_eq!(connection.poll_close(), Some(CloseReason::Forced));
    assert_eq!(connection.poll_close(), None);

    let mut connection = new();
    connection.handle_message(Message::Text(Text::from(r#"51-["b"]"#)), now);
    assert_eq!(connection.poll_close(), Some(CloseReason::Forced));
    assert_eq!(connection.poll_timeout(), None);
}
