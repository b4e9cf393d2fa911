//! Clients of Engine.IO 3, who speak revision 4 of Socket.IO, and clients that poll with scripts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use socketio_server::engine::Version;
use socketio_server::{
    Ack, Auth, Reason, Refusal, Socket, SocketIo, SocketIoBuilder, State, Value,
};
use support::http::UPGRADE;
use support::{Frame, Http, Lines, Log, Response, Server, WebSocket};
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

/// POSTs a body in bytes.
async fn post_bytes(http: &mut Http, target: &str, body: &[u8]) -> Response {
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    http.write([head.as_bytes(), body].concat()).await;
    http.response().await
}

#[tokio::test(start_paused = true)]
async fn ep_05_bytes_that_begin_like_a_packet_are_data_in_either_protocol() {
    let header = r#"451-["bytes",{"_placeholder":true,"num":0}]"#;
    // Types as digits and as numbers, the sign of base64, the end of a length, a separator; and none.
    let all: [&[u8]; 7] = [
        b"4a",
        b"b4QUI=",
        b"\x04\x01",
        b"\x01",
        b"\xff",
        b"\x1e",
        b"",
    ];
    for data in all {
        let (server, _lines) = server();
        let base64 = BASE64_STANDARD.encode(data);

        let mut client = server.client().await;
        client.send(header).await;
        client.send_frame(Message::binary(data.to_vec())).await;
        assert_eq!(client.text().await, header);
        assert_eq!(client.next().await, Frame::Binary(data.to_vec().into()));

        let mut client = server.polling().await;
        client.join("/").await;
        client.send(&format!("{header}\u{1e}b{base64}")).await;
        assert_eq!(client.text().await, header);
        assert_eq!(client.text().await, format!("b{base64}"));

        // In protocol 3 the type is a byte in front.
        let typed = [b"\x04", data].concat();
        let mut client = websocket(&server, WEBSOCKET).await;
        client.text().await;
        assert_eq!(client.text().await, "40");
        client.send(header).await;
        client.send_frame(Message::binary(typed.clone())).await;
        assert_eq!(client.text().await, header);
        assert_eq!(client.next().await, Frame::Binary(typed.clone().into()));

        // In text, then in bytes, where each element has its kind and the digits of its length in front.
        for asked in ["&b64=1", ""] {
            let mut http = server.http().await;
            let query = format!("{POLLING}{asked}");
            let target = format!("{query}&sid={}", sid(&http.get(&query).await.body));
            assert_eq!(http.get(&target).await.body, "2:40");
            let text = format!("{}:{header}", header.len());
            let (body, answer) = if asked.is_empty() {
                let body = [
                    &[0, 4, 3, 0xff][..],
                    header.as_bytes(),
                    &[1, typed.len() as u8, 0xff],
                    &typed,
                ]
                .concat();
                assert_eq!(post_bytes(&mut http, &target, &body).await.body, "ok");
                (body.clone(), http.get(&target).await.bytes)
            } else {
                let body = format!("{text}{}:b4{base64}", base64.len() + 2);
                assert_eq!(http.post(&target, &body).await.body, "ok");
                (body.into(), http.get(&target).await.bytes)
            };
            assert_eq!(answer, body, "{data:?}{asked}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ep_16_ep_17_a_length_that_cannot_be_closes_and_an_empty_element_is_nothing() {
    let (server, mut lines) = server();
    server
        .on_disconnect(async |State(log): State<Log>, reason: Reason| log.add(reason.to_string()));
    let open = async || {
        let mut http = server.http().await;
        let target = format!("{POLLING}&sid={}", sid(&http.get(POLLING).await.body));
        assert_eq!(http.get(&target).await.body, "2:40");
        (http, target)
    };
    let echo = r#"15:421["echo","x"]"#;
    assert_eq!(echo.len(), 18);

    // Nothing, as often as one likes, is nothing.
    let (mut http, target) = open().await;
    let many = "0:".repeat(100_000);
    for body in ["0:", &format!("0:0:{echo}0:"), &format!("{many}1:2{many}")] {
        assert_eq!(http.post(&target, body).await.body, "ok");
    }
    let answers = http.get(&target).await.body;
    assert_eq!(answers, r#"8:431["x"]1:3"#);
    lines.next().await;

    let texts = [
        "4",
        ":4",
        "-1:4",
        "+1:6",
        "2:6",
        "1:6:6",
        "9999999999:6",
        "100000000000000000000000000000:6",
        "18446744073709551617:6",
        "000000000000000000000000000001:6",
        "1.0:6",
        "٣:4ab",
        "2:4😀",
        "7:4hé",
    ];
    let bytes: [&[u8]; 6] = [
        b"\x00\x00\xff",
        b"\x00\xff6",
        b"\x00\x016",
        b"\x00\x09\xff6",
        b"\x00\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\xff6",
        b"\x02\x01\xff6",
    ];
    let all = texts.iter().map(|text| (text.as_bytes(), false));
    for (body, in_bytes) in all.chain(bytes.map(|bytes| (bytes, true))) {
        let (mut http, target) = open().await;
        lines.next().await;
        // What stands in front of it is delivered, and nothing behind it.
        let answer = if in_bytes {
            let echo = [&[0, 1, 5, 0xff][..], &echo.as_bytes()[3..]].concat();
            post_bytes(&mut http, &target, &[&echo, body, &echo].concat()).await
        } else {
            let body = [echo.as_bytes(), body].concat();
            http.post(&target, str::from_utf8(&body).unwrap()).await
        };
        assert_eq!(answer.body, "ok", "{body:?}");
        assert_eq!(lines.next().await, "parse error", "{body:?}");
        assert_eq!(http.get(&target).await.status, 400, "{body:?}");
    }
    assert_eq!(server.client_count(), 1);
    assert!(lines.rest().is_empty());
}
