//! XML in 3scale's two styles: Builder's, which it pushes, and Nokogiri's, which its list shows.

use std::fmt::Display;

use quick_xml::Reader;
use quick_xml::events::Event;

/// Ruby's `Builder::XmlMarkup` without indent, as `ThreeScale::XML::Builder` uses it.
#[derive(Default)]
pub(crate) struct Builder {
    out: String,
}

impl Builder {
    /// The declaration that begins each pushed document.
    pub(crate) const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

    /// A document that begins with its declaration.
    pub(crate) fn document() -> Self {
        Self {
            out: Self::DECLARATION.to_owned(),
        }
    }

    /// The text written so far.
    pub(crate) fn into_string(self) -> String {
        self.out
    }

    /// An element with children. A block that adds none gives `<x></x>`, never `<x/>`.
    pub(crate) fn element(&mut self, name: &str, children: impl FnOnce(&mut Self)) {
        self.element_with(name, &[], children);
    }

    /// The same, with attributes.
    pub(crate) fn element_with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        children: impl FnOnce(&mut Self),
    ) {
        self.out.extend(["<", name]);
        for (attribute, value) in attributes {
            self.out.extend([
                " ",
                attribute,
                "=\"",
                &escape(value).replace('"', "&quot;"),
                "\"",
            ]);
        }
        self.out.extend([">"]);
        children(self);
        self.out.extend(["</", name, ">"]);
    }

    /// An element with text. The empty string gives `<x></x>`.
    pub(crate) fn text(&mut self, name: &str, value: impl Display) {
        self.out
            .extend(["<", name, ">", &escape(&value.to_string()), "</", name, ">"]);
    }

    /// `nil` gives `<x/>`.
    pub(crate) fn optional(&mut self, name: &str, value: Option<impl Display>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.out.extend(["<", name, "/>"]),
        }
    }
}

/// Quotes stay raw, and characters that XML 1.0 forbids become U+FFFD.
fn escape(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, character| {
            match character {
                '&' => out += "&amp;",
                '<' => out += "&lt;",
                '>' => out += "&gt;",
                '\t' | '\n' | '\r' => out.push(character),
                '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
                _ => out.push(character),
            }
            out
        })
}

/// A pushed document as Nokogiri prints it into the list of failures: two spaces, no declaration,
/// `<x></x>` as `<x/>`, text as it was.
///
/// # Errors
/// When the document is not XML.
pub fn nokogiri(document: &str) -> Result<String, quick_xml::Error> {
    let mut reader = Reader::from_str(document);
    let mut printer = Nokogiri::default();
    loop {
        match reader.read_event()? {
            Event::Start(tag) => printer.open(&tag),
            Event::Empty(tag) => {
                printer.open(&tag);
                printer.close();
            }
            Event::End(_) => printer.close(),
            Event::Text(text) => printer.text(&text),
            Event::GeneralRef(name) => printer.text(&format!("&{};", &*name)),
            Event::Eof => return Ok(printer.out),
            _ => {}
        }
    }
}

#[derive(Default)]
struct Nokogiri {
    out: String,
    /// The names of the open elements, outermost first.
    open: Vec<String>,
    /// The last token, which decides whether a close tag gets a line of its own.
    last: Last,
}

#[derive(Default, PartialEq)]
enum Last {
    #[default]
    Nothing,
    Open,
    Text,
    Close,
}

impl Nokogiri {
    fn open(&mut self, tag: &str) {
        if self.last == Last::Open {
            self.out.push('>');
        }
        if self.last != Last::Nothing {
            self.new_line();
        }
        // The `>` follows with the first child: without one it becomes `/>`.
        self.out.extend(["<", tag.trim_end()]);
        self.open
            .push(tag.split_whitespace().next().unwrap_or_default().to_owned());
        self.last = Last::Open;
    }

    fn text(&mut self, raw: &str) {
        if self.open.is_empty() || raw.is_empty() {
            return;
        }
        if self.last == Last::Open {
            self.out.push('>');
        }
        self.out += raw;
        self.last = Last::Text;
    }

    fn close(&mut self) {
        let name = self.open.pop().unwrap_or_default();
        match self.last {
            Last::Open => self.out += "/>",
            Last::Text => self.out.extend(["</", &name, ">"]),
            Last::Close | Last::Nothing => {
                self.new_line();
                self.out.extend(["</", &name, ">"]);
            }
        }
        self.last = Last::Close;
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.out += &"  ".repeat(self.open.len());
    }
}
