//! What an operator sees of a server: figures, and spans around handlers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use metrics_exporter_prometheus::PrometheusBuilder;
use socketio_server::{Ack, Limits, Socket, SocketIo};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use support::http::PATH;
use support::{Server, WebSocket, until};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// One test, since recorder and subscriber are the program's.
#[tokio::test]
async fn sessions_packets_refusals_and_limits_are_counted_and_handlers_have_spans() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let figures = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    let seen = Seen::default();
    tracing::subscriber::set_global_default(seen.clone()).unwrap();

    let server = Server::new(
        SocketIo::builder()
            .limits(Limits::default().max_sessions(2))
            .max_payload(1000),
    );
    server.on("echo", async |ack: Ack, text: String| {
        // The rest runs in a task of its own, and still in the span.
        tokio::task::yield_now().await;
        tracing::info!(target: "application", "echoing");
        ack.send(text)
    });
    server.on("bad", async || Err::<(), _>("on purpose"));
    server.on("ask", async |socket: Socket| {
        socket.emit_with_ack::<u32>("question", ()).await.map(drop)
    });
    let mut polling = server.polling().await;
    polling.join("/").await;
    polling.send(r#"421["echo","x"]"#).await;
    assert_eq!(polling.text().await, r#"431["x"]"#);
    // While there is room, since nobody is asked for a version who can't come in anyhow.
    let mut http = server.http().await;
    let old = http.get("/socket.io/?EIO=3&transport=polling").await;
    assert_eq!(old.status, 400);
    let mut client = server.client().await;
    client.send(r#"42["bad"]"#).await;
    client.send(r#"42["ask"]"#).await;
    assert_eq!(client.text().await, r#"420["question"]"#);
    client.send("430[1]").await;

    let too_many = http.get(&format!("{PATH}&transport=polling")).await;
    assert_eq!(too_many.status, 503);
    assert_eq!(http.get("/socket.io/?EIO=4&transport=x").await.status, 400);
    let long = "x".repeat(1001);
    assert_eq!(http.post(&polling.target(), &long).await.status, 413);

    for query in [
        "EIO=4&transport=polling&sid=none",
        "EIO=4&transport=websocket",
    ] {
        let refused = http.get(&format!("/socket.io/?{query}")).await;
        assert_eq!(refused.status, 400);
    }
    assert_eq!(
        http.post(&format!("{PATH}&transport=polling"), "")
            .await
            .status,
        400
    );

    let mut moving: WebSocket = WebSocket::beside(&server, &polling).await;
    moving.send("2probe").await;
    assert_eq!(moving.text().await, "3probe");
    moving.send("5").await;
    moving.send(r#"422["echo","y"]"#).await;
    assert_eq!(moving.text().await, r#"432["y"]"#);

    for line in [
        r#"engineio_sessions{transport="polling"} 0"#,
        r#"engineio_sessions{transport="websocket"} 2"#,
        r#"engineio_sessions_opened_total{transport="polling"} 1"#,
        "engineio_upgrades_total 1",
        r#"engineio_refused_total{reason="admission"} 1"#,
        r#"engineio_refused_total{reason="unknown_transport"} 1"#,
        r#"engineio_refused_total{reason="unknown_sid"} 1"#,
        r#"engineio_refused_total{reason="bad_handshake_method"} 1"#,
        r#"engineio_refused_total{reason="bad_request"} 1"#,
        r#"engineio_refused_total{reason="unsupported_version"} 1"#,
        r#"socketio_limits_hit_total{limit="max_sessions"} 1"#,
        r#"socketio_limits_hit_total{limit="max_payload"} 1"#,
        "socketio_sockets 2",
        "socketio_events_received_total 4",
        "socketio_handler_errors_total 1",
    ] {
        let text = figures.render();
        assert!(
            text.lines().any(|it| it == line),
            "{line} is not in\n{text}"
        );
    }
    let text = figures.render();
    for start in [
        r#"engineio_packets_total{direction="in",transport="websocket"} "#,
        r#"engineio_bytes_total{direction="out",transport="polling"} "#,
    ] {
        assert!(text.contains(start), "{start} is not in\n{text}");
    }

    until("the time of the answer", || {
        figures.render().contains("socketio_ack_seconds_count 1\n")
    })
    .await;

    let closed = server.of("/closed");
    closed.middleware(async || Err::<(), _>("no"));
    moving.send("40/closed,").await;
    assert!(moving.text().await.starts_with("44/closed,"));
    moving.send(r#"4511-["too many"]"#).await;
    moving.closed().await;
    client.cut();
    server.deserted().await;
    until("the gauges", || {
        let text = figures.render();
        text.contains("socketio_sockets 0\n")
            && text.contains(r#"engineio_sessions{transport="websocket"} 0"#)
            && text.contains(r#"engineio_sessions_closed_total{reason="transport_"#)
    })
    .await;

    let (names, events) = documented();
    let text = figures.render();
    for name in names {
        assert!(text.contains(&name), "{name} is not in\n{text}");
    }
    let line = "socketio_limits_hit_total{limit=\"max_attachments\"} 1\n";
    assert!(text.contains(line), "{line} is not in\n{text}");
    until("the events", || {
        let seen = seen.0.lock().unwrap();
        let told = |event: &String| seen.events.iter().any(|it| it.contains(event));
        events.iter().all(told)
    })
    .await;
    let seen = seen.0.lock().unwrap();
    let inside = &seen.inside["echoing"];
    assert!(inside.contains(r#"event="echo""#), "{inside}");
    assert!(inside.contains(r#"namespace="/""#), "{inside}");
}

/// What `docs/operations.md` says that there is: names of figures, and events of `tracing`.
fn documented() -> (Vec<String>, Vec<String>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let page = std::fs::read_to_string(path).unwrap();
    let rows = |title: &str, column: usize| -> Vec<String> {
        let (_, part) = page.split_once(title).unwrap();
        let table = part.lines().skip_while(|line| !line.starts_with("| ---"));
        let rows = table.skip(1).take_while(|line| line.starts_with('|'));
        let cells = rows.map(|row| row.split('|').nth(column).unwrap().to_owned());
        cells
            .flat_map(|cell| {
                cell.split('`')
                    .skip(1)
                    .step_by(2)
                    .map(ToOwned::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let (names, events) = (rows("## Metrics", 1), rows("## Tracing", 2));
    assert!(names.len() > 10 && events.len() > 10);
    (names, events)
}

/// All that was told, as text.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    spans: Vec<String>,
    events: Vec<String>,
    /// The events of the application, with the span that they happened in.
    inside: HashMap<String, String>,
}

thread_local! {
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let separator = if self.0.is_empty() { "" } else { " " };
        let _ = match field.name() {
            "message" => write!(self.0, "{separator}{value:?}"),
            name => write!(self.0, "{separator}{name}={value:?}"),
        };
    }
}

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        ["socketio_server", "application"].contains(&metadata.target())
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let spans = &mut self.0.lock().unwrap().spans;
        spans.push(fields.0);
        Id::from_u64(spans.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut told = self.0.lock().unwrap();
        if event.metadata().target() == "application" {
            let entered = ENTERED.with_borrow(|all| all.last().copied());
            let span = entered.map_or_else(String::new, |id| told.spans[id as usize - 1].clone());
            told.inside.insert(fields.0.clone(), span);
        }
        told.events.push(fields.0);
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|all| all.push(span.into_u64()));
    }

    fn exit(&self, _: &Id) {
        ENTERED.with_borrow_mut(|all| _ = all.pop());
    }
}
