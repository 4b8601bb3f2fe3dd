//! The ingested entries of 3scale's list of failures, and the event that each became.

use worker::Result;

use super::Store;
use crate::sql::values;

impl Store {
    /// `true` if the entry with this id was ingested.
    pub(in crate::inbox) fn has_failure(&self, id: &str) -> Result<bool> {
        let row = self.row("SELECT 1 FROM failures WHERE id = ?", values![id])?;
        Ok(row.is_some())
    }

    /// Records that an entry was ingested, as this event if it became one.
    pub(in crate::inbox) fn remember_failure(
        &self,
        id: &str,
        seq: Option<i64>,
        now_ms: i64,
    ) -> Result<()> {
        self.run(
            "INSERT INTO failures (id, seq, taken_at) VALUES (?, ?, ?)",
            values![id, seq, now_ms],
        )
    }

    /// Our origin, as it was last called; empty if there was no call yet. An event without one of its own takes this,
    /// so the newest event has it, and the rest need not be searched.
    pub(in crate::inbox) fn newest_base(&self) -> Result<String> {
        let row = self.row(
            "SELECT base FROM events ORDER BY seq DESC LIMIT 1",
            values![],
        )?;
        row.map_or_else(|| Ok(String::new()), |mut row| row.text())
    }
}
