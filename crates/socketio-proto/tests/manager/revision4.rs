//! Servers of version 2, which greet instead of waiting to be asked.

use crate::support::{Client, plain, regular, secs, with_ack};
use engineio_proto::Version;
use engineio_proto::client::ClientConfig;
use socketio_proto::Revision;
use socketio_proto::client::{Config, Socket};

fn client() -> (Client, Socket) {
    let config = Config::default()
        .revision(Revision::V4)
        .reconnection(Some(regular()));
    let engine = ClientConfig::default().version(Version::V3);
    let mut client = Client::with_engine(config, engine);
    let socket = client.add("/");
    (client, socket)
}

#[test]
fn the_server_lets_the_client_in_unasked() {
    let (mut client, socket) = client();
    client.connect(socket);
    client.send(socket, "offline", plain());
    assert_eq!(client.serve(), [""; 0], "no CONNECT");
    client.say("40");
    assert_eq!(client.heard(), [r#"42["offline"]"#]);
    assert_eq!(client.events(), ["open", "connect /"]);
    assert_eq!(client.manager.id(socket).unwrap().as_str(), "engine");
    client.send(socket, "question", with_ack());
    assert_eq!(client.heard(), [r#"420["question"]"#]);
    client.say(r#"430["answer"]"#);
    assert_eq!(client.events(), [r#"acked ["answer"]"#]);
}

#[test]
fn other_namespaces_are_asked_for_with_a_query() {
    let (mut client, root) = client();
    let chat = client.add("/chat?token=x%20y");
    client.connect(root);
    client.connect(chat);
    assert_eq!(client.serve(), ["40/chat?token=x%20y,"]);
    client.say("40");
    client.say("40/chat,");
    assert_eq!(client.manager.id(chat).unwrap().as_str(), "/chat#engine");
    client.send(chat, "a", plain());
    assert_eq!(client.heard(), [r#"42/chat,["a"]"#], "without the query");
    client.say(r#"42/chat,["b"]"#);
    client.disconnect(chat);
    assert_eq!(client.heard(), ["41/chat,"]);
}

#[test]
fn a_greeting_that_came_before_the_socket_is_remembered() {
    let (mut client, root) = client();
    client.manager.open(client.now);
    client.pull();
    client.serve();
    client.say("40");
    assert_eq!(client.events(), ["open"]);
    client.connect(root);
    assert_eq!(client.events(), ["connect /"]);
    assert_eq!(client.heard(), [""; 0], "a CONNECT would be a second one");

    // Once left, it has to be asked for.
    let other = client.add("/other");
    client.connect(other);
    client.disconnect(root);
    client.connect(root);
    assert_eq!(client.heard(), ["40/other,", "41", "40"]);
    client.say("40");
    assert_eq!(
        client.events(),
        ["disconnect / io client disconnect", "connect /"]
    );
}

#[test]
fn a_refusal_is_any_value() {
    for (packet, told) in [
        (r#"44"bad""#, "connect_error / bad"),
        (r#"44{"message":"no"}"#, "connect_error / no"),
        (r#"44{"a":1}"#, "connect_error / "),
        ("44[1]", "connect_error / "),
        ("44true", "connect_error / "),
    ] {
        let (mut client, socket) = client();
        client.connect(socket);
        client.serve();
        client.say(packet);
        let told = ["open", "close forced close", told];
        assert_eq!(client.events(), told, "{packet}");
    }
}

#[test]
fn a_server_that_does_not_greet_is_timed_out() {
    let (mut client, socket) = client();
    client.connect(socket);
    client.serve();
    for _ in 0..2 {
        client.advance(secs(22));
        client.say("3");
    }
    client.advance(secs(1));
    let events = client.events();
    assert!(
        events.contains(&"connect_error / the server did not answer in time".to_owned()),
        "{events:?}"
    );
}

#[test]
fn disconnecting_before_the_greeting_leaves_it_to_whoever_comes_next() {
    let (mut client, root) = client();
    let other = client.add("/other");
    client.connect(other);
    client.connect(root);
    client.serve();
    client.disconnect(root);
    client.say("40");
    client.say("40/other,");
    assert_eq!(client.events(), ["open", "connect /other"]);
    client.connect(root);
    assert_eq!(client.events(), ["connect /"]);
}
