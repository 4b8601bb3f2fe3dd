//! One value as JSON: typed if it fits its type, else as text.

use std::io::Write as _;

use crate::model::{Kind, values};
use crate::time::{Date, Timestamp};

/// Writes the text of an element that has no elements inside.
#[inline]
pub(super) fn write(kind: &Kind, text: &str, out: &mut Vec<u8>) {
    if text.is_empty() {
        out.extend_from_slice(b"null");
        return;
    }
    match kind {
        Kind::Integer if values::is_exact_integer(text) => out.extend_from_slice(text.as_bytes()),
        Kind::Decimal if values::is_decimal(text) => out.extend_from_slice(text.as_bytes()),
        Kind::Boolean if values::boolean(text).is_some() => out.extend_from_slice(text.as_bytes()),
        Kind::Time => time(text, out),
        Kind::Date if Date::parse(text).is_some() => quoted(text, out),
        _ => string(text, out),
    }
}

fn time(text: &str, out: &mut Vec<u8>) {
    match Timestamp::parse(text) {
        Some(_) if Timestamp::is_written_as(text) => quoted(text, out),
        // Writing to a vector does not fail.
        Some(time) => drop(write!(out, "\"{time}\"")),
        None => string(text, out),
    }
}

/// What needs no escaping.
fn quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// A JSON string.
pub(super) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = first_special(rest.as_bytes()) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        match special.as_bytes() {
            [b'\n', ..] => out.extend_from_slice(b"\\n"),
            [b'\r', ..] => out.extend_from_slice(b"\\r"),
            [b'\t', ..] => out.extend_from_slice(b"\\t"),
            // No other control characters are in XML.
            [quote, ..] => out.extend_from_slice(&[b'\\', *quote]),
            [] => {}
        }
        rest = special.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

/// Where the first byte stands that must be escaped. Most texts have none and are short, so
/// blocks of eight are looked at as one.
#[inline]
fn first_special(text: &[u8]) -> Option<usize> {
    let (blocks, rest) = text.as_chunks::<8>();
    let is_plain = blocks.iter().all(|block| {
        !block
            .iter()
            .fold(false, |found, &byte| found | is_special(byte))
    }) && !rest.iter().any(|&byte| is_special(byte));
    if is_plain {
        None
    } else {
        text.iter().position(|&byte| is_special(byte))
    }
}

/// Without branches, so that a block is looked at as one.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy `||` is a branch for each byte"
)]
const fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}
