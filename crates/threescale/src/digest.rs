//! The canonical digest, by which two bodies are recognized as the same event.
//!
//! 3scale sends no id, and its list of failures has each notification serialized anew, indented.
//! So a repeat is recognized by the document's content, not by its bytes. The hash is over:
//!
//! ```text
//! "threescale-edge/1"  source
//! for each node in document order:
//!   element   depth  1  name  number of attributes  (name value)*  sorted by name
//!   text      depth  2  text
//! ```
//!
//! Each string is preceded by its length and each number has a fixed size, so different
//! documents never give the same bytes. The depths tell where an element ends.
//!
//! Ignored: the declaration, comments, processing instructions, the way a character is written
//! (references, CDATA, line ends), `<x/>` or `<x></x>`, the order of attributes, and white space
//! between elements. Significant: white space in an element without elements inside, even if it
//! has nothing else; text beside elements; and the order of all elements, inside `<event>` too.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::order::sorted;
use crate::xml::Document;

/// SHA-256 over a source and a canonical document, equal for equal events of one source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn of(source: &str, document: &Document<'_>) -> Self {
        let mut canonical = Canonical::new();
        canonical.string("threescale-edge/1");
        canonical.string(source);
        for node in document.nodes() {
            let text = document.text(node);
            if node.is_run() {
                canonical.text(node.depth, text);
                continue;
            }
            canonical.bytes(&[node.depth, ELEMENT]);
            canonical.string(node.name);
            canonical.attributes(document, node);
            if !text.is_empty() {
                canonical.text(node.depth + 1, text);
            }
        }
        canonical.finish()
    }
}

/// Hexadecimal, in lower case.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

const ELEMENT: u8 = 1;
const TEXT: u8 = 2;

/// Collects small pieces, since hashing is faster in blocks.
struct Canonical {
    hash: Sha256,
    block: Vec<u8>,
}

impl Canonical {
    const BLOCK: usize = 1024;

    fn new() -> Self {
        Self {
            hash: Sha256::new(),
            block: Vec::with_capacity(2 * Self::BLOCK),
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= Self::BLOCK {
            self.hash.update(&self.block);
            self.block.clear();
        }
    }

    /// 64 bits, since a source's length is not bounded as a document's is.
    fn number(&mut self, number: usize) {
        self.bytes(&(number as u64).to_le_bytes());
    }

    fn string(&mut self, string: &str) {
        self.number(string.len());
        self.bytes(string.as_bytes());
    }

    fn text(&mut self, depth: u8, text: &str) {
        self.bytes(&[depth, TEXT]);
        self.string(text);
    }

    fn attributes(&mut self, document: &Document<'_>, node: &crate::xml::Node<'_>) {
        let attributes = document.attributes(node);
        self.number(attributes.len());
        let names = attributes.iter().map(|attribute| attribute.name);
        for (name, place) in sorted(names.zip(0..).collect()) {
            self.string(name);
            self.string(
                attributes
                    .get(place as usize)
                    .map_or("", |attribute| &attribute.value),
            );
        }
    }

    fn finish(mut self) -> Digest {
        self.hash.update(&self.block);
        Digest(self.hash.finalize().into())
    }
}
