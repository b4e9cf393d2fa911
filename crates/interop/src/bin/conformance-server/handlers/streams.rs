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

/// What a client has pushed since its last report, kept with its socket. It may push for ever, so
/// what is between the first and the last is not kept.
#[derive(Clone, Default)]
struct Pushed {
    count: u64,
    ends: Option<(Value, Value)>,
    is_out_of_order: bool,
}

impl Pushed {
    fn push(&mut self, number: &Value) {
        self.count += 1;
        match &mut self.ends {
            None => self.ends = Some((number.clone(), number.clone())),
            Some((_, last)) => {
                let step = last.as_f64().zip(number.as_f64());
                self.is_out_of_order |= !step.is_some_and(|(last, next)| next == last + 1.0);
                *last = number.clone();
            }
        }
    }
}

/// No larger values are made: they could not be sent.
const MAX_SIZE: usize = crate::MAX_BUFFERED;

/// Events that are emitted in one go; then others have their turn.
const STRETCH: u64 = 10_000;

pub(super) fn register(namespace: &Namespace) {
    namespace.on("numbers", numbers);
    namespace.on(
        "push",
        async |socket: Socket, number: Value, ack: Ack| -> Done {
            let mut pushed = socket.extensions().remove::<Pushed>().unwrap_or_default();
            pushed.push(&number);
            socket.extensions().insert(pushed);
            ack.send((number,))
        },
    );
    namespace.on("pushReport", async |socket: Socket, ack: Ack| {
        let pushed: Pushed = socket.extensions().remove().unwrap_or_default();
        let (first, last) = pushed.ends.unzip();
        ack.send(json!({
            "count": pushed.count,
            "inOrder": !pushed.is_out_of_order,
            "first": first,
            "last": last,
        }))
    });
    namespace.on("binGen", async |sizes: Option<Vec<usize>>, ack: Ack| {
        let sizes = sizes.unwrap_or_default();
        let total = sizes.iter().copied().fold(0, usize::saturating_add);
        if total > MAX_SIZE {
            return Ok(());
        }
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
        (size, _) if size > MAX_SIZE => return Ok(()),
        (size, true) => Some(Value::from(pattern(size))),
        (size, false) => Some(Value::from("x".repeat(size))),
    };
    let delay = millis(wanted.delay);
    for number in 0..wanted.count {
        if number > 0 && !delay.is_zero() {
            tokio::time::sleep(delay).await;
        } else if number % STRETCH == STRETCH - 1 {
            tokio::task::yield_now().await;
        }
        if !socket.is_connected() {
            return Ok(());
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
