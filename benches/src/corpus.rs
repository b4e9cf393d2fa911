//! The traffic that everything is measured on: made once from a fixed seed, shaped like the real.
//!
//! The bytes are written here by hand and by `serde_json`, not by the codecs under test.

mod random;
mod types;

pub use types::{
    Answer, Article, ArticleRef, Chat, ChatRef, Data, Login, LoginRef, Page, PageRef, Upload,
    UploadAttachments, UploadRef,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use engineio_proto::payload::Encoding;
use random::Random;
use serde::Serialize;
use socketio_proto::{Namespace, Text};
use std::sync::LazyLock;

/// All that there is.
#[derive(Debug)]
pub struct Corpus {
    /// Single packets of Engine.IO with a name each.
    pub packets: Vec<(&'static str, EnginePacket)>,
    /// 64 KiB, as a message.
    pub blob: EnginePacket,
    /// Bodies of long polling: 16 packets, and 256.
    pub bodies: Vec<Vec<EnginePacket>>,
    /// `2["message",{..}]`: what most traffic looks like.
    pub event: Sample<Chat>,
    /// The same in a namespace, and with an id.
    pub asking: Sample<Chat>,
    /// About 10 KiB of JSON.
    pub page: Sample<Page>,
    /// An acknowledgement.
    pub ack: Sample<Answer>,
    /// A connection to a namespace, with a token.
    pub connect: Sample<Login>,
    /// Events with 1, 3 and 16 attachments.
    pub uploads: Vec<Sample<Upload>>,
}

/// A packet of Engine.IO.
#[derive(Clone, Debug)]
pub enum EnginePacket {
    /// `2`
    Ping,
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Bytes),
}

/// A packet of Socket.IO, as data and as it is written.
#[derive(Debug)]
pub struct Sample<T> {
    /// Short name.
    pub name: &'static str,
    /// The digit of its type.
    pub kind: u8,
    /// The namespace.
    pub namespace: &'static str,
    /// The id of the acknowledgement.
    pub id: Option<u32>,
    /// The name of the event.
    pub event: Option<&'static str>,
    /// The one argument, or what a connection brings.
    pub data: T,
    /// The text message, without Engine.IO's `4`.
    pub text: String,
    /// The binary messages.
    pub attachments: Vec<Bytes>,
}

/// The corpus.
pub fn corpus() -> &'static Corpus {
    static CORPUS: LazyLock<Corpus> = LazyLock::new(Corpus::new);
    &CORPUS
}

impl Corpus {
    fn new() -> Self {
        let mut random = Random::seeded(0x0050_C4E7_10BE_7C4E);
        let packets = vec![
            ("ping", EnginePacket::Ping),
            ("text 32 B", EnginePacket::Text(random.sentence(32))),
            ("text 1 KiB", EnginePacket::Text(random.sentence(1024))),
            ("text 64 KiB", EnginePacket::Text(random.sentence(65536))),
        ];
        let blob = EnginePacket::Binary(random.bytes(65536));
        let bodies = [16, 256].map(|count| traffic(&mut random, count)).into();

        let mut chat = |name, namespace, id| {
            let data = random.chat();
            let json = json(&data);
            Sample::new(
                name,
                2,
                namespace,
                id,
                Some("message"),
                data,
                &json,
                Vec::new(),
            )
        };
        let event = chat("event", "/", None);
        let asking = chat("event in a namespace, with an id", "/admin", Some(42));

        let page = random.page(60);
        let text = json(&page);
        let page = Sample::new(
            "10 KiB event",
            2,
            "/",
            None,
            Some("page"),
            page,
            &text,
            Vec::new(),
        );
        let ack = Answer {
            ok: true,
            id: 123_456,
            took: 12,
        };
        let text = json(&ack);
        let ack = Sample::new("ack", 3, "/admin", Some(17), None, ack, &text, Vec::new());
        let login = Login {
            token: random.token(220),
        };
        let text = json(&login);
        let connect = Sample::new("connect", 0, "/admin", None, None, login, &text, Vec::new());
        let uploads = vec![
            upload(&mut random, "1 attachment of 64 KiB", &[65536]),
            upload(
                &mut random,
                "3 attachments of 1, 16, 64 KiB",
                &[1024, 16384, 65536],
            ),
            upload(&mut random, "16 attachments of 1 KiB", &[1024; 16]),
        ];
        Self {
            packets,
            blob,
            bodies,
            event,
            asking,
            page,
            ack,
            connect,
            uploads,
        }
    }
}

impl EnginePacket {
    /// Whether it is no binary message.
    #[must_use]
    pub fn is_text(&self) -> bool {
        !matches!(self, Self::Binary(_))
    }

    /// The text form in revision 4.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Ping => "2".to_owned(),
            Self::Text(text) => format!("4{text}"),
            Self::Binary(bytes) => format!("b{}", STANDARD.encode(bytes)),
        }
    }
}

/// The body with these packets.
#[must_use]
pub fn body(encoding: Encoding, packets: &[EnginePacket]) -> Vec<u8> {
    match encoding {
        Encoding::V4 => {
            let texts: Vec<_> = packets.iter().map(EnginePacket::text).collect();
            texts.join("\u{1e}").into_bytes()
        }
        Encoding::V3Text => packets
            .iter()
            .map(|packet| match packet {
                EnginePacket::Binary(bytes) => format!("b4{}", STANDARD.encode(bytes)),
                packet => packet.text(),
            })
            .flat_map(|text| format!("{}:{text}", text.encode_utf16().count()).into_bytes())
            .collect(),
        Encoding::V3Binary => packets
            .iter()
            .flat_map(|packet| {
                let (kind, data) = match packet {
                    EnginePacket::Binary(bytes) => (1, [&[4], &bytes[..]].concat()),
                    packet => (0, packet.text().into_bytes()),
                };
                let digits = data.len().to_string().into_bytes();
                let digits = digits.into_iter().map(|digit| digit - b'0');
                let digits: Vec<_> = digits.collect();
                [&[kind], &digits[..], &[0xff], &data[..]].concat()
            })
            .collect(),
        other => panic!("not in the corpus: {other:?}"),
    }
}

impl<T> Sample<T> {
    /// The namespace, as an application has it at hand.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        Namespace::new(Text::from(self.namespace)).unwrap()
    }

    #[allow(clippy::too_many_arguments, reason = "one for each part of a packet")]
    fn new(
        name: &'static str,
        kind: u8,
        namespace: &'static str,
        id: Option<u32>,
        event: Option<&'static str>,
        data: T,
        json: &str,
        attachments: Vec<Bytes>,
    ) -> Self {
        let mut text = kind.to_string();
        if !attachments.is_empty() {
            text += &format!("{}-", attachments.len());
        }
        if namespace != "/" {
            text += &format!("{namespace},");
        }
        if let Some(id) = id {
            text += &id.to_string();
        }
        text += &match (kind, event) {
            (0, _) => json.to_owned(),
            (_, Some(event)) => format!("[\"{event}\",{json}]"),
            (_, None) => format!("[{json}]"),
        };
        Self {
            name,
            kind,
            namespace,
            id,
            event,
            data,
            text,
            attachments,
        }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// Mostly events; two in ten are binary, one is a ping.
fn traffic(random: &mut Random, count: usize) -> Vec<EnginePacket> {
    (0..count)
        .map(|index| match index % 10 {
            3 | 7 => {
                let len = 200 + random.below(800);
                EnginePacket::Binary(random.bytes(len))
            }
            9 => EnginePacket::Ping,
            _ => EnginePacket::Text(format!("2[\"message\",{}]", json(&random.chat()))),
        })
        .collect()
}

fn upload(random: &mut Random, name: &'static str, sizes: &[usize]) -> Sample<Upload> {
    let parts: Vec<_> = sizes.iter().map(|&size| random.bytes(size)).collect();
    let placeholders: Vec<_> = (0..parts.len())
        .map(|number| format!("{{\"_placeholder\":true,\"num\":{number}}}"))
        .collect();
    let placeholders = placeholders.join(",");
    let json = format!("{{\"name\":\"holiday.jpg\",\"parts\":[{placeholders}]}}");
    let data = Upload {
        name: "holiday.jpg".to_owned(),
        parts: parts.clone(),
    };
    Sample::new(name, 5, "/", None, Some("upload"), data, &json, parts)
}
