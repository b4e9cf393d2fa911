//! Engine.IO alone, with an application that is no Socket.IO.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use socketio_server::engine::{
    CloseReason, Engine, EngineBuilder, Handler, Limits, Message, SendError, Socket, Transport,
    Version,
};
use std::sync::{Arc, Mutex};
use support::{Frame, Http, Lines, Log, WebSocket, http_to};

const POLLING: &str = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/engine.io/?EIO=4&transport=websocket";

/// Sends back what comes, writes down the rest, and hands its sockets to the test.
#[derive(Clone)]
struct Application {
    log: Log,
    sockets: Arc<Mutex<Vec<Socket>>>,
}

impl Handler for Application {
    fn open(&self, socket: &Socket) {
        let request = socket.request();
        self.log
            .add(format!("open {:?}", request.query().get("key")));
        self.sockets.lock().unwrap().push(socket.clone());
    }

    fn message(&self, socket: &Socket, message: Message) {
        if let Message::Text(text) = &message {
            assert_ne!(text.as_str(), "panic");
        }
        socket.send(message).unwrap();
    }

    fn upgraded(&self, socket: &Socket) {
        self.log
            .add(format!("upgraded to {}", socket.transport().name()));
    }

    fn drain(&self, _: &Socket) {
        self.log.add("drain");
    }

    fn close(&self, _: &Socket, reason: &CloseReason) {
        self.log.add(format!("close: {reason}"));
    }
}

struct World {
    engine: Engine,
    application: Application,
    lines: Lines,
}

impl World {
    fn new(options: impl FnOnce(EngineBuilder) -> EngineBuilder) -> Self {
        let (log, lines) = Log::new();
        let application = Application {
            log,
            sockets: Arc::default(),
        };
        let engine = options(Engine::builder(application.clone())).build();
        Self {
            engine,
            application,
            lines,
        }
    }

    fn connect(&self) -> Http {
        http_to(&self.engine)
    }

    fn socket(&self) -> Socket {
        self.application.sockets.lock().unwrap().pop().unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_raw_client_talks_moves_and_is_closed() {
    let mut world = World::new(|builder| builder.initial_packet("welcome"));
    let mut http = world.connect();
    let open = http.get(&format!("{POLLING}&key=1")).await.body;
    assert!(open.ends_with("\u{1e}4welcome"), "{open}");
    assert_eq!(world.lines.next().await, r#"open Some("1")"#);
    let socket = world.socket();
    assert_eq!(open.split('"').nth(3), Some(socket.id()));
    assert_eq!(
        (socket.transport(), socket.protocol()),
        (Transport::Polling, Version::V4)
    );
    let target = format!("{POLLING}&sid={}", socket.id());
    assert_eq!(http.post(&target, "4hello\u{1e}bAQI=").await.body, "ok");
    assert_eq!(http.get(&target).await.body, "4hello\u{1e}bAQI=");

    let target = format!("{WEBSOCKET}&sid={}", socket.id());
    let mut client = WebSocket(world.connect().upgrade(&target).await);
    client.send("2probe").await;
    assert_eq!(client.text().await, "3probe");
    // Another that comes meanwhile, or later, is let in and sent away, and does no harm.
    for _ in 0..2 {
        let mut second = WebSocket(world.connect().upgrade(&target).await);
        assert_eq!(second.next().await, Frame::Close(None));
        client.send("5").await;
    }
    assert_eq!(world.lines.next().await, "upgraded to websocket");
    client.send("4\u{e9}").await;
    assert_eq!(client.text().await, "4\u{e9}");
    // A panic of the application ends with its call.
    client.send("4panic").await;
    client.send("4still there").await;
    assert_eq!(client.text().await, "4still there");
    // Behind what waits.
    socket.send(Message::Text("bye".into())).unwrap();
    socket.close();
    assert_eq!(client.text().await, "4bye");
    assert_eq!(client.closed().await, None);
    assert_eq!(world.lines.next().await, "close: forced close");
    assert_eq!(
        socket.send(Message::Text("x".into())),
        Err(SendError::Closed)
    );
    assert_eq!(world.engine.client_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_raw_client_that_does_not_read_is_full_until_it_does() {
    let mut world = World::new(|builder| builder.limits(Limits::default().max_buffered(100)));
    let mut http = world.connect();
    http.get(POLLING).await;
    let socket = world.socket();
    world.lines.next().await;
    let long = || Message::Text("x".repeat(60).into());
    socket.send(long()).unwrap();
    assert_eq!(socket.send(long()), Err(SendError::Full));
    assert!(world.lines.rest().is_empty());
    http.get(&format!("{POLLING}&sid={}", socket.id())).await;
    assert_eq!(world.lines.next().await, "drain");
    socket.send(long()).unwrap();

    world.engine.shutdown().await;
    assert_eq!(world.lines.next().await, "close: server shutting down");
    assert_eq!(http.get(POLLING).await.status, 503);
}
