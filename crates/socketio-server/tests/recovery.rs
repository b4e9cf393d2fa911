//! Clients that lose their connection and come back as the same socket.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use socketio_server::engine::Version;
use socketio_server::{
    Extensions, Limits, Reason, Recovery, RecoveryConfig, RecoveryFailure, Refusal, Socket,
    SocketIo, SocketIoBuilder, State,
};
use std::sync::Arc;
use std::time::Duration;
use support::{Frame, Lines, Log, Polling, Server, WebSocket, soon};
use tokio::sync::Semaphore;

fn builder() -> SocketIoBuilder {
    SocketIo::builder().connection_state_recovery(RecoveryConfig::default())
}

/// A server that logs how its sockets come, and why they go.
fn server(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let server = Server::new(builder.state(log));
    server.on_connection(async |socket: Socket, State(log): State<Log>| {
        log.add(format!("{:?}", socket.recovery()));
    });
    server
        .on_disconnect(async |State(log): State<Log>, reason: Reason| log.add(reason.to_string()));
    (server, lines)
}

/// Public id, private id.
type Ids = (String, String);

fn ids(packet: &str) -> Ids {
    let reply = packet.strip_prefix("40").expect("a CONNECT reply");
    let reply: serde_json::Value = serde_json::from_str(reply).unwrap();
    let text = |key: &str| reply[key].as_str().unwrap().to_owned();
    (text("sid"), text("pid"))
}

/// Name and offset of an event without other arguments.
fn event(packet: &str) -> (String, String) {
    let list = packet.strip_prefix("42").expect("an event");
    serde_json::from_str(list).unwrap()
}

async fn meet(server: &Server) -> (WebSocket, Ids) {
    let mut client = server.websocket().await;
    client.send("40").await;
    let ids = ids(&client.text().await);
    (client, ids)
}

/// A client comes back; the names of the events that it has missed, and its ids.
async fn again(server: &Server, pid: &str, offset: Option<&str>) -> (WebSocket, Vec<String>, Ids) {
    let (client, missed, reply) = WebSocket::come_back(server, pid, offset).await;
    let names = missed.iter().map(|packet| event(packet).0).collect();
    (client, names, ids(&reply))
}

#[tokio::test(start_paused = true)]
async fn a_socket_comes_back_with_its_id_rooms_and_data() {
    let (server, mut lines) = server(builder());
    let (mut client, (sid, pid)) = meet(&server).await;
    assert_eq!(lines.next().await, "Fresh");
    let socket = server.sockets().remove(0);
    assert!(!socket.is_recovered());
    socket.join("room").unwrap();
    socket.set_data(json!({ "name": "ann" }));
    socket.extensions().insert(1_u8);
    server.emit("a", ()).unwrap();
    let (name, offset) = event(&client.text().await);
    assert_eq!(name, "a");
    client.cut();
    assert_eq!(lines.next().await, "transport close");
    server.deserted().await;
    server.to("room").emit("b", ()).unwrap();
    server.to("other room").emit("c", ()).unwrap();
    socket.emit("d", ()).unwrap();
    server.to(&sid).emit("e", ()).unwrap();
    server.except("room").emit("f", ()).unwrap();

    let (mut client, missed, ids) = again(&server, &pid, Some(&offset)).await;
    assert_eq!(missed, ["b", "d", "e"]);
    assert_eq!(ids, (sid.clone(), pid));
    assert_eq!(lines.next().await, "Recovered");
    let now = server.sockets().remove(0);
    assert!(now.is_recovered());
    assert_eq!(now.rooms(), ["room".to_owned(), sid]);
    assert_eq!(now.data(), json!({ "name": "ann" }).into());
    assert_eq!(Extensions::get::<u8>(now.extensions()), None);
    // A handle of the old socket reaches the client, too.
    socket.emit("g", ()).unwrap();
    assert_eq!(event(&client.text().await).0, "g");
}

#[tokio::test(start_paused = true)]
async fn over_polling_with_binary_events() {
    let (server, _lines) = server(builder());
    let mut client = server.polling().await;
    client.send("40").await;
    let (sid, pid) = ids(&client.text().await);
    let socket = server.sockets().remove(0);
    socket.close_connection();
    server.deserted().await;
    let bytes = serde_bytes::ByteBuf::from(vec![1, 2]);
    server.emit("bin", (bytes,)).unwrap();

    let mut client = server.polling().await;
    client.send(&format!("40{}", json!({ "pid": pid }))).await;
    let header = client.text().await;
    assert!(header.starts_with(r#"451-["bin",{"_placeholder":true,"num":0},""#));
    assert_eq!(client.text().await, "bAQI=");
    assert_eq!(ids(&client.text().await), (sid, pid));
}

#[tokio::test(start_paused = true)]
async fn cr_02_the_old_connection_is_closed_first() {
    let (server, mut lines) = server(builder());
    let (mut old, (sid, pid)) = meet(&server).await;
    server.emit("a", ()).unwrap();
    let (mut client, missed, ids) = again(&server, &pid, None).await;
    assert_eq!((missed, ids.0), (vec!["a".to_owned()], sid));
    assert_eq!(
        lines.take(3).await,
        ["Fresh", "transport close", "Recovered"]
    );
    assert_eq!(event(&old.text().await).0, "a");
    assert!(matches!(old.next().await, Frame::Close(_)));
    assert_eq!((server.socket_count(), server.client_count()), (1, 1));
    server.emit("b", ()).unwrap();
    assert_eq!(event(&client.text().await).0, "b");
}

#[tokio::test(start_paused = true)]
async fn cr_02_also_while_its_middlewares_run() {
    let config = RecoveryConfig::default().skip_middlewares(false);
    let gate = Arc::new(Semaphore::new(1));
    let opened = Arc::clone(&gate);
    let (server, mut lines) = server(SocketIo::builder().connection_state_recovery(config));
    server.middleware(move |_: Socket| {
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok::<_, Refusal>(())
        }
    });
    let (client, (sid, pid)) = meet(&server).await;
    client.cut();
    assert_eq!(lines.take(2).await, ["Fresh", "transport close"]);
    // This one claims the session, and its middleware waits.
    let mut half = server.websocket().await;
    half.send(&format!("40{}", json!({ "pid": pid }))).await;
    support::until("the claim", || server.client_count() == 1).await;
    server.emit("a", ()).unwrap();
    // The next one takes it over.
    let mut client = server.websocket().await;
    client.send(&format!("40{}", json!({ "pid": pid }))).await;
    assert!(matches!(half.next().await, Frame::Close(_)));
    opened.add_permits(1);
    assert_eq!(event(&client.text().await).0, "a");
    assert_eq!(ids(&client.text().await), (sid, pid));
    assert_eq!(lines.next().await, "Recovered");
}

#[tokio::test(start_paused = true)]
async fn a_heir_that_gives_up_leaves_nothing_behind() {
    let (server, mut lines) = server(builder());
    let (old, (_, pid)) = meet(&server).await;
    let mut heir = server.websocket().await;
    heir.send(&format!("40{}", json!({ "pid": pid }))).await;
    heir.cut();
    old.cut();
    server.deserted().await;
    let (client, _, _) = again(&server, &pid, None).await;
    client.cut();
    server.deserted().await;
    assert_eq!(lines.next().await, "Fresh");
}

#[tokio::test(start_paused = true)]
async fn middlewares_are_passed_by_unless_they_are_wanted() {
    for (skip, expected) in [(true, 1), (false, 2)] {
        let config = RecoveryConfig::default().skip_middlewares(skip);
        let (server, mut lines) = server(SocketIo::builder().connection_state_recovery(config));
        server.middleware(async |socket: Socket, State(log): State<Log>| {
            log.add(format!("asked {}", socket.is_recovered()));
            socket.emit("from a middleware", ()).unwrap();
            Ok::<_, Refusal>(())
        });
        let mut client = server.websocket().await;
        client.send("40").await;
        assert_eq!(event(&client.text().await).0, "from a middleware");
        let (_, pid) = ids(&client.text().await);
        client.cut();
        server.deserted().await;
        server.emit("a", ()).unwrap();
        let (_client, missed, _) = again(&server, &pid, None).await;
        assert_eq!(missed[0], "a");
        assert_eq!(missed.len(), expected);
        let asked: Vec<String> = lines.take(2 + expected + 1).await;
        let asked = asked.iter().filter(|line| line.starts_with("asked"));
        assert_eq!(asked.count(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_can_try_again() {
    let config = RecoveryConfig::default().skip_middlewares(false);
    let (server, _lines) = server(SocketIo::builder().connection_state_recovery(config));
    let (client, (sid, pid)) = meet(&server).await;
    client.cut();
    server.deserted().await;
    server.middleware(async |socket: Socket| {
        let auth: serde_json::Value = socket.auth().unwrap();
        match auth.get("token") {
            Some(_) => Ok(()),
            None => Err(Refusal::new("no token")),
        }
    });
    server.emit("a", ()).unwrap();
    let mut client = server.websocket().await;
    client.send(&format!("40{}", json!({ "pid": pid }))).await;
    assert_eq!(client.text().await, r#"44{"message":"no token"}"#);
    client
        .send(&format!("40{}", json!({ "pid": pid, "token": 1 })))
        .await;
    assert_eq!(event(&client.text().await).0, "a");
    assert_eq!(ids(&client.text().await), (sid, pid));
}

#[tokio::test(start_paused = true)]
async fn the_application_is_told_why_it_failed() {
    let (server, mut lines) = server(builder());
    let (client, (_, pid)) = meet(&server).await;
    client.cut();
    server.deserted().await;
    lines.take(2).await;
    tokio::time::sleep(Duration::from_millis(120_001)).await;
    let (mut client, _, (sid, fresh)) = again(&server, &pid, None).await;
    assert_ne!(fresh, pid);
    assert_eq!(lines.next().await, "Failed(Expired)");
    let expired = Recovery::Failed(RecoveryFailure::Expired);
    assert_eq!(server.sockets()[0].recovery(), expired);

    // A volatile event that ends with a text spoils the offset.
    server.volatile().emit("v", "text").unwrap();
    assert_eq!(client.text().await, r#"42["v","text"]"#);
    client.cut();
    server.deserted().await;
    lines.next().await;
    let (client, _, (other, pid)) = again(&server, &fresh, Some("text")).await;
    assert_ne!(other, sid);
    assert_eq!(lines.next().await, "Failed(UnknownOffset)");

    server.sockets()[0].disconnect(false);
    assert_eq!(lines.next().await, "server namespace disconnect");
    let (_client, _, _) = again(&server, &pid, None).await;
    assert_eq!(lines.next().await, "Failed(Ended)");
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn each_namespace_has_its_own_sessions() {
    let (server, _lines) = server(builder());
    let _ = server.of("/other");
    let (client, (_, pid)) = meet(&server).await;
    client.cut();
    server.deserted().await;
    let mut client = server.websocket().await;
    client
        .send(&format!("40/other,{}", json!({ "pid": pid })))
        .await;
    client.text().await;
    let failed = Recovery::Failed(RecoveryFailure::Unknown);
    assert_eq!(server.of("/other").sockets()[0].recovery(), failed);
    // And what is said here is not missed there.
    server.of("/other").emit("x", ()).unwrap();
    let (_client, missed, _) = again(&server, &pid, None).await;
    assert!(missed.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_the_option_there_is_no_private_id_and_no_offset() {
    let (server, mut lines) = server(SocketIo::builder());
    let mut client = server.websocket().await;
    client.send(r#"40{"pid":"p","offset":"o"}"#).await;
    let reply = client.text().await;
    assert!(!reply.contains("pid"), "{reply}");
    assert_eq!(lines.next().await, "Fresh");
    server.emit("a", ()).unwrap();
    server.sockets()[0].emit("b", ()).unwrap();
    assert_eq!(client.text().await, r#"42["a"]"#);
    assert_eq!(client.text().await, r#"42["b"]"#);
}

#[tokio::test(start_paused = true)]
async fn an_emit_that_does_not_fit_is_refused_and_not_recorded() {
    let (server, _lines) = server(builder().limits(Limits::default().max_buffered(10_000)));
    let mut client: Polling = server.polling().await;
    client.send("40").await;
    let (_, pid) = ids(&client.text().await);
    let socket = server.sockets().remove(0);
    assert!(socket.emit("large", "x".repeat(20_000)).is_err());
    assert!(socket.is_connected());
    socket.close_connection();
    server.deserted().await;
    let (_client, missed, _) = soon("the way back", again(&server, &pid, None)).await;
    assert!(missed.is_empty());
}

/// The log has to reach back to the last sign of life of a client that has silently gone.
#[tokio::test(start_paused = true)]
async fn the_heartbeat_tells_how_long_a_silent_client_may_be_thought_alive() {
    let config = RecoveryConfig::default().max_disconnection_duration(Duration::from_secs(10));
    let minute = Duration::from_secs(60);
    let builder = SocketIo::builder()
        .ping_interval(minute)
        .ping_timeout(minute)
        .connection_state_recovery(config);
    let (server, mut lines) = server(builder);
    let (mut client, (sid, pid)) = meet(&server).await;
    server.emit("a", ()).unwrap();
    let (_, offset) = event(&client.text().await);
    // It hears no more of this, nor of anything else.
    server.emit("b", ()).unwrap();
    tokio::time::sleep(2 * minute - Duration::from_secs(1)).await;
    assert_eq!(server.socket_count(), 1);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(lines.take(2).await, ["Fresh", "ping timeout"]);
    let (_client, missed, ids) = again(&server, &pid, Some(&offset)).await;
    assert_eq!((missed, ids.0), (vec!["b".to_owned()], sid));
    assert_eq!(lines.next().await, "Recovered");
}

#[tokio::test(start_paused = true)]
async fn a_quick_heartbeat_needs_a_short_log() {
    let config = RecoveryConfig::default().max_disconnection_duration(Duration::from_secs(10));
    let builder = SocketIo::builder()
        .ping_interval(Duration::from_secs(1))
        .ping_timeout(Duration::from_secs(1))
        .connection_state_recovery(config);
    let (server, mut lines) = server(builder);
    let (mut client, (_, pid)) = meet(&server).await;
    server.emit("a", ()).unwrap();
    let (_, offset) = event(&client.text().await);
    server.emit("b", ()).unwrap();
    assert_eq!(event(&client.text().await).0, "b");
    // It answers every ping, for longer than a client could be away, and yet claims to have missed an event.
    let answering = tokio::time::timeout(Duration::from_secs(40), client.next()).await;
    assert!(answering.is_err(), "{answering:?}");
    client.cut();
    server.deserted().await;
    again(&server, &pid, Some(&offset)).await;
    let seen = lines.take(3).await;
    assert_eq!(seen, ["Fresh", "transport close", "Failed(LogTrimmed)"]);
}

/// They could not be told a private id.
#[tokio::test(start_paused = true)]
async fn clients_of_protocol_3_are_not_recovered() {
    let (server, mut lines) = server(builder().allow_eio3(true));
    let other = server.of("/other");
    other.on_connection(async |socket: Socket, State(log): State<Log>| {
        log.add(format!("other {:?}", socket.recovery()));
    });
    let (mut newer, (_, pid)) = meet(&server).await;
    assert_eq!(lines.next().await, "Fresh");
    let path = "/socket.io/?EIO=3&transport=websocket";
    let open = async || {
        // What they say in their query is read as credentials: a claim among them counts for nothing.
        let path = format!("{path}&pid={pid}&offset=x");
        let mut client = WebSocket(server.http().await.upgrade(&path).await);
        assert!(client.text().await.starts_with("0{"));
        client
    };
    let mut older = open().await;
    assert_eq!(older.text().await, "40");
    assert_eq!(lines.next().await, "Fresh");
    older.send(&format!("40/other?pid={pid}&offset=x,")).await;
    assert_eq!(older.text().await, "40/other,");
    assert_eq!(lines.next().await, "other Fresh");
    server.emit("a", ()).unwrap();
    assert_eq!(event(&newer.text().await).0, "a");
    // A broadcast is one text for all of them.
    assert_eq!(event(&older.text().await).0, "a");
    let socket = server
        .sockets()
        .into_iter()
        .find(|it| it.protocol() == Version::V3);
    let socket = socket.unwrap();
    socket.emit("b", ()).unwrap();
    assert_eq!(older.text().await, r#"42["b"]"#);
    older.cut();
    assert_eq!(lines.next().await, "transport close");
    // Nothing waits for it.
    assert!(socket.emit("c", ()).is_err());
}
