//! From nothing to a connected socket.

use crate::support::{Client, object, secs};
use serde_json::json;
use socketio_proto::EmitError;
use socketio_proto::client::{AddError, Auth, Config, SocketOptions};

#[test]
fn a_socket_is_connected_when_the_server_has_said_so() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    assert!(!client.manager.is_connected(socket));
    assert!(client.manager.is_active(socket));

    assert_eq!(client.serve(), ["40"]);
    assert_eq!(client.events(), ["open"]);
    assert_eq!(client.manager.id(socket), None);

    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(client.events(), ["connect /"]);
    assert!(client.manager.is_connected(socket));
    assert_eq!(client.manager.id(socket).unwrap().as_str(), "abc");
    assert!(!client.manager.recovered(socket));
}

#[test]
fn a_socket_that_is_only_added_connects_nothing() {
    let mut client = Client::new();
    let socket = client.add("/");
    assert!(!client.manager.is_active(socket));
    client.assert_idle();
}

#[test]
fn an_open_manager_connects_sockets_at_once() {
    let mut client = Client::new();
    client.manager.open(client.now);
    client.pull();
    assert_eq!(client.serve(), [""; 0]);
    let socket = client.add("/chat");
    client.connect(socket);
    assert_eq!(client.heard(), ["40/chat,"]);
}

#[test]
fn connecting_twice_is_connecting_once() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    client.connect(socket);
    assert_eq!(client.serve(), ["40"]);
    client.connect(socket);
    client.say(r#"40{"sid":"abc"}"#);
    client.connect(socket);
    assert_eq!(client.heard(), [""; 0]);
    assert_eq!(client.events(), ["open", "connect /"]);
}

#[test]
fn credentials_go_with_the_connect() {
    let mut client = Client::new();
    let auth = Auth::Value(object(json!({ "token": "123" })));
    let socket = client.add_with("/admin", auth, SocketOptions::default());
    client.connect(socket);
    assert_eq!(client.serve(), [r#"40/admin,{"token":"123"}"#]);

    let auth = Auth::Value(object(json!({ "token": "456" })));
    client.manager.set_auth(socket, auth).unwrap();
    client.cut();
    client.advance(secs(1));
    assert_eq!(client.serve(), [r#"40/admin,{"token":"456"}"#]);
}

#[test]
fn credentials_can_be_asked_for_at_each_connection() {
    let mut client = Client::new();
    let socket = client.add_with("/", Auth::Ask, SocketOptions::default());
    client.connect(socket);
    assert_eq!(client.serve(), [""; 0], "nothing before they are given");
    assert_eq!(client.events(), ["open", "auth? /"]);

    let now = client.now;
    let first = object(json!({ "n": 1 }));
    client.manager.authorize(socket, Some(first), now).unwrap();
    assert_eq!(client.heard(), [r#"40{"n":1}"#]);
    client.manager.authorize(socket, None, now).unwrap();
    assert_eq!(client.heard(), [""; 0], "nobody asked");

    client.say(r#"40{"sid":"abc"}"#);
    client.cut();
    client.advance(secs(1));
    assert_eq!(client.serve(), [""; 0]);
    client.manager.authorize(socket, None, client.now).unwrap();
    assert_eq!(client.heard(), ["40"]);
    assert_eq!(
        client.events(),
        [
            "connect /",
            "error websocket error",
            "disconnect / transport error",
            "close transport error",
            "reconnect_attempt 1",
            "open",
            "auth? /",
            "reconnect 1"
        ]
    );
}

#[test]
fn credentials_are_an_object() {
    let mut client = Client::new();
    let list = Auth::Value(object(json!([1])));
    let added = client.manager.add(
        crate::support::namespace("/"),
        list.clone(),
        SocketOptions::default(),
    );
    assert_eq!(added, Err(AddError::Auth));
    let socket = client.add_with("/", Auth::Ask, SocketOptions::default());
    let unfit = Err(EmitError::Unfit("CONNECT"));
    assert_eq!(client.manager.set_auth(socket, list), unfit);
    client.connect(socket);
    client.serve();
    let text = object("secret");
    let now = client.now;
    assert_eq!(client.manager.authorize(socket, Some(text), now), unfit);
    client.manager.authorize(socket, None, now).unwrap();
    assert_eq!(client.heard(), ["40"], "the question was still open");
}

#[test]
fn a_refusal_ends_the_matter_until_the_application_asks_again() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.say(r#"44{"message":"Not authorized","data":{"code":"E001"}}"#);
    assert_eq!(
        client.events(),
        [
            "open",
            "close forced close",
            "connect_error / Not authorized"
        ]
    );
    assert!(!client.manager.is_active(socket));
    assert_eq!(client.heard(), ["<end>"]);
    client.assert_idle();

    client.connect(socket);
    assert_eq!(client.serve(), ["40"]);
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(client.events(), ["open", "connect /"]);
}

#[test]
fn a_refusal_tells_what_the_server_says() {
    use socketio_proto::client::{ConnectError, Event};
    for (packet, message, has_data) in [
        (r#"44{"message":"no","data":[1]}"#, "no", true),
        (r#"44{"message":"no"}"#, "no", false),
        (r#"44"no""#, "no", false),
        (r#"44{"reason":1}"#, "", true),
        ("44", "", false),
    ] {
        let mut client = Client::new();
        let socket = client.add("/");
        client.connect(socket);
        client.serve();
        client.say(packet);
        let error = std::iter::from_fn(|| client.manager.poll_event()).find_map(|it| match it {
            Event::ConnectError { error, .. } => Some(error),
            _ => None,
        });
        let Some(ConnectError::Refused { message: got, data }) = error else {
            panic!("{packet}: {error:?}");
        };
        assert_eq!((got.as_str(), data.is_some()), (message, has_data));
    }
}

#[test]
fn cl_04_a_reply_without_an_id_is_a_server_of_version_2() {
    for reply in ["40", "40{}", r#"40{"sid":""}"#] {
        let mut client = Client::new();
        let socket = client.add("/");
        client.connect(socket);
        client.serve();
        client.say(reply);
        let events = client.events();
        assert_eq!(events.len(), 2, "{events:?}");
        assert!(events[1].contains("v2.x with a v3.x client"), "{events:?}");
        assert!(!client.manager.is_connected(socket));
        client.say(r#"42["hello"]"#);
        assert_eq!(client.events(), [""; 0]);
    }
}

#[test]
fn cl_04_a_second_connect_is_ignored() {
    let (mut client, socket) = Client::connected();
    client.say(r#"40{"sid":"other"}"#);
    assert_eq!(client.manager.id(socket).unwrap().as_str(), "id");
    client.say(r#"44{"message":"late"}"#);
    client.say(r#"40/nobody,{"sid":"x"}"#);
    client.say(r#"42/nobody,["x"]"#);
    assert_eq!(client.events(), [""; 0]);
    assert!(client.manager.is_connected(socket));
}

#[test]
fn cl_03_a_silent_server_is_timed_out_at_each_stage() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    client.accept();
    client.advance(secs(20));
    let first = ["error timeout", "connect_error / timeout"];
    assert_eq!(client.events(), first);
    assert_eq!(client.heard(), ["<end>"], "the link is given up");

    client.advance(secs(1));
    assert_eq!(client.events(), ["reconnect_attempt 1"]);
    assert_eq!(client.serve(), ["40"]);
    assert_eq!(client.events(), ["open", "reconnect 1"]);
    // Never answers. That it sends its pings does not help.
    client.advance(secs(25));
    client.say("2");
    client.advance(secs(20));
    assert_eq!(
        client.events(),
        [
            "ping",
            "connect_error / the server did not answer in time",
            "close forced close"
        ]
    );
    client.advance(secs(1));
    assert_eq!(client.events(), ["reconnect_attempt 1"]);
    assert!(client.manager.is_active(socket));
}

#[test]
fn a_silent_namespace_does_not_disturb_the_others() {
    let (mut client, root) = Client::connected();
    let slow = client.add("/slow");
    client.connect(slow);
    client.advance(secs(25));
    client.say("2");
    client.advance(secs(20));
    assert_eq!(
        client.events(),
        [
            "ping",
            "connect_error /slow the server did not answer in time"
        ]
    );
    assert!(client.manager.is_connected(root));
    client.say("2");
    client.advance(secs(20));
    client.say(r#"40/slow,{"sid":"late"}"#);
    assert_eq!(client.events(), ["ping", "connect /slow"], "still welcome");
}

#[test]
fn without_time_limits_a_client_waits_for_ever() {
    let config = Config::default()
        .connect_timeout(None)
        .namespace_timeout(None);
    let mut client = Client::with(config);
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    for _ in 0..10 {
        client.advance(secs(25));
        client.say("2");
    }
    client.say(r#"40{"sid":"abc"}"#);
    assert!(client.manager.is_connected(socket));
}

#[test]
fn cl_05_early_events_are_kept_until_the_connect() {
    let mut client = Client::new();
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.say(r#"42["a",1]"#);
    client.say(r#"42["b"]"#);
    client.say(r#"427["c"]"#);
    assert_eq!(client.events(), ["open"]);
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(
        client.events(),
        [
            r#"message / ["a",1]"#,
            r#"message / ["b"]"#,
            r#"message / ["c"] #7"#,
            "connect /"
        ]
    );
}

#[test]
fn cl_05_too_many_early_events_end_the_connection() {
    let config = Config::default()
        .max_early_events(2)
        .reconnection(Some(crate::support::regular()));
    let mut client = Client::with(config);
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    for _ in 0..3 {
        client.say(r#"42["a"]"#);
    }
    assert_eq!(
        client.events(),
        ["open", "connect_error / parse error", "close parse error"]
    );
    client.advance(secs(1));
    client.serve();
    client.say(r#"40{"sid":"abc"}"#);
    assert_eq!(
        client.events(),
        ["reconnect_attempt 1", "open", "reconnect 1", "connect /"],
        "none of them is left"
    );
}

#[test]
fn one_namespace_is_one_socket() {
    let mut client = Client::with(Config::default().max_sockets(2));
    client.add("/");
    let again = |client: &mut Client, name| {
        let name = crate::support::namespace(name);
        client
            .manager
            .add(name, Auth::None, SocketOptions::default())
    };
    assert_eq!(again(&mut client, "/"), Err(AddError::NamespaceInUse));
    let chat = again(&mut client, "/chat").unwrap();
    assert_eq!(again(&mut client, "/more"), Err(AddError::TooMany));
    client.manager.remove(chat, client.now);
    assert!(again(&mut client, "/more").is_ok());
}
