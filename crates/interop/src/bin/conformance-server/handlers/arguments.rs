//! The arguments of events, as a program in JavaScript would take them: what is missing, or is of
//! another kind, counts as nothing, and a number may stand for its text.

use super::to_json;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use socketio_server::Value;
use std::time::Duration;

/// An object with members of all kinds; whatever else comes is one without members.
pub(super) struct Options<T>(pub(super) T);

impl<'de, T: Default + DeserializeOwned> Deserialize<'de> for Options<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = to_json(&Value::deserialize(deserializer)?);
        Ok(Self(serde_json::from_value(value).unwrap_or_default()))
    }
}

/// A room, or a list of rooms.
#[derive(Default)]
pub(super) struct Rooms(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Rooms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Array(rooms) => rooms.iter().filter_map(text).collect(),
            one => text(&one).into_iter().collect(),
        }))
    }
}

/// A count, a size or a time; what is none is 0.
#[derive(Clone, Copy, Default)]
pub(super) struct Number(f64);

impl Number {
    /// Without its fraction; 0 if it is negative.
    pub(super) fn count(self) -> u64 {
        self.0 as u64
    }

    pub(super) fn size(self) -> usize {
        self.0 as usize
    }

    /// As a time in milliseconds.
    pub(super) fn millis(self) -> Duration {
        Duration::try_from_secs_f64(self.0 / 1000.0).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match Value::deserialize(deserializer)? {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        Ok(Self(number.unwrap_or_default()))
    }
}

/// Whether something is said.
#[derive(Clone, Copy, Default)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self(is_truthy(&to_json(&value))))
    }
}

/// As JavaScript sees it.
pub(crate) fn is_truthy(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Number(number) => number.as_f64() != Some(0.0),
        Json::String(text) => !text.is_empty(),
        Json::Array(_) | Json::Object(_) => true,
    }
}

/// The name that a value makes, if it makes one.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Binary(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
