//! How many threads a client for threads has. Alone in its process, so that it counts no others.
#![cfg(all(feature = "_blocking", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "it uses a part")]
#[path = "blocking/support.rs"]
mod support;

use socketio_client::blocking::Socket;
use socketio_server::SocketIo;
use std::fs;
use support::{Log, Server, WAYS, connect, settled, silent, soon, until};

/// The names of the threads that are ours, sorted.
fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    // One that has just ended has no name any more.
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    let names = names.map(|name| name.trim().to_owned());
    let mut ours: Vec<_> = names.filter(|name| name.starts_with("socketio")).collect();
    ours.sort();
    ours
}

/// The jiffies that the process has used.
fn used() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn threads_come_and_go_with_the_connection() {
    let server = Server::start(SocketIo::builder());
    server.io.on("bye", async |peer: socketio_server::Socket| {
        peer.emit("bye", ())
    });
    let idle = server.client("/").build().unwrap();
    assert!(
        threads().is_empty(),
        "one that was never connected has none"
    );
    drop(idle);
    for way in WAYS {
        let socket = connect(server.client("/").transports(way.iter().copied()));
        settled(&socket, way);
        // A thread has its name once it runs.
        until("both threads", || {
            threads() == ["socketio", "socketio-handle"]
        });
        let before = used();
        std::thread::park_timeout(std::time::Duration::from_millis(300));
        assert!(used() - before < 20, "an idle client does nothing");
        let leaving = socket.clone();
        soon("the end", move || leaving.disconnect());
        until("the end of the threads", || threads().is_empty());

        // It may come back, and be dropped instead; or in a handler.
        let (log, lines) = Log::new();
        socket.on("bye", move |_: Socket| log.add("bye"));
        let again = socket.clone();
        soon("the connection", move || again.connect()).unwrap();
        socket.emit("bye", ()).unwrap();
        assert_eq!(lines.next(), "bye");
        drop(socket);
        until("the end of the threads", || threads().is_empty());
    }

    // A server that says nothing holds no thread.
    let socket = support::client(&format!("http://{}/", silent()))
        .build()
        .unwrap();
    socket.start_connecting();
    until("the thread", || !threads().is_empty());
    drop(socket);
    until("the end of the threads", || threads().is_empty());
}
