//! The handshake of an open packet: a JSON object, read with the few rules it needs.

use super::Open;
use crate::{DecodeError, Sid, Text, Transport};
use core::time::Duration;
use nom::{
    IResult, Parser as _,
    branch::alt,
    bytes::complete::{tag, take_while, take_while1},
    character::complete::{char, multispace0, u64 as number},
    combinator::{all_consuming, map, opt, value},
    multi::{fold_many0, separated_list0},
    sequence::{delimited, preceded, separated_pair, terminated},
};
use smallvec::SmallVec;

/// A value of the object, as far as the handshake goes. Nested objects have no place in it.
#[derive(Clone)]
enum Value<'a> {
    Text(&'a str),
    Number(u64),
    Names(SmallVec<[Transport; 2]>),
    Other,
}

/// The fields as they are found.
#[derive(Default)]
struct Fields<'a> {
    sid: Option<&'a str>,
    upgrades: SmallVec<[Transport; 2]>,
    ping_interval: Option<u64>,
    ping_timeout: Option<u64>,
    max_payload: Option<u64>,
}

impl Open {
    /// Reads the data of an open packet. Unknown fields and unknown transports are skipped, since
    /// newer servers may add some; a missing `maxPayload` means no limit, as from old servers.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Open`] if this is no JSON object, or `sid`, `pingInterval` or `pingTimeout`
    /// is missing or not of its type.
    pub fn parse(data: &str) -> Result<Self, DecodeError> {
        let (_, fields) = all_consuming(delimited(multispace0, object, multispace0))
            .parse(data)
            .map_err(|_| DecodeError::Open)?;
        let millis = |field: Option<u64>| field.map(Duration::from_millis).ok_or(DecodeError::Open);
        let sid = fields
            .sid
            .filter(|sid| Sid::is_valid(sid))
            .ok_or(DecodeError::Open)?;
        Ok(Self {
            sid: Sid::new(Text::new(sid)).ok_or(DecodeError::Open)?,
            upgrades: fields.upgrades,
            ping_interval: millis(fields.ping_interval)?,
            ping_timeout: millis(fields.ping_timeout)?,
            max_payload: fields.max_payload.unwrap_or(u64::MAX),
        })
    }
}

fn object(input: &str) -> IResult<&str, Fields<'_>> {
    let (mut input, _) = (char('{'), multispace0).parse(input)?;
    let mut fields = Fields::default();
    if let Ok((rest, _)) = char::<_, nom::error::Error<&str>>('}')(input) {
        return Ok((rest, fields));
    }
    loop {
        let (rest, (name, found)) = separated_pair(string, colon, field_value).parse(input)?;
        match (name, found) {
            ("sid", Value::Text(sid)) => fields.sid = Some(sid),
            ("upgrades", Value::Names(names)) => fields.upgrades = names,
            ("pingInterval", Value::Number(n)) => fields.ping_interval = Some(n),
            ("pingTimeout", Value::Number(n)) => fields.ping_timeout = Some(n),
            ("maxPayload", Value::Number(n)) => fields.max_payload = Some(n),
            _ => {}
        }
        let (rest, end) =
            delimited(multispace0, alt((char(','), char('}'))), multispace0).parse(rest)?;
        if end == '}' {
            return Ok((rest, fields));
        }
        input = rest;
    }
}

fn colon(input: &str) -> IResult<&str, char> {
    delimited(multispace0, char(':'), multispace0).parse(input)
}

fn field_value(input: &str) -> IResult<&str, Value<'_>> {
    alt((
        map(string, Value::Text),
        map(terminated(number, opt(fraction)), Value::Number),
        map(names, Value::Names),
        value(Value::Other, alt((tag("true"), tag("false"), tag("null")))),
    ))
    .parse(input)
}

fn fraction(input: &str) -> IResult<&str, &str> {
    preceded(char('.'), take_while1(|c: char| c.is_ascii_digit())).parse(input)
}

fn names(input: &str) -> IResult<&str, SmallVec<[Transport; 2]>> {
    let comma = delimited(multispace0, char(','), multispace0);
    let (input, list) = delimited(
        (char('['), multispace0),
        separated_list0(comma, string),
        (multispace0, char(']')),
    )
    .parse(input)?;
    Ok((
        input,
        list.into_iter().filter_map(Transport::from_name).collect(),
    ))
}

/// A string with its escapes left as they are: no name or id that we know has one.
fn string(input: &str) -> IResult<&str, &str> {
    let plain = |c: char| c != '"' && c != '\\' && !c.is_control();
    let escape = preceded(char('\\'), nom::character::complete::anychar);
    let body = nom::combinator::recognize((
        take_while(plain),
        fold_many0((escape, take_while(plain)), || (), |(), _| ()),
    ));
    delimited(char('"'), body, char('"')).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_any_order_and_unknown_ones_are_skipped() {
        let open = Open::parse(
            r#"{ "pingTimeout":20000, "new":["x","y"], "more":"a\"b", "on":true,
                 "sid":"abc", "upgrades":["websocket","carrier-pigeon"], "pingInterval":25000.5 }"#,
        )
        .unwrap();
        assert_eq!(open.sid.as_str(), "abc");
        assert_eq!(open.upgrades.as_slice(), [Transport::WebSocket]);
        assert_eq!(open.ping_interval, Duration::from_millis(25_000));
        assert_eq!(open.max_payload, u64::MAX);
    }

    #[test]
    fn what_is_no_handshake_is_refused() {
        for bad in [
            "",
            "{}",
            "{",
            "null",
            r#"{"sid":"a"}"#,
            r#"{"sid":"","pingInterval":1,"pingTimeout":1}"#,
            r#"{"sid":1,"pingInterval":1,"pingTimeout":1}"#,
            r#"{"sid":"a","pingInterval":-1,"pingTimeout":1}"#,
            r#"{"sid":"a","pingInterval":99999999999999999999,"pingTimeout":1}"#,
            r#"{"sid":"a","pingInterval":1,"pingTimeout":1}x"#,
        ] {
            assert_eq!(Open::parse(bad), Err(DecodeError::Open), "{bad}");
        }
    }
}
