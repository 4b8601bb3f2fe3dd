//! The attributes of a start tag: unique, quoted, separated, normalized.

use std::borrow::Cow;

use super::fault::{exceeded, malformed, quoted};
use super::reference;
use super::scanner::Scanner;
use crate::error::Error;

/// One attribute, its value as XML 1.0 §3.3.3 normalizes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'x> {
    pub(crate) name: &'x str,
    pub(crate) value: Cow<'x, str>,
}

/// Reads the part of a start tag between its name and its `>` or `/>`.
///
/// An error comes with its offset in `markup`.
pub(super) fn read<'x>(
    markup: &'x str,
    text_limit: usize,
    mut each: impl FnMut(Attribute<'x>) -> Result<(), Error>,
) -> Result<(), (Error, usize)> {
    let mut scanner = Scanner::new(markup);
    loop {
        let separated = scanner.space();
        if scanner.is_empty() {
            return Ok(());
        }
        let at = scanner.offset();
        let attribute = if separated {
            one(&mut scanner, text_limit)
        } else {
            Err(malformed("found no white space before an attribute"))
        };
        attribute.and_then(&mut each).map_err(|error| (error, at))?;
    }
}

fn one<'x>(scanner: &mut Scanner<'x>, text_limit: usize) -> Result<Attribute<'x>, Error> {
    let name = scanner
        .name()
        .ok_or_else(|| malformed("expected the name of an attribute, `>` or `/>`"))?;
    if !scanner.equals() {
        return Err(malformed(format!(
            "found attribute `{}` without `=`",
            quoted(name)
        )));
    }
    let literal = scanner.literal().ok_or_else(|| {
        malformed(format!(
            "found attribute `{}` without a quoted value",
            quoted(name)
        ))
    })?;
    if literal.bytes().any(|byte| byte == b'<') {
        return Err(malformed(
            "found `<` in the value of an attribute, expected `&lt;`",
        ));
    }
    let value = normalize(literal)?;
    if value.len() > text_limit {
        return Err(exceeded(format!(
            "an attribute has more than {text_limit} bytes"
        )));
    }
    Ok(Attribute { name, value })
}

/// Turns line ends and tabs into spaces, unless they are written as character references.
fn normalize(literal: &str) -> Result<Cow<'_, str>, Error> {
    if !literal
        .bytes()
        .any(|byte| matches!(byte, b'&' | b'\t' | b'\n' | b'\r'))
    {
        return Ok(Cow::Borrowed(literal));
    }
    let mut value = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
        let (plain, special) = rest.split_at(at);
        value.push_str(plain);
        rest = if let Some(reference) = special.strip_prefix('&') {
            let (name, after) = reference
                .split_once(';')
                .ok_or_else(|| malformed("found `&` that begins no reference, expected `&amp;`"))?;
            value.push(reference::resolve(name)?);
            after
        } else {
            value.push(' ');
            special
                .strip_prefix("\r\n")
                .or_else(|| special.get(1..))
                .unwrap_or_default()
        };
    }
    value.push_str(rest);
    Ok(Cow::Owned(value))
}
