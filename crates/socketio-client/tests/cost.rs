//! What a client costs that has nothing to do: tasks and memory. The server is in another runtime,
//! and another thread, so that only the client's are counted.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use allocation_counter::measure;
use socketio_client::{Socket, Transport};
use socketio_server::SocketIo;
use std::net::SocketAddr;
use support::{Server, WAYS, client, settled, until};
use tokio::runtime::{Builder, Handle, Runtime};

/// A server for as long as the runtime lives.
fn elsewhere() -> (Runtime, SocketAddr) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let server = runtime.block_on(Server::start(SocketIo::builder()));
    let address = server.address();
    // It serves until its runtime goes.
    std::mem::forget(server);
    (runtime, address)
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

#[test]
fn an_idle_client_is_one_task() {
    let (_server, address) = elsewhere();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for way in WAYS {
            let builder = client(&format!("http://{address}/")).transports(way.iter().copied());
            let socket = builder.build().unwrap();
            assert_eq!(tasks(), 0, "none before it connects");
            socket.connect().await.unwrap();
            settled(&socket, way).await;
            until("one task", || tasks() == 1).await;
            let news = socket.client().socket("/news").unwrap();
            let _ = news.connect().await;
            assert_eq!(tasks(), 1, "however many namespaces");
            socket.disconnect().await;
            until("none after it disconnects", || tasks() == 0).await;
        }
    });
}

#[test]
fn an_idle_client_is_small() {
    const CLIENTS: usize = 50;
    let (_server, address) = elsewhere();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("http://{address}/");
    let fill = |way: &'static [Transport]| {
        runtime.block_on(async {
            let mut sockets: Vec<Socket> = Vec::new();
            for _ in 0..CLIENTS {
                let builder = client(&url).transports(way.iter().copied());
                let socket = builder.connect().await.unwrap();
                settled(&socket, way).await;
                sockets.push(socket);
            }
            sockets
        })
    };
    // What is made once for all.
    drop(fill(WAYS[2]));
    for way in WAYS {
        let mut sockets = Vec::new();
        let measured = measure(|| sockets = fill(way));
        let each = measured.bytes_current / i64::try_from(CLIENTS).unwrap();
        println!("{way:?}: {each} bytes for each idle client");
        // Polling has two connections, each with the buffers of an HTTP client.
        let limit = if way == [Transport::Polling] { 64 } else { 24 };
        assert!((1..limit * 1024).contains(&each), "{way:?}: {each}");
        let left = measure(|| {
            drop(std::mem::take(&mut sockets));
            runtime.block_on(until("the end", || tasks() == 0));
        });
        let kept = (measured.bytes_current + left.bytes_current) / i64::try_from(CLIENTS).unwrap();
        assert!(kept < 512, "{way:?}: {kept} bytes are left of each");
    }
}
