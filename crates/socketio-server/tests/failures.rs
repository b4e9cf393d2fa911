//! Handlers, middlewares and hooks that fail: who is told, and what goes on.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::{
    Auth, Event, Forbidden, Limits, Reason, Refusal, SocketIo, SocketIoBuilder, State,
};
use support::{Lines, Log, Server, still_serves};

fn server() -> (Server, Lines) {
    server_with(SocketIo::builder())
}

/// A server with a log, into which failures go as well.
fn server_with(builder: SocketIoBuilder) -> (Server, Lines) {
    let (log, lines) = Log::new();
    let errors = log.clone();
    let builder = builder.state(log).on_error(move |socket, event, error| {
        assert!(!socket.id().is_empty());
        errors.add(format!("error of {event}: {error}"));
    });
    (Server::new(builder), lines)
}

async fn note(State(log): State<Log>, Event(event): Event, n: Option<u32>) {
    log.add(format!("{event} {n:?}"));
}

#[tokio::test(start_paused = true)]
async fn ad_03_a_panic_ends_its_handler_only() {
    let (server, mut lines) = server();
    // Handlers of one event: those behind the one that fails run all the same.
    server.on("go", async || -> () { panic!("at once") });
    server.on("go", async || -> () {
        tokio::task::yield_now().await;
        panic!("{}", "later")
    });
    server.on("go", async || -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    });
    server.on("go", note);
    let mut client = server.client().await;
    for n in 0..3 {
        client.send(&format!(r#"42["go",{n}]"#)).await;
        let mut seen = lines.take(4).await;
        seen.sort();
        assert_eq!(
            seen,
            [
                "error of go: the handler failed".to_owned(),
                "error of go: the handler panicked: at once".to_owned(),
                "error of go: the handler panicked: later".to_owned(),
                format!("go Some({n})"),
            ]
        );
    }
    assert_eq!(server.socket_count(), 1);
}

/// The next lines tell of handlers of this event, as many that failed as panicked.
async fn told_of_failures(lines: &mut Lines, event: &str, of_each: usize) {
    let mut seen = lines.take(2 * of_each).await;
    seen.sort();
    let failed = format!("error of {event}: the handler failed");
    let panicked = format!("error of {event}: the handler panicked: oh");
    assert_eq!(
        seen,
        [vec![failed; of_each], vec![panicked; of_each]].concat()
    );
}

#[tokio::test(start_paused = true)]
async fn ad_03_failures_of_every_kind_of_handler_are_told_with_the_event() {
    async fn panic() {
        panic!("oh");
    }
    async fn fail() -> Result<(), &'static str> {
        Err("no")
    }
    let (server, mut lines) =
        server_with(SocketIo::builder().limits(Limits::default().max_buffered(2000)));
    server.on_connection(panic);
    server.on_connection(fail);
    let mut client = server.polling().await;
    client.join("/").await;
    told_of_failures(&mut lines, "connect", 1).await;
    let socket = server.sockets().pop().unwrap();

    // Of one event, and of all: the namespace's and the socket's own, to stay or for one time.
    server.on("go", panic);
    server.once("go", fail);
    server.on_any(fail);
    server.prepend_any(panic);
    socket.on("go", fail);
    socket.once("go", panic);
    socket.on_any(panic);
    socket.prepend_any(fail);
    client.send(r#"42["go"]"#).await;
    told_of_failures(&mut lines, "go", 4).await;
    client.send(r#"42["go"]"#).await;
    told_of_failures(&mut lines, "go", 3).await;

    // Of what goes out: it goes out all the same.
    server.on_any_outgoing(fail);
    server.prepend_any_outgoing(panic);
    let own = [
        socket.on_any_outgoing(panic),
        socket.prepend_any_outgoing(fail),
    ];
    server.emit("out", ()).unwrap();
    told_of_failures(&mut lines, "out", 2).await;
    assert_eq!(client.text().await, r#"42["out"]"#);

    // Of the moment when there is room again.
    server.on_drain(panic);
    socket.on_drain(fail);
    assert!(own.into_iter().all(|id| socket.off(id)));
    while socket.emit("fill", "x".repeat(500)).is_ok() {
        told_of_failures(&mut lines, "fill", 1).await;
    }
    told_of_failures(&mut lines, "fill", 1).await;
    client.text().await;
    told_of_failures(&mut lines, "drain", 1).await;

    // Of the end.
    server.on_disconnecting(fail);
    socket.on_disconnecting(panic);
    server.on_disconnect(panic);
    socket.on_disconnect(fail);
    assert_eq!(
        server.socket_count(),
        1,
        "nothing of that was a reason to close"
    );
    client.send("41").await;
    told_of_failures(&mut lines, "disconnecting", 1).await;
    told_of_failures(&mut lines, "disconnect", 1).await;
    assert_eq!((server.socket_count(), server.rooms().len()), (0, 0));
    assert!(lines.rest().is_empty());
}

#[tokio::test(start_paused = true)]
async fn se_04_a_panicking_error_hook_is_no_reason_to_stop() {
    let (log, mut lines) = Log::new();
    let builder = SocketIo::builder()
        .state(log)
        .on_error(|_, _, _| panic!("in the hook"));
    let server = Server::new(builder);
    server.on("fail", async || Err::<(), _>("no"));
    server.on("go", note);
    let mut client = server.client().await;
    client.send(r#"42["fail"]"#).await;
    client.send(r#"42["go",1]"#).await;
    assert_eq!(lines.next().await, "go Some(1)");
}

#[tokio::test(start_paused = true)]
async fn an_argument_of_another_type_goes_to_on_error_and_no_further() {
    let (server, mut lines) = server();
    server.on("two", async |State(log): State<Log>, a: u32, b: u32| {
        log.add(format!("{a} {b}"))
    });
    let mut client = server.client().await;
    client.send(r#"42["two",1,"x"]"#).await;
    let line = lines.next().await;
    assert!(line.starts_with("error of two: argument 1 "), "{line}");
    client.send(r#"42["two",1,2]"#).await;
    assert_eq!(lines.next().await, "1 2");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_unavailable() {
    let (server, mut lines) = server();
    server.on("state", async |_: State<u64>| ());
    server.on("reason", async |_: Reason| ());
    server.on_connection(async |_: Option<u32>| ());
    let mut client = server.client().await;
    let line = lines.next().await;
    assert_eq!(
        line,
        "error of connect: an event argument is not available to this handler"
    );
    client.send(r#"42["state"]"#).await;
    assert_eq!(
        lines.next().await,
        "error of state: u64 is not available to this handler"
    );
    client.send(r#"42["reason"]"#).await;
    let line = lines.next().await;
    assert_eq!(
        line,
        "error of reason: a disconnect reason is not available to this handler"
    );
}

#[tokio::test(start_paused = true)]
async fn ad_03_a_pattern_that_panics_accepts_nobody() {
    let (server, _) = server();
    let _ = server.of_matching(|name, _| {
        assert_ne!(name, "/panic");
        name == "/fine"
    });
    let mut client = server.client().await;
    client.send("40/panic,").await;
    let refused = r#"44/panic,{"message":"Invalid namespace"}"#;
    assert_eq!(client.text().await, refused);
    client.join("/fine").await;
}

#[tokio::test(start_paused = true)]
async fn sn_03_a_middleware_that_fails_refuses_and_says_no_more_than_that() {
    let (server, mut lines) = server();
    server.middleware(async |Auth(auth): Auth<serde_json::Value>| {
        if auth["late"] == true {
            tokio::task::yield_now().await;
        }
        assert_ne!(auth["panic"], true, "a secret");
        Ok::<_, Refusal>(())
    });
    let lacking = server.of("/lacking");
    lacking.middleware(async |_: State<u64>| Ok::<_, Refusal>(()));
    for namespace in [server.of("/"), lacking] {
        namespace.on_connection(async |State(log): State<Log>| log.add("connected"));
    }
    let mut client = server.websocket().await;
    for connect in [
        r#"40{"panic":true}"#,
        r#"40{"panic":true,"late":true}"#,
        "40/lacking,",
    ] {
        client.send(connect).await;
        let refused = client.text().await;
        assert!(refused.ends_with(r#"{"message":"Internal server error"}"#));
        let told = lines.next().await;
        assert!(told.starts_with("error of connect: "), "{told}");
    }
    client.join("/").await;
    assert_eq!(lines.next().await, "connected");
    assert_eq!((server.socket_count(), server.rooms().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_against_the_rules_is_closed_and_the_application_is_told_for_what() {
    let (server, mut lines) = server();
    server.on_disconnect(async |State(log): State<Log>, reason: Reason| {
        log.add(match reason.refused() {
            Some(error) => format!("{reason}: {error}"),
            None => reason.to_string(),
        });
    });
    for (packet, told) in [
        ("42[]", "forced close: invalid payload"),
        ("47", "forced close: unknown packet type '7'"),
        ("4511-[\"b\"]", "forced close: over the limit: attachments"),
        (r#"42["disconnect"]"#, "forced close: invalid payload"),
        (
            r#"451-["half",{"_placeholder":true,"num":0}]"#,
            "forced close: attachments did not arrive in time",
        ),
        // A packet, but one too many.
        ("40", "forced close"),
        ("41", "client namespace disconnect"),
    ] {
        let mut client = server.client().await;
        client.send(packet).await;
        assert_eq!(lines.next().await, told);
    }
}

#[tokio::test(start_paused = true)]
async fn the_sources_of_a_reason_say_what_its_text_leaves_open() {
    let (server, mut lines) = server_with(SocketIo::builder().max_payload(100));
    server.on_disconnect(async |State(log): State<Log>, reason: Reason| {
        let mut text = reason.to_string();
        let mut source = std::error::Error::source(reason.get());
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        log.add(text);
    });
    for (frame, told) in [
        (
            "4".repeat(101),
            "transport error: 101 bytes are over the limit of 100",
        ),
        ("4".to_owned() + "\u{0}", "forced close"),
        ("9".to_owned(), "parse error: unknown packet type"),
    ] {
        server.client().await.send(&frame).await;
        let line = lines.next().await;
        assert!(line.starts_with(told), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn ad_03_a_hook_that_panics_ends_its_request_only() {
    const POLLING: &str = "/socket.io/?EIO=4&transport=polling";
    fn panics_on(parts: &http::request::Parts) {
        assert!(
            parts
                .uri
                .query()
                .is_none_or(|query| !query.contains("panic"))
        );
    }
    let builder = SocketIo::builder()
        .allow_request(|request| async move {
            assert!(!request.query().contains_key("never"));
            Ok::<_, Forbidden>(())
        })
        .on_headers(|_, parts, _| panics_on(parts))
        .on_connection_error(|_, parts| panics_on(parts));
    let (server, _) = server_with(builder);
    server.on("echo", async |ack: socketio_server::Ack, text: String| {
        ack.send(text)
    });
    server.on_new_namespace(|namespace| assert_ne!(namespace.name(), "/panic"));
    let _ = server.of_matching(|name, _| name == "/panic" || name == "/fine");
    for query in ["&never=1", "&panic=1", "&sid=unknown&panic=1"] {
        let mut http = server.http().await;
        http.begin_get(&format!("{POLLING}{query}")).await;
        assert!(http.try_response().await.is_none(), "{query}: it hangs up");
        still_serves(&server).await;
    }
    let mut client = server.client().await;
    client.send("40/panic,").await;
    assert!(client.text().await.starts_with("44/panic,"));
    client.join("/fine").await;
}
