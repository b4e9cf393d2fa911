//! Broadcasts from several tasks, and events for single clients, while these lose their connections and come back all the
//! time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::json;
use socketio_server::{RecoveryConfig, SocketIo};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Server, WebSocket, soon, until};
use tokio::task::JoinSet;

const BROADCASTERS: u32 = 2;
const EACH: u32 = 2500;
/// Events that are for one client.
const OWN: u32 = 300;
const RESTLESS: u64 = 8;

/// What a client keeps over its connections.
#[derive(Default)]
struct Reader {
    pid: Option<String>,
    offset: Option<String>,
    seen: Vec<u32>,
    own: Vec<u32>,
    recoveries: u32,
}

impl Reader {
    async fn connect(&self, server: &Server) -> WebSocket {
        let mut client = server.websocket().await;
        match &self.pid {
            None => client.send("40").await,
            Some(pid) => {
                let auth = json!({ "pid": pid, "offset": self.offset });
                client.send(&format!("40{auth}")).await;
            }
        }
        client
    }

    /// True for the reply to CONNECT.
    fn take(&mut self, packet: &str) -> bool {
        if let Some(reply) = packet.strip_prefix("40") {
            let reply: serde_json::Value = serde_json::from_str(reply).unwrap();
            let pid = reply["pid"].as_str().unwrap().to_owned();
            if let Some(before) = self.pid.replace(pid) {
                assert_eq!(Some(before), self.pid, "recovered");
                self.recoveries += 1;
            }
            return true;
        }
        let list = packet.strip_prefix("42").unwrap();
        let (name, number, offset): (String, u32, String) = serde_json::from_str(list).unwrap();
        match name.as_str() {
            "own" => self.own.push(number),
            _ => self.seen.push(number),
        }
        self.offset = Some(offset);
        false
    }

    fn is_done(&self) -> bool {
        self.count() >= (BROADCASTERS * EACH + OWN) as usize
    }

    fn count(&self) -> usize {
        self.seen.len() + self.own.len()
    }

    fn all(self) -> (Vec<u32>, Vec<u32>, u32) {
        (self.seen, self.own, self.recoveries)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_missed_nothing_doubled_and_all_see_one_order() {
    let builder = SocketIo::builder()
        .ping_interval(Duration::from_secs(600))
        .connection_state_recovery(RecoveryConfig::default());
    let server = Arc::new(Server::new(builder));
    let is_started = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();

    // One that stays, as the measure of the others.
    let calm = Arc::clone(&server);
    readers.spawn(async move {
        let mut reader = Reader::default();
        let mut client = reader.connect(&calm).await;
        while !reader.is_done() {
            reader.take(&client.text().await);
        }
        reader.recoveries = 1;
        reader.all()
    });
    for n in 0..RESTLESS {
        let server = Arc::clone(&server);
        let is_started = Arc::clone(&is_started);
        readers.spawn(async move {
            let mut reader = Reader::default();
            let mut old = None;
            while !reader.is_done() {
                let mut client = reader.connect(&server).await;
                while !reader.take(&client.text().await) {}
                // Half of them come back while their old connections seem to live.
                drop(old.take());
                let limit = 1 + n as usize + reader.count();
                while reader.count() < limit && !reader.is_done() {
                    reader.take(&client.text().await);
                    assert!(is_started.load(Ordering::Relaxed));
                }
                if n % 2 == 0 {
                    old = Some(client);
                }
            }
            reader.all()
        });
    }
    until("all clients", || {
        server.socket_count() == 1 + RESTLESS as usize
    })
    .await;
    let sockets = server.sockets();
    is_started.store(true, Ordering::Relaxed);
    let mut broadcasters = JoinSet::new();
    for b in 0..BROADCASTERS {
        let server = Arc::clone(&server);
        broadcasters.spawn(async move {
            for n in 0..EACH {
                server.emit("n", b * EACH + n).unwrap();
                // The readers shall come and go meanwhile.
                tokio::task::yield_now().await;
            }
        });
    }
    for socket in sockets {
        broadcasters.spawn(async move {
            for n in 0..OWN {
                socket.emit("own", n).unwrap();
                tokio::task::yield_now().await;
            }
        });
    }

    let mut orders = Vec::new();
    while let Some(reader) = soon("the readers", readers.join_next()).await {
        let (seen, own, recoveries) = reader.unwrap();
        assert!(recoveries > 0);
        assert_eq!(own, (0..OWN).collect::<Vec<_>>());
        orders.push(seen);
    }
    soon("the broadcasters", broadcasters.join_all()).await;
    let first = orders.pop().unwrap();
    for order in &orders {
        assert_eq!(*order, first);
    }
    for b in 0..BROADCASTERS {
        let own: Vec<u32> = first.iter().copied().filter(|n| n / EACH == b).collect();
        assert_eq!(own, (b * EACH..(b + 1) * EACH).collect::<Vec<_>>());
    }
}
