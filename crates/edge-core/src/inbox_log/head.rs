//! The end of the log, where events are appended. Nothing in it ever goes back, whatever the clock does.

use super::{DestinationId, Seq, tally::Tally};
use crate::id::EventId;

/// The newest event, or what the log remembers of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// Its place. 0 before the first.
    pub seq: Seq,
    /// The milliseconds in its id.
    pub id_ms: i64,
    /// When it was received.
    pub received_at: i64,
    /// The tally there.
    pub tally: Tally,
}

impl Head {
    /// The head after one more event, which goes to these destinations: decided now, and never again.
    ///
    /// The store takes `seq`, `received_at` and `tally` for the new row, and moves its own head after the commit.
    #[must_use]
    pub fn append(&self, now_ms: i64, routed: &[DestinationId]) -> Self {
        Self {
            seq: self.seq.saturating_add(1),
            id_ms: self.id_ms.max(now_ms),
            received_at: self.received_at.max(now_ms),
            tally: self.tally.with(routed),
        }
    }

    /// The id of the event at the head.
    #[must_use]
    pub fn id(&self, shard: u32, chance: u32) -> EventId {
        EventId::in_log(self.id_ms, self.seq, shard, chance)
    }
}
