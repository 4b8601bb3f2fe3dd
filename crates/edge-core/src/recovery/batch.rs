//! Entries on their way to one inbox.

use crate::messages::recovered::{Entry, RecoveredBatch};

const MOST_ENTRIES: usize = 200;
const MOST_BYTES: usize = 1 << 20;

/// The entries that one inbox gets next.
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

/// A batch that is being handed over.
#[derive(Debug)]
pub struct Sending {
    /// Each entry's id, and the latest time at which 3scale may have given it up, in milliseconds since 1970.
    pub entries: Vec<(String, i64)>,
    /// The size of the documents.
    pub bytes: usize,
    /// The message to the inbox.
    pub message: RecoveredBatch,
}

impl Batch {
    /// Adds an entry.
    pub fn add(&mut self, entry: Entry) {
        self.bytes += entry.document.len();
        self.entries.push(entry);
    }

    /// `true` if it should be handed over now.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MOST_ENTRIES || self.bytes >= MOST_BYTES
    }

    /// `true` if it holds no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes all of it out, to hand it over.
    pub fn take(&mut self, judge_before: i64) -> Sending {
        let Self { entries, bytes } = std::mem::take(self);
        Sending {
            entries: entries
                .iter()
                .map(|entry| (entry.id.clone(), entry.given_up_at))
                .collect(),
            bytes,
            message: RecoveredBatch {
                judge_before,
                entries,
            },
        }
    }
}
