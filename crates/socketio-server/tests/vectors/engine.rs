//! A raw Engine.IO server with the options of a case, whose application writes down what it hears.

use super::support::{Http, Lines, Log, http_to};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};
use socketio_server::engine::{
    CloseReason, Engine, EngineBuilder, Forbidden, Handler, Message, Socket, Transport,
};
use std::time::Duration;

/// The server of a case.
pub(crate) struct Server {
    pub(crate) engine: Engine,
    /// Messages in the notation of the files, and `closed: ` with the reason.
    pub(crate) heard: Lines,
    /// Code and message of each refusal.
    pub(crate) refused: Lines,
}

struct Application(Log);

impl Handler for Application {
    fn message(&self, _: &Socket, message: Message) {
        let noted = match message {
            // A message without data is one with empty text here.
            Message::Text(text) if text.is_empty() => Json::Null,
            Message::Text(text) => json!(text.as_str()),
            Message::Binary(bytes) => json!({ "$bin": BASE64_STANDARD.encode(bytes) }),
        };
        self.0.add(noted.to_string());
    }

    fn close(&self, _: &Socket, reason: &CloseReason) {
        self.0.add(format!("closed: {reason}"));
    }
}

impl Server {
    pub(crate) fn new(case: &Json) -> Self {
        let (log, heard) = Log::new();
        let (refusals, refused) = Log::new();
        let mut builder =
            Engine::builder(Application(log)).on_connection_error(move |reject, _| {
                refusals.add(format!("{} {reject}", reject.code()))
            });
        for (name, value) in case["server_options"].as_object().unwrap() {
            let words = case["connection_error"]["context"]["message"].as_str();
            builder = with_option(builder, name, value, words);
        }
        Self {
            engine: builder.build(),
            heard,
            refused,
        }
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Http {
        http_to(&self.engine)
    }
}

fn with_option(
    builder: EngineBuilder,
    name: &str,
    value: &Json,
    words: Option<&str>,
) -> EngineBuilder {
    let millis = || Duration::from_millis(value.as_u64().unwrap());
    match name {
        "allowEIO3" => builder.allow_eio3(value.as_bool().unwrap()),
        "allowUpgrades" => builder.allow_upgrades(value.as_bool().unwrap()),
        "pingInterval" => builder.ping_interval(millis()),
        "pingTimeout" => builder.ping_timeout(millis()),
        "maxHttpBufferSize" => builder.max_payload(value.as_u64().unwrap() as usize),
        "initialPacket" => builder.initial_packet(value.as_str().unwrap()),
        "transports" => {
            let names = value.as_array().unwrap().iter();
            builder
                .transports(names.map(|name| Transport::from_name(name.as_str().unwrap()).unwrap()))
        }
        // A function that says no, with these words or without any.
        "allowRequest" => {
            let no = words.map_or_else(Forbidden::new, Forbidden::because);
            builder.allow_request(move |_| std::future::ready(Err(no.clone())))
        }
        other => panic!("{other}"),
    }
}
