//! Forgetting: what was delivered long ago goes, what was not stays.

use worker::Result;

use super::{Store, values};
use crate::platform::first_id;

/// How many events go in one step, so that a step stays short. Each cron makes one.
const MOST: i64 = 500;

impl Store {
    /// Removes events that were received before this time and have arrived everywhere, with their
    /// deliveries and attempts.
    ///
    /// Ids begin with the time, and have an index: only what is old is read.
    pub(in crate::inbox) fn forget(&self, received_before: i64) -> Result<()> {
        const OLD: &str = "SELECT seq FROM events WHERE id < ?1 AND NOT EXISTS (
            SELECT 1 FROM deliveries WHERE deliveries.seq = events.seq AND state <> 'delivered')
            ORDER BY id LIMIT ?2";
        self.transaction(|| {
            // Events last: the others are found by them.
            for table in ["attempts", "deliveries", "events"] {
                let statement = format!("DELETE FROM {table} WHERE seq IN ({OLD})");
                // With their deliveries gone, the same events are found again.
                self.run(&statement, values![first_id(received_before), MOST])?;
            }
            self.run(
                "DELETE FROM replays WHERE ended_at < ?",
                values![received_before],
            )
        })
    }

    /// Forgets which failures were taken in before this time. Until then an entry of 3scale's list is
    /// known here too, not only to those who read the list.
    pub(in crate::inbox) fn forget_failures(&self, taken_before: i64) -> Result<()> {
        self.run(
            "DELETE FROM failures WHERE id IN
                (SELECT id FROM failures WHERE taken_at < ? ORDER BY taken_at LIMIT ?)",
            values![taken_before, MOST],
        )
    }
}
