//! When something last happened.

use worker::Result;

use super::Store;
use crate::sql::values;

impl Store {
    /// Records that this happens now.
    pub(in crate::inbox) fn note(&self, name: &str, now_ms: i64) -> Result<()> {
        self.sql.run(
            "INSERT INTO notes (name, at) VALUES (?, ?)
             ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            values![name, now_ms],
        )
    }

    /// The same, unless it is recorded already, or a later time is: then nothing is written.
    pub(super) fn note_later(&self, name: &str, at_ms: i64) -> Result<()> {
        if self.noted(name)? >= Some(at_ms) {
            return Ok(());
        }
        self.note(name, at_ms)
    }

    /// When it last happened, in milliseconds since 1970.
    pub(in crate::inbox) fn noted(&self, name: &str) -> Result<Option<i64>> {
        let row = self
            .sql
            .row("SELECT at FROM notes WHERE name = ?", values![name])?;
        row.map(|mut row| row.integer()).transpose()
    }
}
