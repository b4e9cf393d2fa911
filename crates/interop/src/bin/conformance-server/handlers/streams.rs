//! Events in numbers.

use super::{Done, ask};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use socketio_server::{Ack, Namespace, Socket, Value, Values};
use std::time::Duration;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Numbers {
    count: u64,
    delay: f64,
    volatile: bool,
    bytes: usize,
    binary: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Question {
    event: Option<String>,
    timeout: Option<f64>,
}

/// Numbers that a client has pushed since its last report, kept with its socket.
#[derive(Clone, Default)]
struct Pushed(Vec<Value>);

impl Pushed {
    /// Whether each is its predecessor and one.
    fn is_in_order(&self) -> bool {
        let follows = |pair: &[Value]| {
            let [before, after] = [&pair[0], &pair[1]].map(|value| value.as_f64());
            before
                .zip(after)
                .is_some_and(|(before, after)| after == before + 1.0)
        };
        self.0.windows(2).all(follows)
    }
}

pub(super) fn register(namespace: &Namespace) {
    namespace.on("numbers", numbers);
    namespace.on(
        "push",
        async |socket: Socket, number: Value, ack: Ack| -> Done {
            let mut pushed = socket.extensions().remove::<Pushed>().unwrap_or_default();
            pushed.0.push(number.clone());
            socket.extensions().insert(pushed);
            ack.send((number,))
        },
    );
    namespace.on("pushReport", async |socket: Socket, ack: Ack| {
        let pushed: Pushed = socket.extensions().remove().unwrap_or_default();
        ack.send(json!({
            "count": pushed.0.len(),
            "inOrder": pushed.is_in_order(),
            "first": pushed.0.first(),
            "last": pushed.0.last(),
        }))
    });
    namespace.on("binGen", async |sizes: Option<Vec<usize>>, ack: Ack| {
        let sizes = sizes.unwrap_or_default();
        let values: Vec<Value> = sizes.into_iter().map(|size| pattern(size).into()).collect();
        ack.send((Value::Array(values),))
    });
    namespace.on(
        "slowEcho",
        async |delay: Option<f64>, value: Value, ack: Ack| {
            tokio::time::sleep(millis(delay.unwrap_or_default())).await;
            ack.send((value,))
        },
    );
    namespace.on("ackTwice", async |ack: Ack| -> Done {
        ack.clone().send(1)?;
        ack.send(2)
    });
    namespace.on(
        "serverAck",
        async |socket: Socket, question: Option<Question>, values: Values| -> Done {
            let Question { event, timeout } = question.unwrap_or_default();
            let event = event.as_deref().unwrap_or("question");
            match ask(&socket, event, values, timeout.map(millis)).await {
                Some(Values(answer)) => {
                    socket.emit("serverAckResult", (Json::Null, Value::Array(answer)))
                }
                None => socket.emit("serverAckResult", ("timeout", json!([]))),
            }
        },
    );
}

async fn numbers(socket: Socket, wanted: Option<Numbers>) -> Done {
    let wanted = wanted.unwrap_or_default();
    let extra = match (wanted.bytes, wanted.binary) {
        (0, _) => None,
        (size, true) => Some(Value::from(pattern(size))),
        (size, false) => Some(Value::from("x".repeat(size))),
    };
    let delay = millis(wanted.delay);
    for number in 0..wanted.count {
        if number > 0 && !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let values = std::iter::once(Value::from(number))
            .chain(extra.clone())
            .collect();
        if wanted.volatile {
            socket.volatile().emit("n", Values(values))?;
        } else {
            socket.emit("n", Values(values))?;
        }
    }
    socket.emit("n-end", wanted.count)
}

/// Bytes of which byte k is k mod 256.
fn pattern(size: usize) -> Bytes {
    (0..size).map(|k| k as u8).collect()
}

/// A time as JavaScript gives it: fractions are possible, and what is none is no time at all.
pub(super) fn millis(number: f64) -> Duration {
    Duration::try_from_secs_f64(number / 1000.0).unwrap_or_default()
}
