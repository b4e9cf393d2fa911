//! What clients of revision 4 say and hear differently, translated from and to revision 5.

use crate::parser::Limits;
use crate::server::Config;
use crate::{Body, DecodeError, Format, Packet, Payload, Value};
use alloc::collections::BTreeMap;
use engineio_proto::http::query_pairs;

/// The limits of a decoder, to which the query is a part of the namespace.
pub(super) fn limits(config: &Config) -> Limits {
    let name = config.limits.max_namespace;
    let with_query = name.saturating_add(1).saturating_add(config.max_query);
    config.limits.max_namespace(with_query)
}

/// The packet with its namespace freed of the query. That of a CONNECT becomes its credentials;
/// an object, which only clients of revision 5 send, has no meaning.
pub(super) fn received(
    packet: Packet,
    config: &Config,
    format: Format,
) -> Result<Packet, DecodeError> {
    let Packet { namespace, body } = packet;
    let (name, query) = namespace.split_query();
    let query = query.unwrap_or_default();
    if name.as_str().len() > config.limits.max_namespace {
        return Err(DecodeError::Limit { what: "namespace" });
    }
    if query.len() > config.max_query {
        return Err(DecodeError::Limit { what: "query" });
    }
    let body = match body {
        Body::Connect(_) => Body::Connect(credentials(query, format)),
        body => body,
    };
    Ok(Packet {
        namespace: name,
        body,
    })
}

/// An object of strings. A map, since a peer may send many names, and the last of each counts.
fn credentials(query: &str, format: Format) -> Option<Payload> {
    let pairs: BTreeMap<_, _> = query_pairs(query).collect();
    if pairs.is_empty() {
        return None;
    }
    Payload::value(format, &pairs).ok()
}

/// Of an object with `message` and perhaps `data`, the one part that is sent bare.
pub(super) fn refusal(error: Payload) -> Payload {
    let Ok(Value::Object(members)) = error.decode::<Value>() else {
        return error;
    };
    let data = members.get("data").filter(|data| is_truthy(data));
    match data.or_else(|| members.get("message")) {
        // Its digits would read as the id of the packet.
        None | Some(Value::Number(_)) => error,
        Some(part) => Payload::value(error.format(), part).unwrap_or(error),
    }
}

/// What JavaScript takes for true.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Binary(_) | Value::Array(_) | Value::Object(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Namespace, Text};
    use alloc::string::String;
    use serde_json::{Value as Json, json};

    fn refused(error: Json) -> Json {
        let error = refusal(Payload::value(Format::Json, &error).unwrap());
        error.decode().unwrap()
    }

    #[test]
    fn data_replace_the_message_if_javascript_takes_them_for_true() {
        let with = |data: Json| refused(json!({ "message": "no", "data": data }));
        assert_eq!(refused(json!({ "message": "no" })), "no");
        for data in [json!(null), json!(false), json!(0), json!("")] {
            assert_eq!(with(data), "no");
        }
        for data in [json!({ "a": 1 }), json!([]), json!(true), json!("0")] {
            assert_eq!(with(data.clone()), data);
        }
    }

    #[test]
    fn what_cannot_stand_alone_is_sent_whole() {
        let numbers = json!({ "message": "no", "data": 401 });
        for whole in [numbers, json!({ "code": 1 }), json!({}), json!("text")] {
            assert_eq!(refused(whole.clone()), whole);
        }
    }

    fn connect(name: &str, config: &Config) -> Result<(String, Option<Json>), DecodeError> {
        let data = Payload::value(Format::Json, &json!({ "ignored": 1 })).unwrap();
        let packet = Packet {
            namespace: Namespace::new(Text::new(name)).unwrap(),
            body: Body::Connect(Some(data)),
        };
        let Packet { namespace, body } = received(packet, config, Format::Json)?;
        let Body::Connect(auth) = body else { panic!() };
        let auth = auth.map(|auth| auth.decode().unwrap());
        Ok((namespace.as_str().into(), auth))
    }

    #[test]
    fn a_query_becomes_credentials() {
        let config = Config::default();
        let auth = |name| connect(name, &config).unwrap();
        assert_eq!(auth("/a"), ("/a".into(), None));
        assert_eq!(auth("/a?"), ("/a".into(), None));
        assert_eq!(auth("/?a"), ("/".into(), Some(json!({ "a": "" }))));
        let expected = json!({ "token": "x y", "n": "2", "q": "a?b=c" });
        assert_eq!(
            auth("/a?token=x%20y&n=1&q=a?b=c&n=2"),
            ("/a".into(), Some(expected))
        );
    }

    #[test]
    fn name_and_query_have_limits_of_their_own() {
        let config = Config::default()
            .limits(Limits::default().max_namespace(4))
            .max_query(3);
        assert_eq!(limits(&config).max_namespace, 8);
        assert!(connect("/abc?a=b", &config).is_ok());
        let over = |what| Err(DecodeError::Limit { what });
        assert_eq!(connect("/abcd?a", &config), over("namespace"));
        assert_eq!(connect("/a?a=bc", &config), over("query"));
    }
}
