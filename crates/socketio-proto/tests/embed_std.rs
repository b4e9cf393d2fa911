//! The example `embed-std` serves: by polling, by WebSocket, and from one to the other.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
#[path = "../examples/embed_std.rs"]
mod embed_std;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use tungstenite::client::client;
use tungstenite::{Message, WebSocket};

const PATIENCE: Duration = Duration::from_secs(10);

fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || embed_std::serve(&listener));
    address
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// One request; its status and body.
fn request(address: SocketAddr, method: &str, query: &str, body: &str) -> (u16, String) {
    let mut stream = connect(address);
    let length = body.len();
    let head = format!("{method} /socket.io/?EIO=4&{query} HTTP/1.1\r\nContent-Length: {length}");
    write!(stream, "{head}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn get(address: SocketAddr, query: &str) -> String {
    let (status, body) = request(address, "GET", query, "");
    assert_eq!(status, 200, "{body}");
    body
}

fn post(address: SocketAddr, query: &str, body: &str) {
    assert_eq!(request(address, "POST", query, body), (200, "ok".into()));
}

/// A polling session that has joined `/`; the query that names it.
fn join(address: SocketAddr) -> String {
    let open = get(address, "transport=polling");
    let sid = open.split('"').nth(3).unwrap();
    let query = format!("transport=polling&sid={sid}");
    post(address, &query, "40");
    assert!(get(address, &query).starts_with(r#"40{"sid":""#));
    query
}

fn websocket(address: SocketAddr, query: &str) -> WebSocket<TcpStream> {
    let url = format!("ws://{address}/socket.io/?EIO=4&{query}");
    client(url, connect(address)).unwrap().0
}

fn next(socket: &mut WebSocket<TcpStream>) -> String {
    socket.read().unwrap().into_text().unwrap().to_string()
}

#[test]
fn a_poll_waits_until_an_event_comes_back() {
    let address = start();
    let query = join(address);
    let waiting = {
        let query = query.clone();
        thread::spawn(move || get(address, &query))
    };
    post(address, &query, r#"42["hello","world"]"#);
    assert_eq!(waiting.join().unwrap(), r#"42["hello","world"]"#);
}

#[test]
fn a_websocket_carries_text_and_binary() {
    let mut socket = websocket(start(), "transport=websocket");
    assert!(next(&mut socket).starts_with("0{"));
    socket.send("40".into()).unwrap();
    assert!(next(&mut socket).starts_with("40{"));
    let header = r#"451-["file",{"_placeholder":true,"num":0}]"#;
    socket.send(header.into()).unwrap();
    socket.send(Message::Binary(vec![1, 2, 3].into())).unwrap();
    assert_eq!(next(&mut socket), header);
    assert_eq!(socket.read().unwrap().into_data(), vec![1, 2, 3]);
}

#[test]
fn a_polling_session_moves_to_a_websocket() {
    let address = start();
    let query = join(address);
    let mut socket = websocket(address, &query.replace("polling", "websocket"));
    socket.send("2probe".into()).unwrap();
    assert_eq!(next(&mut socket), "3probe");
    socket.send("5".into()).unwrap();
    socket.send(r#"42["moved"]"#.into()).unwrap();
    assert_eq!(next(&mut socket), r#"42["moved"]"#);
    assert_eq!(request(address, "GET", &query, "").0, 400);
}

#[test]
fn a_session_that_is_over_is_forgotten() {
    let address = start();
    let query = join(address);
    post(address, &query, "1");
    let (status, body) = request(address, "GET", &query, "");
    assert_eq!((status, &body[..9]), (400, r#"{"code":1"#));
}

#[test]
fn a_request_of_no_session_is_refused() {
    let address = start();
    let (status, body) = request(address, "GET", "transport=carrier-pigeon", "");
    assert_eq!((status, &body[..9]), (400, r#"{"code":0"#));
    let (status, body) = request(address, "GET", "transport=polling&sid=nobody", "");
    assert_eq!((status, &body[..9]), (400, r#"{"code":1"#));
}
