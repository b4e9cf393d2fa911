//! What a client printed, without what may differ from run to run.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What a scenario leaves to chance.
#[derive(Clone, Debug)]
pub(crate) struct Chances {
    /// The server adds an offset to each event; whether a client shows it is left open.
    offsets: bool,
    /// Nobody waits for the upgrade, so the scenario may be over before.
    upgrades: bool,
    /// The server is killed. What the client has under way then decides whether it sees an end or
    /// an error.
    ends: bool,
    /// The server is away for a while: how often a client tries meanwhile is a matter of time.
    attempts: bool,
    /// Several clients answer one question, in any order.
    responses: bool,
    /// What a scenario waits for that then is over: an event that is under way may be seen or not.
    last_waits: Vec<Wait>,
}

#[derive(Clone, Debug)]
struct Wait {
    wanted: Value,
    count: usize,
}

impl Chances {
    /// Those of a scenario. `offsets`: whether the server recovers sessions.
    pub(crate) fn new(commands: &[Value], offsets: bool) -> Self {
        let text = Value::from(commands).to_string();
        let cues = text.contains(r#""do":"cue""#);
        let waits = commands.iter().filter(|command| command["do"] == "wait");
        let waits = waits.map(|command| Wait {
            wanted: command["for"].clone(),
            count: command["count"]
                .as_u64()
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(1),
        });
        let ends_waiting = commands.last().is_some_and(|last| last["do"] == "wait");
        Self {
            offsets,
            upgrades: !text.contains(r#"{"t":"upgrade"}"#),
            ends: cues,
            attempts: cues && !text.contains("reconnectionAttempts"),
            responses: text.contains("broadcastWithAck"),
            last_waits: waits.filter(|_| ends_waiting).collect(),
        }
    }

    /// How many of the lines are no matter of time, if events are.
    fn sure(&self, lines: &[Value]) -> usize {
        let ends = self.last_waits.iter().map(|wait| {
            let matching = lines.iter().enumerate().filter(|(_, line)| {
                let wanted = wait.wanted.as_object().into_iter().flatten();
                wanted.into_iter().all(|(name, value)| line[name] == *value)
            });
            matching.map(|(index, _)| index).nth(wait.count - 1)
        });
        let end = ends.max().unwrap_or_default();
        end.map_or(lines.len(), |index| index + 1)
    }
}

/// The lines of a scenario, by socket and kind, in order within each: how the lines of several sockets, or answers and
/// events, fall between each other is a matter of time.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Observations(BTreeMap<(String, &'static str), Vec<String>>);

impl Observations {
    pub(crate) fn new(lines: Vec<Value>, chances: &Chances) -> Self {
        let sure = chances.sure(&lines);
        let mut names = Names::default();
        let mut observations = Self::default();
        for (index, mut line) in lines.into_iter().enumerate() {
            let Some(kind) = kind(&line, chances) else {
                continue;
            };
            if line["t"] == "event" && index >= sure {
                continue;
            }
            let socket = line["s"].as_str().unwrap_or_default().to_owned();
            names.learn(&line, &socket);
            let label = line["label"].as_str().map(|label| format!(" {label}"));
            line.as_object_mut().map(|line| line.remove("s"));
            leave_to_chance(&mut line, chances);
            names.apply(&mut line);
            let lines = observations
                .0
                .entry((socket + &label.unwrap_or_default(), kind))
                .or_default();
            let line_text = line.to_string();
            if !(chances.attempts && is_attempt(&line) && lines.contains(&line_text)) {
                lines.push(line_text);
            }
        }
        // The server asks in tasks of their own.
        for ((_, kind), lines) in &mut observations.0 {
            if *kind == RESULTS {
                lines.sort();
            }
        }
        observations
    }
}

impl fmt::Display for Observations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((socket, kind), lines) in &self.0 {
            writeln!(f, "  {kind} of {socket:?}")?;
            for line in lines {
                writeln!(f, "    {line:.400}")?;
            }
        }
        Ok(())
    }
}

/// The kind of events that tell how a question of the server was answered.
const RESULTS: &str = "results";

/// The sequence that a line is part of.
fn kind(line: &Value, chances: &Chances) -> Option<&'static str> {
    Some(match line["t"].as_str()? {
        "event" if line["name"] == "serverAckResult" => RESULTS,
        "event" => "events",
        "ack" => "acks",
        "state" => "states",
        "error" => "errors",
        "upgrade" if chances.upgrades => return None,
        "upgrade" => "upgrades",
        "cue" => return None,
        // Connecting, disconnecting, reconnecting, the end.
        _ => "life",
    })
}

fn leave_to_chance(line: &mut Value, chances: &Chances) {
    match line["t"].as_str() {
        // An upgrade may be under way. Whether there is a transport at all is no matter of time.
        Some("connect") => drop(line["transport"].take()),
        Some("state") if line["transport"].is_string() => line["transport"] = Value::Bool(true),
        Some("event") if chances.offsets => {
            line["args"].as_array_mut().and_then(Vec::pop);
        }
        Some("disconnect") if chances.ends && line["reason"] == "transport error" => {
            line["reason"] = "transport close".into();
        }
        Some("ack") if chances.responses => {
            if let Some(responses) = line["args"].get_mut(1).and_then(Value::as_array_mut) {
                responses.sort_by_key(Value::to_string);
            }
        }
        _ => {}
    }
    if chances.attempts && is_attempt(line) {
        line.as_object_mut().map(|line| line.remove("n"));
    }
}

fn is_attempt(line: &Value) -> bool {
    let attempts = [
        "reconnect_attempt",
        "reconnect_error",
        "reconnect",
        "connect_error",
    ];
    line["t"]
        .as_str()
        .is_some_and(|kind| attempts.contains(&kind))
}

/// Names for the ids of sockets, which differ from run to run.
#[derive(Default)]
struct Names {
    names: BTreeMap<String, String>,
    counts: BTreeMap<String, usize>,
}

impl Names {
    /// A recovered socket has the same id again, and keeps its name.
    fn learn(&mut self, line: &Value, socket: &str) {
        let Some(id) = line["id"].as_str() else {
            return;
        };
        if !self.names.contains_key(id) {
            let number = self.counts.entry(socket.to_owned()).or_insert(0);
            let name = format!("<id {number} of {socket}>");
            self.names.insert(id.to_owned(), name);
            *number += 1;
        }
    }

    /// Names ids instead of spelling them, and takes out times, addresses and what an HTTP library
    /// says of itself.
    fn apply(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(name) = self.names.get(text) {
                    text.clone_from(name);
                }
            }
            Value::Array(items) => {
                items.iter_mut().for_each(|item| self.apply(item));
                // A list of rooms, in the order of their ids.
                let is_name = |item: &Value| item.as_str().is_some_and(|it| it.starts_with("<id "));
                if items.iter().any(is_name) {
                    items.sort_by_key(Value::to_string);
                }
            }
            Value::Object(members) => {
                for name in ["time", "issued", "url", "address", "pid", "offset"] {
                    members.remove(name);
                }
                if let Some(Value::Object(query)) = members.get_mut("query") {
                    query.retain(|name, _| !["EIO", "transport", "t"].contains(&name.as_str()));
                }
                if let Some(Value::Object(headers)) = members.get_mut("headers") {
                    headers.retain(|name, _| name.starts_with("x-") || name == "cookie");
                }
                members.values_mut().for_each(|member| self.apply(member));
            }
            _ => {}
        }
    }
}
