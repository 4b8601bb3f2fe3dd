//! The loop over the tokenizer's events: each is checked, then added to the document.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::document::{Document, Node, Pending, to_u32};
use super::fault::{doctype_forbidden, exceeded, malformed, quoted};
use super::tag::Tag;
use super::{attributes, chars, declaration, fault, reference};
use crate::error::Error;
use crate::limits::Limits;

/// An error and its offset in the text.
pub(super) type Located = (Error, usize);

pub(super) struct Guard<'x, 'l, F> {
    text: &'x str,
    limits: &'l Limits,
    /// Of a type of its own, so that the lookup is compiled into the loop.
    tag_of: F,
    /// True if the document has a `]` or a CR anywhere: if not, as is usual, `]]>` and CR need
    /// not be looked for in each text.
    has_brackets: bool,
    has_returns: bool,
    document: Document<'x>,
    /// The open elements, outermost first.
    open: Vec<u32>,
    pending: Pending<'x>,
    elements: usize,
}

impl<'x, 'l, F: Fn(&str) -> Tag> Guard<'x, 'l, F> {
    pub(super) fn new(text: &'x str, limits: &'l Limits, tag_of: F) -> Self {
        // 3scale's documents have an element for every 25 to 35 bytes.
        let nodes = Vec::with_capacity(text.len() / 28 + 1);
        Self {
            text,
            limits,
            tag_of,
            has_brackets: memchr::memchr(b']', text.as_bytes()).is_some(),
            has_returns: memchr::memchr(b'\r', text.as_bytes()).is_some(),
            document: Document {
                nodes,
                attributes: Vec::new(),
                decoded: String::new(),
                size: text.len(),
            },
            open: Vec::with_capacity(16),
            pending: Pending::Nothing,
            elements: 0,
        }
    }

    pub(super) fn run(mut self) -> Result<Document<'x>, Located> {
        let mut reader = Reader::from_str(self.text);
        loop {
            let at = position(&reader);
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let at = usize::try_from(reader.error_position()).unwrap_or(at);
                    return Err((fault::of_tokenizer(&error), at));
                }
            };
            let result = match event {
                Event::Start(tag) => {
                    let name = tag.name().0.len();
                    let end = position(&reader) - 1;
                    self.start(at, name, end).map(|index| self.open.push(index))
                }
                Event::Empty(tag) => {
                    let name = tag.name().0.len();
                    let end = position(&reader) - 2;
                    self.start(at, name, end).map(|index| self.close(index))
                }
                Event::End(_) => {
                    self.end();
                    Ok(())
                }
                Event::Text(piece) => self.character_data(at, borrowed(&piece.into_inner())),
                Event::GeneralRef(name) => self.reference(at, &name),
                Event::CData(piece) => self.cdata(at, borrowed(&piece.into_inner())),
                Event::Comment(comment) => check_comment(&comment).map_err(|error| (error, at)),
                Event::PI(content) => {
                    declaration::check_instruction(&content).map_err(|error| (error, at))
                }
                Event::Decl(content) => self.declaration(at, &content),
                Event::DocType(_) => Err((self.doctype(at), at)),
                Event::Eof => return self.finish(),
            };
            result?;
        }
    }

    /// Adds the element whose start tag is at `at`. The tag's name has `name` bytes, and its `>`
    /// or `/>` is at `end`.
    #[inline]
    fn start(&mut self, at: usize, name: usize, end: usize) -> Result<u32, Located> {
        let located = |error| (error, at);
        let name_end = at + 1 + name;
        let name = self.text.get(at + 1..name_end).unwrap_or_default();
        let depth = self.open.len();

        if depth == 0 && !self.document.nodes.is_empty() {
            return Err((
                malformed("found a second root element, expected the end"),
                at,
            ));
        }
        if depth >= self.limits.allowed_depth() {
            return Err(located(exceeded(format!(
                "elements are more than {} deep",
                self.limits.allowed_depth()
            ))));
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(located(exceeded(format!(
                "there are more than {} elements",
                self.limits.elements
            ))));
        }

        let depth = u8::try_from(depth).unwrap_or(u8::MAX);
        self.flush_run(depth);
        let tag = (self.tag_of)(name);
        if !tag.is_known() && !chars::is_name(name) {
            return Err(located(malformed(
                "found `<` that begins no element, expected a name or `&lt;`",
            )));
        }
        let attributes = if name_end < end {
            self.attributes(name_end, end)?
        } else {
            (0, 0)
        };
        let index = to_u32(self.document.nodes.len());
        self.document
            .nodes
            .push(Node::element(name, tag, depth, attributes));
        Ok(index)
    }

    /// Adds the attributes. Returns the place of the first in the list, and their number.
    #[inline(never)]
    fn attributes(&mut self, start: usize, end: usize) -> Result<(u32, u32), Located> {
        let markup = self.text.get(start..end).unwrap_or_default();
        let first = self.document.attributes.len();
        let (limits, list) = (self.limits, &mut self.document.attributes);
        attributes::read(markup, limits.text, |attribute| {
            let before = list.get(first..).unwrap_or_default();
            if before.len() >= limits.attributes {
                return Err(exceeded(format!(
                    "an element has more than {} attributes",
                    limits.attributes
                )));
            }
            if before.iter().any(|other| other.name == attribute.name) {
                return Err(malformed(format!(
                    "found attribute `{}` twice",
                    quoted(attribute.name)
                )));
            }
            list.push(attribute);
            Ok(())
        })
        .map_err(|(error, offset)| (error, start + offset))?;
        Ok((to_u32(first), to_u32(list.len() - first)))
    }

    /// Closes the innermost element. The tokenizer has already compared the names.
    #[inline]
    fn end(&mut self) {
        if let Some(index) = self.open.pop() {
            self.close(index);
        }
    }

    #[inline]
    fn close(&mut self, index: u32) {
        let is_leaf = self.document.nodes.len() == index as usize + 1;
        let text = if is_leaf {
            self.document.take_text(&mut self.pending)
        } else {
            let depth = self.document.node(index).map_or(0, |node| node.depth);
            self.flush_run(depth + 1);
            None
        };
        let end = to_u32(self.document.nodes.len());
        if let Some(node) = self.document.nodes.get_mut(index as usize) {
            node.end = end;
            if let Some(text) = text {
                node.text = text;
            }
        }
    }

    /// Text beside elements is kept as a node of its own, unless it is only indentation.
    #[inline]
    fn flush_run(&mut self, depth: u8) {
        if matches!(self.pending, Pending::Nothing) {
            return;
        }
        if chars::is_blank(self.document.pending_text(&self.pending)) {
            self.pending = Pending::Nothing;
        } else if let Some(text) = self.document.take_text(&mut self.pending) {
            let end = to_u32(self.document.nodes.len() + 1);
            self.document.nodes.push(Node::run(text, depth, end));
        }
    }

    #[inline]
    fn character_data(&mut self, at: usize, piece: &'x str) -> Result<(), Located> {
        if self.open.is_empty() {
            return match piece.find(|c| !u8::try_from(c).is_ok_and(chars::is_space)) {
                None => Ok(()),
                Some(offset) => Err((self.outside(), at + offset)),
            };
        }
        if self.has_brackets
            && let Some(offset) = piece.find("]]>")
        {
            return Err((
                malformed("found `]]>` in text, expected `]]&gt;`"),
                at + offset,
            ));
        }
        self.push_text(at, piece)
    }

    #[inline]
    fn push_text(&mut self, at: usize, piece: &'x str) -> Result<(), Located> {
        if matches!(self.pending, Pending::Nothing) && !self.has_returns {
            self.pending = Pending::Borrowed(piece);
        } else {
            self.document.push_text(&mut self.pending, piece);
        }
        self.check_text(at)
    }

    fn cdata(&mut self, at: usize, piece: &'x str) -> Result<(), Located> {
        if self.open.is_empty() {
            return Err((self.outside(), at));
        }
        self.push_text(at, piece)
    }

    fn reference(&mut self, at: usize, name: &str) -> Result<(), Located> {
        if self.open.is_empty() {
            return Err((self.outside(), at));
        }
        let character = reference::resolve(name).map_err(|error| (error, at))?;
        let mut buffer = [0; 4];
        self.document
            .push_decoded(&mut self.pending, character.encode_utf8(&mut buffer));
        self.check_text(at)
    }

    #[inline]
    fn check_text(&self, at: usize) -> Result<(), Located> {
        if self.document.pending_text(&self.pending).len() > self.limits.text {
            return Err((
                exceeded(format!("a text has more than {} bytes", self.limits.text)),
                at,
            ));
        }
        Ok(())
    }

    fn declaration(&self, at: usize, content: &str) -> Result<(), Located> {
        if at > 0 {
            return Err((
                malformed("found an XML declaration that is not at the very beginning"),
                at,
            ));
        }
        declaration::check(content, || self.text.is_ascii()).map_err(|error| (error, at))
    }

    /// The tokenizer accepts `<!doctype` too; XML does not.
    fn doctype(&self, at: usize) -> Error {
        if self
            .text
            .get(at..)
            .is_some_and(|rest| rest.starts_with("<!DOCTYPE"))
        {
            doctype_forbidden()
        } else {
            malformed("found unknown markup after `<!`")
        }
    }

    fn outside(&self) -> Error {
        malformed(if self.document.nodes.is_empty() {
            "found text before the root element, expected `<`"
        } else {
            "found text after the root element, expected the end"
        })
    }

    fn finish(self) -> Result<Document<'x>, Located> {
        let end = self.text.len();
        if let Some(&open) = self.open.last() {
            let name = self.document.node(open).map_or("", |node| node.name);
            return Err((
                malformed(format!(
                    "the document ends too early, expected `</{}>`",
                    quoted(name)
                )),
                end,
            ));
        }
        if self.document.nodes.is_empty() {
            return Err((malformed("the document has no root element"), end));
        }
        Ok(self.document)
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    // The text has at most u32::MAX bytes.
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// An event of a borrowed reader borrows from the text.
fn borrowed<'x>(piece: &Cow<'x, str>) -> &'x str {
    match piece {
        Cow::Borrowed(piece) => piece,
        // Not reached: only a buffered reader returns owned text.
        Cow::Owned(_) => "",
    }
}

fn check_comment(comment: &str) -> Result<(), Error> {
    if comment.contains("--") || comment.ends_with('-') {
        return Err(malformed("found `--` in a comment"));
    }
    Ok(())
}
