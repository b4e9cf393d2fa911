//! Query strings: `name=value` pairs between `&`, percent-encoded.

use alloc::{borrow::Cow, string::String, vec::Vec};
use nom::{
    IResult, Parser as _,
    branch::alt,
    bytes::complete::{tag, take, take_till, take_while_m_n},
    character::complete::char,
    combinator::{map, map_res, opt, value},
    sequence::preceded,
};

/// The decoded pairs of a query, in order, without the leading `?`.
///
/// `+` is a blank, a percent sign that no two hexadecimal digits follow stands for itself, and
/// bytes that are not UTF-8 become U+FFFD, as in Node.js. Where a name repeats, the last one
/// counts: that is for the caller, who collects into a map or takes the last.
///
/// ```
/// use engineio_proto::http::query_pairs;
///
/// let pairs: Vec<_> = query_pairs("EIO=4&token=a%20b&flag").collect();
/// assert_eq!(pairs[1], ("token".into(), "a b".into()));
/// assert_eq!(pairs[2], ("flag".into(), "".into()));
/// ```
pub fn query_pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let mut rest = Some(query);
    core::iter::from_fn(move || {
        loop {
            let input = rest.filter(|input| !input.is_empty())?;
            let Ok((after, (name, value))) = pair(input) else {
                return None;
            };
            rest = Some(after);
            // `a&&b` has two pairs.
            if !(name.is_empty() && value.is_none()) {
                return Some((decode(name), decode(value.unwrap_or_default())));
            }
        }
    })
}

/// `name [ "=" value ] [ "&" ]`
fn pair(input: &str) -> IResult<&str, (&str, Option<&str>)> {
    let name = take_till(|c| c == '=' || c == '&');
    let content = preceded(char('='), take_till(|c| c == '&'));
    let (rest, pair) = (name, opt(content)).parse(input)?;
    let (rest, _) = opt(char('&')).parse(rest)?;
    Ok((rest, pair))
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Ok((after, byte)) = character(rest) {
        bytes.push(byte);
        rest = after;
    }
    Cow::Owned(match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(_) => String::from_utf8(bytes).unwrap_or_default(),
        Cow::Owned(text) => text,
    })
}

/// One byte of a value: `%xx`, `+` or itself.
fn character(input: &[u8]) -> IResult<&[u8], u8> {
    let hex = take_while_m_n(2, 2, |b: u8| b.is_ascii_hexdigit());
    let escaped = preceded(
        char('%'),
        map_res(hex, |digits: &[u8]| {
            core::str::from_utf8(digits)
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                .ok_or(())
        }),
    );
    let literal = map(take(1usize), |byte: &[u8]| {
        byte.first().copied().unwrap_or_default()
    });
    alt((escaped, value(b' ', tag("+")), literal)).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        query_pairs(query).collect()
    }

    #[test]
    fn percent_and_plus_are_decoded_and_nothing_else() {
        assert_eq!(
            pairs("a%3Db=1%2B1+%e2%82%AC"),
            [("a=b".into(), "1+1 €".into())]
        );
        assert_eq!(
            pairs("a=%zz%4&b=%"),
            [("a".into(), "%zz%4".into()), ("b".into(), "%".into())]
        );
        assert_eq!(pairs("a=%ff"), [("a".into(), "\u{fffd}".into())]);
    }

    #[test]
    fn empty_pairs_are_skipped_and_empty_names_kept() {
        assert_eq!(pairs(""), []);
        assert_eq!(pairs("&&a&"), [("a".into(), "".into())]);
        assert_eq!(
            pairs("=1&b==2"),
            [("".into(), "1".into()), ("b".into(), "=2".into())]
        );
    }
}
