//! Losing connections, coming back, and going for good.

use crate::support::{Lines, Log, Server, WAYS, client, connect, settled, soon, until};
use socketio_client::blocking::{ClientBuilder, Socket};
use socketio_client::{ConnectError, Reason, Transport};
use socketio_server::{Socket as Peer, SocketIo, State};
use std::net::SocketAddr;

/// A server that writes down what it gets.
fn server(address: Option<SocketAddr>) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let any = "127.0.0.1:0".parse().unwrap();
    let server = Server::at(address.unwrap_or(any), SocketIo::builder().state(log));
    let io = &server.io;
    io.on("note", async |State(log): State<Log>, number: u32| {
        log.add(number.to_string());
    });
    io.on("leave", async |peer: Peer| peer.disconnect(false));
    io.on("cut", async |peer: Peer| peer.close_connection());
    io.on("hello", async |peer: Peer| peer.emit("hello", ()));
    (server, lines)
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn what_is_emitted_while_the_server_is_away_arrives_once_and_in_order() {
    for way in WAYS {
        let (first, before) = server(None);
        let (log, lines) = Log::new();
        let socket = connect(
            first
                .client("/")
                .transports(way.iter().copied())
                .on_disconnect(move |reason: Reason| log.add(reason.to_string())),
        );
        settled(&socket, way);
        for number in 0..10 {
            socket.emit("note", number).unwrap();
        }
        assert_eq!(before.take(10), numbers(0..10));

        let address = first.stop();
        let reason = lines.next();
        // A request may be under way, and fail.
        let is_polling = way == [Transport::Polling];
        assert!(
            reason == "transport close" || is_polling && reason == "transport error",
            "{reason}"
        );
        for number in 10..20 {
            socket.emit("note", number).unwrap();
        }
        let (second, after) = server(Some(address));
        assert_eq!(after.take(10), numbers(10..20));
        until("the connection", || socket.is_connected());
        assert_eq!(second.io.client_count(), 1, "there is one live connection");
        assert!(before.rest().is_empty() && after.rest().is_empty());
    }
}

#[test]
fn the_first_attempt_may_be_repeated() {
    let (first, _) = server(None);
    let builder = first.client("/").retry_initial(true);
    let address = first.stop();
    let (log, lines) = Log::new();
    let socket = builder
        .on_connect_error(move |error: ConnectError| log.add(error.to_string()))
        .build()
        .unwrap();
    let connecting = socket.clone();
    let thread = std::thread::spawn(move || connecting.connect());
    assert_eq!(lines.next(), "xhr poll error");
    let (_second, _) = server(Some(address));
    soon("the connection", move || thread.join())
        .unwrap()
        .unwrap();
    assert!(socket.is_connected());
}

#[test]
fn disconnecting_ends_an_attempt() {
    let silent = crate::support::silent();
    let socket = client(&format!("http://{silent}/")).build().unwrap();
    let connecting = socket.clone();
    let thread = std::thread::spawn(move || connecting.connect());
    until("the attempt", || socket.is_active());
    let leaving = socket.clone();
    soon("the disconnection", move || leaving.disconnect());
    let result = soon("the error", move || thread.join()).unwrap();
    assert!(matches!(result, Err(ConnectError::Disconnected)));
    assert!(!socket.is_active());
}

/// A handler that disconnects its socket, and says when that is done.
fn leave(log: &Log) -> impl Fn(Socket) + use<> {
    let log = log.clone();
    move |socket: Socket| {
        socket.disconnect();
        log.add(format!("left {}", socket.is_active()));
    }
}

#[test]
fn a_listener_of_any_kind_may_disconnect() {
    type Register = fn(ClientBuilder, &Log) -> ClientBuilder;
    let kinds: [(&str, Register, Option<&str>); 6] = [
        ("on", |b, log| b.on("hello", leave(log)), Some("hello")),
        ("once", |b, log| b.once("hello", leave(log)), Some("hello")),
        ("on_any", |b, log| b.on_any(leave(log)), Some("hello")),
        (
            "outgoing",
            |b, log| b.on_any_outgoing(leave(log)),
            Some("x"),
        ),
        ("on_connect", |b, log| b.on_connect(leave(log)), None),
        (
            "on_disconnect",
            |b, log| b.on_disconnect(leave(log)),
            Some("leave"),
        ),
    ];
    let (server, _) = server(None);
    for way in WAYS {
        for (kind, register, event) in kinds {
            let (log, lines) = Log::new();
            let builder = server.client("/").transports(way.iter().copied());
            let socket = connect(register(builder, &log));
            if let Some(event) = event {
                let emitting = socket.clone();
                soon(kind, move || emitting.emit(event, ())).unwrap();
            }
            assert_eq!(lines.next(), "left false", "{kind}");
        }
    }
    until("the end of all", || server.io.client_count() == 0);
}

#[test]
fn a_listener_of_errors_may_disconnect() {
    let (log, lines) = Log::new();
    let builder = client("http://127.0.0.1:1/").on_connect_error(leave(&log));
    let socket = builder.build().unwrap();
    socket.start_connecting();
    assert_eq!(lines.next(), "left false");
}

#[test]
fn the_last_handle_that_goes_disconnects() {
    let (server, _) = server(None);
    for way in WAYS {
        let socket = connect(server.client("/").transports(way.iter().copied()));
        settled(&socket, way);
        assert_eq!(server.io.client_count(), 1);
        drop(socket);
        until("the client's end", || server.io.client_count() == 0);
    }
}

#[test]
fn what_was_emitted_before_disconnecting_arrives() {
    let (server, lines) = server(None);
    for way in WAYS {
        let socket = connect(server.client("/").transports(way.iter().copied()));
        for number in 0..20 {
            socket.emit("note", number).unwrap();
        }
        soon("the end", move || socket.disconnect());
        assert_eq!(lines.take(20), numbers(0..20));
    }
}

#[test]
fn a_connection_that_is_cut_is_made_again() {
    let (server, _) = server(None);
    for way in WAYS {
        let (log, lines) = Log::new();
        let (gone, back) = (log.clone(), log);
        let socket = connect(
            server
                .client("/")
                .transports(way.iter().copied())
                .on_connect(move || back.add("connected"))
                .on_disconnect(move |_: Reason| gone.add("disconnected")),
        );
        settled(&socket, way);
        socket.emit("cut", ()).unwrap();
        assert_eq!(lines.take(3), ["connected", "disconnected", "connected"]);
    }
}
