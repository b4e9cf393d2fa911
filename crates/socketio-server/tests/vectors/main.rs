//! What the JavaScript reference was seen to do, request by request and frame by frame, done to this server as a client
//! meets it: through HTTP and WebSocket, with handlers of an application on top.
//!
//! The same files are held against the protocol cores in their own crates, which keep them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod conversations;
mod engine;
mod requests;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::time::Duration;
use support::{Frame, WebSocket};
use tokio_tungstenite::tungstenite::Message;

/// Under a paused clock: long enough for whatever data can cause, and far from any timer.
const A_WHILE: Duration = Duration::from_millis(25);

/// The cases of a file of a neighbouring crate.
fn cases(file: &str) -> Vec<Json> {
    let path = format!("{}/../{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut file: Json = serde_json::from_str(&text).unwrap();
    let count = file["count"].as_u64().unwrap();
    let Json::Array(cases) = file["cases"].take() else {
        panic!("no cases")
    };
    assert_eq!(cases.len() as u64, count);
    cases
}

/// Where this server differs on purpose: the number of the case, and why.
struct Exceptions {
    listed: &'static [(&'static str, &'static str)],
    met: BTreeSet<String>,
}

impl Exceptions {
    fn new(listed: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            listed,
            met: BTreeSet::new(),
        }
    }

    /// Is this case one of them?
    fn has(&mut self, case: &Json) -> bool {
        let number = number(case);
        let is_listed = self.listed.iter().any(|(listed, _)| *listed == number);
        if is_listed {
            self.met.insert(number.to_owned());
        }
        is_listed
    }

    /// Nothing is listed that is not there.
    fn assert_all_met(self) {
        assert!(
            self.met
                .iter()
                .eq(self.listed.iter().map(|(number, _)| number))
        );
    }
}

fn number(case: &Json) -> &str {
    case["id"].as_str().unwrap().rsplit('-').next().unwrap()
}

/// Number and name, for messages.
fn title(case: &Json) -> String {
    format!("{} {}", number(case), case["name"])
}

fn bytes(base64: &Json) -> Vec<u8> {
    BASE64_STANDARD.decode(base64.as_str().unwrap()).unwrap()
}

/// A frame of a client.
fn message(frame: &Json) -> Message {
    match frame["text"].as_str() {
        Some(text) => Message::text(text),
        None => Message::binary(bytes(&frame["bin"])),
    }
}

/// What the server sends within [`A_WHILE`], in the notation of the files, and whether it closes behind that, with which
/// status.
async fn heard(client: &mut WebSocket) -> (Vec<String>, Option<Option<u16>>) {
    let mut frames = Vec::new();
    while let Ok(frame) = tokio::time::timeout(A_WHILE, client.next_raw()).await {
        frames.push(match frame {
            Frame::Text(text) => text,
            Frame::Binary(bytes) => format!("<bin {}>", hex(&bytes)),
            Frame::Close(code) => return (frames, Some(code)),
        });
    }
    (frames, None)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
