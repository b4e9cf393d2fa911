//! The options of a connection, by their names in the official client.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};
use socketio_client::{Client, ClientBuilder, MsgPack, SocketOptions, Transport};
use std::time::Duration;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Options {
    url: Option<String>,
    path: Option<String>,
    query: Option<Map<String, Json>>,
    #[serde(deserialize_with = "transports")]
    transports: Option<Vec<Transport>>,
    upgrade: Option<bool>,
    remember_upgrade: Option<bool>,
    try_all_transports: Option<bool>,
    extra_headers: Option<Map<String, Json>>,
    cookies: Option<bool>,
    #[serde(deserialize_with = "millis")]
    timeout: Option<Duration>,
    reconnection: Option<bool>,
    reconnection_attempts: Option<u32>,
    #[serde(deserialize_with = "millis")]
    reconnection_delay: Option<Duration>,
    #[serde(deserialize_with = "millis")]
    reconnection_delay_max: Option<Duration>,
    randomization_factor: Option<f64>,
    parser: Parser,
    // Those of one socket.
    auto_connect: Option<bool>,
    retries: Option<u32>,
    #[serde(deserialize_with = "millis")]
    ack_timeout: Option<Duration>,
    /// For browsers only.
    #[serde(rename = "closeOnBeforeunload")]
    _close_on_beforeunload: Json,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Parser {
    #[default]
    Json,
    MsgPack,
}

impl Options {
    /// A client of this server, unless the options name another.
    pub(crate) fn client(&self, url: &str) -> ClientBuilder {
        let client = Client::builder(self.url.as_deref().unwrap_or(url));
        let client = client.socket_options(self.socket());
        let client = set(client, self.path.as_deref(), ClientBuilder::path);
        let client = set(client, self.query.as_ref(), |client, query| {
            client.query(texts(query))
        });
        let client = set(client, self.transports.clone(), ClientBuilder::transports);
        let client = set(client, self.upgrade, ClientBuilder::upgrade);
        let client = set(
            client,
            self.remember_upgrade,
            ClientBuilder::remember_upgrade,
        );
        let client = set(
            client,
            self.try_all_transports,
            ClientBuilder::try_all_transports,
        );
        let client = set(client, self.extra_headers.as_ref(), |client, headers| {
            client.extra_headers(texts(headers))
        });
        let client = set(client, self.cookies, ClientBuilder::cookies);
        let client = set(client, self.timeout.map(Some), ClientBuilder::timeout);
        let client = set(client, self.reconnection, ClientBuilder::reconnection);
        let client = set(
            client,
            self.reconnection_attempts.map(Some),
            ClientBuilder::reconnection_attempts,
        );
        let client = set(
            client,
            self.reconnection_delay,
            ClientBuilder::reconnection_delay,
        );
        let client = set(
            client,
            self.reconnection_delay_max,
            ClientBuilder::reconnection_delay_max,
        );
        let client = set(
            client,
            self.randomization_factor,
            ClientBuilder::randomization_factor,
        );
        match self.parser {
            Parser::Json => client,
            Parser::MsgPack => client.parser(MsgPack),
        }
    }

    /// What one socket of a client has of its own.
    pub(crate) fn socket(&self) -> SocketOptions {
        SocketOptions::default()
            .retries(self.retries)
            .ack_timeout(self.ack_timeout)
    }

    pub(crate) fn connects_by_itself(&self) -> bool {
        self.auto_connect.unwrap_or(true)
    }
}

fn set<T>(
    client: ClientBuilder,
    value: Option<T>,
    setter: impl FnOnce(ClientBuilder, T) -> ClientBuilder,
) -> ClientBuilder {
    match value {
        Some(value) => setter(client, value),
        None => client,
    }
}

/// Numbers and truth values as their text.
fn texts(members: &Map<String, Json>) -> impl Iterator<Item = (&str, String)> {
    members.iter().map(|(name, value)| {
        let text = value.as_str().map(str::to_owned);
        (name.as_str(), text.unwrap_or_else(|| value.to_string()))
    })
}

fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Option::deserialize(deserializer).map(|value| value.map(Duration::from_millis))
}

fn transports<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Transport>>, D::Error> {
    let names: Option<Vec<String>> = Option::deserialize(deserializer)?;
    let transport = |name: String| match Transport::from_name(&name) {
        Some(transport @ (Transport::Polling | Transport::WebSocket)) => Ok(transport),
        _ => Err(D::Error::custom(format!("{name} is not supported"))),
    };
    names
        .map(|names| names.into_iter().map(transport).collect())
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(options: Json) -> Result<Options, serde_json::Error> {
        serde_json::from_value(options)
    }

    #[test]
    fn options_have_the_names_of_the_official_client() {
        let options = read(json!({
            "transports": ["websocket", "polling"],
            "reconnectionDelayMax": 100,
            "parser": "msgpack",
            "closeOnBeforeunload": true,
            "autoConnect": false,
        }))
        .expect("all of them are known");
        let transports = [Transport::WebSocket, Transport::Polling];
        assert_eq!(options.transports.as_deref(), Some(&transports[..]));
        let longest = options.reconnection_delay_max;
        assert_eq!(longest, Some(Duration::from_millis(100)));
        assert!(!options.connects_by_itself());
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        for options in [
            json!({ "transports": ["webtransport"] }),
            json!({ "parser": "cbor" }),
            json!({ "protocols": [] }),
        ] {
            assert!(read(options.clone()).is_err(), "{options}");
        }
    }
}
