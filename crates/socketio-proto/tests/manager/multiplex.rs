//! Several namespaces on one connection.

use crate::support::{Client, plain, secs, with_ack};

/// Connected to `/` and `/chat`.
fn two() -> (Client, [socketio_proto::client::Socket; 2]) {
    let (mut client, root) = Client::connected();
    let chat = client.add("/chat");
    client.connect(chat);
    client.say(r#"40/chat,{"sid":"chat-id"}"#);
    client.heard();
    client.events();
    (client, [root, chat])
}

#[test]
fn each_hears_its_own() {
    let (mut client, [root, chat]) = two();
    client.send(root, "a", with_ack());
    client.send(chat, "b", with_ack());
    assert_eq!(
        client.heard(),
        [r#"420["a"]"#, r#"42/chat,0["b"]"#],
        "each counts its own ids"
    );
    client.say(r#"43/chat,0["chat"]"#);
    client.say(r#"42["to root"]"#);
    client.say(r#"42/chat,["to chat"]"#);
    client.say(r#"42/else,["to nobody"]"#);
    assert_eq!(
        client.events(),
        [
            r#"acked ["chat"]"#,
            r#"message / ["to root"]"#,
            r#"message /chat ["to chat"]"#
        ]
    );
    assert_eq!(client.manager.id(chat).unwrap().as_str(), "chat-id");
}

#[test]
fn leaving_one_namespace_keeps_the_connection() {
    let (mut client, [root, chat]) = two();
    client.disconnect(chat);
    assert_eq!(client.heard(), ["41/chat,"]);
    assert_eq!(client.events(), ["disconnect /chat io client disconnect"]);
    assert!(client.manager.is_connected(root));
    client.disconnect(root);
    assert_eq!(client.heard(), ["41", "<end>"]);
    assert_eq!(
        client.events(),
        ["close forced close", "disconnect / io client disconnect"]
    );
    client.assert_idle();
}

#[test]
fn a_socket_can_come_back_to_a_connection_that_is_open() {
    let (mut client, [_, chat]) = two();
    client.say("41/chat,");
    assert_eq!(client.events(), ["disconnect /chat io server disconnect"]);
    client.send(chat, "offline", plain());
    client.connect(chat);
    assert_eq!(client.heard(), ["40/chat,"]);
    client.say(r#"40/chat,{"sid":"again"}"#);
    assert_eq!(client.heard(), [r#"42/chat,["offline"]"#]);
}

#[test]
fn all_come_back_after_a_loss() {
    let (mut client, [_, _]) = two();
    let idle = client.add("/idle");
    client.cut();
    assert_eq!(
        client.events(),
        [
            "error websocket error",
            "disconnect / transport error",
            "disconnect /chat transport error",
            "close transport error"
        ]
    );
    client.advance(secs(1));
    assert_eq!(client.serve(), ["40", "40/chat,"]);
    assert!(!client.manager.is_active(idle));
}

#[test]
fn cl_13_one_that_is_refused_does_not_disturb_the_other() {
    let (mut client, root) = Client::connected();
    let chat = client.add("/chat");
    client.connect(chat);
    client.say(r#"44/chat,{"message":"Invalid namespace"}"#);
    assert_eq!(
        client.events(),
        ["connect_error /chat Invalid namespace"],
        "and no close"
    );
    client.send(root, "still here", plain());
    assert_eq!(client.heard(), ["40/chat,", r#"42["still here"]"#]);
    client.cut();
    client.advance(secs(1));
    assert_eq!(client.serve(), ["40"], "the refused one does not try again");
}

#[test]
fn cl_13_sockets_that_are_not_connected_hear_of_a_failing_connection() {
    let (mut client, root) = Client::connected();
    let chat = client.add("/chat");
    client.connect(chat);
    client.cut();
    assert_eq!(
        client.events(),
        [
            "error websocket error",
            "disconnect / transport error",
            "connect_error /chat websocket error",
            "close transport error"
        ]
    );
    assert!(client.manager.is_active(root) && client.manager.is_active(chat));
}
