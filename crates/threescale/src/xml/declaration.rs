//! `<?xml … ?>` and other processing instructions.

use super::chars;
use super::fault::malformed;
use super::scanner::Scanner;
use crate::error::{Error, ErrorCode};

/// Checks the XML declaration; `content` is the text between `<?` and `?>`.
///
/// Only UTF-8 is read, so it is an error to declare another encoding, and to declare US-ASCII
/// for a document that is not `is_ascii`.
pub(super) fn check(content: &str, is_ascii: impl FnOnce() -> bool) -> Result<(), Error> {
    let declared = encoding(content).ok_or_else(|| {
        let message = "found a broken XML declaration, \
                       expected `<?xml version=\"1.0\" encoding=\"UTF-8\"?>`";
        malformed(message)
    })?;
    let is = |names: [&str; 2]| names.iter().any(|name| declared.eq_ignore_ascii_case(name));
    if is([UTF_8, "UTF8"]) || (is(["US-ASCII", "ASCII"]) && is_ascii()) {
        return Ok(());
    }
    let message =
        "the XML declaration names an encoding that the document is not in, expected UTF-8";
    Err(Error::new(ErrorCode::InvalidEncoding, message))
}

/// The encoding of a document that declares none.
const UTF_8: &str = "UTF-8";

/// The declared encoding, if the declaration is well-formed.
fn encoding(content: &str) -> Option<&str> {
    let mut scanner = Scanner::new(content);
    let begins = scanner.take("xml") && scanner.space();
    value(&mut scanner, "version").filter(|version| begins && is_version(version))?;

    let mut encoding = UTF_8;
    let mut spaced = scanner.space();
    if spaced && scanner.begins("encoding") {
        encoding = value(&mut scanner, "encoding").filter(|name| is_encoding_name(name))?;
        spaced = scanner.space();
    }
    if spaced && scanner.begins("standalone") {
        value(&mut scanner, "standalone").filter(|value| matches!(*value, "yes" | "no"))?;
        scanner.space();
    }
    scanner.is_empty().then_some(encoding)
}

/// `name = "value"`.
fn value<'x>(scanner: &mut Scanner<'x>, name: &str) -> Option<&'x str> {
    if scanner.take(name) && scanner.equals() {
        scanner.literal()
    } else {
        None
    }
}

/// `'1.' [0-9]+`: by the fifth edition, documents of later versions are read as 1.0.
fn is_version(version: &str) -> bool {
    version
        .strip_prefix("1.")
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
}

fn is_encoding_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Checks a processing instruction; `content` is the text between `<?` and `?>`.
pub(super) fn check_instruction(content: &str) -> Result<(), Error> {
    let target = content
        .split([' ', '\t', '\n', '\r'])
        .next()
        .unwrap_or_default();
    if target.eq_ignore_ascii_case("xml") {
        let message = "found an XML declaration that is not at the very beginning";
        return Err(malformed(message));
    }
    if !chars::is_name(target) {
        let message = "found a processing instruction without a name";
        return Err(malformed(message));
    }
    Ok(())
}
