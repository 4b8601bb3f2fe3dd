//! A text without the escapes that others put into it: percent encoding, JavaScript's and JSON's backslashes, HTML's
//! entities. Each decoded byte remembers where it stood in the text, so that what is found can be hidden there.

/// Text that is not an attack is never escaped more often.
const MOST_ROUNDS: usize = 8;

/// The encodings, each with its own escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    Percent,
    Backslash,
    Entity,
}

const ALL: &[Escape] = &[Escape::Percent, Escape::Backslash, Escape::Entity];

/// A text, and for each of its bytes the range of its escape in the original.
#[derive(Debug, Clone)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Where the spelling of a byte begins and ends.
    pub(super) spans: Vec<(usize, usize)>,
}

/// The text as it is, and with its escapes decoded.
///
/// Of two escapes inside each other, the outer one has to be decoded alone and first: `\x5C&#92;x41` is `\A` to a
/// reader of HTML with JavaScript in it, and something else to one that decodes both at once. Each pair is tried. For
/// deeper nesting, all kinds are decoded at once until no escape is left.
pub(super) fn readings(text: &str) -> Vec<Decoded> {
    let raw = Decoded {
        bytes: text.as_bytes().to_vec(),
        spans: (0..text.len()).map(|at| (at, at + 1)).collect(),
    };
    let mut readings: Vec<Decoded> = Vec::new();
    for outer in ALL {
        if let Some(first) = raw.decoded(&[*outer]) {
            readings.extend(ALL.iter().filter_map(|inner| first.decoded(&[*inner])));
            readings.push(first);
        }
    }
    let mut last = raw.clone();
    readings.push(raw);
    for _ in 0..MOST_ROUNDS {
        let Some(next) = last.decoded(ALL) else { break };
        readings.push(next.clone());
        last = next;
    }
    readings
}

impl Decoded {
    /// One round; `None` if the text has none of these escapes.
    fn decoded(&self, escapes: &[Escape]) -> Option<Self> {
        let mut next = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            spans: Vec::with_capacity(self.bytes.len()),
        };
        let mut rest = self.bytes.as_slice();
        let mut spans = self.spans.as_slice();
        while let [first, ..] = rest {
            let (unit, length) = escape(rest, escapes).unwrap_or((Unit::Byte(*first), 1));
            let (spelling, spans_after) = spans.split_at_checked(length)?;
            let span = (spelling.first()?.0, spelling.last()?.1);
            match unit {
                Unit::Byte(byte) => next.bytes.push(byte),
                Unit::Char(c) => next
                    .bytes
                    .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            next.spans.resize(next.bytes.len(), span);
            rest = rest.get(length..)?;
            spans = spans_after;
        }
        (next.bytes.len() < self.bytes.len()).then_some(next)
    }
}

/// The meaning of an escape.
enum Unit {
    Byte(u8),
    Char(char),
}

/// The escape at the beginning of the text, and its length.
fn escape(text: &[u8], escapes: &[Escape]) -> Option<(Unit, usize)> {
    let (first, rest) = text.split_first()?;
    let kind = match first {
        b'%' => Escape::Percent,
        b'\\' => Escape::Backslash,
        b'&' => Escape::Entity,
        _ => return None,
    };
    if !escapes.contains(&kind) {
        return None;
    }
    match kind {
        Escape::Percent => Some((Unit::Byte(byte(rest)?), 3)),
        Escape::Backslash => {
            let (unit, length) = backslash(rest)?;
            Some((unit, length + 1))
        }
        Escape::Entity => {
            // The longest name is `NewLine`, and a number may have zeros in front.
            let length = rest.iter().take(16).position(|byte| *byte == b';')?;
            let c = entity(std::str::from_utf8(rest.get(..length)?).ok()?)?;
            Some((Unit::Char(c), length + 2))
        }
    }
}

fn backslash(rest: &[u8]) -> Option<(Unit, usize)> {
    match rest {
        [c @ (b'"' | b'\'' | b'\\' | b'/'), ..] => Some((Unit::Byte(*c), 1)),
        [b'x', hex @ ..] => Some((Unit::Byte(byte(hex)?), 3)),
        [b'u', b'{', hex @ ..] => {
            let length = hex.iter().take(8).position(|byte| *byte == b'}')?;
            let code = number(hex.get(..length)?, 16)?;
            Some((Unit::Char(char::from_u32(code)?), length + 3))
        }
        [b'u', hex @ ..] => {
            let high = number(hex.get(..4)?, 16)?;
            if let Some(c) = char::from_u32(high) {
                return Some((Unit::Char(c), 5));
            }
            // Beyond U+FFFF, JSON writes the two halves of UTF-16.
            let low = number(hex.get(4..)?.strip_prefix(b"\\u")?.get(..4)?, 16)?;
            let halves = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
            let c = char::decode_utf16(halves).next()?.ok()?;
            Some((Unit::Char(c), 11))
        }
        _ => None,
    }
}

/// An entity without its `&` and `;`: a number, or HTML's name of a character that ASCII has.
fn entity(name: &str) -> Option<char> {
    if let Some(digits) = name.strip_prefix('#') {
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(hex) => number(hex.as_bytes(), 16),
            None => number(digits.as_bytes(), 10),
        };
        return char::from_u32(code?);
    }
    Some(match name {
        "Tab" => '\t',
        "NewLine" => '\n',
        "excl" => '!',
        "quot" | "QUOT" => '"',
        "num" => '#',
        "dollar" => '$',
        "percnt" => '%',
        "amp" | "AMP" => '&',
        "apos" => '\'',
        "lpar" => '(',
        "rpar" => ')',
        "ast" | "midast" => '*',
        "plus" => '+',
        "comma" => ',',
        "period" => '.',
        "sol" => '/',
        "colon" => ':',
        "semi" => ';',
        "lt" | "LT" => '<',
        "equals" => '=',
        "gt" | "GT" => '>',
        "quest" => '?',
        "commat" => '@',
        "lsqb" | "lbrack" => '[',
        "bsol" => '\\',
        "rsqb" | "rbrack" => ']',
        "Hat" => '^',
        "lowbar" | "UnderBar" => '_',
        "grave" => '`',
        "lcub" | "lbrace" => '{',
        "verbar" | "vert" | "VerticalLine" => '|',
        "rcub" | "rbrace" => '}',
        _ => return None,
    })
}

/// Two hexadecimal digits.
fn byte(hex: &[u8]) -> Option<u8> {
    u8::try_from(number(hex.get(..2)?, 16)?).ok()
}

/// Digits and nothing else; `from_str_radix` would take a sign.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last reading.
    fn decoded(text: &str) -> String {
        let bytes = readings(text).pop().unwrap().bytes;
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn each_kind_of_escape_is_decoded() {
        for (escaped, text) in [
            ("%2f%2F", "//"),
            ("%C3%A9", "é"),
            (r#"\"\/\'"#, r#""/'"#),
            (r"\u002b\u{2B}\x2b", "+++"),
            (r"\u00e9\ud83d\ude00", "é😀"),
            ("&amp;&#47;&#x2F;&#X2f;&sol;&#x000002f;", "&/////"),
        ] {
            assert_eq!(decoded(escaped), text, "{escaped}");
        }
    }

    #[test]
    fn an_escape_of_an_escape_is_decoded_too() {
        for escaped in [
            "%25252F",
            "&amp;amp;sol;",
            r"\\\\u002f",
            "%26%2347%3B",
            r"\u0026#47;",
        ] {
            assert_eq!(decoded(escaped), "/", "{escaped}");
        }
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in [
            "",
            "100%",
            "%2",
            "%zz",
            "%+1",
            "a & b; c",
            "&#;",
            "&#x;",
            "&none;",
            "&#99999999999;",
            r"\u00",
            r"\u+123",
            r"\ud83d",
            r"\u{}",
            r"\x2",
            r"\n",
            "\\",
            "&",
            "é",
        ] {
            assert_eq!(readings(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_byte_knows_where_its_spelling_stands() {
        let reading = readings("a%252Fé").pop().unwrap();
        assert_eq!(reading.bytes, "a/é".as_bytes());
        assert_eq!(reading.spans, [(0, 1), (1, 6), (6, 7), (7, 8)]);
    }
}
