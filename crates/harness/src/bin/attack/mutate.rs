//! Random changes to the sixteen documents. The number of a shot and the seed decide everything about it.

use fastrand::Rng;
use harness::fixtures::answer::encode;

use crate::shapes::{Shot, gzip};

/// Pieces that mean something to a parser, or look as if they did.
#[rustfmt::skip] // A table.
const PIECES: [&[u8]; 40] = [
    b"<", b">", b"</", b"/>", b"&", b";", b"\"", b"'", b"=", b"&#", b"&#x", b"&lt;", b"&amp;", b"&lol;", b"&#0;",
    b"<!--", b"-->", b"--", b"<![CDATA[", b"]]>", b"<?xml version=\"1.0\"?>", b"<?a", b"?>", b"<!DOCTYPE a [", b"\0",
    b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf0\x9f\x98\x80", b"\xe2\x80\xae", b"\r", b"\n", b"\t",
    b" xmlns='x'", b" a='1' a='2'", b"<event>", b"</event>", b"<id>", b"edge.alert",
];
/// A mutation does not grow a document beyond this: the long ones are in the table.
const LONGEST: usize = 40_000;

/// The shot of this number.
pub(crate) fn shot(seed: u64, number: u64, samples: &[Vec<u8>]) -> Shot {
    let mut rng = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let rng = &mut rng;
    let mut body = sample(rng, samples);
    for _ in 0..rng.u8(1..=4) {
        body = mutated(rng, &body, samples);
        body.truncate(LONGEST);
    }
    let name = format!("mutation {number}");
    match rng.u8(..24) {
        0..3 => {
            let value = encode(&String::from_utf8_lossy(&body));
            let form = "application/x-www-form-urlencoded";
            Shot::of(name, form, format!("params[xml]={value}"))
        }
        // The form's own syntax is mutated.
        3 => Shot::of(name, "application/x-www-form-urlencoded", body),
        4 => Shot::xml(name, gzip(&body)).encoded("gzip"),
        5 => Shot::of(name, "text/xml; charset=utf-8", body),
        _ => Shot::xml(name, body),
    }
}

fn sample(rng: &mut Rng, samples: &[Vec<u8>]) -> Vec<u8> {
    rng.choice(samples).cloned().unwrap_or_default()
}

fn mutated(rng: &mut Rng, body: &[u8], samples: &[Vec<u8>]) -> Vec<u8> {
    let mut changed = body.to_vec();
    let (from, to) = range(rng, body.len());
    let part = body.get(from..to).unwrap_or_default().to_vec();
    match rng.u8(..13) {
        // A bit flips.
        0 => {
            if let Some(byte) = changed.get_mut(from) {
                *byte ^= 1 << rng.u8(..8);
            }
        }
        // Truncated, at either end.
        1 => changed.truncate(from),
        2 => drop(changed.drain(..from)),
        3 => drop(changed.drain(from..to)),
        // A part is repeated, up to a thousand times.
        4 => {
            let times = rng
                .choice([2, 10, 1000])
                .unwrap_or(2)
                .min(LONGEST / part.len().max(1));
            let _ = changed.splice(from..to, part.repeat(times));
        }
        5 | 6 => {
            let piece = rng.choice(PIECES).unwrap_or_default();
            let _ = changed.splice(from..from, piece.iter().copied());
        }
        7 => {
            let bytes: Vec<_> = (0..rng.u8(1..9)).map(|_| rng.u8(..)).collect();
            let _ = changed.splice(from..from, bytes);
        }
        // A part of another document.
        8 => {
            let other = sample(rng, samples);
            let (other_from, other_to) = range(rng, other.len());
            let other = other.get(other_from..other_to).unwrap_or_default();
            let _ = changed.splice(from..to, other.iter().copied());
        }
        9 => element(rng, &mut changed, body),
        10 => text(rng, &mut changed, body),
        // Two parts change places.
        11 => {
            let _ = changed.splice(from..to, []);
            let at = rng.usize(..=changed.len());
            let _ = changed.splice(at..at, part);
        }
        // An attribute.
        _ => {
            if let Some(at) = position(rng, body, b'>') {
                let value = rng
                    .choice(["1", "true", "", "&lt;", "&x;", "<"])
                    .unwrap_or_default();
                let attribute = format!(
                    " {}=\"{value}\"",
                    rng.choice(["custom", "default", "a:b", "é"])
                        .unwrap_or_default()
                );
                let _ = changed.splice(at..at, attribute.into_bytes());
            }
        }
    }
    changed
}

/// A whole element goes, doubles, is renamed, or becomes its own child.
fn element(rng: &mut Rng, changed: &mut Vec<u8>, body: &[u8]) {
    let found = position(rng, body, b'<').and_then(|from| {
        let end = body.iter().skip(from).position(|byte| *byte == b'>')? + from;
        let name = body.get(from + 1..end)?.to_vec();
        let closing = [b"</", name.as_slice(), b">"].concat();
        let mut windows = body.get(end..)?.windows(closing.len());
        let to = windows.position(|window| window == closing)? + end + closing.len();
        Some((from, to, name))
    });
    let Some((from, to, name)) = found else {
        return;
    };
    let whole = body.get(from..to).unwrap_or_default();
    let other: &[u8] = match rng.u8(..5) {
        0 => b"",
        1 => &whole.repeat(2),
        2 => &[b"<", name.as_slice(), b">", whole, b"</", &name, b">"].concat(),
        3 => &whole.repeat(50),
        _ => b"<x-1.y>1</x-1.y>",
    };
    let _ = changed.splice(from..to, other.iter().copied());
}

/// The text of an element is another.
fn text(rng: &mut Rng, changed: &mut Vec<u8>, body: &[u8]) {
    let long = "9".repeat(rng.usize(..2000));
    #[rustfmt::skip] // A table.
    let texts = [
        "", "0", "-1", "true", "null", "1e309", "99999999999999999999", "2021-13-45T99:99:99Z", "0000-00-00", "😀", "\u{202e}",
        "&lt;script&gt;", "edge.alert", "<![CDATA[<a>]]>", "'; --", "../..", "%2e%2e", "\u{fffd}", " \t\n ", &long,
    ];
    let Some(from) = position(rng, body, b'>').map(|at| at + 1) else {
        return;
    };
    let rest = body.get(from..).unwrap_or_default();
    let to = rest.iter().position(|byte| *byte == b'<');
    let to = to.map_or(body.len(), |length| from + length);
    let other = rng.choice(texts).unwrap_or_default().bytes();
    let _ = changed.splice(from..to, other);
}

/// The place of one of these bytes.
fn position(rng: &mut Rng, body: &[u8], wanted: u8) -> Option<usize> {
    let places = body.iter().enumerate().filter(|(_, byte)| **byte == wanted);
    let places: Vec<_> = places.map(|(at, _)| at).collect();
    rng.choice(places)
}

/// A part of a body of this length: mostly a short one.
fn range(rng: &mut Rng, length: usize) -> (usize, usize) {
    let from = rng.usize(..=length);
    let longest = if rng.bool() { 16 } else { length };
    let to = from + rng.usize(..=longest);
    (from, to.min(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::samples;

    #[test]
    fn the_seed_and_the_number_decide_everything() {
        let samples: Vec<_> = samples().map(String::into_bytes).collect();
        for number in 0..200 {
            let (one, again) = (shot(7, number, &samples), shot(7, number, &samples));
            assert_eq!(one.body, again.body);
            assert_eq!(one.content_type, again.content_type);
        }
        let other: Vec<_> = (0..200).map(|n| shot(8, n, &samples).body).collect();
        let changed =
            (0..200).filter(|n| shot(7, *n, &samples).body != other[usize::try_from(*n).unwrap()]);
        assert!(changed.count() > 190);
    }
}
