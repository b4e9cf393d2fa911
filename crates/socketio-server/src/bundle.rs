//! The files of the JavaScript client, served below the endpoint's path.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// The builds that the package has. Each may have a source map beside it, with `.map` behind.
const BUILDS: [&str; 4] = [
    "socket.io.js",
    "socket.io.min.js",
    "socket.io.esm.min.js",
    "socket.io.msgpack.min.js",
];

/// How the comment begins that a build begins with, up to the version.
const BANNER: &str = " * Socket.IO v";

/// The files, read once: a request chooses among them by name, and no path is made of what it says.
#[derive(Clone)]
pub(crate) struct Bundle {
    files: Vec<File>,
    /// The version of the client, in quotes.
    etag: HeaderValue,
}

#[derive(Clone)]
struct File {
    name: String,
    content: Bytes,
}

impl Bundle {
    /// Reads what `dir` has of the files.
    pub(crate) fn read(dir: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for build in BUILDS {
            for name in [build.to_owned(), format!("{build}.map")] {
                match std::fs::read(dir.join(&name)) {
                    Ok(content) => files.push(File {
                        name,
                        content: content.into(),
                    }),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let Some(first) = files.first() else {
            let message = format!("no build of the client in {}", dir.display());
            return Err(Error::new(ErrorKind::NotFound, message));
        };
        let version = version(&first.content).unwrap_or_else(|| digest(&files));
        let etag = HeaderValue::from_str(&format!("\"{version}\"")).map_err(Error::other)?;
        Ok(Self { files, etag })
    }

    /// The answer to a request for one of the files; `None` if it is for something else.
    pub(crate) fn answer(&self, endpoint: &str, parts: &Parts) -> Option<Response<Bytes>> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return None;
        }
        let endpoint = endpoint.strip_suffix('/').unwrap_or(endpoint);
        let name = parts.uri.path().strip_prefix(endpoint)?.strip_prefix('/')?;
        let file = self.files.iter().find(|file| file.name == name)?;
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=0"),
        );
        if self.is_known(parts) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        let kind = if name.ends_with(".map") {
            "application/json; charset=utf-8"
        } else {
            "application/javascript; charset=utf-8"
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        *response.body_mut() = file.content.clone();
        Some(response)
    }

    /// Has the client this version already? Tags are compared weakly, as RFC 9110 wants it.
    fn is_known(&self, parts: &Parts) -> bool {
        let known = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        known
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag)
    }
}

fn version(build: &[u8]) -> Option<String> {
    let line = build.split(|byte| *byte == b'\n').nth(1)?;
    let version = std::str::from_utf8(line).ok()?.strip_prefix(BANNER)?.trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-+".contains(c);
    (!version.is_empty() && version.chars().all(is_plain)).then(|| version.to_owned())
}

/// Stands for the version of a build that does not say.
fn digest(files: &[File]) -> String {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.content.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn the_version_stands_in_the_banner() {
        let build = b"/*!\n * Socket.IO v4.8.1\n * (c) 2014-2024\n */\n";
        assert_eq!(version(build).as_deref(), Some("4.8.1"));
        assert_eq!(version(b"/*!\n * Socket.IO v\"\n"), None);
        assert_eq!(version(b"!function(){}()"), None);
    }
}
