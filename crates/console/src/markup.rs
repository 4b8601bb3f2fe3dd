//! HTML that is already written. A template escapes every other value, and only our own constants get in here as they
//! are: third-party text cannot become markup, by its type.

use std::fmt::{self, Display, Write as _};

use askama::{Template, filters::HtmlSafe};

/// A piece of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl HtmlSafe for Markup {}

impl Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Markup {
    /// What a template makes, which has escaped what is not ours.
    ///
    /// # Errors
    ///
    /// The template fails.
    pub fn rendered(template: &impl Template) -> Result<Self, askama::Error> {
        template.render().map(Self)
    }

    /// Appends markup of our own.
    pub fn raw(&mut self, constant: &'static str) -> &mut Self {
        self.0.push_str(constant);
        self
    }

    /// Appends text, escaped for an element's content and for an attribute in double quotes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            let (before, special) = rest.split_at(at);
            self.0.push_str(before);
            let mut characters = special.chars();
            self.0.push_str(match characters.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                _ => "&#39;",
            });
            rest = characters.as_str();
        }
        self.0.push_str(rest);
        self
    }

    /// The name of a field, or an address: a long one is broken after its dots, dashes and slashes, not within a word.
    #[must_use]
    pub fn breakable(name: &str) -> Self {
        let mut markup = Self::default();
        for part in name.split_inclusive(['.', '_', '/', '?']) {
            if !markup.is_empty() {
                markup.raw("<wbr>");
            }
            markup.text(part);
        }
        markup
    }

    /// Appends a number.
    pub fn number(&mut self, number: impl Into<i64>) -> &mut Self {
        // Writing into a `String` cannot fail.
        let _ = write!(self.0, "{}", number.into());
        self
    }

    /// Appends another piece.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// The length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `true` if there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_constants_are_not() {
        let mut markup = Markup::default();
        markup.raw("<b>").text("a<b>&\"'é").raw("</b>").number(-5);
        assert_eq!(markup.to_string(), "<b>a&lt;b&gt;&amp;&quot;&#39;é</b>-5");
    }

    #[test]
    fn a_long_name_is_broken_after_its_parts_and_is_still_escaped() {
        let name = Markup::breakable("keys.<b>_at").to_string();
        assert_eq!(name, "keys.<wbr>&lt;b&gt;_<wbr>at");
    }
}
