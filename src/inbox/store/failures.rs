//! Which of 3scale's failed deliveries were taken in, and as which event.

use worker::Result;

use super::{Store, events::Earlier, values};

impl Store {
    /// Whether the entry with this id was taken in.
    pub(in crate::inbox) fn has_failure(&self, id: &str) -> Result<bool> {
        let row = self.row("SELECT 1 FROM failures WHERE id = ?", values![id])?;
        Ok(row.is_some())
    }

    /// Remembers that an entry was taken in, as this event if it became one. `at_ms` is when 3scale
    /// gave it up.
    pub(in crate::inbox) fn remember_failure(
        &self,
        id: &str,
        seq: Option<i64>,
        at_ms: i64,
        now_ms: i64,
    ) -> Result<()> {
        self.run(
            "INSERT INTO failures (id, seq, at, taken_at) VALUES (?, ?, ?, ?)",
            values![id, seq, at_ms, now_ms],
        )
    }

    /// The newest event with this digest that was pushed between these times and stands for no failure
    /// yet.
    pub(in crate::inbox) fn newest_pushed(
        &self,
        digest: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Option<Earlier>> {
        let row = self.row(
            "SELECT seq, id, received_at FROM events
             WHERE digest = ? AND sent_at IS NULL AND received_at BETWEEN ? AND ?
                AND NOT EXISTS (SELECT 1 FROM failures WHERE failures.seq = events.seq)
             ORDER BY received_at DESC, seq DESC LIMIT 1",
            values![digest, from_ms, to_ms],
        )?;
        row.map(Earlier::read).transpose()
    }

    /// Our origin, as the last one called it; empty if nobody has.
    pub(in crate::inbox) fn newest_base(&self) -> Result<String> {
        let row = self.row(
            "SELECT base FROM events WHERE base <> '' ORDER BY seq DESC LIMIT 1",
            values![],
        )?;
        row.map_or_else(|| Ok(String::new()), |mut row| row.text())
    }
}
