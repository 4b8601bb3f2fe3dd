//! What is on its way to one inbox.

use super::entry::Item;
use crate::messages::recovered;

const MOST_ENTRIES: usize = 200;
const MOST_BYTES: usize = 1 << 20;

/// Entries, and the message that carries them.
#[derive(Default)]
pub struct Batch {
    /// Each one's id, and until when 3scale may have given it up, in milliseconds since 1970.
    pub entries: Vec<(String, i64)>,
    /// The message.
    pub message: Vec<u8>,
    /// How large their documents are.
    pub bytes: usize,
}

impl Batch {
    /// Adds an entry.
    pub fn add(&mut self, item: Item) {
        let Item {
            entry,
            what,
            document,
            ..
        } = item;
        self.bytes += document.len();
        self.entries.push((entry.id.clone(), entry.at));
        recovered::add(&mut self.message, entry, &what, &document);
    }

    /// Whether it should be handed over.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MOST_ENTRIES || self.message.len() >= MOST_BYTES
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
