//! Each option does what it says: set to something else than its default, it shows on the wire. And what sockets and the
//! server tell of themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use socketio_server::engine::{Engine, Handler, Message};
use socketio_server::{
    Ack, Auth, Cookie, Cors, CorsOrigin, EmitError, Limits, NotFound, Overflow, RecoveryConfig,
    Refusal, SameSite, Socket, SocketIo, SocketIoBuilder, State, Transport, Version,
};
use std::time::Duration;
use support::http::UPGRADE;
use support::{Frame, Http, Lines, Log, Polling, Server, WebSocket, http_to, soon, until};

const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
const SECOND: Duration = Duration::from_secs(1);

fn server(options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder) -> Server {
    Server::new(options(SocketIo::builder()))
}

async fn status(server: &Server, target: &str) -> u16 {
    server.http().await.get(target).await.status
}

/// How long something takes on the clock of the runtime, which goes on when there is nothing to do.
async fn time<T>(event: impl Future<Output = T>) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
    let start = tokio::time::Instant::now();
    event.await;
    start.elapsed()
}

/// Timers of the runtime have a resolution of a millisecond.
#[track_caller]
fn assert_about(took: Duration, expected: Duration) {
    let late = took.saturating_sub(expected);
    assert!(
        took >= expected && late < Duration::from_millis(10),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_path_may_be_another() {
    let server = server(|it| it.path("/live"));
    for (path, expected) in [
        ("/live/", 200),
        ("/live/more", 200),
        ("/live", 404),
        ("/lively/", 404),
        ("/socket.io/", 404),
    ] {
        let target = format!("{path}?EIO=4&transport=polling");
        assert_eq!(status(&server, &target).await, expected, "{path}");
    }
    assert_eq!(server.client_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_the_slash_whatever_begins_with_the_path_is_ours() {
    let server = server(|it| it.add_trailing_slash(false));
    for (path, expected) in [
        ("/socket.io", 200),
        ("/socket.iox", 200),
        ("/socket.i", 404),
    ] {
        let target = format!("{path}?EIO=4&transport=polling");
        assert_eq!(status(&server, &target).await, expected, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_to_a_foreign_path_is_for_the_service_behind() {
    let server = server(|it| it);
    let mut http = server.http().await;
    let foreign = "GET /elsewhere?EIO=4&transport=websocket";
    assert_eq!(http.request(foreign, &UPGRADE).await.status, 404);
    // The connection is as good as before.
    assert_eq!(http.get(POLLING).await.status, 200);

    let home = Router::new().route("/elsewhere", get(async || "not a websocket"));
    let (near, far) = tokio::io::duplex(64 * 1024);
    let service = server.service(home);
    let service = hyper::service::service_fn(move |request| {
        let mut service = service.clone();
        tower_service::Service::call(&mut service, request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(far), service)
        .with_upgrades();
    tokio::spawn(connection);
    let mut http = Http::new(Box::new(near));
    let answer = http.request(foreign, &UPGRADE).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, "not a websocket")
    );
    let mut client = WebSocket(http.upgrade(WEBSOCKET).await);
    assert!(client.text().await.starts_with("0{"));
    client.join("/").await;
}

/// HTTP/2 has no 101: what it carries is polling, of any number of sessions by one connection.
#[tokio::test(start_paused = true)]
async fn clients_may_poll_by_http_2() {
    let server = server(|it| it);
    server.on("echo", async |ack: Ack, text: String| ack.send(text));
    let (near, far) = tokio::io::duplex(64 * 1024);
    let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(far), server.service(NotFound));
    tokio::spawn(serving);
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(near))
            .await
            .unwrap();
    tokio::spawn(connection);
    let ask = async |method: &str, target: &str, body: &'static str| {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://localhost{target}"))
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let mut sender = sender.clone();
        let answer = soon("an answer", sender.send_request(request))
            .await
            .unwrap();
        assert_eq!(
            (answer.version(), answer.status()),
            (http::Version::HTTP_2, http::StatusCode::OK)
        );
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    };
    let open = ask("GET", POLLING, "").await;
    let sid = open.split('"').nth(3).unwrap();
    let session = format!("{POLLING}&sid={sid}");
    assert_eq!(ask("POST", &session, "40").await, "ok");
    assert!(ask("GET", &session, "").await.starts_with("40{"));
    // A GET that waits, and a POST beside it.
    let (told, said) = tokio::join!(
        ask("GET", &session, ""),
        ask("POST", &session, r#"421["echo","x"]"#)
    );
    assert_eq!((told.as_str(), said.as_str()), (r#"431["x"]"#, "ok"));
}

#[tokio::test(start_paused = true)]
async fn scripts_are_for_those_who_ask_unless_they_are_switched_off() {
    let script = format!("{POLLING}&j=0");
    let on = server(|it| it).http().await.get(&script).await;
    assert!(on.body.starts_with("___eio[0]("), "{on:?}");
    let off = server(|it| it.jsonp(false)).http().await.get(&script).await;
    assert!(off.body.starts_with("0{"), "{off:?}");
}

#[tokio::test(start_paused = true)]
async fn heartbeats_have_the_pace_that_was_set() {
    let server = server(|it| it.ping_interval(3 * SECOND).ping_timeout(2 * SECOND));
    let open = server.http().await.get(POLLING).await.body;
    assert!(
        open.contains(r#""pingInterval":3000,"pingTimeout":2000"#),
        "{open}"
    );
    let mut client = server.client().await;
    let ping = time(async {
        assert_eq!(client.next_raw().await, Frame::Text("2".into()));
    });
    assert_about(ping.await, 3 * SECOND);
    let end = time(async {
        assert_eq!(client.next_raw().await, Frame::Close(None));
    });
    assert_about(end.await, 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_has_the_time_that_was_set() {
    let server = server(|it| it.upgrade_timeout(3 * SECOND));
    let mut client = server.polling().await;
    let mut candidate = WebSocket::beside(&server, &client).await;
    assert_about(time(candidate.closed()).await, 3 * SECOND);
    client.join("/").await;
}

#[tokio::test(start_paused = true)]
async fn a_poll_during_an_upgrade_waits_as_long_as_was_set() {
    let server = server(|it| it.noop_delay(3 * SECOND));
    let mut client = server.polling().await;
    let mut candidate = WebSocket::beside(&server, &client).await;
    candidate.send("2probe").await;
    assert_eq!(candidate.text().await, "3probe");
    let poll = time(async {
        assert_eq!(client.text().await, "6");
    });
    assert_about(poll.await, 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_closed_session_is_kept_for_its_client_as_long_as_was_set() {
    let server = server(|it| it.close_timeout(3 * SECOND));
    for (absence, expected) in [(2 * SECOND, 200), (4 * SECOND, 400)] {
        let mut client = server.polling().await;
        client.join("/").await;
        server.sockets().pop().unwrap().close_connection();
        tokio::time::sleep(absence).await;
        let answer = client.poll.get(&client.target()).await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_joins_nothing_is_closed_after_the_time_that_was_set() {
    let server = server(|it| it.connect_timeout(3 * SECOND));
    let mut client = server.websocket().await;
    assert_about(time(client.closed()).await, 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn transports_are_those_that_were_set() {
    let websocket = server(|it| it.transports([Transport::WebSocket]));
    let refused = websocket.http().await.get(POLLING).await;
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (400, r#"{"code":0,"message":"Transport unknown"}"#)
    );
    websocket.client().await;
    let polling = server(|it| it.transports([Transport::Polling]));
    let mut http = polling.http().await;
    let refused = http.request(&format!("GET {WEBSOCKET}"), &UPGRADE).await;
    assert_eq!(refused.status, 400);
    let open = polling.http().await.get(POLLING).await.body;
    assert!(open.contains(r#""upgrades":[]"#), "{open}");
}

#[tokio::test(start_paused = true)]
async fn upgrades_may_be_switched_off() {
    let server = server(|it| it.allow_upgrades(false));
    let open = server.http().await.get(POLLING).await.body;
    assert!(open.contains(r#""upgrades":[]"#), "{open}");
    let mut client = server.polling().await;
    let mut candidate = WebSocket::beside(&server, &client).await;
    assert_eq!(candidate.closed().await, None);
    client.join("/").await;
}

#[tokio::test(start_paused = true)]
async fn without_options_there_are_neither_cors_headers_nor_cookies() {
    let server = server(|it| it);
    let origin = "Origin: http://elsewhere.example";
    for (request, expected) in [
        (format!("GET {POLLING}"), 200),
        ("GET /socket.io/?EIO=4&transport=pigeon".to_owned(), 400),
        // No preflight either: it is a handshake by a wrong method.
        (format!("OPTIONS {POLLING}"), 400),
    ] {
        let answer = server.http().await.request(&request, &[origin]).await;
        assert_eq!(answer.status, expected, "{request}");
        for header in [
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-allow-methods",
            "vary",
            "set-cookie",
        ] {
            assert_eq!(answer.header(header), None, "{request}: {header}");
        }
    }
    assert_eq!(server.client_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cookie_has_the_defaults_of_the_reference() {
    let server = server(|it| it.cookie(Cookie::default()));
    let open = server.http().await.get(POLLING).await;
    let sid = open.body.split('"').nth(3).unwrap();
    let expected = format!("io={sid}; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(open.header("set-cookie"), Some(expected.as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_cookie_has_the_attributes_that_were_set() {
    let cookie = Cookie::new("session")
        .path(Some("/live".into()))
        .domain(Some("example.org".into()))
        .http_only(false)
        .same_site(SameSite::None)
        .secure(true)
        .max_age(60 * SECOND);
    let server = server(|it| it.cookie(cookie));
    let open = server.http().await.get(POLLING).await;
    let sid = open.body.split('"').nth(3).unwrap();
    let expected =
        format!("session={sid}; Max-Age=60; Domain=example.org; Path=/live; Secure; SameSite=None");
    assert_eq!(open.header("set-cookie"), Some(expected.as_str()));
}

#[tokio::test(start_paused = true)]
async fn cors_tells_what_was_set() {
    let cors = Cors::new(CorsOrigin::List(vec!["http://good.example".into()]))
        .credentials(true)
        .methods(["GET", "POST"])
        .allowed_headers(["x-token"])
        .exposed_headers(["x-request-id"])
        .max_age(600 * SECOND);
    let server = server(|it| it.cors(cors));
    let preflight = [
        "Origin: http://good.example",
        "Access-Control-Request-Method: POST",
    ];
    let mut http = server.http().await;
    let answer = http
        .request(&format!("OPTIONS {POLLING}"), &preflight)
        .await;
    assert_eq!(answer.status, 204);
    for (header, expected) in [
        ("origin", "http://good.example"),
        ("credentials", "true"),
        ("methods", "GET,POST"),
        ("headers", "x-token"),
    ] {
        let name = format!("access-control-allow-{header}");
        assert_eq!(answer.header(&name), Some(expected), "{answer:?}");
    }
    assert_eq!(answer.header("access-control-max-age"), Some("600"));
    let open = http.request(&format!("GET {POLLING}"), &preflight).await;
    let exposed = open.header("access-control-expose-headers");
    assert_eq!((open.status, exposed), (200, Some("x-request-id")));
    let other = ["Origin: http://evil.example"];
    let open = http.request(&format!("GET {POLLING}"), &other).await;
    assert_eq!(open.header("access-control-allow-origin"), None);
}

#[tokio::test(start_paused = true)]
async fn clients_are_counted_whatever_they_have_joined() {
    let server = server(|it| it);
    let client = server.client().await;
    let _idle = server.websocket().await;
    let _polling = server.polling().await;
    assert_eq!(server.client_count(), 3);
    client.cut();
    until("one to go", || server.client_count() == 2).await;

    struct Silent;
    impl Handler for Silent {
        fn message(&self, _: &socketio_server::engine::Socket, _: Message) {}
    }
    let engine = Engine::builder(Silent).build();
    assert_eq!(engine.client_count(), 0);
    let mut http = http_to(&engine);
    let open = http.get("/engine.io/?EIO=4&transport=polling").await;
    assert_eq!(open.status, 200);
    assert_eq!(engine.client_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_socket_says_nothing_of_its_session_or_of_its_sockets_elsewhere() {
    let server = server(|it| it);
    let _ = server.of("/other");
    let mut client = server.polling().await;
    let (main, other) = (client.join("/").await, client.join("/other").await);
    assert_eq!(server.sockets()[0].id(), main);
    assert_eq!(server.of("/other").sockets()[0].id(), other);
    assert_ne!(main, other);
    for id in [&main, &other] {
        assert_ne!(id, client.sid());
        assert!(!client.sid().contains(id.as_str()) && !id.contains(client.sid()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_socket_tells_its_transport_its_protocol_and_whether_it_is_connected() {
    let (log, mut lines) = Log::new();
    let server = server(|it| it.state(log).allow_eio3(true));
    server.middleware(
        async |socket: Socket, State(log): State<Log>| -> Result<(), Refusal> {
            log.add(format!("joining {}", socket.is_connected()));
            Ok(())
        },
    );
    server.on_disconnect(async |socket: Socket, State(log): State<Log>| {
        log.add(format!("left {}", socket.is_connected()));
    });
    let mut client = server.polling().await;
    client.join("/").await;
    assert_eq!(lines.next().await, "joining false");
    let socket = server.sockets().pop().unwrap();
    assert!(socket.is_connected());
    assert_eq!(
        (socket.transport(), socket.protocol()),
        (Transport::Polling, Version::V4)
    );
    let mut candidate = WebSocket::beside(&server, &client).await;
    candidate.send("2probe").await;
    assert_eq!(candidate.text().await, "3probe");
    assert_eq!(socket.transport(), Transport::Polling);
    candidate.send("5").await;
    until("the upgrade", || socket.transport() == Transport::WebSocket).await;
    candidate.cut();
    assert_eq!(lines.next().await, "left false");
    assert!(!socket.is_connected());

    let target = WEBSOCKET.replace("EIO=4", "EIO=3");
    let mut old = WebSocket(server.http().await.upgrade(&target).await);
    old.text().await;
    assert_eq!(old.text().await, "40");
    let socket = server.sockets().pop().unwrap();
    assert_eq!(
        (socket.transport(), socket.protocol()),
        (Transport::WebSocket, Version::V3)
    );
}

#[tokio::test(start_paused = true)]
async fn middlewares_run_in_the_order_of_their_registration_up_to_the_first_refusal() {
    let (log, mut lines) = Log::new();
    let server = server(|it| it.state(log));
    server.middleware(
        async |socket: Socket, State(log): State<Log>| -> Result<(), Refusal> {
            log.add("first");
            // The others wait for one that takes its time.
            tokio::task::yield_now().await;
            socket.set_data("from the first");
            Ok(())
        },
    );
    server.middleware(
        async |socket: Socket, State(log): State<Log>, Auth(auth): Auth<serde_json::Value>| {
            log.add(format!(
                "second {}",
                socket.data() == "from the first".into()
            ));
            match auth.get("token") {
                Some(_) => Ok(()),
                None => Err(Refusal::new("no token").with_data(serde_json::json!({"retry": 5}))),
            }
        },
    );
    server.middleware(async |State(log): State<Log>| -> Result<(), Refusal> {
        log.add("third");
        Ok(())
    });
    server.on_connection(async |State(log): State<Log>| log.add("connected"));
    let mut client = server.websocket().await;
    client.send("40").await;
    assert_eq!(
        client.text().await,
        r#"44{"message":"no token","data":{"retry":5}}"#
    );
    assert_eq!(lines.rest(), ["first", "second true"]);
    client.send(r#"40{"token":"x"}"#).await;
    assert!(client.text().await.starts_with("40{"));
    let expected = ["first", "second true", "third", "connected"];
    assert_eq!(lines.take(4).await, expected);
}

/// Emits what may be missed to a client that polls, while no GET of it waits and while one does, and what may not.
async fn volatile(emit: impl Fn(&Server, &Socket, u32) -> Result<(), EmitError>) {
    let server = server(|it| it);
    let mut client = server.polling().await;
    client.join("/").await;
    let socket = server.sockets().pop().unwrap();
    emit(&server, &socket, 1).unwrap();
    server.emit("kept", ()).unwrap();
    // Something waits already, and so would this.
    emit(&server, &socket, 2).unwrap();
    assert_eq!(client.text().await, r#"42["kept"]"#);
    client.begin_poll().await;
    // The GET has arrived once the server has answered something behind it.
    client.send("3").await;
    emit(&server, &socket, 3).unwrap();
    client.end_poll().await;
    assert_eq!(client.take_rest(), [r#"42["maybe",3]"#]);
}

#[tokio::test(start_paused = true)]
async fn a_volatile_emit_is_for_a_client_that_polls_just_now() {
    volatile(|_, socket, n| socket.volatile().emit("maybe", n)).await;
}

#[tokio::test(start_paused = true)]
async fn a_volatile_broadcast_is_for_clients_that_poll_just_now() {
    volatile(|server, _, n| server.broadcast().volatile().emit("maybe", n)).await;
    volatile(|server, socket, n| server.to(socket.id()).volatile().emit("maybe", n)).await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_told_once_more_than_half_of_the_buffer_was_in_use() {
    let (log, mut lines) = Log::new();
    let limits = Limits::default().max_buffered(10_000);
    let server = server(|it| it.state(log).limits(limits));
    server.on_drain(async |State(log): State<Log>, socket: Socket| {
        log.add(format!("namespace: {}", socket.id()));
    });
    let mut clients: Vec<Polling> = Vec::new();
    for _ in 0..2 {
        let mut client = server.polling().await;
        client.join("/").await;
        clients.push(client);
    }
    let sockets = server.sockets();
    let own = sockets[0].on_drain(async |State(log): State<Log>| log.add("own"));
    lines.rest();
    // The first time it was less, of which nothing is told.
    for bytes in [4_000, 6_000] {
        for socket in &sockets {
            socket.emit("x", "x".repeat(bytes)).unwrap();
        }
        for client in &mut clients {
            client.text().await;
        }
    }
    let mut expected = vec!["own".to_owned()];
    expected.extend(sockets.iter().map(|it| format!("namespace: {}", it.id())));
    let mut told = lines.take(3).await;
    told.sort();
    expected.sort();
    assert_eq!(told, expected);

    assert!(sockets[0].off(own));
    for socket in &sockets {
        socket.emit("x", "x".repeat(6_000)).unwrap();
    }
    for client in &mut clients {
        client.text().await;
    }
    lines.take(2).await;
    server.shutdown().await;
    assert!(lines.rest().is_empty());
}

/// A server that tells how its sockets came to be, and keeps them for two minutes.
fn remembering() -> (Server, Lines) {
    let (log, lines) = Log::new();
    let limits = Limits::default().max_buffered(10_000);
    let recovery = RecoveryConfig::default();
    let server = server(|it| {
        it.state(log)
            .limits(limits)
            .connection_state_recovery(recovery)
    });
    server.on_connection(async |State(log): State<Log>, socket: Socket| {
        log.add(format!("{:?}", socket.recovery()));
    });
    (server, lines)
}

/// Joins, and gives the private id.
async fn private_id(client: &mut Polling) -> String {
    client.send("40").await;
    let reply = client.text().await;
    reply.split('"').nth(7).unwrap().to_owned()
}

/// Comes back without having seen anything, and gives what was missed.
async fn back(server: &Server, private: &str) -> Vec<String> {
    let mut client = server.websocket().await;
    client.send(&format!(r#"40{{"pid":"{private}"}}"#)).await;
    let mut missed = Vec::new();
    loop {
        let packet = client.text().await;
        if packet.starts_with("40{") {
            return missed;
        }
        missed.push(packet);
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_closed_by_a_broadcast_for_want_of_room_has_missed_too_much() {
    let (server, mut lines) = remembering();
    let mut client = server.polling().await;
    let private = private_id(&mut client).await;
    assert_eq!(lines.next().await, "Fresh");
    while server.client_count() == 1 {
        server.emit("x", "x".repeat(1_000)).unwrap();
        tokio::task::yield_now().await;
    }
    server.deserted().await;
    assert!(back(&server, &private).await.is_empty());
    assert_eq!(lines.next().await, "Failed(TooMuch)");
}

/// The last event was refused, and its sender knows. What waited is what there was room for.
#[tokio::test(start_paused = true)]
async fn who_was_closed_by_an_emit_for_want_of_room_gets_what_waited() {
    let (server, mut lines) = remembering();
    let mut client = server.polling().await;
    let private = private_id(&mut client).await;
    assert_eq!(lines.next().await, "Fresh");
    let socket = server.sockets().pop().unwrap();
    let emit = || {
        socket
            .overflow(Overflow::Close)
            .emit("x", "x".repeat(1_000))
    };
    let mut sent = 0;
    while emit().is_ok() {
        sent += 1;
    }
    server.deserted().await;
    assert_eq!(back(&server, &private).await.len(), sent);
    assert_eq!(lines.next().await, "Recovered");
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_is_none_is_a_forced_close_and_no_end_of_the_session() {
    let (server, mut lines) = remembering();
    for (packet, expected) in [("49", "Recovered"), ("9", "Failed(Ended)")] {
        let mut client = server.polling().await;
        let private = private_id(&mut client).await;
        assert_eq!(lines.next().await, "Fresh");
        client.send(packet).await;
        server.deserted().await;
        back(&server, &private).await;
        assert_eq!(lines.next().await, expected, "{packet}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_for_a_slow_client_is_sent_when_it_comes_back() {
    let (server, mut lines) = remembering();
    let mut client = server.polling().await;
    let private = private_id(&mut client).await;
    assert_eq!(lines.next().await, "Fresh");
    let socket = server.sockets().pop().unwrap();
    for n in 0..3 {
        socket.latest("key").emit("n", n).unwrap();
    }
    let waiting = client.text().await;
    assert!(waiting.starts_with(r#"42["n",2,"#), "{waiting}");
    assert!(client.take_rest().is_empty());
    socket.close_connection();
    server.deserted().await;
    let missed = back(&server, &private).await;
    assert_eq!(lines.next().await, "Recovered");
    for (n, packet) in missed.iter().enumerate() {
        assert!(packet.starts_with(&format!(r#"42["n",{n},"#)), "{packet}");
    }
    assert_eq!(missed.len(), 3);
}
