//! Events that are sent until they are acknowledged.

use crate::support::{Client, millis, plain, regular, secs, volatile, with_ack};
use socketio_proto::EmitError;
use socketio_proto::client::{Config, Emit, Socket};

fn config() -> Config {
    Config::default()
        .reconnection(Some(regular()))
        .retries(Some(2))
        .ack_timeout(Some(secs(1)))
}

fn connected(config: Config) -> (Client, Socket) {
    let mut client = Client::with(config);
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    client.events();
    (client, socket)
}

#[test]
fn an_event_is_sent_three_times_and_then_given_up() {
    let (mut client, socket) = connected(config());
    client.send(socket, "a", with_ack());
    client.send(socket, "b", plain());
    let mut heard = Vec::new();
    for _ in 0..4 {
        heard.extend(client.heard());
        client.advance(secs(1));
    }
    assert_eq!(
        heard,
        [r#"420["a"]"#, r#"421["a"]"#, r#"422["a"]"#, r#"423["b"]"#]
    );
    assert_eq!(client.events(), ["acked operation has timed out"]);
}

#[test]
fn one_is_in_flight_at_a_time() {
    let (mut client, socket) = connected(config());
    for name in ["a", "b", "c"] {
        client.send(socket, name, with_ack());
    }
    assert_eq!(client.heard(), [r#"420["a"]"#]);
    assert_eq!(client.manager.buffered(socket), 3);
    client.say("430[1]");
    assert_eq!(client.heard(), [r#"421["b"]"#]);
    client.say("431[2]");
    client.say("432[3]");
    assert_eq!(client.heard(), [r#"422["c"]"#]);
    assert_eq!(client.events(), ["acked [1]", "acked [2]", "acked [3]"]);
    assert_eq!(client.manager.pending_acks(socket), 0);
}

#[test]
fn cl_12_late_and_duplicate_answers_resolve_nothing_twice() {
    let (mut client, socket) = connected(config());
    client.send(socket, "a", with_ack());
    client.advance(secs(1));
    assert_eq!(client.heard(), [r#"420["a"]"#, r#"421["a"]"#]);
    client.say("430[\"late\"]");
    assert_eq!(client.events(), [""; 0], "the answer to the first try");
    client.say("431[\"now\"]");
    client.say("431[\"again\"]");
    assert_eq!(client.events(), [r#"acked ["now"]"#]);
    client.send(socket, "b", with_ack());
    assert_eq!(client.heard(), [r#"422["b"]"#]);
    client.say("430[]");
    client.say("431[]");
    assert_eq!(client.events(), [""; 0]);
}

#[test]
fn cl_12_a_lost_answer_makes_the_event_come_twice() {
    let (mut client, socket) = connected(config());
    client.send(socket, "a", with_ack());
    client.send(socket, "b", with_ack());
    assert_eq!(client.heard(), [r#"420["a"]"#]);
    client.cut();
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"new"}"#);
    assert_eq!(client.heard(), [r#"421["a"]"#], "at once");
    client.events();
    client.say("431[]");
    assert_eq!(client.heard(), [r#"422["b"]"#]);
    assert_eq!(client.events(), ["acked []"]);
}

#[test]
fn a_lost_connection_counts_as_a_try() {
    let (mut client, socket) = connected(config().retries(Some(1)));
    client.send(socket, "a", with_ack());
    client.cut();
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"new"}"#);
    client.events();
    client.cut();
    assert_eq!(
        client.events(),
        [
            "error websocket error",
            "disconnect / transport error",
            "acked socket has been disconnected",
            "close transport error"
        ]
    );
    assert_eq!(client.manager.buffered(socket), 0);
}

#[test]
fn without_a_time_limit_only_a_connection_brings_another_try() {
    let (mut client, socket) = connected(config().ack_timeout(None).retries(Some(1)));
    client.send(socket, "a", with_ack());
    for id in 1..5 {
        client.advance(secs(10));
        client.cut();
        client.advance(secs(1));
        client.serve();
        client.say(r#"40{"sid":"new"}"#);
        let heard = client.heard();
        assert_eq!(heard, [format!(r#"42{id}["a"]"#)], "and none is the last");
    }
    client.events();
    client.say("434[]");
    assert_eq!(client.events(), ["acked []"]);
}

#[test]
fn what_waits_offline_goes_first() {
    let mut client = Client::with(config());
    let socket = client.add("/");
    client.send(socket, "queued", plain());
    client.send(socket, "once", plain().retries(Some(0)));
    client.connect(socket);
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(client.heard(), [r#"42["once"]"#, r#"420["queued"]"#]);
}

#[test]
fn the_time_of_an_event_with_retries_runs_from_its_transmission() {
    let mut client = Client::with(config());
    let socket = client.add("/");
    client.connect(socket);
    client.send(socket, "a", with_ack().timeout(Some(millis(100))));
    client.advance(secs(5));
    assert_eq!(client.events(), [""; 0], "it was not sent yet");
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    client.advance(millis(300));
    assert_eq!(
        client.events(),
        ["open", "connect /", "acked operation has timed out"]
    );
}

#[test]
fn volatile_events_are_sent_once() {
    let (mut client, socket) = connected(config());
    client.send(socket, "queued", plain());
    client.send(socket, "v", volatile());
    assert_eq!(client.heard(), [r#"420["queued"]"#, r#"42["v"]"#]);
}

#[test]
fn a_single_event_may_have_retries() {
    let (mut client, socket) = Client::connected();
    let how = with_ack().retries(Some(1)).timeout(Some(secs(1)));
    client.send(socket, "a", how);
    client.advance(secs(2));
    assert_eq!(client.heard(), [r#"420["a"]"#, r#"421["a"]"#]);
    assert_eq!(client.events(), ["acked operation has timed out"]);
}

#[test]
fn cancelling_stops_the_news_and_not_the_event() {
    let (mut client, socket) = connected(config());
    client.send(socket, "a", plain());
    let token = client.send(socket, "b", with_ack()).unwrap();
    client.manager.cancel_ack(token);
    client.say("430[]");
    assert_eq!(client.heard(), [r#"420["a"]"#, r#"421["b"]"#]);
    client.say("431[]");
    assert_eq!(client.events(), [""; 0]);
}

#[test]
fn the_queue_shares_the_limit_of_what_waits() {
    let mut client = Client::with(config().max_offline(3));
    let socket = client.add("/");
    client.send(socket, "a", plain());
    client.send(socket, "b", plain());
    client.send(socket, "c", plain().retries(Some(0)));
    for how in [plain(), plain().retries(Some(0))] {
        let more = client.emit(socket, crate::support::event("d", ()), how);
        assert_eq!(more, Err(EmitError::Full));
    }
}

#[test]
fn an_impatient_queue_does_not_spin() {
    let config = config().ack_timeout(Some(secs(0)));
    let (mut client, socket) = connected(config);
    client.send(socket, "a", Emit::default().ack(true));
    client.advance(secs(1));
    assert_eq!(client.heard().len(), 3);
    assert_eq!(client.events(), ["acked operation has timed out"]);
}
