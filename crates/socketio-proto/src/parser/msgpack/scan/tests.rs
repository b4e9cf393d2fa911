use super::*;
use crate::DecodeError;
use alloc::{vec, vec::Vec};

fn token(bytes: &[u8]) -> Option<Token> {
    Cursor::new(bytes).token()
}

fn skipped(bytes: &[u8], max_depth: usize) -> Result<usize, DecodeError> {
    let mut cursor = Cursor::new(bytes);
    cursor.skip(max_depth)?;
    Ok(bytes.len() - cursor.rest().len())
}

#[test]
fn each_marker_begins_its_token() {
    for (bytes, expected) in [
        (&[0x7f][..], Token::Unsigned(127)),
        (&[0xe0], Token::Signed(-32)),
        (&[0xcc, 0x80], Token::Unsigned(128)),
        (&[0xcd, 1, 0], Token::Unsigned(256)),
        (&[0xce, 1, 0, 0, 0], Token::Unsigned(1 << 24)),
        (&[0xcf, 1, 0, 0, 0, 0, 0, 0, 0], Token::Unsigned(1 << 56)),
        (&[0xd0, 0x80], Token::Signed(-128)),
        (&[0xd0, 0x05], Token::Unsigned(5)),
        (&[0xd1, 0x80, 0], Token::Signed(i16::MIN.into())),
        (&[0xd2, 0x80, 0, 0, 0], Token::Signed(i32::MIN.into())),
        (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], Token::Signed(i64::MIN)),
        (&[0xca, 0x3f, 0xc0, 0, 0], Token::Float(1.5_f64.to_bits())),
        (
            &[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0],
            Token::Float(1.5_f64.to_bits()),
        ),
        (&[0xc0], Token::Nil),
        (&[0xc2], Token::False),
        (&[0xc3], Token::True),
        (&[0xa1, b'a'], Token::Text(1)),
        (&[0xd9, 1, b'a'], Token::Text(1)),
        (&[0xda, 0, 1, b'a'], Token::Text(1)),
        (&[0xdb, 0, 0, 0, 1, b'a'], Token::Text(1)),
        (&[0xc4, 1, 7], Token::Binary(1)),
        (&[0xc5, 0, 1, 7], Token::Binary(1)),
        (&[0xc6, 0, 0, 0, 1, 7], Token::Binary(1)),
        (&[0xc7, 1, 0, 7], Token::Binary(1)),
        (&[0xc8, 0, 1, 0, 7], Token::Binary(1)),
        (&[0xc9, 0, 0, 0, 1, 0, 7], Token::Binary(1)),
        (&[0xd4, 0, 7], Token::Binary(1)),
        (&[0xd4, 0, 0], Token::Undefined),
        (&[0xc7, 1, 0, 0], Token::Binary(1)),
        (&[0xd5, 0, 1, 2], Token::Binary(2)),
        (&[0xd7, 0, 0, 0, 0, 0, 0, 0, 5, 0xdc], Token::Date(1500)),
        (&[0xd6, 0xff, 0, 0, 0, 0], Token::Extension(4)),
        (&[0x91, 0xc0], Token::Array(1)),
        (&[0xdc, 0, 1, 0xc0], Token::Array(1)),
        (&[0xdd, 0, 0, 0, 1, 0xc0], Token::Array(1)),
        (&[0x81, 0xc0, 0xc0], Token::Map(1)),
        (&[0xde, 0, 1, 0xc0, 0xc0], Token::Map(1)),
        (&[0xdf, 0, 0, 0, 1, 0xc0, 0xc0], Token::Map(1)),
    ] {
        assert_eq!(token(bytes), Some(expected), "{bytes:x?}");
    }
    assert_eq!(token(&[0xc1]), None);
    assert_eq!(token(&[]), None);
}

#[test]
fn a_token_needs_all_of_its_bytes() {
    for marker in 0xa1..=0xdf_u8 {
        if !matches!(marker, 0xc0 | 0xc2 | 0xc3) {
            assert_eq!(token(&[marker]), None, "{marker:x}");
        }
    }
}

/// Lengths come from the peer: they must not outgrow what it has sent.
#[test]
fn a_length_is_no_larger_than_the_rest() {
    for bytes in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0][..],
        &[0xdf, 0xff, 0xff, 0xff, 0xff, 0xc0, 0xc0],
        &[0xdf, 0, 0, 0, 2, 0xc0, 0xc0, 0xc0],
        &[0xdb, 0xff, 0xff, 0xff, 0xff, b'a'],
        &[0xc6, 0xff, 0xff, 0xff, 0xff, 7],
        &[0xc9, 0xff, 0xff, 0xff, 0xff, 0, 7],
    ] {
        assert_eq!(token(bytes), None, "{bytes:x?}");
    }
}

#[test]
fn a_value_is_passed_over_whole() {
    // [[], {1: [2]}, "a"] and a byte behind it
    let bytes = [0x93, 0x90, 0x81, 1, 0x91, 2, 0xa1, b'a', 0xc3];
    assert_eq!(skipped(&bytes, 3), Ok(8));
    assert_eq!(
        skipped(&bytes, 2),
        Err(DecodeError::Limit { what: "depth" })
    );
    assert_eq!(skipped(&bytes[..7], 3), Err(DecodeError::Malformed));
    assert_eq!(skipped(&[0xc0, 0xc0], 0), Ok(1));
    // More lists than may lie in each other, side by side.
    assert_eq!(skipped(&[0x93, 0x90, 0x90, 0x91, 0xc0], 2), Ok(5));
    assert_eq!(Cursor::new(&[0x91, 0x91, 0xc4, 0]).skip(2), Ok(true));
}

#[test]
fn text_is_checked_wherever_it_is() {
    let check = |bytes: &[u8]| Cursor::new(bytes).check(8);
    assert_eq!(check(&[0x91, 0xa2, 0xc3, 0xa9]), Ok(()));
    assert_eq!(check(&[0x91, 0xa1, 0xff]), Err(DecodeError::Payload));
    assert_eq!(check(&[0x81, 0xa1, 0xff, 0xc0]), Err(DecodeError::Payload));
    assert_eq!(check(&[0xc4, 1, 0xff]), Ok(()));
}

#[test]
fn depth_costs_no_recursion() {
    let mut deep: Vec<u8> = vec![0x91; 1_000_000];
    deep.push(0xc0);
    assert_eq!(skipped(&deep, usize::MAX), Ok(deep.len()));
    assert_eq!(
        skipped(&deep, 128),
        Err(DecodeError::Limit { what: "depth" })
    );
}
