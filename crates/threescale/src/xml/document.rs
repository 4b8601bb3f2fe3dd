//! A document as a flat list of nodes in document order.
//!
//! One vector instead of a tree of boxes: an element costs no allocation, and a walk over the
//! document reads memory in sequence. A node knows where its subtree ends, so the next sibling
//! is found without a link.

use std::borrow::Cow;

use super::attributes::Attribute;
use super::tag::Tag;

/// A parsed document. Node 0 is the root element.
#[derive(Clone, Debug)]
pub(crate) struct Document<'x> {
    pub(super) nodes: Vec<Node<'x>>,
    pub(super) attributes: Vec<Attribute<'x>>,
    /// The texts that could not be borrowed because a reference or line end in them had to be
    /// replaced, one after another.
    pub(super) decoded: String,
    pub(super) size: usize,
}

/// An element, or a run of text beside elements.
#[derive(Clone, Debug)]
pub(crate) struct Node<'x> {
    /// The name of an element; empty for a run of text.
    pub(crate) name: &'x str,
    /// The name's number, if the caller knows it.
    pub(crate) tag: Tag,
    /// The root has depth 0.
    pub(crate) depth: u8,
    /// A run of text, or the text of an element that has no elements inside.
    pub(super) text: Text<'x>,
    /// The index after that of the last node inside.
    pub(super) end: u32,
    pub(super) first_attribute: u32,
    pub(super) attributes: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'x> {
    Borrowed(&'x str),
    Decoded(u32, u32),
}

impl<'x> Node<'x> {
    #[inline]
    pub(super) fn element(name: &'x str, tag: Tag, depth: u8, attributes: (u32, u32)) -> Self {
        let (first_attribute, attributes) = attributes;
        Self {
            name,
            tag,
            depth,
            text: Text::Borrowed(""),
            end: 0,
            first_attribute,
            attributes,
        }
    }

    pub(super) fn run(text: Text<'x>, depth: u8, end: u32) -> Self {
        Self {
            name: "",
            tag: Tag::UNKNOWN,
            depth,
            text,
            end,
            first_attribute: 0,
            attributes: 0,
        }
    }

    /// Returns true for a run of text beside elements, false for an element.
    pub(crate) fn is_run(&self) -> bool {
        self.name.is_empty()
    }

    /// Returns true if this node, whose index is `index`, has no nodes inside: only text, if that.
    pub(crate) fn is_leaf(&self, index: u32) -> bool {
        self.end == index + 1
    }

    pub(crate) fn has_attributes(&self) -> bool {
        self.attributes > 0
    }
}

impl<'x> Document<'x> {
    /// The size in bytes of the text that it was read from.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn nodes(&self) -> &[Node<'x>] {
        &self.nodes
    }

    pub(crate) fn node(&self, index: u32) -> Option<&Node<'x>> {
        self.nodes.get(index as usize)
    }

    /// The text of a node: of a run, or of an element without elements inside.
    pub(crate) fn text<'d>(&'d self, node: &Node<'d>) -> &'d str {
        match node.text {
            Text::Borrowed(text) => text,
            Text::Decoded(start, end) => self
                .decoded
                .get(start as usize..end as usize)
                .unwrap_or_default(),
        }
    }

    pub(crate) fn attributes<'d>(&'d self, node: &Node<'_>) -> &'d [Attribute<'x>] {
        let start = node.first_attribute as usize;
        self.attributes
            .get(start..start + node.attributes as usize)
            .unwrap_or_default()
    }

    /// The value of an attribute, if `node` has it.
    pub(crate) fn attribute<'d>(&'d self, node: &Node<'_>, name: &str) -> Option<&'d Cow<'x, str>> {
        self.attributes(node)
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| &attribute.value)
    }

    /// The nodes directly inside node `parent`.
    pub(crate) fn children(&self, parent: u32) -> Children<'_, 'x> {
        let end = self.node(parent).map_or(0, |node| node.end);
        Children {
            document: self,
            next: parent + 1,
            end,
        }
    }
}

/// The nodes directly inside another, with their indexes.
#[derive(Clone, Debug)]
pub(crate) struct Children<'d, 'x> {
    document: &'d Document<'x>,
    next: u32,
    end: u32,
}

impl<'d, 'x> Iterator for Children<'d, 'x> {
    type Item = (u32, &'d Node<'x>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let index = self.next;
        let node = self.document.node(index)?;
        self.next = node.end;
        Some((index, node))
    }
}

/// The text between two tags, while its pieces are being collected.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pending<'x> {
    Nothing,
    Borrowed(&'x str),
    /// From here to the end of `decoded`.
    Decoded(u32),
}

impl<'x> Document<'x> {
    /// Adds a piece of character data as it is in the document.
    #[inline]
    pub(super) fn push_text(&mut self, pending: &mut Pending<'x>, piece: &'x str) {
        // Each line end is one LF (XML 1.0 §2.11).
        if piece.contains('\r') {
            let normalized = piece.replace("\r\n", "\n").replace('\r', "\n");
            self.push_decoded(pending, &normalized);
        } else if let Pending::Nothing = pending {
            *pending = Pending::Borrowed(piece);
        } else {
            self.push_decoded(pending, piece);
        }
    }

    pub(super) fn push_decoded(&mut self, pending: &mut Pending<'x>, piece: &str) {
        match *pending {
            Pending::Decoded(_) => {}
            Pending::Nothing => *pending = Pending::Decoded(to_u32(self.decoded.len())),
            Pending::Borrowed(before) => {
                *pending = Pending::Decoded(to_u32(self.decoded.len()));
                self.decoded.push_str(before);
            }
        }
        self.decoded.push_str(piece);
    }

    pub(super) fn pending_text<'d>(&'d self, pending: &Pending<'d>) -> &'d str {
        match *pending {
            Pending::Nothing => "",
            Pending::Borrowed(text) => text,
            Pending::Decoded(start) => self.decoded.get(start as usize..).unwrap_or_default(),
        }
    }

    /// Takes the collected text, if there was any.
    #[inline]
    pub(super) fn take_text(&self, pending: &mut Pending<'x>) -> Option<Text<'x>> {
        match std::mem::replace(pending, Pending::Nothing) {
            Pending::Nothing => None,
            Pending::Borrowed(text) => Some(Text::Borrowed(text)),
            Pending::Decoded(start) => Some(Text::Decoded(start, to_u32(self.decoded.len()))),
        }
    }
}

/// A count of things in a document, which has at most `u32::MAX` bytes: see `Limits::bytes`.
pub(super) fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
