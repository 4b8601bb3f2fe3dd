//! Which events were replayed, in the order in which operators asked for it: for those who follow.

use edge_core::inbox_log::Meant;
use worker::Result;

use super::{Store, bad_blob};
use crate::sql::values;

impl Store {
    /// Stores that these events were replayed.
    pub(in crate::inbox) fn keep_replayed(&self, replayed: &Meant, now_ms: i64) -> Result<()> {
        let blob = replayed.encode().map_err(bad_blob)?;
        self.sql.run(
            "INSERT INTO replayed (at, seqs) VALUES (?, ?)",
            values![now_ms, blob.as_slice()],
        )
    }

    /// The first row from a number on: its number, when it was asked for, and the events.
    pub(in crate::inbox) fn replayed_from(&self, number: i64) -> Result<Option<(i64, i64, Meant)>> {
        let query = "SELECT n, at, seqs FROM replayed WHERE n >= ? ORDER BY n LIMIT 1";
        let row = self.sql.row(query, values![number])?;
        row.map(|mut row| {
            let (number, at_ms) = (row.integer()?, row.integer()?);
            let meant = Meant::decode(&row.bytes()?).map_err(bad_blob)?;
            Ok((number, at_ms, meant))
        })
        .transpose()
    }

    /// The number of the first row of this time or later, or of the next one.
    pub(in crate::inbox) fn first_replayed_since(&self, ms: i64) -> Result<i64> {
        let query = "SELECT coalesce(
            (SELECT min(n) FROM replayed WHERE at >= ?), (SELECT max(n) + 1 FROM replayed), 1)";
        let row = self.sql.row(query, values![ms])?;
        row.map_or(Ok(1), |mut row| row.integer())
    }

    /// Removes what is older. The newest stays, so that no number is given twice.
    pub(in crate::inbox) fn forget_replayed(&self, before_ms: i64) -> Result<()> {
        self.sql.run(
            "DELETE FROM replayed WHERE at < ? AND n < (SELECT max(n) FROM replayed)",
            values![before_ms],
        )
    }
}
