//! Elements as JSON values, by the definition.

use super::redact::Redact;
use super::scalar;
use crate::model::{Field, Kind, Shape, definition};
use crate::order::sorted;
use crate::xml::{Document, Node, chars};

/// Writes the elements of one document.
///
/// Its recursion is bounded: the reader allows no more than `Limits::DEEPEST` levels.
pub(super) struct Writer<'w> {
    document: &'w Document<'w>,
    redact: &'w Redact,
}

/// The member for text beside elements. It is no valid XML name, so nothing else can have it.
const TEXT: &str = "#text";

impl<'w> Writer<'w> {
    pub(super) fn new(document: &'w Document<'w>, redact: &'w Redact) -> Self {
        Self { document, redact }
    }

    /// The value of the element at `index`.
    pub(super) fn element(&self, index: u32, kind: Kind, out: &mut Vec<u8>) {
        if let Some(node) = self.document.node(index) {
            self.value(index, node, &kind, false, out);
        }
    }

    /// Writes any other content of `<event>` as members after the object. 3scale sends none.
    pub(super) fn rest_of_event(&self, out: &mut Vec<u8>) {
        let Some(event) = self.document.node(0) else {
            return;
        };
        self.attributes(event, None, 0, false, out);
        let is_extra = |node: &Node<'_>| !matches!(node.name, "type" | "action" | "object");
        if self
            .document
            .children(0)
            .filter(|(_, node)| is_extra(node))
            .count()
            > 0
        {
            self.grouped(0, is_extra, None, false, out);
        }
    }

    /// Writes an element's value. `hidden` is true inside an element that is redacted.
    #[inline]
    fn value(&self, index: u32, node: &Node<'_>, kind: &Kind, hidden: bool, out: &mut Vec<u8>) {
        let hidden = hidden || self.redact.contains(node.name);
        let is_bare = node.is_leaf(index) && !node.has_attributes();
        match kind {
            Kind::List { item, kind } => self.list(index, node, item, kind, hidden, out),
            Kind::Fields => self.object(index, node, None, hidden, out),
            Kind::Object(_) if is_bare => {
                let text = self.document.text(node);
                scalar(
                    &Kind::Text,
                    if chars::is_blank(text) { "" } else { text },
                    hidden,
                    out,
                );
            }
            Kind::Object(shape) => self.object(index, node, Some(shape), hidden, out),
            kind if is_bare => scalar(kind, self.document.text(node), hidden, out),
            _ => self.object(index, node, None, hidden, out),
        }
    }

    /// An element as an object: attributes, text, elements. Without a shape, in the generic form.
    fn object(
        &self,
        index: u32,
        node: &Node<'_>,
        shape: Option<&Shape>,
        hidden: bool,
        out: &mut Vec<u8>,
    ) {
        let names = self.names(index);
        out.push(b'{');
        self.attributes(node, shape, names.known, hidden, out);
        if node.is_leaf(index) {
            let text = self.document.text(node);
            if !(text.is_empty() || (!node.has_attributes() && chars::is_blank(text))) {
                key(TEXT, out);
                scalar(&Kind::Text, text, hidden, out);
            }
        } else if names.repeat {
            self.grouped(index, |_| true, shape, hidden, out);
        } else {
            for (index, child) in self.document.children(index) {
                let field = shape.and_then(|shape| shape.field(child.tag));
                member_key(child, field, out);
                self.member(index, child, field, hidden, out);
            }
        }
        out.push(b'}');
    }

    /// The value of an element or a run of text, after its key.
    #[inline]
    fn member(
        &self,
        index: u32,
        node: &Node<'_>,
        field: Option<&Field>,
        hidden: bool,
        out: &mut Vec<u8>,
    ) {
        if node.is_run() {
            scalar(&Kind::Text, self.document.text(node), hidden, out);
        } else {
            self.value(
                index,
                node,
                field.map_or(&Kind::Unknown, |field| &field.kind),
                hidden,
                out,
            );
        }
    }

    /// The members of an element in which a name repeats: an array at the place of the first.
    #[cold]
    fn grouped(
        &self,
        parent: u32,
        is_wanted: impl Fn(&Node<'_>) -> bool,
        shape: Option<&Shape>,
        hidden: bool,
        out: &mut Vec<u8>,
    ) {
        let children = || {
            self.document
                .children(parent)
                .filter(|(_, node)| is_wanted(node))
        };
        let sorted = sorted(children().map(|(index, node)| (node.name, index)).collect());
        for (index, first) in children() {
            let start = sorted.partition_point(|(name, _)| *name < first.name);
            let group = sorted.get(start..).unwrap_or_default();
            if group.first() != Some(&(first.name, index)) {
                continue;
            }
            let count = group
                .iter()
                .take_while(|(name, _)| *name == first.name)
                .count();
            let field = shape.and_then(|shape| shape.field(first.tag));
            member_key(first, field, out);
            if count > 1 {
                out.push(b'[');
            }
            for (place, (_, index)) in group.iter().take(count).enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                if let Some(node) = self.document.node(*index) {
                    self.member(*index, node, field, hidden, out);
                }
            }
            if count > 1 {
                out.push(b']');
            }
        }
    }

    /// An array, even if empty. Anything but an item becomes an item: an object of one member.
    fn list(
        &self,
        index: u32,
        node: &Node<'_>,
        item: &str,
        kind: &Kind,
        hidden: bool,
        out: &mut Vec<u8>,
    ) {
        out.push(b'[');
        for attribute in self.document.attributes(node) {
            separate(out);
            self.stranger("@", attribute.name, &attribute.value, hidden, out);
        }
        let text = self.document.text(node);
        if !chars::is_blank(text) {
            separate(out);
            self.stranger("", TEXT, text, hidden, out);
        }
        for (index, child) in self.document.children(index) {
            separate(out);
            if child.is_run() {
                self.stranger("", TEXT, self.document.text(child), hidden, out);
            } else if child.name == item {
                self.value(index, child, kind, hidden, out);
            } else {
                out.push(b'{');
                key(child.name, out);
                self.value(index, child, &Kind::Unknown, hidden, out);
                out.push(b'}');
            }
        }
        out.push(b']');
    }

    fn stranger(&self, prefix: &str, name: &str, text: &str, hidden: bool, out: &mut Vec<u8>) {
        out.push(b'{');
        prefixed_key(prefix, name, out);
        scalar(&Kind::Text, text, hidden || self.redact.contains(name), out);
        out.push(b'}');
    }

    /// The shape's attributes become members of the same name, unless an element has that name
    /// too (it is in `elements`). All others have `@` before their name.
    fn attributes(
        &self,
        node: &Node<'_>,
        shape: Option<&Shape>,
        elements: u128,
        hidden: bool,
        out: &mut Vec<u8>,
    ) {
        for attribute in self.document.attributes(node) {
            let name = attribute.name;
            let field =
                shape.and_then(|shape| shape.attributes.iter().find(|field| field.name == name));
            let is_free = elements & definition::tag(name).bit() == 0;
            prefixed_key(if field.is_some() && is_free { "" } else { "@" }, name, out);
            let kind = field.map_or(&Kind::Text, |field| &field.kind);
            scalar(
                kind,
                &attribute.value,
                hidden || self.redact.contains(name),
                out,
            );
        }
    }

    /// The known names directly inside, as a set; and true if any name is there twice.
    fn names(&self, index: u32) -> Names {
        let (mut known, mut repeat, mut others) = (0, false, 0_usize);
        for (_, node) in self.document.children(index) {
            let bit = node.tag.bit();
            repeat |= known & bit != 0;
            known |= bit;
            others += usize::from(bit == 0);
        }
        Names {
            known,
            repeat: repeat || (others > 1 && self.others_repeat(index, others)),
        }
    }

    /// Returns true if there are two runs of text, or two elements of one unknown name.
    fn others_repeat(&self, index: u32, count: usize) -> bool {
        const FEW: usize = 8;
        let others = || {
            self.document
                .children(index)
                .map(|(_, node)| node)
                .filter(|node| !node.tag.is_known())
        };
        if count <= FEW {
            return others()
                .enumerate()
                .any(|(at, node)| others().take(at).any(|before| before.name == node.name));
        }
        sorted(others().map(|node| node.name).zip(0..).collect())
            .windows(2)
            .any(|pair| matches!(pair, [(a, _), (b, _)] if a == b))
    }
}

struct Names {
    known: u128,
    repeat: bool,
}

#[inline]
fn scalar(kind: &Kind, text: &str, hidden: bool, out: &mut Vec<u8>) {
    if hidden && !text.is_empty() {
        out.extend_from_slice(b"\"[redacted]\"");
    } else {
        scalar::write(kind, text, out);
    }
}

#[inline]
fn member_key(node: &Node<'_>, field: Option<&Field>, out: &mut Vec<u8>) {
    match field {
        // The comma is in the key.
        Some(field) if is_open(out) => {
            out.extend_from_slice(field.key.as_bytes().get(1..).unwrap_or_default());
        }
        Some(field) => out.extend_from_slice(field.key.as_bytes()),
        None => key(if node.is_run() { TEXT } else { node.name }, out),
    }
}

fn key(name: &str, out: &mut Vec<u8>) {
    prefixed_key("", name, out);
}

/// A member's name. XML names need no escaping in JSON.
fn prefixed_key(prefix: &str, name: &str, out: &mut Vec<u8>) {
    separate(out);
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// A comma, unless it is the first.
#[inline]
fn separate(out: &mut Vec<u8>) {
    if !is_open(out) {
        out.push(b',');
    }
}

/// Returns true if the array or object is still empty: no value ends with an opening bracket.
#[inline]
fn is_open(out: &[u8]) -> bool {
    matches!(out.last(), Some(b'{' | b'['))
}
