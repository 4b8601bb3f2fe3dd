//! When something last happened.

use worker::Result;

use super::Store;
use crate::sql::values;

impl Store {
    /// Records that this happens now.
    pub(in crate::inbox) fn note(&self, name: &str, now_ms: i64) -> Result<()> {
        self.run(
            "INSERT INTO notes (name, at) VALUES (?, ?)
             ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            values![name, now_ms],
        )
    }

    /// When it last happened, in milliseconds since 1970.
    pub(in crate::inbox) fn noted(&self, name: &str) -> Result<Option<i64>> {
        let row = self.row("SELECT at FROM notes WHERE name = ?", values![name])?;
        row.map(|mut row| row.integer()).transpose()
    }
}
