//! JSON, pretty: in the order in which it is written, member by member.

use serde_json::Value;

use super::{
    code::{Lines, MASKED, NAME, SIGN, VALUE, WORD},
    credentials::{Credentials, MASK, is_credential},
};
use crate::markup::Markup;

/// Pretty JSON. A text that is no JSON is shown as it is.
#[must_use]
pub fn pretty(json: &str, credentials: Credentials) -> Markup {
    let mut reader = Reader {
        rest: json,
        lines: Lines::default(),
        masks: credentials == Credentials::Masked,
        open: Vec::new(),
    };
    reader.read();
    reader.lines.end()
}

struct Block {
    is_object: bool,
    is_credential: bool,
}

struct Reader<'j> {
    rest: &'j str,
    lines: Lines,
    masks: bool,
    open: Vec<Block>,
}

impl Reader<'_> {
    /// Iterative, so that no document is too deep for the stack.
    fn read(&mut self) {
        let mut name: Option<String> = None;
        while let Some(first) = self.rest.chars().next() {
            if self.lines.is_full() {
                return;
            }
            match first {
                '{' | '[' => {
                    self.advance(1);
                    self.begin(first == '{', name.take());
                }
                '}' | ']' => {
                    self.advance(1);
                    self.open.pop();
                    self.lines.close();
                    self.lines.token(SIGN, if first == '}' { "}" } else { "]" });
                }
                ',' => {
                    self.advance(1);
                    self.lines.token(SIGN, ",");
                    self.lines.end_line();
                }
                ':' => self.advance(1),
                first if first.is_whitespace() => self.advance(first.len_utf8()),
                '"' => {
                    let text = self.string();
                    let in_object = self.open.last().is_some_and(|block| block.is_object);
                    let is_name = in_object && name.is_none();
                    if is_name && self.rest.trim_start().starts_with(':') {
                        name = Some(text);
                    } else {
                        self.value(VALUE, &text, name.take());
                    }
                }
                _ => {
                    let end = self.rest.find([',', '}', ']', ' ', '\n']);
                    let end = end.unwrap_or(self.rest.len()).max(first.len_utf8());
                    let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
                    let word = word.to_owned();
                    self.rest = rest;
                    self.value(WORD, &word, name.take());
                }
            }
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// A string with its quotes, as it is written.
    fn string(&mut self) -> String {
        let mut is_escaped = false;
        let mut end = self.rest.len();
        for (at, byte) in self.rest.bytes().enumerate().skip(1) {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    end = at.saturating_add(1);
                    break;
                }
                _ => {}
            }
        }
        let (text, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        text.to_owned()
    }

    fn begin(&mut self, is_object: bool, name: Option<String>) {
        let within = self.open.last().is_some_and(|block| block.is_credential);
        let is_credential = within || name.as_deref().is_some_and(names_credential);
        let sign = if is_object { "{" } else { "[" };
        self.lines.open(|head| {
            if let Some(name) = name {
                head.raw(NAME).text(&name).raw("</i>: ");
            }
            head.raw(SIGN).text(sign).raw("</i>");
        });
        self.open.push(Block {
            is_object,
            is_credential,
        });
    }

    fn value(&mut self, class: &'static str, text: &str, name: Option<String>) {
        let within = self.open.last().is_some_and(|block| block.is_credential);
        let is_credential = within || name.as_deref().is_some_and(names_credential);
        if let Some(name) = name {
            self.lines.token(NAME, &name);
            self.lines.line().raw(": ");
        }
        if self.masks && is_credential && text != "null" {
            self.lines.token(MASKED, MASK);
        } else {
            self.lines.token(class, text);
        }
    }
}

/// The name has its quotes, and may have escapes.
fn names_credential(name: &str) -> bool {
    match serde_json::from_str(name) {
        Ok(Value::String(name)) => is_credential(&name),
        _ => is_credential(name.trim_matches('"')),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader sees: no tags, and no entities.
    pub(crate) fn seen(markup: &Markup) -> String {
        let html = markup.to_string();
        let mut text = String::new();
        let mut is_tag = false;
        for character in html.chars() {
            match character {
                '<' => is_tag = true,
                '>' => is_tag = false,
                other if !is_tag => text.push(other),
                _ => {}
            }
        }
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    #[test]
    fn it_is_shown_in_its_order_and_folds() {
        let json = r#"{"b":{"a":[1,"x\"<b>",null]},"a":true}"#;
        let shown = pretty(json, Credentials::Masked);
        assert_eq!(seen(&shown), r#"{"b": {"a": [1,"x\"<b>",null]},"a": true}"#);
        assert_eq!(shown.to_string().matches("<details open>").count(), 3);
        assert_eq!(shown.to_string().matches("</details>").count(), 3);
        assert!(!shown.to_string().contains("<b>"));
    }

    #[test]
    fn credentials_are_masked_wherever_they_are() {
        let json = r#"{"user_key":"secret-1","keys":["secret-2",{"a":"secret-3"}],"keys2":"open",
            "extra_fields":{"Client\u005fSecret":"secret-4"},"site_access_code":null}"#;
        let masked = pretty(json, Credentials::Masked).to_string();
        assert!(!masked.contains("secret-"), "{masked}");
        assert!(masked.contains("open") && masked.contains("null"));
        let shown = pretty(json, Credentials::Shown).to_string();
        assert_eq!(shown.matches("secret-").count(), 4);
    }

    #[test]
    fn a_document_of_any_depth_is_shown() {
        let deep = "[".repeat(5000);
        let shown = pretty(&deep, Credentials::Masked).to_string();
        assert_eq!(
            shown.matches("<details").count(),
            shown.matches("</details>").count()
        );
    }

    proptest! {
        #[test]
        fn no_text_becomes_markup(text in ".{0,60}", name in ".{0,20}") {
            let json = serde_json::json!({ name.clone(): text.clone(), "list": [text.clone()] }).to_string();
            let shown = pretty(&json, Credentials::Shown);
            prop_assert_eq!(seen(&shown).replace(": ", ":"), json.replace(": ", ":"));
            let _ = pretty(&text, Credentials::Masked);
        }
    }
}
