use bytes::Bytes;
use socketio_proto::Value;

/// A string that begins so stands for binary data, so that JSON can spell all values.
const BINARY: &str = "bin:";

/// The value that a JSON text spells. `None` if no Rust type holds it.
#[must_use]
pub fn from_json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().map(with_binary)
}

fn with_binary(value: Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(BINARY) {
            Some(data) => Value::Binary(Bytes::copy_from_slice(data.as_bytes())),
            None => Value::String(text),
        },
        Value::Array(elements) => Value::Array(elements.into_iter().map(with_binary).collect()),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key, with_binary(value)))
                .collect(),
        ),
        other => other,
    }
}

/// Whether two values are the same to JavaScript, which has one kind of number: `1.0` is written
/// `1` and so read as an integer.
#[must_use]
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => same_values(x, y),
        (Value::Object(x), Value::Object(y)) => {
            let mut members = x.iter().zip(y);
            x.len() == y.len() && members.all(|((n, x), (m, y))| n == m && same(x, y))
        }
        _ => a == b,
    }
}

/// [`same`] for all values of a list.
#[must_use]
pub fn same_values(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}
