//! What goes on between the probe and the upgrade, through the whole server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test may look at the clock")]

mod support;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::future::join_all;
use socketio_server::{Ack, Attachments, SocketIo, Value};
use std::time::Duration;
use support::{Frame, Polling, Server, WebSocket};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// A polling client and its candidate, whose probe was answered.
async fn probing(server: &Server) -> (Polling, WebSocket) {
    let mut polling = server.polling().await;
    polling.join("/").await;
    let mut candidate = WebSocket::beside(server, &polling).await;
    candidate.send("2probe").await;
    assert_eq!(candidate.text().await, "3probe");
    (polling, candidate)
}

fn echoing() -> Server {
    let server = Server::new(SocketIo::builder());
    server.on("echo", async |ack: Ack, data: Attachments| {
        let sizes: Vec<_> = data.0.iter().map(|it| it.len()).collect();
        ack.send((sizes,))
    });
    server
}

const TWO: &str = r#"["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#;

#[tokio::test(start_paused = true)]
async fn eu_06_a_binary_event_may_begin_by_post_and_end_on_the_websocket() {
    // So many of the three pieces come by POST.
    for pieces in 0..=3 {
        for in_one_body in [false, true] {
            let server = echoing();
            let (mut polling, mut websocket) = probing(&server).await;
            let packets = [
                format!("452-7{TWO}"),
                "bAAAA".to_owned(),
                "bAA==".to_owned(),
            ];
            let posted = &packets[..pieces];
            if in_one_body && pieces > 0 {
                polling.send(&posted.join("\u{1e}")).await;
            } else {
                for packet in posted {
                    polling.send(packet).await;
                }
            }
            websocket.send("5").await;
            if pieces == 0 {
                websocket.send(&packets[0]).await;
            }
            for size in [3, 1].into_iter().skip(pieces.saturating_sub(1)) {
                websocket.send_frame(Message::binary(vec![0; size])).await;
            }
            assert_eq!(websocket.text().await, "437[[3,1]]", "{pieces} by POST");
            // Nothing is left over.
            websocket.send(r#"428["echo"]"#).await;
            assert_eq!(websocket.text().await, "438[[]]");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn eu_06_an_attachment_that_passes_its_header_closes() {
    let server = echoing();
    let (mut polling, mut websocket) = probing(&server).await;
    websocket.send("5").await;
    websocket.send_frame(Message::binary(vec![0; 3])).await;
    assert_eq!(websocket.next().await, Frame::Close(None));
    let (target, header) = (polling.target(), format!("452-7{TWO}"));
    assert_eq!(polling.push.post(&target, &header).await.status, 400);
    server.deserted().await;
}

#[tokio::test(start_paused = true)]
async fn eu_04_crowds_that_poll_while_they_upgrade_neither_stall_nor_spin() {
    const LONGEST: Duration = Duration::from_millis(102);
    let server = echoing();
    let client = async || {
        let (mut polling, mut websocket) = probing(&server).await;
        let begin = Instant::now();
        let mut noops = 0;
        while begin.elapsed() < Duration::from_secs(2) {
            let asked = Instant::now();
            assert_eq!(polling.text().await, "6");
            assert!(asked.elapsed() <= LONGEST, "{:?}", asked.elapsed());
            noops += 1;
        }
        // The last of them may have begun in the two seconds, and ended behind them.
        assert!((18..=21).contains(&noops), "{noops} noops in two seconds");
        websocket.send("5").await;
        websocket.send(r#"421["echo"]"#).await;
        assert_eq!(websocket.text().await, "431[[]]");
    };
    join_all((0..50).map(|_| client())).await;
}

/// What the server says goes out by GET until the change, and on the WebSocket from then on.
#[tokio::test(start_paused = true)]
async fn eu_05_eu_06_events_go_out_once_in_order_and_in_one_piece_across_the_change() {
    const EVENTS: usize = 60;
    let part = |n: usize| vec![n as u8; n % 7];
    // Changes behind so many answers to GETs; the last of them may be waiting still.
    for polls in 0..12 {
        for is_waiting in [false, true] {
            let server = echoing();
            let (mut polling, mut websocket) = probing(&server).await;
            let socket = server.sockets().pop().unwrap();
            let emitting = tokio::spawn(async move {
                for n in 0..EVENTS {
                    let part = Value::Binary(Bytes::from(part(n)));
                    socket.emit("down", (n, part.clone(), part)).unwrap();
                    for _ in 0..n % 5 {
                        tokio::task::yield_now().await;
                    }
                }
            });
            let mut seen = Vec::new();
            for _ in 0..polls {
                polling.begin_poll().await;
                polling.end_poll().await;
                seen.extend(polling.take_rest());
            }
            if is_waiting {
                polling.begin_poll().await;
            }
            websocket.send("5").await;
            if is_waiting {
                polling.end_poll().await;
                seen.extend(polling.take_rest());
            }
            // Nothing yet; and no more by GET.
            seen.retain(|packet| !["6", "1"].contains(&packet.as_str()));
            while seen.len() < 3 * EVENTS {
                seen.push(match websocket.next().await {
                    Frame::Text(text) => text,
                    Frame::Binary(bytes) => format!("b{}", BASE64_STANDARD.encode(bytes)),
                    closed @ Frame::Close(_) => panic!("{closed:?}"),
                });
            }
            let expected = |n: usize| {
                let part = format!("b{}", BASE64_STANDARD.encode(part(n)));
                let places = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;
                [format!(r#"452-["down",{n},{places}]"#), part.clone(), part]
            };
            let expected: Vec<_> = (0..EVENTS).flat_map(expected).collect();
            assert_eq!(seen, expected, "{polls} {is_waiting}");
            emitting.await.unwrap();
            // Nothing comes behind them.
            websocket.send(r#"421["echo"]"#).await;
            assert_eq!(websocket.text().await, "431[[]]");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn eu_04_a_poll_that_waits_at_the_change_is_let_go_at_once() {
    let server = echoing();
    let (mut polling, mut websocket) = probing(&server).await;
    polling.begin_poll().await;
    let begin = Instant::now();
    websocket.send("5").await;
    polling.end_poll().await;
    // Polling is over, not the session.
    assert_eq!(polling.take_rest(), ["1"]);
    assert!(begin.elapsed() < Duration::from_millis(100));
    // Behind it there is nothing to poll for.
    let target = polling.target();
    for _ in 0..3 {
        assert_eq!(polling.poll.get(&target).await.status, 400);
    }
    websocket.send(r#"421["echo"]"#).await;
    assert_eq!(websocket.text().await, "431[[]]");
}
