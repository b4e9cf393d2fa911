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
    delay: u64,
    volatile: bool,
    bytes: usize,
    binary: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Question {
    event: Option<String>,
    timeout: Option<u64>,
}

/// Numbers that a client has pushed since its last report, kept with its socket.
#[derive(Clone, Default)]
struct Pushed(Vec<f64>);

pub(super) fn register(namespace: &Namespace) {
    namespace.on("numbers", numbers);
    namespace.on(
        "push",
        async |socket: Socket, number: f64, ack: Ack| -> Done {
            let mut pushed = socket.extensions().remove::<Pushed>().unwrap_or_default();
            pushed.0.push(number);
            socket.extensions().insert(pushed);
            ack.send(js_number(number))
        },
    );
    namespace.on("pushReport", async |socket: Socket, ack: Ack| {
        let Pushed(numbers) = socket.extensions().remove().unwrap_or_default();
        ack.send(json!({
            "count": numbers.len(),
            "inOrder": numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0),
            "first": numbers.first().copied().map(js_number),
            "last": numbers.last().copied().map(js_number),
        }))
    });
    namespace.on("binGen", async |sizes: Vec<usize>, ack: Ack| {
        let values: Vec<Value> = sizes.into_iter().map(|size| pattern(size).into()).collect();
        ack.send((Value::Array(values),))
    });
    namespace.on("slowEcho", async |millis: u64, value: Value, ack: Ack| {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        ack.send((value,))
    });
    namespace.on("ackTwice", async |ack: Ack| -> Done {
        ack.clone().send(1)?;
        ack.send(2)
    });
    namespace.on(
        "serverAck",
        async |socket: Socket, question: Option<Question>, values: Values| -> Done {
            let Question { event, timeout } = question.unwrap_or_default();
            let event = event.as_deref().unwrap_or("question");
            match ask(&socket, event, values, timeout).await {
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
    for number in 0..wanted.count {
        if number > 0 && wanted.delay > 0 {
            tokio::time::sleep(Duration::from_millis(wanted.delay)).await;
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

/// Whole numbers without a fraction, as JavaScript writes them.
fn js_number(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        (number as i64).into()
    } else {
        number.into()
    }
}
