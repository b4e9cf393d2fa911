//! What a user's program would declare: types that own, and types that borrow the message.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use socketio_proto::Attachment;
use std::borrow::Cow;

/// A type with a twin that borrows.
pub trait Data: Serialize + DeserializeOwned + 'static {
    /// The twin. It serialises the same.
    type Borrowed<'a>: Serialize + Deserialize<'a>;
}

/// The argument of most events: about 100 bytes of JSON.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[allow(missing_docs, reason = "a user's type: the names say it")]
pub struct Chat {
    pub id: u64,
    pub user: String,
    pub room: String,
    pub text: String,
    pub time: u64,
}

/// [`Chat`], borrowed as far as the text has no escapes.
#[derive(Debug, Deserialize, Serialize)]
#[allow(missing_docs, reason = "as in `Chat`")]
pub struct ChatRef<'a> {
    pub id: u64,
    #[serde(borrow)]
    pub user: Cow<'a, str>,
    #[serde(borrow)]
    pub room: Cow<'a, str>,
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    pub time: u64,
}

impl Data for Chat {
    type Borrowed<'a> = ChatRef<'a>;
}

/// A list of [`Article`]s.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[allow(missing_docs, reason = "a user's type: the names say it")]
pub struct Page {
    pub page: u32,
    pub articles: Vec<Article>,
}

/// One of a [`Page`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[allow(missing_docs, reason = "a user's type: the names say it")]
pub struct Article {
    pub id: u64,
    pub code: String,
    pub title: String,
    pub price: f64,
    pub stock: u32,
    pub active: bool,
    pub tags: Vec<String>,
}

/// [`Page`], borrowed.
#[derive(Debug, Deserialize, Serialize)]
#[allow(missing_docs, reason = "as in `Page`")]
pub struct PageRef<'a> {
    pub page: u32,
    #[serde(borrow)]
    pub articles: Vec<ArticleRef<'a>>,
}

/// [`Article`], borrowed. Its tags are known to have no escapes.
#[derive(Debug, Deserialize, Serialize)]
#[allow(missing_docs, reason = "as in `Article`")]
pub struct ArticleRef<'a> {
    pub id: u64,
    #[serde(borrow)]
    pub code: Cow<'a, str>,
    #[serde(borrow)]
    pub title: Cow<'a, str>,
    pub price: f64,
    pub stock: u32,
    pub active: bool,
    #[serde(borrow)]
    pub tags: Vec<&'a str>,
}

impl Data for Page {
    type Borrowed<'a> = PageRef<'a>;
}

/// The argument of an acknowledgement. There is nothing to borrow.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[allow(missing_docs, reason = "a user's type: the names say it")]
pub struct Answer {
    pub ok: bool,
    pub id: u64,
    pub took: u32,
}

impl Data for Answer {
    type Borrowed<'a> = Self;
}

/// The credentials of a connection.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[allow(missing_docs, reason = "a user's type: the names say it")]
pub struct Login {
    pub token: String,
}

/// [`Login`], borrowed.
#[derive(Debug, Deserialize, Serialize)]
#[allow(missing_docs, reason = "as in `Login`")]
pub struct LoginRef<'a> {
    #[serde(borrow)]
    pub token: Cow<'a, str>,
}

impl Data for Login {
    type Borrowed<'a> = LoginRef<'a>;
}

/// An event with binary data.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[allow(missing_docs, reason = "a user's type: the names say it")]
pub struct Upload {
    pub name: String,
    pub parts: Vec<Bytes>,
}

/// [`Upload`], borrowed.
#[derive(Debug, Deserialize, Serialize)]
#[allow(missing_docs, reason = "as in `Upload`")]
pub struct UploadRef<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow)]
    pub parts: Vec<&'a serde_bytes::Bytes>,
}

impl Data for Upload {
    type Borrowed<'a> = UploadRef<'a>;
}

/// [`Upload`], with attachments that are looked up where they are needed.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "as in `Upload`")]
pub struct UploadAttachments<'a> {
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    pub parts: Vec<Attachment>,
}
