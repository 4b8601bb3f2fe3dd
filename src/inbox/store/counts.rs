//! Counts of rows that are there anyway.

use std::collections::BTreeMap;

use edge_core::{
    inbox_log::{DestinationId, Seq, decode_batch},
    messages::{metrics::Quarantined, statistics::Counted},
};
use worker::Result;

use super::{Store, bad_blob};
use crate::sql::values;

/// The counter of the repeats whose events were removed.
const FORGOTTEN_REPEATS: &str = "repeats";
/// How many rows of attempts, and of batches of a destination, are read for statistics.
const MOST_ATTEMPTS: u32 = 10_000;
const MOST_BATCHES: u32 = 200;

impl Store {
    /// How many repeats there were so far. The rows are read once, and then counted on in memory.
    pub(in crate::inbox) fn repeats(&self) -> Result<u64> {
        if let Some(repeats) = self.repeats.get() {
            return Ok(repeats);
        }
        let query = "SELECT coalesce(sum(repeats), 0) + coalesce((SELECT value FROM counters WHERE name = ?), 0)
            FROM marks";
        let row = self.sql.row(query, values![FORGOTTEN_REPEATS])?;
        let repeats = row.map_or(Ok(0), |mut row| row.integer())?;
        let repeats = repeats.unsigned_abs();
        self.repeats.set(Some(repeats));
        Ok(repeats)
    }

    /// One more.
    pub(super) fn count_one_repeat(&self) {
        let counted = self.repeats.get().map(|repeats| repeats.saturating_add(1));
        self.repeats.set(counted);
    }

    /// Keeps the number of repeats of events that are about to be removed, so that it never goes back.
    pub(super) fn keep_repeats(&self, first: Seq, last: Seq) -> Result<()> {
        self.sql.run(
            "INSERT INTO counters SELECT ?, sum(repeats) FROM marks WHERE seq BETWEEN ? AND ? HAVING sum(repeats) > 0
             ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            values![FORGOTTEN_REPEATS, first, last],
        )
    }

    /// The bodies in the quarantine, counted by code.
    pub(in crate::inbox) fn quarantine_by_code(&self) -> Result<BTreeMap<String, Quarantined>> {
        let query = "SELECT code, count(*), sum(times) FROM quarantine GROUP BY code";
        let rows = self.sql.rows(query, values![])?;
        rows.into_iter()
            .map(|mut row| {
                let code = row.text()?;
                let (bodies, times) =
                    (row.integer()?.unsigned_abs(), row.integer()?.unsigned_abs());
                Ok((code, Quarantined { bodies, times }))
            })
            .collect()
    }

    /// The recorded attempts since a time that were no first-try successes, of the newest events; and whether that is
    /// all of them.
    pub(in crate::inbox) fn attempts_since(
        &self,
        since_ms: i64,
    ) -> Result<(BTreeMap<DestinationId, Vec<Counted>>, bool)> {
        let query = "SELECT destination, at, ms, outcome = 'delivered' FROM
                (SELECT destination, at, ms, outcome FROM attempts ORDER BY seq DESC LIMIT ?)
            WHERE at >= ?";
        let mut all: BTreeMap<DestinationId, Vec<Counted>> = BTreeMap::new();
        for mut row in self.sql.rows(query, values![MOST_ATTEMPTS, since_ms])? {
            let id = DestinationId::try_from(row.integer()?).unwrap_or_default();
            all.entry(id).or_default().push(Counted {
                at: row.integer()?,
                took_ms: u32::try_from(row.integer()?).unwrap_or_default(),
                delivered: row.integer()? != 0,
            });
        }
        let beyond = "SELECT 1 FROM attempts ORDER BY seq DESC LIMIT 1 OFFSET ?";
        let beyond = self.sql.row(beyond, values![MOST_ATTEMPTS])?;
        Ok((all, beyond.is_none()))
    }

    /// The first-try successes since a time that have a row of `batches`, and whether that is all of them. Batches are
    /// read back to the first of which all is older.
    pub(in crate::inbox) fn successes_since(
        &self,
        id: DestinationId,
        since_ms: i64,
    ) -> Result<(Vec<Counted>, bool)> {
        let mut all = Vec::new();
        let mut is_complete = false;
        let mut read = 0;
        let query =
            "SELECT outcomes FROM batches WHERE destination = ? ORDER BY upto DESC, n DESC LIMIT ?";
        self.sql
            .visit(query, values![id, MOST_BATCHES], |mut row| {
                read += 1;
                let successes = decode_batch(&row.bytes()?).map_err(bad_blob)?;
                let before = all.len();
                let newer = successes.iter().filter(|success| success.at >= since_ms);
                all.extend(newer.map(counted));
                if all.len() == before {
                    is_complete = true;
                    return Ok(std::ops::ControlFlow::Break(()));
                }
                Ok(std::ops::ControlFlow::Continue(()))
            })?;
        Ok((all, is_complete || read < MOST_BATCHES))
    }
}

/// A first-try success, as it counts.
pub(in crate::inbox) fn counted(success: &edge_core::inbox_log::Success) -> Counted {
    Counted {
        at: success.at,
        took_ms: success.took_ms,
        delivered: true,
    }
}
