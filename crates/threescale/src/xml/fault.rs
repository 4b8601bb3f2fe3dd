//! The errors of the XML reader.

use std::borrow::Cow;

use quick_xml::errors::{IllFormedError, SyntaxError};

use super::chars;
use crate::error::{Error, ErrorCode};

/// A tokenizer's error in our words: quick-xml's own message may quote a value.
#[cold]
pub(super) fn of_tokenizer(error: &quick_xml::Error) -> Error {
    use quick_xml::Error as Xml;
    match error {
        Xml::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => malformed(format!(
            "found `</{}>`, expected `</{}>`",
            quoted(found),
            quoted(expected)
        )),
        Xml::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
            malformed(format!("found `</{}>` without a start tag", quoted(found)))
        }
        Xml::IllFormed(IllFormedError::UnclosedReference) => {
            malformed("found `&` that begins no reference, expected `&amp;`")
        }
        Xml::Syntax(SyntaxError::UnclosedDoctype)
        | Xml::IllFormed(IllFormedError::MissingDoctypeName) => doctype_forbidden(),
        Xml::Syntax(error) => malformed(error.to_string()),
        _ => malformed("the markup is broken"),
    }
}

pub(super) fn doctype_forbidden() -> Error {
    Error::new(
        ErrorCode::DoctypeForbidden,
        "found a document type declaration",
    )
}

pub(super) fn malformed(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorCode::MalformedXml, message)
}

pub(super) fn exceeded(message: String) -> Error {
    Error::new(ErrorCode::LimitExceeded, message)
}

/// A name as it may appear in a message: shortened if it is long, and `…` if it is no name, since
/// in broken markup there may be anything in a name's place, a secret too.
pub(crate) fn quoted(name: &str) -> String {
    const LONGEST: usize = 60;
    if !chars::is_name(name) {
        return "…".to_owned();
    }
    let mut short: String = name.chars().take(LONGEST).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}
