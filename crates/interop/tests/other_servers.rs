//! Our client at servers of other makes: Socket.IO 2, which is revision 3 of Engine.IO, and
//! python-socketio. Both answer the same events: `js/server-2.mjs`, `py/server.py`.
//!
//! Where such a server can't be had the tests are skipped, unless `REQUIRE_PEERS=1`.

mod support;

use bytes::Bytes;
use socketio_client::{
    Ack, Client, ClientBuilder, ConnectError, DisconnectReason, EmitError, Events, Incoming,
    Socket, SocketEvent, Transport, Value, Values, Version,
};
use std::future::Future;
use std::time::Duration;
use support::{Server, node, python, skip};

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Make {
    Version2,
    Python,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Polling,
    WebSocket,
    Upgrade,
}

struct Peer {
    server: Server,
    make: Make,
    way: Way,
}

impl Peer {
    fn start(make: Make, way: Way) -> Result<Self, String> {
        let server = match make {
            Make::Version2 => {
                node()?;
                Server::version_2()
            }
            Make::Python => {
                python()?;
                Server::python()
            }
        };
        Ok(Self { server, make, way })
    }

    fn client(&self, namespace: &str) -> ClientBuilder {
        let version = match self.make {
            Make::Version2 => Version::V3,
            Make::Python => Version::V4,
        };
        let transports = match self.way {
            Way::Polling => vec![Transport::Polling],
            Way::WebSocket => vec![Transport::WebSocket],
            Way::Upgrade => vec![Transport::Polling, Transport::WebSocket],
        };
        let url = self.server.url() + namespace;
        let client = Client::builder(&url).reconnection_delay(Duration::from_millis(50));
        client.protocol(version).transports(transports)
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(PATIENCE, future).await;
    result.expect("it happens soon")
}

/// The next event of the server; what else happens is passed over.
async fn next(events: &mut Events) -> Incoming {
    soon(async {
        loop {
            if let SocketEvent::Message(message) = events.next().await {
                return message;
            }
        }
    })
    .await
}

/// The next event must be this one.
async fn expect(events: &mut Events, name: &str, values: &[Value]) {
    let message = next(events).await;
    assert_eq!(message.event(), name);
    assert_eq!(message.values().expect("they can be read").0, values);
}

async fn echo(socket: &Socket, values: Vec<Value>) {
    let answer = soon(socket.emit_with_ack_raw("echo", Values(values.clone()))).await;
    let answer = answer.expect("there is an answer").values();
    assert_eq!(answer.expect("it can be read"), values);
}

fn values() -> Vec<Value> {
    let binary = |bytes: &'static [u8]| Value::from(Bytes::from_static(bytes));
    vec![
        "text 😀 \u{1e}".into(),
        Value::Null,
        1.5.into(),
        binary(&[0, 255, 4]),
        vec![Value::from(true), binary(&[])].into(),
        Value::Object([("é".to_owned(), binary(b"x"))].into_iter().collect()),
    ]
}

async fn events_and_acks(peer: Peer) {
    let ask_back = async |Values(mut values): Values, ack: Ack| -> Result<(), EmitError> {
        values.push("answer".into());
        ack.send(Values(values))
    };
    let socket = peer.client("").on("question", ask_back).build();
    let socket = socket.expect("the options are right");
    let mut events = socket.events();
    soon(socket.connect()).await.expect("it connects");
    for value in values() {
        echo(&socket, vec![value]).await;
    }
    echo(&socket, values()).await;
    if peer.way == Way::Upgrade {
        soon(async {
            while socket.transport() != Some(Transport::WebSocket) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
    for number in 0..10_u32 {
        socket
            .emit("say", Values(vec![number.into(), values().remove(3)]))
            .expect("there is room");
    }
    for number in 0..10_u32 {
        expect(&mut events, "said", &[number.into(), values().remove(3)]).await;
    }
    socket.emit("ask", "why").expect("there is room");
    expect(&mut events, "question", &["why".into()]).await;
    expect(&mut events, "answered", &["why".into(), "answer".into()]).await;
    soon(socket.disconnect()).await;
}

async fn namespaces(peer: Peer) {
    let socket = soon(peer.client("").connect()).await.expect("it connects");
    let client = socket.client();
    let greeting = match peer.make {
        // Credentials of this version are a query behind the name.
        Make::Version2 => client.socket("/greeting?token=a%20b"),
        Make::Python => client.socket("/greeting"),
    };
    let greeting = greeting.expect("it is a name");
    if peer.make == Make::Python {
        let auth = Value::Object([("token".to_owned(), "a b".into())].into_iter().collect());
        greeting.set_auth(auth).expect("it can be written");
    }
    let mut events = greeting.events();
    soon(greeting.connect()).await.expect("it connects");
    expect(&mut events, "welcome", &["a b".into()]).await;
    echo(&greeting, vec![1.into()]).await;
    let closed = client.socket("/closed").expect("it is a name");
    let refusal = soon(closed.connect()).await.expect_err("it is refused");
    let ConnectError::Refused { message, .. } = &refusal else {
        panic!("{refusal:?} is no refusal");
    };
    assert!(message.contains("not welcome"), "{message}");
    let unknown = client.socket("/unknown").expect("it is a name");
    let refusal = soon(unknown.connect()).await.expect_err("there is none");
    assert!(
        matches!(refusal, ConnectError::Refused { .. }),
        "{refusal:?}"
    );
    soon(greeting.disconnect()).await;
    echo(&socket, vec![2.into()]).await;
    soon(socket.disconnect()).await;
}

async fn ends(peer: Peer) {
    let socket = soon(peer.client("").connect()).await.expect("it connects");
    let mut events = socket.events();
    let first = socket.id();
    // The connection is made again by itself.
    socket.client().close_engine();
    let mut seen = Vec::new();
    soon(async {
        while seen.last() != Some(&"connected") {
            match events.next().await {
                SocketEvent::Disconnected(_) => seen.push("disconnected"),
                SocketEvent::Connected { .. } => seen.push("connected"),
                _ => {}
            }
        }
    })
    .await;
    assert_eq!(seen, ["disconnected", "connected"]);
    assert_ne!(socket.id(), first);
    socket.emit("leave", ()).expect("there is room");
    let reason = soon(async {
        loop {
            if let SocketEvent::Disconnected(reason) = events.next().await {
                return reason;
            }
        }
    })
    .await;
    assert_eq!(reason, DisconnectReason::ServerDisconnect);
    assert!(!socket.is_active());
    soon(socket.connect()).await.expect("it connects again");
    echo(&socket, vec![3.into()]).await;
    soon(socket.disconnect()).await;
}

/// The stories, with each server over each way.
macro_rules! tests {
    ($($module:ident $make:ident $way:ident)*) => {$(
        mod $module {
            use super::*;

            tests!(@stories $make $way, events_and_acks namespaces ends);
        }
    )*};
    (@stories $make:ident $way:ident, $($story:ident)*) => {$(
        #[tokio::test]
        async fn $story() {
            match Peer::start(Make::$make, Way::$way) {
                Ok(peer) => super::$story(peer).await,
                Err(why) => skip(&why),
            }
        }
    )*};
}

tests! {
    version_2_polling Version2 Polling
    version_2_websocket Version2 WebSocket
    version_2_upgrade Version2 Upgrade
    python_polling Python Polling
    python_websocket Python WebSocket
    python_upgrade Python Upgrade
}
