//! Retention: removes what was delivered long ago, and leaves what was not.

use std::collections::BTreeSet;

use edge_core::inbox_log::{DestinationId, Seq, Tally};
use worker::Result;

use super::{Store, events::tally};
use crate::sql::values;

/// How many failures one step forgets, so that it stays short.
const FORGOTTEN: u32 = 500;
/// The note that records when the source last sent something, from the events that are removed.
const LAST_RECEIVED: &str = "last_received";

/// An old event.
pub(in crate::inbox) struct Old {
    pub(in crate::inbox) seq: Seq,
    pub(in crate::inbox) received_ms: i64,
    pub(in crate::inbox) tally: Tally,
}

impl Store {
    /// The first events from a place on and before another.
    pub(in crate::inbox) fn old_events(
        &self,
        first: Seq,
        end: Seq,
        limit: u32,
    ) -> Result<Vec<Old>> {
        let query = "SELECT seq, received_at, tally FROM events WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT ?";
        let rows = self.sql.rows(query, values![first, end, limit])?;
        rows.into_iter()
            .map(|mut row| {
                Ok(Old {
                    seq: row.integer()?,
                    received_ms: row.integer()?,
                    tally: tally(&mut row)?,
                })
            })
            .collect()
    }

    /// Those places from `first` to `last` that have a row of what waits for a destination or is dead there.
    pub(in crate::inbox) fn undelivered_in(
        &self,
        id: DestinationId,
        first: Seq,
        last: Seq,
    ) -> Result<BTreeSet<Seq>> {
        let query = "SELECT seq FROM waiting WHERE destination = ?1 AND seq BETWEEN ?2 AND ?3
            UNION ALL SELECT seq FROM dead WHERE destination = ?1 AND seq BETWEEN ?2 AND ?3";
        let rows = self.sql.rows(query, values![id, first, last])?;
        rows.into_iter().map(|mut row| row.integer()).collect()
    }

    /// Removes the events from `first` to `last`, with their attempts and marks.
    pub(in crate::inbox) fn remove(
        &self,
        first: Seq,
        last: Seq,
        destinations: impl Iterator<Item = DestinationId>,
    ) -> Result<()> {
        if let Some(at) = self.last_received()? {
            self.note_later(LAST_RECEIVED, at)?;
        }
        self.keep_repeats(first, last)?;
        for table in ["attempts", "marks", "events"] {
            let statement = format!("DELETE FROM {table} WHERE seq BETWEEN ? AND ?");
            self.sql.run(&statement, values![first, last])?;
        }
        for id in destinations {
            self.sql.run(
                "DELETE FROM extra WHERE destination = ? AND seq BETWEEN ? AND ?",
                values![id, first, last],
            )?;
        }
        self.recent.borrow_mut().forget();
        Ok(())
    }

    /// Removes what is about events before the oldest that is kept.
    pub(in crate::inbox) fn remove_records_before(
        &self,
        oldest: Seq,
        destinations: impl Iterator<Item = DestinationId>,
    ) -> Result<()> {
        for id in destinations {
            for (table, column) in [("batches", "upto"), ("drops", "last")] {
                let statement =
                    format!("DELETE FROM {table} WHERE destination = ? AND {column} < ?");
                self.sql.run(&statement, values![id, oldest])?;
            }
        }
        Ok(())
    }

    /// When the source last sent something, even if that event is removed.
    pub(in crate::inbox) fn last_received(&self) -> Result<Option<i64>> {
        // Alerts of our own are few, but may be the newest.
        let query =
            "SELECT received_at FROM events WHERE digest IS NOT NULL ORDER BY seq DESC LIMIT 1";
        let row = self.sql.row(query, values![])?;
        let kept = row.map(|mut row| row.integer()).transpose()?;
        Ok(kept.max(self.noted(LAST_RECEIVED)?))
    }

    /// Forgets some of the failures that were ingested before this time; `false` if those were the last. Until then, an
    /// entry of 3scale's list is known here too, not only to recovery.
    pub(in crate::inbox) fn forget_failures(&self, taken_before: i64) -> Result<bool> {
        let query = "SELECT max(n), count(*) FROM
            (SELECT n FROM failures WHERE taken_at < ? ORDER BY n LIMIT ?)";
        let row = self.sql.row(query, values![taken_before, FORGOTTEN])?;
        let Some(mut row) = row else { return Ok(false) };
        let Some(last) = row.optional_integer()? else {
            return Ok(false);
        };
        let count = row.integer()?;
        self.sql
            .run("DELETE FROM failures WHERE n <= ?", values![last])?;
        Ok(count >= i64::from(FORGOTTEN))
    }
}
