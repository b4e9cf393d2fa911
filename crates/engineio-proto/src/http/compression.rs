//! Compression of what a GET brings: whether, and in which coding. The compressor is the adapter's.
//!
//! | response | compressed |
//! | --- | --- |
//! | packets, of at least [`threshold`](HttpCompression::threshold) bytes, JSONP and bytes of protocol 3 included | as `Accept-Encoding` says |
//! | packets, shorter | no |
//! | `ok` of a POST, an error, a preflight | no |
//!
//! So it is in the reference. No `Vary` is needed: `Cache-Control: no-store` keeps every cache away.
//!
//! Of what a client accepts the coding with the higher weight is taken, gzip if they are equal (the
//! reference then goes by their order, which has no meaning in HTTP), and none if the client names
//! `identity` with a higher one. Without the header nothing is compressed.

use super::Response;

/// Which responses are compressed, and how thoroughly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct HttpCompression {
    /// Bytes of a body from which on it is compressed. Default 1024, as in the reference: short
    /// ones gain little.
    pub threshold: usize,
    /// Effort, for the adapter's compressor: from 1, fast, to 9, thorough. Default 1: text gets
    /// shorter by some percent only on the level of the reference, 6, at several times the work.
    pub level: u8,
}

impl Default for HttpCompression {
    fn default() -> Self {
        Self {
            threshold: 1024,
            level: 1,
        }
    }
}

impl HttpCompression {
    /// Sets [`threshold`](Self::threshold).
    #[must_use]
    pub fn threshold(mut self, bytes: usize) -> Self {
        self.threshold = bytes;
        self
    }

    /// Sets [`level`](Self::level); what is beyond 1 and 9 becomes these.
    #[must_use]
    pub fn level(mut self, level: u8) -> Self {
        self.level = level.clamp(1, 9);
        self
    }

    /// The coding in which this response goes to a client that sent these `Accept-Encoding`
    /// headers. `None`: as it is. What [`Response::compressed`] makes of it is the answer.
    ///
    /// ```
    /// use engineio_proto::config::HttpCompression;
    /// use engineio_proto::http::Response;
    ///
    /// // Packets alone are worth it.
    /// let response = Response::bad_request();
    /// assert_eq!(HttpCompression::default().coding(&response, ["gzip, br"]), None);
    /// ```
    #[must_use]
    pub fn coding<'a>(
        &self,
        response: &Response,
        accept_encoding: impl IntoIterator<Item = &'a str>,
    ) -> Option<Coding> {
        if !response.may_compress || response.body.len() < self.threshold {
            return None;
        }
        Coding::preferred(accept_encoding)
    }
}

/// How the body of a response is compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Coding {
    /// The format of RFC 1952.
    Gzip,
    /// The format of zlib, RFC 1950, in spite of its name.
    Deflate,
}

impl Coding {
    /// The value of `Content-Encoding`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    fn preferred<'a>(accept_encoding: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let [mut gzip, mut deflate, mut identity, mut others] = [None; 4];
        let elements = accept_encoding
            .into_iter()
            .flat_map(|header| header.split(','));
        for element in elements {
            let (name, parameters) = element.split_once(';').unwrap_or((element, ""));
            let weight = match name.trim() {
                name if name.eq_ignore_ascii_case("gzip") => &mut gzip,
                name if name.eq_ignore_ascii_case("deflate") => &mut deflate,
                name if name.eq_ignore_ascii_case("identity") => &mut identity,
                "*" => &mut others,
                _ => continue,
            };
            *weight = (*weight).max(Some(quality(parameters)));
        }
        let others = others.unwrap_or_default();
        let (gzip, deflate) = (gzip.unwrap_or(others), deflate.unwrap_or(others));
        let (coding, weight) = if deflate > gzip {
            (Self::Deflate, deflate)
        } else {
            (Self::Gzip, gzip)
        };
        (weight > 0 && weight >= identity.unwrap_or_default()).then_some(coding)
    }
}

/// The weight among an element's parameters, in thousandths: 1000 without one, and 0 for one that
/// can't be read, since that is no consent.
fn quality(parameters: &str) -> u16 {
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    let Some(weight) = weight else {
        return 1000;
    };
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let whole = match whole {
        "0" => 0,
        "1" => 1000,
        _ => return 0,
    };
    let mut fraction_value = 0;
    let mut unit = 100;
    for digit in fraction.bytes() {
        if !digit.is_ascii_digit() {
            return 0;
        }
        fraction_value += unit * u16::from(digit - b'0');
        unit /= 10;
    }
    (whole + fraction_value).min(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, vec};
    use bytes::Bytes;
    use proptest::prelude::*;

    #[test]
    fn the_client_says_which_coding_it_prefers() {
        use Coding::{Deflate, Gzip};
        for (header, expected) in [
            ("gzip", Some(Gzip)),
            ("deflate", Some(Deflate)),
            ("gzip, deflate, br, zstd", Some(Gzip)),
            ("deflate, gzip", Some(Gzip)),
            ("GZIP;Q=0.5 ,\tDeflate ; q=0.501", Some(Deflate)),
            ("gzip;q=0.001", Some(Gzip)),
            ("*", Some(Gzip)),
            ("gzip;q=0, *", Some(Deflate)),
            ("*;q=0.5, deflate", Some(Deflate)),
            ("deflate;level=1;q=1, gzip;q=0.9", Some(Deflate)),
            ("gzip, gzip;q=0", Some(Gzip)),
            ("gzip, identity", Some(Gzip)),
            ("gzip;q=0.5, *;q=0", Some(Gzip)),
            // No.
            ("", None),
            (" , ;q=1", None),
            ("br", None),
            ("identity", None),
            ("gzip;q=0", None),
            ("gzip;q=0.000, deflate;q=0.0", None),
            ("*;q=0", None),
            ("identity, gzip;q=0.999", None),
            ("gzipped, x-deflate", None),
            // What can't be read is no consent.
            ("gzip;q=", None),
            ("gzip;q=yes", None),
            ("gzip;q=-1", None),
            ("gzip;q=2", None),
            ("gzip;q=0.5x", None),
            ("gzip;q=1e3", None),
        ] {
            assert_eq!(Coding::preferred([header]), expected, "{header}");
        }
        assert_eq!(Coding::preferred([]), None, "no header");
        assert_eq!(Coding::preferred(["br", "deflate"]), Some(Deflate));
    }

    #[test]
    fn a_threshold_divides_the_short_from_the_long() {
        let packets = |length| Response::packets(Bytes::from(vec![b'4'; length]), "text/plain");
        let compression = HttpCompression::default();
        for (length, expected) in [
            (0, None),
            (1023, None),
            (1024, Some(Coding::Gzip)),
            (1025, Some(Coding::Gzip)),
        ] {
            assert_eq!(
                compression.coding(&packets(length), ["gzip"]),
                expected,
                "{length}"
            );
        }
        let all = compression.threshold(0);
        assert_eq!(all.coding(&packets(1), ["gzip"]), Some(Coding::Gzip));
        assert_eq!(all.coding(&Response::ok(), ["gzip"]), None);
        assert_eq!(all.coding(&Response::too_large(), ["gzip"]), None);
    }

    #[test]
    fn a_body_that_does_not_become_shorter_stays_as_it_is() {
        let response = Response::packets(Bytes::from_static(b"4hello"), "text/plain");
        let longer = Bytes::from_static(b"\x1f\x8b and so on");
        assert_eq!(response.clone().compressed(Coding::Gzip, longer), response);

        let short = response.compressed(Coding::Deflate, Bytes::from_static(b"\x78"));
        let mut headers = short.headers();
        assert!(headers.any(|header| header == ("content-encoding", "deflate".into())));
        assert!(headers.any(|header| header == ("content-length", "1".into())));
        assert!(headers.any(|header| header == ("cache-control", "no-store".into())));
        drop(headers);
        // Once is enough.
        let all = HttpCompression::default().threshold(0);
        assert_eq!(all.coding(&short, ["gzip"]), None);
    }

    proptest! {
        #[test]
        fn nothing_is_compressed_for_who_did_not_name_it(
            header in "([a-z*;=q01. ,-]|gzip|deflate|identity){0,40}",
        ) {
            if let Some(coding) = Coding::preferred([header.as_str()]) {
                prop_assert!(header.contains(coding.name()) || header.contains('*'));
            }
        }

        #[test]
        fn weights_are_between_none_and_all(parameters in any::<String>(), q in "[0-9.]{0,8}") {
            prop_assert!(quality(&parameters) <= 1000);
            let weight = alloc::format!("q={q}");
            prop_assert!(quality(&weight) <= 1000);
        }
    }
}
