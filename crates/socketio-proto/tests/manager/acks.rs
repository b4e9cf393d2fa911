//! Acknowledgements, in both directions.

use crate::support::{Client, answer, event, millis, plain, secs, with_ack};
use socketio_proto::client::{AckToken, Config, Event};
use socketio_proto::{AckError, AckId, EmitError};

fn token(result: Option<AckToken>) -> AckToken {
    result.expect("a token")
}

#[test]
fn each_answer_finds_its_event() {
    let (mut client, socket) = Client::connected();
    let first = token(client.send(socket, "a", with_ack()));
    client.send(socket, "plain", plain());
    let second = token(client.send(socket, "b", with_ack()));
    assert_ne!(first, second);
    assert_eq!(
        client.heard(),
        [r#"420["a"]"#, r#"42["plain"]"#, r#"421["b"]"#]
    );
    client.say(r#"431["second"]"#);
    client.say("430[]");
    let acked = |token, args| Event::Acked {
        token,
        result: Ok(args),
    };
    let events: Vec<_> = std::iter::from_fn(|| client.manager.poll_event()).collect();
    assert_eq!(
        format!("{events:?}").matches("Acked").count(),
        2,
        "{events:?}"
    );
    assert_eq!(events[0].clone(), acked(second, answer("second")));
    let Event::Acked { token, .. } = &events[1] else {
        panic!("{events:?}");
    };
    assert_eq!(*token, first);
}

#[test]
fn cl_11_answers_that_nobody_waits_for_are_ignored() {
    let (mut client, socket) = Client::connected();
    client.send(socket, "a", with_ack());
    for packet in ["439[]", "43[]", "430", "430[]", "4318446744073709551615[]"] {
        client.say(packet);
    }
    assert_eq!(client.events(), ["acked []"], "once");
    assert!(client.manager.is_connected(socket));
}

#[test]
fn an_answer_may_come_too_late() {
    let (mut client, socket) = Client::connected();
    client.send(socket, "a", with_ack().timeout(Some(millis(100))));
    client.advance(millis(99));
    assert_eq!(client.events(), [""; 0]);
    client.advance(millis(1));
    assert_eq!(client.events(), ["acked operation has timed out"]);
    client.say("430[]");
    assert_eq!(client.events(), [""; 0]);
}

#[test]
fn the_time_to_wait_may_be_that_of_all_events() {
    let config = Config::default().ack_timeout(Some(millis(300)));
    let mut client = Client::with(config);
    let of_socket = socketio_proto::client::SocketOptions::default().ack_timeout(Some(millis(200)));
    let patient = client.add("/patient");
    let hasty = client.add_with("/hasty", Default::default(), of_socket);
    client.send(patient, "a", with_ack());
    client.send(hasty, "b", with_ack());
    client.send(hasty, "c", with_ack().timeout(Some(millis(100))));
    for (advanced, left) in [(100, (1, 1)), (100, (1, 0)), (100, (0, 0))] {
        client.advance(millis(advanced));
        let pending = |socket| client.manager.pending_acks(socket);
        assert_eq!((pending(patient), pending(hasty)), left);
    }
}

#[test]
fn an_event_that_timed_out_while_offline_is_not_sent_any_more() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    client.send(socket, "first", plain());
    client.send(socket, "late", with_ack().timeout(Some(millis(100))));
    client.send(socket, "last", with_ack());
    client.advance(millis(100));
    assert_eq!(client.events(), ["acked operation has timed out"]);
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(client.heard(), [r#"42["first"]"#, r#"421["last"]"#]);
}

#[test]
fn who_waits_learns_of_the_disconnection() {
    let (mut client, socket) = Client::connected();
    client.send(socket, "a", with_ack());
    client.send(socket, "b", with_ack().timeout(Some(secs(60))));
    client.cut();
    assert_eq!(
        client.events(),
        [
            "error websocket error",
            "disconnect / transport error",
            "acked socket has been disconnected",
            "acked socket has been disconnected",
            "close transport error"
        ]
    );
    assert_eq!(client.manager.pending_acks(socket), 0);
}

#[test]
fn an_event_that_was_not_sent_keeps_waiting_for_its_answer() {
    let (mut client, socket) = Client::connected();
    client.cut();
    client.send(socket, "a", with_ack());
    client.advance(secs(1));
    client.serve();
    client.cut();
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(client.heard(), [r#"420["a"]"#]);
    client.events();
    client.say("430[1]");
    assert_eq!(client.events(), ["acked [1]"]);
}

#[test]
fn ids_go_on_over_connections() {
    let (mut client, socket) = Client::connected();
    client.send(socket, "a", with_ack());
    client.heard();
    client.cut();
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    client.events();
    client.send(socket, "b", with_ack());
    assert_eq!(client.heard(), [r#"421["b"]"#]);
    client.say("430[]");
    assert_eq!(client.events(), [""; 0], "that was for the first");
}

#[test]
fn a_cancelled_acknowledgement_is_silent() {
    let (mut client, socket) = Client::connected();
    let first = token(client.send(socket, "a", with_ack().timeout(Some(secs(1)))));
    client.manager.cancel_ack(first);
    client.say("430[]");
    client.advance(secs(2));
    assert_eq!(client.events(), [""; 0]);
}

#[test]
fn acknowledgements_are_limited() {
    let mut client = Client::with(Config::default().max_pending_acks(2));
    let socket = client.add("/");
    client.send(socket, "a", with_ack());
    client.send(socket, "b", with_ack());
    let third = client.emit(socket, event("c", ()), with_ack());
    assert_eq!(third, Err(EmitError::TooManyAcks));
    client.send(socket, "d", plain());
}

#[test]
fn removing_a_socket_ends_all_waiting() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.send(socket, "a", with_ack());
    client.send(socket, "b", with_ack().retries(Some(2)));
    client.manager.remove(socket, client.now);
    let results: Vec<_> = std::iter::from_fn(|| client.manager.poll_event()).collect();
    assert_eq!(results.len(), 2);
    for event in results {
        let Event::Acked { result, .. } = event else {
            panic!("{event:?}");
        };
        assert_eq!(result, Err(AckError::Disconnected));
    }
    client.assert_idle();
}

#[test]
fn an_event_is_answered_once() {
    let (mut client, socket) = Client::connected();
    client.say(r#"4212["question"]"#);
    assert_eq!(client.events(), [r#"message / ["question"] #12"#]);
    let mut reply = |id| {
        client
            .manager
            .ack(socket, AckId(id), answer("yes"), client.now)
    };
    assert_eq!(reply(11), Err(EmitError::NotAsked));
    assert_eq!(reply(12), Ok(()));
    assert_eq!(reply(12), Err(EmitError::NotAsked));
    assert_eq!(client.heard(), [r#"4312["yes"]"#]);
}

#[test]
fn an_answer_does_not_go_to_another_connection() {
    let (mut client, socket) = Client::connected();
    client.say(r#"4212["question"]"#);
    client.cut();
    let reply = |client: &mut Client| {
        client
            .manager
            .ack(socket, AckId(12), answer(()), client.now)
    };
    assert_eq!(reply(&mut client), Err(EmitError::NotConnected));
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(reply(&mut client), Err(EmitError::NotAsked));
}

#[test]
fn a_server_that_asks_without_end_is_forgotten_from_its_beginning() {
    let mut client = Client::with(Config::default().max_unanswered(2));
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    for id in 0..3 {
        client.say(&format!(r#"42{id}["question"]"#));
    }
    let mut reply = |id| {
        client
            .manager
            .ack(socket, AckId(id), answer(()), client.now)
    };
    assert_eq!(reply(0), Err(EmitError::NotAsked));
    assert_eq!(reply(1), Ok(()));
    assert_eq!(reply(2), Ok(()));
}
