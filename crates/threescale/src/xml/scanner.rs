//! Scans the inside of one tag or declaration by the grammar of XML 1.0.

use super::chars;

/// A piece of markup, and how far it has been read.
pub(super) struct Scanner<'x> {
    rest: &'x str,
    length: usize,
}

impl<'x> Scanner<'x> {
    pub(super) fn new(markup: &'x str) -> Self {
        Self {
            rest: markup,
            length: markup.len(),
        }
    }

    /// The number of bytes that have been read.
    pub(super) fn offset(&self) -> usize {
        self.length - self.rest.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Skips `S?`. Returns true if there was any white space.
    pub(super) fn space(&mut self) -> bool {
        let length = self
            .rest
            .bytes()
            .take_while(|&byte| chars::is_space(byte))
            .count();
        self.rest = self.rest.get(length..).unwrap_or_default();
        length > 0
    }

    pub(super) fn begins(&self, expected: &str) -> bool {
        self.rest.starts_with(expected)
    }

    pub(super) fn take(&mut self, expected: &str) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// `Name`.
    pub(super) fn name(&mut self) -> Option<&'x str> {
        let is_end = |byte| {
            chars::is_space(byte)
                || matches!(byte, b'=' | b'"' | b'\'' | b'/' | b'<' | b'>' | b'&' | b'?')
        };
        let end = self
            .rest
            .bytes()
            .position(is_end)
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        chars::is_name(name).then_some(name)
    }

    /// `Eq`: an equals sign, with or without space around it.
    pub(super) fn equals(&mut self) -> bool {
        self.space();
        let found = self.take("=");
        self.space();
        found
    }

    /// A literal in either kind of quotes, without them.
    pub(super) fn literal(&mut self) -> Option<&'x str> {
        let quote = self
            .rest
            .bytes()
            .next()
            .filter(|quote| matches!(quote, b'"' | b'\''))?;
        let rest = self.rest.get(1..)?;
        let (literal, after) =
            rest.split_at_checked(rest.bytes().position(|byte| byte == quote)?)?;
        self.rest = after.get(1..)?;
        Some(literal)
    }
}
