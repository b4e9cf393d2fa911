//! Getting a session back, and what was missed.

use crate::support::{Client, object, regular, secs};
use serde_json::json;
use socketio_proto::client::{Auth, Config, Socket, SocketOptions};

fn connected(auth: Auth) -> (Client, Socket) {
    let mut client = Client::with(Config::default().reconnection(Some(regular())));
    let socket = client.add_with("/", auth, SocketOptions::default());
    client.connect(socket);
    client.serve();
    client.say(r#"40{"sid":"id","pid":"private"}"#);
    client.events();
    (client, socket)
}

/// Loses the connection, and tells what the next CONNECT says.
fn lose(client: &mut Client) -> String {
    client.cut();
    client.advance(secs(1));
    let said = client.serve().concat();
    client.events();
    said
}

#[test]
fn a_session_is_recovered_with_what_was_missed() {
    let (mut client, socket) = connected(Auth::None);
    client.say(r#"42["e1","Q89Zuxj"]"#);
    assert!(!client.manager.recovered(socket));
    assert_eq!(
        lose(&mut client),
        r#"40{"pid":"private","offset":"Q89Zuxj"}"#
    );
    client.say(r#"42["e2","Q89Zuxk"]"#);
    client.say(r#"451-["m1",{"_placeholder":true,"num":0},"Q89Zuz1"]"#);
    client.say_binary(&[1]);
    assert_eq!(client.events(), [""; 0], "not before the answer");
    client.say(r#"40{"sid":"id","pid":"private"}"#);
    assert_eq!(
        client.events(),
        [
            r#"message / ["e2","Q89Zuxk"]"#,
            r#"message / ["m1",{"_placeholder":true,"num":0},"Q89Zuz1"]"#,
            "recovered /"
        ]
    );
    assert!(client.manager.recovered(socket));
    assert_eq!(
        lose(&mut client),
        r#"40{"pid":"private","offset":"Q89Zuz1"}"#,
        "what came early counts"
    );
}

#[test]
fn credentials_come_behind_and_win() {
    let token = json!({ "token": "x", "pid": "mine" });
    let (mut client, _) = connected(Auth::Value(object(token)));
    client.say(r#"42["e","offset"]"#);
    assert_eq!(
        lose(&mut client),
        r#"40{"pid":"mine","offset":"offset","token":"x"}"#
    );
}

#[test]
fn without_an_offset_there_is_none_to_send() {
    let (mut client, _) = connected(Auth::None);
    for event in [
        r#"42["number",1]"#,
        r#"42["nothing"]"#,
        r#"42["list",["x"]]"#,
        r#"42["last is not text","x",{"a":"b"}]"#,
        r#"421["wants an answer","x"]"#,
    ] {
        client.say(event);
    }
    let long = "x".repeat(300);
    client.say(&format!(r#"42["a text and no offset","{long}"]"#));
    assert_eq!(lose(&mut client), r#"40{"pid":"private"}"#);
}

#[test]
fn an_offset_may_be_written_with_escapes() {
    let (mut client, _) = connected(Auth::None);
    client.say(r#"42["e",1,"a\"]\u0041" ]"#);
    assert_eq!(lose(&mut client), r#"40{"pid":"private","offset":"a\"]A"}"#);
}

#[test]
fn without_an_offer_texts_are_texts() {
    let (mut client, _) = Client::connected();
    client.say(r#"42["e","text"]"#);
    assert_eq!(lose(&mut client), "40");
}

#[test]
fn another_session_is_not_recovered_and_begins_without_an_offset() {
    let (mut client, socket) = connected(Auth::None);
    client.say(r#"42["e","first"]"#);
    lose(&mut client);
    client.say(r#"40{"sid":"other","pid":"secret"}"#);
    assert_eq!(client.events(), ["connect /"]);
    assert!(!client.manager.recovered(socket));
    assert_eq!(lose(&mut client), r#"40{"pid":"secret"}"#);
    client.say(r#"40{"sid":"third"}"#);
    assert_eq!(lose(&mut client), "40", "no longer offered");
}

#[test]
fn a_recovery_that_is_too_large_is_not_tried_again() {
    let config = Config::default()
        .max_early_bytes(100)
        .reconnection(Some(regular()));
    let mut client = Client::with(config);
    let socket = client.add("/");
    client.connect(socket);
    client.serve();
    client.say(r#"40{"sid":"id","pid":"private"}"#);
    client.say(r#"42["e","offset"]"#);
    lose(&mut client);
    let long = "x".repeat(100);
    client.say(&format!(r#"42["e","{long}","next"]"#));
    assert_eq!(
        client.events(),
        ["connect_error / parse error", "close parse error"]
    );
    client.advance(secs(1));
    assert_eq!(client.serve(), ["40"]);
}

#[test]
fn recovery_goes_on_after_a_disconnect_by_the_application() {
    let (mut client, socket) = connected(Auth::None);
    client.say(r#"42["e","offset"]"#);
    client.disconnect(socket);
    client.connect(socket);
    assert_eq!(
        client.serve(),
        [r#"40{"pid":"private","offset":"offset"}"#],
        "the server decides"
    );
}
