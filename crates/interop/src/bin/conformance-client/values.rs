//! Values as commands spell them, and as observations show them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde_json::{Map, Value as Json, json};
use socketio_client::Value;

/// Bytes of a binary value that is printed whole, and UTF-16 units of a string that is.
const WHOLE: usize = 1024;

/// What a command spells. `turn`: the number of the turn in a `repeat`.
pub(crate) fn sent(value: &Json, turn: Option<u64>) -> Value {
    match value {
        Json::String(text) if text == "$i" => match turn {
            Some(turn) => turn.into(),
            None => text.as_str().into(),
        },
        Json::Array(items) => Value::Array(items.iter().map(|item| sent(item, turn)).collect()),
        Json::Object(members) => short(members).unwrap_or_else(|| {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(name, member)| (name.clone(), sent(member, turn)))
                    .collect(),
            )
        }),
        scalar => scalar.clone().into(),
    }
}

/// The spelling of binary values and of what is too long to be written out.
fn short(members: &Map<String, Json>) -> Option<Value> {
    let length = |name: &str| usize::try_from(members.get(name)?.as_u64()?).ok();
    if let Some(text) = members.get("_bin").and_then(Json::as_str) {
        return Some(Bytes::from(BASE64.decode(text).ok()?).into());
    }
    if let Some(length) = length("_binfill") {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
        return Some(Bytes::from(bytes).into());
    }
    length("_fill").map(|length| "x".repeat(length).into())
}

/// What a value that came is printed as.
pub(crate) fn shown(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match integer(number.as_f64()) {
            Some(integer) if !number.is_i64() && !number.is_u64() => integer.into(),
            _ => Json::Number(number.clone()),
        },
        Value::String(text) => match text.encode_utf16().count() {
            units if units > WHOLE => json!({ "_len": units }),
            _ => text.as_str().into(),
        },
        Value::Binary(bytes) if bytes.len() > WHOLE => {
            let sum = bytes
                .iter()
                .fold(0_u32, |sum, byte| sum.wrapping_add((*byte).into()));
            json!({ "_binlen": bytes.len(), "_sum": sum })
        }
        Value::Binary(bytes) => json!({ "_bin": BASE64.encode(bytes) }),
        Value::Array(items) => items.iter().map(shown).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.to_owned(), shown(member)))
            .collect(),
    }
}

/// A float without a fraction, which is written without a point as JavaScript does.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it is checked to be in range"
)]
fn integer(number: Option<f64>) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    number
        .filter(|number| number.fract() == 0.0 && number.abs() <= EXACT)
        .map(|number| number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_short_spellings() {
        let command =
            json!([{ "_bin": "AQI=" }, { "_fill": 3 }, { "_binfill": 258 }, "$i", { "a": ["$i"] }]);
        let Value::Array(values) = sent(&command, Some(7)) else {
            panic!("a list is a list");
        };
        assert_eq!(values[0], Value::Binary(Bytes::from_static(&[1, 2])));
        assert_eq!(values[1], "xxx".into());
        let long = values[2].as_binary().expect("it is binary");
        assert_eq!((long.len(), long[255], long[257]), (258, 255, 1));
        assert_eq!(values[3], 7_u64.into());
        assert_eq!(shown(&values[4]), json!({ "a": [7] }));
    }

    #[test]
    fn outside_of_a_repeat_there_is_no_turn() {
        assert_eq!(sent(&json!("$i"), None), "$i".into());
    }

    #[test]
    fn long_values_are_measured() {
        let whole = Value::from("é".repeat(1024));
        assert_eq!(shown(&whole), json!("é".repeat(1024)));
        assert_eq!(shown(&"😀".repeat(513).into()), json!({ "_len": 1026 }));
        let binary = Value::Binary(Bytes::from(vec![255; 2000]));
        let expected = json!([{ "_binlen": 2000, "_sum": 510_000 }]);
        assert_eq!(shown(&Value::Array(vec![binary])), expected);
        let binary = Value::Binary(Bytes::from_static(b"\0\xff"));
        assert_eq!(shown(&binary), json!({ "_bin": "AP8=" }));
    }

    #[test]
    fn floats_without_a_fraction_look_like_integers() {
        assert_eq!(shown(&3.0.into()).to_string(), "3");
        assert_eq!(shown(&1.5.into()).to_string(), "1.5");
        assert_eq!(shown(&1e300.into()).to_string(), "1e+300");
    }
}
