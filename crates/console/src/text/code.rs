//! The lines of a document: each in an element of its own, and what belongs together folds.

use crate::markup::Markup;

/// How much of a document is shown, in bytes of markup: a page stays small, and the API has the whole.
pub const LONGEST: usize = 400_000;
/// How deep it folds. What lies deeper is shown without indentation.
const DEEPEST: usize = 40;

/// Lines that are being written.
#[derive(Debug, Default)]
pub struct Lines {
    markup: Markup,
    depth: usize,
    is_line_open: bool,
}

impl Lines {
    /// `true` if no more is shown.
    pub fn is_full(&self) -> bool {
        self.markup.len() > LONGEST
    }

    /// The line that is being written.
    pub fn line(&mut self) -> &mut Markup {
        if !self.is_line_open {
            self.markup.raw("<div>");
            self.is_line_open = true;
        }
        &mut self.markup
    }

    /// Ends the line.
    pub fn end_line(&mut self) {
        if self.is_line_open {
            self.markup.raw("</div>");
            self.is_line_open = false;
        }
    }

    /// Text in a class of ours.
    pub fn token(&mut self, class: &'static str, text: &str) -> &mut Self {
        let line = self.line();
        line.raw(class).text(text).raw("</i>");
        self
    }

    /// Begins a block, of which the line that `head` writes is what remains when it is folded.
    pub fn open(&mut self, head: impl FnOnce(&mut Markup)) {
        self.end_line();
        self.depth = self.depth.saturating_add(1);
        if self.depth <= DEEPEST {
            self.markup.raw("<details open><summary>");
            head(&mut self.markup);
            self.markup.raw("</summary>");
        } else {
            head(self.line());
            self.end_line();
        }
    }

    /// Ends a block.
    pub fn close(&mut self) {
        self.end_line();
        if (1..=DEEPEST).contains(&self.depth) {
            self.markup.raw("</details>");
        }
        self.depth = self.depth.saturating_sub(1);
    }

    /// All of it; every block ends.
    pub fn end(mut self) -> Markup {
        self.end_line();
        if self.is_full() {
            self.markup
                .raw("<div class=\"more\">cut off here: the API has the whole</div>");
        }
        while self.depth > 0 {
            self.close();
        }
        self.markup
    }
}

/// A name: of an element, or of a member.
pub const NAME: &str = "<i class=\"n\">";
/// A value.
pub const VALUE: &str = "<i class=\"v\">";
/// A number or a word of JSON.
pub const WORD: &str = "<i class=\"w\">";
/// Punctuation.
pub const SIGN: &str = "<i class=\"s\">";
/// What stands for a credential.
pub const MASKED: &str = "<i class=\"m\" title=\"a credential\">";
