//! A document that cannot be parsed, around the place where it broke.

use edge_core::{hooks::media_type::MediaType, messages::quarantine::QuarantinedDetails};
use threescale::form;

use super::credentials::is_credential;
use crate::markup::Markup;

/// How many lines are shown before and after the place.
const AROUND: usize = 12;
/// How many characters of a line are shown before and after it.
const BESIDE: usize = 160;

/// What is shown of a body.
#[derive(Debug)]
pub struct Excerpt {
    /// Its lines, with their numbers and the place marked.
    pub lines: Markup,
    /// `true` if the body has more.
    pub is_part: bool,
    /// `true` if it is the document in a form, and not the form.
    pub is_of_form: bool,
}

impl Excerpt {
    /// Of a body. A form's document is decoded, since the place is one in the document.
    #[must_use]
    pub fn of(body: &QuarantinedDetails) -> Self {
        let bytes = &body.body.0;
        let document = if body.summary.media_type == MediaType::Form.name() {
            form::notification_xml(bytes).ok()
        } else {
            None
        };
        let is_of_form = document.is_some();
        let document = document.as_ref().unwrap_or(bytes);
        let text = without_credentials(&String::from_utf8_lossy(document));
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let (lines, is_part) = around(&text, place(body.summary.line), place(body.summary.column));
        Self {
            lines,
            is_part,
            is_of_form,
        }
    }
}

/// The lines around a place, both counted from 1, and whether there are more.
fn around(text: &str, line: usize, column: usize) -> (Markup, bool) {
    let mut shown = Markup::default();
    let mut is_part = false;
    let (first, last) = (line.saturating_sub(AROUND), line.saturating_add(AROUND));
    // Not `lines`: a document that ends with a line's end breaks on the line after it.
    for (number, content) in (1_usize..).zip(text.split('\n')) {
        if number < first || number > last {
            is_part = true;
            continue;
        }
        let place = (number == line).then_some(column);
        shown
            .raw(if place.is_some() {
                "<div class=\"at\"><b>"
            } else {
                "<div><b>"
            })
            .number(i64::try_from(number).unwrap_or(i64::MAX))
            .raw("</b>");
        is_part |= one_line(&mut shown, content, place);
        shown.raw("</div>");
    }
    (shown, is_part)
}

/// A line, shortened around the place in it; `true` if it was.
fn one_line(shown: &mut Markup, content: &str, place: Option<usize>) -> bool {
    let at = place.map(|column| column.saturating_sub(1));
    let start = at.unwrap_or_default().saturating_sub(BESIDE);
    let end = at.unwrap_or_default().saturating_add(BESIDE);
    let (mut before, mut here, mut after) = (String::new(), String::new(), String::new());
    let mut is_cut = start > 0;
    for (index, character) in content.chars().enumerate().skip(start) {
        if index > end {
            is_cut = true;
            break;
        }
        match at {
            Some(at) if index == at => here.push(character),
            Some(at) if index > at => after.push(character),
            _ => before.push(character),
        }
    }
    shown
        .raw(if start > 0 { "<span>…" } else { "<span>" })
        .text(&before);
    if at.is_some() {
        shown
            .raw("<mark>")
            // At a line's end there is no character to mark.
            .text(if here.is_empty() { "⏎" } else { &here })
            .raw("</mark>")
            .text(&after);
    }
    let is_longer = is_cut && content.chars().nth(end.saturating_add(1)).is_some();
    shown.raw(if is_longer { "…</span>" } else { "</span>" });
    is_cut
}

/// The text with dots for each character of a credential, so that places stay where they are. Tags are all that can be
/// relied on in a broken document: from the start of such an element, nothing is shown until it ends, even if that is
/// never.
fn without_credentials(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut within: Option<&str> = None;
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (content, tag) = rest.split_at(at);
        push(&mut out, content, within.is_some());
        let end = tag.find('>').map_or(tag.len(), |end| end.saturating_add(1));
        let (tag, after) = tag.split_at_checked(end).unwrap_or((tag, ""));
        let inner = tag.trim_start_matches('<');
        let name = inner.strip_prefix('/').unwrap_or(inner);
        let name = name
            .split(|one: char| one.is_whitespace() || matches!(one, '>' | '/' | '<' | '!'))
            .next()
            .unwrap_or_default();
        match within {
            Some(open) if inner.starts_with('/') && name == open => within = None,
            None if !inner.starts_with('/') && !tag.ends_with("/>") && is_credential(name) => {
                within = Some(name);
            }
            _ => {}
        }
        // What looks like a tag in a credential may be a part of it.
        push(&mut out, tag, within.is_some_and(|open| name != open));
        rest = after;
    }
    push(&mut out, rest, within.is_some());
    out
}

fn push(out: &mut String, text: &str, is_hidden: bool) {
    if is_hidden {
        out.extend(
            text.chars()
                .map(|one| if one.is_whitespace() { one } else { '•' }),
        );
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked_and_the_text_stays_text() {
        let text = "<event>\n  <action>a</action>\n  <type>user</typo>\n</event>\n";
        let (lines, is_part) = around(text, 3, 13);
        let html = lines.to_string();
        assert!(
            html.contains("<div class=\"at\"><b>3</b><span>  &lt;type&gt;user<mark>&lt;</mark>/typo&gt;</span></div>"),
            "{html}"
        );
        assert!(html.contains("<div><b>5</b>") && !is_part);
        assert!(!html.contains("<event>"));
        let (lines, _) = around("<a>", 1, 4);
        assert!(lines.to_string().contains("&lt;a&gt;<mark>⏎</mark>"));
    }

    #[test]
    fn of_a_long_body_there_is_a_window() {
        let many = "<a>\n".repeat(1000);
        let (lines, is_part) = around(&many, 500, 1);
        assert_eq!(lines.to_string().matches("<div").count(), 25);
        assert!(is_part);
        let wide = "é".repeat(100_000);
        let (lines, is_part) = around(&wide, 1, 50_000);
        let html = lines.to_string();
        assert_eq!(html.matches('é').count(), 321);
        assert!(is_part && html.contains("<span>…é") && html.contains("é…</span>"));
        let (lines, _) = around("a", 9, 9);
        assert!(
            !lines.to_string().contains("<mark>"),
            "a place that is not there"
        );
    }

    #[test]
    fn credentials_are_dots_and_places_stay() {
        let text = "<a><user_key>s3cr<e>t</user_key><keys><key>zz</key></keys><b>open</b><user_key>cut off";
        let hidden = without_credentials(text);
        assert_eq!(hidden.chars().count(), text.chars().count());
        assert!(hidden.contains("<b>open</b>"), "{hidden}");
        for secret in ["s3cr", "zz", "cut"] {
            assert!(!hidden.contains(secret), "{hidden}");
        }
    }
}
