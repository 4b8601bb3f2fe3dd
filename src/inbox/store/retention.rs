//! Forgetting: what was delivered long ago goes, what was not stays.

use worker::Result;

use super::Store;
use crate::sql::values;

/// How many events one step looks at, so that it stays short.
const LOOKED_AT: i64 = 500;
/// The note of when something came from the source last, as far as that is forgotten.
const LAST_RECEIVED: &str = "last_received";

/// What a step has looked at.
pub(in crate::inbox) struct Looked {
    /// The id of its last event.
    pub(in crate::inbox) last: String,
    /// When that was received.
    pub(in crate::inbox) received_ms: i64,
    /// Whether there may be more.
    pub(in crate::inbox) more: bool,
}

impl Store {
    /// Looks at the first events between these ids, and removes those that have arrived everywhere, with
    /// their deliveries and attempts. `None` if there is no event.
    ///
    /// Ids begin with the time, and have an index: only what is old is read.
    pub(in crate::inbox) fn forget(&self, after: &str, before: &str) -> Result<Option<Looked>> {
        self.transaction(|| {
            let row = self.row(
                "SELECT count(*), max(id), max(received_at), json_group_array(seq) FILTER (WHERE NOT EXISTS (
                    SELECT 1 FROM deliveries WHERE deliveries.seq = old.seq AND state <> 'delivered'))
                 FROM (SELECT seq, id, received_at FROM events WHERE id > ? AND id < ? ORDER BY id LIMIT ?) AS old",
                values![after, before, LOOKED_AT],
            )?;
            let mut row = row.ok_or("the query gave no row")?;
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

    /// Removes these events, a JSON array of their `seq`.
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

    /// When something came from the source last, even if it is forgotten.
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

    /// Forgets which failures were taken in before this time, some of them; `false` if those were the last.
    /// Until then an entry of 3scale's list is known here too, not only to those who read the list.
    pub(in crate::inbox) fn forget_failures(&self, taken_before: i64) -> Result<bool> {
        let gone = self.rows(
            "DELETE FROM failures WHERE id IN
                (SELECT id FROM failures WHERE taken_at < ? ORDER BY taken_at LIMIT ?) RETURNING 1",
            values![taken_before, LOOKED_AT],
        )?;
        Ok(i64::try_from(gone.len()) == Ok(LOOKED_AT))
    }
}
