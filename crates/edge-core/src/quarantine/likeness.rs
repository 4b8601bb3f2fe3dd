//! Recognizes a body that cannot be parsed, in whichever way it came: 3scale pushes it once as it is, perhaps in a form,
//! and reprints it in its list of failures, where libxml2 has parsed it as far as it could and written it anew.
//!
//! The digest is over what both have: the start tags with their attributes, the ends of elements, and text. Ignored is
//! what a reprint changes: the declaration, comments, instructions, the document type, white space between tags, line
//! ends, how a character is written (references, CDATA), quotes, `<x/>` or `<x></x>`, and characters that XML does not
//! allow. And what libxml2 repairs: an end tag ends the element that is open, whatever it is called; what is open at the
//! end is closed there; a `<` or `&` that begins nothing is left out.
//!
//! A reprint that lost more than this is a row of its own, which costs a place and loses nothing.

use sha2::{Digest as _, Sha256};
use threescale::form;

use crate::id::Digest;

/// The same for a body and its reprint, and different as soon as an element, an attribute or a text is.
#[must_use]
pub fn of(body: &[u8]) -> Digest {
    let in_form = if body.trim_ascii_start().starts_with(b"<") {
        None
    } else {
        form::notification_xml(body).ok()
    };
    let text = String::from_utf8_lossy(in_form.as_deref().unwrap_or(body));
    let mut print = Print::default();
    let mut rest = text.trim_start_matches('\u{feff}');
    while !rest.is_empty() {
        rest = piece(rest, &mut print);
    }
    print.finish()
}

/// Takes the next piece of a document, and returns what follows it.
fn piece<'t>(rest: &'t str, print: &mut Print) -> &'t str {
    const PASSED_OVER: [(&str, &str); 3] = [("<!--", "-->"), ("<?", "?>"), ("<!DOCTYPE", ">")];
    if let Some(rest) = rest.strip_prefix("<![CDATA[") {
        let (text, rest) = up_to(rest, "]]>");
        print.characters(text);
        return rest;
    }
    for (opening, closing) in PASSED_OVER {
        if let Some(rest) = rest.strip_prefix(opening) {
            let has_subset = opening == "<!DOCTYPE" && up_to(rest, ">").0.contains('[');
            let rest = if has_subset { up_to(rest, "]").1 } else { rest };
            return up_to(rest, closing).1;
        }
    }
    if let Some(rest) = rest.strip_prefix("</") {
        print.end();
        return tag(rest).1;
    }
    if let Some(inside) = rest.strip_prefix('<') {
        if inside.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | ':')) {
            let (tag, after) = tag(inside);
            print.start(tag);
            return after;
        }
        return inside;
    }
    let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
    print.text(text);
    after
}

/// What is inside a tag, up to its `>` or to the `<` of the next one if it has none, and what follows.
fn tag(rest: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, character) in rest.char_indices() {
        match (character, quote) {
            ('<', _) => return rest.split_at(at),
            ('>', None) => {
                return (
                    rest.get(..at).unwrap_or_default(),
                    rest.get(at + 1..).unwrap_or_default(),
                );
            }
            ('"' | '\'', None) => quote = Some(character),
            (character, Some(open)) if character == open => quote = None,
            _ => {}
        }
    }
    (rest, "")
}

/// What comes before a word, and what comes after it: nothing, if it is missing.
fn up_to<'t>(rest: &'t str, word: &str) -> (&'t str, &'t str) {
    rest.split_once(word).unwrap_or((rest, ""))
}

/// What was seen so far.
#[derive(Default)]
struct Print {
    hash: Sha256,
    /// Text up to the next tag.
    text: String,
    /// Ends of elements that nothing has followed yet: at the end of a document they make no difference.
    ends: usize,
}

const START: u8 = 1;
const ATTRIBUTE: u8 = 2;
const TEXT: u8 = 3;
const END: u8 = 4;

impl Print {
    fn start(&mut self, tag: &str) {
        self.settle();
        let tag = tag.trim_end();
        let (tag, is_empty) = tag
            .strip_suffix('/')
            .map_or((tag, false), |tag| (tag, true));
        let name_ends = tag.find(char::is_whitespace).unwrap_or(tag.len());
        let (name, mut rest) = tag.split_at(name_ends);
        self.token(START, name);
        while let Some((name, value)) = rest.split_once('=') {
            self.token(ATTRIBUTE, name.trim());
            let value = value.trim_start();
            let quoted = value.strip_prefix(['"', '\'']).zip(value.chars().next());
            let (value, after) = match quoted {
                Some((inside, quote)) => inside.split_once(quote).unwrap_or((inside, "")),
                None => value.split_once(char::is_whitespace).unwrap_or((value, "")),
            };
            self.token(ATTRIBUTE, &characters_of(value));
            rest = after;
        }
        if !rest.trim().is_empty() {
            self.token(ATTRIBUTE, rest.trim());
        }
        if is_empty {
            self.end();
        }
    }

    fn end(&mut self) {
        self.settle_text();
        self.ends += 1;
    }

    /// Text with references.
    fn text(&mut self, text: &str) {
        self.text += &characters_of(text);
    }

    /// Text without references.
    fn characters(&mut self, text: &str) {
        let text = line_ends(text);
        let allowed = text.chars().filter(|character| is_allowed(*character));
        self.text.extend(allowed);
    }

    fn settle(&mut self) {
        self.settle_text();
        self.settle_ends();
    }

    fn settle_text(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.trim().is_empty() {
            self.settle_ends();
            self.token(TEXT, &text);
        }
    }

    fn settle_ends(&mut self) {
        for _ in 0..std::mem::take(&mut self.ends) {
            self.token(END, "");
        }
    }

    /// With its length before it, so that different documents never give the same bytes.
    fn token(&mut self, kind: u8, text: &str) {
        self.hash.update([kind]);
        self.hash.update((text.len() as u64).to_le_bytes());
        self.hash.update(text);
    }

    fn finish(mut self) -> Digest {
        self.settle_text();
        let digest: [u8; 32] = self.hash.finalize().into();
        digest.into()
    }
}

/// The characters that a text means: with its references resolved, without what begins none.
fn characters_of(text: &str) -> String {
    let text = line_ends(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('&') {
        out += before;
        // Looking for the `;` further than a name goes would take hours for a megabyte of `&`.
        let is_part = |one: char| one.is_alphanumeric() || one == '#';
        let end = after.find(|one| !is_part(one)).unwrap_or(after.len());
        let (name, follows) = after.split_at(end);
        let is_name = !name.is_empty() && follows.starts_with(';');
        rest = match meant(name) {
            _ if !is_name => after,
            Some(character) => {
                out.push(character);
                after.get(name.len() + 1..).unwrap_or_default()
            }
            None => {
                // An entity that only its document type defines is printed as it is.
                out.push('&');
                after
            }
        };
    }
    out += rest;
    out.retain(is_allowed);
    out
}

/// The character that a reference means.
fn meant(name: &str) -> Option<char> {
    let number = |digits, radix| char::from_u32(u32::from_str_radix(digits, radix).ok()?);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => number(hex.get(1..)?, 16),
            decimal => number(decimal, 10),
        },
    }
}

fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Not a control character, and not what stands for bytes that are none.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffc}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests;
