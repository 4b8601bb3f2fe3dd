//! A batch of the notifications that 3scale failed to deliver, on its way into an inbox.

use serde::{Deserialize, Serialize};

use super::{
    document::Document,
    intake::{Intake, Unparsable},
};

/// Ingests a batch of entries of 3scale's list of failures. The reply means that it is committed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveredBatch {
    /// An entry that equals a pushed event can be decided if 3scale gave it up before this time, in milliseconds since
    /// 1970: every notification that was under way at the same time has arrived by now.
    pub judge_before: i64,
    /// The entries.
    pub entries: Vec<Entry>,
}

/// An entry of 3scale's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The id that 3scale gave it.
    pub id: String,
    /// The latest time at which 3scale may have given it up, in milliseconds since 1970: the end of its second.
    pub given_up_at: i64,
    /// A notification, or the reason why it cannot be parsed.
    pub content: Content,
    /// The document.
    pub document: Document,
}

/// The content of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A notification.
    Notification(Intake),
    /// Something that cannot be parsed.
    Unparsable(Unparsable),
}

/// The result of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchReceipt {
    /// New events.
    pub taken_in: u32,
    /// Entries whose notification had arrived: only our answer was lost.
    pub repeats: u32,
    /// Entries that had been ingested before.
    pub known: u32,
    /// Entries that went to the quarantine.
    pub quarantined: u32,
    /// The ids of entries that cannot be decided yet.
    pub held: Vec<String>,
    /// The ids of entries that cannot be parsed, and for which the quarantine has no place.
    #[serde(default)]
    pub no_place: Vec<String>,
}
