//! Networks that give and take next to nothing, and futures that are dropped half way: nothing is lost or doubled.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use bytes::Bytes;
use futures_util::FutureExt;
use hyper_util::rt::TokioIo;
use socketio_server::{Ack, Attachments, Limits, NotFound, SocketIo, State, Value};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use support::http::PATH;
use support::{Frame, Http, Lines, Log, Polling, Server, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_tungstenite::tungstenite::Message;

/// A connection that moves one byte at a time, and wakes for nothing before each of them.
struct Crumbs {
    inner: DuplexStream,
    woke: [bool; 3],
}

const READ: usize = 0;
const WRITE: usize = 1;
const FLUSH: usize = 2;

impl Crumbs {
    /// Does nothing but to wake, the first time; then it calls, and begins anew when something was done.
    fn call<T>(
        &mut self,
        kind: usize,
        context: &mut Context<'_>,
        call: impl FnOnce(Pin<&mut DuplexStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if !std::mem::replace(&mut self.woke[kind], true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let done = ready!(call(Pin::new(&mut self.inner), context))?;
        self.woke[kind] = kind == FLUSH;
        self.woke[FLUSH] &= kind != WRITE;
        Poll::Ready(Ok(done))
    }
}

impl AsyncRead for Crumbs {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.call(READ, context, |inner, context| {
            let mut byte = [0];
            let mut byte = ReadBuf::new(&mut byte);
            ready!(inner.poll_read(context, &mut byte))?;
            buffer.put_slice(byte.filled());
            Poll::Ready(Ok(()))
        })
    }
}

impl AsyncWrite for Crumbs {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let byte = &bytes[..bytes.len().min(1)];
        self.call(WRITE, context, |inner, context| {
            inner.poll_write(context, byte)
        })
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.call(FLUSH, context, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.call(FLUSH, context, AsyncWrite::poll_shutdown)
    }
}

fn http(server: &Server) -> Http {
    let (near, far) = tokio::io::duplex(1024);
    let wire = Crumbs {
        inner: far,
        woke: [false; 3],
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(wire), server.service(NotFound))
        .with_upgrades();
    tokio::spawn(connection);
    Http::new(Box::new(near))
}

/// A server that writes down what comes, and acknowledges it.
fn server() -> (Server, Lines) {
    let (log, lines) = Log::new();
    let server = Server::new(SocketIo::builder().state(log));
    server.on(
        "up",
        async |State(log): State<Log>, ack: Ack, n: u32, data: Attachments| {
            log.add(format!("{n} {}", data.0.len()));
            ack.send(n)
        },
    );
    (server, lines)
}

const EVENTS: u32 = 30;
const PART: &[u8] = b"\x04\x00\xff\x1e";

fn up(n: u32) -> String {
    format!(r#"451-{n}["up",{n},{{"_placeholder":true,"num":0}}]"#)
}

fn emit_down(server: &Server) {
    let socket = server.sockets().pop().unwrap();
    for n in 0..EVENTS {
        let part = Value::Binary(Bytes::from_static(PART));
        socket.emit("down", (n, part)).unwrap();
    }
}

/// Of each kind of packet all, in their order.
fn check(packets: Vec<String>, mut lines: Lines) {
    let down = |n| format!(r#"451-["down",{n},{{"_placeholder":true,"num":0}}]"#);
    let (events, acks): (Vec<_>, Vec<_>) = packets.into_iter().partition(|it| it.starts_with("45"));
    assert_eq!(events, Vec::from_iter((0..EVENTS).map(down)));
    let ack = |n| format!("43{n}[{n}]");
    assert_eq!(acks, Vec::from_iter((0..EVENTS).map(ack)));
    let line = |n| format!("{n} 1");
    assert_eq!(lines.rest(), Vec::from_iter((0..EVENTS).map(line)));
}

/// Sends and receives, and gives the texts that came; each binary event has its attachment behind it.
async fn converse(server: &Server, client: &mut WebSocket) -> Vec<String> {
    for n in 0..EVENTS {
        client.send(&up(n)).await;
        client.send_frame(Message::binary(PART)).await;
    }
    emit_down(server);
    let mut texts = Vec::new();
    while texts.len() < 2 * EVENTS as usize {
        texts.push(client.text().await);
        if texts.last().unwrap().starts_with("45") {
            assert_eq!(client.next().await, Frame::Binary(PART.into()));
        }
    }
    texts
}

#[tokio::test(start_paused = true)]
async fn ad_02_a_websocket_over_single_bytes_loses_nothing() {
    let (server, lines) = server();
    let target = format!("{PATH}&transport=websocket");
    let mut client = WebSocket(http(&server).upgrade(&target).await);
    assert!(client.text().await.starts_with("0{"));
    client.join("/").await;
    let texts = converse(&server, &mut client).await;
    check(texts, lines);
    client.0.close(None).await.unwrap();
    assert_eq!(client.closed().await, None);
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn ad_02_polling_over_single_bytes_loses_nothing() {
    let (server, lines) = server();
    let mut client = Polling::over(http(&server), http(&server)).await;
    client.join("/").await;
    emit_down(&server);
    let mut texts = Vec::new();
    let part = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, PART);
    for n in 0..EVENTS {
        client.send(&format!("{}\u{1e}b{part}", up(n))).await;
        texts.push(client.text().await);
    }
    while texts.len() < 3 * EVENTS as usize {
        texts.push(client.text().await);
    }
    let (parts, texts): (Vec<_>, Vec<_>) = texts.into_iter().partition(|it| it.starts_with('b'));
    assert_eq!(parts, vec![format!("b{part}"); EVENTS as usize]);
    check(texts, lines);
    client.send("1").await;
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn ad_02_an_upgrade_over_single_bytes_loses_nothing() {
    let (server, lines) = server();
    let mut polling = Polling::over(http(&server), http(&server)).await;
    polling.join("/").await;
    let target = format!("{PATH}&transport=websocket&sid={}", polling.sid());
    let mut client = WebSocket(http(&server).upgrade(&target).await);
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    client.send("5").await;
    let texts = converse(&server, &mut client).await;
    check(texts, lines);
    client.cut();
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn ad_02_a_wire_that_takes_a_few_bytes_at_a_time_loses_nothing() {
    let server = Server::with_pipes(SocketIo::builder(), 3);
    server.on("echo", async |ack: Ack, text: String, data: Attachments| {
        ack.send((text, data.0.len()))
    });
    let text = "é".repeat(1000);
    let mut websocket = server.client().await;
    let mut polling = server.polling().await;
    polling.join("/").await;
    for n in 0..3 {
        let echo = format!(r#"451-{n}["echo","{text}",{{"_placeholder":true,"num":0}}]"#);
        let answer = format!(r#"43{n}["{text}",1]"#);
        websocket.send(&echo).await;
        websocket.send_frame(Message::binary(vec![7; 500])).await;
        assert_eq!(websocket.text().await, answer);
        polling.send(&format!("{echo}\x1ebAAAA")).await;
        assert_eq!(polling.text().await, answer);
    }
}

#[tokio::test(start_paused = true)]
async fn ad_02_whoever_does_not_wait_for_an_answer_leaves_no_place_taken() {
    let server = Server::new(SocketIo::builder().limits(Limits::default().max_pending_acks(1)));
    let mut client = server.client().await;
    let socket = server.sockets().pop().unwrap();
    // Not begun, begun, asked about twice: one place is enough for all of them, one after the other.
    for polls in 0..3 {
        let mut asked = Box::pin(socket.emit_with_ack::<u32>("q", polls));
        for _ in 0..polls {
            assert!((&mut asked).now_or_never().is_none(), "{polls}");
        }
    }
    assert!(client.text().await.ends_with(r#"["q",1]"#));
    let late = client.text().await;
    assert!(late.ends_with(r#"["q",2]"#));
    // Answered, and not asked for its answer any more.
    let mut asked = Box::pin(socket.emit_with_ack::<u32>("q", 3));
    assert!((&mut asked).now_or_never().is_none());
    let packet = client.text().await;
    client
        .send(&packet.replace("42", "43").replace(r#""q","#, ""))
        .await;
    // One that nobody waits for any more, and then one that is waited for.
    client
        .send(&late.replace("42", "43").replace(r#""q","#, ""))
        .await;
    let mut broadcast = Box::pin(server.emit_with_ack::<u32>("all", ()));
    drop(asked);
    assert!((&mut broadcast).now_or_never().is_none());
    client.text().await;
    drop(broadcast);
    let waiting = tokio::spawn(async move { socket.emit_with_ack::<u32>("q", 4).await });
    let packet = client.text().await;
    assert!(packet.ends_with(r#"["q",4]"#), "{packet}");
    client
        .send(&packet.replace("42", "43").replace(r#""q","#, ""))
        .await;
    assert_eq!(waiting.await.unwrap().unwrap(), 4);
}
