//! One value as JSON: typed if its text fits the type, else as text.

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
        // A date is written as it was sent, valid or not.
        _ => string(text, out),
    }
}

fn time(text: &str, out: &mut Vec<u8>) {
    // Most times are in UTC. A text that looks like one is written as it was sent, valid or not.
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

/// The inside of a JSON string, without its quotes.
pub(super) fn escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = first_special(rest.as_bytes()) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        match special.as_bytes() {
            [b'\n', ..] => out.extend_from_slice(b"\\n"),
            [b'\r', ..] => out.extend_from_slice(b"\\r"),
            [b'\t', ..] => out.extend_from_slice(b"\\t"),
            // XML allows no other control characters, but the envelope's texts may not be from XML.
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

/// The offset of the first byte that must be escaped.
#[inline]
fn first_special(text: &[u8]) -> Option<usize> {
    if is_plain(text) {
        None
    } else {
        text.iter().position(|&byte| is_special(byte))
    }
}

/// Returns true if nothing must be escaped, as is usual. Texts are short: they are tested in words
/// of eight bytes, of which the last may overlap the one before.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    match text.last_chunk() {
        Some(&last) => is_plain_word(last) && text.as_chunks().0.iter().all(|&w| is_plain_word(w)),
        None => !text.iter().any(|&byte| is_special(byte)),
    }
}

/// Returns true if none of the eight bytes `is_special`. `below` sets the highest bit of each byte
/// that is less than the limit; a quote or backslash becomes zero, and so less than one, by XOR.
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
