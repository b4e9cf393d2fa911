//! Events in numbers.

use super::arguments::{Flag, Number, Options, text};
use super::{Done, ask};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use socketio_server::{Ack, Namespace, Socket, Value, Values};

#[derive(Default, Deserialize)]
#[serde(default)]
struct Numbers {
    count: Number,
    delay: Number,
    volatile: Flag,
    bytes: Number,
    binary: Flag,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Question {
    event: Json,
    timeout: Option<Number>,
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
    namespace.on("binGen", async |sizes: Value, ack: Ack| {
        let sizes = sizes.as_array().unwrap_or_default().iter();
        let sizes: Vec<usize> = sizes
            .map(|size| size.as_f64().unwrap_or_default() as usize)
            .collect();
        let total = sizes.iter().copied().fold(0, usize::saturating_add);
        if total > MAX_SIZE {
            return Ok(());
        }
        let values: Vec<Value> = sizes.into_iter().map(|size| pattern(size).into()).collect();
        ack.send((Value::Array(values),))
    });
    namespace.on("slowEcho", async |delay: Number, value: Value, ack: Ack| {
        tokio::time::sleep(delay.millis()).await;
        ack.send((value,))
    });
    namespace.on("ackTwice", async |ack: Ack| -> Done {
        ack.clone().send(1)?;
        ack.send(2)
    });
    namespace.on(
        "serverAck",
        async |socket: Socket, Options(question): Options<Question>, values: Values| -> Done {
            let event = text(&question.event.into()).unwrap_or_else(|| "question".to_owned());
            let timeout = question.timeout.map(Number::millis);
            match ask(&socket, &event, values, timeout).await {
                Some(Values(answer)) => {
                    socket.emit("serverAckResult", (Json::Null, Value::Array(answer)))
                }
                None => socket.emit("serverAckResult", ("timeout", json!([]))),
            }
        },
    );
}

async fn numbers(socket: Socket, Options(wanted): Options<Numbers>) -> Done {
    let extra = match (wanted.bytes.size(), wanted.binary.0) {
        (0, _) => None,
        (size, _) if size > MAX_SIZE => return Ok(()),
        (size, true) => Some(Value::from(pattern(size))),
        (size, false) => Some(Value::from("x".repeat(size))),
    };
    let (count, delay) = (wanted.count.count(), wanted.delay.millis());
    for number in 0..count {
        if number > 0 && !delay.is_zero() {
            tokio::time::sleep(delay).await;
        } else if number % STRETCH == STRETCH - 1 {
            tokio::task::yield_now().await;
        }
        let values = Values(
            std::iter::once(Value::from(number))
                .chain(extra.clone())
                .collect(),
        );
        if !wanted.volatile.0 {
            // Fails once its client does not come back.
            socket.emit_paced("n", values).await?;
        } else if socket.is_connected() {
            socket.volatile().emit("n", values)?;
        } else {
            break;
        }
    }
    socket.emit_paced("n-end", count).await
}

/// Bytes of which byte k is k mod 256.
fn pattern(size: usize) -> Bytes {
    let whole: Vec<u8> = (0..=u8::MAX).collect();
    let mut bytes = whole.repeat(size.div_ceil(whole.len()));
    bytes.truncate(size);
    bytes.into()
}
