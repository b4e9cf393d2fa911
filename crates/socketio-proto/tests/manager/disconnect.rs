//! Disconnecting, from either side, at any moment.

use crate::support::{Client, event, object, plain, secs, with_ack};
use serde_json::json;
use socketio_proto::EmitError;
use socketio_proto::client::{Auth, Config, Socket, SocketOptions};

#[test]
fn the_application_disconnects() {
    let (mut client, socket) = Client::connected();
    client.send(socket, "last", plain());
    client.send(socket, "asked", with_ack());
    client.disconnect(socket);
    assert_eq!(
        client.heard(),
        [r#"42["last"]"#, r#"420["asked"]"#, "41", "<end>"]
    );
    assert_eq!(
        client.events(),
        [
            "close forced close",
            "disconnect / io client disconnect",
            "acked socket has been disconnected"
        ]
    );
    assert!(!client.manager.is_active(socket));
    client.disconnect(socket);
    client.assert_idle();
}

#[test]
fn cl_10_the_server_disconnects_and_then_closes() {
    let (mut client, socket) = Client::connected();
    client.say("41");
    assert_eq!(
        client.events(),
        ["close forced close", "disconnect / io server disconnect"]
    );
    client.heard();
    assert!(!client.manager.is_active(socket));
    client.assert_idle();

    // The close is already there when the packet is read.
    let (mut client, _) = Client::connected();
    client.is_stalled = true;
    client.say("41");
    client.hang_up();
    assert_eq!(
        client.events(),
        ["close forced close", "disconnect / io server disconnect"]
    );
    client.assert_idle();
}

#[test]
fn a_server_that_expels_while_it_is_asked() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.say("41");
    assert_eq!(
        client.events(),
        [
            "open",
            "close forced close",
            "connect_error / io server disconnect"
        ]
    );
    client.heard();
    client.assert_idle();
}

#[test]
fn cl_07_disconnecting_in_each_phase_is_final() {
    type Step = fn(&mut Client);
    let steps: [(&str, &[Step]); 7] = [
        ("link wanted", &[]),
        ("link open", &[|it| it.accept()]),
        ("engine open", &[|it| drop(it.serve())]),
        (
            "connected",
            &[|it| drop(it.serve()), |it| it.say(r#"40{"sid":"id"}"#)],
        ),
        ("waiting for the next attempt", &[|it| it.cut()]),
        ("reconnecting", &[|it| it.cut(), |it| it.advance(secs(1))]),
        (
            "reconnected",
            &[
                |it| it.cut(),
                |it| it.advance(secs(1)),
                |it| drop(it.serve()),
            ],
        ),
    ];
    for (phase, steps) in steps {
        let mut client = Client::new();
        let socket = client.add("/");
        client.connect(socket);
        for step in steps {
            step(&mut client);
        }
        let was_connected = client.manager.is_connected(socket);
        client.events();
        client.disconnect(socket);
        let mut expected = vec!["close forced close"];
        if was_connected {
            expected.push("disconnect / io client disconnect");
        }
        assert_eq!(client.events(), expected, "{phase}");
        client.heard();
        assert_eq!(client.link, None, "{phase}");
        client.assert_idle();

        client.connect(socket);
        client.serve();
        client.say(r#"40{"sid":"id"}"#);
        assert!(client.manager.is_connected(socket), "{phase}");
    }
}

/// A life with every event that there is, in steps; none is taken where there is no link.
const LIFE: [fn(&mut Client, Socket); 12] = [
    |client, _| client.cut(),
    |client, _| client.advance(secs(1)),
    |client, _| client.cut(),
    |client, _| client.advance(secs(2)),
    |client, _| drop(client.serve()),
    |client, socket| drop(client.manager.authorize(socket, None, client.now)),
    |client, _| client.say(r#"42["early"]"#),
    |client, _| client.say(r#"40{"sid":"id"}"#),
    |client, _| client.say(r#"421["asks"]"#),
    |client, _| client.say("2"),
    |client, socket| drop(client.emit(socket, event("a", ()), with_ack())),
    |client, _| client.say("430[]"),
];

/// Lives, and disconnects when the event of that number is handled. The result is how many events
/// there were.
fn live_until(fatal: usize) -> (Client, usize) {
    let mut client = Client::new();
    let socket = client.add_with("/", Auth::Ask, SocketOptions::default());
    client.connect(socket);
    let mut seen = 0;
    for step in LIFE {
        // The network goes on by itself; but nobody hears what is said to a link that is gone.
        if client.link.is_some() || client.manager.poll_timeout().is_some() {
            step(&mut client, socket);
        }
        while client.manager.poll_event().is_some() {
            if seen == fatal {
                client.disconnect(socket);
            }
            seen += 1;
        }
    }
    (client, seen)
}

#[test]
fn cl_07_disconnecting_inside_each_event_is_final() {
    let (mut client, count) = live_until(usize::MAX);
    assert!(count >= 14, "{count}");
    assert!(!client.manager.is_idle() && client.link.is_some());
    for fatal in 0..count {
        (client, _) = live_until(fatal);
        client.heard();
        client.events();
        assert_eq!(client.link, None, "after event {fatal}");
        client.assert_idle();
    }
}

#[test]
fn events_that_were_not_polled_are_not_heard_after_a_disconnect() {
    let (mut client, socket) = Client::connected();
    client.say(r#"42["a"]"#);
    client.disconnect(socket);
    assert_eq!(
        client.events(),
        ["close forced close", "disconnect / io client disconnect"]
    );
}

#[test]
fn events_that_came_before_a_loss_are_heard() {
    let (mut client, _) = Client::connected();
    client.say(r#"42["a"]"#);
    client.hang_up();
    assert_eq!(
        client.events(),
        [
            r#"message / ["a"]"#,
            "disconnect / transport close",
            "close transport close"
        ]
    );
}

#[test]
fn connecting_again_waits_for_the_farewell() {
    let (mut client, socket) = Client::connected();
    client.is_stalled = true;
    client.send(socket, "last", plain());
    client.disconnect(socket);
    client.connect(socket);
    assert_eq!(client.links, 1, "the old link is still there");
    client.is_stalled = false;
    assert_eq!(client.heard(), [r#"42["last"]"#, "41", "<end>"]);
    assert_eq!(client.links, 2);
    assert_eq!(client.serve(), ["40"]);

    // And a change of mind is one.
    client.say(r#"40{"sid":"id"}"#);
    client.is_stalled = true;
    client.disconnect(socket);
    client.connect(socket);
    client.disconnect(socket);
    client.is_stalled = false;
    client.heard();
    assert_eq!(client.links, 2);
    client.events();
    client.assert_idle();
}

#[test]
fn a_farewell_that_nobody_takes_is_given_up() {
    let (mut client, socket) = Client::connected();
    client.is_stalled = true;
    client.send(socket, "last", plain());
    client.disconnect(socket);
    client.connect(socket);
    client.advance(secs(15));
    client.is_stalled = false;
    assert_eq!(client.serve(), ["40"], "the next connection");
    assert_eq!(client.links, 2);
}

#[test]
fn a_connect_that_is_not_wanted_any_more_is_taken_back() {
    let (mut client, root) = Client::connected();
    let chat = client.add("/chat");
    client.connect(chat);
    client.disconnect(chat);
    assert_eq!(client.heard(), ["40/chat,"], "not joined, nothing to leave");
    // A second CONNECT now would close the connection.
    client
        .manager
        .set_auth(chat, Auth::Value(object(json!({ "n": 2 }))))
        .unwrap();
    client.connect(chat);
    assert_eq!(client.heard(), [""; 0]);
    client.say(r#"42/chat,["early"]"#);
    client.say(r#"40/chat,{"sid":"unwanted"}"#);
    assert_eq!(client.heard(), ["41/chat,", r#"40/chat,{"n":2}"#]);
    assert_eq!(client.events(), [""; 0]);
    client.say(r#"40/chat,{"sid":"wanted"}"#);
    assert_eq!(client.events(), ["connect /chat"]);

    // The same when the server refuses, and for a socket that is gone altogether.
    let other = client.add("/other");
    client.connect(other);
    client.manager.remove(other, client.now);
    let again = client.add("/other");
    client.connect(again);
    assert_eq!(client.heard(), ["40/other,"]);
    client.say(r#"44/other,{"message":"no"}"#);
    assert_eq!(client.heard(), ["40/other,"]);
    assert!(client.manager.is_connected(root));
}

#[test]
fn cl_03_an_answer_that_nobody_wanted_is_not_waited_for_without_end() {
    let (mut client, _) = Client::connected();
    let chat = client.add("/chat");
    client.connect(chat);
    client.disconnect(chat);
    client.connect(chat);
    client.disconnect(chat);
    client.connect(chat);
    assert_eq!(client.heard(), ["40/chat,"]);
    client.advance(secs(44));
    client.say("2");
    assert_eq!(client.events(), ["ping"]);
    client.advance(secs(1));
    assert_eq!(
        client.events(),
        ["connect_error /chat the server did not answer in time"]
    );
    client.cut();
    client.advance(secs(1));
    assert_eq!(client.serve(), ["40", "40/chat,"], "a new connection");
}

#[test]
fn closing_the_manager_takes_all_sockets_along() {
    let (mut client, root) = Client::connected();
    let slow = client.add("/slow");
    client.connect(slow);
    client.manager.close(client.now);
    assert_eq!(
        client.events(),
        [
            "disconnect / forced close",
            "connect_error /slow forced close",
            "close forced close"
        ]
    );
    client.heard();
    assert!(!client.manager.is_active(root));
    client.assert_idle();

    client.manager.open(client.now);
    client.pull();
    assert_eq!(
        client.serve(),
        ["40", "40/slow,"],
        "they come back together"
    );
}

#[test]
fn closing_while_waiting_and_while_opening_is_final() {
    let (mut client, _) = Client::connected();
    client.cut();
    client.events();
    client.manager.close(client.now);
    assert_eq!(
        client.events(),
        ["connect_error / forced close", "close forced close"]
    );
    client.assert_idle();

    let mut client = Client::with(Config::default());
    let socket = client.add("/");
    client.connect(socket);
    client.accept();
    client.manager.close(client.now);
    client.events();
    client.heard();
    assert_eq!(client.link, None);
    client.assert_idle();
}

#[test]
fn a_removed_socket_is_nobody() {
    let (mut client, socket) = Client::connected();
    client.manager.remove(socket, client.now);
    client.manager.connect(socket, client.now);
    client.manager.disconnect(socket, client.now);
    let emitted = client
        .manager
        .emit(socket, event("e", ()), plain(), client.now);
    assert_eq!(emitted, Err(EmitError::NotConnected));
    assert!(!client.manager.is_active(socket));
    assert_eq!(client.manager.namespace(socket), None);
}
