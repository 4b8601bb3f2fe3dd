//! XML, pretty. A stored document is well-formed; anything else is shown too, as far as it goes.

use super::{
    code::{Lines, MASKED, NAME, SIGN, VALUE},
    credentials::{Credentials, MASK, is_credential},
};
use crate::markup::Markup;

/// Pretty XML: an element with elements in it folds, one with text is a line.
#[must_use]
pub fn pretty(document: &str, credentials: Credentials) -> Markup {
    let mut writer = Writer {
        lines: Lines::default(),
        masks: credentials == Credentials::Masked,
        open: Vec::new(),
        credential_from: None,
    };
    let mut parts = Parts(document).peekable();
    while let Some(part) = parts.next() {
        if writer.lines.is_full() {
            break;
        }
        // An element with nothing but text is one line.
        let holds_elements = matches!(part, Part::Start(_)) && {
            let mut ahead = parts.clone();
            let after = ahead.find(|part| !matches!(part, Part::Text(_) | Part::Literal(_)));
            matches!(
                after,
                Some(Part::Start(_) | Part::Empty(_) | Part::Other(_))
            )
        };
        writer.write(&part, holds_elements);
    }
    writer.lines.end()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'x> {
    Start(&'x str),
    End(&'x str),
    Empty(&'x str),
    Text(&'x str),
    /// A CDATA section.
    Literal(&'x str),
    /// A declaration, a comment, a processing instruction.
    Other(&'x str),
}

/// The parts of a document, each with its delimiters.
#[derive(Clone)]
struct Parts<'x>(&'x str);

impl<'x> Iterator for Parts<'x> {
    type Item = Part<'x>;

    fn next(&mut self) -> Option<Part<'x>> {
        let rest = self.0;
        if rest.is_empty() {
            return None;
        }
        let end = if rest.starts_with("<!--") {
            after(rest, "-->")
        } else if rest.starts_with("<![CDATA[") {
            after(rest, "]]>")
        } else if rest.starts_with("<?") {
            after(rest, "?>")
        } else if rest.starts_with('<') {
            tag_end(rest)
        } else {
            rest.find('<').unwrap_or(rest.len())
        };
        let (part, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        self.0 = rest;
        Some(if part.starts_with("<![CDATA[") {
            Part::Literal(part)
        } else if part.starts_with("<!") || part.starts_with("<?") {
            Part::Other(part)
        } else if part.starts_with("</") {
            Part::End(part)
        } else if part.starts_with('<') && part.ends_with("/>") {
            Part::Empty(part)
        } else if part.starts_with('<') {
            Part::Start(part)
        } else {
            Part::Text(part)
        })
    }
}

fn after(text: &str, end: &str) -> usize {
    let found = text.find(end).map(|at| at.saturating_add(end.len()));
    found.unwrap_or(text.len())
}

/// After the `>` that ends a tag, which an attribute's value may contain.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return at.saturating_add(1),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

struct Writer {
    lines: Lines,
    masks: bool,
    /// Whether each open element folds.
    open: Vec<bool>,
    /// The depth of the outermost element that is a credential.
    credential_from: Option<usize>,
}

impl Writer {
    fn write(&mut self, part: &Part<'_>, holds_elements: bool) {
        match part {
            Part::Start(tag) => {
                if holds_elements {
                    self.lines.open(|head| write_tag(head, tag));
                } else {
                    write_tag(self.lines.line(), tag);
                }
                if self.credential_from.is_none() && is_credential(name_of(tag)) {
                    self.credential_from = Some(self.open.len());
                }
                self.open.push(holds_elements);
            }
            Part::End(tag) => {
                if self.open.pop() == Some(true) {
                    self.lines.close();
                }
                if self.credential_from == Some(self.open.len()) {
                    self.credential_from = None;
                }
                write_tag(self.lines.line(), tag);
                self.lines.end_line();
            }
            Part::Empty(tag) | Part::Other(tag) => {
                write_tag(self.lines.line(), tag);
                self.lines.end_line();
            }
            Part::Text(text) | Part::Literal(text) => self.text(text),
        }
    }

    fn text(&mut self, text: &str) {
        let is_between = self
            .open
            .last()
            .is_none_or(|holds_elements| *holds_elements);
        if text.trim().is_empty() {
            if !is_between {
                self.lines.token(VALUE, text);
            }
        } else if self.masks && self.credential_from.is_some() {
            self.lines.token(MASKED, MASK);
        } else {
            self.lines.token(VALUE, text);
        }
    }
}

fn name_of(tag: &str) -> &str {
    let tag = tag.trim_start_matches(['<', '/']);
    let end = tag.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
    tag.get(..end.unwrap_or(tag.len())).unwrap_or(tag)
}

/// `<plan custom="true">` with its name marked.
fn write_tag(line: &mut Markup, tag: &str) {
    let name = name_of(tag);
    let at = tag.find(name).unwrap_or_default();
    let (before, rest) = tag.split_at_checked(at).unwrap_or(("", tag));
    let rest = rest.get(name.len()..).unwrap_or_default();
    let (attributes, end) = match rest.strip_suffix("/>") {
        Some(attributes) => (attributes, "/>"),
        None => (
            rest.strip_suffix('>').unwrap_or(rest),
            if rest.ends_with('>') { ">" } else { "" },
        ),
    };
    line.raw(SIGN).text(before).raw("</i>");
    line.raw(NAME).text(name).raw("</i>");
    if !attributes.is_empty() {
        line.raw(VALUE).text(attributes).raw("</i>");
    }
    line.raw(SIGN).text(end).raw("</i>");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::json::tests::seen, *};

    #[test]
    fn elements_fold_and_values_stay_on_their_line() {
        let xml = "<?xml version=\"1.0\"?><event><type>user</type><object><user a=\"x>y\"/></object></event>";
        let shown = pretty(xml, Credentials::Masked);
        assert_eq!(seen(&shown), xml);
        let html = shown.to_string();
        assert_eq!(html.matches("<details open>").count(), 2, "{html}");
        assert_eq!(
            html.matches("<details").count(),
            html.matches("</details>").count()
        );
    }

    #[test]
    fn credentials_are_masked_in_whatever_they_are() {
        let xml = "<event><object><application><user_key>secret-1</user_key><keys><key>secret-2</key>\
                   <key><![CDATA[secret-3]]></key></keys><name>open</name><extra_fields><my_password>secret-4\
                   </my_password></extra_fields></application></object></event>";
        let masked = pretty(xml, Credentials::Masked).to_string();
        assert!(!masked.contains("secret-"), "{masked}");
        assert!(masked.contains("open"));
        assert_eq!(
            pretty(xml, Credentials::Shown)
                .to_string()
                .matches("secret-")
                .count(),
            4
        );
    }

    proptest! {
        #[test]
        fn no_text_becomes_markup(text in ".{0,60}", other in "[<>/!?a-z&;'\" -]{0,80}") {
            for document in [text, other] {
                let shown = pretty(&document, Credentials::Shown);
                let html = shown.to_string();
                prop_assert_eq!(html.matches("<details").count(), html.matches("</details>").count());
                let tags = html.split('<').skip(1).map(|tag| tag.split([' ', '>']).next().unwrap());
                for tag in tags {
                    prop_assert!(["div", "/div", "i", "/i", "details", "/details", "summary", "/summary"].contains(&tag));
                }
            }
        }
    }
}
