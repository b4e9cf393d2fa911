//! What goes over the wire: see `protocol.md` of the server's example.

use serde::{Deserialize, Serialize};
use socketio_client::{Attachment, Value};
use std::io::{Error, ErrorKind};
use std::path::Path;

/// Largest image that the server takes.
const LARGEST: usize = 700_000;

/// The types of images that the server takes, with what their files are called.
const TYPES: [(&str, &str); 5] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("image/avif", "avif"),
];

#[derive(Serialize)]
pub(crate) struct Enter {
    pub(crate) nick: String,
    pub(crate) room: String,
}

#[derive(Serialize)]
pub(crate) struct Switch {
    pub(crate) room: String,
}

#[derive(Serialize)]
pub(crate) struct Say {
    pub(crate) text: String,
}

/// An acknowledgement.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Answer<T> {
    Refused { error: String },
    Fine(T),
}

/// That something was sent.
#[derive(Deserialize)]
pub(crate) struct Sent {}

#[derive(Deserialize)]
pub(crate) struct Room {
    pub(crate) room: String,
    pub(crate) members: Vec<Member>,
    pub(crate) rooms: Vec<Count>,
    pub(crate) history: Vec<Message>,
}

#[derive(Deserialize)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) nick: String,
}

#[derive(Deserialize)]
pub(crate) struct Count {
    pub(crate) name: String,
    pub(crate) count: usize,
}

#[derive(Deserialize)]
pub(crate) struct Message {
    pub(crate) from: String,
    pub(crate) nick: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
pub(crate) struct Presence {
    pub(crate) room: String,
    pub(crate) members: Vec<Member>,
}

#[derive(Deserialize)]
pub(crate) struct Typist {
    pub(crate) id: String,
    pub(crate) nick: String,
    pub(crate) on: bool,
}

/// What a client says of its own typing.
#[derive(Serialize)]
pub(crate) struct Note {
    on: bool,
}

impl Typist {
    pub(crate) fn note(on: bool) -> Note {
        Note { on }
    }
}

/// An image of somebody else.
#[derive(Deserialize)]
pub(crate) struct Picture {
    pub(crate) id: u64,
    pub(crate) nick: String,
    pub(crate) name: String,
    pub(crate) r#type: String,
    pub(crate) bytes: Attachment,
}

impl Picture {
    /// A name for it that is none of a directory, whatever the sender has called it.
    pub(crate) fn file_name(&self) -> String {
        let stem = self
            .name
            .rsplit_once('.')
            .map_or(&*self.name, |name| name.0);
        let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
        let stem: String = stem.chars().filter(is_plain).take(40).collect();
        let kind = TYPES.iter().find(|(kind, _)| *kind == self.r#type);
        let extension = kind.map_or("bin", |(_, extension)| extension);
        format!("{}-{stem}.{extension}", self.id)
    }
}

/// An image of ours.
#[derive(Serialize)]
pub(crate) struct Shown {
    name: String,
    r#type: &'static str,
    bytes: Value,
}

impl Shown {
    pub(crate) async fn read(path: &Path) -> std::io::Result<Self> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let extension = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("jpeg") => "jpg".to_owned(),
            other => other.unwrap_or_default().to_owned(),
        };
        let known = TYPES.iter().find(|(_, known)| *known == extension);
        let (r#type, _) = known.ok_or(Error::new(ErrorKind::InvalidInput, "not an image"))?;
        let bytes = tokio::fs::read(path).await?;
        if bytes.len() > LARGEST {
            return Err(Error::new(ErrorKind::InvalidInput, "too large"));
        }
        let name = path.file_name().unwrap_or_default();
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            r#type,
            bytes: Value::Binary(bytes.into()),
        })
    }
}
