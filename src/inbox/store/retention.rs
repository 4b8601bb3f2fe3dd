//! Retention: removes what was delivered long ago, and leaves what was not.

use worker::Result;

use super::Store;
use crate::sql::values;

/// How many events one step looks at, so that it stays short.
const LOOKED_AT: i64 = 500;
/// The note that records when the source last sent something, from the events that are removed.
const LAST_RECEIVED: &str = "last_received";

/// The result of a step.
pub(in crate::inbox) struct Looked {
    /// The id of the last event that it looked at.
    pub(in crate::inbox) last: String,
    /// When that event was received.
    pub(in crate::inbox) received_ms: i64,
    /// `true` if there may be more.
    pub(in crate::inbox) more: bool,
}

impl Store {
    /// Looks at the first events between these ids, and removes those that have reached every destination, with their
    /// deliveries and attempts. `None` if there is no event.
    ///
    /// Ids begin with the time, and are indexed: only old rows are read.
    pub(in crate::inbox) fn forget(&self, after: &str, before: &str) -> Result<Option<Looked>> {
        self.transaction(|| {
            let row = self.row(
                "SELECT count(*), max(id), max(received_at), json_group_array(seq) FILTER (WHERE NOT EXISTS (
                    SELECT 1 FROM deliveries WHERE deliveries.seq = old.seq AND state <> 'delivered'))
                 FROM (SELECT seq, id, received_at FROM events WHERE id > ? AND id < ? ORDER BY id LIMIT ?) AS old",
                values![after, before, LOOKED_AT],
            )?;
            let mut row = row.ok_or("the query returned no row")?;
            let count = row.integer()?;
            let Some(last) = row.optional_text()? else {
                return Ok(None);
            };
            let received_ms = row.integer()?;
            self.remove(&row.text()?)?;
            Ok(Some(Looked {
                last,
                received_ms,
                more: count == LOOKED_AT,
            }))
        })
    }

    /// Removes these events, given as a JSON array of their `seq`.
    fn remove(&self, events: &str) -> Result<()> {
        if events == "[]" {
            return Ok(());
        }
        if let Some(at) = self.last_received()? {
            self.note(LAST_RECEIVED, at)?;
        }
        for table in ["attempts", "deliveries", "events"] {
            let statement =
                format!("DELETE FROM {table} WHERE seq IN (SELECT value FROM json_each(?))");
            self.run(&statement, values![events])?;
        }
        Ok(())
    }

    /// When the source last sent something, even if that event is removed.
    pub(in crate::inbox) fn last_received(&self) -> Result<Option<i64>> {
        let kept = self.time(
            "SELECT received_at FROM events WHERE kind <> ? ORDER BY seq DESC LIMIT 1",
            values![edge_core::alert::TYPE],
        )?;
        Ok(kept.max(self.noted(LAST_RECEIVED)?))
    }

    /// Removes replays that ended before this time.
    pub(in crate::inbox) fn forget_replays(&self, ended_before: i64) -> Result<()> {
        self.run(
            "DELETE FROM replays WHERE ended_at < ?",
            values![ended_before],
        )
    }

    /// Forgets some of the failures that were ingested before this time; `false` if those were the last. Until then, an
    /// entry of 3scale's list is known here too, not only to recovery.
    pub(in crate::inbox) fn forget_failures(&self, taken_before: i64) -> Result<bool> {
        let gone = self.rows(
            "DELETE FROM failures WHERE id IN
                (SELECT id FROM failures WHERE taken_at < ? ORDER BY taken_at LIMIT ?) RETURNING 1",
            values![taken_before, LOOKED_AT],
        )?;
        Ok(i64::try_from(gone.len()) == Ok(LOOKED_AT))
    }
}
