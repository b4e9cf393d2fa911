//! What the client can be told to do.

use crate::options::Options;
use serde::Deserialize;
use serde_json::Value as Json;

/// One command.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Command {
    /// One that is about no socket, and may take its time.
    Flow(Flow),
    /// One for the socket of this label. It is done at once.
    For {
        s: String,
        #[serde(flatten)]
        action: Action,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub(crate) enum Flow {
    /// Waits until so many lines were printed that have these members.
    Wait {
        r#for: Json,
        #[serde(default = "once")]
        count: usize,
        /// In milliseconds.
        #[serde(default = "five_seconds")]
        timeout: u64,
    },
    Sleep {
        ms: u64,
    },
    Repeat {
        n: u64,
        commands: Vec<Command>,
    },
    /// Tells whoever runs the program to do something.
    Cue {
        name: String,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub(crate) enum Action {
    /// Makes the socket and connects it.
    Open {
        #[serde(default = "main_namespace")]
        nsp: String,
        auth: Option<Json>,
        /// The socket whose connection it shares.
        share: Option<String>,
        #[serde(default)]
        opts: Box<Options>,
    },
    Connect,
    Disconnect,
    Emit {
        event: String,
        #[serde(default)]
        args: Vec<Json>,
        #[serde(default)]
        volatile: bool,
    },
    /// Emits and asks for an acknowledgement, which is printed with the label.
    Call {
        label: String,
        event: String,
        #[serde(default)]
        args: Vec<Json>,
        /// In milliseconds.
        timeout: Option<u64>,
    },
    /// From now on acknowledges an event.
    Reply {
        event: String,
        args: Reply,
    },
    /// Runs commands at each connection of the socket.
    OnConnect {
        commands: Vec<Command>,
    },
    /// Other credentials from the next connection on.
    Auth {
        auth: Json,
    },
    CloseEngine,
    State,
}

/// What an event is acknowledged with.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    /// Its own arguments: the word `echo`.
    Echo(Echo),
    With(Vec<Json>),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Echo {
    Echo,
}

fn main_namespace() -> String {
    "/".to_owned()
}

fn once() -> usize {
    1
}

fn five_seconds() -> u64 {
    5000
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_command_of_the_scenarios_is_known() {
        let scenarios: std::collections::BTreeMap<String, Vec<Command>> =
            serde_json::from_str(crate::SCENARIOS).expect("all commands can be read");
        assert!(scenarios.len() > 50);
    }

    #[test]
    fn other_commands_are_not() {
        for command in [
            json!({ "do": "dance", "s": "a" }),
            json!({ "do": "connect" }),
            json!({ "do": "open", "s": "a", "opts": { "jsonp": true } }),
        ] {
            let read: Result<Command, _> = serde_json::from_value(command.clone());
            assert!(read.is_err(), "{command}");
        }
    }
}
