//! What is on its way to one inbox.

use crate::inbox::wire::Entry;

const MOST_ENTRIES: usize = 200;
const MOST_BYTES: usize = 1 << 20;

/// Entries and their documents, one after the other.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    pub(super) documents: Vec<u8>,
}

impl Batch {
    pub(super) fn add(&mut self, entry: Entry, document: &[u8]) {
        self.documents.extend_from_slice(document);
        self.entries.push(entry);
    }

    pub(super) fn is_full(&self) -> bool {
        self.entries.len() >= MOST_ENTRIES || self.documents.len() >= MOST_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
