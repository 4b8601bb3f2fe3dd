//! Entries on their way to one inbox.

use crate::messages::recovered::{Entry, RecoveredBatch};

const MOST_ENTRIES: usize = 200;
const MOST_BYTES: usize = 1 << 20;

/// The entries that one inbox gets next.
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
    guards: Vec<Option<i64>>,
    bytes: usize,
}

/// A batch that is being handed over.
#[derive(Debug)]
pub struct Sending {
    /// Its entries.
    pub entries: Vec<Sent>,
    /// The size of the documents.
    pub bytes: usize,
    /// The message to the inbox.
    pub message: RecoveredBatch,
}

/// An entry that is being handed over.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// The latest time at which 3scale may have given it up, in milliseconds since 1970.
    pub given_up_at: i64,
    /// What keeps it in the list: see [`super::plan::Reading::guard`].
    pub guard: Option<i64>,
}

impl Batch {
    /// Adds an entry, and what would keep it in the list.
    pub fn add(&mut self, entry: Entry, guard: Option<i64>) {
        self.bytes += entry.document.len();
        self.entries.push(entry);
        self.guards.push(guard);
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
        let Self {
            entries,
            guards,
            bytes,
        } = std::mem::take(self);
        Sending {
            entries: entries
                .iter()
                .zip(guards)
                .map(|(entry, guard)| Sent {
                    id: entry.id.clone(),
                    given_up_at: entry.given_up_at,
                    guard,
                })
                .collect(),
            bytes,
            message: RecoveredBatch {
                judge_before,
                entries,
            },
        }
    }
}
