//! Every session leaves nothing behind, however its client went: no session, no socket, no room, no task, no memory.
//!
//! Ten thousand clients of each kind come and go, or `LEAK_CLIENTS`, in memory and under a paused clock, where a
//! heartbeat that nobody answers takes no time. The bytes that are alive afterwards are compared with those after the
//! first thousand.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use allocation_counter::measure;
use futures_util::FutureExt;
use futures_util::future::join_all;
use socketio_server::{Auth, Limits, Refusal, Socket, SocketIo};
use std::cell::Cell;
use std::sync::Once;
use std::time::Duration;
use support::http::UPGRADE;
use support::{Frame, Server, WebSocket};
use tokio::runtime::Builder;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

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
            .allow_eio3(true)
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

/// Clients of each kind.
fn clients() -> usize {
    let asked = std::env::var("LEAK_CLIENTS").map(|asked| asked.parse().unwrap());
    asked.unwrap_or(10_000).max(2_000)
}

thread_local! {
    /// Of this test, which runs on one thread: tasks keep their panics to themselves.
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            report(info);
        }));
    });
}

fn check(kind: &str, visit: impl AsyncFn(&Server, usize)) {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    count_panics();
    let mut place = None;
    let first = measure(|| {
        runtime.block_on(async {
            let server = place.insert(server());
            visits(server, 1_000, &visit).await;
        });
    });
    let server = place.unwrap();
    let rest = clients() - 1_000;
    let more = measure(|| runtime.block_on(visits(&server, rest, &visit)));

    assert_eq!(PANICS.get(), 0, "{kind}: panics");
    assert_eq!(server.client_count(), 0, "{kind}: sessions");
    for namespace in server.namespaces() {
        assert_eq!(namespace.socket_count(), 0, "{kind}: sockets");
        assert_eq!(namespace.rooms(), Vec::<String>::new(), "{kind}: rooms");
    }
    // That of the timers.
    assert_eq!(runtime.metrics().num_alive_tasks(), 1, "{kind}: tasks");
    assert!(
        more.bytes_current <= first.bytes_current / 100,
        "{kind}: {} bytes are left of {rest} clients, beside {} before",
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

/// Makes sense, until it is cut, bent, or put behind something else.
const SENSE: [&str; 18] = [
    "40",
    "40/late,{\"a\":1}",
    "40{\"refuse\":true}",
    "41",
    "42[\"echo\",1]",
    "421[\"ask\",{\"k\":[1.5,null,\"\\u00e9\"]}]",
    "42/late,7[\"echo\",2]",
    "430[1]",
    "44{\"message\":\"x\"}",
    "451-[\"echo\",{\"_placeholder\":true,\"num\":0}]",
    "452-3[\"echo\",{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0}]",
    "461-0[{\"_placeholder\":true,\"num\":0}]",
    "bAQID",
    "2probe",
    "3",
    "5",
    "6",
    "1",
];

/// Where each client's nonsense comes from, the same in every run.
struct Nonsense(u64);

impl Nonsense {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn sense(&mut self) -> &'static [u8] {
        SENSE[self.below(SENSE.len())].as_bytes()
    }

    /// What made sense, cut off, with a bit that is another, with more behind it; or bytes.
    fn of(&mut self, kind: usize, mut sense: Vec<u8>) -> Vec<u8> {
        match kind {
            0 => sense.truncate(self.below(sense.len())),
            1 => {
                let at = self.below(sense.len());
                sense[at] ^= 1 << self.below(8);
            }
            2 => {
                for _ in 0..=self.below(3) {
                    sense.extend_from_slice([&b""[..], b"\x1e", b",", b"2:"][self.below(4)]);
                    sense.extend_from_slice(self.sense());
                }
            }
            _ => sense = (0..self.below(60)).map(|_| self.below(256) as u8).collect(),
        }
        sense
    }

    fn packet(&mut self, kind: usize) -> Vec<u8> {
        let sense = self.sense().to_vec();
        self.of(kind, sense)
    }
}

/// Text and bytes over both protocols and both transports; and what is no HTTP, no WebSocket.
#[test]
fn rs_01_clients_that_speak_nonsense() {
    check("nonsense", async |server, n| {
        let mut nonsense =
            Nonsense(0x9e37_79b9_7f4a_7c15 ^ (n as u64 + 1).wrapping_mul(0x2545_f491));
        let (kind, way) = (n % 4, n / 4 % 6);
        match way {
            // Text frames, which need not be text, and binary ones.
            0 | 1 => {
                let mut client = server.client().await;
                for _ in 0..4 {
                    let code = [Data::Text, Data::Binary][way];
                    let frame = RawFrame::message(nonsense.packet(kind), OpCode::Data(code), true);
                    client.send_frame(Message::Frame(frame)).await;
                    client.send(r#"42["echo",3]"#).await;
                }
                client.cut();
            }
            // Frames that are none.
            2 => {
                let mut http = server.http().await;
                let line = format!("GET {PATH}&transport=websocket");
                assert_eq!(http.request(&line, &UPGRADE).await.status, 101);
                for _ in 0..4 {
                    let packet = nonsense.sense();
                    let mask = [0x80 | packet.len() as u8, 0, 0, 0, 0];
                    let frame = [&[0x81], &mask[..], packet].concat();
                    http.write(nonsense.of(kind, frame)).await;
                }
            }
            // Bodies in either protocol.
            3 | 4 => {
                let query = format!("/socket.io/?EIO={way}&transport=polling");
                let mut http = server.http().await;
                let open = http.get(&query).await.body;
                let (_, sid) = open.split_once(r#""sid":""#).unwrap();
                let target = format!("{query}&sid={}", sid.split_once('"').unwrap().0);
                for _ in 0..4 {
                    let packet = nonsense.packet(kind);
                    let body = match (way, n % 8 < 4) {
                        (4, _) => packet,
                        (_, true) => [format!("{}:", packet.len()).as_bytes(), &packet].concat(),
                        (_, false) => {
                            let digits = format!("{}", packet.len());
                            let digits: Vec<u8> = digits.bytes().map(|it| it - b'0').collect();
                            [&[n as u8 % 2], &digits[..], &[0xff], &packet].concat()
                        }
                    };
                    let body = if !body.is_empty() && nonsense.below(4) == 0 {
                        nonsense.of(kind, body)
                    } else {
                        body
                    };
                    let form = ["text/plain", "application/octet-stream"]
                        [usize::from(way == 3 && n % 8 >= 4)];
                    let head = format!(
                        "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {form}\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    http.write([head.as_bytes(), &body].concat()).await;
                    let answer = http.response().await.status;
                    assert!([200, 400].contains(&answer), "{answer}");
                }
            }
            // Requests.
            _ => {
                for line in [
                    format!("GET {PATH}&transport=polling&t=1&b64=1&j=0"),
                    format!("POST {PATH}&transport=polling&sid=%41b"),
                    format!("GET {PATH}&transport=websocket"),
                ] {
                    let mut http = server.http().await;
                    let request = format!(
                        "{line} HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n",
                        UPGRADE.join("\r\n")
                    );
                    http.write(nonsense.of(kind, request.into_bytes())).await;
                }
            }
        }
    });
}

#[test]
fn eh_10_handshakes_and_nothing_else_cost_little_and_are_reclaimed() {
    const SESSIONS: usize = 20_000;
    /// A session that has said nothing yet, with its tasks, timers and places in tables.
    const EACH: usize = 3072;
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let server = Server::new(SocketIo::builder().limits(Limits::default().max_sessions(SESSIONS)));
    let polling = format!("{PATH}&transport=polling");
    let wave = async || {
        let mut http = server.http().await;
        for _ in 0..SESSIONS {
            assert_eq!(http.get(&polling).await.status, 200);
        }
        assert_eq!(server.client_count(), SESSIONS);
        assert_eq!(http.get(&polling).await.status, 503);
    };
    let full = measure(|| runtime.block_on(wave())).bytes_current;
    assert!(
        (0..(SESSIONS * EACH) as i64).contains(&full),
        "{full} bytes of {SESSIONS} sessions"
    );
    let reclaim = || {
        runtime.block_on(async { tokio::time::sleep(LONG).await });
        assert_eq!(server.client_count(), 0);
    };
    let back = measure(reclaim).bytes_current;
    // Tables keep the size that they once had.
    assert!(back <= -full * 9 / 10, "{back} of {full} bytes are back");
    // And they are as large afterwards.
    let again = measure(|| {
        runtime.block_on(wave());
        reclaim();
    });
    assert!(
        again.bytes_current <= full / 100,
        "{} bytes more",
        again.bytes_current
    );
    assert_eq!(runtime.metrics().num_alive_tasks(), 1);
}

/// One client that knows thousands of names.
#[test]
fn sn_02_namespaces_that_come_and_go_leave_nothing() {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let server = Server::new(SocketIo::builder().cleanup_empty_namespaces(true));
    let dynamic = server.of_matching(|name, _| name.starts_with("/room-"));
    dynamic.on_connection(async |socket: Socket| socket.join("lobby"));
    let mut client = None;
    let mut walk = |rooms: std::ops::Range<usize>| {
        measure(|| {
            runtime.block_on(async {
                let client = match &mut client {
                    Some(client) => client,
                    none => none.insert(server.client().await),
                };
                for room in rooms {
                    let name = format!("/room-{room:08}");
                    client.join(&name).await;
                    client.send(&format!("41{name},")).await;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            });
        })
    };
    let first = walk(0..500);
    let more = walk(500..20_000);
    assert_eq!(server.namespaces().len(), 1);
    assert!(
        more.bytes_current <= first.bytes_current / 10,
        "{} bytes are left, beside {} before",
        more.bytes_current,
        first.bytes_current,
    );
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
