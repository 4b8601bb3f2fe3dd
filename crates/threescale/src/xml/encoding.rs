//! From bytes to text: UTF-8, and no other encoding.

use super::chars;
use crate::error::{Error, ErrorCode};

/// The text of a document, without its byte order mark.
///
/// All of it is UTF-8 and consists of `Char`s: nothing after this need check that again.
pub(super) fn text(document: &[u8]) -> Result<&str, Error> {
    if let Some(other) = other_encoding(document) {
        let message = format!("the document is {other}, expected UTF-8");
        return Err(Error::new(ErrorCode::InvalidEncoding, message));
    }
    let text = std::str::from_utf8(document).map_err(|error| {
        Error::new(ErrorCode::InvalidEncoding, "found bytes that are not UTF-8")
            .at(document, error.valid_up_to())
    })?;
    if let Some(at) = chars::first_forbidden(text) {
        let message = "found a character that XML forbids";
        return Err(Error::new(ErrorCode::InvalidCharacter, message).at(document, at));
    }
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// Another encoding, if the first bytes give it away (XML 1.0, appendix F).
fn other_encoding(document: &[u8]) -> Option<&'static str> {
    match document {
        [0xFF, 0xFE, 0, 0, ..]
        | [0, 0, 0xFE, 0xFF, ..]
        | [b'<', 0, 0, 0, ..]
        | [0, 0, 0, b'<', ..] => Some("UTF-32"),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..] => Some("UTF-16"),
        [0x4C, 0x6F, 0xA7, 0x94, ..] => Some("EBCDIC"),
        [0x1F, 0x8B, ..] => Some("compressed with gzip"),
        _ => None,
    }
}
