//! Whom a selection means, and what can be done to all of them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{Reason, Socket, SocketIo, State};
use support::{Frame, Log, Server, WebSocket};

/// A server with three clients, of which the first two are in `pair` and the last two in `late`.
async fn server() -> (Server, [WebSocket; 3], [Socket; 3]) {
    let server = Server::new(SocketIo::builder());
    let (mut clients, mut sockets) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut client = server.websocket().await;
        let id = client.join("/").await;
        sockets.push(server.socket(&id).unwrap());
        clients.push(client);
    }
    let sockets: [Socket; 3] = sockets.try_into().unwrap();
    sockets[0].join("pair").unwrap();
    sockets[1].join(["pair", "late"]).unwrap();
    sockets[2].join("late").unwrap();
    (server, clients.try_into().ok().unwrap(), sockets)
}

/// The events that each client has got, up to one that all get.
async fn got(server: &Server, clients: &mut [WebSocket; 3]) -> [Vec<String>; 3] {
    server.emit("end", ()).unwrap();
    let mut all: [Vec<String>; 3] = Default::default();
    for (client, got) in clients.iter_mut().zip(&mut all) {
        loop {
            let packet = client.text().await;
            let name = packet.split('"').nth(1).unwrap().to_owned();
            if name == "end" {
                break;
            }
            got.push(name);
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn rooms_lists_and_exceptions_select_each_socket_once() {
    let (server, mut clients, [a, b, c]) = server().await;
    server.to("pair").emit("pair", ()).unwrap();
    server.to("pair").to("late").emit("chained", ()).unwrap();
    server.to(["late", "pair"]).emit("list", ()).unwrap();
    server
        .to("pair")
        .except("late")
        .emit("pair but late", ())
        .unwrap();
    server.except(a.id()).emit("all but a", ()).unwrap();
    server.to(c.id()).emit("c", ()).unwrap();
    server.to("nobody").emit("nobody", ()).unwrap();
    // No room is no restriction, as in the reference.
    server.to([] as [&str; 0]).emit("everybody", ()).unwrap();
    server.local().emit("local", ()).unwrap();
    // From a socket, never to itself.
    b.broadcast().emit("others of b", ()).unwrap();
    b.to("pair").emit("pair of b", ()).unwrap();
    b.except("pair").emit("not the pair", ()).unwrap();
    // A selection is a value.
    let pair = server.to("pair");
    let first = pair.clone().except(b.id());
    first.emit("first", ()).unwrap();
    pair.emit("both", ()).unwrap();
    let words = |text: &str| text.split(", ").map(ToOwned::to_owned).collect::<Vec<_>>();
    assert_eq!(
        got(&server, &mut clients).await,
        [
            words(
                "pair, chained, list, pair but late, everybody, local, others of b, pair of b, first, both"
            ),
            words("pair, chained, list, all but a, everybody, local, both"),
            words("chained, list, all but a, c, everybody, local, others of b, not the pair"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_sockets_of_a_selection_join_leave_and_are_disconnected() {
    let (server, mut clients, [a, b, c]) = server().await;
    let ids = |sockets: Vec<Socket>| -> Vec<String> {
        sockets.iter().map(|it| it.id().to_owned()).collect()
    };
    assert_eq!(ids(server.to("late").fetch_sockets()), [b.id(), c.id()]);
    assert_eq!(
        ids(server.to("late").except("pair").fetch_sockets()),
        [c.id()]
    );
    assert!(server.to("nobody").fetch_sockets().is_empty());

    server.to("late").sockets_join(["x", "y"]).unwrap();
    assert_eq!(b.rooms().len(), 5);
    server.to("pair").sockets_leave("y");
    server.to("y").emit("y", ()).unwrap();
    server.to("x").emit("x", ()).unwrap();
    let expected = [
        vec![],
        vec!["x".to_owned()],
        vec!["y".to_owned(), "x".to_owned()],
    ];
    assert_eq!(got(&server, &mut clients).await, expected);

    let (log, mut lines) = Log::new();
    for socket in [&a, &b, &c] {
        let log = log.clone();
        socket.on_disconnect(move |reason: Reason| {
            log.add(reason.to_string());
            std::future::ready(())
        });
    }
    server.to("pair").except("x").disconnect_sockets(false);
    assert_eq!(clients[0].text().await, "41");
    assert_eq!(lines.next().await, "server namespace disconnect");
    // That client may come back, one whose connection is closed may not.
    clients[0].join("/").await;
    server.to("pair").disconnect_sockets(true);
    assert_eq!(clients[1].text().await, "41");
    assert_eq!(clients[1].next().await, Frame::Close(None));
    assert_eq!(server.socket_count(), 2);
    assert!(c.is_connected() && !b.is_connected());
}

#[tokio::test(start_paused = true)]
async fn rooms_may_be_left_one_by_one_or_all_with_the_socket() {
    let (server, mut clients, [a, b, _]) = server().await;
    a.leave(["pair", "unknown"]);
    assert_eq!(a.rooms(), [a.id()]);
    assert_eq!(server.rooms().len(), 5);
    b.leave(b.rooms());
    assert!(b.rooms().is_empty() && b.is_connected());
    server.to(b.id()).emit("to its id", ()).unwrap();
    b.emit("to it", ()).unwrap();
    assert_eq!(got(&server, &mut clients).await[1], ["to it"]);
}

#[tokio::test(start_paused = true)]
async fn reasons_are_told_in_the_words_of_the_reference() {
    let (log, mut lines) = Log::new();
    let server = Server::new(SocketIo::builder().state(log).max_payload(100));
    server
        .on_disconnect(async |State(log): State<Log>, reason: Reason| log.add(reason.to_string()));
    let mut client = server.client().await;
    client.send("41").await;
    assert_eq!(lines.next().await, "client namespace disconnect");
    client.join("/").await;
    server.sockets().pop().unwrap().disconnect(false);
    assert_eq!(lines.next().await, "server namespace disconnect");
    client.text().await;
    client.join("/").await;
    client.cut();
    assert_eq!(lines.next().await, "transport close");
    for (sent, reason) in [
        ("2", "transport error"),
        (&"4".repeat(101), "transport error"),
        ("x", "parse error"),
        ("42{}", "forced close"),
    ] {
        server.client().await.send(sent).await;
        assert_eq!(lines.next().await, reason);
    }
    let mut polling = server.polling().await;
    polling.join("/").await;
    polling.send("42{}").await;
    assert_eq!(lines.next().await, "forced server close");
    // Nobody answers the heartbeat.
    let mut silent = server.client().await;
    assert_eq!(silent.next_raw().await, Frame::Text("2".to_owned()));
    assert_eq!(lines.next().await, "ping timeout");
    let _client = server.client().await;
    server.shutdown().await;
    assert_eq!(lines.next().await, "server shutting down");
}
