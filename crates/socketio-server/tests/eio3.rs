//! Clients of Engine.IO 3, who speak revision 4 of Socket.IO, and clients that poll with scripts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use socketio_server::engine::Version;
use socketio_server::{Ack, Auth, Refusal, Socket, SocketIo, SocketIoBuilder, State, Value};
use support::http::UPGRADE;
use support::{Frame, Lines, Log, Server, WebSocket};
use tokio_tungstenite::tungstenite::Message;

const POLLING: &str = "/socket.io/?EIO=3&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=3&transport=websocket";

fn builder() -> SocketIoBuilder {
    SocketIo::builder().allow_eio3(true)
}

/// A server that tells what it sees.
fn server() -> (Server, Lines) {
    let (log, lines) = Log::new();
    let server = Server::new(builder().state(log));
    let _ = server.of("/other");
    for namespace in server.namespaces() {
        namespace.on_connection(async |socket: Socket, State(log): State<Log>| {
            let version = socket.protocol() == Version::V3;
            log.add(format!("{} {version}", socket.id()));
        });
        namespace.on("echo", async |ack: Ack, text: String| ack.send(text));
        namespace.on("bytes", async |socket: Socket, bytes: Value| {
            socket.emit("bytes", (bytes,))
        });
    }
    (server, lines)
}

/// The id in a handshake.
fn sid(open: &str) -> String {
    let json = &open[open.find('{').unwrap()..=open.find('}').unwrap()];
    let open: serde_json::Value = serde_json::from_str(json).unwrap();
    open["sid"].as_str().unwrap().to_owned()
}

async fn websocket(server: &Server, target: &str) -> WebSocket {
    WebSocket(server.http().await.upgrade(target).await)
}

#[tokio::test]
async fn they_come_in_only_if_they_may() {
    let server = Server::new(SocketIo::builder());
    let refused = server.http().await.get(POLLING).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body,
        r#"{"code":5,"message":"Unsupported protocol version"}"#
    );
    // A WebSocket is refused before it is one, so that its client can read why.
    let mut http = server.http().await;
    let refused = http.request(&format!("GET {WEBSOCKET}"), &UPGRADE).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.body, "Unsupported protocol version");
    let server = Server::new(builder());
    assert_eq!(server.http().await.get(POLLING).await.status, 200);
}

#[tokio::test]
async fn a_client_over_websocket_is_in_without_asking() {
    let (server, mut lines) = server();
    let mut client = websocket(&server, WEBSOCKET).await;
    let sid = sid(&client.text().await);
    assert_eq!(client.text().await, "40");
    assert_eq!(lines.next().await, format!("{sid} true"));
    client.send(r#"421["echo","x"]"#).await;
    assert_eq!(client.text().await, r#"431["x"]"#);

    client.send("40/other").await;
    assert_eq!(client.text().await, "40/other,");
    assert_eq!(lines.next().await, format!("/other#{sid} true"));
    // Under the id that it had before.
    client.send("41/other").await;
    client.send("40/other").await;
    assert_eq!(client.text().await, "40/other,");
    assert_eq!(lines.next().await, format!("/other#{sid} true"));
    client.send("40/nowhere?a=b,").await;
    assert_eq!(
        client.text().await,
        r#"44/nowhere,{"message":"Invalid namespace"}"#
    );

    let header = r#"["bytes",{"_placeholder":true,"num":0}]"#;
    client.send(&format!("451-{header}")).await;
    client
        .send_frame(Message::binary(Bytes::from_static(&[4, 1, 2])))
        .await;
    assert_eq!(client.text().await, format!("451-{header}"));
    assert_eq!(client.next().await, Frame::Binary(vec![4, 1, 2].into()));

    client.send("2").await;
    assert_eq!(client.text().await, "3");
    client.cut();
    server.deserted().await;
}

#[tokio::test]
async fn a_client_over_polling_is_in_without_asking() {
    let (server, mut lines) = server();
    let mut http = server.http().await;
    let first = http.get(POLLING).await.body;
    let sid = sid(&first);
    let target = format!("{POLLING}&sid={sid}");
    assert!(first.ends_with("000}"), "the open packet alone: {first}");
    assert_eq!(lines.next().await, format!("{sid} true"));
    assert_eq!(http.get(&target).await.body, "2:40");
    http.post(&target, r#"15:421["echo","é"]1:2"#).await;
    assert_eq!(http.get(&target).await.body, r#"1:38:431["é"]"#);
}

#[tokio::test]
async fn refusals_are_bare() {
    let (server, _) = server();
    server.of("/other").middleware(
        async |Auth(auth): Auth<serde_json::Value>| match auth["token"].as_str() {
            Some("a b") => Ok(()),
            Some(_) => Err(Refusal::new("no").with_data(auth)),
            None => Err(Refusal::new("no token")),
        },
    );
    let mut client = websocket(&server, WEBSOCKET).await;
    client.text().await;
    assert_eq!(client.text().await, "40");
    for (asked, answer) in [
        ("40/other,", r#"44/other,"no token""#),
        ("40/other?token=b,", r#"44/other,{"token":"b"}"#),
        ("40/other?token=a%20b", "40/other,"),
    ] {
        client.send(asked).await;
        assert_eq!(client.text().await, answer);
    }
}

#[tokio::test]
async fn b64_belongs_to_the_transport_that_asks_for_it() {
    let (server, _) = server();
    let mut http = server.http().await;
    let sid = sid(&http.get(POLLING).await.body);
    let target = format!("{WEBSOCKET}&sid={sid}&b64=1");
    let mut client = websocket(&server, &target).await;
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    client.send("5").await;
    let header = r#"["bytes",{"_placeholder":true,"num":0}]"#;
    client.send(&format!("451-{header}")).await;
    client.send("b4AQI=").await;
    while client.text().await != format!("451-{header}") {}
    assert_eq!(client.text().await, "b4AQI=");
}

#[tokio::test]
async fn scripts_carry_socket_io_in_either_revision() {
    for version in [3, 4] {
        let wire = |packet: &str| match version {
            3 => format!("{}:{packet}", packet.len()),
            _ => packet.to_owned(),
        };
        let (server, mut lines) = server();
        let mut http = server.http().await;
        let query = format!("/socket.io/?EIO={version}&transport=polling&j=7");
        let first = http.get(&query).await.body;
        assert!(first.starts_with("___eio[7](\""), "{first}");
        let target = format!("{query}&sid={}", sid(&first.replace('\\', "")));
        if version == 4 {
            assert_eq!(http.post(&target, "d=40").await.body, "ok");
            let entered = http.get(&target).await.body;
            assert!(entered.starts_with("___eio[7](\"40{"), "{entered}");
        } else {
            assert_eq!(http.get(&target).await.body, "___eio[7](\"2:40\");");
        }
        lines.next().await;
        let form = format!("d={}", wire(r#"421["echo","a"]"#));
        assert_eq!(http.post(&target, &form).await.body, "ok");
        let payload = wire(r#"431["a"]"#).replace('"', "\\\"");
        let script = format!("___eio[7](\"{payload}\");");
        assert_eq!(http.get(&target).await.body, script);
    }
}
