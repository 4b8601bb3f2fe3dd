//! One value as JSON: typed if it fits its type, else as text.

use crate::model::{Kind, values};
use crate::time::Timestamp;

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
        // A day is written as it was sent, and so is what is none.
        _ => string(text, out),
    }
}

fn time(text: &str, out: &mut Vec<u8>) {
    // Most times are in UTC. What looks like one is written as it was sent, whether it is one or not.
    if Timestamp::is_written_as(text) {
        return string(text, out);
    }
    match Timestamp::parse(text) {
        Some(time) => {
            out.push(b'"');
            time.write(out);
            out.push(b'"');
        }
        None => string(text, out),
    }
}

/// A JSON string.
pub(super) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    escaped(text, out);
    out.push(b'"');
}

/// What stands between the quotes.
pub(super) fn escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = first_special(rest.as_bytes()) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        match special.as_bytes() {
            [b'\n', ..] => out.extend_from_slice(b"\\n"),
            [b'\r', ..] => out.extend_from_slice(b"\\r"),
            [b'\t', ..] => out.extend_from_slice(b"\\t"),
            // No other control characters are in XML, but pieces of the envelope may come from elsewhere.
            [control @ 0..b' ', ..] => {
                out.extend_from_slice(format!("\\u{control:04x}").as_bytes());
            }
            [quote, ..] => out.extend_from_slice(&[b'\\', *quote]),
            [] => {}
        }
        rest = special.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest.as_bytes());
}

/// Where the first byte stands that must be escaped.
#[inline]
fn first_special(text: &[u8]) -> Option<usize> {
    if is_plain(text) {
        None
    } else {
        text.iter().position(|&byte| is_special(byte))
    }
}

/// Whether nothing must be escaped. Most texts are so, and short: they are looked at by words, of
/// which the last may overlap the one before.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    match text.last_chunk() {
        Some(&last) => is_plain_word(last) && text.as_chunks().0.iter().all(|&w| is_plain_word(w)),
        None => !text.iter().any(|&byte| is_special(byte)),
    }
}

/// `is_special` for none of eight bytes. The highest bit of a byte is set by what is below the
/// space, and by the quote or backslash once it has become zero.
#[inline]
fn is_plain_word(word: [u8; 8]) -> bool {
    let each = |byte| u64::from_ne_bytes([byte; 8]);
    let below = |word: u64, limit| word.wrapping_sub(each(limit)) & !word;
    let word = u64::from_ne_bytes(word);
    let found = below(word, b' ') | below(word ^ each(b'"'), 1) | below(word ^ each(b'\\'), 1);
    found & each(0x80) == 0
}

const fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_plain_if_none_of_its_bytes_is_special_wherever_it_stands() {
        for length in 1..20 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = vec![b'#'; length];
                    text[at] = byte;
                    assert_eq!(
                        is_plain(&text),
                        !is_special(byte),
                        "{byte:#x} at {at} of {length}"
                    );
                }
            }
        }
    }
}
