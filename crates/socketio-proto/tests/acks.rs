//! Acknowledgements: asked for, answered, late, lost.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;

use client::{Client, answer, event, millis, secs};
use engineio_proto::CloseReason;
use socketio_proto::acks::AckToken;
use socketio_proto::server::{Config, Emit, Event, Socket};
use socketio_proto::{AckError, AckId, EmitError};

fn ask(client: &mut Client, socket: Socket, how: Emit) -> Result<AckToken, EmitError> {
    client
        .apply(|connection, now| connection.emit(socket, event("question", ()), how, now))
        .map(Option::unwrap)
}

fn with_id(id: u64) -> Emit {
    Emit::default().ack(AckId(id))
}

/// What became of an acknowledgement, if that is all that has happened.
fn outcome(client: &mut Client) -> (AckToken, Result<String, AckError>) {
    match client.events().as_slice() {
        [Event::Acked { token, result }] => (
            *token,
            result
                .clone()
                .map(|payload| payload.as_json().unwrap().to_owned()),
        ),
        other => panic!("not one answer: {other:?}"),
    }
}

#[test]
fn the_server_asks_and_the_client_answers() {
    let mut client = Client::new();
    let socket = client.join("/");
    let token = ask(&mut client, socket, with_id(0)).unwrap();
    assert_eq!(client.received(), [r#"420["question"]"#]);
    client.send(r#"430["yes",2]"#);
    assert_eq!(outcome(&mut client), (token, Ok(r#"["yes",2]"#.to_owned())));
    client.assert_gone();
}

#[test]
fn the_client_asks_and_the_server_answers_before_it_says_more() {
    let mut client = Client::new();
    let socket = client.join("/admin");
    client
        .send(r#"451-/admin,8["echo",{"_placeholder":true,"num":0}]"#)
        .send_binary(&[1, 2, 3]);
    let events = client.events();
    let [
        Event::Message {
            ack: Some(id),
            payload,
            ..
        },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    let (id, bytes) = (*id, payload.attachments()[0].clone());
    client.apply(|connection, now| {
        connection
            .ack(socket, id, answer(serde_bytes::Bytes::new(&bytes)))
            .unwrap();
        connection
            .emit(socket, event("more", ()), Emit::default(), now)
            .unwrap();
    });
    let header = r#"461-/admin,8[{"_placeholder":true,"num":0}]"#;
    assert_eq!(
        client.received(),
        [header, "<bin 010203>", r#"42/admin,["more"]"#]
    );
}

#[test]
fn ids_of_the_client_are_repeated_exactly() {
    let mut client = Client::new();
    let socket = client.join("/");
    client.send(r#"4218446744073709551615["x"]"#);
    let events = client.events();
    let [Event::Message { ack: Some(id), .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    client
        .apply(|connection, _| connection.ack(socket, *id, answer(())))
        .unwrap();
    assert_eq!(client.received(), ["4318446744073709551615[]"]);
}

#[test]
fn sa_01_only_the_first_answer_to_a_question_that_was_asked_counts() {
    let mut client = Client::new();
    let (root, chat) = (client.join("/"), client.join("/chat"));
    let token = ask(&mut client, root, with_id(0)).unwrap();

    client.send(r#"4399["unknown"]"#);
    client.send(r#"43/chat,0["another namespace"]"#);
    client.send(r#"43["without id"]"#);
    client
        .send(r#"461-7[{"_placeholder":true,"num":0}]"#)
        .send_binary(&[1]);
    assert_eq!(client.events(), []);
    assert!(client.peer.connection().is_connected(chat));

    client.send(r#"430["yes"]"#).send(r#"430["again"]"#);
    assert_eq!(outcome(&mut client), (token, Ok(r#"["yes"]"#.to_owned())));

    let late = ask(&mut client, root, with_id(1).timeout(secs(5))).unwrap();
    client.advance(secs(5));
    assert_eq!(outcome(&mut client), (late, Err(AckError::Timeout)));
    client.send(r#"431["late"]"#);
    assert_eq!(client.events(), []);
}

#[test]
fn the_same_id_on_two_sockets_is_two_questions() {
    let mut client = Client::new();
    let (root, chat) = (client.join("/"), client.join("/chat"));
    let at_root = ask(&mut client, root, with_id(3)).unwrap();
    let at_chat = ask(&mut client, chat, with_id(3)).unwrap();
    assert_ne!(at_root, at_chat);
    client.send(r#"43/chat,3["chat"]"#);
    assert_eq!(
        outcome(&mut client),
        (at_chat, Ok(r#"["chat"]"#.to_owned()))
    );
    client.send(r#"433["root"]"#);
    assert_eq!(
        outcome(&mut client),
        (at_root, Ok(r#"["root"]"#.to_owned()))
    );
}

#[test]
fn deadlines_expire_in_their_order() {
    let mut client = Client::new();
    let socket = client.join("/");
    let slow = ask(&mut client, socket, with_id(0).timeout(secs(10))).unwrap();
    let quick = ask(&mut client, socket, with_id(1).timeout(secs(1))).unwrap();
    let patient = ask(&mut client, socket, with_id(2)).unwrap();
    client.advance(secs(1) - millis(1));
    assert_eq!(client.events(), []);
    client.advance(millis(1));
    assert_eq!(outcome(&mut client), (quick, Err(AckError::Timeout)));
    client.advance(secs(9));
    assert_eq!(outcome(&mut client), (slow, Err(AckError::Timeout)));
    client.advance(secs(3600));
    assert_eq!(client.events(), []);
    client.send("432[]");
    assert_eq!(outcome(&mut client), (patient, Ok("[]".to_owned())));
}

#[test]
fn sa_02_pending_acknowledgements_are_limited_and_end_with_the_socket() {
    let mut client = Client::with(Config::default().max_pending_acks(2));
    let (root, chat) = (client.join("/"), client.join("/chat"));
    let first = ask(&mut client, root, with_id(0)).unwrap();
    let second = ask(&mut client, chat, with_id(1)).unwrap();
    client.received();
    assert_eq!(
        ask(&mut client, root, with_id(2)),
        Err(EmitError::TooManyAcks)
    );
    assert_eq!(client.received(), [""; 0], "not sent either");

    client.send("41");
    let events = client.events();
    let failed = Event::Acked {
        token: first,
        result: Err(AckError::Disconnected),
    };
    assert_eq!(events.first(), Some(&failed), "before the socket's own end");
    assert!(matches!(events.get(1), Some(Event::Disconnected { .. })));

    client.cut();
    let failed = Event::Acked {
        token: second,
        result: Err(AckError::Disconnected),
    };
    assert_eq!(client.events().first(), Some(&failed));
    assert_eq!(client.peer.connection().pending_acks(), 0);
}

#[test]
fn sa_03_an_answer_in_the_same_instant_finds_who_asked() {
    let mut client = Client::new();
    let socket = client.join("/");
    let token = ask(&mut client, socket, with_id(0)).unwrap();
    // Nothing was polled since.
    client.send(r#"430["quick"]"#);
    assert_eq!(outcome(&mut client), (token, Ok(r#"["quick"]"#.to_owned())));
}

#[test]
fn sa_04_an_id_that_is_waited_for_is_not_used_again() {
    let mut client = Client::new();
    let socket = client.join("/");
    ask(&mut client, socket, with_id(0)).unwrap();
    client.received();
    assert_eq!(
        ask(&mut client, socket, with_id(0)),
        Err(EmitError::AckInUse)
    );
    assert_eq!(client.received(), [""; 0]);
    client.send("430[]");
    assert!(ask(&mut client, socket, with_id(0)).is_ok());
}

#[test]
fn who_stops_waiting_hears_nothing() {
    let mut client = Client::new();
    let socket = client.join("/");
    let token = ask(&mut client, socket, with_id(0).timeout(secs(1))).unwrap();
    client.apply(|connection, _| connection.cancel_ack(token));
    assert_eq!(client.peer.connection().pending_acks(), 0);
    client.send(r#"430["yes"]"#);
    client.advance(secs(2));
    assert_eq!(client.events(), []);
}

#[test]
fn what_was_not_sent_is_not_waited_for() {
    let mut client = Client::new();
    let socket = client.join("/");
    let how = with_id(0).volatile(true);
    assert!(ask(&mut client, socket, how).is_ok());
    assert_eq!(
        ask(&mut client, socket, with_id(1).volatile(true)),
        Err(EmitError::Dropped)
    );
    assert_eq!(client.peer.connection().pending_acks(), 1);
}

#[test]
fn an_answer_that_came_is_delivered_even_if_the_connection_dies() {
    let mut client = Client::new();
    let socket = client.join("/");
    let token = ask(&mut client, socket, with_id(0)).unwrap();
    client.send(r#"430["yes"]"#);
    client.cut();
    let events = client.events();
    assert!(
        matches!(
            events.as_slice(),
            [
                Event::Acked { token: of, result: Ok(_) },
                Event::Disconnected { .. },
                Event::Closed(CloseReason::TransportClose)
            ] if *of == token
        ),
        "once, and as what it was: {events:?}"
    );
}

#[test]
fn sr_06_events_and_acknowledgements_keep_their_order_under_load() {
    let mut client = Client::new();
    let socket = client.join("/");
    for n in 0..500 {
        client.send(&format!(r#"42{n}["n",{n}]"#));
    }
    let mut expected = Vec::new();
    for (n, event_) in client.events().into_iter().enumerate() {
        let Event::Message {
            ack: Some(id),
            payload,
            ..
        } = event_
        else {
            panic!("{event_:?}")
        };
        assert_eq!(
            (id, payload.decode::<u64>().unwrap()),
            (AckId(n as u64), n as u64)
        );
        client.apply(|connection, now| {
            connection.ack(socket, id, answer(n)).unwrap();
            connection
                .emit(socket, event("m", n), Emit::default(), now)
                .unwrap();
        });
        expected.extend([format!("43{n}[{n}]"), format!(r#"42["m",{n}]"#)]);
    }
    assert_eq!(client.received(), expected);
}

#[test]
fn what_was_overdue_at_the_end_has_timed_out() {
    let mut client = Client::new();
    let socket = client.join("/");
    let token = ask(&mut client, socket, with_id(0).timeout(secs(1))).unwrap();
    // The timer is late.
    client.now += secs(2);
    client.cut();
    let timeout = Event::Acked {
        token,
        result: Err(AckError::Timeout),
    };
    assert_eq!(client.events().first(), Some(&timeout));
}
