//! Every session leaves nothing behind, however its client went: no session, no socket, no room, no task, no memory.
//!
//! Ten thousand clients of each kind come and go, in memory and under a paused clock, where a heartbeat that nobody
//! answers takes no time. The bytes that are alive afterwards are compared with those after the first thousand.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use allocation_counter::measure;
use futures_util::FutureExt;
use futures_util::future::join_all;
use socketio_server::{Auth, Limits, Refusal, Socket, SocketIo};
use std::time::Duration;
use support::{Frame, Server, WebSocket};
use tokio::runtime::Builder;

/// Clients that are there at once.
const CROWD: usize = 50;

const PATH: &str = "/socket.io/?EIO=4";

/// Longer than any timer of the server runs.
const LONG: Duration = Duration::from_secs(60);

fn server() -> Server {
    let second = Duration::from_secs(1);
    let server = Server::new(
        SocketIo::builder()
            .ping_interval(second)
            .ping_timeout(second)
            .upgrade_timeout(second)
            .connect_timeout(2 * second),
    );
    server.middleware(async |Auth(auth): Auth<serde_json::Value>| {
        if auth["refuse"] == true {
            tokio::task::yield_now().await;
            return Err(Refusal::new("no"));
        }
        Ok(())
    });
    let _ = server.of_matching(|name, _| name == "/late");
    server.on_connection(async |socket: Socket| {
        socket
            .join(["lobby", &format!("room of {}", socket.id())])
            .unwrap();
        socket.set_data("something");
        socket.extensions().insert(vec![0u8; 100]);
        // A handler of its own that holds the socket.
        let own = socket.clone();
        socket.on("own", move |n: u32| {
            let own = own.clone();
            async move { own.emit("own", n) }
        });
    });
    server.on("echo", async |socket: Socket, n: u32| {
        socket.emit("echo", n)
    });
    server.on("ask", async |socket: Socket| {
        // For as long as the client is there.
        let _ = socket.emit_with_ack::<u32>("question", ()).await;
    });
    server
}

/// Lets clients of one kind come and go, `CROWD` at a time: tables keep the size that they once had.
async fn visits(server: &Server, count: usize, visit: &impl AsyncFn(&Server, usize)) {
    for round in 0..count / CROWD {
        let crowd = (0..CROWD).map(|n| visit(server, round * CROWD + n));
        join_all(crowd).await;
        tokio::time::sleep(LONG).await;
    }
}

fn check(kind: &str, visit: impl AsyncFn(&Server, usize)) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut place = None;
    let first = measure(|| {
        runtime.block_on(async {
            let server = place.insert(server());
            visits(server, 1_000, &visit).await;
        });
    });
    let server = place.unwrap();
    let more = measure(|| runtime.block_on(visits(&server, 9_000, &visit)));

    assert_eq!(server.client_count(), 0, "{kind}: sessions");
    for namespace in server.namespaces() {
        assert_eq!(namespace.socket_count(), 0, "{kind}: sockets");
        assert_eq!(namespace.rooms(), Vec::<String>::new(), "{kind}: rooms");
    }
    // That of the timers.
    assert_eq!(runtime.metrics().num_alive_tasks(), 1, "{kind}: tasks");
    assert!(
        more.bytes_current <= first.bytes_current / 100,
        "{kind}: {} bytes are left of 9,000 clients, beside {} before",
        more.bytes_current,
        first.bytes_current,
    );
}

#[test]
fn rs_01_clients_that_leave_cleanly() {
    check("clean", async |server, n| {
        if n.is_multiple_of(2) {
            let mut client = server.client().await;
            client.join("/late").await;
            client.send(r#"42["echo",1]"#).await;
            assert_eq!(client.text().await, r#"42["echo",1]"#);
            client.send("41/late,").await;
            client.send("41").await;
            client.0.close(None).await.unwrap();
            assert_eq!(client.closed().await, None);
        } else {
            let mut client = server.polling().await;
            client.join("/").await;
            client.send(r#"42["echo",1]"#).await;
            assert_eq!(client.text().await, r#"42["echo",1]"#);
            client.send("41\u{1e}1").await;
        }
    });
}

#[test]
fn rs_01_clients_that_are_cut_off() {
    check("cut", async |server, n| match n % 6 {
        0 => {
            let mut client = server.client().await;
            client.send(r#"42["ask"]"#).await;
            assert!(client.text().await.ends_with(r#"["question"]"#));
            client.cut();
        }
        // In the middle of a binary packet.
        1 => {
            let mut client = server.client().await;
            client
                .send(r#"451-["echo",{"_placeholder":true,"num":0}]"#)
                .await;
            client.cut();
        }
        // While its GET waits.
        2 => {
            let mut client = server.polling().await;
            client.join("/").await;
            client.begin_poll().await;
        }
        // In the middle of a body.
        3 => {
            let mut client = server.polling().await;
            let head = format!(
                "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n42[",
                client.target()
            );
            client.push.write(head).await;
            tokio::task::yield_now().await;
        }
        // Between 101 and the first frame.
        4 => drop(
            server
                .http()
                .await
                .upgrade(&format!("{PATH}&transport=websocket"))
                .await,
        ),
        // Right behind its request.
        _ => {
            let mut http = server.http().await;
            http.begin_get(&format!("{PATH}&transport=polling")).await;
        }
    });
}

#[test]
fn eh_10_rs_01_clients_that_fall_silent() {
    check("half-open", async |server, n| match n % 5 {
        // A handshake, and nothing more.
        4 => drop(server.polling().await),
        // Reads, but does not answer.
        0 => {
            let mut client = server.client().await;
            assert_eq!(client.next_raw().await, Frame::Text("2".to_owned()));
            assert_eq!(client.next_raw().await, Frame::Close(None));
        }
        // Does not even read.
        1 => {
            let client = server.client().await;
            tokio::time::sleep(LONG).await;
            client.cut();
        }
        // Polls no more.
        2 => {
            let mut client = server.polling().await;
            client.join("/").await;
            tokio::time::sleep(LONG).await;
        }
        // Never joins a namespace, but answers the heartbeats.
        _ => {
            let mut client = server.websocket().await;
            assert_eq!(client.closed().await, None);
        }
    });
}

#[test]
fn rs_01_clients_that_stop_half_way_through_an_upgrade() {
    check("half-upgraded", async |server, n| {
        let mut client = server.polling().await;
        client.join("/").await;
        let mut websocket = WebSocket::beside(server, &client).await;
        match n % 5 {
            // Nothing said, then cut.
            0 => websocket.cut(),
            // Nothing said, up to the upgrade timeout.
            1 => assert_eq!(websocket.closed().await, None),
            // Probe, then cut; the client goes on polling.
            2 => {
                websocket.send("2probe").await;
                assert_eq!(websocket.text().await, "3probe");
                websocket.cut();
                client.send(r#"42["echo",1]"#).await;
                let echo = client.text().await;
                assert!(["6", r#"42["echo",1]"#].contains(&echo.as_str()), "{echo}");
            }
            // Probe, then silence on both.
            3 => {
                websocket.send("2probe").await;
                assert_eq!(websocket.text().await, "3probe");
                assert_eq!(websocket.closed().await, None);
            }
            // Through, then cut.
            _ => {
                websocket.send("2probe").await;
                assert_eq!(websocket.text().await, "3probe");
                websocket.send("5").await;
                websocket.send(r#"42["echo",1]"#).await;
                assert_eq!(websocket.text().await, r#"42["echo",1]"#);
                websocket.cut();
            }
        }
        if n % 10 < 5 {
            tokio::time::sleep(LONG).await;
        }
    });
}

#[test]
fn rs_01_clients_that_are_refused() {
    check("refused", async |server, n| match n % 4 {
        // By a middleware.
        0 => {
            let mut client = server.websocket().await;
            client.send(r#"40{"refuse":true}"#).await;
            assert_eq!(client.text().await, r#"44{"message":"no"}"#);
        }
        // There is no such namespace.
        1 => {
            let mut client = server.polling().await;
            client.send("40/nowhere,").await;
            assert_eq!(
                client.text().await,
                r#"44/nowhere,{"message":"Invalid namespace"}"#
            );
            client.send("1").await;
        }
        // While the middleware runs.
        2 => {
            let mut client = server.websocket().await;
            client.send(r#"40{"refuse":true}"#).await;
            client.cut();
        }
        // At the door.
        _ => {
            let mut http = server.http().await;
            for query in ["transport=pigeon", "transport=polling&sid=none"] {
                assert_eq!(http.get(&format!("{PATH}&{query}")).await.status, 400);
            }
        }
    });
}

/// A client that sends half a packet, asks for all it can get and never reads.
#[test]
fn rs_02_a_client_costs_what_the_limits_say() {
    const PAYLOAD: usize = 100_000;
    const BUFFERED: usize = 256 * 1024;
    const ATTACHMENTS: usize = 3;
    const ROOMS: usize = 1000;
    /// A room with a short name, in the index both ways.
    const ROOM: usize = 300;
    /// Tables, queues and their entries, of which each is limited in number.
    const BESIDES: usize = 256 * 1024;
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let server = Server::new(
        SocketIo::builder().limits(
            Limits::default()
                .max_payload(PAYLOAD)
                .max_buffered(BUFFERED)
                .max_queued(1_000)
                .max_attachments(ATTACHMENTS)
                .max_rooms(ROOMS)
                .max_pending_acks(100)
                .max_namespaces(10),
        ),
    );
    server.on_connection(async |socket: Socket| {
        for n in 0..20_000 {
            let _ = socket.join(n.to_string());
        }
    });
    let _ = server.of_matching(|_, _| true);
    let mut client = None;
    let cost = measure(|| {
        runtime.block_on(async {
            let client = client.insert(server.polling().await);
            client.join("/").await;
            for n in 0..20 {
                client.send(&format!("40/{n},")).await;
            }
            let socket = server.sockets().pop().unwrap();
            while socket.emit("large", "x".repeat(5_000)).is_ok() {}
            for _ in 0..2_000 {
                let _ = socket.emit("small", 1);
                let _ = socket.emit_with_ack::<u32>("question", ()).now_or_never();
            }
            let header = r#"453-["x",{"_placeholder":true,"num":0}]"#;
            let part = format!("b{}", "A".repeat(99_000));
            client.send(&format!("{header}\x1e{part}")).await;
            client.send(&part).await;
        });
    });
    assert_eq!(server.client_count(), 1);
    // Buffers grow by doubling, and a slice keeps the body that it came in.
    let ceiling = 2 * BUFFERED + 2 * PAYLOAD * (ATTACHMENTS + 1) + ROOMS * ROOM + BESIDES;
    let bytes = cost.bytes_current;
    assert!((0..ceiling as i64).contains(&bytes), "{bytes} of {ceiling}");
}
