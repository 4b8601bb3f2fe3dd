//! Documents as plain data, and the two forms in which 3scale writes them.

mod fields;
pub(crate) mod objects;
pub(crate) mod text;

use std::fmt::Write as _;

/// An element with text or with elements inside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) inside: Inside,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Inside {
    /// Ruby's `nil`, and an empty array: `<x/>`.
    Nil,
    Text(String),
    /// A block, even if it writes nothing: `<x></x>`.
    Elements(Vec<Element>),
}

impl Element {
    pub(crate) fn new(name: &str, inside: Inside) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            inside,
        }
    }

    pub(crate) fn text(name: &str, text: &str) -> Self {
        Self::new(name, Inside::Text(text.to_owned()))
    }

    pub(crate) fn block(name: &str, elements: Vec<Element>) -> Self {
        Self::new(name, Inside::Elements(elements))
    }

    /// As 3scale pushes it: on one line, with `<x></x>` for an empty text or block
    /// (`app/lib/three_scale/xml/builder.rb`, over Ruby's Builder).
    pub(crate) fn pushed(&self) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned();
        self.push(&mut out);
        out
    }

    fn push(&self, out: &mut String) {
        self.open(out);
        match &self.inside {
            Inside::Nil => return out.push_str("/>"),
            Inside::Text(text) => {
                out.push('>');
                out.push_str(&escaped(text));
            }
            Inside::Elements(elements) => {
                out.push('>');
                for element in elements {
                    element.push(out);
                }
            }
        }
        let _ = write!(out, "</{}>", self.name);
    }

    /// As 3scale's list of failures has it, parsed and printed by Nokogiri
    /// (`app/models/web_hook/failure.rb`): indented by two spaces, with `<x/>` for every empty
    /// element, and with normalized line ends.
    pub(crate) fn listed(&self) -> String {
        let mut out = String::new();
        self.list(0, &mut out);
        out
    }

    fn list(&self, depth: usize, out: &mut String) {
        self.open(out);
        match &self.inside {
            Inside::Text(text) if !text.is_empty() => {
                let text = escaped(&normalized(text)).replace('\r', "&#13;");
                let _ = write!(out, ">{text}</{}>", self.name);
            }
            Inside::Elements(elements) if !elements.is_empty() => {
                out.push('>');
                for element in elements {
                    let _ = write!(out, "\n{}", "  ".repeat(depth + 1));
                    element.list(depth + 1, out);
                }
                let _ = write!(out, "\n{}</{}>", "  ".repeat(depth), self.name);
            }
            _ => out.push_str("/>"),
        }
    }

    fn open(&self, out: &mut String) {
        let _ = write!(out, "<{}", self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"{}\"", escaped(value).replace('"', "&quot;"));
        }
    }

    /// Its content without the details of writing: events with equal meaning are the same.
    pub(crate) fn meaning(&self) -> Self {
        // In attributes a line end is a space (XML 1.0 §3.3.3).
        let plain = |value: &str| normalized(value).replace(['\t', '\n'], " ");
        let mut attributes: Vec<_> = self
            .attributes
            .iter()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect();
        attributes.sort();
        let inside = match &self.inside {
            Inside::Text(text) if !text.is_empty() => Inside::Text(normalized(text)),
            Inside::Elements(elements) if !elements.is_empty() => {
                Inside::Elements(elements.iter().map(Self::meaning).collect())
            }
            _ => Inside::Nil,
        };
        Self {
            name: self.name.clone(),
            attributes,
            inside,
        }
    }

    /// Every element in it, itself included, in document order.
    pub(crate) fn all_mut(&mut self, each: &mut impl FnMut(&mut Element)) {
        each(self);
        if let Inside::Elements(elements) = &mut self.inside {
            for element in elements {
                element.all_mut(each);
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The text with its line ends normalized, as XML requires.
pub(crate) fn normalized(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
