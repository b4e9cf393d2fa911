//! WebSocket frames against the rules, byte by byte.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::SocketIo;
use support::http::UPGRADE;
use support::{Server, Wire, logged, soon, still_serves};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";

/// A masked client frame with this first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        medium => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(medium as u16).to_be_bytes());
        }
    }
    // A mask of zeroes changes nothing.
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

const TEXT: u8 = 0x81;

/// A WebSocket client that has joined, down to its bytes.
async fn raw(server: &Server) -> Wire {
    let mut http = server.http().await;
    let response = http.request(&format!("GET {WEBSOCKET}"), &UPGRADE).await;
    assert_eq!(response.status, 101);
    let (mut wire, unread) = http.into_wire();
    let (_, open) = server_frame(&mut std::io::Cursor::new(unread).chain(&mut wire)).await;
    assert_eq!(open[0], b'0');
    wire.write_all(&frame(TEXT, b"40")).await.unwrap();
    let (_, reply) = server_frame(&mut wire).await;
    assert!(reply.starts_with(b"40{"));
    wire
}

/// The first byte and the payload of the next frame.
async fn server_frame(wire: &mut (impl tokio::io::AsyncRead + Unpin)) -> (u8, Vec<u8>) {
    soon("a frame", async {
        let mut head = [0; 2];
        wire.read_exact(&mut head).await.unwrap();
        let mut length = usize::from(head[1]);
        if length == 126 {
            length = usize::from(wire.read_u16().await.unwrap());
        } else if length == 127 {
            length = wire.read_u64().await.unwrap() as usize;
        }
        let mut payload = vec![0; length];
        wire.read_exact(&mut payload).await.unwrap();
        (head[0], payload)
    })
    .await
}

#[tokio::test]
async fn ad_04_frames_against_the_rules_close_the_connection() {
    let (server, mut lines) = logged(SocketIo::builder().max_payload(1000)).await;
    let unmasked = [&[TEXT, 1][..], b"3"].concat();
    let begun = frame(0x01, b"42[\"e");
    let long_close = [&1000u16.to_be_bytes()[..], &[b'x'; 124]].concat();
    let bad_close = [&1000u16.to_be_bytes()[..], b"\xff"].concat();
    let endless = [
        &[0x82, 0x80 | 127][..],
        &(1u64 << 63).to_be_bytes(),
        &[0; 4],
    ]
    .concat();
    for (name, bytes, status) in [
        ("unmasked", unmasked, 1002u16),
        ("first reserved bit", frame(TEXT | 0x40, b"3"), 1002),
        ("second reserved bit", frame(TEXT | 0x20, b"3"), 1002),
        ("third reserved bit", frame(TEXT | 0x10, b"3"), 1002),
        ("reserved opcode", frame(0x83, b"3"), 1002),
        ("reserved control opcode", frame(0x8b, b""), 1002),
        ("large ping", frame(0x89, &[0; 126]), 1002),
        ("large close", frame(0x88, &long_close), 1002),
        ("fragmented ping", frame(0x09, b""), 1002),
        ("stray continuation", frame(0x80, b"3"), 1002),
        (
            "text in fragments",
            [&begun[..], &frame(TEXT, b"3")].concat(),
            1002,
        ),
        (
            "bytes in fragments",
            [&begun[..], &frame(0x82, b"3")].concat(),
            1002,
        ),
        ("half a status", frame(0x88, &[3]), 1002),
        ("no UTF-8 in a close", frame(0x88, &bad_close), 1007),
        ("too large", frame(TEXT, &[b'x'; 1001]), 1009),
        ("too large by far", endless, 1009),
        ("no UTF-8", frame(TEXT, b"42[\"\xff\"]"), 1007),
    ] {
        let mut wire = raw(&server).await;
        wire.write_all(&bytes).await.unwrap();
        let (first, payload) = server_frame(&mut wire).await;
        assert_eq!(first, 0x88, "{name}");
        let told = u16::from_be_bytes(payload[..2].try_into().unwrap());
        assert_eq!(told, status, "{name}");
        assert_eq!(lines.next().await, "transport error", "{name}");
    }
    still_serves(&server).await;
}

#[tokio::test]
async fn ad_04_a_close_frame_counts_between_fragments() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    let mut wire = raw(&server).await;
    let close = frame(0x88, &1000u16.to_be_bytes());
    let bytes = [frame(0x01, b"421[\"echo\",\"x"), close, frame(0x80, b"\"]")].concat();
    wire.write_all(&bytes).await.unwrap();
    assert_eq!(
        server_frame(&mut wire).await,
        (0x88, 1000u16.to_be_bytes().to_vec())
    );
    assert_eq!(lines.next().await, "transport close");
    let mut rest = Vec::new();
    let _ = soon("the end", wire.read_to_end(&mut rest)).await;
    assert!(rest.is_empty(), "nothing is answered behind it");
}

#[tokio::test]
async fn ad_04_a_status_that_no_frame_may_carry_is_a_close_all_the_same() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    for status in [0u16, 999, 1005, 1006, 1015, 2999, 5000] {
        let mut wire = raw(&server).await;
        let close = frame(0x88, &status.to_be_bytes());
        wire.write_all(&close).await.unwrap();
        let (first, payload) = server_frame(&mut wire).await;
        assert_eq!(
            (first, &payload[..2]),
            (0x88, &1002u16.to_be_bytes()[..]),
            "{status}"
        );
        assert_eq!(lines.next().await, "transport close", "{status}");
    }
    still_serves(&server).await;
}

#[tokio::test]
async fn ad_04_a_message_may_come_in_tiny_fragments() {
    const FRAGMENTS: usize = 1_000_000;
    let (server, mut lines) = logged(SocketIo::builder().max_payload(FRAGMENTS)).await;
    let mut wire = raw(&server).await;
    let text = "é".repeat(FRAGMENTS / 2 - 10);
    let message = format!(r#"421["echo","{text}"]"#);
    let mut bytes = Vec::new();
    for (n, byte) in message.bytes().enumerate() {
        bytes.extend(frame(if n == 0 { 0x01 } else { 0x00 }, &[byte]));
        // Control frames may come in between, and are answered.
        if n == 100 {
            bytes.extend(frame(0x89, b"ping"));
        }
    }
    bytes.extend(frame(0x80, b""));
    wire.write_all(&bytes).await.unwrap();
    assert_eq!(server_frame(&mut wire).await, (0x8a, b"ping".to_vec()));
    let (first, answer) = server_frame(&mut wire).await;
    assert_eq!(first, 0x81);
    assert_eq!(answer, format!(r#"431["{text}"]"#).as_bytes());

    // Without end they are too large, all together.
    let mut bytes = frame(0x01, b"4");
    for _ in 0..FRAGMENTS {
        bytes.extend(frame(0x00, b"x"));
    }
    wire.write_all(&bytes).await.unwrap();
    let (first, payload) = server_frame(&mut wire).await;
    assert_eq!((first, &payload[..2]), (0x88, &1009u16.to_be_bytes()[..]));
    assert_eq!(lines.next().await, "transport error");
}

#[tokio::test]
async fn ad_05_nothing_is_compressed_so_nothing_can_be_a_bomb() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    let mut http = server.http().await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    let headers = [&UPGRADE[..], &[offer]].concat();
    let response = http.request(&format!("GET {WEBSOCKET}"), &headers).await;
    assert_eq!(response.status, 101);
    assert_eq!(response.header("sec-websocket-extensions"), None);
    // Whoever compresses all the same sets a bit that means nothing here.
    let mut wire = raw(&server).await;
    wire.write_all(&frame(TEXT | 0x40, &[0; 100]))
        .await
        .unwrap();
    let (first, payload) = server_frame(&mut wire).await;
    assert_eq!((first, &payload[..2]), (0x88, &1002u16.to_be_bytes()[..]));
    assert_eq!(lines.next().await, "transport error");
    still_serves(&server).await;
}

#[tokio::test]
async fn a_close_frame_is_answered() {
    let (server, mut lines) = logged(SocketIo::builder()).await;
    let mut wire = raw(&server).await;
    wire.write_all(&frame(0x88, &1000u16.to_be_bytes()))
        .await
        .unwrap();
    assert_eq!(
        server_frame(&mut wire).await,
        (0x88, 1000u16.to_be_bytes().to_vec())
    );
    assert_eq!(lines.next().await, "transport close");
    // Then the server hangs up.
    let mut rest = Vec::new();
    soon("the end", wire.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
}
