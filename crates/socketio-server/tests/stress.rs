//! The rules of locks, wake-ups and order, with many threads at once.
//!
//! Nothing here may depend on a timer: the first heartbeat is due long after the end of the test, so whatever arrives
//! has been woken for.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{Ack, Limits, Socket, SocketIo, SocketIoBuilder, State};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use support::{Log, Polling, Server, WebSocket, soon, until};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

fn builder() -> SocketIoBuilder {
    SocketIo::builder()
        .ping_interval(Duration::from_secs(600))
        .limits(limits())
}

fn limits() -> Limits {
    Limits::default().max_buffered(64 << 20)
}

/// The argument of an event with one number.
fn number(packet: &str) -> u32 {
    let (_, rest) = packet.split_once(',').unwrap();
    rest.trim_end_matches(']').parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_sockets_see_all_broadcasts_in_one_order() {
    const BROADCASTERS: u32 = 4;
    const EACH: u32 = 300;
    let server = Arc::new(Server::new(builder()));
    let mut readers = JoinSet::new();
    for n in 0..24 {
        let server = Arc::clone(&server);
        readers.spawn(async move {
            let mut seen = Vec::new();
            if n % 3 == 0 {
                let mut client = server.polling().await;
                client.join("/").await;
                while seen.len() < (BROADCASTERS * EACH) as usize {
                    seen.push(number(&client.text().await));
                }
            } else {
                let mut client = server.client().await;
                while seen.len() < (BROADCASTERS * EACH) as usize {
                    seen.push(number(&client.text().await));
                }
            }
            seen
        });
    }
    until("all clients", || server.socket_count() == 24).await;
    // From threads that are not the runtime's: an emit may come from anywhere.
    let broadcasters: Vec<_> = (0..BROADCASTERS)
        .map(|b| {
            let server = Arc::clone(&server);
            std::thread::spawn(move || {
                for n in 0..EACH {
                    server.emit("n", b * EACH + n).unwrap();
                }
            })
        })
        .collect();
    let mut orders = Vec::new();
    while let Some(seen) = soon("the readers", readers.join_next()).await {
        orders.push(seen.unwrap());
    }
    for thread in broadcasters {
        thread.join().unwrap();
    }
    let first = orders.pop().unwrap();
    for order in &orders {
        assert_eq!(*order, first);
    }
    // None is missing, none came twice, and those of one broadcaster kept their order.
    for b in 0..BROADCASTERS {
        let own: Vec<u32> = first.iter().copied().filter(|n| n / EACH == b).collect();
        assert_eq!(own, (b * EACH..(b + 1) * EACH).collect::<Vec<_>>());
    }
}

/// Reads broadcasts, which count up, from whatever transport.
struct Counter {
    next: Option<u32>,
    seen: u32,
}

impl Counter {
    fn take(&mut self, packet: &str) {
        // A noop of the upgrade, or the end of polling.
        if packet == "6" || packet == "1" {
            return;
        }
        let n = number(packet);
        if let Some(next) = self.next {
            assert_eq!(n, next, "after {} in a row", self.seen);
        }
        self.next = Some(n + 1);
        self.seen += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_broadcast_is_missed_or_doubled_while_clients_connect_upgrade_and_leave() {
    let server = Arc::new(Server::new(builder()));
    let done = Arc::new(AtomicBool::new(false));
    // One reader gives the pace, so that nobody falls far behind.
    let pace = Arc::new(Semaphore::new(100));
    let mut pacer = server.client().await;
    let given = Arc::clone(&pace);
    let pacing = tokio::spawn(async move {
        let mut counter = Counter {
            next: Some(0),
            seen: 0,
        };
        loop {
            match pacer.text().await.as_str() {
                r#"42["end"]"# => return counter.seen,
                packet => counter.take(packet),
            }
            given.add_permits(1);
        }
    });
    let (broadcasting, stop) = (Arc::clone(&server), Arc::clone(&done));
    let broadcaster = tokio::spawn(async move {
        let mut n = 0;
        while !stop.load(Ordering::Relaxed) {
            pace.acquire().await.unwrap().forget();
            broadcasting.emit("n", n).unwrap();
            n += 1;
        }
        broadcasting.emit("end", ()).unwrap();
        n
    });

    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let server = Arc::clone(&server);
        clients.spawn(async move {
            for _ in 0..12 {
                comes_upgrades_and_leaves(&server).await;
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    let sent = soon("the broadcaster", broadcaster).await.unwrap();
    assert_eq!(soon("the pacer", pacing).await.unwrap(), sent);
    server.deserted().await;
    assert_eq!(server.socket_count(), 0);
}

async fn comes_upgrades_and_leaves(server: &Server) {
    let mut counter = Counter {
        next: None,
        seen: 0,
    };
    let mut client = server.polling().await;
    client.join("/").await;
    for _ in 0..10 {
        counter.take(&client.text().await);
    }
    let mut websocket = WebSocket::beside(server, &client).await;
    websocket.send("2probe").await;
    let probe = websocket.text().await;
    assert_eq!(probe, "3probe");
    for packet in client.take_rest() {
        counter.take(&packet);
    }
    // As a client does it: the poll that was under way ends, then the switch.
    for _ in 0..2 {
        client.begin_poll().await;
        client.end_poll().await;
        for packet in client.take_rest() {
            counter.take(&packet);
        }
    }
    websocket.send("5").await;
    for _ in 0..30 {
        counter.take(&websocket.text().await);
    }
    websocket.cut();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_up_is_lost() {
    const ROUNDS: u32 = 1500;
    let (log, mut lines) = Log::new();
    let server = Arc::new(Server::new(builder().state(log)));
    server.on("pong", async |State(log): State<Log>, n: u32| {
        log.add(n.to_string());
    });
    let polling = Arc::clone(&server);
    let mut clients = JoinSet::new();
    clients.spawn(async move {
        let mut client = polling.polling().await;
        client.join("/").await;
        for _ in 0..ROUNDS / 10 {
            let ping = client.text().await;
            client.send(&ping.replace("ping", "pong")).await;
        }
    });
    until("the client", || server.socket_count() == 1).await;
    let socket = server.sockets().pop().unwrap();
    for n in 0..ROUNDS / 10 {
        // A thread of its own, so that the emit meets the poll at any stage.
        let socket = socket.clone();
        let emit = tokio::task::spawn_blocking(move || socket.emit("ping", n).unwrap());
        assert_eq!(lines.next().await, n.to_string());
        emit.await.unwrap();
    }

    let websocket = Arc::clone(&server);
    clients.spawn(async move {
        let mut client = websocket.client().await;
        for _ in 0..ROUNDS {
            let ping = client.text().await;
            client.send(&ping.replace("ping", "pong")).await;
        }
    });
    until("the other client", || {
        server.sockets().iter().any(|it| it.id() != socket.id())
    })
    .await;
    let sockets = server.sockets();
    let socket = sockets.iter().find(|it| it.id() != socket.id()).unwrap();
    for n in 0..ROUNDS {
        let socket = socket.clone();
        let emit = tokio::task::spawn_blocking(move || socket.emit("ping", n).unwrap());
        assert_eq!(lines.next().await, n.to_string());
        emit.await.unwrap();
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
}

/// Notices two handlers of one socket that run at once.
#[derive(Clone, Default)]
struct Alone(Arc<AtomicU32>);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_two_handlers_of_a_client_start_at_once() {
    let failed = Arc::new(AtomicBool::new(false));
    let fails = Arc::clone(&failed);
    let builder = builder().on_error(move |_, _, _| fails.store(true, Ordering::SeqCst));
    let server = Arc::new(Server::new(builder));
    server.on_connection(async |socket: Socket| {
        socket.extensions().insert(Alone::default());
    });
    server.on("n", async |socket: Socket, n: u32, ack: Ack| {
        let alone: Alone = socket.extensions().get().unwrap();
        assert_eq!(alone.0.swap(1, Ordering::SeqCst), 0);
        for _ in 0..20 {
            std::thread::yield_now();
        }
        // What a handler sends, and what others send to it meanwhile, starts nothing in here.
        let _ = ack.send(n);
        assert_eq!(alone.0.swap(0, Ordering::SeqCst), 1);
    });
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let server = Arc::clone(&server);
        clients.spawn(async move {
            for _ in 0..8 {
                both_ways_at_once(&server).await;
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    assert!(!failed.load(Ordering::SeqCst), "two handlers met");
}

/// Switches to the WebSocket while a POST is still being handled.
async fn both_ways_at_once(server: &Server) {
    let mut client: Polling = server.polling().await;
    client.join("/").await;
    client.begin_poll().await;
    let mut websocket = WebSocket::beside(server, &client).await;
    websocket.send("2probe").await;
    assert_eq!(websocket.text().await, "3probe");
    let body: Vec<String> = (0..50).map(|n| format!(r#"42{n}["n",{n}]"#)).collect();
    let target = client.target();
    client.push.begin_post(&target, &body.join("\u{1e}")).await;
    websocket.send("5").await;
    for n in 50..100 {
        websocket.feed(&format!(r#"42{n}["n",{n}]"#)).await;
    }
    websocket.send(r#"42100["n",100]"#).await;
    // The POST may have come too late; what came with it was in order, and so is the rest.
    let mut last = None;
    loop {
        let packet = websocket.text().await;
        let (_, n) = packet.split_once('[').unwrap();
        let n: u32 = n.trim_end_matches(']').parse().unwrap();
        if n >= 50 {
            assert!(last.is_none_or(|last| last < n), "{n} after {last:?}");
            last = Some(n);
        }
        if n == 100 {
            break;
        }
    }
    websocket.cut();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dynamic_namespace_is_made_once_however_many_ask() {
    const NAMES: usize = 20;
    // Exactly as many as are asked for: one that were counted twice would leave another without a place.
    let server = Arc::new(Server::new(
        builder().limits(limits().max_dynamic_namespaces(NAMES)),
    ));
    let _ = server.of_matching(|name, _| {
        std::thread::yield_now();
        name.starts_with("/room-")
    });
    for n in 0..NAMES {
        let mut clients = JoinSet::new();
        for _ in 0..8 {
            let server = Arc::clone(&server);
            clients.spawn(async move {
                let mut client = server.websocket().await;
                client.join(&format!("/room-{n}")).await;
            });
        }
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
    }
    assert_eq!(server.namespaces().len(), NAMES + 1);
}
