//! A server that ends: at once, or a few clients at a time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{Ack, DrainPolicy, Limits, Reason, Socket, SocketIo, State};
use std::sync::Arc;
use std::time::Duration;
use support::http::{PATH, UPGRADE};
use support::{Frame, Log, Server, WebSocket};
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;

const SECOND: Duration = Duration::from_secs(1);

fn server() -> Server {
    let server = Server::new(SocketIo::builder());
    server.on("echo", async |ack: Ack, text: String| ack.send(text));
    server
}

/// How long something takes on the clock of the runtime, which stands still here while there is
/// something to do.
async fn time<T>(event: impl Future<Output = T>) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a test may look at the clock")]
    let start = tokio::time::Instant::now();
    event.await;
    start.elapsed()
}

/// Starts a shutdown, and gives it the time to close the first client.
async fn drain(server: &Server, policy: DrainPolicy) -> tokio::task::JoinHandle<()> {
    let io = SocketIo::clone(server);
    let task = tokio::spawn(async move { io.shutdown_with(policy).await });
    tokio::time::sleep(SECOND / 10).await;
    task
}

#[tokio::test(start_paused = true)]
async fn disconnects_are_spread_over_the_window() {
    let server = server();
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = server.client().await;
        clients.push(tokio::spawn(time(async move { client.closed().await })));
    }
    let all = time(server.shutdown_with(DrainPolicy::over(40 * SECOND))).await;
    let mut ends = Vec::new();
    for client in clients {
        ends.push(client.await.unwrap().as_secs());
    }
    ends.sort_unstable();
    assert_eq!(ends, [0, 10, 20, 30, 40]);
    assert_eq!(all.as_secs(), 40);
    assert_eq!(server.client_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_not_yet_told_is_served_and_new_sessions_get_503() {
    let server = server();
    let mut polling = server.polling().await;
    polling.join("/").await;
    let mut clients = vec![server.client().await, server.client().await];
    let task = drain(&server, DrainPolicy::over(60 * SECOND)).await;

    assert_eq!(server.client_count(), 2, "one was told");
    let mut served = 0;
    for client in &mut clients {
        client.send(r#"421["echo","x"]"#).await;
        served += usize::from(client.next().await == Frame::Text(r#"431["x"]"#.into()));
    }
    let poll = server.http().await.get(&polling.target()).await;
    assert_eq!(served + usize::from(poll.status == 200), 2);

    let mut http = server.http().await;
    let refused = http.get(&format!("{PATH}&transport=polling")).await;
    let body = r#"{"code":4,"message":"Server is shutting down"}"#;
    assert_eq!((refused.status, refused.body.as_str()), (503, body));
    let unknown = http.get(&format!("{PATH}&transport=polling&sid=x")).await;
    assert_eq!(unknown.status, 400);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_notice_reaches_the_sockets_of_all_namespaces_before_the_end() {
    let server = server();
    let _ = server.of("/other");
    let mut client = server.websocket().await;
    client.join("/").await;
    client.join("/other").await;
    let policy = DrainPolicy::default().notice("maintenance", 60);
    server.shutdown_with(policy).await;
    assert_eq!(client.text().await, r#"42["maintenance",60]"#);
    assert_eq!(client.text().await, r#"42/other,["maintenance",60]"#);
    assert_eq!(client.closed().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_when_the_last_client_has_left() {
    let server = server();
    let (first, second) = (server.client().await, server.client().await);
    let io = SocketIo::clone(&server);
    let task = tokio::spawn(time(async move {
        io.shutdown_with(DrainPolicy::over(600 * SECOND)).await;
    }));
    tokio::time::sleep(SECOND).await;
    first.cut();
    second.cut();
    assert_eq!(task.await.unwrap().as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_holds_it_up_for_the_patience_only() {
    let server = Server::with_pipes(SocketIo::builder(), 256);
    let _silent: WebSocket = server.client().await;
    server.emit("long", "x".repeat(100_000)).unwrap();
    let policy = DrainPolicy::default().patience(5 * SECOND);
    assert!(time(server.shutdown_with(policy)).await <= 5 * SECOND);
}

/// On a real socket, whose buffers take some megabytes.
#[tokio::test]
async fn the_listener_waits_for_answers_as_long_as_the_policy_says() {
    const MUCH: usize = 32 << 20;
    let limits = Limits::default().max_buffered(2 * MUCH);
    let server = Server::on_loopback(SocketIo::builder().limits(limits)).await;
    let mut client = server.polling().await;
    client.join("/").await;
    server.emit("long", "x".repeat(MUCH)).unwrap();
    client.begin_poll().await;
    // It is under way, and goes no further.
    let (mut wire, _) = client.poll.into_wire();
    wire.read_u8().await.unwrap();
    let policy = DrainPolicy::default().patience(SECOND / 10);
    let took = time(async {
        server.shutdown_with(policy).await;
        server.served().await;
    });
    // Without the policy it would be the two seconds of a plain shutdown.
    let took = took.await;
    assert!(took < 3 * SECOND / 2, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_plain_shutdown_ends_a_drain_at_once() {
    let server = server();
    let _clients = (server.client().await, server.client().await);
    let task = drain(&server, DrainPolicy::over(600 * SECOND)).await;
    assert_eq!(server.client_count(), 1);
    assert!(time(server.shutdown()).await <= 2 * SECOND);
    task.await.unwrap();
}

#[tokio::test]
async fn it_listens_until_all_were_told_since_clients_poll_by_new_connections() {
    let (server, _lines) = support::logged(SocketIo::builder()).await;
    let _clients = [server.client().await, server.client().await];
    let task = drain(&server, DrainPolicy::over(600 * SECOND)).await;
    let mut http = server.http().await;
    let refused = http.get(&format!("{PATH}&transport=polling")).await;
    assert_eq!(refused.status, 503);
    server.shutdown().await;
    task.await.unwrap();
    server.served().await;
}

#[tokio::test]
async fn a_drain_that_is_given_up_leaves_the_rest_connected() {
    let server = server();
    let mut clients = vec![server.client().await, server.client().await];
    drain(&server, DrainPolicy::over(600 * SECOND))
        .await
        .abort();
    let mut served = 0;
    for client in &mut clients {
        client.send(r#"421["echo","x"]"#).await;
        served += usize::from(client.next().await == Frame::Text(r#"431["x"]"#.into()));
    }
    assert_eq!(served, 1);
}

#[tokio::test(start_paused = true)]
async fn sr_04_a_handshake_that_waits_for_the_application_gets_no_session() {
    let (log, mut lines) = Log::new();
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let server = Server::new(
        SocketIo::builder()
            .state(log.clone())
            .allow_request(move |_| {
                let gate = Arc::clone(&gate);
                log.add("asked");
                async move {
                    gate.acquire().await.unwrap().forget();
                    Ok(())
                }
            }),
    );
    server.on_connection(async |State(log): State<Log>| log.add("in"));
    let (mut polling, mut websocket) = (server.http().await, server.http().await);
    polling
        .begin_get(&format!("{PATH}&transport=polling"))
        .await;
    let head = UPGRADE.join("\r\n");
    websocket
        .write(format!(
            "GET {PATH}&transport=websocket HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n"
        ))
        .await;
    lines.take(2).await;
    assert!(time(server.shutdown()).await <= 2 * SECOND);
    opened.add_permits(2);
    assert_eq!(polling.response().await.status, 503);
    assert_eq!(websocket.response().await.status, 503);
    server.deserted().await;
    // None of those that come now is even asked about.
    let late = server
        .http()
        .await
        .get(&format!("{PATH}&transport=polling"))
        .await;
    assert_eq!(late.status, 503);
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sr_04_half_a_post_holds_nothing_up() {
    let (log, mut lines) = Log::new();
    let server = Server::new(SocketIo::builder().state(log));
    server
        .on_disconnect(async |State(log): State<Log>, reason: Reason| log.add(reason.to_string()));
    let mut client = server.polling().await;
    client.join("/").await;
    let target = client.target();
    let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n42[");
    client.push.write(head).await;
    client.begin_poll().await;
    // Both have arrived once something behind them was answered.
    server.http().await.get("/elsewhere").await;
    assert!(time(server.shutdown()).await < SECOND);
    assert_eq!(client.push.response().await.body, "ok");
    assert_eq!(client.poll.response().await.body, "1");
    assert_eq!(lines.next().await, "server shutting down");
    client.push.write("\"n\"]  ").await;
    client.push.hung_up().await;
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn sr_04_a_handler_that_runs_ends_by_itself_and_is_told() {
    let (log, mut lines) = Log::new();
    let server = Server::new(SocketIo::builder().state(log));
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    server.on(
        "slow",
        move |socket: Socket, ack: Ack, State(log): State<Log>| {
            let gate = Arc::clone(&gate);
            async move {
                log.add("begun");
                gate.acquire().await.unwrap().forget();
                let late = socket.emit("late", ()).is_err() && ack.send(()).is_ok();
                log.add(format!("{} {late}", socket.is_connected()));
            }
        },
    );
    let mut client = server.client().await;
    client.send(r#"421["slow"]"#).await;
    client.send(r#"42["slow"]"#).await;
    assert_eq!(lines.take(2).await, ["begun", "begun"]);
    assert!(time(server.shutdown()).await < SECOND);
    assert_eq!(client.closed().await, None);
    server.deserted().await;
    assert!(lines.rest().is_empty());
    opened.add_permits(1);
    assert_eq!(lines.next().await, "false true");
}

/// On a port, where the end of `serve` waits for what is under way.
#[tokio::test]
async fn sr_04_the_listener_ends_whatever_is_under_way() {
    let builder = SocketIo::builder().allow_request(async |request| {
        if request.uri.query().unwrap().contains("wait") {
            std::future::pending::<()>().await;
        }
        Ok(())
    });
    let (server, mut lines) = support::logged(builder).await;
    server.on("slow", async |State(log): State<Log>| {
        log.add("begun");
        std::future::pending::<()>().await;
    });
    let mut client = server.client().await;
    client.send(r#"42["slow"]"#).await;
    assert_eq!(lines.next().await, "begun");
    let mut waiting = server.http().await;
    waiting
        .begin_get(&format!("{PATH}&transport=polling&wait=1"))
        .await;
    let mut pushing = server.polling().await;
    let target = pushing.target();
    let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n42[");
    pushing.push.write(head).await;
    let policy = DrainPolicy::default().patience(SECOND / 10);
    let took = time(async {
        server.shutdown_with(policy).await;
        server.served().await;
    });
    let took = took.await;
    assert!(took < 3 * SECOND / 2, "{took:?}");
    waiting.hung_up().await;
    pushing.push.hung_up().await;
    assert_eq!(client.closed().await, None);
}
