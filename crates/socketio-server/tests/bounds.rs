//! Each bound of `Limits`, reached through the whole server: what the client sees, what the application sees, and the count
//! for the operator. `docs/limits.md` has them as a table.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use socketio_server::{
    AckError, EmitError, Limits, Rate, Reason, RoomError, RoomEvent, SocketIo, State,
};
use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use support::http::PATH;
use support::{Http, Lines, Log, Server, WebSocket, still_serves};
use tokio_tungstenite::tungstenite::Message;

/// How often a bound was reached, by all servers of this program: most names are one test's.
fn hits(bound: &str) -> u64 {
    let start = format!("socketio_limits_hit_total{{limit=\"{bound}\"}} ");
    let text = figures().render();
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.map_or(0, |count| count.parse().unwrap())
}

fn figures() -> &'static PrometheusHandle {
    static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
    FIGURES.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let figures = recorder.handle();
        metrics::set_global_recorder(recorder).unwrap();
        figures
    })
}

/// A server that logs how sockets end, with all that is known of it, and which requests it refuses.
fn server(limits: Limits) -> (Server, Lines) {
    figures();
    let (log, lines) = Log::new();
    let refused = log.clone();
    let builder = SocketIo::builder()
        .limits(limits)
        .allow_eio3(true)
        .state(log)
        .client_address(|request| {
            let header = request.headers.get("x-forwarded-for")?;
            header.to_str().ok()?.parse().ok()
        })
        .on_connection_error(move |reject, _| refused.add(format!("refused: {reject}")));
    let server = Server::with_pipes(builder, 4096);
    server.on_disconnect(async |State(log): State<Log>, reason: Reason| {
        let mut line = reason.get().to_string();
        if let Some(error) = reason.refused() {
            line += &format!(", {error}");
        }
        let mut source = reason.get().source();
        while let Some(error) = source {
            line += &format!(", {error}");
            source = error.source();
        }
        log.add(line);
    });
    server.on("echo", async |ack: socketio_server::Ack, text: String| {
        ack.send(text)
    });
    (server, lines)
}

fn bounded(limit: impl FnOnce(Limits) -> Limits) -> (Server, Lines) {
    server(limit(Limits::default()))
}

/// The connection of a client that has sent this is closed, and its socket's end is told in these words.
async fn ends(bound: &str, (server, mut lines): (Server, Lines), sent: &str, told: &str) {
    let mut client = server.client().await;
    client.send(sent).await;
    client.closed().await;
    assert_eq!(lines.next().await, told);
    assert_eq!(hits(bound), 1);
    still_serves(&server).await;
}

#[test]
fn each_bound_has_a_row_and_no_row_is_made_up() {
    let page = include_str!("../../../docs/limits.md");
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| bound |"));
    let rows: BTreeSet<String> = rows
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|row| row.split('`').nth(1).unwrap().to_owned())
        .collect();
    let fields = format!("{:#?}", Limits::default());
    let fields: BTreeSet<String> = fields
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(':'))
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(rows, fields);
}

#[tokio::test(start_paused = true)]
async fn max_payload_refuses_a_body_and_ends_on_a_frame() {
    let (server, mut lines) = bounded(|it| it.max_payload(100));
    let mut polling = server.polling().await;
    polling.join("/").await;
    let target = polling.target();
    let long = "x".repeat(101);
    assert_eq!(polling.push.post(&target, &long).await.status, 413);
    polling.send(r#"421["echo","still here"]"#).await;
    assert_eq!(polling.text().await, r#"431["still here"]"#);
    assert_eq!(hits("max_payload"), 1);

    let mut client = server.client().await;
    client.send(&long).await;
    assert_eq!(client.closed().await, Some(1009));
    let told = lines.next().await;
    assert!(told.starts_with("transport error, "), "{told}");
    assert!(told.contains("101") && told.contains("100"), "{told}");
    assert_eq!(hits("max_payload"), 2);
}

#[tokio::test(start_paused = true)]
async fn max_packets_ends_on_a_body_of_more() {
    let (server, mut lines) = bounded(|it| it.max_packets(3));
    let mut client = server.polling().await;
    client.join("/").await;
    client.send(&[r#"42["x"]"#; 3].join("\u{1e}")).await;
    client.send(&[r#"42["x"]"#; 4].join("\u{1e}")).await;
    let told = lines.next().await;
    assert!(told.starts_with("parse error, "), "{told}");
    assert_eq!(hits("max_packets"), 1);
}

#[tokio::test(start_paused = true)]
async fn packet_rate_ends_who_is_too_fast() {
    let (server, mut lines) = bounded(|it| it.packet_rate(Rate::per_second(10).burst(5)));
    let mut client = server.client().await;
    // The CONNECT was one of the burst. What comes at the pace that is allowed is taken for ever.
    for _ in 0..50 {
        client.send(r#"421["echo","x"]"#).await;
        assert_eq!(client.text().await, r#"431["x"]"#);
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    for _ in 0..7 {
        client.send(r#"42["x"]"#).await;
    }
    client.closed().await;
    assert_eq!(lines.next().await, "packet rate exceeded");
    assert!(hits("packet_rate") >= 1);
}

/// Those of WebSocket itself are no way around it.
#[tokio::test(start_paused = true)]
async fn pings_and_pongs_of_the_framing_count_against_the_rate() {
    let (server, mut lines) = bounded(|it| it.packet_rate(Rate::per_second(1).burst(10)));
    let mut client = server.client().await;
    let frames = [Message::Ping, Message::Pong].into_iter().cycle();
    for frame in frames.take(20) {
        client.send_frame(frame(vec![0; 5].into())).await;
    }
    client.closed().await;
    assert_eq!(lines.next().await, "packet rate exceeded");
}

#[tokio::test(start_paused = true)]
async fn byte_rate_ends_who_sends_too_much() {
    let (server, mut lines) = bounded(|it| it.byte_rate(Rate::per_second(100).burst(1000)));
    let mut client = server.polling().await;
    client.join("/").await;
    client
        .send(&format!(r#"42["x","{}"]"#, "x".repeat(900)))
        .await;
    client
        .send(&format!(r#"42["x","{}"]"#, "x".repeat(200)))
        .await;
    assert_eq!(lines.next().await, "byte rate exceeded");
    assert_eq!(hits("byte_rate"), 1);
}

#[tokio::test(start_paused = true)]
async fn max_buffered_and_max_queued_refuse_the_emit_and_close_on_a_broadcast() {
    for (limits, text) in [
        (
            Limits::default().max_buffered(10_000),
            "x".repeat(1_000).as_str(),
        ),
        (Limits::default().max_queued(9), ""),
    ] {
        let before = hits("max_buffered");
        let (server, mut lines) = server(limits);
        let mut client = server.polling().await;
        let id = client.join("/").await;
        let socket = server.socket(&id).unwrap();
        for _ in 0..9 {
            socket.emit("n", text).unwrap();
        }
        let full = socketio_proto::EmitError::Full;
        let refused = socket.emit("n", text);
        assert!(matches!(refused, Err(EmitError::Socket(it)) if it == full));
        assert_eq!(hits("max_buffered"), before + 1);
        server.emit("n", text).unwrap();
        assert_eq!(lines.next().await, "send buffer overflow");
        assert!(hits("max_buffered") > before + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn max_attachments_ends_before_one_is_kept() {
    let server = bounded(|it| it.max_attachments(2));
    let told = "forced close, over the limit: attachments";
    ends("max_attachments", server, r#"453-["x"]"#, told).await;
}

#[tokio::test(start_paused = true)]
async fn max_packet_bytes_ends_within_the_attachments() {
    let (server, mut lines) = bounded(|it| it.max_packet_bytes(100));
    let mut client = server.client().await;
    let header = r#"452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;
    client.send(header).await;
    client.send_frame(Message::Binary(vec![0; 50].into())).await;
    client.closed().await;
    assert_eq!(lines.next().await, "forced close, over the limit: bytes");
    assert_eq!(hits("max_packet_bytes"), 1);
}

#[tokio::test(start_paused = true)]
async fn attachments_timeout_ends_half_a_packet() {
    let server = bounded(|it| it.attachments_timeout(Duration::from_secs(3)));
    let sent = r#"451-["x",{"_placeholder":true,"num":0}]"#;
    let told = "forced close, attachments did not arrive in time";
    ends("attachments_timeout", server, sent, told).await;
}

#[tokio::test(start_paused = true)]
async fn max_depth_ends_on_what_is_deeper() {
    let (server, mut lines) = bounded(|it| it.max_depth(4));
    let mut client = server.client().await;
    // The list of arguments is the first.
    client.send(r#"421["echo","x",[[[]]]]"#).await;
    assert_eq!(client.text().await, r#"431["x"]"#);
    client.send(r#"421["echo","x",[[[[]]]]]"#).await;
    client.closed().await;
    assert_eq!(lines.next().await, "forced close, over the limit: depth");
    assert_eq!(hits("max_depth"), 1);
}

#[tokio::test(start_paused = true)]
async fn max_namespace_name_ends_on_a_longer_one() {
    let server = bounded(|it| it.max_namespace_name(8));
    let told = "forced close, over the limit: namespace";
    ends("max_namespace_name", server, "40/12345678,", told).await;
}

#[tokio::test(start_paused = true)]
async fn max_event_name_ends_on_a_longer_one() {
    let server = bounded(|it| it.max_event_name(8));
    let told = "forced close, over the limit: event name";
    ends("max_event_name", server, r#"42["123456789"]"#, told).await;
}

#[tokio::test(start_paused = true)]
async fn max_query_ends_on_longer_credentials() {
    let (server, mut lines) = bounded(|it| it.max_query(8));
    let _ = server.of("/a");
    let target = "/socket.io/?EIO=3&transport=websocket";
    let mut old = WebSocket(server.http().await.upgrade(target).await);
    assert!(old.text().await.starts_with("0{"));
    assert_eq!(old.text().await, "40");
    old.send("40/a?x=1234567,").await;
    old.closed().await;
    let told = lines.next().await;
    assert_eq!(told, "forced close, over the limit: query");
    assert_eq!(hits("max_query"), 1);
}

#[tokio::test(start_paused = true)]
async fn sp_11_max_auth_refuses_larger_credentials() {
    let (server, _) = bounded(|it| it.max_auth(10));
    let mut client = server.websocket().await;
    client.send(r#"40{"t":"1234"}"#).await;
    let refused = r#"44{"message":"credentials too large"}"#;
    assert_eq!(client.text().await, refused);
    assert_eq!(hits("max_auth"), 1);
    client.send(r#"40{"t":"12"}"#).await;
    assert!(client.text().await.starts_with("40{"));
}

#[tokio::test(start_paused = true)]
async fn max_namespaces_refuses_one_more() {
    let (server, _) = bounded(|it| it.max_namespaces(1));
    let _ = server.of("/a");
    let mut client = server.client().await;
    client.send("40/a,").await;
    let refused = r#"44/a,{"message":"too many namespaces"}"#;
    assert_eq!(client.text().await, refused);
    assert_eq!(hits("max_namespaces"), 1);
}

#[tokio::test(start_paused = true)]
async fn max_dynamic_namespaces_refuses_one_more() {
    let (server, _) = bounded(|it| it.max_dynamic_namespaces(1));
    let _ = server.of_matching(|_, _| true);
    let mut client = server.client().await;
    client.join("/a").await;
    client.send("40/b,").await;
    let refused = r#"44/b,{"message":"Invalid namespace"}"#;
    assert_eq!(client.text().await, refused);
    assert_eq!(hits("max_dynamic_namespaces"), 1);
}

#[tokio::test(start_paused = true)]
async fn max_rooms_and_max_room_name_are_told_where_a_room_is_joined() {
    let (server, _) = bounded(|it| it.max_rooms(2).max_room_name(4));
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();
    socket.join(["a", "b"]).unwrap();
    assert_eq!(socket.join("c"), Err(RoomError::TooMany { max: 2 }));
    assert_eq!(hits("max_rooms"), 1);
    socket.leave("a");
    assert_eq!(socket.join("12345"), Err(RoomError::TooLong { max: 4 }));
    assert_eq!(hits("max_room_name"), 1);
    // Its own room is neither counted nor measured.
    assert_eq!(socket.rooms().len(), 2);
    client.send(r#"421["echo","x"]"#).await;
    assert_eq!(client.text().await, r#"431["x"]"#);
}

#[tokio::test(start_paused = true)]
async fn max_pending_acks_refuses_another_question() {
    let (server, _) = bounded(|it| it.max_pending_acks(1));
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();
    let first = tokio::spawn({
        let socket = socket.clone();
        async move { socket.emit_with_ack::<u32>("first", ()).await }
    });
    assert_eq!(client.text().await, r#"420["first"]"#);
    let second = socket.emit_with_ack::<u32>("second", ()).await;
    let refused = socketio_proto::EmitError::TooManyAcks;
    assert!(
        matches!(&second, Err(AckError::Emit(EmitError::Socket(it))) if *it == refused),
        "{second:?}"
    );
    assert_eq!(hits("max_pending_acks"), 1);
    client.send("430[1]").await;
    assert_eq!(first.await.unwrap().unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn max_pending_broadcasts_ends_the_first_with_what_it_has() {
    let (server, _) = bounded(|it| it.max_pending_broadcasts(1));
    let mut client = server.client().await;
    let asking = server.broadcast().timeout(Duration::from_secs(60));
    let first = tokio::spawn(asking.emit_with_ack::<u32>("first", ()));
    assert_eq!(client.text().await, r#"420["first"]"#);
    let asking = server.broadcast().timeout(Duration::from_secs(90));
    let second = tokio::spawn(asking.emit_with_ack::<u32>("second", ()));
    let first = first.await.unwrap().unwrap();
    assert_eq!((first.answers, first.missing), (vec![], 1));
    assert_eq!(hits("max_pending_broadcasts"), 1);
    assert_eq!(client.text().await, r#"421["second"]"#);
    client.send("431[2]").await;
    assert_eq!(second.await.unwrap().unwrap().answers, [2]);
}

#[tokio::test(start_paused = true)]
async fn max_room_events_are_counted_and_not_kept() {
    let (server, _) = bounded(|it| it.max_room_events(2));
    let missed = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&missed);
    server.on_room_event(move |namespace, event| match event {
        // While this runs, the others wait.
        RoomEvent::Created { room } if room.0.as_str() == "first" => {
            for socket in namespace.sockets() {
                socket.join(["a", "b", "c"]).unwrap();
            }
        }
        RoomEvent::Missed { count } => told.lock().unwrap().push(*count),
        _ => {}
    });
    let _client = server.client().await;
    server.sockets().pop().unwrap().join("first").unwrap();
    let missed = missed.lock().unwrap().clone();
    assert!(missed.iter().sum::<usize>() > 0, "{missed:?}");
    assert_eq!(hits("max_room_events"), missed.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn max_pending_handlers_stops_the_reading() {
    let (server, mut lines) = bounded(|it| it.max_pending_handlers(2));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let passing = Arc::clone(&gate);
    server.on("slow", move |State(log): State<Log>, n: u32| {
        log.add(format!("start {n}"));
        let passing = Arc::clone(&passing);
        async move { passing.acquire().await.unwrap().forget() }
    });
    let mut client = server.client().await;
    for n in 1..=3 {
        client.send(&format!(r#"42["slow",{n}]"#)).await;
    }
    assert_eq!(lines.take(2).await, ["start 1", "start 2"]);
    assert_eq!(hits("max_pending_handlers"), 1);
    // Others are served meanwhile, and it is not.
    let mut other = server.client().await;
    other.send(r#"421["echo","x"]"#).await;
    assert_eq!(other.text().await, r#"431["x"]"#);
    assert!(lines.rest().is_empty());
    gate.add_permits(1);
    assert_eq!(lines.next().await, "start 3");
    gate.add_permits(2);
}

/// A handshake from an address, and the status that answers it.
async fn knock(server: &Server, address: &str) -> (u16, String, Option<u64>) {
    let mut http: Http = server.http().await;
    let from = format!("X-Forwarded-For: {address}");
    let line = format!("GET {PATH}&transport=polling");
    let answer = http.request(&line, &[&from]).await;
    let body = match serde_json::from_str::<serde_json::Value>(&answer.body) {
        Ok(body) => body["message"].as_str().unwrap().to_owned(),
        Err(_) => String::new(),
    };
    let retry = answer.header("retry-after").map(|it| it.parse().unwrap());
    (answer.status, body, retry)
}

#[tokio::test(start_paused = true)]
async fn max_sessions_refuses_whoever_comes_then() {
    let (server, mut lines) = bounded(|it| it.max_sessions(2));
    for address in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(knock(&server, address).await.0, 200);
    }
    let refused = (503, "Too many sessions".to_owned(), None);
    assert_eq!(knock(&server, "192.0.2.3").await, refused);
    assert_eq!(lines.next().await, "refused: Too many sessions");
    assert_eq!(hits("max_sessions"), 1);
    // A WebSocket is refused as plain HTTP, too.
    let answer = server.http().await;
    let mut answer: Http = answer;
    let line = format!("GET {PATH}&transport=websocket");
    let answer = answer.request(&line, &support::http::UPGRADE).await;
    assert_eq!(answer.status, 503);
}

#[tokio::test(start_paused = true)]
async fn max_sessions_per_address_refuses_one_address_only() {
    let (server, mut lines) = bounded(|it| it.max_sessions_per_address(1));
    assert_eq!(knock(&server, "192.0.2.1").await.0, 200);
    let words = "Too many sessions from this address";
    let refused = (429, words.to_owned(), None);
    assert_eq!(knock(&server, "192.0.2.1").await, refused);
    assert_eq!(lines.next().await, format!("refused: {words}"));
    assert_eq!(hits("max_sessions_per_address"), 1);
    assert_eq!(knock(&server, "192.0.2.2").await.0, 200);
    // There is room again once the session is gone, here by its heartbeat.
    server.deserted().await;
    assert_eq!(knock(&server, "192.0.2.1").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn handshake_rate_refuses_and_says_when_to_come_again() {
    let (server, mut lines) = bounded(|it| it.handshake_rate(Rate::per_second(1).burst(2)));
    for address in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(knock(&server, address).await.0, 200);
    }
    let refused = (429, "Too many handshakes".to_owned(), Some(1));
    assert_eq!(knock(&server, "192.0.2.3").await, refused);
    assert_eq!(lines.next().await, "refused: Too many handshakes");
    assert_eq!(hits("handshake_rate"), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(knock(&server, "192.0.2.3").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn handshake_rate_per_address_refuses_one_address_only() {
    let (server, mut lines) =
        bounded(|it| it.handshake_rate_per_address(Rate::per_second(1).burst(1)));
    assert_eq!(knock(&server, "192.0.2.1").await.0, 200);
    let words = "Too many handshakes from this address";
    let refused = (429, words.to_owned(), Some(1));
    assert_eq!(knock(&server, "192.0.2.1").await, refused);
    assert_eq!(lines.next().await, format!("refused: {words}"));
    assert_eq!(hits("handshake_rate_per_address"), 1);
    assert_eq!(knock(&server, "192.0.2.2").await.0, 200);
    // An IPv6 address counts by its network.
    assert_eq!(knock(&server, "2001:db8::1").await.0, 200);
    assert_eq!(knock(&server, "2001:db8::2").await.0, 429);
}

#[tokio::test(start_paused = true)]
async fn beyond_max_addresses_nobody_is_remembered_nor_refused() {
    let (server, _) = bounded(|it| it.max_sessions_per_address(1).max_addresses(1));
    assert_eq!(knock(&server, "192.0.2.1").await.0, 200);
    for _ in 0..2 {
        assert_eq!(knock(&server, "192.0.2.2").await.0, 200);
    }
    assert_eq!(hits("max_addresses"), 2);
}
