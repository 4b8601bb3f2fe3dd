//! The entries of 3scale's list of failures that were taken in, and as which event.

use worker::Result;

use super::Store;
use crate::sql::values;

impl Store {
    /// Whether the entry with this id was taken in.
    pub(in crate::inbox) fn has_failure(&self, id: &str) -> Result<bool> {
        let row = self.row("SELECT 1 FROM failures WHERE id = ?", values![id])?;
        Ok(row.is_some())
    }

    /// Remembers that an entry was taken in, as this event if it is one.
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

    /// Our origin, as the last one called it; empty if nobody has. An event that comes without takes
    /// this, so the newest event has it, and the others need no look.
    pub(in crate::inbox) fn newest_base(&self) -> Result<String> {
        let row = self.row(
            "SELECT base FROM events ORDER BY seq DESC LIMIT 1",
            values![],
        )?;
        row.map_or_else(|| Ok(String::new()), |mut row| row.text())
    }
}
