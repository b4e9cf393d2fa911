//! Events while there is no connection, and volatile ones.

use crate::support::{Client, event, plain, secs, volatile, with_ack};
use bytes::Bytes;
use engineio_proto::client::ClientConfig;
use socketio_proto::EmitError;
use socketio_proto::client::Config;

#[test]
fn what_was_emitted_before_the_connection_arrives_once_and_in_order() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.send(socket, "before", plain());
    client.connect(socket);
    client.send(socket, "opening", plain());
    client.serve();
    client.send(socket, "open", plain());
    assert_eq!(client.manager.buffered(socket), 3);
    assert_eq!(client.heard(), [""; 0], "not before the server has agreed");

    client.say(r#"40{"sid":"abc"}"#);
    client.send(socket, "connected", plain());
    assert_eq!(
        client.heard(),
        [
            r#"42["before"]"#,
            r#"42["opening"]"#,
            r#"42["open"]"#,
            r#"42["connected"]"#
        ]
    );
    assert_eq!(client.manager.buffered(socket), 0);
}

#[test]
fn what_was_emitted_while_disconnected_arrives_once_and_in_order() {
    let (mut client, socket) = Client::connected();
    client.cut();
    client.send(socket, "a", plain());
    client.advance(secs(1));
    client.send(socket, "b", plain());
    client.cut();
    client.advance(secs(2));
    assert_eq!(client.serve(), ["40"]);
    client.send(socket, "c", plain());
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(client.heard(), [r#"42["a"]"#, r#"42["b"]"#, r#"42["c"]"#]);
    client.cut();
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"abd"}"#);
    assert_eq!(client.heard(), [""; 0], "nothing a second time");
}

#[test]
fn binary_events_wait_with_their_attachments() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    let bytes = Bytes::from_static(&[1, 2]);
    let payload = event("m", (bytes.clone(), "x", bytes));
    client.emit(socket, payload, plain()).unwrap();
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(
        client.heard(),
        [
            r#"452-["m",{"_placeholder":true,"num":0},"x",{"_placeholder":true,"num":1}]"#,
            "<bin 0102>",
            "<bin 0102>"
        ]
    );
}

#[test]
fn what_waits_survives_a_disconnect_by_the_application() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.send(socket, "a", plain());
    client.connect(socket);
    client.disconnect(socket);
    client.connect(socket);
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(client.heard(), [r#"42["a"]"#]);
}

#[test]
fn volatile_events_are_dropped_before_the_engine_is_open() {
    let mut client = Client::new();
    let socket = client.add("/");
    let dropped = Err(EmitError::Dropped);
    assert_eq!(client.emit(socket, event("v", ()), volatile()), dropped);
    client.connect(socket);
    client.accept();
    assert_eq!(client.emit(socket, event("v", ()), volatile()), dropped);
}

#[test]
fn volatile_events_wait_for_the_namespace_only() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.send(socket, "v", volatile());
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(client.heard(), [r#"42["v"]"#]);
}

#[test]
fn volatile_events_are_dropped_while_something_is_being_written() {
    let (mut client, socket) = Client::connected();
    client.is_stalled = true;
    client.send(socket, "first", volatile());
    let second = client.emit(socket, event("second", ()), volatile());
    assert_eq!(second, Err(EmitError::Dropped));
    client.is_stalled = false;
    assert_eq!(client.heard(), [r#"42["first"]"#]);
    client.send(socket, "third", volatile());
    assert_eq!(client.heard(), [r#"42["third"]"#]);
}

#[test]
fn a_volatile_event_that_is_dropped_leaves_no_acknowledgement_behind() {
    let mut client = Client::new();
    let socket = client.add("/");
    let how = with_ack().volatile(true);
    let result = client.emit(socket, event("v", ()), how);
    assert_eq!(result, Err(EmitError::Dropped));
    assert_eq!(client.manager.pending_acks(socket), 0);
    let (mut client, socket) = Client::connected();
    client.send(socket, "v", how);
    assert_eq!(client.heard(), [r#"420["v"]"#], "no id was used");
}

#[test]
fn cl_06_a_million_emits_while_offline_meet_a_limit() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    let mut taken = 0;
    for _ in 0..1_000_000 {
        // Straight to the manager, for speed.
        match client
            .manager
            .emit(socket, event("e", taken), plain(), client.now)
        {
            Ok(_) => taken += 1,
            Err(error) => assert_eq!(error, EmitError::Full),
        }
    }
    assert_eq!(taken, Config::default().max_offline);
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    let heard = client.heard();
    assert_eq!(heard.len(), taken);
    assert_eq!(heard[0], r#"42["e",0]"#);
    assert_eq!(heard[taken - 1], format!(r#"42["e",{}]"#, taken - 1));
    assert_eq!(
        client.events(),
        ["open", "connect /", "drain"],
        "there is room again"
    );
}

#[test]
fn the_bytes_of_what_waits_are_limited() {
    let mut client = Client::with(Config::default().max_offline_bytes(60));
    let socket = client.add("/");
    let long = event("e", "x".repeat(30));
    client.emit(socket, long.clone(), plain()).unwrap();
    let full = Err(EmitError::Full);
    assert_eq!(client.emit(socket, long, plain()), full);
    client.send(socket, "short", plain());
}

#[test]
fn a_slow_network_makes_events_wait_here_and_keeps_their_order() {
    let config = Config::default().max_offline(3);
    let engine = ClientConfig::default().max_buffered(30);
    let mut client = Client::with_engine(config, engine);
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    client.events();

    client.is_stalled = true;
    let mut sent = Vec::new();
    for number in 100..200 {
        match client.emit(socket, event("e", number), plain()) {
            Ok(_) => sent.push(format!(r#"42["e",{number}]"#)),
            Err(error) => {
                assert_eq!(error, EmitError::Full);
                break;
            }
        }
    }
    assert_eq!(sent.len(), 5, "two in the engine, three here");
    client.is_stalled = false;
    assert_eq!(client.heard(), sent);
    assert_eq!(client.events(), ["drain"]);
}

#[test]
fn an_event_that_the_engine_never_takes_is_refused_at_once() {
    let engine = ClientConfig::default().max_buffered(30);
    let mut client = Client::with_engine(Config::default(), engine);
    let socket = client.add("/");
    let long = event("e", "x".repeat(30));
    let full = Err(EmitError::Full);
    assert_eq!(client.emit(socket, long.clone(), plain()), full);
    assert_eq!(client.emit(socket, long, plain().retries(Some(1))), full);
}

#[test]
fn cl_09_an_event_after_a_sleep_is_not_lost() {
    let (mut client, socket) = Client::connected();
    client.sleep(secs(3600));
    // The timers have not fired yet when the application wakes up.
    client.send(socket, "awake", plain());
    assert_eq!(client.manager.buffered(socket), 1);
    assert_eq!(
        client.events(),
        ["disconnect / ping timeout", "close ping timeout"]
    );
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"new"}"#);
    assert_eq!(client.heard(), [r#"42["awake"]"#]);
}

#[test]
fn payloads_that_are_no_events_are_refused() {
    let (mut client, socket) = Client::connected();
    let unfit = Err(EmitError::Unfit("EVENT"));
    let payload = crate::support::answer(1);
    assert_eq!(client.emit(socket, payload.clone(), plain()), unfit);
    let how = plain().retries(Some(1));
    assert_eq!(client.emit(socket, payload, how), unfit);
    client.manager.remove(socket, client.now);
    let gone = Err(EmitError::NotConnected);
    assert_eq!(client.emit(socket, event("e", ()), plain()), gone);
}
