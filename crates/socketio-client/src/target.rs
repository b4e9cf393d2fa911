//! Where to connect to: the parts of a URL.

use crate::error::BuildError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use engineio_proto::http::query_pairs;
use http::Uri;
use http::uri::{Authority, Scheme};
use percent_encoding::percent_decode_str;

/// A server, as its URL names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    pub(crate) is_secure: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Host and port as the header `Host` has them: without the scheme's own port.
    pub(crate) authority: Authority,
    /// The path: `/` if there is none.
    pub(crate) namespace: String,
    /// The query, decoded.
    pub(crate) query: Vec<(String, String)>,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, BuildError> {
        let wrong = |reason| BuildError::Url {
            url: url.to_owned(),
            reason,
        };
        let uri: Uri = url.parse().map_err(|_| wrong("it can't be parsed"))?;
        let is_secure = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => return Err(wrong("the scheme is not http, https, ws or wss")),
        };
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or(wrong("the host is missing"))?;
        let usual = if is_secure { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(usual);
        let authority = if port == usual {
            host.to_owned()
        } else {
            format!("{host}:{port}")
        };
        let authority = authority
            .parse()
            .map_err(|_| wrong("the host is no host"))?;
        let query = query_pairs(uri.query().unwrap_or_default());
        Ok(Self {
            is_secure,
            host: unbracketed(host).to_owned(),
            port,
            authority,
            namespace: uri.path().to_owned(),
            query: query
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        })
    }

    /// Host and port, as a proxy is asked for them.
    pub(crate) fn host_and_port(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// An HTTP proxy that connects us through by CONNECT (RFC 9110, section 9.3.6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `user:password`, as in the URL.
    pub(crate) credentials: Option<String>,
}

impl Proxy {
    pub(crate) fn parse(url: &str) -> Result<Self, BuildError> {
        let wrong = || BuildError::Proxy(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(wrong());
        }
        let authority = uri.authority().ok_or_else(wrong)?;
        let host = Some(authority.host()).filter(|host| !host.is_empty());
        let credentials = authority.as_str().rsplit_once('@');
        Ok(Self {
            host: unbracketed(host.ok_or_else(wrong)?).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            credentials: credentials.map(|(user, _)| user.to_owned()),
        })
    }

    /// The value of `Proxy-Authorization` (RFC 7617), if there are credentials.
    pub(crate) fn authorization(&self) -> Option<String> {
        let decoded: Vec<u8> = percent_decode_str(self.credentials.as_ref()?).collect();
        Some(format!("Basic {}", STANDARD.encode(decoded)))
    }
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    #[test]
    fn a_url_names_server_namespace_and_query() {
        let target = parse("https://example.com:8443/admin?token=a%20b&x");
        assert_eq!((target.host.as_str(), target.port), ("example.com", 8443));
        assert_eq!(target.authority, "example.com:8443");
        assert!(target.is_secure);
        assert_eq!(target.namespace, "/admin");
        let query = [("token", "a b"), ("x", "")];
        assert_eq!(
            target.query,
            query.map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn the_port_of_the_scheme_is_left_out_of_the_host_header() {
        for (url, port, authority) in [
            ("http://a", 80, "a"),
            ("ws://a:80", 80, "a"),
            ("wss://a/", 443, "a"),
            ("https://a:80", 80, "a:80"),
        ] {
            let target = parse(url);
            assert_eq!((target.port, target.authority.as_str()), (port, authority));
            assert_eq!(target.namespace, "/");
        }
    }

    #[test]
    fn an_ipv6_address_is_dialled_without_its_brackets() {
        let target = parse("http://[::1]:3000/");
        assert_eq!(target.host, "::1");
        assert_eq!(target.authority, "[::1]:3000");
    }

    #[test]
    fn what_names_no_server_is_refused() {
        for url in [
            "",
            "localhost:3000",
            "/ns",
            "ftp://a",
            "http://",
            "http:// a",
        ] {
            assert!(
                matches!(Target::parse(url), Err(BuildError::Url { .. })),
                "{url}"
            );
        }
    }

    #[test]
    fn a_proxy_may_have_credentials() {
        let proxy = Proxy::parse("http://me:p%40ss@proxy.local:3128").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy.local", 3128));
        assert_eq!(proxy.credentials.as_deref(), Some("me:p%40ss"));
        // `me:p@ss`
        assert_eq!(proxy.authorization().as_deref(), Some("Basic bWU6cEBzcw=="));
        assert!(Proxy::parse("socks5://a").is_err());
        assert!(Proxy::parse("http://").is_err());
    }
}
