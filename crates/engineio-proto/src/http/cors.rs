//! Cross-origin headers: configuration and request in, headers out.
//!
//! They go on every response of the endpoint, errors and 101 included.

use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
    vec::Vec,
};
use core::time::Duration;
use smallvec::SmallVec;

/// Which origins may read responses, and what they may send.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Cors {
    /// Default [`CorsOrigin::Any`].
    pub origin: CorsOrigin,
    /// Methods that a preflight allows. Default `GET,HEAD,PUT,PATCH,POST,DELETE`.
    pub methods: Vec<String>,
    /// Headers that a preflight allows. Default `None`: those that it asks for.
    pub allowed_headers: Option<Vec<String>>,
    /// Headers that scripts may read. Default none.
    pub exposed_headers: Vec<String>,
    /// May cookies come along? Default false. Browsers refuse it together with any origin.
    pub credentials: bool,
    /// Whole seconds that a preflight may be remembered. Default none: up to the browser.
    pub max_age: Option<Duration>,
}

/// Origins that are allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CorsOrigin {
    /// All: `*`.
    Any,
    /// This one, named in every response whoever asks.
    Fixed(String),
    /// The one that asks, if it is in the list.
    List(Vec<String>),
    /// The one that asks.
    Mirror,
}

impl Default for Cors {
    fn default() -> Self {
        Self::new(CorsOrigin::Any)
    }
}

impl Cors {
    /// Allows `origin`, with the defaults otherwise.
    #[must_use]
    pub fn new(origin: CorsOrigin) -> Self {
        let methods = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];
        Self {
            origin,
            methods: methods.into_iter().map(String::from).collect(),
            allowed_headers: None,
            exposed_headers: Vec::new(),
            credentials: false,
            max_age: None,
        }
    }

    /// Sets [`credentials`](Self::credentials).
    #[must_use]
    pub fn credentials(mut self, credentials: bool) -> Self {
        self.credentials = credentials;
        self
    }

    /// Sets [`methods`](Self::methods).
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.methods = methods.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`allowed_headers`](Self::allowed_headers).
    #[must_use]
    pub fn allowed_headers(
        mut self,
        allowed_headers: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.allowed_headers = Some(allowed_headers.into_iter().map(Into::into).collect());
        self
    }

    /// Sets [`exposed_headers`](Self::exposed_headers).
    #[must_use]
    pub fn exposed_headers(
        mut self,
        exposed_headers: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.exposed_headers = exposed_headers.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`max_age`](Self::max_age).
    #[must_use]
    pub fn max_age(mut self, max_age: impl Into<Option<Duration>>) -> Self {
        self.max_age = max_age.into();
        self
    }
}

type Header<'a> = (&'static str, Cow<'a, str>);

/// Headers for a response.
///
/// `origin` is the `Origin` of the request. `preflight` is `None` for ordinary requests, and for a
/// preflight ([`Route::Preflight`](super::Route::Preflight)) the value of its
/// `Access-Control-Request-Headers`, if any.
pub fn cors_headers<'a>(
    cors: &'a Cors,
    origin: Option<&'a str>,
    preflight: Option<Option<&'a str>>,
) -> impl Iterator<Item = Header<'a>> {
    let mut headers: SmallVec<[Header<'a>; 6]> = SmallVec::new();
    let mut vary: SmallVec<[&str; 2]> = SmallVec::new();

    let (allowed, depends) = match &cors.origin {
        CorsOrigin::Any => (Some("*"), false),
        CorsOrigin::Fixed(fixed) => (Some(fixed.as_str()), true),
        CorsOrigin::List(list) => (
            origin.filter(|origin| list.iter().any(|entry| entry == origin)),
            true,
        ),
        CorsOrigin::Mirror => (origin, true),
    };
    headers.extend(allowed.map(|value| ("access-control-allow-origin", Cow::from(value))));
    if depends {
        vary.push("Origin");
    }
    if cors.credentials {
        headers.push(("access-control-allow-credentials", Cow::from("true")));
    }
    if let Some(requested) = preflight {
        headers.push((
            "access-control-allow-methods",
            Cow::from(cors.methods.join(",")),
        ));
        let allowed = match &cors.allowed_headers {
            Some(list) => Some(Cow::from(list.join(","))),
            None => {
                vary.push("Access-Control-Request-Headers");
                requested.map(Cow::from)
            }
        };
        headers.extend(
            allowed
                .filter(|value| !value.is_empty())
                .map(|value| ("access-control-allow-headers", value)),
        );
        headers.extend(cors.max_age.map(|age| {
            (
                "access-control-max-age",
                Cow::from(age.as_secs().to_string()),
            )
        }));
    }
    if !cors.exposed_headers.is_empty() {
        let exposed = Cow::from(cors.exposed_headers.join(","));
        headers.push(("access-control-expose-headers", exposed));
    }
    if !vary.is_empty() {
        headers.push(("vary", Cow::from(vary.join(", "))));
    }
    headers.into_iter()
}
